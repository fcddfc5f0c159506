"""Profiles between the values of hidden axes: parabolas in closed form, then grids of zdscan."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.analysis.support import complaint
from zdscan.analysis.at_mass import Evaluator
from zdscan.analysis.fits.minimise import minimise
from zdscan.analysis.pictures.plotting import Request, plot
from zdscan.analysis.pictures.sheet import Options
from zdscan.analysis.views.in_memory import MemoryGrid
from zdscan.analysis.views.refine import checked, refined_view, search
from zdscan.analysis.views.view import View, view
from zdscan.scan.axes import spaced

Array = NDArray[np.float64]
MASS, EPS, EPS_Z, G_MU = (
    np.array([0.1, 0.2]),
    np.linspace(-1.0, 1.0, 9),
    np.linspace(0.0, 2.0, 11),
    np.linspace(1, 2, 6),
)
HEIGHT = 40.0


def parabola(mass: Array, couplings: Array) -> Array:
    """Lowest at eps = 0.13 g_mu, eps_z = 0.71 + eps - 0.13 g_mu, where it is 2 + 10 mass + g_mu."""
    eps, eps_z, g_mu = couplings
    x, y = eps - 0.13 * g_mu, eps_z - 0.71
    return np.asarray(2.0 + 10.0 * mass + g_mu + HEIGHT * (x**2 + 4.0 * (y - x) ** 2))


def coarse_view() -> View:
    """The grid's own profile over mass and g_mu."""
    mass, a, b, c = np.meshgrid(MASS, EPS, EPS_Z, G_MU, indexing="ij")
    whole = parabola(mass.ravel(), np.array([a.ravel(), b.ravel(), c.ravel()])).reshape(mass.shape)
    cells = whole.transpose(0, 3, 1, 2).reshape(2, 6, -1)
    hidden = cells.argmin(axis=2)
    eps, eps_z = np.unravel_index(hidden, (9, 11))
    at = np.ravel_multi_index((np.arange(2)[:, None], eps, eps_z, np.arange(6)[None, :]), whole.shape)
    lowest = cells.min(axis=2).astype(np.float32)
    return View(
        axes=("mass", "g_mu"),
        values={"mass": MASS, "eps": EPS, "eps_z": EPS_Z, "g_mu": G_MU},
        chi2=lowest,
        at=at,
        allowed=lowest,
        allowed_at=at,
        bits=None,
        chosen={},
        fixed={},
        asked={},
        sm_chi2=90.0,
    )


def test_a_parabola_is_found_to_the_bottom() -> None:
    seen = coarse_view()
    found = search(parabola, seen, ["eps", "eps_z"], np.arange(12))
    assert found is not None
    bottom = 3.0 + np.arange(2)[:, None] + G_MU[None, :]
    np.testing.assert_allclose(found.chi2, bottom, atol=1e-6)
    np.testing.assert_allclose(found.at["eps"], np.broadcast_to(0.13 * G_MU, (2, 6)), atol=1e-3)
    np.testing.assert_allclose(found.at["eps_z"], np.broadcast_to(0.71, (2, 6)), atol=1e-3)
    excess = seen.chi2 - bottom
    assert found.worst == pytest.approx(excess.max(), abs=1e-5)
    assert (found.cells, found.wrong) == (12, int((excess > 0.5).sum()))


def test_how_many_values_would_do() -> None:
    """Half a step d from the bottom a parabola k x^2 is k d^2/4 higher."""

    def valley(mass: Array, couplings: Array) -> Array:
        return np.asarray(5.0 + 900.0 * (couplings[0] - 0.12) ** 2)

    seen = coarse_view()
    places = np.unravel_index(seen.at, (2, 9, 11, 6))
    nearest = int(np.abs(EPS - 0.12).argmin())
    at = np.ravel_multi_index((places[0], np.full_like(places[1], nearest), places[2], places[3]), (2, 9, 11, 6))
    grid = np.full((2, 6), 5.0 + 900.0 * (EPS[nearest] - 0.12) ** 2, dtype=np.float32)
    found = search(valley, replace(seen, at=at, chi2=grid), ["eps", "eps_z"], np.arange(12))
    assert found is not None
    (blamed,) = found.coarse
    assert (blamed.axis, blamed.values) == ("eps", 9)
    assert blamed.enough is not None
    step = 2.0 / (blamed.enough - 1)
    assert 900.0 * step**2 / 4.0 <= 0.5
    assert 900.0 * (2.0 * step) ** 2 / 4.0 > 0.5, "half as many would do as well"
    (said,) = found.remarks()
    assert f"eps has 9 values, about {blamed.enough} would do" in said


