"""When numbers of two computers are the same: equal but for rounding, which depends on processor and libraries."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

AXIS_UNITS = 8  # in the last place: how far values of an axis may lie apart
RELATIVE = 1e-6  # of stored numbers: some steps of float32
CANCELLED = 1e-9  # of the largest number beside them: for those that are small differences
MASK_SHARE = 1e-5  # of points whose bits may differ: those within rounding of a limit
MASK_POINTS = 2  # of them in any case


def snapped(values: NDArray[np.float64], to: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ascending values of an axis, each replaced by that of another axis where both are the same but for rounding."""
    right = np.clip(np.searchsorted(to, values), 0, to.size - 1)
    left = np.maximum(right - 1, 0)
    nearest = np.where(np.abs(to[left] - values) < np.abs(to[right] - values), to[left], to[right])
    room = AXIS_UNITS * np.spacing(np.maximum(np.abs(nearest), np.abs(values)))
    return np.where(np.abs(nearest - values) <= room, nearest, values)


def same_axis(first: NDArray[np.float64], second: NDArray[np.float64]) -> bool:
    """Whether two axes have the same values but for rounding."""
    return first.shape == second.shape and np.array_equal(snapped(first, second), second)


def same_numbers(first: NDArray[Any], second: NDArray[Any]) -> bool:
    """Whether two arrays of one field, or of one profile, are the same but for rounding; masks at few points."""
    if first.shape != second.shape or first.dtype != second.dtype:
        return False
    if first.tobytes() == second.tobytes():
        return True
    if first.dtype.kind != "f":
        return int(np.count_nonzero(first != second)) <= max(MASK_POINTS, MASK_SHARE * first.size)
    finite = np.isfinite(first) & np.isfinite(second)
    one, other = first[finite].astype(np.float64), second[finite].astype(np.float64)
    if not np.array_equal(first[~finite], second[~finite], equal_nan=True):
        return False
    sizes = np.maximum(np.abs(one), np.abs(other))
    return bool(np.all(np.abs(one - other) <= RELATIVE * sizes + CANCELLED * sizes.max(initial=0.0)))
