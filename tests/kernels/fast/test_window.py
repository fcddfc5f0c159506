"""Windows of proper times: exponentials, both evaluators against integrals over proper time, bounds against points."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from tests.kernels.fast.test_evaluate import NEAR_LIMIT
from zdscan.evaluation.engine import build_physics
from zdscan.evaluation.points import run_of
from zdscan.kernels.fast import bounds, evaluate, window
from zdscan.kernels.fast.evaluate import evaluate_grid, work_space
from zdscan.kernels.reference.clauses import share_in_window
from zdscan.kernels.tables import clauses as layout
from zdscan.kernels.tables.mass import clause_tables
from zdscan.physics.cases import CASES


@pytest.mark.parametrize("x", [0.0, 1e-300, 1e-12, 1e-5, 0.1, 1.0, 7.3, 20.0, 39.9, 100.0, 119.0])
@pytest.mark.parametrize("beyond", [1.0, 1.7, 40.0, 1e9])
def test_exponentials_against_exact_arithmetic(x: float, beyond: float) -> None:
    """The errors that the module states, with as many doublings as a larger width beside it needs."""
    widths, share, part = np.array([1.0, beyond]), np.empty(2), np.empty(2)
    window.shares(widths, 2, x, math.inf, 1.0, beyond, share, part)
    assert share[0] == pytest.approx(float(mpmath.exp(-x)), rel=5e-13)
    assert share[1] == pytest.approx(float(mpmath.exp(-min(x * beyond, window.LARGEST))), rel=5e-13)
    window.shares(widths, 2, 0.0, x, 1.0, beyond, share, part)
    assert share[0] == pytest.approx(float(-mpmath.expm1(-x)), rel=5e-13)
    assert share[1] == pytest.approx(float(-mpmath.expm1(-mpmath.mpf(x) * beyond)), rel=5e-13)


@pytest.mark.parametrize(("start", "end"), [(0.0, 1.0), (0.5, 2.0), (1.0, math.inf), (3.0, 3.001), (0.0, math.inf)])
@pytest.mark.parametrize("width", [1e-6, 0.03, 1.0, 9.0])
def test_share_against_an_integral_over_proper_time(start: float, end: float, width: float) -> None:
    """dN/dt = Gamma exp(-Gamma t) between the ends of the window (in units of hbar)."""
    expected = width * quad(lambda t: math.exp(-width * t), start, min(end, 60.0 / width), epsabs=0.0, epsrel=1e-12)[0]
    assert share_in_window(start, end, np.array([width]))[0] == pytest.approx(expected, rel=1e-9)


def test_limits_of_the_width() -> None:
    """A vector that lives for ever is outside of every window that ends; one that decays at once is prompt alone."""
    ends = np.array([0.0, 1e-30, 1e30])
    assert share_in_window(2.0, math.inf, ends).tolist() == [1.0, 1.0, 0.0]
    np.testing.assert_allclose(share_in_window(0.0, 5.0, ends), [0.0, 5e-30, 1.0], rtol=1e-15)
    np.testing.assert_allclose(share_in_window(2.0, 5.0, ends), [0.0, 3e-30, 0.0], rtol=1e-15)


@settings(max_examples=200, deadline=None)
@given(
    start=st.floats(0.0, 10.0),
    length=st.one_of(st.floats(1e-6, 10.0), st.just(math.inf)),
    of_channel=st.booleans(),
    y=st.tuples(st.floats(-5, 5), st.floats(0, 3)),
    gamma=st.tuples(st.floats(1e-6, 10.0), st.floats(1.0, 5.0)),
    bound=st.floats(-2.0, 2.0),
    where=st.tuples(st.floats(0, 1), st.floats(0, 1)),
)
def test_what_bounds_decide_holds_at_points(start, length, of_channel, y, gamma, bound, where) -> None:
    """At any y and width within the ranges; without a channel windows end at infinity."""
    length = length if of_channel else math.inf
    numbers = np.array([start, length, 0.0 if of_channel else bound, bound if of_channel else 0.0])
    low, high, narrow, wide = y[0], y[0] + y[1], gamma[0], gamma[0] * gamma[1]
    verdict = bounds._behind_window(numbers, 0, low, high, narrow, wide)
    here, width = low + where[0] * (high - low), narrow + where[1] * (wide - narrow)
    share = math.exp(-start * width) * (-math.expm1(-length * width) if length < math.inf else 1.0)
    excess = here * share - bound * (width if of_channel else 1.0)
    if verdict:
        assert (excess > 0.0) == (verdict > 0)


def windowed(physics, mass: float, rng: np.random.Generator) -> np.ndarray:
    """Mass tables in which every clause with a channel has a window of a random kind."""
    tables = physics.mass_tables(mass)
    for row in clause_tables(tables, len(physics.likelihood.sm)):
        if row[layout.APPLIES] == 0.0 or row[layout.CHANNEL] < 0:
            continue
        row[layout.MIN_WIDTH], start = 0.0, 10 ** rng.uniform(10, 18)
        kind = rng.integers(4)
        ends = ((0.0, start), (start, math.inf), (start, start * (1 + 10 ** rng.uniform(-3, 2))), (start, math.inf))
        row[layout.WINDOW_FROM], row[layout.WINDOW_TO] = ends[kind]
        if kind == 3:
            row[layout.CHANNEL] = -1
    return tables


def axis(rng: np.random.Generator, n: int, low: float, high: float) -> np.ndarray:
    """Values of both signs over decades, and zero."""
    values = 10 ** rng.uniform(low, high, n) * rng.choice([-1.0, 1.0], n)
    values[0] = 0.0
    return np.unique(values)


@pytest.mark.parametrize("case", ["A", "B", "C"])
def test_bits_against_the_reference(case: str) -> None:
    """Windows of all kinds on all searches: the same bits, unless a ratio is near 1."""
    rng, physics = np.random.default_rng(ord(case)), build_physics(CASES[case], theory="complete")
    for mass in (0.05, 0.15, 0.3, 0.9):
        tables = windowed(physics, mass, rng)
        g_mu = axis(rng, 40, -6, 0) if case != "A" else np.zeros(1)
        axes = (axis(rng, 20, -8, -2), axis(rng, 40, -8, -1), g_mu)
        n = math.prod(len(values) for values in axes)
        expansion, lost = physics.workspace(tables, axes).parts[0][0], np.empty(n, np.uint8)
        chi2, bits = np.empty(n, np.float32), np.empty(n, np.uint64)
        evaluate_grid(expansion, *axes, 0, n, 3e38, chi2, bits, lost, *work_space(expansion))
        ratios = physics.quantities(tables, run_of(axes, 0, n), ("ratios",))["ratios"]
        found = bits[:, None] >> np.arange(len(physics.constraints), dtype=np.uint64) & np.uint64(1) != 0
        assert np.all(np.abs(ratios[found != (ratios >= 1.0)] - 1.0) < NEAR_LIMIT)


@pytest.mark.parametrize("case", ["A", "B"])
def test_bounds_that_decide_nothing_give_the_same_bits(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The loops as plain Python, with and without bounds: what bundles and tiles skip would have come out the same."""

    def nothing(*given):
        inequalities, count, left = given[-3:]
        left[:count] = inequalities[:count]
        return np.uint64(0), count

    rng = np.random.default_rng(ord(case))
    physics = build_physics(CASES[case], theory="complete", constraints=["k_pi_x", "b_k_x", "b_k_x_ee", "k_mu_inv"])
    tables = windowed(physics, 0.05, rng)
    g_mu = axis(rng, 8, -6, 0) if case != "A" else np.zeros(1)
    axes = (axis(rng, 4, -8, -2), axis(rng, 16, -8, -1), g_mu)
    n = math.prod(len(values) for values in axes)
    expansion, found = physics.workspace(tables, axes).parts[0][0], []
    for decide in (bounds.decide, nothing):
        monkeypatch.setattr(evaluate, "decide", decide)
        chi2, bits, lost = np.empty(n, np.float32), np.empty(n, np.uint64), np.empty(n, np.uint8)
        with np.errstate(all="ignore"):
            evaluate_grid.py_func(expansion, *axes, 0, n, 3e38, chi2, bits, lost, *work_space(expansion))
        found.append(bits)
    assert found[0].any()
    np.testing.assert_array_equal(*found)
