"""Compiled kernels are kept in a folder named after their exact sources.

Numba's cache looks only at the file of a function, not at the functions it calls from other modules, and would go on
serving code compiled from an older version. The package calls `prepare` when it is imported, before any kernel is.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import shutil
import tempfile
from functools import cache
from importlib.metadata import version
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]


@cache
def source_hash(folder: str) -> str:
    """SHA-256 over the names and contents of every Python source in a folder of the package, in order of their paths.

    Parameters
    ----------
    folder : relative to the package `zdscan`, e.g. "kernels" or "physics"; the folders inside it count as well.
    """
    root = (PACKAGE / folder).resolve()  # zdscan/kernels is a link in a checkout, a folder where installed
    found = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        found.update(path.relative_to(root).as_posix().encode())
        found.update(path.read_bytes())
    return found.hexdigest()


def _home() -> Path:
    """The user's home; for a user unknown to the system, as in some containers, a folder that cannot be written."""
    try:
        return Path.home()
    except RuntimeError:
        return Path(os.sep)


def cache_folder() -> Path:
    """Folder of the compiled kernels: $ZDSCAN_CACHE_DIR or ~/.cache/zdscan, then one for these sources and versions."""
    base = os.environ.get("ZDSCAN_CACHE_DIR") or _home() / ".cache" / "zdscan"
    return Path(base) / f"{source_hash('kernels')[:16]}-numba{version('numba')}-numpy{version('numpy')}"


def prepare() -> Path:
    """Point Numba at the folder of compiled kernels.

    Where that folder cannot be written, a temporary one serves this process alone and is removed at its end.
    """
    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError:
        folder = Path(tempfile.mkdtemp(prefix="zdscan-kernels-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ["NUMBA_CACHE_DIR"] = str(folder)
    return folder


def is_kept() -> bool:
    """Whether compiled kernels outlive this process."""
    return Path(os.environ["NUMBA_CACHE_DIR"]) == cache_folder()
