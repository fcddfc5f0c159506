"""Breit-Wigner integrals of the kernel against complex logarithms at 120 digits and against adaptive quadrature."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from mpmath import mp, mpf

from tests.support import formulas
from tests.support.thinning import every
from tests.support.tolerances import BREIT_WIGNER, BREIT_WIGNER_NEAR
from tests.twins import breit_wigner as twin


def smooth(s: float) -> float:
    """Positive, of order one, no polynomial."""
    return float(np.exp(-0.3 * s) * (1.5 + np.sin(1.7 * s)))


def table_like(rng: np.random.Generator, panels: int) -> np.ndarray:
    """Positive degree-7 polynomials whose Chebyshev series falls by 4 per order, with jumps between panels.

    As smooth as tabulated rates on their panels. For arbitrary node values the polynomial grows to 1e5 at three half
    widths from the panel, and no eight-point rule for distant panels can follow it there.
    """
    nodes = np.polynomial.legendre.leggauss(8)[0]
    series = rng.uniform(-1, 1, size=(panels, 8)) * 0.25 ** np.arange(8)
    series[:, 0] = rng.uniform(0.5, 1.5, size=panels)
    return np.array([np.polynomial.chebyshev.chebval(nodes, c) for c in series])


def check(
    lo: np.ndarray, hi: np.ndarray, values: np.ndarray, mass: float, width: float, tolerance: float = BREIT_WIGNER
) -> None:
    """The real part relative to |T1|, the imaginary part (it is -M Gamma T2) on its own, so that narrow widths count.

    Where f changes sign, |T1| may vanish: then |f| replaces f, with |T1|^2 <= int |f| ds times T2 of |f|.
    """
    t1, t2 = formulas.integrate(lo, hi, values, mass, width)
    exact1, exact2 = twin.integrate(lo, hi, values, mass, width)
    scale1, scale2 = abs(exact1), twin.magnitude(lo, hi, values, mass, width)
    if not np.all(values > 0):
        scale1 = max(scale1, float(np.sqrt(scale2 * np.sum((hi - lo) * np.abs(values).max(axis=1)))))
    message = f"M={mass!r} Gamma={width!r} panels={list(zip(lo, hi, strict=True))}"
    assert np.isfinite(t2), message
    assert abs(t1.real - exact1.real) <= tolerance * scale1, message
    assert abs(t1.imag - exact1.imag) <= tolerance * mass * width * scale2, message
    assert abs(t2 - exact2) <= tolerance * scale2, message


def panels(edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.ascontiguousarray(edges[:-1]), np.ascontiguousarray(edges[1:])


ROW = np.array([0.1, 0.3, 0.6904545, 1.0, 1.1, 1.380909, 2.0])  # as panels of a bin 0.1-2 GeV^2: uneven, kinks between


@pytest.mark.parametrize("seed", every(2, range(8)))
def test_random_masses_and_widths(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(12):
        mass, width = np.exp(rng.uniform(np.log(0.01), np.log(2.0))), 10 ** rng.uniform(-18, -2)
        edges = np.sort(np.exp(rng.uniform(np.log(1e-6), np.log(20.0), size=6)))
        lo, hi = panels(edges)
        check(lo, hi, table_like(rng, 5), mass, width)
        check(lo, hi, twin.sample(smooth, lo, hi), mass, width)


@pytest.mark.parametrize("width", [1e-18, 1e-12, 1e-6, 1e-3, 1e-2])
@pytest.mark.parametrize("distance", [0.0, 1e-16, 1e-12, -1e-12, 1e-9, -1e-9, 1e-5, -1e-5])
def test_pole_at_or_near_an_edge(width: float, distance: float) -> None:
    """M*M must not be rounded: 1e-12 from an edge a double square is wrong by 1e-4 of the distance."""
    lo, hi = panels(ROW)
    for edge in (0.1, 1.0, 1.1, 2.0):  # outer edges and knots
        mass = float(np.sqrt(edge * (1 + distance)))
        check(lo, hi, twin.sample(smooth, lo, hi), mass, width, BREIT_WIGNER_NEAR)


def test_neighbouring_doubles_at_an_edge_are_told_apart() -> None:
    lo, hi = panels(np.array([0.25, 1.0]))
    values = twin.sample(smooth, lo, hi)
    mass = 0.5
    for _ in range(4):  # the pole moves from exactly on the edge inwards, one double at a time
        check(lo, hi, values, mass, 1e-16, BREIT_WIGNER_NEAR)
        mass = float(np.nextafter(mass, 1.0))
    mass = 0.1**0.5  # not a double: M*M differs from 0.1 by rounding only
    lo, hi = panels(np.array([0.1, 0.2]))
    for width in (1e-18, 1e-15):
        check(lo, hi, twin.sample(smooth, lo, hi), mass, width, BREIT_WIGNER_NEAR)


def test_pole_exactly_at_a_knot() -> None:
    lo, hi = panels(np.array([0.0625, 0.25, 1.0]))  # squares of 0.25, 0.5 and 1: no rounding at all
    for mass in (0.25, 0.5, 1.0):
        for width in (1e-18, 1e-10, 1e-4, 1e-2):
            check(lo, hi, twin.sample(smooth, lo, hi), mass, width, BREIT_WIGNER_NEAR)


@pytest.mark.parametrize("size", [1e-13, 1e-10, 1e-7, 1e-4, 1e-2, 1.0, 10.0, 100.0])
@pytest.mark.parametrize("width", [1e-18, 1e-9, 1e-4, 1e-2])
def test_panels_tiny_and_wide(size: float, width: float) -> None:
    rng = np.random.default_rng(3)
    mass = 0.77
    for position in (0.0, 0.3, -0.99, 1.5, -2.9, 2.999, 3.001, -5.0, 40.0, 1e4):  # of the centre, in half widths
        centre = mass * mass + position * size / 2
        lo, hi = np.array([centre - size / 2]), np.array([centre + size / 2])
        if lo[0] > 0:
            near = np.hypot(position, 2 * mass * width / size) < 2.95  # in half widths: any node values will do
            check(lo, hi, rng.uniform(0.5, 1.5, size=(1, 8)) if near else table_like(rng, 1), mass, width)
            if size <= 1 and hi[0] < 20:  # resolved by eight nodes, and not zero
                check(lo, hi, twin.sample(smooth, lo, hi), mass, width)


@settings(max_examples=80, deadline=None, phases=(Phase.generate,))
@given(
    mass=st.floats(0.01, 2.0),
    log_width=st.floats(-18, -2),
    start=st.floats(1e-6, 15.0),
    log_length=st.floats(-6, 1),
    series=st.lists(st.floats(-1, 1), min_size=16, max_size=16).filter(any),
)
def test_sign_changing_polynomials(
    mass: float, log_width: float, start: float, log_length: float, series: list[float]
) -> None:
    length = 10.0**log_length
    falling = np.array(series).reshape(2, 8) * 0.25 ** np.arange(8)
    values = np.array([np.polynomial.chebyshev.chebval(np.polynomial.legendre.leggauss(8)[0], c) for c in falling])
    lo, hi = panels(np.array([start, start + length, start + 2.5 * length]))
    check(lo, hi, values, mass, 10.0**log_width)


@pytest.mark.parametrize(("mass", "width"), [(0.8, 1e-3), (0.8, 1e-9), (0.05, 1e-4), (1.9, 1e-2), (1.0, 1e-6)])
def test_smooth_function_by_adaptive_quadrature(mass: float, width: float) -> None:
    """The chain values -> interpolant -> integral against the integral of the function itself."""

    def exact_smooth(s: mpf) -> mpf:
        return mp.exp(-mpf(0.3) * s) * (mpf(1.5) + mp.sin(mpf(1.7) * s))

    edges = np.linspace(0.1, 2.0, 12)
    lo, hi = panels(edges)
    t1, t2 = formulas.integrate(lo, hi, twin.sample(smooth, lo, hi), mass, width)
    exact = twin.by_quadrature(exact_smooth, edges[0], edges[-1], mass, width)
    assert abs(t1 - complex(exact)) <= BREIT_WIGNER * abs(exact)
    assert t2 == pytest.approx(float(-exact.imag / (mpf(mass) * mpf(width))), rel=BREIT_WIGNER, abs=0)


# --- identities of the kernel alone


@settings(max_examples=50, deadline=None)
@given(mass=st.floats(0.01, 2.0), log_width=st.floats(-16, -2), cut=st.floats(0.15, 1.9), factor=st.floats(-5, 5))
def test_linear_and_additive(mass: float, log_width: float, cut: float, factor: float) -> None:
    width = 10.0**log_width
    lo, hi = panels(np.array([0.1, 2.0]))

    def cubic(s: float) -> float:
        return 2 + 0.5 * s - 0.7 * s * s + 0.2 * s**3

    values = twin.sample(cubic, lo, hi)
    whole = formulas.integrate(lo, hi, values, mass, width)
    scaled = formulas.integrate(lo, hi, factor * values, mass, width)
    lo2, hi2 = panels(np.array([0.1, cut, 2.0]))
    split = formulas.integrate(lo2, hi2, twin.sample(cubic, lo2, hi2), mass, width)
    assert scaled[0] == pytest.approx(factor * whole[0], rel=1e-12, abs=1e-300)
    assert scaled[1] == pytest.approx(factor * whole[1], rel=1e-12, abs=1e-300)
    # a cut next to the pole leaves the rounding of the two interpolants at the cut, times a logarithm
    assert split[0] == pytest.approx(whole[0], rel=1e-10, abs=0)
    assert split[1] == pytest.approx(whole[1], rel=1e-10, abs=0)


@pytest.mark.parametrize("mass", [50.0, 1e3, 1e5])
def test_heavy_mediator(mass: float) -> None:
    """Far above the panels: T1 = -int f (1/M^2 + s/M^4 + ...), T2 = int f/M^4 (1 + 2 s/M^2 + ...)."""
    lo, hi = panels(ROW)
    values = twin.sample(smooth, lo, hi)
    nodes, weights = np.polynomial.legendre.leggauss(8)
    s = (lo + hi)[:, None] / 2 + (hi - lo)[:, None] / 2 * nodes
    moments = [float(np.sum(values * s**k * weights * (hi - lo)[:, None] / 2)) for k in range(8)]
    t1, t2 = formulas.integrate(lo, hi, values, mass, 1e-6)
    assert t1.real == pytest.approx(-sum(m / mass ** (2 * k + 2) for k, m in enumerate(moments)), rel=1e-12, abs=0)
    assert t2 == pytest.approx(sum((k + 1) * m / mass ** (2 * k + 4) for k, m in enumerate(moments)), rel=1e-12, abs=0)


@pytest.mark.parametrize("mass", [0.02, 0.29, 1.45, 1.9, 30.0])
def test_almost_stable_mediator_outside(mass: float) -> None:
    """Pole outside: T1 is real and T2 finite in the limit of vanishing width."""
    lo, hi = panels(ROW)
    values = twin.sample(smooth, lo, hi)
    width = 1e-60
    t1, t2 = formulas.integrate(lo, hi, values, mass, width)
    exact = twin.expansion(lo, hi, values, mass)
    assert t1.real == pytest.approx(float(exact.principal_value), rel=BREIT_WIGNER, abs=0)
    assert t1.imag == pytest.approx(-mass * width * float(exact.finite_part), rel=BREIT_WIGNER, abs=0)
    assert t2 == pytest.approx(float(exact.finite_part), rel=BREIT_WIGNER, abs=0)


# --- the small-width law

INSIDE = [0.4, 0.7, 0.9, 1.02, 1.1, 1.3]  # sqrt(s) strictly inside panels of ROW
OUTSIDE = [0.01, 0.25, 1.45, 2.0]


@pytest.mark.parametrize("mass", INSIDE + OUTSIDE)
def test_expansion_coefficients(mass: float) -> None:
    lo, hi = panels(ROW)
    values = twin.sample(smooth, lo, hi)
    value = formulas.expansion(lo, hi, values, mass)
    exact = twin.expansion(lo, hi, values, mass)
    wanted = (exact.principal_value, exact.at_pole, exact.slope, exact.finite_part)
    scale = float(np.sum(values * (hi - lo)[:, None]) / 8)
    for got, expected in zip(value, wanted, strict=True):
        assert abs(got - float(expected)) <= BREIT_WIGNER * max(abs(float(expected)), scale), (got, expected)
    assert (value[1] != 0) == (mass in INSIDE)


@pytest.mark.parametrize("seed", range(4))
def test_expansion_coefficients_of_random_polynomials(seed: int) -> None:
    rng = np.random.default_rng(100 + seed)
    for _ in range(10):
        lo, hi = panels(np.sort(np.exp(rng.uniform(np.log(1e-4), np.log(4.0), size=5))))
        values = rng.uniform(0.5, 1.5, size=(4, 8))
        mass = float(np.sqrt(rng.uniform(1e-4, 4.0)))
        value = formulas.expansion(lo, hi, values, mass)
        exact = twin.expansion(lo, hi, values, mass)
        # a jump of f at a knot close to the pole makes each of them large: relative to the largest panel contribution
        pieces = [twin.expansion(lo[i : i + 1], hi[i : i + 1], values[i : i + 1], mass) for i in range(4)]
        for index, name in enumerate(("principal_value", "at_pole", "slope", "finite_part")):
            scale = max(abs(float(getattr(p, name))) for p in pieces)
            assert abs(value[index] - float(getattr(exact, name))) <= 1e-8 * max(scale, 1e-300), (name, mass)


@pytest.mark.parametrize("mass", INSIDE + OUTSIDE)
def test_remainder_of_the_small_width_law(mass: float) -> None:
    """Exact integral minus law: g^2 in Re T1 and Im T1, g in T2 (no g term at all when the pole is outside)."""
    lo, hi = panels(ROW)
    values = twin.sample(smooth, lo, hi)
    principal, at_pole, slope, finite = formulas.expansion(lo, hi, values, mass)
    remainders = []
    for g in (1e-3, 1e-4) if mass in INSIDE else (1e-2, 1e-3):
        t1, t2 = twin.integrate(lo, hi, values, mass, g / mass)
        remainders.append(
            (
                float(t1.real - principal + g * mp.pi * slope),
                float(t1.imag + mp.pi * at_pole + g * finite),
                float(t2 - mp.pi * at_pole / g - finite),
            )
        )
    (real1, imag1, square1), (real2, imag2, square2) = np.abs(remainders)
    floor = 1e-9 * (abs(principal) + abs(at_pole) + abs(finite))  # rounding of the law's coefficients
    assert real2 <= 0.015 * real1 + floor
    assert imag2 <= 0.015 * imag1 + floor
    assert square2 <= 0.15 * square1 + floor * 1e2
    assert real1 > floor or abs(principal) < 1e-3, "the test must see the remainder"


def test_law_meets_the_full_integral() -> None:
    lo, hi = panels(ROW)
    values = twin.sample(smooth, lo, hi)
    for mass in (0.9, 1.3, 1.9):
        principal, at_pole, slope, finite = formulas.expansion(lo, hi, values, mass)
        g = 1e-8
        t1, t2 = formulas.integrate(lo, hi, values, mass, g / mass)
        assert t1.real == pytest.approx(principal - g * np.pi * slope, rel=1e-9, abs=1e-9)
        assert t1.imag == pytest.approx(-np.pi * at_pole - g * finite, rel=1e-9, abs=0)
        assert t2 == pytest.approx(np.pi * at_pole / g + finite, rel=1e-9, abs=0)
