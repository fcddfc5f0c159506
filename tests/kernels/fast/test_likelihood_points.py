"""Sums over the points of a tile against formulas written out."""

from __future__ import annotations

import math

import numpy as np

from zdscan.kernels.fast import likelihood_points as points
from zdscan.kernels.fast.tile import LANES

STEPS = 3
N = STEPS * LANES
Y = np.linspace(-2.0, 3.0, N)


def numbers(**given: float) -> np.ndarray:
    """The numbers of one clause; those not given are those of no window, no bound, no root."""
    out = np.zeros(points.LIKELIHOOD_NUMBERS)
    out[points.LENGTH] = out[points.BROADEST] = math.inf
    for name, value in given.items():
        out[getattr(points, name)] = value
    return out


def test_what_a_clause_adds() -> None:
    total = np.full(N, 0.5)
    points.add(numbers(CONSTANT=0.2, OFFSET=0.1, ORIGIN=1.0, UP=2.0, DOWN=3.0), 1, 0, N, Y.copy(), total)
    away = Y - 0.7
    np.testing.assert_allclose(total, 0.5 + np.where(away > 0.0, 2.0 * away, -3.0 * away) ** 2, rtol=1e-12, atol=1e-14)
    total = np.zeros(N)
    points.add(numbers(UP=2.0, LINEAR=1.0), 1, 0, N, Y.copy(), total)
    np.testing.assert_allclose(total, 2.0 * np.maximum(Y, 0.0), rtol=1e-14)
    total = np.zeros(N)
    points.add(numbers(CONSTANT=1.0, ROOT=1.0, OFFSET=-1.0, UP=1.0), 1, 0, N, Y.copy(), total)
    expected = np.maximum(np.sqrt(np.maximum(1.0 + Y, 0.0)) - 1.0, 0.0) ** 2
    np.testing.assert_allclose(total, expected, rtol=1e-12, atol=1e-15)


def test_shares_and_widths() -> None:
    """(exp(-a G) - exp(-b G))/G, and 1 where there is no width."""
    widths, y, share, part = np.geomspace(1e-3, 30.0, N), np.ones(N), np.empty(N), np.empty(N)
    widths[0] = 0.0
    points.times_share(0.5, 2.0, True, STEPS, LANES, 0.0, 30.0, widths, share, part, y)
    expected = (np.exp(-0.5 * widths[1:]) - np.exp(-2.5 * widths[1:])) / widths[1:]
    np.testing.assert_allclose(y[1:], expected, rtol=1e-9)
    assert y[0] == 1.0


def test_the_largest_ratio_counts_where_it_applies() -> None:
    most, best, widths = np.full(N, -1.0), np.zeros(N), np.linspace(0.0, 1.0, N)
    points.select(numbers(UP=1.0, RATIO_UP=1.0), 1, 0, STEPS, LANES, Y.copy(), widths, most, best)
    narrow = numbers(UP=5.0, RATIO_UP=2.0, BROADEST=0.7)
    points.select(narrow, 1, 0, STEPS, LANES, Y.copy(), widths, most, best)
    rate = np.maximum(Y, 0.0)
    expected = np.where((widths <= 0.7) & (rate > 0.0), 25.0, 1.0) * rate**2
    np.testing.assert_allclose(best, expected, rtol=1e-12)
