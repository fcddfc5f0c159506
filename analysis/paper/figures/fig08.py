"""Figure 8: the fit of Case A."""

from __future__ import annotations

import numpy as np

from zdscan.analysis.at_mass import Array
from zdscan.analysis.paper.as_published import published
from zdscan.analysis.paper.figures import fitplot
from zdscan.analysis.paper.figures.case_grids import case_grid
from zdscan.analysis.paper.figures.plate import MASS, Detail, KeyNumber, Plate, logarithmic, panels, tex
from zdscan.analysis.units import MEV
from zdscan.analysis.views.in_memory import MemoryGrid
from zdscan.analysis.views.view import view
from zdscan.physics.parameters import PARAMETERS

ONE_SIGMA = 1 / 1.96  # COHERENT's limit is two-sided at 95%
EPS = (1e-4, 1e-3, 1e-2)
EPS_Z = (1e-4, 1e-3)
EDGE = 0.030  # GeV: lower edge of the lowest B0 -> K*0 e e bin
DARK = ("#66c2a5", "#1b9e77", "#00441b")


def folded(grid: MemoryGrid) -> tuple[Array, Array]:
    """(positive eps_z, chi2 [mass, eps_z]): profile over eps and the sign of eps_z."""
    eps_z, profile = grid.axes["eps_z"], view(grid, ("mass", "eps_z")).chi2
    positive = eps_z > 0.0
    return eps_z[positive], np.minimum(profile[:, positive], profile[:, ::-1][:, positive])


def cliff(grid: MemoryGrid) -> tuple[float, float]:
    """Lowest chi2 over the couplings 0.1 MeV below and 0.1 MeV above the lower edge of the K*0 e e bin."""
    couplings = [grid.axes[name] for name in PARAMETERS]
    below, above = (float(grid.evaluator.fill(EDGE + step, *couplings)[0].min()) for step in (-1e-4, 1e-4))
    return below, above


def draw(detail: Detail) -> Plate:
    """(mass, eps_z) above, (mass, eps) below; each profiled over the other mixing."""
    figure, (top, bottom) = panels(size=(3.5, 6.6), nrows=2, ncols=1)
    grid = case_grid("A", detail)
    masses, best = grid.axes["mass"], grid.lowest()
    eps_z, profile = folded(grid)
    fitplot.fill_regions(top, masses, eps_z, profile - best["chi2"])
    curve = detail.masses(0.010, 2.0)[::2]
    for constraint, level, style, colour, label in (
        ("bs_mixing", 1.0, "--", "#cc79a7", r"$B_s$ mixing, $2\sigma$"),
        ("coherent", ONE_SIGMA, "-.", "#e69f00", r"COHERENT, $1\sigma$"),
    ):
        edge = published("A", constraint).boundary(curve, "eps_z", 1e-7, 1.0, level=level)
        top.plot(curve / MEV, edge, style, color=colour, label=label, linewidth=1.6)
    parity = published("A", "apv_cs")
    for eps, colour in zip(EPS, DARK, strict=True):
        edge = parity.boundary(curve, "eps_z", 1e-9, 1.0, eps=eps)
        label = rf"Cs, $3\sigma$, $\varepsilon={tex(eps)}$"
        top.plot(curve / MEV, edge, ":", color=colour, label=label, linewidth=1.8)
    logarithmic(top, MASS, r"$|\varepsilon_Z|$")
    top.set_ylim(1e-6, 1e-1)
    fitplot.mark(top, best, fitplot.PAPER_POINTS["A"], "eps_z")

    fitplot.fill_regions(bottom, masses, grid.axes["eps"][1:], view(grid, ("mass", "eps")).chi2[:, 1:] - best["chi2"])
    fine, heights = detail.masses(0.010, 2.0), np.geomspace(1e-7, 1e-2, 160)
    for value, colour in zip(EPS_Z, DARK[1:], strict=True):
        ratio = parity.ratios(fine, eps=heights, eps_z=value).T
        bottom.contour(fine / MEV, heights, ratio, levels=[1.0], colors=colour, linewidths=1.6, linestyles=":")
        bottom.plot([], [], ":", color=colour, label=rf"Cs, $3\sigma$, $\varepsilon_Z={tex(value)}$", linewidth=1.6)
    searched = published("A", "lhcb_dark_photon").ratios(fine, eps=heights).T
    bottom.contourf(fine / MEV, heights, searched, levels=[1.0, np.inf], colors="#f4a582", hatches=["\\\\\\"])
    bottom.fill_between([], [], [], facecolor="#f4a582", hatch="\\\\\\", label="LHCb, 90%")
    logarithmic(bottom, MASS, r"$\varepsilon$")
    bottom.set_ylim(1e-7, 1e-2)
    fitplot.mark(bottom, best, fitplot.PAPER_POINTS["A"], "eps")
    for axes in (top, bottom):
        axes.set_xlim(10, 2000)
        axes.axvline(EDGE / MEV, color="0.35", linewidth=0.9, linestyle=(0, (1, 1.5)))
        axes.text(EDGE / MEV * 1.06, 0.5 * axes.get_ylim()[1], r"30 MeV", fontsize=6.5, rotation=90, va="top")
        place = (0.65, 0.02) if axes is top else (0.44, 0.04)
        axes.legend(loc=place, fontsize=6.5, frameon=True, framealpha=1.0, edgecolor="none", borderpad=0.2)
    figure.legend(handles=fitplot.handles(), loc="outside lower center", ncols=3)
    return Plate(
        8,
        "Fit of Case A",
        figure,
        "Regions of 1, 2 and 3σ (two parameters) of the fit to the 26 rows. Top: lowest χ² over ε ≥ 0 and the sign of "
        "ε<sub>Z</sub>; bottom: lowest χ² over ε<sub>Z</sub>. Points above the curves on top are excluded; those of "
        "caesium are drawn for εε<sub>Z</sub> > 0, lower branch. Bottom: dotted, parity violation in caesium, excluded "
        "to the left; hatched, LHCb at ε<sub>Z</sub> = 0. Thin line: 30 MeV, lower edge of the lowest "
        "K<sup>*0</sup>ee bin, above which the fit gains nothing. E<sub>0</sub> × 1, theory “paper”, "
        "emission “lepton”.",
        (*fitplot.fit_numbers("A", grid, _PAPER), *_edge_numbers(grid)),
    )


_PAPER = "M = 10.07 MeV, ε = 1.6×10<sup>−5</sup>, ε<sub>Z</sub> = 0.002"


def _edge_numbers(grid: MemoryGrid) -> list[KeyNumber]:
    below, above = cliff(grid)
    return [KeyNumber("lowest χ² at 29.9 and at 30.1 MeV", "region ends near 30 MeV", f"{below:.1f}; {above:.1f}")]
