"""Edges of intervals in which functions are positive: against closed forms and the Lambert function."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import lambertw

from zdscan.edges.crossings import FLOOR, WIDTH, Intervals, positive

Array = NDArray[np.float64]
SCAN = np.linspace(math.log(1e-12), math.log(100.0), 281)  # twenty a decade
STEP = SCAN[1] - SCAN[0]
EXACT = 1e-8  # ten times WIDTH, which an edge is found to


def found(*functions: Callable[[Array], Array]) -> Intervals:
    """The intervals of ratios as functions of the size of a coupling."""

    def excess(logarithm: Array) -> Array:
        sizes = np.where(logarithm == -np.inf, 0.0, np.exp(logarithm))
        with np.errstate(divide="ignore"):
            return np.maximum(np.log(np.stack([f(sizes) for f in functions], axis=1)), FLOOR)

    return positive(excess, SCAN)


def edges(intervals: Intervals, number: int = 0) -> list[tuple[float, float]]:
    at = intervals.function == number
    return list(zip(np.exp(intervals.low[at]).tolist(), np.exp(intervals.high[at]).tolist(), strict=True))


def test_powers_of_the_coupling():
    """An upper limit each: g^2/l^2 and g^4/l^4."""
    powers = (lambda g: (g / 3.7e-5) ** 2, lambda g: (g / 0.21) ** 4)
    intervals = found(*powers, lambda g: 0.0 * g, lambda g: 2.0 + 0.0 * g)
    assert edges(intervals, 0) == [(pytest.approx(3.7e-5, rel=EXACT), math.inf)]
    assert edges(intervals, 1) == [(pytest.approx(0.21, rel=EXACT), math.inf)]
    assert edges(intervals, 2) == []
    assert edges(intervals, 3) == [(0.0, math.inf)]


def displaced(height: float, place: float) -> Callable[[Array], Array]:
    """A beam dump: g^2 exp(-g^2), as production times survival, with its maximum `height` at `place`."""
    return lambda g: height * (g / place) ** 2 * np.exp(1.0 - (g / place) ** 2)


@pytest.mark.parametrize("above", [1e-7, 1e-5, 1e-3, 0.1, 1.0, 1e6])
@pytest.mark.parametrize("offset", [0.0, 0.13, 0.5, 0.77])
def test_a_closed_region_is_found_however_thin(above: float, offset: float):
    """x e^(1-x) = 1/height at both branches of Lambert's W; thin ones lie between the values of the scan."""
    place = float(np.exp(SCAN[120] + offset * STEP))
    (interval,) = edges(found(displaced(1.0 + above, place)))
    for edge, branch in zip(interval, (0, -1), strict=True):
        square = -lambertw(-1.0 / (math.e * (1.0 + above)), branch).real
        assert edge == pytest.approx(place * math.sqrt(square), rel=EXACT)


def test_a_region_that_does_not_reach_the_limit_is_not_found():
    assert edges(found(displaced(1.0 - 1e-9, 1e-5))) == []


@pytest.mark.parametrize("width", [1e-1, 1e-3, 1e-6])
def test_a_gap_where_a_rate_cancels_is_found(width: float):
    """((g - g0)/(w g0))^2 is below 1 within g0 (1 -+ w), however thin."""
    g0 = 3.1234e-4
    (low, a), (b, high) = edges(found(lambda g: ((g - g0) / (width * g0)) ** 2))
    assert (low, high) == (0.0, math.inf)
    assert a == pytest.approx(g0 * (1 - width), rel=EXACT)
    assert b == pytest.approx(g0 * (1 + width), rel=EXACT)


@pytest.mark.parametrize("width", [1e-1, 1e-3, 1e-6])
def test_a_peak_where_another_channel_closes_is_found(width: float):
    """A branching ratio w^2/(w^2 + (g/g0 - 1)^2) is above 1/2 within g0 (1 -+ w)."""
    g0 = 7.77e-6
    ((low, high),) = edges(found(lambda g: 2.0 * width**2 / (width**2 + (g / g0 - 1.0) ** 2)))
    assert low == pytest.approx(g0 * (1 - width), rel=EXACT)
    assert high == pytest.approx(g0 * (1 + width), rel=EXACT)


def test_an_edge_where_a_constraint_ceases_to_apply_is_found():
    """Prompt decays alone: a ratio that jumps from 0 to 30."""
    (interval,) = edges(found(lambda g: np.where(g < 2.5e-6, 0.0, 30.0 * (g / 2.5e-6) ** 2)))
    assert interval == (pytest.approx(2.5e-6, rel=EXACT), math.inf)


def test_several_intervals_of_one_function():
    """Every zero of an oscillating function, against its closed form."""

    def wave(logarithm: Array) -> Array:
        return np.sin(logarithm / 2.0)[:, None]

    intervals = positive(wave, SCAN)
    zeros = np.arange(math.ceil(SCAN[0] / (2 * math.pi)), SCAN[-1] // (2 * math.pi) + 1) * 2 * math.pi
    all_edges = np.sort(np.concatenate([intervals.low, intervals.high]))
    np.testing.assert_allclose(all_edges[np.isfinite(all_edges)], zeros, atol=10 * WIDTH)


def test_a_window_with_two_exponentials():
    """A displaced search, g^2 [exp(-a g^2) - exp(-b g^2)], against a root finder on both sides of the maximum."""
    a, b, c = 3e8, 4e8, 2e-10

    def ratio(g: Array) -> Array:
        return g**2 * (np.exp(-a * g**2) - np.exp(-b * g**2)) / c

    (interval,) = edges(found(ratio))
    top = max(np.geomspace(1e-6, 1e-3, 10000), key=lambda g: float(ratio(np.asarray(g))))

    def excess(logarithm: float) -> float:
        return float(ratio(np.exp(logarithm))) - 1.0

    for edge, beyond in zip(interval, (1e-8, 1e-3), strict=True):
        expected = brentq(excess, math.log(top), math.log(beyond), xtol=1e-14)
        assert edge == pytest.approx(math.exp(expected), rel=EXACT)
