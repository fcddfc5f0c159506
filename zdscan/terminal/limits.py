"""What `zdscan limits` takes and prints: masses, parameters and settings as typed; limit curves as tables."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zdscan.edges.curves import LimitCurves
from zdscan.edges.limits import MOST_MASSES
from zdscan.errors import UserError, no_such
from zdscan.evaluation.settings import SETTINGS
from zdscan.physics.statistics import level_used
from zdscan.scan.overrides import apply_overrides
from zdscan.terminal.report import console, plain_table, show_lines
from zdscan.terminal.silence import silent_lines

_SHOWN = 15  # masses in the table of the strongest


def masses(text: str) -> NDArray[np.float64]:
    """Masses in GeV as typed: ``0.01:2:200`` (evenly in the logarithm, ends included), or ``0.05,0.1``.

    Raises
    ------
    UserError
        The text is neither; what numbers are allowed is checked where they are used.
    """
    try:
        if ":" not in text:
            return np.array([float(part) for part in text.split(",")])
        low, high, count = text.split(":")
        ends, n = (float(low), float(high)), int(count)
    except ValueError:
        ends, n = (math.nan, math.nan), 0
    if not (0.0 < ends[0] < ends[1] < math.inf):
        raise UserError(f"--mass {text}: write LOW:HIGH:N in GeV with LOW below HIGH, such as 0.01:2:200, or 0.05,0.1.")
    if not 2 <= n <= MOST_MASSES:
        raise UserError(f"--mass {text}: the number of masses is {n:,}; 2 to {MOST_MASSES:,} are allowed.")
    return np.geomspace(*ends, n)


def parameters(texts: Sequence[str], known: Sequence[str] | None = None) -> dict[str, float]:
    """Parameters as typed, ``name=value`` each; `known` are those of the case, where that is to be checked here.

    Raises
    ------
    UserError
        Anything else is typed, a name is given twice, or it is not known.
    """
    found: dict[str, float] = {}
    faults = []
    for text in texts:
        name, _, value = (part.strip() for part in text.partition("="))
        try:
            number = float(value)
        except ValueError:
            faults.append(f"-p {text}: write name=value, such as eps_z=1e-4.")
            continue
        if name in found:
            faults.append(f"-p {text}: {name} is given twice.")
        if known is not None and name not in known:
            faults.append(f"There is {no_such('parameter', name, known)}.")
        found[name] = number
    if faults:
        raise UserError(*faults)
    return found


def settings(texts: Sequence[str]) -> dict[str, Any]:
    """Settings as in a scan file, ``key=value`` with the key as there: name of the setting -> value."""
    document: dict[str, Any] = {}
    given = apply_overrides(document, texts)
    names = {setting.path: setting.name for setting in SETTINGS.values()}
    known = [".".join(path) for path in names]
    if faults := [
        f"--set {text}: there is {no_such('setting', '.'.join(path), known)}."
        for path, text in given.items()
        if path not in names
    ]:
        raise UserError(*faults)
    values = {}
    for path in given:
        value: Any = document
        for key in path:
            value = value[key]
        values[names[path]] = value
    return values


def show_limits(curves: LimitCurves) -> None:
    """Print limit curves: of one mass every interval, of several the strongest and a line for each constraint."""
    out = console()
    out.print(curves.title, markup=False, soft_wrap=True)
    if len(curves.mass) == 1:
        _show_one_mass(curves)
        return
    names, edge = curves.strongest
    table = plain_table("The strongest limit", "mass (GeV)", curves.along, "constraint", left=(2,))
    for i in np.unique(np.linspace(0, len(names) - 1, _SHOWN).round().astype(int)).tolist():
        table.add_row(f"{curves.mass[i]:.5g}", _edge(edge[i]), names[i] or "none")
    out.print(table)
    table = plain_table(
        "Constraints", "constraint", "lowest edge", "at (GeV)", "excludes at", "strongest at", left=(0,)
    )
    silent, lines = [], []
    for k, name in enumerate(curves.constraints):
        lowest = np.fmin.reduce(curves.lower[:, k], axis=1)
        if np.isnan(lowest).all():
            silent.append(name)
            continue
        at = int(np.nanargmin(lowest))
        count = int(np.count_nonzero(~np.isnan(lowest)))
        lines.append((float(lowest[at]), name, float(curves.mass[at]), count))
    for low, name, mass, count in sorted(lines):
        table.add_row(name, _edge(low), f"{mass:.4g}", f"{count} masses", f"{names.count(name)} masses")
    out.print(table)
    _show_silent(curves, silent)


def _show_silent(curves: LimitCurves, without: Sequence[str]) -> None:
    """Print which constraints exclude nothing, those that do not apply with the reason."""
    out = console()
    applying = [name for name in without if name not in curves.silent]
    if applying:
        out.print(f"no limit from {', '.join(applying)}", markup=False, soft_wrap=True)
    show_lines(out, silent_lines(curves.silent))


def _show_one_mass(curves: LimitCurves) -> None:
    out = console()
    table = plain_table(
        *(f"Excluded at {curves.mass[0]:g} GeV", "constraint", f"{curves.along} from", "to", "level", "CL", "grade"),
        left=(0, 3, 4, 5),
    )
    found = [
        (low, high, constraint)
        for constraint in curves.physics.constraints
        for low, high in curves.intervals(constraint.id, 0)
    ]
    for low, high, constraint in sorted(found, key=lambda item: item[:2]):
        used = level_used(constraint, curves.physics.level)
        table.add_row(constraint.id, _edge(low), _edge(high), used, constraint.cl, constraint.grade)
    out.print(table)
    silent = [name for name in curves.constraints if not curves.intervals(name, 0)]
    _show_silent(curves, silent)
    name, edge = curves.strongest
    if name[0]:
        alone = curves.intervals(name[0], 0)[-1][1] == math.inf
        others = "" if alone else ", and by others further up"
        out.print(f"everything above {edge[0]:.6g} is excluded by {name[0]}{others}", markup=False)


def _edge(value: float) -> str:
    """An edge with six digits; words where there is none."""
    if math.isinf(value):
        return "any"
    return "-" if math.isnan(value) else f"{value:.6g}"
