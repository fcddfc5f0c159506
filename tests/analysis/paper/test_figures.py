"""Key numbers of the figures against root finding with zdscan.evaluate, and small grids against single points."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import zdscan
from tests.support.tolerances import CLOSED_FORM, FLOAT32_OUTPUT
from zdscan.analysis.paper import figures
from zdscan.analysis.paper.figures import fig01, fig02, fig03, fig04, fig05, fig06, fig07, fig08, fitplot, minigrid
from zdscan.analysis.paper.figures.plate import Detail, html, tex
from zdscan.analysis.paper.figures.probe import Probe
from zdscan.evaluation.engine import build_physics
from zdscan.physics.cases import named_case

# `expected` is bisected to 1e-10, the figures' roots are finer.
COARSE = Detail(curve=5, grid=0.12)


def bisect(excluded: Callable[[float], bool], low: float, high: float) -> float:
    """Where a verdict changes between low (one verdict) and high (the other), to 1e-10; logarithmic."""
    first = excluded(low)
    assert excluded(high) is not first
    for _ in range(36):
        middle = math.sqrt(low * high)
        low, high = (middle, high) if excluded(middle) is first else (low, middle)
    return low


def excluded(constraint: str, case: str = "A", settings: dict[str, object] | None = None, **point: float) -> bool:
    """The verdict of one constraint, through the public function alone."""
    return bool(zdscan.evaluate(case, **point, constraints=(constraint,), **(settings or {})).excluded[0])


@pytest.mark.parametrize("scale", [1.0, 2.7])
def test_mass_of_mixing(scale: float) -> None:
    expected = bisect(lambda m: excluded("bs_mixing", settings={"fcnc_scale": scale}, mass=m, eps_z=1e-3), 0.0101, 0.15)
    assert fig01.excluded_below(1e-3, scale) == pytest.approx(expected, rel=CLOSED_FORM)


def test_mixing_limits_at_no_mass() -> None:
    assert math.isnan(fig01.excluded_below(1e-6))
    assert math.isnan(fig01.excluded_below(0.5))


@pytest.mark.parametrize("theory", ["paper", "complete"])
def test_bs_mumu(theory: str) -> None:
    found = fig02.largest_eps_z(0.02, theory)
    expected = bisect(lambda z: excluded("bs_mumu", settings={"theory": theory}, mass=0.02, eps_z=z), 1e-6, 2 * found)
    assert found == pytest.approx(expected, rel=CLOSED_FORM)


def test_b_to_k_over_bound() -> None:
    masses = np.array([0.01, 0.5])
    expected = zdscan.evaluate("A", masses, 1e-3, 0.1, constraints=("b_kst_nunu",)).ratios[:, 0]
    np.testing.assert_allclose(fig03.over_bound("b_kst_nunu", masses, 0.1), expected, rtol=CLOSED_FORM)
    assert expected.min() > 10  # the paper: below 0.1


def test_k_mu_invisible() -> None:
    found = fig04.g_mu_at_limit(0.1)
    assert found == pytest.approx(bisect(lambda g: excluded("k_mu_inv", "B", mass=0.1, g_mu=g), 1e-6, 1.0), CLOSED_FORM)
    mixed = fig04.g_mu_at_limit(0.1, 1e-4)
    point = {"mass": 0.1, "eps": 1e-4, "eps_z": 1e-4}
    # g_mu and the mixing of opposite sign cancel first, so begin above that
    assert mixed == pytest.approx(bisect(lambda g: excluded("k_mu_inv", "B", **point, g_mu=g), 1e-3, 1.0), CLOSED_FORM)
    for emission in ("lepton", "complete"):
        expected = bisect(
            lambda z, e=emission: excluded("k_mu_inv", settings={"emission": e}, mass=0.01, eps_z=z), 1e-6, 0.1
        )
        assert fig04.eps_z_at_limit(0.01, emission) == pytest.approx(expected, rel=CLOSED_FORM)


def test_k_mu_nu_ee() -> None:
    point = {"mass": 0.18, "eps": fig05.EPS, "eps_z": fig05.EPS_Z}
    expected = bisect(lambda g: excluded("k_mu_nu_ee", "B", **point, g_mu=g), 1e-4, 0.1)
    assert fig05.g_mu_at_limit(0.18) == pytest.approx(expected, rel=CLOSED_FORM)


def test_pienu() -> None:
    expected = bisect(lambda m: excluded("pi_mu_nu_x", "B", mass=m, eps=1e-4, eps_z=1e-4, g_mu=0.1), 0.011, 0.02)
    assert fig06.mass_at_limit(0.1, 1e-4) == pytest.approx(expected, rel=CLOSED_FORM)
    assert math.isnan(fig06.mass_at_limit(0.1, 1e-5))  # the paper's first statement: never excluded


def test_parity_violation() -> None:
    expected = bisect(lambda z: excluded("apv_cs", mass=0.05, eps=1e-3, eps_z=z), 1e-8, 1e-4)
    assert fig07.bound("apv_cs", 0.05, 1e-3) == pytest.approx(expected, rel=CLOSED_FORM)
    low, high = fig07.allowed_window("apv_cs", 0.05, 1e-3)
    assert fig07.cancelling_eps_z("apv_cs", 0.05, 1e-3) == pytest.approx(1.217e-3, rel=1e-3)
    assert low == pytest.approx(
        bisect(lambda z: excluded("apv_cs", mass=0.05, eps=1e-3, eps_z=z), 6e-4, 1.2174e-3), rel=CLOSED_FORM
    )
    assert high == pytest.approx(
        bisect(lambda z: excluded("apv_cs", mass=0.05, eps=1e-3, eps_z=z), 1.2176e-3, 0.1), rel=CLOSED_FORM
    )
    # On the proton both terms have one sign: nothing cancels.
    assert math.isnan(fig07.allowed_window("apv_p", 0.05, 1e-3)[0])


def test_probe_values_are_those_of_a_point() -> None:
    masses = np.array([0.02, 0.03, 0.5])
    found = Probe("B", "pi_mu_nu_x")
    point = zdscan.evaluate("B", masses, 1e-4, 1e-4, 0.1, constraints=("pi_mu_nu_x",))
    both = np.array([found.value(masses, clause, eps=1e-4, eps_z=1e-4, g_mu=0.1) for clause in (0, 1)])
    np.testing.assert_allclose(both.max(axis=0), point.values[:, 0], rtol=CLOSED_FORM)
    assert np.isnan(both[:, 2]).all()
    assert found.limits(0.02) == (-math.inf, pytest.approx(point.limits[0, 0]))


def test_no_crossing_is_nan() -> None:
    probe = Probe("A", "bs_mixing")
    assert math.isnan(probe.crossing(0.1, "eps_z", 1e-9, 1e-8))  # allowed throughout
    assert math.isnan(probe.crossing(0.1, "eps_z", 0.1, 1.0))  # excluded throughout


@pytest.fixture(scope="module")
def grid() -> minigrid.MiniGrid:
    return minigrid.case_grid("C", COARSE)


def test_grid_is_a_set_of_points(grid: minigrid.MiniGrid) -> None:
    rng = np.random.default_rng(3)
    names = [constraint.id for constraint in grid.physics.constraints]
    for _ in range(4):
        where = tuple(int(rng.integers(n)) for n in grid.chi2.shape)
        point = [float(axis[k]) for axis, k in zip(grid.axes.values(), where, strict=True)]
        expected = zdscan.evaluate("C", *point)
        assert grid.chi2[where] == pytest.approx(float(expected.chi2["all"]), rel=FLOAT32_OUTPUT)
        bits = [name for name in names if grid.excluded[where] & grid.mask([name])]
        assert bits == [name for name, no in zip(names, expected.excluded, strict=True) if no]


def test_grid_minima_by_loops(grid: minigrid.MiniGrid) -> None:
    names = ("k_mu_inv", "w_width")
    mask = int(grid.mask(names))
    lowest: dict[tuple[int, int], float] = {}
    within = [0, 0]
    top = float(grid.chi2.min()) + 6.18
    for where, chi2 in np.ndenumerate(grid.chi2):
        free = not int(grid.excluded[where]) & mask
        cell = where[0], where[3]
        lowest[cell] = min(lowest.get(cell, math.inf), float(chi2) if free else math.inf)
        if chi2 <= top:
            within[0] += free
            within[1] += 1
    profile = grid.profile("mass", "g_mu", names)
    assert {cell: float(profile[cell]) for cell in lowest} == lowest
    assert grid.best(names)["chi2"] == min(lowest.values())
    assert list(grid.fraction_allowed(6.18, names)) == within


def test_fold_keeps_the_lower_sign() -> None:
    grid_a = minigrid.case_grid("A", COARSE)
    eps_z, folded = fig08.folded(grid_a)
    axis = grid_a.axes["eps_z"]
    for k, value in enumerate(eps_z):
        signs = [np.flatnonzero(axis == s * value)[0] for s in (1, -1)]
        assert np.array_equal(folded[:, k], grid_a.chi2[:, :, signs, 0].min(axis=(1, 2)))


def test_valley() -> None:
    physics = build_physics(named_case("C"), constraints=())
    eps_z = fitplot.valley(physics, 0.05, 0.02)
    chi2 = [physics.chi2(0.05, 0.0, factor * eps_z, 0.02) for factor in (0.99, 1.0, 1.01)]
    assert chi2[1] < min(chi2[0], chi2[2])
    everywhere = [physics.chi2(0.05, 0.0, -z, 0.02) for z in np.geomspace(1e-7, 1e-3, 50)]
    assert chi2[1] <= min(everywhere)


def test_texts_of_numbers() -> None:
    assert tex(1e-3) == "10^{-3}"
    assert tex(3e-4) == r"3\times10^{-4}"
    assert html(-2.5e-6) == "−2.5×10<sup>−6</sup>"
    assert html(0.035) == "0.035"
    assert html(math.nan) == "none"
    assert html(0.00337, 3) == "3.37×10<sup>−3</sup>"


@pytest.mark.parametrize(
    "number", [1, 2, 5, 7, 8, 10, *(pytest.param(n, marks=pytest.mark.slow) for n in (3, 4, 6, 9))]
)
def test_figures_are_drawn(number: int, tmp_path: Path) -> None:
    plate = figures.draw(number, COARSE)
    plate.figure.savefig(tmp_path / "figure.png", dpi=60)
    assert (tmp_path / "figure.png").stat().st_size > 5_000
    assert plate.number == number
    assert "theory" in plate.caption.lower()
    assert "emission" in plate.caption
    for axes in plate.figure.axes:
        assert "[MeV]" in axes.get_xlabel()
    assert plate.figure.axes[0].get_ylabel()
