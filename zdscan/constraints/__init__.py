"""The constraints: one file each, found by its presence.

A constraint is a module of this folder, or, if it is a limit curve and no more, a data file
``zdscan/inputs/data/constraint_<id>.toml`` (:mod:`zdscan.physics.limit_curve`); the name of the file is the id. Recast
searches for other vectors are entries of ``zdscan/inputs/data/searches.toml`` (:mod:`zdscan.physics.search`).
"""

from __future__ import annotations

import pkgutil
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from zdscan.errors import UserError, no_such
from zdscan.inputs.files import names_of, parse_toml, read_data

if TYPE_CHECKING:
    from zdscan.physics.clause import Constraint


SEARCHES = "searches.toml"


@cache
def available() -> tuple[str, ...]:
    """Ids of all constraints, in alphabetical order; reads file names and one list."""
    return tuple(sorted((*_modules(), *_data_files(), *_searches())))


def _modules() -> list[str]:
    return [module.name for module in pkgutil.iter_modules(__path__)]


def _data_files() -> tuple[str, ...]:
    return names_of("constraint")


def _searches() -> tuple[str, ...]:
    return tuple(parse_toml(read_data(SEARCHES).decode(), SEARCHES))


@cache
def _registry() -> Mapping[str, Constraint]:
    from zdscan.physics import limit_curve, search

    modules, data_files, searches = _modules(), _data_files(), _searches()
    if twice := sorted(name for name, n in Counter([*modules, *data_files, *searches]).items() if n > 1):
        raise UserError(f"A module and a data file define the same constraint: {', '.join(twice)}. Rename one of them.")
    found = {name: import_module(f"{__name__}.{name}").CONSTRAINT for name in modules}
    for name, constraint in found.items():
        if constraint.id != name:
            raise RuntimeError(f"the constraint in {name}.py calls itself {constraint.id}")
    found |= {name: limit_curve.constraint(name) for name in data_files}
    found |= {name: search.constraint(name) for name in searches}
    return {name: found[name] for name in available()}


def select(use: str | Sequence[str], scan_format: int | None = None) -> tuple[Constraint, ...]:
    """The constraints of a scan: "all", "paper", or a list of ids in that order.

    Parameters
    ----------
    scan_format : of the scan file that says so: "all" of an early one is what there was then. None: the latest.

    Raises
    ------
    UserError
        If an id is unknown.
    """
    registry = _registry()
    if use == "all":
        return tuple(c for c in registry.values() if scan_format is None or c.first_format <= scan_format)
    if use == "paper":
        return tuple(constraint for constraint in registry.values() if constraint.in_paper)
    names = (use,) if isinstance(use, str) else tuple(use)
    if faults := [f"There is {no_such('constraint', name, registry)}." for name in names if name not in registry]:
        raise UserError(*faults)
    return tuple(registry[name] for name in names)
