"""How the explorer looks: colours, the page around the parts, and tables as HTML. Nothing in it computes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from zdscan.analysis.explorer.points import Glance
from zdscan.analysis.pictures.layers import BOUNDARY_COLOURS, FIT
from zdscan.physics.clause import Constraint
from zdscan.physics.statistics import Level, in_words

REGIONS = FIT
# of the table of a point: what, and where the result has it
_CHI2 = (("all rows", "all"), ("muon rows", "muon"), ("constraints", "constraints"), ("rows and constraints", "total"))
DASHES = ("solid", "dashed", "dotted")
UNION, OTHERS, BORDER = "#7a7a7a", "#8f8f8f", "#333333"
STAR, DIAMOND, PIN = "#ffd92f", "#000000", "#d55e00"
# Of the map, for its largest areas: Okabe and Ito, then lighter relatives; names stand on the areas as well.
AREAS = (
    *("#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#f0e442", "#0072b2", "#d55e00"),
    *("#b8d8ef", "#f5d28a", "#8fd0bb", "#e9c6d9", "#f8f3ac"),
)
MANY = "#bbbbbb"
SCROLL = {"overflow": "auto", "height": "100%", "padding": "4px 2px"}  # of a part that is longer than its place
SYMBOLS = {"mass": "m", "eps": "ε", "eps_z": "ε_Z", "g_mu": "g_μ", "g": "g"}

CSS = """
:host { font: 12.5px/1.36 "Inter", "Segoe UI", "Helvetica Neue", Arial, sans-serif; color: #1c2733; }
h3 { font-size: 11px; letter-spacing: .06em; text-transform: uppercase; color: #5b6b7b; margin: 10px 0 4px; }
h3:first-child { margin-top: 0; }
table { border-collapse: collapse; width: 100%; font-size: 12px; font-variant-numeric: tabular-nums; }
td, th { padding: 1px 5px 1px 0; text-align: right; white-space: nowrap; }
th { font-weight: 600; color: #5b6b7b; border-bottom: 1px solid #d8dee5; font-size: 11.5px; }
td:first-child, th:first-child { text-align: left; }
td.text, th.text { text-align: left; white-space: normal; }
tr.out td { font-weight: 650; }
tr.out td:first-child::before { content: "■ "; color: #b3261e; font-size: 9px; vertical-align: 1px; }
.dim { color: #6a7885; }
.bar { display: inline-block; height: 7px; background: #0072b2; vertical-align: 1px; }
.bar.out { background: #b3261e; }
.note { background: #fff6dd; border-left: 3px solid #e69f00; padding: 4px 8px; margin: 4px 0; }
.fault { background: #fdecea; border-left: 3px solid #b3261e; padding: 5px 9px; margin: 0; color: #5f1712; }
code { font: 12px/1.4 "JetBrains Mono", Consolas, monospace; background: #eef2f6; padding: 5px 7px; display: block;
  white-space: pre-wrap; word-break: break-all; border-radius: 4px; }
button { font: inherit; padding: 2px 10px; border: 1px solid #b9c4cf; border-radius: 4px; background: #fff;
  cursor: pointer; margin: 4px 0; }
progress { width: 130px; height: 9px; vertical-align: 0; }
svg { vertical-align: 1px; margin-right: 5px; }
"""

# One screen without scrolling: three columns of full height; bokeh's parts fill the areas.
PAGE = """
{% block title %}zdscan explore{% endblock %}
{% block preamble %}
<style>
  html, body { margin: 0; height: 100%; overflow: hidden; background: #f4f6f8; }
  body { font: 13px/1.38 "Inter", "Segoe UI", "Helvetica Neue", Arial, sans-serif; color: #1c2733; }
  #page { display: grid; height: 100vh; box-sizing: border-box; padding: 0 8px 8px; gap: 8px;
    grid-template: 38px minmax(0, 1fr) / 272px minmax(0, 1fr) 352px; }
  #head { grid-column: 1 / 4; display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr);
    align-items: center; }
  .card { background: #fff; border: 1px solid #dfe5ea; border-radius: 6px; padding: 8px 10px; min-height: 0;
    box-sizing: border-box; }
  #left { overflow: hidden auto; }
  #middle { display: flex; flex-direction: column; gap: 8px; min-width: 0; min-height: 0; }
  #plane { flex: 1 1 auto; padding: 4px; }
  #cuts { flex: 0 0 27%; display: flex; padding: 4px; gap: 4px; }
  #cuts > div { flex: 1 1 0; min-width: 0; }
  #right { display: flex; flex-direction: column; gap: 8px; min-height: 0; }
  #cursor { flex: 0 0 342px; overflow: hidden; }
  #tabs { flex: 1 1 auto; padding: 4px 6px; }
  #plane > div, #cuts > div > div, #tabs > div, #cursor > div { height: 100%; width: 100%; }
  details > summary { cursor: pointer; font-size: 11px; letter-spacing: .06em; text-transform: uppercase;
    color: #5b6b7b; margin: 8px 0 2px; }
  @media (min-width: 1700px) { #page { grid-template-columns: 320px minmax(0, 1fr) 440px; } }
</style>
{% endblock %}
{% block contents %}
<div id="page">
  <div id="head">{{ embed(roots.head) }}{{ embed(roots.status) }}</div>
  <div id="left" class="card">
    {{ embed(roots.axes) }}
    {{ embed(roots.sliders) }}
    {{ embed(roots.shown) }}
    <details><summary>Theory, data and other settings</summary>{{ embed(roots.settings) }}</details>
  </div>
  <div id="middle">
    <div id="plane" class="card">{{ embed(roots.plane) }}</div>
    <div id="cuts" class="card"><div>{{ embed(roots.cut_x) }}</div><div>{{ embed(roots.cut_y) }}</div></div>
  </div>
  <div id="right">
    <div id="cursor" class="card">{{ embed(roots.cursor) }}</div>
    <div id="tabs" class="card">{{ embed(roots.tabs) }}</div>
  </div>
</div>
{% endblock %}
"""


def name_of(name: str) -> str:
    """A quantity as a person writes it."""
    return SYMBOLS.get(name, name)


def swatch(colour: str, dash: str, width: float = 2.4) -> str:
    """A piece of a line for a legend."""
    pattern = {"solid": "", "dashed": ' stroke-dasharray="6 3"', "dotted": ' stroke-dasharray="2 3"'}[dash]
    line = f'<line x1="1" y1="5" x2="25" y2="5" stroke="{colour}" stroke-width="{width}"{pattern}/>'
    return f'<svg width="26" height="10">{line}</svg>'


def line_look(number: int) -> tuple[str, str]:
    """Colour and dashes of the curve with this number."""
    count = len(BOUNDARY_COLOURS)
    return BOUNDARY_COLOURS[number % count], DASHES[number // count % len(DASHES)]


def table(
    header: Sequence[str], rows: Iterable[Sequence[Any]], marked: Sequence[bool] = (), text: Sequence[int] = ()
) -> str:
    """An HTML table; `marked` rows stand out, the columns `text` hold words. Cells are escaped."""

    def cells(tag: str, row: Sequence[Any]) -> str:
        return "".join(
            f"<{tag}{' class=text' if k in text else ''}>{escape(str(cell))}</{tag}>" for k, cell in enumerate(row)
        )

    lines = [f"<tr>{cells('th', header)}</tr>"] if header else []
    for k, row in enumerate(rows):
        lines.append(f"<tr{' class=out' if k < len(marked) and marked[k] else ''}>{cells('td', row)}</tr>")
    return f"<table>{''.join(lines)}</table>"


def number(value: float | None, digits: int = 3) -> str:
    """A number in a table."""
    if value is None or value != value:
        return "–"
    return f"{value:.{digits}g}".replace("-", "−")


def chi2_text(value: float) -> str:
    """A chi2; one beyond all measure with its power of ten."""
    return f"{value:.2f}" if value < 1e4 else f"{value:.1e}"


def signed(value: float) -> str:
    """A difference of chi2 with its sign; 0 has none."""
    return f"{value:+.2f}".replace("-", "−") if abs(value) >= 0.005 else "0.00"


def fault(sentences: Iterable[str]) -> str:
    """Sentences about what is wrong."""
    return "".join(f'<p class="fault">{escape(sentence)}</p>' for sentence in sentences)


def head(title: str, notes: Sequence[str]) -> str:
    """The line on top of the page."""
    said = f' <span class="note" title="{escape(" ".join(notes))}">{escape(notes[0])}</span>' if notes else ""
    return (
        f'<div style="white-space:nowrap;overflow:hidden;text-overflow:ellipsis"><b>zdscan explore</b>'
        f' <span class="dim">·</span> {escape(title)}{said}</div>'
    )


def work(what: str, fraction: float | None) -> str:
    """What is being done, with a bar; it moves to and fro where it is not known how much is done."""
    if not what:
        return ""
    done = "" if fraction is None else f' value="{fraction:.3f}"'
    bar = f"<progress{done}></progress> "
    return f'<span class="dim">{bar}{escape(what)}</span>'


def cursor(found: Glance, sm_chi2: float, reference: float, width_to_lifetime: float) -> str:
    """The card of the point under the cursor."""
    values = "".join(
        f"<tr><td>{escape(name_of(name))}</td><td>{number(value, 4)}{' GeV' if name == 'mass' else ''}</td></tr>"
        for name, value in found.values.items()
    )
    lifetime = f"{number(width_to_lifetime / found.width)} s" if found.width > 0.0 else "stable"
    rows = [
        ("χ²", f"{found.chi2:.2f}"),
        ("Δχ² best", signed(found.chi2 - reference)),
        ("Δχ² SM", signed(found.chi2 - sm_chi2)),
        ("Γ", f"{number(found.width)} GeV"),
        ("τ", lifetime),
    ]
    largest = max((ratio for _, ratio in found.constraints), default=1.0)
    bars = "".join(
        f"<tr{' class=out' if ratio >= 1.0 else ''}><td>{escape(name)}</td><td>{number(ratio)}</td>"
        f'<td style="width:70px;text-align:left"><span class="bar{" out" if ratio >= 1.0 else ""}" '
        f'style="width:{_length(ratio, largest):.0f}px"></span></td></tr>'
        for name, ratio in found.constraints
    )
    pulls = "".join(
        f"<tr><td>{escape(name)}</td><td>{number(predicted)}</td><td>{number(measured)}</td><td>{pull:+.1f}σ</td></tr>"
        for name, predicted, measured, pull in found.pulls
    )
    verdict = f"excluded by {found.excluded}" if found.excluded else "excluded by none of the shown"
    return (
        f'<div style="display:flex;gap:14px"><div style="flex:1"><h3>Under the cursor</h3><table>{values}</table></div>'
        f'<div style="flex:1"><h3>&nbsp;</h3>{table((), rows)}</div></div>'
        f"<h3>Strongest constraints: {verdict}</h3><table>{bars}</table>"
        f"<h3>Rows: here, measured, pull</h3><table>{pulls}</table>"
    )


def _length(ratio: float, largest: float) -> float:
    """Length of a bar: the logarithm of the ratio, from a thousandth up."""
    from math import log10

    top = max(3.0 + log10(max(largest, 1.0)), 1e-9)
    return max(2.0, 70.0 * (3.0 + log10(max(ratio, 1e-3))) / top)


def legend(
    looks: Mapping[str, tuple[str, str]],
    constraints: Mapping[str, Constraint],
    others: Sequence[str],
    everywhere: Sequence[str],
    level: Level | None,
) -> str:
    """The list of the limit curves: those with a colour, those in grey, and constraints that exclude everything.

    level : of the exclusions; None: as published.
    """
    rows = "".join(
        f'<tr><td class="text">{swatch(*look)}<b>{escape(name)}</b> '
        f'<span class="dim">{title_of(constraints[name])}</span></td></tr>'
        for name, look in looks.items()
    )
    heading = f"<h3>Limits <span class=dim>({in_words(level)})</span></h3>"
    said = f"{heading}<table>{rows}</table>" if rows else '<p class="dim">No limit curve crosses this plane.</p>'
    if others:
        said += f'<h3>In grey</h3><span class="dim">{swatch(OTHERS, "solid", 1)}{escape(", ".join(others))}</span>'
    if everywhere:
        said += f'<p class="note">Everything shown is excluded by {escape(", ".join(everywhere))}.</p>'
    return said


def title_of(constraint: Constraint) -> str:
    """What a constraint is, with its published confidence level and grade."""
    return escape(f"{constraint.title} ({level_and_grade(constraint)})".replace("->", "→"))


def level_and_grade(constraint: Constraint) -> str:
    """Confidence level and grade in words."""
    return f"grade {constraint.grade}" if constraint.cl == "-" else f"{constraint.cl}, grade {constraint.grade}"


def point(result: Mapping[str, Any], command: str, faults: Sequence[str]) -> str:
    """The whole point, from what `zdscan point --json` prints."""
    where = ", ".join(f"{name_of(name)} = {number(value, 5)}" for name, value in result["parameters"].items())
    chi2, widths, ratios = result["chi2"], result["widths"], result["branching_ratios"]
    parts = [f"<h3>The point</h3>{escape(where)} <span class=dim>(GeV)</span>"]
    if command:
        text = escape(command)
        copy = "onclick=\"navigator.clipboard.writeText(this.dataset.text);this.textContent='copied'\""
        parts.append(f'<code>{text}</code><button data-text="{text}" {copy}>copy the command</button>')
    parts.append(fault(faults))
    parts.append("<h3>χ²</h3>")
    rows = [
        (what, f"{chi2[key]:.2f}", f"{chi2['sm_' + key]:.2f}", signed(chi2[key] - chi2["sm_" + key]))
        for what, key in _CHI2
    ]
    parts.append(table(("", "here", "SM", "Δ"), rows))
    applying = [item for item in result["constraints"] if item["applies"]]
    applying.sort(key=lambda item: -item["ratio"])
    rest = len(result["constraints"]) - len(applying)
    about = f"{rest} more do not apply here; {in_words(result['level'])}"
    parts.append(f"<h3>Constraints <span class=dim>({about})</span></h3>")
    parts.append(
        table(
            ("constraint", "here", "limit", "published", "ratio", "Δχ²"),
            [
                (
                    item["id"],
                    *(number(item[key]) for key in ("prediction", "limit", "limit_published", "ratio")),
                    signed(item["chi2"] - item["sm_chi2"]),
                )
                for item in applying
            ],
            [item["excluded"] for item in applying],
        )
    )
    parts.append("<h3>Widths</h3>")
    parts.append(
        table(
            ("final state", "GeV", "branching ratio"),
            [(name, number(width), number(ratios.get(name))) for name, width in widths.items()],
        )
    )
    parts.append("<h3>Rows</h3>")
    parts.append(
        table(
            ("row", "SM", "here", "measured", "pull"),
            [
                (
                    row["id"],
                    number(row["sm"]),
                    number(row["prediction"]),
                    f"{number(row['measured'])} ± {number(row['sigma'], 2)}",
                    f"{row['pull']:+.2f}",
                )
                for row in result["rows"]
            ],
        )
    )
    neglected = result["neglected"] or []
    parts.append("<h3>Neglected here</h3>")
    parts.append("".join(f"<p>{escape(item['text'])}</p>" for item in neglected) or '<p class="dim">nothing known</p>')
    parts.append("<h3>Couplings</h3>")
    parts.append(table((), [(name, number(value)) for name, value in result["couplings"].items() if value]))
    return "".join(parts)


def on_axis(name: str, title: str) -> str:
    """The label of an axis."""
    return f"{name_of(name)}  [GeV]" if name == "mass" else f"{name_of(name)}   {title}"
