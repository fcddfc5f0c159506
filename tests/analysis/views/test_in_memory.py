"""Grids in memory: single points, minima by loops, the fast evaluator against the reference."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from tests.support.tolerances import FLOAT32_OUTPUT
from tests.support.verdicts import published
from zdscan.analysis.paper.figures.case_grids import case_axes, case_grid
from zdscan.analysis.paper.figures.plate import Detail
from zdscan.analysis.pictures.plotting import Request, plot
from zdscan.analysis.pictures.sheet import Options
from zdscan.analysis.views.in_memory import MemoryGrid
from zdscan.analysis.views.view import view
from zdscan.physics.parameters import PARAMETERS

# `expected` is bisected to 1e-10, the figures' roots are finer.
COARSE = Detail(curve=5, grid=0.12)
HALF_STEP = 6.1e-8  # of float32, relative


@pytest.fixture(scope="module")
def grid() -> MemoryGrid:
    return case_grid("C", COARSE)


def test_grid_is_a_set_of_points(grid: MemoryGrid) -> None:
    rng = np.random.default_rng(3)
    names = [constraint.id for constraint in grid.evaluator.physics.constraints]
    for _ in range(4):
        where = tuple(int(rng.integers(n)) for n in grid.chi2.shape)
        point = [float(axis[k]) for axis, k in zip(grid.axes.values(), where, strict=True)]
        expected = published("C", *point)
        assert grid.chi2[where] == pytest.approx(float(expected.chi2["all"]), rel=FLOAT32_OUTPUT)
        bits = [name for name in names if int(grid.excluded[where]) & grid.mask_of([name])]
        assert bits == [name for name, no in zip(names, expected.excluded, strict=True) if no]


def test_grid_minima_by_loops(grid: MemoryGrid) -> None:
    names = ("k_mu_inv", "w_width")
    mask = grid.mask_of(names)
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
    profile = np.nan_to_num(view(grid, ("mass", "g_mu"), {}, names).allowed, nan=np.inf)
    assert {cell: float(profile[cell]) for cell in lowest} == lowest
    assert grid.lowest(names)["chi2"] == min(lowest.values())
    region = grid.within(6.18)
    assert [region.allowed(names), region.size] == within


@pytest.mark.parametrize("case", ["A", "B", "C"])
def test_the_fast_evaluator_gives_the_numbers_of_the_reference(case: str) -> None:
    """On coarse grids of the figures: the same bits, and chi2 to float32, for all but a few points to its rounding."""
    found = case_grid(case, COARSE)
    couplings = [found.axes[name] for name in PARAMETERS]
    assert {name: list(axis) for name, axis in found.axes.items()} == {
        name: list(axis) for name, axis in case_axes(case, COARSE).items()
    }
    for index, mass in enumerate(found.axes["mass"]):
        chi2, excluded = (found.evaluator.evaluate(name, float(mass), *couplings) for name in ("chi2", "excluded"))
        np.testing.assert_array_equal(found.excluded[index].ravel(), excluded)
        apart = np.abs(found.chi2[index].ravel() / chi2 - 1.0)
        assert apart.max() < FLOAT32_OUTPUT
        assert np.quantile(apart, 0.99) < HALF_STEP


def test_a_grid_in_memory_is_drawn_and_seen_like_a_file(grid: MemoryGrid, tmp_path: Path) -> None:
    seen = view(grid, ("g_mu", "mass"), {"eps": 0.0}, ["k_mu_inv"])
    zero = int(np.flatnonzero(grid.axes["eps"] == 0.0)[0])
    np.testing.assert_array_equal(seen.chi2, grid.chi2[:, zero].min(axis=1).T)
    assert seen.sm_chi2 == grid.evaluator.physics.sm_chi2["all"]
    said = plot(grid, Request("mass", "g_mu", constraints=("k_mu_inv",)), tmp_path / "out.png", Options())
    assert isinstance(said, list)
    assert (tmp_path / "out.png").stat().st_size > 10_000


def test_points_of_a_region(grid: MemoryGrid) -> None:
    region = grid.within(6.18)
    light = region.lighter_than(0.1)
    assert light.size == int(np.sum(region.mass < 0.1)) < region.size
    both = light.excluded_by("k_mu_inv", "w_width")
    np.testing.assert_array_equal(both, light.excluded_by("k_mu_inv") | light.excluded_by("w_width"))
    assert light.allowed(("k_mu_inv", "w_width")) == int(np.sum(~both))
