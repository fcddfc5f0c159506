"""Edges of exclusions between the cells of a profile."""

from __future__ import annotations

import math

import numpy as np
import pytest

from zdscan import evaluate
from zdscan.analysis.at_mass import Evaluator
from zdscan.analysis.views.in_memory import MemoryGrid
from zdscan.analysis.views.smooth import excess
from zdscan.analysis.views.view import view

AXES = {
    "mass": np.geomspace(0.02, 0.2, 5),
    "eps": np.array([0.0, 1e-3]),
    "eps_z": np.array([0.0]),
    "g_mu": np.geomspace(1e-4, 1e-1, 9),
}


@pytest.fixture(scope="module")
def grid() -> MemoryGrid:
    return MemoryGrid.compute(Evaluator.of("B", "a_mu", "apv_cs"), AXES)


def ratio(mass: float, eps: float, g_mu: float) -> float:
    return float(evaluate("B", mass, eps=eps, g_mu=g_mu, constraints=["a_mu"]).ratios[0])


def test_edges_of_a_profile_lie_between_its_cells(grid: MemoryGrid) -> None:
    """The smallest ratio over the hidden points beside an edge, against single points; its sign is that of the bits."""
    seen = view(grid, ("mass", "g_mu"), {}, ["a_mu"])
    found = excess(seen, grid.physics).each["a_mu"]
    cells = seen.excluded_by("a_mu")
    assert cells.any()
    np.testing.assert_array_equal(found >= 0.0, cells)
    inner = np.argwhere((np.abs(found) < 1.0) & (np.abs(found) > 1e-3))
    assert len(inner) > 3
    for i, j in inner[::3].tolist():
        mass, g_mu = float(AXES["mass"][i]), float(AXES["g_mu"][j])
        least = min(ratio(mass, float(eps), g_mu) for eps in AXES["eps"])
        assert found[i, j] == pytest.approx(math.log10(least), abs=1e-5)
    half_way = excess(seen, None).each["a_mu"]
    assert set(np.unique(half_way)) == {-1.0, 1.0}
    np.testing.assert_array_equal(half_way >= 0.0, cells)


def test_together_is_the_smallest_of_the_largest(grid: MemoryGrid) -> None:
    """Of one constraint what it is alone; of two never less than each; no more than a decade."""
    one = excess(view(grid, ("mass", "g_mu"), {}, ["a_mu"]), grid.physics, everywhere=True)
    both = excess(view(grid, ("mass", "g_mu"), {}, ["a_mu", "apv_cs"]), grid.physics, everywhere=True)
    np.testing.assert_allclose(one.together, one.each["a_mu"])
    assert np.all(both.together >= np.maximum(*both.each.values()) - 1e-12)
    assert np.abs(both.together).max() <= 1.0
