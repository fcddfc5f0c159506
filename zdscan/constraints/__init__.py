"""The constraints: one module each, found by its presence in this folder."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from zdscan.errors import UserError, no_such

if TYPE_CHECKING:
    from zdscan.physics.clause import Constraint


@cache
def available() -> tuple[str, ...]:
    """Ids of all constraints, in alphabetical order; reads file names only."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


@cache
def _registry() -> Mapping[str, Constraint]:
    found = {name: import_module(f"{__name__}.{name}").CONSTRAINT for name in available()}
    for name, constraint in found.items():
        if constraint.id != name:
            raise RuntimeError(f"the constraint in {name}.py calls itself {constraint.id}")
    return found


def select(use: str | Sequence[str]) -> tuple[Constraint, ...]:
    """The constraints of a scan: "all", "paper", or a list of ids in that order.

    Raises
    ------
    UserError
        If an id is unknown.
    """
    registry = _registry()
    if use == "all":
        return tuple(registry.values())
    if use == "paper":
        return tuple(constraint for constraint in registry.values() if constraint.in_paper)
    names = (use,) if isinstance(use, str) else tuple(use)
    if faults := [f"There is {no_such('constraint', name, registry)}." for name in names if name not in registry]:
        raise UserError(*faults)
    return tuple(registry[name] for name in names)
