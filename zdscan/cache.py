"""Compiled kernels are kept in a folder named after their exact sources.

Numba's cache looks only at the file of a function, not at the functions it calls from other modules, and would go on
serving code compiled from an older version. The package calls `prepare` when it is imported, before any kernel is.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import tempfile
from functools import cache
from importlib.metadata import version
from pathlib import Path

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


def refuse_foreign_kernels() -> None:
    """Check that `import kernels` finds the package that belongs to this zdscan.

    Raises
    ------
    UserError
        If another package of that name hides it.
    """
    spec = importlib.util.find_spec("kernels")
    if spec is None or spec.origin is None or Path(spec.origin).resolve().parent.parent != _ROOT:
        found = "none" if spec is None else spec.origin
        raise UserError(
            f"Another package named 'kernels' is in the way (found {found}, expected {_ROOT / 'kernels'}): "
            "run zdscan from another folder or remove it from PYTHONPATH."
        )


def cache_folder() -> Path:
    """Folder of the compiled kernels: $ZDSCAN_CACHE_DIR or ~/.cache/zdscan, then one for these sources and versions."""
    base = os.environ.get("ZDSCAN_CACHE_DIR") or Path.home() / ".cache" / "zdscan"
    return Path(base) / f"{kernel_hash()[:16]}-numba{version('numba')}-numpy{version('numpy')}"


def prepare() -> Path:
    """Point Numba at that folder; where it cannot be written, at a temporary one of this process."""
    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError:
        folder = Path(tempfile.mkdtemp(prefix="zdscan-kernels-"))
    os.environ["NUMBA_CACHE_DIR"] = str(folder)
    return folder
