"""What a publication that uses a grid should cite, as BibTeX: from the settings and constraints stored in the file."""

from __future__ import annotations

from collections.abc import Iterable

from zdscan.constraints import select
from zdscan.errors import UserError
from zdscan.grid.open import GridFile
from zdscan.inputs import constants, hadronic, measurements
from zdscan.inputs.measurements import MeasurementSet
from zdscan.inputs.references import FILE, entries
from zdscan.physics.clause import Constraint
from zdscan.scan.scanfile import scan_of

PAPER = "Rashed:2024"
FLAVIO = "Straub:2018kue"
Uses = dict[str, list[str]]


def uses(grid: GridFile) -> Uses:
    """Citation key -> what the run used it for, in the order: model, tables, measurements, constraints, constants.

    Raises
    ------
    UserError
        The file names a measurement set, a set of limits or a constraint that this zdscan does not know.
    """
    found: Uses = {}

    def add(keys: Iterable[str], purpose: str) -> None:
        for key in keys:
            purposes = found.setdefault(key, [])
            if purpose not in purposes:
                purposes.append(purpose)

    stored = grid.attributes
    add([PAPER], f"the model and its cases ({stored['case_title']})")
    add([FLAVIO], f"Standard Model tables, made with flavio {stored['flavio_version']}")
    add(hadronic.citations(str(stored["theory"])), "hadronic width")
    data = _measurements(grid)
    for row, keys in zip(data.ids, data.citations, strict=True):
        add(keys, f"measurement {row}")
    for constraint in _constraints(grid):
        add(constraint.citations, f"constraint {constraint.id}")
    add(constants.load().entries["GF"].cite, "constants")
    return found


def _measurements(grid: GridFile) -> MeasurementSet:
    """The rows of a run, the user's own from the file alone."""
    if grid.files or "replaced_rows" in grid.attributes:
        scan = scan_of(grid)
        return measurements.load(scan.settings.measurements, scan.files, scan.settings.replace)
    return measurements.load(tuple(str(grid.attributes["measurements"]).split()))


def _constraints(grid: GridFile) -> tuple[Constraint, ...]:
    """The constraints of a run, the user's own from the file alone."""
    own = scan_of(grid).own if grid.files else ()
    return select(str(grid.attributes["constraints"]).split(), own=own, limits=str(grid.attributes["limits"]))


def bibtex(grid: GridFile) -> str:
    """The entries of `uses`, each under a comment that says what it was used for.

    Raises
    ------
    UserError
        As `uses`, or if the bibliography lacks an entry.
    """
    used = uses(grid)
    own = {key: entry for constraint in _constraints(grid) for key, entry in constraint.references.items()}
    known = {**own, **_measurements(grid).references, **entries()}
    if missing := [key for key in used if key not in known]:
        raise UserError(f"{FILE} has no entry for {', '.join(missing)}: install zdscan again.")
    stored = grid.attributes
    about = f"case {stored['case']}, theory {stored['theory']}, limits {stored['limits']}"
    head = f"% {grid.path.name}: {about}, {len(used)} references"
    blocks = [f"% {'; '.join(_short(purposes))}\n{known[key]}" for key, purposes in used.items()]
    return "\n\n".join([head, *blocks]) + "\n"


def _short(purposes: list[str]) -> list[str]:
    """Purposes of one kind together: "measurement a, b"."""
    kinds: dict[str, list[str]] = {}
    for purpose in purposes:
        kind, _, name = purpose.partition(" ")
        kinds.setdefault(kind if kind in ("measurement", "constraint") else purpose, []).append(name)
    return [
        f"{kind} {', '.join(names)}" if kind in ("measurement", "constraint") else kind for kind, names in kinds.items()
    ]
