"""What the figures of fits share: filled confidence regions, markers, and the numbers listed below them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from zdscan.analysis.at_mass import Evaluator
from zdscan.analysis.paper.as_published import OF_THE_PAPER
from zdscan.analysis.paper.figures.case_grids import paper_constraints, point_html
from zdscan.analysis.paper.figures.plate import KeyNumber
from zdscan.analysis.units import MEV
from zdscan.analysis.views.in_memory import MemoryGrid
from zdscan.analysis.views.regions import levels
from zdscan.point import evaluate
from zdscan.point_result import PointResult
from zdscan.terminal.words import allowed_by

FILLS = ("#2166ac", "#6baed6", "#d0e3f3")  # dark to light: ordered in grey as well
BEST_COLOUR, PAPER_COLOUR = "#ffd92f", "#000000"
SMALL_MIXING = (1e-7, 1e-3)  # |eps_z| among which the slice's is sought
# What the paper states: mass (GeV), eps, eps_z, g_mu; NaN where it says nothing.
PAPER_POINTS: Mapping[str, Mapping[str, float]] = {
    "A": {"mass": 0.01007, "eps": 1.6e-5, "eps_z": 0.002, "g_mu": 0.0},
    "B": {"mass": 0.0103, "eps": np.nan, "eps_z": np.nan, "g_mu": 0.28},
    "C": {"mass": 0.0302, "eps": np.nan, "eps_z": np.nan, "g_mu": 0.033},
}
Array = NDArray[Any]


def fill_regions(axes: Axes, masses: Array, y: Array, delta: Array) -> None:
    """Regions of 1, 2 and 3 sigma for two parameters; delta [mass, y] is chi2 above its lowest value."""
    capped = np.minimum(np.nan_to_num(delta.T, posinf=1e6), 1e6)
    axes.contourf(masses / MEV, y, capped, levels=[-1e-3, *levels(2)], colors=FILLS)
    axes.contour(masses / MEV, y, capped, levels=levels(2)[-1:], colors="0.25", linewidths=0.6)


def mark(axes: Axes, best: Mapping[str, float], paper: Mapping[str, float], y: str) -> None:
    """The best point found here (star) and the paper's (cross)."""
    axes.plot(
        best["mass"] / MEV,
        abs(best[y]),
        "*",
        color=BEST_COLOUR,
        ms=11,
        mec="k",
        mew=0.7,
        clip_on=False,
        zorder=9,
        ls="none",
    )
    axes.plot(paper["mass"] / MEV, paper[y], "x", color=PAPER_COLOUR, ms=6, mew=1.8, clip_on=False, zorder=10)


def handles() -> list[Any]:
    """Legend entries of regions and markers."""
    regions = [
        Patch(facecolor=colour, edgecolor="0.25", linewidth=0.4, label=rf"${n}\sigma$")
        for n, colour in zip((1, 2, 3), FILLS, strict=True)
    ]
    star = Line2D([], [], color=BEST_COLOUR, marker="*", mec="k", mew=0.6, ms=9, ls="none", label="best point here")
    return [
        *regions,
        star,
        Line2D([], [], color=PAPER_COLOUR, marker="x", mew=1.6, ms=5, ls="none", label="best fit, paper"),
    ]


def valley(evaluator: Evaluator, mass: float, g_mu: float) -> float:
    """The eps_z < 0, at most 1e-3 in size, of lowest chi2 for a mass (GeV), g_mu > 0 and eps = 0."""

    def chi2(logarithms: Array) -> Array:
        return evaluator.chi2(mass, 0.0, -np.exp(np.atleast_1d(logarithms)), g_mu)

    # Bracketed by a scan: further from 0 other minima follow.
    tries = np.log(np.geomspace(*SMALL_MIXING, 121))
    best = int(np.argmin(chi2(tries)))
    around = tries[max(best - 1, 0)], tries[min(best + 1, len(tries) - 1)]
    found = minimize_scalar(lambda t: float(chi2(t)[0]), bounds=around, method="bounded", options={"xatol": 1e-8})
    return -float(np.exp(found.x))


def paper_point(case: str) -> dict[str, float]:
    """The paper's best fit, with 0 for what it does not state."""
    return {name: 0.0 if np.isnan(value) else value for name, value in PAPER_POINTS[case].items()}


def evaluate_point(case: str, point: Mapping[str, float], settings: Mapping[str, Any] = OF_THE_PAPER) -> PointResult:
    """Everything at a point given as a mapping; further entries (chi2) are ignored."""
    return evaluate(case, point["mass"], point["eps"], point["eps_z"], point["g_mu"], **settings)


def excluders(case: str, point: Mapping[str, float]) -> str:
    """The constraints that exclude a point, the paper's first, as text."""
    return excluding(evaluate_point(case, point))


def excluding(result: PointResult) -> str:
    """The constraints that exclude an evaluated point, the paper's first, as text."""
    found = [c for c, excluded in zip(result.physics.constraints, result.excluded, strict=True) if excluded]
    ordered = sorted(found, key=lambda c: not c.in_paper)
    return ", ".join(c.id if c.in_paper else f"{c.id} (not in the paper)" for c in ordered) or "none"


def sole_excluders(grid: MemoryGrid, within: float, names: Sequence[str]) -> list[str]:
    """The constraints each of which excludes every point with chi2 at most `within` above the lowest."""
    region = grid.within(within)
    return [name for name in names if region.allowed((name,)) == 0]


def fit_numbers(case: str, grid: MemoryGrid, paper: str) -> list[KeyNumber]:
    """Best point, what it is excluded by, and what the constraints leave, for the table below a figure."""
    best, sm = grid.lowest(), grid.evaluator.physics.sm_chi2["all"]
    names = paper_constraints()
    two_sigma = levels(2)[1]
    region = grid.within(two_sigma)
    every = list(grid.constraints)
    spared = [name for name in every if name != "a_mu"]
    alone = sole_excluders(grid, two_sigma, names)
    return [
        KeyNumber("best point of the grid", paper, point_html(best)),
        KeyNumber("χ² there; Standard Model", "not stated; 93.56", f"{best['chi2']:.1f}; {sm:.1f}"),
        KeyNumber("constraints that exclude it", _PAPER_EXCLUDERS[case], excluders(case, best)),
        KeyNumber(
            "grid points within 2σ that the paper's constraints, (g − 2)<sub>μ</sub> left out, allow",
            _PAPER_LEFT[case],
            f"{region.allowed(names)} of {region.size}",
        ),
        KeyNumber(
            "constraints of the paper that exclude all of the 2σ region, each alone",
            "not stated",
            ", ".join(alone) or "none",
        ),
        KeyNumber("lowest χ² that the paper's constraints allow", "not stated", _with_place(grid.lowest(names))),
        KeyNumber("the same with (g − 2)<sub>μ</sub>", "not stated", _with_place(grid.lowest((*names, "a_mu")))),
        KeyNumber("lowest χ² that all but (g − 2)<sub>μ</sub> allow", "not stated", _with_place(grid.lowest(spared))),
        KeyNumber(f"lowest χ² {allowed_by(len(every))}", "not stated", _with_place(grid.lowest(every))),
    ]


_PAPER_EXCLUDERS = {
    "A": "parity violation, K → μ + invisible, B<sub>s</sub> mixing",
    "B": "K → μνX, W width",
    "C": "none",
}
_PAPER_LEFT = {"A": "none", "B": "none", "C": "a small region"}


def _with_place(point: Mapping[str, float]) -> str:
    return f"{point['chi2']:.1f} at {point_html(point)}" if point else "none, every point is excluded"
