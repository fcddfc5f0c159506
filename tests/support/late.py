"""Modules that take long to import, imported by the first test that looks into them and not with the tests."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from functools import cached_property
from importlib.util import find_spec
from typing import Any

import pytest


class Late:
    """Stands for what a function without arguments returns, which is called at the first look into it."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make

    @cached_property
    def _made(self) -> Any:
        return self._make()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "_mock_name":  # what pytest asks every name in a module of tests
            raise AttributeError(name)
        return getattr(self._made, name)

    def __getitem__(self, key: Any) -> Any:
        return self._made[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        self._made[key] = value

    def __contains__(self, key: Any) -> bool:
        return key in self._made

    def __iter__(self) -> Iterator[Any]:
        return iter(self._made)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._made(*args, **kwargs)


def late(module: str, name: str | None = None, needs: str = "flavio") -> Any:
    """A module, or a name in it, imported when it is used; a module of tests without what it needs is skipped."""
    if find_spec(needs) is None:
        pytest.skip(f"no {needs}", allow_module_level=True)

    def load() -> Any:
        found = importlib.import_module(module)
        return found if name is None else getattr(found, name)

    return Late(load)


def central_values() -> Any:
    """Central values of flavio's parameters, read when they are used."""
    return Late(lambda: importlib.import_module("flavio").default_parameters.get_central_all())
