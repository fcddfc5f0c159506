"""The constraints: one file each, found by its presence, and the sets and sums of them that a scan can name.

A constraint is a module of this folder, or, if it is a limit curve and no more, a data file
``zdscan/inputs/data/constraint_<id>.toml`` (:mod:`zdscan.physics.limit_curve`); the name of the file is the id. Recast
searches for other vectors are entries of ``zdscan/inputs/data/searches.toml`` (:mod:`zdscan.physics.search`).
Installed packages add constraints by entry points of the group ``zdscan.constraints``; they are in no set but
``packages``, so that a scan file means the same on every machine.
"""

from __future__ import annotations

import pkgutil
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from zdscan.errors import UserError, no_such

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from zdscan.inputs.limit_sets import Change
    from zdscan.physics.clause import Constraint

ENTRY_POINTS = "zdscan.constraints"
GROUPS = ("flavour", "low-energy", "direct")  # every constraint of zdscan is in one
SETS = ("all", "paper", *GROUPS, "tension", "packages")  # what stands for many constraints at once
SEARCHES = "searches.toml"
_ID = re.compile(r"[A-Za-z][A-Za-z0-9_.]*")


@cache
def available() -> tuple[str, ...]:
    """Ids of the constraints of zdscan, in alphabetical order; reads file names and one list."""
    return tuple(sorted((*_modules(), *_data_files(), *_searches())))


@cache
def installed() -> tuple[str, ...]:
    """Ids of the constraints of other packages, in alphabetical order; reads their names only."""
    return tuple(sorted({point.name for point in _entry_points()} - {*available()}))


def _entry_points() -> Sequence[EntryPoint]:
    from importlib.metadata import entry_points  # late: it takes longer than the rest of this module

    return tuple(entry_points(group=ENTRY_POINTS))


def _modules() -> list[str]:
    return [module.name for module in pkgutil.iter_modules(__path__)]


def _data_files() -> tuple[str, ...]:
    from zdscan.inputs.files import names_of

    return names_of("constraint")


def _searches() -> tuple[str, ...]:
    from zdscan.inputs.files import parse_toml, read_data

    return tuple(parse_toml(read_data(SEARCHES).decode(), SEARCHES))


@cache
def _changes(limits: str) -> Mapping[str, Change]:
    """What a set of limits says of constraints, by their ids."""
    from zdscan.inputs import limit_sets

    found = limit_sets.load(limits).changes
    if unknown := [name for name in found if name not in available()]:
        raise UserError(f"The set of limits {limits!r} is of {no_such('constraint', unknown[0], available())}.")
    return found


def _changed(constraint: Constraint, change: Change) -> Constraint:
    from zdscan.physics import limit_curve

    if change.curve is not None:
        made = limit_curve.of_table(constraint.id, change.curve)
        kept = ("in_paper", "first_format", "group", "same_data", "tension")
        return replace(made, **{name: getattr(constraint, name) for name in kept})
    return replace(
        constraint,
        citations=tuple(change.cite) if change.cite else constraint.citations,
        cl=change.cl or constraint.cl,
        grade=change.grade or constraint.grade,
        likelihood=change.likelihood or constraint.likelihood,
        because=change.because or constraint.because,
    )


@cache
def _all_but_searches() -> Mapping[str, Constraint]:
    """The constraints that stand in modules and data files of their own.

    Those of early scan files and of the paper are among them: reading thirty searches takes a tenth of a second, which
    a scan without them does not wait for.
    """
    from zdscan.physics import limit_curve

    modules, data_files, searches = _modules(), _data_files(), _searches()
    if twice := sorted(name for name, n in Counter([*modules, *data_files, *searches]).items() if n > 1):
        raise UserError(f"A module and a data file define the same constraint: {', '.join(twice)}. Rename one of them.")
    found = {name: import_module(f"{__name__}.{name}").CONSTRAINT for name in modules}
    for name, constraint in found.items():
        if constraint.id != name:
            raise RuntimeError(f"the constraint in {name}.py calls itself {constraint.id}")
    return found | {name: limit_curve.constraint(name) for name in data_files}


@cache
def _registry() -> Mapping[str, Constraint]:
    from zdscan.physics import search

    found = {**_all_but_searches(), **{name: search.constraint(name) for name in _searches()}}
    return {name: found[name] for name in available()}


@cache
def _of_package(name: str) -> Constraint:
    """The constraint of another package, with what tells it from one of the same name: its version and source."""
    from zdscan.physics.clause import Constraint, of_package

    point = next(point for point in _entry_points() if point.name == name)
    origin = "a package" if point.dist is None else f"{point.dist.name} {point.dist.version}"
    try:
        found = point.load()
    except Exception as error:  # whatever another package does
        raise UserError(f"The constraint {name} of {origin} cannot be loaded: {error}.") from error
    if not isinstance(found, Constraint) or found.id != name:
        told = f"a constraint called {found.id!r}" if isinstance(found, Constraint) else repr(found)
        raise UserError(f"The entry point {name} of {origin} must be the Constraint with this id, not {told}.")
    return of_package(found, origin)


