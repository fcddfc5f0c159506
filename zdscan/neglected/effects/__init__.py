"""The effects: one module each with one `EFFECT`; the name of the file is the id."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zdscan.neglected.effect import Effect


@cache
def available() -> Mapping[str, Effect]:
    """All effects by id, in alphabetical order."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    found: dict[str, Effect] = {name: import_module(f"{__name__}.{name}").EFFECT for name in names}
    for name, effect in found.items():
        if effect.id != name:
            raise RuntimeError(f"the effect in {name}.py calls itself {effect.id}")
    return found
