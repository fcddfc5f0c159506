"""Key numbers of the figures against bisection with zdscan.evaluate, and every figure drawn."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.support.thinning import only
from tests.support.tolerances import CLOSED_FORM
from tests.support.verdicts import published
from zdscan.analysis.paper import figures
from zdscan.analysis.paper.figures import fig01, fig02, fig03, fig04, fig05, fig06, fig07, fig08
from zdscan.analysis.paper.figures.case_grids import case_grid
from zdscan.analysis.paper.figures.plate import Detail

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
    return bool(published(case, **point, constraints=(constraint,), **(settings or {})).excluded[0])


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
    expected = published("A", masses, 1e-3, 0.1, constraints=("b_kst_nunu",)).ratios[:, 0]
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


def test_fold_keeps_the_lower_sign() -> None:
    grid_a = case_grid("A", COARSE)
    eps_z, folded = fig08.folded(grid_a)
    axis = grid_a.axes["eps_z"]
    for k, value in enumerate(eps_z):
        signs = [np.flatnonzero(axis == s * value)[0] for s in (1, -1)]
        assert np.array_equal(folded[:, k], grid_a.chi2[:, :, signs, 0].min(axis=(1, 2)))


@pytest.mark.parametrize("number", only([1, 5, 8], range(1, 11)))
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
