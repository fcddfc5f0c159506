"""What the documentation says from declarations in the code.

One page for each constraint, from its own metadata, is written into docs/constraint when the documentation is built.
The tables of settings and fields stand in the pages themselves, between two comments: `python docs/generate.py` writes
them anew after a declaration has changed, and a test compares.
"""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np

from zdscan.constraints import available as available_constraints
from zdscan.constraints import select
from zdscan.evaluation.engine import build_physics
from zdscan.evaluation.fields import DECLARED
from zdscan.evaluation.setting import Setting
from zdscan.evaluation.settings import SETTINGS
from zdscan.inputs import detectors, theory_errors
from zdscan.neglected.effects import available
from zdscan.physics import models, search
from zdscan.physics.cases import named_case
from zdscan.physics.clause import Constraint
from zdscan.physics.parameters import PARAMETERS

FOLDER = Path(__file__).resolve().parent / "constraint"
MASSES = (0.010, 0.030, 0.100, 0.200, 0.500, 1.0)  # GeV
COUPLINGS = np.geomspace(1e-10, 1.0, 4001)  # 0.6% apart: bounds are printed with two digits
TWO_BODY = "constraints-flavour.md#two-body-decays-with-an-on-shell-vector"
GRADES = {
    "A": "read in the source",
    "B": "digitised or recast by a third party, or computed here and cross-checked",
    "C": "rough: not compared with its source, or rounded, as the text says",
}


def bounds(constraints: tuple[Constraint, ...]) -> np.ndarray:
    """Least excluded coupling of Case B with the others 0: float64[constraints, masses, 3]; infinite if none."""
    physics = build_physics(named_case("B"), theory="paper", constraints=[item.id for item in constraints])
    found = np.full((len(constraints), len(MASSES), len(PARAMETERS)), math.inf)
    for m, mass in enumerate(MASSES):
        mass_tables = physics.mass_tables(mass)
        for p in range(len(PARAMETERS)):
            axes = [np.zeros(1), np.zeros(1), np.zeros(1)]
            axes[p] = COUPLINGS
            excluded = physics.evaluate(mass_tables, (axes[0], axes[1], axes[2]), want=("ratios",))["ratios"] >= 1.0
            first = np.argmax(excluded, axis=0)
            found[:, m, p] = np.where(excluded.any(axis=0), COUPLINGS[first], math.inf)
    return found


def section(item: Constraint) -> str:
    """The anchor of the heading that names the constraint on one of the pages about constraints.

    A data file need not have one: its decay is derived with the others of its kind.
    """
    for path in sorted(FOLDER.parent.glob("constraints*.md")):
        for line in path.read_text().splitlines():
            heading = re.fullmatch(r"#{2,3} (.*)", line)
            if heading and item.id in re.split(r"[ ,`]+", heading[1]):
                kept = re.sub(r"[^\w\- ]", "", heading[1].lower())
                return f"{path.name}#{kept.replace(' ', '-')}"
    if item.file.endswith(".toml"):
        return TWO_BODY
    raise ValueError(f"no page of the documentation has a heading with {item.id}")


def page(item: Constraint, least: np.ndarray) -> str:
    """The page of one constraint in Markdown; least: float64[masses, 3]."""
    derivation = section(item)
    lines = [
        f"# {item.id}",
        "",
        f"**{item.title}**",
        "",
        "| | |",
        "|---|---|",
        f"| rule | {_escaped(item.rule)} |",
        f"| confidence level | {item.cl} |",
        f"| likelihood | [{item.likelihood}](../statistics.md): {_escaped(item.because)} |",
        *([f"| theory error | {_theory_error(item)} |"] if item.id in theory_errors.load() else []),
        *([f"| same data | {_escaped(item.same_data)} |"] if item.same_data else []),
        f"| unit of value and limit | {item.unit} |",
        f"| grade | {item.grade}: {GRADES[item.grade]} |",
        f"| applies | {_escaped(item.applies)} |",
        f"| sets | {_sets(item)} |",
        f"| sources | {{cite:p}}`{','.join(item.citations)}` |",
        f"| derivation | [{derivation.partition('.')[0]}](../{derivation}) |",
        f"| defined in | `{item.file}` |",
        "",
        'Least excluded value of one coupling with the other two zero, Case B, `theory = "paper"`, level as published:',
        "",
        "| M (MeV) | " + " | ".join(f"`{name}`" for name in PARAMETERS) + " |",
        "|---|" + "---|" * len(PARAMETERS),
        *(
            f"| {mass * 1e3:.0f} | " + " | ".join("–" if math.isinf(t) else f"{t:.1e}" for t in row) + " |"
            for mass, row in zip(MASSES, least, strict=True)
        ),
        "",
        "– : nothing up to 1 is excluded. Larger values can be allowed again where contributions cancel.",
        "",
    ]
    return "\n".join(lines)


