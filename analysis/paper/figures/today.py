"""The figures of fits with the data and limits of today beside those with the paper's."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np

from zdscan.analysis.at_mass import Array
from zdscan.analysis.paper.figures import fitplot
from zdscan.analysis.paper.figures.case_grids import case_grid, paper_constraints, point_html
from zdscan.analysis.paper.figures.fig08 import folded
from zdscan.analysis.paper.figures.plate import MASS, PAPER_LOOK, Detail, KeyNumber, Plate, logarithmic, panels
from zdscan.analysis.views.in_memory import MemoryGrid
from zdscan.analysis.views.regions import levels
from zdscan.analysis.views.view import view

CASES = {8: "A", 9: "B", 10: "C"}  # figure -> case
_COUPLINGS = {"A": ("eps_z", r"$|\varepsilon_Z|$", (1e-6, 1e-1)), "B": ("g_mu", r"$g_\mu$", (1e-4, 1.0))}
_COUPLINGS["C"] = _COUPLINGS["B"]


def draw(number: int, detail: Detail) -> Plate:
    """The fit of figure 8, 9 or 10 twice: lowest chi2 over the couplings that are not shown."""
    with mpl.rc_context(PAPER_LOOK):
        return _draw(number, CASES[number], detail)


def _draw(number: int, case: str, detail: Detail) -> Plate:
    coupling, label, limits = _COUPLINGS[case]
    figure, both = panels(2, size=(7.0, 3.6), sharey=True)
    numbers = []
    for axes, today in zip(both, (False, True), strict=True):
        grid = case_grid(case, detail, today=today)
        best = grid.lowest()
        values, profile = _profile(grid, coupling)
        fitplot.fill_regions(axes, grid.axes["mass"], values, profile - best["chi2"])
        fitplot.mark(axes, best, fitplot.PAPER_POINTS[case], coupling)
        logarithmic(axes, MASS, "" if today else label)
        axes.set_xlim(10, 2000)
        axes.set_ylim(*limits)
        axes.set_title("today's data" if today else "the paper's data", loc="left")
        numbers.append((grid.evaluator.physics, best, _left(grid)))
    figure.legend(handles=fitplot.handles(), loc="outside lower center", ncols=5)
    (paper, first, allowed), (now, second, allowed_now) = numbers
    return Plate(
        number,
        f"Fit of Case {case} with the paper's data and with today's",
        figure,
        "Regions of 1, 2 and 3σ (two parameters), lowest χ² over the other couplings. Left: the "
        f"{len(paper.likelihood.sm)} rows of the paper. Right: the {len(now.likelihood.sm)} rows of the data set "
        "“latest”. Stripes are steps of the grids along the couplings that are not shown. Limits are not drawn; which "
        "of them exclude the best points is in the table of verdicts. Theory “paper”, emission “lepton”.",
        (
            KeyNumber("best point of the grid", point_html(first), point_html(second)),
            KeyNumber("χ² of the Standard Model", f"{paper.sm_chi2['all']:.1f}", f"{now.sm_chi2['all']:.1f}"),
            KeyNumber("χ² of the best point", f"{first['chi2']:.1f}", f"{second['chi2']:.1f}"),
            KeyNumber("grid points within 2σ that the paper's constraints allow", allowed, allowed_now),
        ),
        ("the paper's data", "today's data"),
    )


def _profile(grid: MemoryGrid, coupling: str) -> tuple[Array, Array]:
    """Values of the coupling that is shown, and the lowest chi2 [mass, value]."""
    if coupling == "eps_z":
        return folded(grid)
    return np.asarray(grid.axes[coupling]), np.asarray(view(grid, ("mass", coupling)).chi2)


def _left(grid: MemoryGrid) -> str:
    """How much of the region of 2 sigma the paper's constraints, (g-2)_mu left out, allow."""
    region = grid.within(levels(2)[1])
    return f"{region.allowed(paper_constraints())} of {region.size}"
