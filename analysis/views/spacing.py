"""The scale in which the values of an axis are evenly spaced: linear, logarithmic or asinh."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def spacing_of(values: NDArray[np.float64]) -> tuple[str, float]:
    """Scale in which axis values are evenly spaced: ("linear" | "log" | "asinh", linear width).

    On an asinh axis through 0 the first two values x1, x2 above 0 obey x2 / x1 = 2 cosh(t), x1 = width sinh(t), which
    gives the width back; uneven lists of values get the smallest value as width.
    """
    steps = np.diff(values)
    if values.size < 3 or np.allclose(steps, steps[0], rtol=1e-6, atol=0.0):
        return "linear", 1.0
    if values[0] > 0.0:
        return "log", 1.0
    sizes = np.unique(np.abs(values[values != 0.0]))
    ratio = sizes[1] / (2 * sizes[0]) if sizes.size > 1 else 0.0
    evenly = np.any(values == 0.0) and 1.0 < ratio < 2.0
    return "asinh", float(sizes[0] / np.sinh(np.arccosh(ratio))) if evenly else float(sizes[0])
