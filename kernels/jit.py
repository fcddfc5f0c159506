"""The one decorator of every kernel.

* ``error_model="numpy"``: a division by zero gives inf or NaN as in IEEE 754; Python's check would block vectorisation.
* ``fastmath={"contract"}``: fused multiply-adds only. Reassociation would make results depend on how a grid is cut
  into blocks, and a resumed scan must give the same bytes.
* SLP vectorisation (off in Numba by default) packs the eight lines of kernels/bundle.py into vector registers.
* ``nogil``: threads may share a process.
* ``cache``: compiled code is kept only in a folder that names the exact sources (set by the caller through
  NUMBA_CACHE_DIR before import); Numba's own cache does not notice an edit in an imported module.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

numba.config.SLP_VECTORIZE = 1  # type: ignore[attr-defined]

Function = TypeVar("Function", bound=Callable[..., Any])


def njit(function: Function) -> Function:
    """Compile `function` with the options every kernel shares (see the module's docstring)."""
    compiled: Any = numba.njit(
        error_model="numpy", fastmath={"contract"}, nogil=True, cache="NUMBA_CACHE_DIR" in os.environ
    )(function)
    return cast(Function, compiled)
