"""Long lists of parameters, of which the default suite takes some and the slow suite the others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def every(step: int, values: Iterable[Any]) -> list[Any]:
    """All the values, of which one in `step` belongs to the default suite, the first included."""
    return [value if k % step == 0 else _slow(value) for k, value in enumerate(values)]


def only(first: Iterable[Any], others: Iterable[Any]) -> list[Any]:
    """The values `first`, and those of `others` that are not among them in the slow suite."""
    quick = list(first)
    return [*quick, *(_slow(value) for value in others if value not in quick)]


def _slow(value: Any) -> Any:
    values = value if isinstance(value, tuple) else (value,)
    return pytest.param(*values, marks=pytest.mark.slow)
