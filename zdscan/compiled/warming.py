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

from zdscan.compiled import cache
from zdscan.ranks import launcher


class Helper:
    """The second process, or the lack of one."""

    def __init__(self, process: subprocess.Popen[bytes] | None) -> None:
        self._process = process

    def wait(self) -> None:
        """Return when it has ended; a failure costs time only, this process then compiles the rest itself."""
        if self._process is not None:
            self._process.wait()


@contextlib.contextmanager
def helper(code: str, kernel: str) -> Iterator[Helper]:
    """A second process that runs Python `code`, which compiles a kernel into the cache, if there is work for it.

    None is started where the cache has the kernel or is not kept, on a single core, and under a launcher, whose
    processes have turns of their own.

    Parameters
    ----------
    kernel : module and name of the function as Numba's cache files spell them, e.g. "evaluate.evaluate_grid".
    """
    process = None
    if _wanted(kernel):
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


def _wanted(kernel: str) -> bool:
    if launcher.cores() < 2 or not cache.is_kept() or launcher.launched_processes() is not None:
        return False
    folder = cache.folder()
    return folder is not None and next(folder.rglob(f"{kernel}-*.nbi"), None) is None
