"""What is known: constants, measurements, limit curves and Standard Model tables, each with citation and grade.

A module reads one kind of data file and refuses a damaged one with a sentence; `files` opens, hashes and validates them
for all, `spline` interpolates. docs/data.md has what is in them.

It may import errors alone. Every file here, code and data, is in the identity of a grid.
"""

from __future__ import annotations

from zdscan.inputs.files import data_names, hashes, read_data

__all__ = ["data_names", "hashes", "read_data"]
