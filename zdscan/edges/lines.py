"""What each constraint excludes along one line of points at one mass: intervals of the size of a parameter."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zdscan.edges.crossings import FLOOR, positive
from zdscan.evaluation.physics import Physics

PER_DECADE = 20  # values of the scan; thinner intervals are found at its extrema
Array = NDArray[np.float64]
Found = tuple[NDArray[np.intp], Array, Array]  # number of the constraint, lower and upper edge of each interval


def on_line(
    physics: Physics,
    mass: float,
    tables: Array,
    start: Array,
    direction: Array,
    within: tuple[float, float],
) -> Found:
    """The intervals of s that each constraint excludes among the points start + s direction, sorted.

    Parameters
    ----------
    mass, tables : GeV, and the mass tables of that mass.
    start, direction : float64[parameters].
    within : least and largest s that is looked at, both above 0.

    Returns
    -------
    A lower edge is 0 where the smallest values are excluded and s = 0 is too, an upper one infinity where the largest
    are.
    """
    scan = _scan(physics.matrix_at(mass), start, direction, within)

    def excess(logarithm: Array) -> Array:
        """The logarithm of every constraint's ratio at sizes of the parameter."""
        sizes = np.where(logarithm == -np.inf, 0.0, np.exp(logarithm))
        points = start[:, None] + direction[:, None] * sizes
        ratios = physics.quantities(tables, points, ("ratios",))["ratios"]
        with np.errstate(divide="ignore"):
            return np.maximum(np.log(ratios), FLOOR)

    intervals = positive(excess, scan)
    low, high = np.exp(intervals.low), np.exp(intervals.high)
    reaching = intervals.function[low == 0.0]
    excluded_at_zero = excess(np.array([-np.inf]))[0] >= 0.0 if reaching.size else np.zeros(0, dtype=bool)
    low[low == 0.0] = np.where(excluded_at_zero[reaching], 0.0, within[0]) if reaching.size else 0.0
    return intervals.function, low, high


def _scan(matrix: Array, start: Array, direction: Array, within: tuple[float, float]) -> Array:
    """Logarithms of the sizes at which the ratios are sampled: evenly, and where a coupling vanishes along the line.

    There a production or a channel may close, and with it a limit.
    """
    low, high = np.log(within)
    count = max(3, round((high - low) / np.log(10.0) * PER_DECADE) + 1)
    constant, slope = matrix @ start, matrix @ direction
    zeros = -constant[slope != 0.0] / slope[slope != 0.0]
    inside = np.log(zeros[(zeros > within[0]) & (zeros < within[1])])
    return np.unique(np.concatenate([np.linspace(low, high, count), inside]))
