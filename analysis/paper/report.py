"""The tables and figures of `zdscan reproduce` as parts of its page, with every image inside."""

from __future__ import annotations

import base64
import html as _html
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scipy.stats import chi2 as chi2_law
from scipy.stats import norm

from zdscan.analysis.paper.as_published import OF_THE_PAPER
from zdscan.analysis.paper.claims.charged import BEST_B, BEST_C, PRODUCT
from zdscan.analysis.paper.figures import fitplot
from zdscan.analysis.paper.figures.case_grids import point_html
from zdscan.analysis.paper.figures.plate import KeyNumber, Plate, html
from zdscan.analysis.pictures.typeset import in_print
from zdscan.analysis.units import MEV
from zdscan.analysis.views.in_memory import MemoryGrid
from zdscan.inputs import constants
from zdscan.physics import rows as likelihood
from zdscan.point import evaluate
from zdscan.point_result import PointResult

if TYPE_CHECKING:
    from zdscan.analysis.paper.claims import Claim

PAPER_CHI2 = (93.56, 84.30)
PAPER_MOMENTS = {"A": -3.45e-7, "B": 7.7e-4, "C": 7.38e-6}
TREATMENTS = (
    ("rashed2024-corrected", "symmetrised", "table"),
    ("rashed2024-corrected", "facing", "table"),
    ("rashed2024-corrected", "stat-facing", "table"),
    ("rashed2024", "symmetrised", "table"),
    ("rashed2024", "stat-facing", "table"),
    ("rashed2024-corrected", "symmetrised", "flavio"),
    ("rashed2024-corrected", "symmetrised", "flavio-covariance"),
)


@dataclass(frozen=True)
class HtmlTable:
    """A table of HTML cells; `note` (HTML) explains it."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""

    def render(self) -> str:
        """The table as HTML."""
        head = "".join(f"<th>{column}</th>" for column in self.columns)
        body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>\n" for row in self.rows)
        note = f"<p>{self.note}</p>" if self.note else ""
        return f"<h2>{self.title}</h2>{note}<div class='wide'><table><tr>{head}</tr>\n{body}</table></div>"


def best_results(grids: Mapping[str, MemoryGrid]) -> dict[str, PointResult]:
    """Everything at the best point of each grid, by case."""
    return {case: fitplot.evaluate_point(case, grid.lowest()) for case, grid in grids.items()}


def rows_table(best: Mapping[str, PointResult]) -> HtmlTable:
    """Table 1: the 26 rows with measurement, predictions and pulls, of the Standard Model and of the best points."""
    rows = likelihood.build("rashed2024-corrected", "symmetrised", "table")
    data = rows.data
    cells = []
    for r, name in enumerate(data.ids):
        pulls = [(rows.sm[r] - data.values[r]) / rows.sigma[r]]
        pulls += [(result.predictions[r] - data.values[r]) / rows.sigma[r] for result in best.values()]
        cells.append(
            (
                _unbroken(_html.escape(name)),
                f"{data.q2_min[r]:.3g}–{data.q2_max[r]:.3g}",
                _unbroken(printed(data.units[r])),
                _unbroken(f"{data.values[r]:.4g} ± {rows.sigma[r]:.2g}"),
                _unbroken(f"{data.sm_table[r]:.4g} ± {data.sm_table_error[r]:.2g}"),
                f"{rows.sm[r]:.4g}",
                *(f"{pull:+.2f}".replace("-", "−") for pull in pulls),
            )
        )
    return HtmlTable(
        "Table 1: the measured rows",
        (
            *("row", "q² [GeV²]", "unit", "measured ± error used", "SM, paper", "SM, here", "pull, SM"),
            *(f"pull, best of {case}" for case in best),
        ),
        tuple(cells),
        "Data set “rashed2024-corrected” (the first row as published, 10.16 instead of the printed 11.06). The "
        "error is the one in χ²: experiment, symmetrised, and theory together. Pull: (prediction − measured)/error.",
    )


def chi2_table() -> HtmlTable:
    """chi2 of the Standard Model for several treatments of the errors, beside the paper's."""
    cells = []
    for names in TREATMENTS:
        built = likelihood.build(*names)
        values = built.chi2(built.sm)
        cells.append((*names, f"{values['all']:.2f}", f"{values['muon']:.2f}"))
    return HtmlTable(
        "χ² of the Standard Model",
        ("measurements", "errors", "theory errors", "26 rows", "muon rows"),
        (("paper", "not stated", "not stated", *(f"{value:.2f}" for value in PAPER_CHI2)), *cells),
        "The predictions are flavio's. The first line after the paper's is the default of this program.",
    )


