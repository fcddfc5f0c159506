"""Standard Model tables and tables of radiation, made anew by `zdscan calibrate`; no scan needs this. docs/data.md.

- `tables`: every table, written whole, read back and compared; `flavio_rows`: the rows as flavio computes them.

It may import errors, inputs, kernels and physics. flavio is imported by `flavio_rows` alone.
"""
