"""zdscan: scans of light vector bosons (dark photon, dark Z) against flavour and low-energy data.

The public names are those of `__all__`, and `fit`, `open_grid`, `plot` and `view` of `zdscan.analysis`; they are
described in docs/api.md. Whatever else is imported from the package may change in any release.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zdscan.compiled import cache
from zdscan.kernels import maker

__version__ = "0.2.0"
__all__ = [
    "Case",
    "LimitCurves",
    "PointResult",
    "Scan",
    "Stopped",
    "UserError",
    "__version__",
    "evaluate",
    "explore",
    "limits",
    "load_scan",
    "open_grid",
    "resume",
    "run",
]

if TYPE_CHECKING:
    from zdscan.analysis.explorer.server import explore
    from zdscan.api import open_grid, resume, run
    from zdscan.edges.curves import LimitCurves
    from zdscan.edges.limits import limits
    from zdscan.errors import Stopped, UserError
    from zdscan.physics.cases import Case
    from zdscan.point import evaluate
    from zdscan.point_result import PointResult
    from zdscan.scan.scanfile import Scan, load_scan

# A module or folder of a public name would take its place when imported: hence `point`, `grids`, `running`.
_HOMES = {
    "Case": "zdscan.physics.cases",
    "LimitCurves": "zdscan.edges.curves",
    "PointResult": "zdscan.point_result",
    "Scan": "zdscan.scan.scanfile",
    "Stopped": "zdscan.errors",
    "UserError": "zdscan.errors",
    "evaluate": "zdscan.point",
    "explore": "zdscan.analysis.explorer.server",
    "limits": "zdscan.edges.limits",
    "load_scan": "zdscan.scan.scanfile",
    "open_grid": "zdscan.api",
    "resume": "zdscan.api",
    "run": "zdscan.api",
}


def _kernel(*how: Any) -> Any:
    """A kernel whose cache may fail without harm; Numba is imported with the first one."""
    from zdscan.compiled.kernel import Kernel

    return Kernel(*how)


cache.prepare()
maker.use(_kernel)


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that the command line starts without the kernels."""
    if name not in _HOMES:
        raise AttributeError(f"module 'zdscan' has no attribute {name!r}")
    from importlib import import_module

    found = globals()[name] = getattr(import_module(_HOMES[name]), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