def preference_table() -> HtmlTable:
    """How much the paper's fit of Case C is preferred to the Standard Model, by the treatment of the errors."""
    from zdscan.analysis.paper.claims.fits import preference

    def two_parameters(gain: float) -> str:
        return f"{gain:.1f} ({norm.isf(chi2_law.sf(max(gain, 0.0), 2) / 2.0):.1f}σ)"

    cells = [
        (*item.words, two_parameters(-item.fixed.improvement), two_parameters(-item.relative.improvement))
        for item in preference()
    ]
    return HtmlTable(
        "How much Case C is preferred, by the errors",
        ("experimental errors", "theory errors", "χ², SM − fit", "with relative theory errors"),
        (("paper, not stated", "not stated", "“significantly”", ""), *cells),
        f"ε<sub>Z</sub> fitted at {BEST_C[0] / MEV:.1f} MeV and g<sub>μ</sub> = {BEST_C[1]:g}; standard deviations for "
        "two parameters. The paper states no significance; its treatment is the first line below it.",
    )


def fits_table(grids: Mapping[str, MemoryGrid], best: Mapping[str, PointResult]) -> HtmlTable:
    """Best points of the grids beside the paper's."""
    cells = []
    for case, grid in grids.items():
        point, result = grid.lowest(), best[case]
        sm = float(result.chi2["sm_all"])
        cells.append(
            (
                case,
                point_html(fitplot.paper_point(case)),
                point_html(point),
                f"{float(result.chi2['all']):.2f}",
                f"{float(result.chi2['all']) - sm:+.2f}".replace("-", "−"),
                fitplot.excluders(case, point),
            )
        )
    return HtmlTable(
        "Best fits",
        ("case", "paper", "here (lowest point of the grid)", "χ²", "χ² − SM", "excluded by"),
        tuple(cells),
        "The grids of the figures of fits, 10 MeV to 2 GeV; the paper states neither ε nor ε<sub>Z</sub> for "
        "Cases B and C. A minimum at 10 MeV lies on the edge of the range. " + resolution(grids.values()),
    )


def resolution(grids: Iterable[MemoryGrid]) -> str:
    """What the positions and numbers of points that grids give depend on, as HTML."""
    texts = {
        f"{grid.evaluator.physics.case.name}: " + " × ".join(f"{axis.size} {name}" for name, axis in grid.axes.items())
        for grid in grids
    }
    sizes = printed("; ".join(sorted(texts)))
    return (
        f"<span class='note'>Best points are points of grids ({sizes}) and good to a step of their axes; χ² there is "
        "not the lowest between them, and numbers of points depend on the resolution.</span>"
    )


def moments_table(best: Mapping[str, PointResult]) -> HtmlTable:
    """Shifts of (g-2)/2 of the muon at the paper's points and at the best points here."""
    cells = []
    for case, stated in PAPER_MOMENTS.items():
        point = fitplot.paper_point(case)
        here = float(fitplot.evaluate_point(case, point).delta_a_mu)
        at_best = html(float(best[case].delta_a_mu), 3) if case in best else "not computed"
        cells.append((case, point_html(point), html(stated, 3), html(here, 3), at_best))
    c = constants.load()
    error = c.error("delta_a_mu")[0]
    return HtmlTable(
        "Muon (g − 2)/2",
        ("case", "paper's point", "paper's shift", "shift there, here", "shift at the best point here"),
        tuple(cells),
        "Experiment minus theory: 251(59)×10<sup>−11</sup> in the paper; "
        f"{c['delta_a_mu'] * 1e11:.0f}({error * 1e11:.0f})×10<sup>−11</sup> with the newest numbers.",
    )


