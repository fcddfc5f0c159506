"""Slices between the values of a grid: chi2 computed anew, and edges that are solved."""

from __future__ import annotations

import math

import numpy as np
import pytest

from zdscan import evaluate
from zdscan.analysis.at_mass import Evaluator
from zdscan.analysis.views.exact import is_slice, refined, solve
from zdscan.analysis.views.in_memory import MemoryGrid
from zdscan.scan.axes import spaced

NAMES = ("a_mu", "apv_cs")
AXES = {
    "mass": np.geomspace(0.02, 0.2, 5),
    "eps": np.array([0.0, 1e-3]),
    "eps_z": spaced(-1e-2, 1e-2, 13, "symlog", 1e-5),
    "g_mu": np.geomspace(1e-4, 1e-1, 9),
}


@pytest.fixture(scope="module")
def grid() -> MemoryGrid:
    return MemoryGrid.compute(Evaluator.of("B", *NAMES), AXES)


def ratio(name: str, mass: float, **couplings: float) -> float:
    return float(evaluate("B", mass, **couplings, constraints=[name]).ratios[0])


@pytest.mark.parametrize(("shown", "fixed"), [(("mass", "g_mu"), (0.0, "eps_z")), (("eps_z", "mass"), (1e-3, "g_mu"))])
def test_edges_are_where_the_ratio_is_one(grid: MemoryGrid, shown, fixed) -> None:
    """Against single points of the public function; of the signed side both edges, and what holds 0 is one piece."""
    held = {"eps": 1e-3, fixed[1]: fixed[0]}
    limits = solve(grid.physics, shown, AXES, held, NAMES, 3)
    along = shown[1] if shown[0] == "mass" else shown[0]
    assert (limits.across, limits.along) == ("mass", along)
    checked = 0
    for name in NAMES:
        for mass, intervals in zip(limits.at.tolist(), limits.intervals[name], strict=True):
            assert intervals == sorted(intervals)
            for edge in (edge for pair in intervals for edge in pair if math.isfinite(edge) and edge != 0.0):
                assert ratio(name, mass, **held | {along: edge}) == pytest.approx(1.0, abs=1e-6)
                checked += 1
    assert checked >= 3


def test_a_slice_computed_anew_agrees_at_the_values_of_the_grid(grid: MemoryGrid) -> None:
    shown, fixed = ("eps_z", "g_mu"), {"mass": 0.03, "eps": 0.0}
    fine = refined(grid, grid.physics, shown, fixed, 25)
    assert is_slice(grid, shown, fixed)
    assert not is_slice(grid, shown, {"mass": 0.03})
    assert fine.axes["mass"].tolist() == [grid.axes["mass"][1]]
    np.testing.assert_allclose(fine.axes["eps_z"][::2], AXES["eps_z"], rtol=1e-9, atol=1e-18)
    stored = grid.chi2[1, 0, :, 0]
    np.testing.assert_allclose(fine.chi2[0, 0, ::2, 0], stored, rtol=3e-6)
