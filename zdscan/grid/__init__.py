"""The grid file: made whole, filled block by block, read back, checked, packed and merged. docs/file-format.md.

- `blocks`: how a grid is cut into blocks, the unit of hand-out and of checksums; `layout`: where bytes lie, read and
  written in place; `create`: a new file; `open`: what a file holds besides its numbers; `read`: the numbers of a file.
- `sinks`: how a computed block reaches the file, with `parallel` for MPI-IO; `checkpoint`: the sink of a run that
  stores no field; `profiles`: minima over pairs of axes.
- `verify`: checksums, completeness and best point; `pack`: a compressed copy; `merge`: two files into one;
  `provenance`: the record of a run.

It may import errors, ranks, kernels, physics and evaluation. After `create` nothing writes through HDF5 but `parallel`;
`pack` writes new files.
"""
