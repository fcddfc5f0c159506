"""What becomes of the paper's fits with today's data and limits: the tables of `zdscan reproduce` about it."""

from __future__ import annotations

from collections.abc import Mapping

from zdscan.analysis.paper.as_published import OF_THE_PAPER, TODAY
from zdscan.analysis.paper.figures import fitplot
from zdscan.analysis.paper.figures.case_grids import paper_constraints, point_html
from zdscan.analysis.paper.figures.plate import html, mev
from zdscan.analysis.paper.report import HtmlTable, resolution
from zdscan.analysis.views.in_memory import MemoryGrid
from zdscan.analysis.views.regions import levels
from zdscan.point_result import PointResult

Grids = Mapping[str, tuple[MemoryGrid, MemoryGrid]]  # case -> with the data and limits of the paper, of today
_DATA = ("paper", "today")


def fits_table(grids: Grids) -> HtmlTable:
    """Standard Model, best point and region of each case, with the paper's data and with today's."""
    cells = []
    for case, both in grids.items():
        for data, grid, result in zip(_DATA, both, _best(case, both), strict=True):
            sm, best = grid.evaluator.physics.sm_chi2["all"], grid.lowest()
            region = grid.within(levels(2)[1])
            cells.append(
                (
                    *(case, data, str(len(result.predictions)), f"{sm:.1f}", point_html(best)),
                    _signed(best["chi2"] - sm),
                    fitplot.excluding(result),
                    f"{mev(region.mass.min())} to {mev(region.mass.max())}",
                    f"{region.allowed(paper_constraints())} of {region.size}",
                    _signed(grid.lowest(paper_constraints()).get("chi2", sm) - sm),
                )
            )
    return HtmlTable(
        "The fits with today's data",
        (
            *("case", "data", "rows", "χ² of the SM", "best point", "χ² − SM", "excluded by", "masses within 2σ"),
            *("points within 2σ allowed by the paper's constraints", "χ² − SM of the best point they allow"),
        ),
        tuple(cells),
        f"Paper: measurements “{OF_THE_PAPER['measurements']}” with the printed theory errors, limits "
        f"“{OF_THE_PAPER['limits']}”. Today: measurements “{TODAY['measurements']}”, whose theory errors are flavio's "
        f"with their correlations, limits “{TODAY['limits']}”. The same theory “{TODAY['theory']}” and the same grids; "
        "the paper's constraints without (g − 2)<sub>μ</sub>. " + resolution(grid for grid, _ in grids.values()),
    )


def verdicts_table(grids: Grids) -> HtmlTable:
    """Each constraint at the best points: its ratio with the paper's data and limits, and with today's."""
    results = {case: _best(case, both) for case, both in grids.items()}
    every = [constraint.id for constraint in next(iter(results.values()))[0].physics.constraints]
    of_paper = {*paper_constraints(), "a_mu"}
    cells = []
    for name in sorted(every, key=lambda name: name not in of_paper):
        verdicts = [_verdict(result, name) for pair in results.values() for result in pair]
        if any(verdicts):
            cells.append((name if name in of_paper else f"{name} (not in the paper)", *(v or "–" for v in verdicts)))
    return HtmlTable(
        "Constraints at the best points",
        ("constraint", *(f"{case}, {data}" for case in results for data in _DATA)),
        tuple(cells),
        "Prediction over limit at the best point of each grid, which is another one with other data; 1 or more is "
        "excluded. – : does not apply there. " + resolution(grid for grid, _ in grids.values()),
    )


def _best(case: str, both: tuple[MemoryGrid, MemoryGrid]) -> tuple[PointResult, PointResult]:
    before, now = both
    return (
        fitplot.evaluate_point(case, before.lowest(), OF_THE_PAPER),
        fitplot.evaluate_point(case, now.lowest(), TODAY),
    )


def _verdict(result: PointResult, name: str) -> str:
    """The ratio of a constraint as HTML, marked where it excludes; empty where it does not apply."""
    place = [constraint.id for constraint in result.physics.constraints].index(name)
    if not result.applies[place]:
        return ""
    ratio = html(float(result.ratios[place]), 2)
    return f"<span class='contradicted'>{ratio}</span>" if result.excluded[place] else ratio


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−")
