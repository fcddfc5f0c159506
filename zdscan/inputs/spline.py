"""Cubic splines of tables. The same as scipy's, whose import takes as long as everything else before a scan's start."""

from __future__ import annotations

from bisect import bisect_right
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


class Spline:
    """Cubic spline with the not-a-knot condition at both ends (scipy.interpolate.CubicSpline's default).

    Parameters
    ----------
    nodes : float64[n], ascending, n >= 2; for three nodes the parabola, for two the line.
    values : float64[n] or float64[n, columns].
    """

    def __init__(self, nodes: ArrayLike, values: ArrayLike) -> None:
        x, y = np.asarray(nodes, dtype=np.float64), np.asarray(values, dtype=np.float64)
        h = np.diff(x).reshape(-1, *[1] * (y.ndim - 1))
        secant = np.diff(y, axis=0) / h
        slope = _slopes(x, y, np.diff(x), secant)
        self._nodes: list[float] = x.tolist()
        # Python's floats are quicker than short arrays
        self._single = y.ndim == 1
        self._coefficients: list[list[list[float]]] = (
            np.stack(
                [
                    y[:-1],
                    slope[:-1],
                    (3.0 * secant - 2.0 * slope[:-1] - slope[1:]) / h,
                    (slope[:-1] + slope[1:] - 2.0 * secant) / (h * h),
                ],
                axis=-1,
            )
            .reshape(len(x) - 1, -1, 4)
            .tolist()
        )

    def __call__(self, at: float) -> Any:
        """The value, or the list of a row of values, at one place; beyond the ends the end's polynomials go on."""
        piece = min(max(bisect_right(self._nodes, at) - 1, 0), len(self._nodes) - 2)
        t = at - self._nodes[piece]
        values = [a + t * (b + t * (c + t * d)) for a, b, c, d in self._coefficients[piece]]
        return values[0] if self._single else values


def _slopes(x: Array, y: Array, h: Array, secant: Array) -> Array:
    """First derivatives at the nodes that make the second ones, and the third next to the ends, continuous."""
    n = len(x)
    if n < 4:
        of_polynomial: Array = np.gradient(y, x, axis=0, edge_order=1 if n == 2 else 2)
        return of_polynomial
    matrix, right = np.zeros((n, n)), np.empty_like(y)
    inside = np.arange(1, n - 1)
    matrix[inside, inside - 1], matrix[inside, inside + 1] = h[1:], h[:-1]
    matrix[inside, inside] = 2.0 * (h[:-1] + h[1:])
    right[1:-1] = 3.0 * ((h[1:] * secant[:-1].T).T + (h[:-1] * secant[1:].T).T)
    for end, near, first, second in ((0, 1, 0, 1), (n - 1, n - 2, n - 2, n - 3)):
        both = h[first] + h[second]
        matrix[end, end], matrix[end, near] = h[second], both
        right[end] = ((h[first] + 2.0 * both) * h[second] * secant[first] + h[first] ** 2 * secant[second]) / both
    slopes: Array = np.asarray(np.linalg.solve(matrix, right), dtype=np.float64)
    return slopes