def _theory_error(item: Constraint) -> str:
    """The error of the prediction, with what it is of and where it is from."""
    known = theory_errors.load()[item.id]
    told = f"{100.0 * known.relative:.2g}%, grade {known.grade}: {_escaped(known.of)} ({_escaped(known.source)})"
    return f"{told}; used where [asked for](../statistics.md#theory-errors-of-predictions)"


def _sets(item: Constraint) -> str:
    """The sets that a constraint belongs to, and from which scan format on."""
    if item.replaced_by:
        later = f"[{item.replaced_by}]({item.replaced_by}.md)"
        return f"`paper`, and `all` of scan files of format {item.first_format}; later {later}"
    since = "" if item.first_format == 1 else f" of scan files from format {item.first_format} on"
    return f"`paper` and `all`{since}" if item.in_paper else f"`all`{since}"


def overview(constraints: tuple[Constraint, ...]) -> str:
    """The list of all constraints with links to their pages."""
    rows = [f"| [{c.id}]({c.id}.md) | {_escaped(c.title)} | {c.cl} | {c.likelihood} | {c.grade} |" for c in constraints]
    entries = [c.id for c in constraints]
    return "\n".join(
        [
            "# All constraints",
            "",
            "Written from the constraints' own metadata when this documentation was built.",
            "",
            "| id | what | CL | likelihood | grade |",
            "|---|---|---|---|---|",
            *rows,
            "",
            "```{toctree}",
            ":hidden:",
            "",
            *entries,
            "```",
            "",
        ]
    )


def _escaped(text: str) -> str:
    """Safe inside a Markdown table: bars, dollars and underscores stand for themselves."""
    return re.sub(r"([|$_*\[\]<>])", r"\\\1", text)


def write_pages(folder: Path = FOLDER) -> list[Path]:
    """Write the pages that differ from what is there, remove those of constraints that are gone; returns all."""
    constraints = select(available_constraints())
    least = bounds(constraints)
    texts = {"index": overview(constraints)} | {c.id: page(c, least[k]) for k, c in enumerate(constraints)}
    folder.mkdir(exist_ok=True)
    for stale in folder.glob("*.md"):
        if stale.stem not in texts:
            stale.unlink()
    paths = []
    for name, text in texts.items():
        path = folder / f"{name}.md"
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
        paths.append(path)
    return paths


def _table(head: list[str], rows: list[list[str]]) -> str:
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, ["---"] * len(head), *rows))


def _values(setting: Setting) -> str:
    """What a scan file may say, in one cell of a table."""
    if setting.low is not None and setting.high is not None:
        unit = "" if setting.unit == "1" else f" {setting.unit}"
        return f"{setting.low:g} to {setting.high:g}{unit}"
    if setting.parts is not None:
        return f"`{{ {', '.join(f'{name} = ...' for name in setting.parts)} }}`"
    if setting.name == "replace":
        return '`"<id>" = { value = ... }`'
    if setting.name == "level":
        return 'a number between 0 and 1, `"2 sigma"` and the like, `"published"`, `"auto"`'
    if setting.names is None:
        return '`"paper"`, `"all"` or a list of ids'
    more = ', `"./mine.toml"`, or a list of such names and of row groups' if setting.name == "measurements" else ""
    return ", ".join(f'`"{name}"`' for name in setting.allowed) + more


def _defaults(setting: Setting) -> str:
    """What a scan file means that does not give the setting, in one cell: that of the latest format first."""
    if setting.default is None:
        return "none"
    quote = "" if setting.low is not None else '"'
    earlier = [f"`{quote}{value}{quote}` in format {number}" for number, value in setting.earlier.items()]
    return ", ".join([f"`{quote}{setting.default}{quote}`", *earlier])


def settings_table(section: str) -> str:
    """The settings of a section of the scan file; "" is its top."""
    rows = []
    for setting in SETTINGS.values():
        if setting.section == section:
            told = f"{_escaped(setting.help)} [More]({setting.page})"
            rows.append([f"`{setting.key}`", _values(setting), _defaults(setting), told])
    return _table(["key", "values", "default", "meaning"], rows)


def fields_table() -> str:
    """The fields that a scan file may ask for."""
    labels = {"constraint": "one a constraint", "row": "one a row", "channel": "one a channel"}
    rows = []
    for item in DECLARED.values():
        unit = "" if item.units == "1" else f", in {item.units}"
        many = "1" if item.extra is None else labels[item.extra[0]]
        rows.append([f"`{item.name}`", many, _escaped(item.long_name) + unit])
    return _table(["field", "numbers a point", "meaning"], rows)


def datasets_table() -> str:
    """The fields as datasets of a grid file."""
    types = {"<f4": "float32", "<u4": "uint32, uint64 above 31 constraints"}
    rows = [
        [
            f"`{item.name}`",
            types[item.dtype],
            "NaN" if math.isnan(item.fill) else "all bits set",
            "" if item.extra is None else f"`{item.extra[0]}`",
        ]
        for item in DECLARED.values()
    ]
    return _table(["dataset", "type", "until computed", "fifth dimension"], rows)


