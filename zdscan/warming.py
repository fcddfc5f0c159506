"""Compiling the kernels by two processes at once, where nothing is in the cache yet.

Numba compiles one function at a time in a process. The kernel of grids is about as much work as all others, so a second
process takes it and leaves it in the cache, where this one finds it.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator

from zdscan import cache, mpi

# of one point, by which everything that a scan needs can be compiled
SCAN = """
format = 1
case = "C"
[axes]
mass = { values = [0.1] }
eps = { values = [1e-4] }
eps_z = { values = [1e-4] }
g_mu = { values = [1e-3] }
"""


class Helper:
    """The second process, or the lack of one."""

    def __init__(self, process: subprocess.Popen[bytes] | None) -> None:
        self._process = process

    def wait(self) -> None:
        """Return when it has ended; a failure costs time only, this process then compiles the rest itself."""
        if self._process is not None:
            self._process.wait()


@contextlib.contextmanager
def helper(mask: str) -> Iterator[Helper]:
    """A second process that compiles the kernel of grids with this type of `excluded`, if there is work for it.

    None is started where the cache has them or is not kept, on a single core, and under a launcher, whose processes
    have turns of their own.
    """
    process = None
    if _wanted():
        code = f"from zdscan.warming import compile_grid; compile_grid({mask!r})"
        with contextlib.suppress(OSError):
            process = subprocess.Popen(
                [sys.executable, "-c", code],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                start_new_session=True,  # a Ctrl-C is this process's to answer
            )
    try:
        yield Helper(process)
    finally:
        if process is not None:
            process.kill()  # at work still only where this one fails or is stopped
            process.wait()


def compile_grid(mask: str) -> None:
    """Compile `kernels.grid.evaluate_grid` into the cache. Run by `helper`."""
    import numpy as np

    from kernels.grid import evaluate_grid, work_space
    from zdscan.engine import build_physics
    from zdscan.model import CASES

    physics, one = build_physics(CASES["C"], constraints=()), np.ones(1)
    axes, (chi2, excluded, lost) = (one, one, one), (np.empty(1, kind) for kind in (np.float32, mask, np.uint8))
    # A slice of zeros has no constraint that applies and no row that the vector touches: only types matter here.
    prepared = physics.workspace(np.zeros(physics.slice_size), axes).parts[0][0]
    evaluate_grid(prepared, *axes, 0, 1, 0.0, chi2, excluded, lost, *work_space(prepared))


def _wanted() -> bool:
    if mpi.cores() < 2 or not cache.is_kept() or mpi.launched_processes() is not None:
        return False
    return next(cache.cache_folder().rglob("grid.evaluate_grid-*.nbi"), None) is None