def neglected_table(best: Mapping[str, PointResult]) -> HtmlTable:
    """What verdicts leave out, at the paper's fits of Cases B and C and at the best points here."""
    results = [
        (
            f"{case}, paper's fit",
            evaluate(case, mass, 0.0, -PRODUCT / g_mu, g_mu, **OF_THE_PAPER | {"theory": "complete"}),
        )
        for case, (mass, g_mu) in {"B": BEST_B, "C": BEST_C}.items()
    ]
    results += [(f"{case}, best point here", result) for case, result in best.items()]
    c = constants.load()
    logarithm = math.log((c["cutoff_induced"] / c["MW"]) ** 2)
    cells = []
    for where, result in results:
        point = point_html({name: float(value) for name, value in result.parameters.items()})
        for item in result.neglected or ():
            size = html(item.size) if math.isfinite(item.size) else "nothing beside it"
            if item.effect.id == "induced_current" and math.isfinite(item.size):
                size += f" = {item.size / logarithm:.2g} L"
            cells.append((where, point, f"<code>{item.effect.id}</code>", size, printed(item.text)))
    return HtmlTable(
        "Neglected",
        ("case", "point", "effect", "size", "in words"),
        tuple(cells),
        "The predictions leave these out; none is a constraint. L = ln(Λ²/m<sub>W</sub>²) is "
        f"{logarithm:.1f} for Λ = {c['cutoff_induced'] / 1000:g} TeV. The paper states neither ε nor ε<sub>Z</sub> for "
        "its fits of B and C; they stand here with ε = 0 and the product of ε<sub>Z</sub> and g<sub>μ</sub> that fits.",
    )


def claims_table(claims: Iterable[Claim]) -> HtmlTable:
    """The paper's quantitative statements with this program's values and verdicts."""
    listed = list(claims)
    cells = tuple(
        (
            _html.escape(claim.id),
            printed(claim.statement),
            printed(claim.where),
            printed(claim.paper_value),
            printed(claim.value_text),
            f"<span class='{claim.verdict.replace(' ', '-')}'>{_html.escape(claim.verdict)}</span>",
            printed(claim.reason)
            + (
                f"<p class='note'>Counted on {printed(claim.resolution)}: the numbers depend on that resolution.</p>"
                if claim.resolution
                else ""
            ),
        )
        for claim in listed
    )
    found: dict[str, list[str]] = {}
    for claim in listed:
        found.setdefault(claim.verdict, []).append(claim.id)
    counts = (f"{verdict}: {len(ids)} ({_html.escape(', '.join(ids))})" for verdict, ids in found.items())
    return HtmlTable(
        "Claims",
        ("id", "statement", "where", "paper", "here", "verdict", "reason"),
        cells,
        "Verdicts follow from the computed numbers. A contradiction is a result: it is reported, not tuned away. "
        f"Of {len(listed)} claims {'; '.join(counts)}.",
    )


def plain_numbers(plate: Plate) -> list[str]:
    """``quantity: here (paper: ...)`` of each number, for a terminal: powers as ^, no other markup."""

    def plain(markup: str) -> str:
        return _html.unescape(re.sub(r"<[^>]+>", "", re.sub(r"<sup>", "^", re.sub(r"<sub>", "_", markup))))

    return [plain(f"{n.quantity}: {n.here} ({plate.heads[0]}: {n.paper})") for n in plate.numbers]


def printed(text: str) -> str:
    """Plain text (``eps_Z < 1e-8``) as HTML in print."""
    marks = ("\ue000{}\ue001", "\ue002{}\ue003")  # private characters, which escaping leaves alone
    text = _html.escape(in_print(text, marks))
    for mark, tag in zip(marks, ("sub", "sup"), strict=True):
        begin, end = mark.split("{}")
        text = text.replace(begin, f"<{tag}>").replace(end, f"</{tag}>")
    return text


def _unbroken(cell: str) -> str:
    return f"<span class='whole'>{cell}</span>"


def numbers_rows(numbers: Sequence[KeyNumber], heads: Sequence[str]) -> str:
    """The small table below a figure."""
    first, second = heads
    body = "".join(f"<tr><td>{n.quantity}</td><td>{n.paper}</td><td>{n.here}</td></tr>\n" for n in numbers)
    return (
        "<div class='wide'><table class='numbers'>"
        f"<tr><th></th><th>{first}</th><th>{second}</th></tr>\n{body}</table></div>"
    )


def figure_section(plate: Plate, png: bytes) -> str:
    """A figure with its caption and key numbers, the image inside the page."""
    data = base64.b64encode(png).decode()
    width = round(150 * plate.figure.get_figwidth())
    return (
        f"<h2>Figure {plate.number}: {plate.title}</h2><figure>"
        f"<img alt='Figure {plate.number}' style='width:{width}px' src='data:image/png;base64,{data}'>"
        f"<figcaption>{plate.caption}</figcaption></figure>{numbers_rows(plate.numbers, plate.heads)}"
    )
