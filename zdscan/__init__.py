"""zdscan: scans of light vector bosons (dark photon, dark Z) against flavour and low-energy data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zdscan.compiled import cache

__version__ = "0.1.0"
__all__ = ["PointResult", "__version__", "evaluate"]

if TYPE_CHECKING:
    from zdscan.point import PointResult, evaluate


cache.prepare()


def __getattr__(name: str) -> Any:
    """Import `evaluate` when it is first used, so that the command line starts without the kernels.

    Its module is called `point`: a module called `evaluate` would take the place of the function when imported.
    """
    if name not in ("PointResult", "evaluate"):
        raise AttributeError(f"module 'zdscan' has no attribute {name!r}")
    from importlib import import_module

    module = import_module("zdscan.point")
    globals()["evaluate"], globals()["PointResult"] = module.evaluate, module.PointResult
    return globals()[name]
