"""The decorators of kernels: `njit` for what Python calls, `inner` for what other kernels call.

`exact` and `exact_inner` are the same without contraction: what they compute has every rounding of the NumPy they
follow, so that it is the same number to the last bit.

* ``error_model="numpy"``: a division by zero gives inf or NaN as in IEEE 754; Python's check would block vectorisation.
* ``fastmath={"contract"}``: fused multiply-adds only. Reassociation would make results depend on how a grid is cut
  into blocks, and a resumed scan must give the same bytes.
* SLP vectorisation (off in Numba by default) packs the nodes of a band (kernels/tables/bands.py) into vector registers.
* ``nogil``: threads may share a process.
* Compiled code is kept where the program around keeps it (kernels/maker.py), in a folder that names the exact sources:
  Numba's own cache does not notice an edit in an imported module.

Kernels allocate nothing: work space comes from the caller or from `zdscan.kernels.stack.local`. They raise nothing,
for a call that fails is taken for trouble with the cache and made again. How to keep compiling short:
docs/performance.md.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
from numba.extending import register_jitable

from zdscan.kernels import maker

Function = TypeVar("Function", bound=Callable[..., Any])
_EXACT: dict[str, Any] = {"error_model": "numpy", "no_cfunc_wrapper": True}
_OPTIONS: dict[str, Any] = {**_EXACT, "fastmath": {"contract"}}
_SETTINGS: dict[str, object] = {"SLP_VECTORIZE": 1}  # of Numba, while a kernel is compiled


def njit(function: Function) -> Function:
    """Compile `function` with the options every kernel shares (see the module's docstring)."""
    return _made(function, _OPTIONS)


def exact(function: Function) -> Function:
    """As `njit`, without fused multiply-adds."""
    return _made(function, _EXACT)


def _made(function: Function, options: dict[str, Any]) -> Function:
    if numba.config.DISABLE_JIT:  # type: ignore[attr-defined]
        return function
    return cast(Function, maker.make(function, {"nogil": True, **options}, _SETTINGS))


def inner(function: Function) -> Function:
    """Let other kernels call `function`, compiled with the same options; called from Python it runs as Python."""
    return register_jitable(**_OPTIONS)(function)  # type: ignore[no-any-return]


def exact_inner(function: Function) -> Function:
    """As `inner`, without fused multiply-adds."""
    return register_jitable(**_EXACT)(function)  # type: ignore[no-any-return]
