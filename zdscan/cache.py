"""Compiled kernels are kept in a folder named after their exact sources.

Numba's cache looks only at the file of a function, not at the functions it calls from other modules, and would go on
serving code compiled from an older version. The package calls `prepare` when it is imported, before any kernel is.
"""

from __future__ import annotations

import atexit
import hashlib
import importlib.util
import os
import shutil
import sys
import tempfile
from functools import cache
from importlib.machinery import ModuleSpec
from importlib.metadata import version
from pathlib import Path
from typing import Any

from zdscan.errors import UserError

_ROOT = Path(__file__).resolve().parent.parent


@cache
def kernel_hash() -> str:
    """SHA-256 over the sources of every kernel, in the order of their paths."""
    digest = hashlib.sha256()
    folder = _ROOT / "kernels"
    for path in sorted(folder.rglob("*.py")):
        digest.update(str(path.relative_to(folder)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


class _OwnPackages:
    """Import hook: `kernels` and `analysis` are the packages beside this one, whatever stands in the working folder."""

    names = ("kernels", "analysis")

    @classmethod
    def find_spec(cls, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """The package beside zdscan for the two names, None for all others."""
        if name not in cls.names:
            return None
        source = _ROOT / name / "__init__.py"
        return importlib.util.spec_from_file_location(name, source, submodule_search_locations=[str(source.parent)])


def _use_own_packages() -> None:
    """Install the hook.

    Raises
    ------
    UserError
        If another package of one of the names has been imported already.
    """
    for name in _OwnPackages.names:
        present = sys.modules.get(name)
        found = getattr(present, "__file__", None) or "no file"
        if present is not None and Path(found).resolve() != _ROOT / name / "__init__.py":
            raise UserError(f"Another package named {name!r} ({found}) is loaded already; import zdscan before it.")
    if _OwnPackages not in sys.meta_path:
        sys.meta_path.insert(0, _OwnPackages)


def _home() -> Path:
    """The user's home; for a user unknown to the system, as in some containers, a folder that cannot be written."""
    try:
        return Path.home()
    except RuntimeError:
        return Path(os.sep)


def cache_folder() -> Path:
    """Folder of the compiled kernels: $ZDSCAN_CACHE_DIR or ~/.cache/zdscan, then one for these sources and versions."""
    base = os.environ.get("ZDSCAN_CACHE_DIR") or _home() / ".cache" / "zdscan"
    stock = "-stock" if "ZDSCAN_STOCK_COMPILER" in os.environ else ""  # kernels/jit.py
    return Path(base) / f"{kernel_hash()[:16]}-numba{version('numba')}-numpy{version('numpy')}{stock}"


def prepare() -> Path:
    """Make sure of the packages that belong to this zdscan, and point Numba at the folder of compiled kernels.

    Where that folder cannot be written, a temporary one serves this process alone and is removed at its end.
    """
    _use_own_packages()
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
