"""One page for each constraint, from its own metadata: written into docs/constraint when the documentation is built."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np

from zdscan.constraints import select
from zdscan.evaluation.engine import build_physics
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
    "C": "rough, or quoted from memory",
}


def bounds(constraints: tuple[Constraint, ...]) -> np.ndarray:
    """Least excluded coupling of Case B with the others 0: float64[constraints, masses, 3]; infinite if none."""
    physics = build_physics(named_case("B"), constraints=[item.id for item in constraints])
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
        f"| unit of value and limit | {item.unit} |",
        f"| grade | {item.grade}: {GRADES[item.grade]} |",
        f"| applies | {_escaped(item.applies)} |",
        f"| sets | {'`paper` and `all`' if item.in_paper else '`all`'} |",
        f"| sources | {{cite:p}}`{','.join(item.citations)}` |",
        f"| derivation | [{derivation.partition('.')[0]}](../{derivation}) |",
        f"| defined in | `{item.file}` |",
        "",
        'Least excluded value of one coupling with the other two zero, Case B, `theory = "paper"`:',
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


def overview(constraints: tuple[Constraint, ...]) -> str:
    """The list of all constraints with links to their pages."""
    rows = [f"| [{c.id}]({c.id}.md) | {_escaped(c.title)} | {c.cl} | {c.grade} |" for c in constraints]
    entries = [c.id for c in constraints]
    return "\n".join(
        [
            "# All constraints",
            "",
            "Written from the constraints' own metadata when this documentation was built.",
            "",
            "| id | what | CL | grade |",
            "|---|---|---|---|",
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
    constraints = select("all")
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
