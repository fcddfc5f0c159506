"""What ``zdscan cases`` prints: couplings as formulas, what breaks the currents, and the named models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console

from zdscan.physics.cases import COUPLINGS, Case
from zdscan.physics.currents import currents, resolved
from zdscan.terminal.report import console, plain_table, show_currents, show_lines


def show_cases(cases: Mapping[str, Case], models: Mapping[str, Case]) -> None:
    """Print every coupling of the built-in cases as a formula, what breaks their currents, and the named models."""
    out = console()
    for name, case in cases.items():
        out.print(f"Case {name}: {case.title}")
    table = plain_table("Couplings, L = Z_D fbar gamma (v - a gamma5) f", "coupling", *cases)
    for index, coupling in enumerate(COUPLINGS):
        table.add_row(coupling, *(formula(case.matrix[index], case.parameters.names) for case in cases.values()))
    out.print(table)
    for name, case in cases.items():
        _show_case_currents(out, case, f"Currents of Case {name}")
    table = plain_table("Models", "case", "what", "parameters", "anomaly", "current", left=(0, 1, 2, 3, 4))
    for name, case in models.items():
        table.add_row(name, case.title, ", ".join(case.parameters.used), *case.verdict())
    out.print(table)
    out.print("One of them, or a case of your own: `zdscan cases NAME`, `zdscan cases ./mine.toml`; docs/models.md.")


def show_case(name: str, case: Case) -> None:
    """Print one case: parameters with ranges, couplings, what breaks its currents, and what else there is to know."""
    out = console()
    out.print(f"Case {name}: {case.title}", markup=False)
    table = plain_table("Parameters", "name", "what", "from", "to", left=(0, 1))
    for item in case.parameters.declared:
        table.add_row(item.name, item.title, f"{item.low:g}", f"{item.high:g}")
    out.print(table)
    table = plain_table("Couplings, L = Z_D fbar gamma (v - a gamma5) f", "coupling", name)
    for coupling, row in zip(COUPLINGS, case.matrix, strict=True):
        table.add_row(coupling, formula(row, case.parameters.names))
    out.print(table)
    _show_case_currents(out, case, "Currents")
    switches = [
        *(["kinetic mixing from loops of leptons is added, which depends on the mass"] if case.loop else []),
        *(["right-handed neutrinos double the width into neutrinos"] if case.light_neutrinos else []),
    ]
    show_lines(out, [*(f"{text[0].upper()}{text[1:]}." for text in switches), *([case.note] if case.note else [])])


def _show_case_currents(out: Console, case: Case, title: str) -> None:
    setting = resolved("auto", case.matrix)
    found = currents(case.matrix, case.parameters.names)
    show_currents(out, [current.to_dict(setting) for current in found], title)


def formula(coefficients: Sequence[float], names: Sequence[str]) -> str:
    """``-0.3028 eps - 0.01391 eps_z + g_mu``; ``0`` where all coefficients vanish."""
    text = ""
    for value, name in zip(coefficients, names, strict=True):
        if value == 0.0:
            continue
        size = "" if abs(value) == 1.0 else f"{abs(value):.4g} "
        sign = ("-" if value < 0 else "") if not text else (" - " if value < 0 else " + ")
        text += f"{sign}{size}{name}"
    return text or "0"
