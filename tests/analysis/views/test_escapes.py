"""What escapes constraints between the values of the hidden couplings of a profile."""

from __future__ import annotations

import math

import numpy as np
import pytest

from zdscan import evaluate
from zdscan.analysis.at_mass import Evaluator
from zdscan.analysis.views.descent import Scale
from zdscan.analysis.views.escapes import beside, escapes
from zdscan.analysis.views.exact import chosen_of
from zdscan.analysis.views.in_memory import MemoryGrid
from zdscan.analysis.views.smooth import excess
from zdscan.analysis.views.view import View, view

AXES = {
    "mass": np.geomspace(0.02, 0.15, 4),
    "eps": np.array([0.0]),
    "eps_z": np.array([-0.1, -3e-2, -7e-3, 0.0, 8e-3, 4e-2, 0.1]),
    "g_mu": np.geomspace(1e-4, 1e-1, 13),
}
IDS = ("a_mu", "w_width")


@pytest.fixture(scope="module")
def grid() -> MemoryGrid:
    return MemoryGrid.compute(Evaluator.of("C", *IDS), AXES)


@pytest.fixture(scope="module")
def seen(grid: MemoryGrid) -> View:
    return view(grid, ("mass", "g_mu"), {}, IDS)


def ratio(name: str, mass: float, eps_z: float, g_mu: float) -> float:
    return float(evaluate("C", mass, eps=0.0, eps_z=eps_z, g_mu=g_mu, constraints=[name]).ratios[0])


def test_a_magnetic_moment_cancels_between_the_values_of_the_axis(grid: MemoryGrid, seen: View) -> None:
    """The vector and the axial coupling move it in opposite directions; against single points and a dense axis."""
    assert grid.physics is not None
    excluded = seen.excluded_by("a_mu")
    found = escapes(seen, chosen_of(grid.physics, ["a_mu"]), excluded)
    searched = np.argwhere(found.mass >= 0)
    freed = excluded & (found.logarithms < 0.0)
    assert np.count_nonzero(freed) > 5
    some = np.concatenate([-np.geomspace(1e-5, 0.1, 400), [0.0], np.geomspace(1e-5, 0.1, 400)])
    for i, j in searched[::7].tolist():
        mass, g_mu = float(AXES["mass"][i]), float(AXES["g_mu"][j])
        assert found.mass[i, j] == i
        eps_z = float(Scale.of(AXES["eps_z"]).at(found.places[0, i, j : j + 1])[0])
        here = math.log10(max(ratio("a_mu", mass, eps_z, g_mu), 1e-30))
        assert np.clip(here, -1.0, 1.0) == pytest.approx(found.logarithms[i, j], abs=2e-3)
        dense = evaluate("C", mass, eps=0.0, eps_z=some, g_mu=g_mu, constraints=["a_mu"]).ratios.min()
        assert found.logarithms[i, j] <= np.clip(math.log10(dense), -1.0, 1.0) + 5e-3


def test_what_is_weakest_at_a_value_of_the_grid_stays(grid: MemoryGrid, seen: View) -> None:
    """The width of the W grows with every coupling: nothing is found between the values, and the edge is as before."""
    before = excess(seen, grid.physics).each["w_width"]
    after = excess(seen, grid.physics, between=True).each["w_width"]
    edge = beside(seen.excluded_by("w_width"))
    np.testing.assert_allclose(after[edge], before[edge], atol=2e-3)
    np.testing.assert_array_equal(after >= 0.0, seen.excluded_by("w_width"))


def test_together_is_never_less_than_each_and_each_not_more_than_on_the_grid(grid: MemoryGrid, seen: View) -> None:
    """A point between the values escapes all constraints at once, or it does not count."""
    found = excess(seen, grid.physics, between=True)
    np.testing.assert_array_less(found.each["a_mu"] - 1e-12, found.together)
    np.testing.assert_array_less(found.each["w_width"] - 1e-12, found.together)
    assert not np.any((found.together >= 0.0) & ~seen.forbidden)
    assert np.any((found.together < 0.0) & seen.forbidden)
    i, j = np.argwhere((found.together < 0.0) & seen.forbidden)[-1].tolist()
    mass, g_mu = float(AXES["mass"][i]), float(AXES["g_mu"][j])
    some = np.concatenate([-np.geomspace(1e-4, 0.1, 20000), np.geomspace(1e-4, 0.1, 20000)])
    dense = evaluate("C", mass, eps=0.0, eps_z=some, g_mu=g_mu, constraints=list(IDS)).ratios.max(axis=1).min()
    assert dense < 1.0


def test_a_hidden_mass_keeps_the_value_that_escapes_best(grid: MemoryGrid) -> None:
    assert grid.physics is not None
    profile = view(grid, ("g_mu",), {}, ["w_width"])
    excluded = profile.excluded_by("w_width")
    found = escapes(profile, chosen_of(grid.physics, ["w_width"]), excluded)
    searched = np.flatnonzero(found.mass >= 0)
    assert searched.size
    for j in searched.tolist():
        ratios = [ratio("w_width", float(mass), 0.0, float(AXES["g_mu"][j])) for mass in AXES["mass"]]
        assert found.mass[j] == int(np.argmin(ratios))
        assert found.logarithms[j] == pytest.approx(np.clip(math.log10(min(ratios)), -1.0, 1.0), abs=2e-3)
