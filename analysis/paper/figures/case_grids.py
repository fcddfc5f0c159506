"""The grids in memory behind the figures of fits, one for each case."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np
from numpy.typing import NDArray

from zdscan.analysis.at_mass import Evaluator
from zdscan.analysis.paper.as_published import OF_THE_PAPER, TODAY
from zdscan.analysis.paper.figures.plate import Detail, html, mev
from zdscan.analysis.views.in_memory import MemoryGrid
from zdscan.constraints import available, select
from zdscan.evaluation.engine import build_physics
from zdscan.physics.cases import named_case
from zdscan.physics.parameters import PARAMETERS


def both_signs(low: float, high: float, points: int) -> NDArray[np.float64]:
    """0 and logarithmic values of both signs, `points` each; end points exact."""
    positive = np.geomspace(low, high, points)
    positive[0], positive[-1] = low, high
    return np.concatenate([-positive[::-1], [0.0], positive])


@cache
def case_grid(case: str, detail: Detail, *, today: bool = False) -> MemoryGrid:
    """The grid of a case, theory "paper" and every constraint there is, from 10 MeV to 2 GeV, over `case_axes`.

    today : whether with the data and limits of today instead of the paper's.
    """
    physics = build_physics(named_case(case), constraints=available(), **TODAY if today else OF_THE_PAPER)
    return MemoryGrid.compute(Evaluator(physics), case_axes(case, detail))


def case_axes(case: str, detail: Detail) -> dict[str, NDArray[np.float64]]:
    """The axes of the grid of a case.

    Case A: eps >= 0 and both signs of eps_z, which is all there is. Cases B and C: g_mu > 0, five values of eps.
    """
    if case == "A":
        return {
            "mass": _masses(detail, 110),
            "eps": np.concatenate([[0.0], np.geomspace(1e-7, 1e-2, detail.count(41))]),
            "eps_z": both_signs(1e-6, 1e-1, detail.count(76)),
            "g_mu": np.zeros(1),
        }
    return {
        "mass": _masses(detail, 66),
        "eps": np.array([-1e-3, -1e-4, 0.0, 1e-4, 1e-3]),
        "eps_z": both_signs(1e-7, 1e-1, detail.count(91)),
        "g_mu": np.geomspace(1e-4, 1.0, detail.count(61)),
    }


def _masses(detail: Detail, points: int) -> NDArray[np.float64]:
    """Masses of a grid in GeV; end points exact."""
    masses = np.geomspace(0.010, 2.0, detail.count(points))
    masses[0], masses[-1] = 0.010, 2.0
    return masses


def paper_constraints() -> tuple[str, ...]:
    """Ids of the constraints that the paper's analysis uses; not (g-2)_mu, which it leaves to further new physics."""
    return tuple(constraint.id for constraint in select("paper") if constraint.id != "a_mu")


def point_html(point: Mapping[str, float]) -> str:
    """A point as HTML."""
    names = {"eps": "ε", "eps_z": "ε<sub>Z</sub>", "g_mu": "g<sub>μ</sub>"}
    if not point:
        return "no point"
    return ", ".join(
        [f"M = {mev(point['mass'])}", *(f"{names[name]} = {html(point[name])}" for name in PARAMETERS if point[name])]
    )
