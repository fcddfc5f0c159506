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
    over = np.array([0.0, *(1.0 / widths[1:])])
    points.times_share(0.5, 2.0, True, STEPS, LANES, 0.0, 30.0, widths, over, share, part, y)
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


def test_the_largest_ratio_counts_anywhere() -> None:
    most, best = np.full(N, 0.5), np.full(N, -7.0)
    points.select_anywhere(numbers(UP=3.0, RATIO_UP=1.0, OFFSET=0.1, LINEAR=1.0), 1, 0, N, Y.copy(), most, best)
    value = Y + 0.1
    np.testing.assert_allclose(best, np.where(value > 0.5, 3.0 * value, -7.0), rtol=1e-14)
    np.testing.assert_allclose(most, np.maximum(value, 0.5), rtol=1e-14)


def test_short_polynomials() -> None:
    """Squares of degree four, and those behind a width, against numpy's polynomials."""
    random = np.random.default_rng(3)
    t, c, over = np.linspace(0.1, 0.7, STEPS), np.linspace(0.0, 0.3, LANES), random.uniform(0.5, 2.0, N)
    a, sizes = np.zeros((14, LANES)), np.full((5, LANES), 1e3)
    a[:5], a[9:12] = random.uniform(1.0, 2.0, (5, LANES)), random.uniform(1.0, 2.0, (3, LANES))
    sizes[3:] = 0.0
    u = t[:, None] + c
    whole, mixed = (np.polynomial.polynomial.polyval(u, some, tensor=False) for some in (a[:5], a[9:12]))
    found = np.empty(N)
    for is_short in (True, False):
        points.squares(t, c, a[:9].ravel(), sizes.ravel(), is_short, found)
        np.testing.assert_allclose(found, whole.ravel(), rtol=1e-14)
        points.together(t, c, a.ravel(), sizes.ravel(), 0.3, over, LANES, is_short, found)
        np.testing.assert_allclose(found, (whole.ravel() * over + mixed.ravel()) * over + 0.3, rtol=1e-14)


def test_lanes_go_to_their_places() -> None:
    values, out = np.arange(float(N)), np.full(40, -1.0)
    first, last = np.zeros(LANES, dtype=np.int64), np.zeros(LANES, dtype=np.int64)
    first[1], last[1], last[2] = 6, 9, 6
    points.copy_out(values, 5, 5 + STEPS, first, last, -3, 10, 2, out)
    expected = np.full(40, -1.0)
    expected[[19, 21]] = LANES + 1, 2 * LANES + 1  # steps 6 and 7 of lane 1, at -3 + 10 + 2 s
    expected[27] = 2  # step 5 of lane 2
    np.testing.assert_array_equal(out, expected)