def neglected_table() -> str:
    """The effects that are named with their sizes."""
    rows = [
        [
            f"[`{item.id}`](#{item.page.partition('#')[2]})",
            _escaped(item.title),
            _escaped(item.of),
            item.applies,
            item.grade,
        ]
        for item in available().values()
    ]
    return _table(["id", "what is neglected, or used instead", "size as a ratio to", "applies", "grade"], rows)


def models_table() -> str:
    """The named models, with what is computed from their couplings about anomalies and currents."""
    rows = []
    for name, case in models.available().items():
        parameters = ", ".join(f"`{item.name}` ({_escaped(item.title)})" for item in case.parameters.declared)
        anomaly, current = case.verdict()
        rows.append(
            [f"`{name}`", _escaped(case.title), parameters, _escaped(anomaly), _escaped(current.replace(" | ", "; "))]
        )
    return _table(["name", "model", "parameters", "anomaly", "current"], rows)


def model_notes() -> str:
    """What else there is to know of each model."""
    rows = [[f"`{name}`", _escaped(case.note)] for name, case in models.available().items() if case.note]
    return _table(["name", "note"], rows)


def searches_table() -> str:
    """The recast searches: what is made how, and what is looked for, where."""
    rows = []
    for constraint, group in search.groups().items():
        for name in group.searches:
            item = search.load(name)
            masses = [edge for edges in item.numbers.ranges for edge in edges]
            made = ", ".join(
                f"`{process}`" + ("" if math.isinf(end) else f" to {end:g}") for process, end in item.productions
            )
            rows.append(
                [
                    f"`{constraint}`",
                    f"`{name}`",
                    f"{{cite:p}}`{','.join(item.numbers.citations)}`",
                    f"{max(min(masses), 0.01):.3g}-{min(max(masses), 2.0):.3g}",
                    made,
                    " ".join(item.channels),
                    _where(item),
                    item.level,
                    item.entry.likelihood,
                    item.numbers.grade,
                ]
            )
    return _table(
        ["constraint", "search", "source", "M (GeV)", "made by", "decay", "seen", "CL", "likelihood", "grade"], rows
    )


def _where(item: search.Search) -> str:
    """Where a search sees decays, in one cell of a table."""
    entry = item.entry
    if entry.criterion is not None:
        return "–"
    if entry.prompt_ps is not None:
        return f"to {entry.prompt_ps.least:g} ps and more"
    if entry.shield_m is not None and entry.decay_m is not None:
        return f"{entry.shield_m:g}-{entry.shield_m + entry.decay_m:g} m"
    if entry.windows_ps is not None:
        return "six windows"
    if entry.prompt is None and entry.escape is None:
        return "anywhere"
    detector = detectors.load()[entry.prompt or entry.escape or ""]
    return f"{'to' if entry.prompt else 'behind'} {detector.path_m:g} m"


def theory_errors_table() -> str:
    """The theory errors of predictions with what they are of."""
    known = {id(error): error for error in theory_errors.load().values()}
    return _table(
        ["constraints", "error", "of", "source", "grade"],
        [
            [
                ", ".join(f"`{name}`" for name in error.constraints),
                f"{100.0 * error.relative:.2g}%",
                _escaped(error.of),
                error.source + (f" {{cite:p}}`{','.join(error.cite)}`" if error.cite else ""),
                error.grade,
            ]
            for error in known.values()
        ],
    )


def tables() -> dict[str, str]:
    """All tables by the names that the comments in the pages give them."""
    sections = dict.fromkeys(setting.section for setting in SETTINGS.values() if setting.section)
    found = {f"settings of [{section}]": settings_table(section) for section in sections}
    return found | {
        "settings at the top": settings_table(""),
        "fields": fields_table(),
        "datasets": datasets_table(),
        "neglected effects": neglected_table(),
        "models": models_table(),
        "notes on models": model_notes(),
        "searches": searches_table(),
        "theory errors of predictions": theory_errors_table(),
    }


PAGES_WITH_TABLES = (
    *("scan-file.md", "file-format.md", "neglected.md", "models.md", "constraints-direct.md"),
    "statistics.md",
)


def with_tables(text: str) -> str:
    """A page with the tables between its comments ``<!-- NAME: from the code -->`` and ``<!-- end -->`` made anew."""

    made = tables()

    def table(found: re.Match[str]) -> str:
        return f"{found[1]}\n\n{made[found[2]]}\n\n{found[3]}"

    return re.sub(r"(<!-- ([^\n]*?): from the code -->)\n.*?\n(<!-- end -->)", table, text, flags=re.DOTALL)


if __name__ == "__main__":
    for name in PAGES_WITH_TABLES:
        path = FOLDER.parent / name
        path.write_text(with_tables(path.read_text()))