def test_a_fine_grid_is_not_blamed() -> None:
    def flat(mass: Array, couplings: Array) -> Array:
        return np.asarray(5.0 + 0.1 * couplings[0] ** 2)

    seen = coarse_view()
    values = flat(np.zeros(12), np.array([EPS[np.unravel_index(seen.at, (2, 9, 11, 6))[1]].ravel()] * 3))
    found = search(flat, replace(seen, chi2=values.reshape(2, 6).astype(np.float32)), ["eps", "eps_z"], np.arange(12))
    assert found is not None
    assert found.remarks() == []


def test_other_numbers_are_not_refined() -> None:
    """A file of other inputs: what this zdscan computes is not below it but beside it."""
    seen = coarse_view()
    assert search(parabola, replace(seen, chi2=seen.chi2 + 1.0), ["eps", "eps_z"], np.arange(12)) is None


@pytest.fixture(scope="module")
def grid() -> MemoryGrid:
    """The example of the README with fewer masses and couplings."""
    axes = {
        "mass": np.geomspace(0.010, 0.030, 4),
        "eps": np.array([1e-4]),
        "eps_z": spaced(-1e-2, 1e-2, 41, "symlog", 1e-6),
        "g_mu": np.geomspace(1e-4, 1.0, 25),
    }
    return MemoryGrid.compute(Evaluator.of("B"), axes)


def test_it_is_the_minimum_of_another_minimiser(grid: MemoryGrid) -> None:
    seen, found = refined_view(grid, view(grid, ("mass",)))
    assert found is not None
    assert seen.grid_chi2 is not None
    assert np.all(seen.chi2 <= seen.grid_chi2)
    for k, mass in enumerate(grid.axes["mass"].tolist()):
        start = (1e-4, float(found.at["eps_z"][k]), float(found.at["g_mu"][k]))
        signs = (1, int(np.sign(start[1])), 1)
        migrad = minimise(grid.evaluator.at_mass(mass), mass, grid.axes, start, signs)
        assert seen.chi2[k] == pytest.approx(migrad.chi2, abs=2e-3)
    assert seen.best["chi2"] == pytest.approx(float(seen.chi2.min()))
    assert "chi2_grid" in seen.to_frame()


def test_a_picture_says_so(grid: MemoryGrid, tmp_path: Path) -> None:
    said = plot(grid, Request("mass", csv=tmp_path / "cells.csv"), tmp_path / "a.svg", Options())
    assert any("too coarse" in sentence for sentence in said)
    assert "chi2_grid" in (tmp_path / "cells.csv").read_text()
    as_it_is = plot(grid, Request("mass", refine=False), tmp_path / "b.svg", Options())
    assert not any("too coarse" in sentence for sentence in as_it_is)


def test_without_stored_profiles_nothing_is_said(grid: MemoryGrid) -> None:
    assert checked(grid) == []


def test_statistics_that_a_grid_lacks(grid: MemoryGrid, tmp_path: Path) -> None:
    said = complaint(view, grid, ("mass",), statistic="row")
    assert said.startswith("statistic does not know 'row' (did you mean 'rows'?)")
    lacking = complaint(view, grid, ("mass",), statistic="total")
    assert "has no field chi2_total, which the statistic total needs: add it to output.fields" in lacking


