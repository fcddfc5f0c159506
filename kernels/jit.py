"""The decorators of kernels: `njit` or `lean` for what Python calls, `inner` for what other kernels call.

* ``error_model="numpy"``: a division by zero gives inf or NaN as in IEEE 754; Python's check would block vectorisation.
* ``fastmath={"contract"}``: fused multiply-adds only. Reassociation would make results depend on how a grid is cut
  into blocks, and a resumed scan must give the same bytes.
* SLP vectorisation (off in Numba by default) packs the nodes of a band (kernels/tables/bands.py) into vector registers.
* ``nogil``: threads may share a process.
* `lean` is `njit` without Numba's memory management, for kernels that allocate nothing (work space comes from the
  caller or from `zdscan.kernels.stack.local`): no references are counted, a quarter to a third less to compile. Inner
  functions do as their callers.
* ``cache``: compiled code is kept only in a folder that names the exact sources (set by the caller through
  NUMBA_CACHE_DIR before import); Numba's own cache does not notice an edit in an imported module.

How to keep compiling short: docs/performance.md.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
from numba.extending import register_jitable

# where Numba was imported before NUMBA_CACHE_DIR was set
numba.config.reload_config()  # type: ignore[attr-defined, no-untyped-call]
numba.config.SLP_VECTORIZE = 1  # type: ignore[attr-defined]

Function = TypeVar("Function", bound=Callable[..., Any])
_OPTIONS: dict[str, Any] = {"error_model": "numpy", "fastmath": {"contract"}, "no_cfunc_wrapper": True}


def _compiled(function: Function, managed: bool) -> Function:
    cached = "NUMBA_CACHE_DIR" in os.environ
    return cast(Function, numba.njit(cache=cached, nogil=True, _nrt=managed, **_OPTIONS)(function))


def njit(function: Function) -> Function:
    """Compile `function` with the options every kernel shares (see the module's docstring)."""
    return _compiled(function, True)


def lean(function: Function) -> Function:
    """The same for a function that allocates nothing, nor do those that it calls."""
    return _compiled(function, False)


def inner(function: Function) -> Function:
    """Let other kernels call `function`, compiled with the same options; called from Python it runs as Python."""
    return register_jitable(**_OPTIONS)(function)  # type: ignore[no-any-return]
