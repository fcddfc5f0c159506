"""What makes a kernel of a function: the program around says so here, before the first kernel is imported.

So kernels need not know where compiled code is kept, nor what becomes of it where it cannot be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Maker = Callable[[Callable[..., Any], Mapping[str, Any], Mapping[str, object]], Any]


def _compiled_each_time(
    function: Callable[..., Any], options: Mapping[str, Any], settings: Mapping[str, object]
) -> Any:
    """Numba's dispatcher, which keeps nothing."""
    import numba

    return numba.njit(**options)(function)


_make: Maker = _compiled_each_time


def use(maker: Maker) -> None:
    """Let `maker` make all kernels that are imported from now on.

    It is called with a function, options of `numba.njit`, and settings of `numba.config` for compiling the function.
    """
    global _make
    _make = maker


def make(function: Callable[..., Any], options: Mapping[str, Any], settings: Mapping[str, object]) -> Any:
    """The kernel of a function, by the maker in use."""
    return _make(function, options, settings)
