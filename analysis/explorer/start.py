"""Where an exploration starts: the case, settings, axes and values of a scan file, a grid file, or a case by name."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from zdscan.analysis.explorer.scales import Scale
from zdscan.errors import UserError
from zdscan.evaluation.engine import physics_of
from zdscan.evaluation.physics import Physics
from zdscan.evaluation.setting import FORMATS
from zdscan.evaluation.settings import Settings
from zdscan.grid.open import open_grid
from zdscan.grid.verify import info
from zdscan.physics.cases import COUPLINGS, Case, case_of
from zdscan.physics.clause import Constraint
from zdscan.physics.parameters import MASS_RANGE
from zdscan.scan.overrides import apply_overrides
from zdscan.scan.scanfile import Scan, load_scan, scan_of

WIDEST, NARROWEST = 1.0, 1e-8  # of a coupling where nothing says what its range is
LINEAR_BELOW = 1e-7
FIRST_CHOICE = ("g_mu", "g", "eps")  # along y, of a case without axes
MIXING_AT = -2e-4  # eps_z of a case with g_mu: with it the rows have a region, without it they feel nothing


@dataclass(frozen=True)
class Start:
    """What the explorer begins with.

    Attributes
    ----------
    case : the coupling matrix.
    document : what a scan file says of it and of the user's own constraints; `scan_format` is its format.
    settings, own : the settings, and the user's own constraints.
    folder, files : where files are that the document names, and their texts where they are known.
    scales : of mass and of every parameter of the case, by name.
    x, y : along the sides.
    held : values of all quantities.
    reference : the lowest chi2 of a grid; None without one.
    best : where that is.
    title : what was opened.
    notes : sentences about it.
    """

    case: Case
    document: Mapping[str, Any]
    scan_format: int
    settings: Settings
    scales: Mapping[str, Scale]
    x: str
    y: str
    held: Mapping[str, float]
    title: str
    own: tuple[Constraint, ...] = ()
    files: Mapping[str, str] | None = None
    folder: Path = Path()
    reference: float | None = None
    best: Mapping[str, float] | None = None
    notes: tuple[str, ...] = field(default=())

    def physics(self, settings: Settings | None = None) -> Physics:
        """The physics of the case, with other settings where they are given. Raises `UserError` if they do not fit."""
        return physics_of(self.case, settings or self.settings, self.scan_format, self.own, self.files)

    @property
    def names(self) -> tuple[str, ...]:
        """Mass and the parameters on which something depends."""
        return tuple(self.scales)


def start_of(source: str | Path | Scan | None = None, case: str | Case | None = None, **settings: Any) -> Start:
    """Where to start.

    Parameters
    ----------
    source : a scan, the name of a scan file, or that of a grid file, which ends in .h5 or .hdf5.
    case : the name of a case, instead of a source; Case C where neither is given.
    settings : of `zdscan.evaluate`, for a case by name.

    Raises
    ------
    UserError
        There is no such file or case, it has faults, or both are given.
    """
    if source is not None and case is not None:
        raise UserError("Give a scan file, a grid file or a case, not two of them.")
    if source is None:
        return of_case("C" if case is None else case, **settings)
    if settings:
        raise UserError(f"{source} has its own settings; {', '.join(settings)} can be given with a case alone.")
    if isinstance(source, Scan):
        return of_scan(source)
    path = Path(source)
    return of_grid(path) if path.suffix.lower() in (".h5", ".hdf5") else of_scan(load_scan(path))


def of_case(case: str | Case, **settings: Any) -> Start:
    """A case by name, with ranges that are usual for its parameters."""
    chosen = case_of(case)
    names = _used(chosen)
    scales = {"mass": Scale("log", *MASS_RANGE)}
    for name in names:
        low, high = max(chosen.parameters[name].low, -WIDEST), min(chosen.parameters[name].high, WIDEST)
        scales[name] = Scale("symlog", low, high, LINEAR_BELOW)
    y = next((name for name in FIRST_CHOICE if name in names), names[0])
    scales[y] = Scale("log", NARROWEST, scales[y].high) if scales[y].high > NARROWEST else scales[y]
    held = {"mass": 0.1} | dict.fromkeys(names, 0.0) | {y: 1e-4}
    if y == "g_mu" and "eps_z" in names:
        held["eps_z"] = MIXING_AT
    document: dict[str, Any] = {"format": FORMATS[-1], "case": case if isinstance(case, str) else _table(chosen)}
    start = Start(
        case=chosen,
        document=document,
        scan_format=FORMATS[-1],
        settings=Settings.of(**settings),
        scales=scales,
        x="mass",
        y=y,
        held=held,
        title=f"Case {chosen.name}" + (f": {chosen.title}" if chosen.title and chosen.title != chosen.name else ""),
    )
    start.physics()  # settings that do not fit the case are told now
    return start


def of_scan(scan: Scan) -> Start:
    """The axes and settings of a scan; along the sides lie its mass and its longest other axis."""
    case = scan.coupling_case
    names = [name for name in ("mass", *_used(case)) if name in scan.axes]
    usual = of_case(case).scales
    scales, held = {}, {}
    for name in names:
        values = scan.axes[name]
        scales[name] = Scale.of(values) if values.size > 1 else _around(usual[name], float(values[0]))
        held[name] = float(values[len(values) // 2])
    longest = sorted(names, key=lambda name: -scan.axes[name].size)
    ranges = [name for name in FIRST_CHOICE if name in names and scan.axes[name].size > 1]
    y = next(iter([*ranges, *(name for name in longest if name != "mass")]), "mass")
    x = "mass" if scan.axes["mass"].size > 1 else next((name for name in longest if name not in (y, "mass")), "mass")
    raw = tomllib.loads(scan.text.replace("\r\n", "\n"))
    apply_overrides(raw, scan.overrides)
    return Start(
        case=case,
        document={key: raw[key] for key in ("format", "case", "constraints") if key in raw},
        scan_format=scan.format,
        settings=scan.settings,
        scales=scales,
        x=x,
        y=y,
        held=held,
        title=f"{Path(scan.source).name}: Case {case.name}",
        own=scan.own,
        files=scan.files,
        folder=Path(scan.source).parent,
    )


def of_grid(path: Path) -> Start:
    """The axes, settings and best fit of a grid file, and what is stale or unfinished about it in sentences."""
    file = open_grid(path)
    found = of_scan(scan_of(file))
    notes = []
    if not file.complete:
        notes.append(f"{path.name} is unfinished; planes are computed here, so none of them is incomplete.")
    identity = found.physics().identity
    differing = [name for name in sorted({*file.identity, *identity}) if file.identity.get(name) != identity.get(name)]
    if differing:
        notes.append(
            f"{path.name} was made by other code or data than this zdscan ({', '.join(differing[:3])}"
            f"{', ...' if len(differing) > 3 else ''}): its best fit is as stored, all else is computed anew."
        )
    best, reference, held = None, None, dict(found.held)
    try:
        lowest = info(path).best
    except UserError as error:
        notes += error.messages
        lowest = None
    if lowest is not None:
        best = {name: float(lowest.position[name]) for name in found.scales}
        reference = float(lowest.chi2)
        held |= best
    return dataclasses.replace(
        found,
        title=f"{path.name}: Case {found.case.name}",
        held=held,
        best=best,
        reference=reference,
        notes=tuple(notes),
        folder=path.parent,
    )


def _used(case: Case) -> list[str]:
    """The parameters on which some coupling depends."""
    return [name for k, name in enumerate(case.parameters.used) if np.any(case.matrix[:, k]) or case.loop]


def _around(usual: Scale, value: float) -> Scale:
    """The usual scale of a quantity, widened to hold a value."""
    low, high = min(usual.low, value), max(usual.high, value)
    if usual.kind == "log" and value <= 0.0:
        return Scale("symlog", min(value, -usual.high), usual.high, LINEAR_BELOW)
    return dataclasses.replace(usual, low=low, high=high)


def _table(case: Case) -> dict[str, Any]:
    """A case without a name of its own as the table of a scan file."""
    couplings = {
        coupling: {name: float(number) for name, number in zip(case.parameters.used, row, strict=False) if number}
        for coupling, row in zip(COUPLINGS, np.asarray(case.matrix), strict=True)
    }
    return {
        "name": case.name,
        "parameters": list(case.parameters.used),
        "couplings": {name: row for name, row in couplings.items() if row},
    }