@pytest.mark.slow
def test_so_many_values_do_indeed() -> None:
    """The scan of the README: 3.3 too high along the mass, and within 0.5 with the values that are named."""

    def grid_of(eps_z: int, g_mu: int) -> MemoryGrid:
        axes = {
            "mass": np.geomspace(0.010, 0.300, 40),
            "eps": np.array([1e-4]),
            "eps_z": spaced(-1e-2, 1e-2, eps_z, "symlog", 1e-6),
            "g_mu": np.geomspace(1e-4, 1.0, g_mu),
        }
        return MemoryGrid.compute(Evaluator.of("B"), axes)

    coarse = grid_of(41, 50)
    seen, found = refined_view(coarse, view(coarse, ("mass",)))
    assert found is not None
    assert found.worst == pytest.approx(3.30, abs=0.05)
    named = {blamed.axis: blamed.enough for blamed in found.coarse}
    assert set(named) == {"eps_z", "g_mu"}
    fine = view(grid_of(named["eps_z"] or 0, named["g_mu"] or 0), ("mass",))
    near = seen.chi2 <= seen.chi2.min() + 11.83
    assert np.all(fine.chi2[near] - seen.chi2[near] <= 0.5)
    assert np.all(fine.chi2 >= seen.chi2 - 1e-3), "a grid found what the search did not"


def test_a_valley_that_moves_is_followed_from_cell_to_cell() -> None:
    """A narrow valley, which the grid sees at one of six masses, beside a shallow one that it sees everywhere."""
    mass, eps = np.linspace(0.1, 0.6, 6), np.linspace(-1.0, 1.0, 9)
    bottom = 0.025 * np.arange(1.0, 7.0)

    def valleys(at: Array, couplings: Array) -> Array:
        index = np.rint(10.0 * at - 1.0).astype(np.int64)
        shallow = 5.0 + (couplings[0] + 0.5) ** 2
        narrow = 1.0 + 0.5 * index + 2000.0 * (couplings[0] - bottom[index]) ** 2
        return np.asarray(np.minimum(shallow, narrow))

    whole = np.stack([valleys(np.full(9, mass[k]), eps[None, :]) for k in range(6)])
    at = whole.argmin(axis=1) + 9 * np.arange(6)
    lowest = whole.min(axis=1).astype(np.float32)
    seen = replace(
        coarse_view(),
        axes=("mass",),
        values={"mass": mass, "eps": eps, "eps_z": np.array([0.0]), "g_mu": np.array([0.0])},
        chi2=lowest,
        at=at,
        allowed=lowest,
        allowed_at=at,
    )
    assert np.count_nonzero(whole.argmin(axis=1) != 2) == 1  # the grid's own points are in the shallow one else
    found = search(valleys, seen, ["eps"], np.arange(6))
    assert found is not None
    np.testing.assert_allclose(found.chi2, 1.0 + 0.5 * np.arange(6), atol=1e-3)


def test_masses_between_those_of_a_hidden_axis_are_tried() -> None:
    """A parabola in the logarithm of the mass, whose bottom lies between two values and moves with g_mu."""
    mass, g_mu = np.geomspace(0.01, 1.0, 9), np.linspace(1.0, 2.0, 5)

    def valley(at: Array, couplings: Array) -> Array:
        bottom = np.log(0.05) + 0.2 * (couplings[2] - 1.0)
        return np.asarray(4.0 + 300.0 * (np.log(at) - bottom) ** 2)

    whole = np.stack([valley(np.full(5, m), np.array([0 * g_mu, 0 * g_mu, g_mu])) for m in mass])
    at = whole.argmin(axis=0) * 5 + np.arange(5)
    lowest = whole.min(axis=0).astype(np.float32)
    axes = {"mass": mass, "eps": np.array([0.0]), "eps_z": np.array([0.0]), "g_mu": g_mu}
    numbers = {"chi2": lowest, "at": at, "allowed": lowest, "allowed_at": at}
    seen = replace(coarse_view(), axes=("g_mu",), values=axes, **numbers)
    assert (lowest - 4.0).max() > 1.5
    found = search(valley, seen, [], np.arange(5))
    assert found is not None
    step = np.log(mass[1] / mass[0]) / 9.0  # of the masses that are tried in the end
    assert np.all(found.chi2 - 4.0 <= 300.0 * (0.5 * step) ** 2 + 1e-3)
    np.testing.assert_allclose(np.log(found.at["mass"]), np.log(0.05) + 0.2 * (g_mu - 1.0), atol=0.5001 * step)
    (coarse,) = found.coarse
    assert (coarse.axis, coarse.values, coarse.enough) == ("mass", 9, 73)
    assert 300.0 * (0.5 * step) ** 2 <= 0.5 < 300.0 * (1.5 * step) ** 2  # so many values do, and a third would not
    assert "mass has 9 values, about 73 would do" in found.remarks()[0]
