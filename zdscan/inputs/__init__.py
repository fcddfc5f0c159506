"""Inputs: constants, measurements, limit curves and standard-model tables, each with citation and grade."""

from __future__ import annotations

from zdscan.inputs.files import data_names, hashes, read_data

__all__ = ["data_names", "hashes", "read_data"]
