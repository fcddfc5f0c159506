"""What is computed at each point: one `Field` per quantity, most of them stored as a dataset of the grid file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Field:
    """One stored quantity: a 4D dataset, or 5D where it has several components per point.

    Attributes
    ----------
    name : dataset name, e.g. ``"chi2"``.
    dtype : little-endian numpy type string, e.g. ``"<f4"``.
    fill : value until computed (NaN, or all ones for a bit mask).
    long_name, units : written as netCDF attributes; units ``"1"`` for pure numbers, ``"GeV"`` for widths.
    extra : name and labels of the fifth dimension, which runs fastest; None for one number per point.
    attributes : further dataset attributes, e.g. CF ``flag_masks`` and ``flag_meanings``.
    stored : False where it is computed for the profiles alone.
    """

    name: str
    dtype: str
    fill: float | int
    long_name: str
    units: str
    extra: tuple[str, tuple[str, ...]] | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    stored: bool = True

    @property
    def components(self) -> int:
        """Numbers per grid point."""
        return 1 if self.extra is None else len(self.extra[1])
