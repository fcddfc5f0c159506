"""Constraints that begin within one step of the grid: the strongest is found, as bisected limits and fine grids say."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq

import zdscan
from zdscan.analysis.at_mass import Evaluator
from zdscan.analysis.views.in_memory import MemoryGrid
from zdscan.analysis.views.regions import first_excluding
from zdscan.analysis.views.strongest import Bounds
from zdscan.analysis.views.view import view

NAMES = ("k_pi_nunu_plus", "b_k_nunu", "k_pi_x", "b_k_x", "b_k_x_ee", "b_k_x_mumu", "w_width")
EPS = 1e-5


def memory_grid(steps: int) -> MemoryGrid:
    """Case A over mass and eps_z, with `steps` values of eps_z over eight decades."""
    axes = {
        "mass": np.geomspace(0.011, 1.8, 12),
        "eps": np.array([EPS]),
        "eps_z": np.geomspace(1e-8, 1.0, steps),
        "g_mu": np.zeros(1),
    }
    return MemoryGrid.compute(Evaluator.of("A", *NAMES, theory="complete"), axes)


def limit(name: str, mass: float, low: float, high: float) -> float:
    """Where a constraint meets its limit between two values of eps_z, from single points."""

    def excess(log: float) -> float:
        point = zdscan.evaluate("A", mass, EPS, np.exp(log), theory="complete", constraints=[name])
        return float(np.log(max(point.ratios[0], 1e-300)))

    return float(np.exp(brentq(excess, np.log(low), np.log(high), xtol=1e-4)))


def test_coarse_grid_names_the_constraint_with_the_lowest_limit() -> None:
    grid = memory_grid(5)  # two decades a step
    seen = view(grid, ("mass", "eps_z"), {"eps": EPS, "g_mu": 0.0}, ["all"])
    found = first_excluding(seen, "eps_z", grid.bounds)
    listed = first_excluding(seen, "eps_z")
    values, differ = seen.values["eps_z"], 0
    for i, mass in enumerate(seen.values["mass"]):
        bits = [seen.excluded_by(name)[i] for name in NAMES]
        if any(np.any(np.diff(b.astype(int)) < 0) for b in bits):
            continue  # a closed region, of what escapes before it decays, has no one beginning
        begins = [int(np.argmax(b)) if b[-1] else 99 for b in bits]
        start = min(begins)
        tied = [name for name, begin in zip(NAMES, begins, strict=True) if begin == start]
        if start == 0 or len(tied) < 2:
            continue
        limits = {name: limit(name, float(mass), values[start - 1], values[start]) for name in tied}
        expected = list(seen.chosen).index(min(limits, key=limits.__getitem__))
        assert set(found[i, start:].tolist()) == {expected}, (mass, limits)
        differ += found[i, start] != listed[i, start]
    assert differ >= 3  # the order of the list would have been wrong


def test_only_ties_are_told_apart() -> None:
    grid = memory_grid(9)
    seen = view(grid, ("mass", "eps_z"), {"eps": EPS, "g_mu": 0.0}, ["k_pi_x", "b_k_x_mumu"])
    listed, found = first_excluding(seen, "eps_z"), first_excluding(seen, "eps_z", grid.bounds)
    np.testing.assert_array_equal(listed < 0, found < 0)
    alone = sum(seen.excluded_by(name).astype(int) for name in seen.chosen) < 2
    np.testing.assert_array_equal(listed[alone], found[alone])


class Ratios(Bounds):
    """Bounds with ratios in closed form, at the names a, b, c, d."""

    def __init__(self, along_mass: bool = False) -> None:
        self._place = {name: k for k, name in enumerate("abcd")}
        self._along_mass = along_mass

    def _ratios(self, point, along, values):
        assert along == ("mass" if self._along_mass else "eps_z")
        x = np.asarray(values)
        # limits at 0.2 and at 0.5, above the limit everywhere with 3 at 0.1, and again excluded below 0.15
        return np.stack([(x / 0.2) ** 2, (x / 0.5) ** 4, 3.0 + 0.0 * x, np.where(x < 0.15, 5.0, x / 0.18)], axis=1)


@pytest.mark.parametrize(
    ("names", "expected"),
    [("ab", "a"), ("ba", "a"), ("abc", "c"), ("ad", "d"), ("bc", "c"), ("aa", "a")],
)
@pytest.mark.parametrize("along", ["mass", "eps_z"])
def test_run_from_the_outer_value_counts(names: str, expected: str, along: str) -> None:
    point = {"mass": 1.0, "eps": 0.0, "eps_z": 1.0, "g_mu": 0.0}
    assert Ratios(along == "mass").strongest(list(names), point, along, 0.1) == expected


def test_first_value_of_an_axis_and_zero() -> None:
    """Without a step the larger ratio counts; a step that begins at 0 is divided evenly."""
    point = {"mass": 1.0, "eps": 0.0, "eps_z": 1.0, "g_mu": 0.0}
    assert Ratios().strongest(["a", "b"], point, "eps_z", 1.0) == "a"  # 25 against 16
    assert Ratios().strongest(["b", "a"], point, "eps_z", 0.0) == "a"


def test_mass_axis_of_a_real_case() -> None:
    """Along the mass the tables of every step are made: k_pi_x ends at its last mass, the other goes on."""
    bounds = Bounds(Evaluator.of("A", "k_pi_x", "a_mu").physics)
    assert bounds.knows(["k_pi_x"])
    assert not bounds.knows(["k_pi_x", "b_k_x"])
    point = {"mass": 0.09, "eps": 1e-6, "eps_z": 1e-4, "g_mu": 0.0}
    assert bounds.strongest(["a_mu", "k_pi_x"], point, "mass", 0.05) == "k_pi_x"
