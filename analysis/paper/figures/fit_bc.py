"""Figures 9 and 10: the fits of Cases B and C over the mass and the direct muon coupling."""

from __future__ import annotations

from typing import Any

import numpy as np

from zdscan.analysis.paper.as_published import published
from zdscan.analysis.paper.figures import fitplot
from zdscan.analysis.paper.figures.case_grids import case_grid
from zdscan.analysis.paper.figures.plate import MASS, Detail, KeyNumber, Plate, html, logarithmic, panels, tex
from zdscan.analysis.units import MEV
from zdscan.analysis.views.view import view

FOUND = "#f4a582"
DASHES = ("--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))
LINE_COLOURS = ("#d55e00", "#000000", "#a6611a", "#cc79a7")
# where the band ends: a resonance in a measured bin
_END = {
    "B": "30 MeV, where the lowest K<sup>*0</sup>ee bin begins",
    "C": "about 2m<sub>μ</sub>, where the muon rows resonate",
}
Limit = tuple[str, str]  # constraint id and label


def draw_case(number: int, case: str, limits: tuple[Limit, ...], paper: str, detail: Detail) -> Plate:
    """Profile over eps and eps_z (left); slice at the eps_z that suits the paper's point, with limits (right)."""
    figure, (left, right) = panels(2, size=(7.0, 3.8), sharey=True)
    grid = case_grid(case, detail)
    point = fitplot.PAPER_POINTS[case]
    masses, g_mu, best = grid.axes["mass"], grid.axes["g_mu"], grid.lowest()
    fitplot.fill_regions(left, masses, g_mu, view(grid, ("mass", "g_mu")).chi2 - best["chi2"])
    fitplot.mark(left, best, point, "g_mu")

    eps_z = fitplot.valley(grid.evaluator, point["mass"], point["g_mu"])
    sliced = grid.evaluator.chi2(masses, 0.0, eps_z, g_mu)
    at = np.unravel_index(int(np.argmin(sliced)), sliced.shape)
    fitplot.fill_regions(right, masses, g_mu, sliced - sliced.min())
    fitplot.mark(right, {"mass": float(masses[at[0]]), "g_mu": float(g_mu[at[1]])}, point, "g_mu")
    fine = detail.masses(0.010, 2.0)
    heights = np.geomspace(1e-4, 1.0, 120)
    for (constraint, label), style, colour in zip(limits, DASHES, LINE_COLOURS, strict=False):
        ratio = published(case, constraint).ratios(fine, eps_z=eps_z, g_mu=heights).T
        if constraint == "lhcb_dark_photon":
            area: dict[str, Any] = {"levels": [1.0, np.inf], "colors": FOUND, "hatches": ["\\\\\\"]}
            right.contourf(fine / MEV, heights, ratio, **area)
            right.fill_between([], [], [], facecolor=FOUND, hatch="\\\\\\", label=label)
            continue
        right.contour(fine / MEV, heights, ratio, levels=[1.0], colors=colour, linewidths=1.5, linestyles=[style])
        right.plot([], [], linestyle=style, color=colour, label=label, linewidth=1.5)
    logarithmic(left, MASS, r"$g_\mu$")
    logarithmic(right, MASS, "")
    left.set_title(r"lowest over $\varepsilon$, $\varepsilon_Z$", loc="left")
    right.set_title(rf"$\varepsilon=0$, $\varepsilon_Z={tex(eps_z, 3)}$", loc="left")
    for axes in (left, right):
        axes.set_xlim(10, 2000)
        axes.set_ylim(1e-4, 1)
    lines = right.get_legend_handles_labels()[0]
    figure.legend(handles=[*fitplot.handles(), *lines], loc="outside lower center", ncols=5)
    at_paper = fitplot.evaluate_point(case, {**point, "eps": 0.0, "eps_z": eps_z})
    return Plate(
        number,
        f"Fit of Case {case}",
        figure,
        "Regions of 1, 2 and 3σ (two parameters) of the fit to the 26 rows. Left: lowest χ² over ε and ε<sub>Z</sub>, "
        f"both signs. Right: ε = 0 and ε<sub>Z</sub> = {html(eps_z, 3)}, the value with "
        "|ε<sub>Z</sub>| ≤ 10<sup>−3</sup> that fits best at the paper's mass and g<sub>μ</sub>; the sign "
        "ε<sub>Z</sub>g<sub>μ</sub> &lt; 0 improves the fit. Only the product ε<sub>Z</sub>g<sub>μ</sub> matters "
        f"there, so the region is a band, flat in the mass up to {_END[case]}. Lines on the right: limits at that "
        "ε<sub>Z</sub>, points above them are excluded (LHCb: hatched). "
        "E<sub>0</sub> × 1, theory “paper”, emission “lepton”.",
        (
            *fitplot.fit_numbers(case, grid, paper),
            KeyNumber(
                "ε<sub>Z</sub>g<sub>μ</sub> that fits best at the paper's point, |ε<sub>Z</sub>| ≤ 10<sup>−3</sup>",
                "not stated",
                html(eps_z * point["g_mu"], 3),
            ),
            KeyNumber(
                "χ² there, relative to the Standard Model",
                "not stated",
                html(float(at_paper.chi2["all"] - at_paper.chi2["sm_all"]), 3),
            ),
            KeyNumber(
                "constraints that exclude the paper's point at that ε<sub>Z</sub>",
                "several" if case == "B" else "none",
                fitplot.excluders(case, {**point, "eps": 0.0, "eps_z": eps_z}),
            ),
        ),
    )