def select(
    use: str | Sequence[str],
    scan_format: int | None = None,
    own: Sequence[Constraint] = (),
    limits: str | None = None,
) -> tuple[Constraint, ...]:
    """The constraints of a scan: a set (`SETS`), an id, or a list of both in which "-" takes away.

    A list is read from its beginning: ``["all", "-a_mu", "mine"]``. What it names is in the order of the list, what a
    set adds in alphabetical order, and the user's own come last where the list does not name them.

    Parameters
    ----------
    scan_format : of the scan file that says so: "all" of an early one is what there was then. None: the latest.
    own : constraints of the user.
    limits : the set of limits whose numbers, sources and grades they have (zdscan/inputs/limit_sets.py). None: the
        newest.

    Raises
    ------
    UserError
        An id is unknown, an own constraint has the id of another, or there is nothing to take away.
    """
    of_user = {constraint.id: constraint for constraint in own}
    if faults := [*own_faults(own), *faults_of(use, of_user)]:
        raise UserError(*(f"{fault[0].upper()}{fault[1:]}." for fault in faults))
    items = (use,) if isinstance(use, str) else tuple(use)
    chosen: dict[str, None] = {}
    removed: set[str] = set()
    for item in items:
        name = item.removeprefix("-")
        members = _members(name, scan_format) if name in SETS else (name,)
        if item.startswith("-"):
            removed |= {*members}
            chosen = {kept: None for kept in chosen if kept not in members}
        else:
            chosen |= dict.fromkeys(members)
    chosen |= dict.fromkeys(name for name in of_user if name not in removed)
    numbers = limits or _newest_limits()
    return tuple(of_user.get(name) or _built_in(name, numbers) or _of_package(name) for name in chosen)


def _newest_limits() -> str:
    from zdscan.inputs.limit_sets import NEWEST

    return NEWEST


def _members(name: str, scan_format: int | None) -> tuple[str, ...]:
    """Ids of the constraints of a set."""
    if name == "packages":
        return installed()
    if name == "paper":
        return tuple(id_ for id_ in available() if (item := _all_but_searches().get(id_)) and item.in_paper)
    from zdscan.physics.search import FIRST_FORMAT

    early = scan_format is not None and scan_format < FIRST_FORMAT
    registry = _all_but_searches() if early else _registry()
    known = [registry[id_] for id_ in available() if id_ in registry]
    known = [item for item in known if scan_format is None or item.first_format <= scan_format]
    ids = {item.id for item in known}
    if name == "tension":
        return tuple(item.id for item in known if item.tension)
    return tuple(item.id for item in known if name in ("all", item.group) and item.replaced_by not in ids)


@cache
def _built_in(name: str, limits: str) -> Constraint | None:
    """The constraint of zdscan with this id, with the numbers, sources and grade of a set of limits."""
    if name not in available():
        return None
    found = _all_but_searches().get(name) or _registry()[name]
    change = _changes(limits).get(name)
    return found if change is None else _changed(found, change)


def _is_known(constraint: Constraint) -> bool:
    """Whether it is the constraint of zdscan, with some set of limits, or of a package with its id."""
    from zdscan.inputs import limit_sets  # late: what declares settings reads names alone

    name = constraint.id
    if name in installed():
        return constraint is _of_package(name)
    return any(constraint is _built_in(name, limits) for limits in limit_sets.available())


def faults_of(use: str | Sequence[str], own: Collection[str] = ()) -> list[str]:
    """What is wrong with a choice of constraints, in clauses; reads names only."""
    known = {*available(), *installed(), *own}
    faults, before = [], False
    for item in (use,) if isinstance(use, str) else tuple(use):
        name = item.removeprefix("-")
        if name not in known and name not in SETS:
            faults.append(f"there is {no_such('constraint', name, (*SETS, *sorted(known)))}")
        elif item.startswith("-") and not before:
            faults.append(f"{item!r} comes first, so there is nothing to take away; write 'all' before it")
        before = True
    return faults


def own_faults(own: Sequence[Constraint]) -> list[str]:
    """Why constraints of the user cannot be told from one another or from others, in clauses."""
    faults, known = [], {*available(), *installed(), *SETS}
    for number, constraint in enumerate(own):
        if not _ID.fullmatch(constraint.id):
            faults.append(
                f"the id {constraint.id!r} of an own constraint must be letters, digits, _ and ., a letter first"
            )
        elif constraint.id in known and not _is_known(constraint):
            faults.append(f"the id {constraint.id!r} of an own constraint is taken; choose another")
        elif constraint.id in [other.id for other in own[:number]]:
            faults.append(f"two own constraints have the id {constraint.id!r}; choose another for one of them")
    return faults


def separated(use: str | Sequence[str | Constraint]) -> tuple[str | tuple[str, ...], tuple[Constraint, ...]]:
    """Names, and the constraints that were given themselves, whose ids stand in their place."""
    if isinstance(use, str):
        return use, ()
    own = tuple(item for item in use if not isinstance(item, str))
    return tuple(item if isinstance(item, str) else item.id for item in use), own
