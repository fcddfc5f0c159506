"""Compiled kernels are kept in a folder named after their exact sources.

Numba's cache looks only at the file of a function, not at the functions it calls from other modules, and would go on
serving code compiled from an older version. The package calls `prepare` when it is imported, before any kernel is.
"""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from functools import cache
from importlib.metadata import version
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
PROBE_BYTES = 2**16
_COPY, _COPIED = "-copy", "copied"  # end of the name of a copy, and the file in it that says that it is whole
# Numba's variables that change the code it makes, beside those that are part of its own keys (processor, features).
_CODE_SETTINGS = tuple(
    f"NUMBA_{name}"
    for name in (
        *("OPT", "LOOP_VECTORIZE", "ENABLE_AVX", "DISABLE_INTEL_SVML", "BOUNDSCHECK", "DEBUGINFO"),
        "LLVM_REFPRUNE_PASS",
    )
)

_folder: Path | None = None


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
    named = os.environ.get("ZDSCAN_CACHE_DIR")
    base = Path(named).expanduser() if named else _home() / ".cache" / "zdscan"
    return base / f"{source_hash('kernels')[:16]}-numba{version('numba')}-numpy{version('numpy')}{_changed_code()}"


def _changed_code() -> str:
    """A mark of those settings of Numba in the environment by which it makes other code of the same sources."""
    found = sorted(f"{name}={os.environ[name]}" for name in _CODE_SETTINGS if name in os.environ)
    return f"-{hashlib.sha256(';'.join(found).encode()).hexdigest()[:8]}" if found else ""


def prepare() -> Path | None:
    """Choose the folder of compiled kernels for this process.

    Where `cache_folder` cannot be written, a folder of this user on this machine serves, with links to what is kept
    there: kernels compiled beforehand are used, and what is missing is compiled once by all processes of a machine.
    Where that cannot be had either, a temporary folder serves this process alone; None where there is no place at all.
    """
    global _folder
    wanted = cache_folder()
    if _can_be_written(wanted):
        _folder = wanted
        return _folder
    for place in _temporary_places():
        folder = place / f"zdscan-{os.getuid()}" / wanted.name
        if _is_own(folder) and _can_be_written(folder):
            _link(wanted, folder)
            _folder = folder
            return _folder
    try:
        _folder = Path(tempfile.mkdtemp(prefix="zdscan-kernels-"))
    except OSError:
        _folder = None
    else:
        atexit.register(shutil.rmtree, _folder, ignore_errors=True)
        _link(wanted, _folder)
    return _folder


def copy_to_machine() -> None:
    """Copy the kernels to a place of this machine, from which its other processes load them after `use_copy`.

    A disk that many machines share would otherwise be asked for them by every process. Where nothing can be copied,
    `use_copy` changes nothing.
    """
    if _folder is None or _folder != cache_folder():  # it is on this machine already
        return
    for place in _temporary_places():
        copy = _copy_in(place)
        if not (_is_own(copy) and _can_be_written(copy)):
            continue
        with contextlib.suppress(OSError):
            # code before the index that names it, checksums of both last: who reads meanwhile compiles at worst
            order = (".nbc", ".nbi", ".json")
            files = (path for path in _folder.rglob("*.*") if path.suffix in order)
            for path in sorted(files, key=lambda path: order.index(path.suffix)):
                _copy_file(path, copy / path.relative_to(_folder))
            (copy / _COPIED).touch()
            return


def use_copy() -> None:
    """Load kernels that are not loaded yet from the copy that `copy_to_machine` made, if there is one."""
    global _folder
    if _folder is None or _folder != cache_folder():
        return
    for copy in map(_copy_in, _temporary_places()):
        if _is_own(copy) and (copy / _COPIED).exists():
            _folder = copy
            return


def _copy_in(place: Path) -> Path:
    return place / f"zdscan-{os.getuid()}" / f"{cache_folder().name}{_COPY}"


def _copy_file(source: Path, target: Path) -> None:
    """Copy a file unless it is there; another job of the user may be reading the former one."""
    found, wanted = (path.stat() if path.exists() else None for path in (target, source))
    if found and wanted and (found.st_size, found.st_mtime_ns) == (wanted.st_size, wanted.st_mtime_ns):
        return
    target.parent.mkdir(mode=0o700, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=target.parent)
    os.close(descriptor)
    try:
        shutil.copy2(source, temporary)
        os.replace(temporary, target)
    finally:
        Path(temporary).unlink(missing_ok=True)


def folder() -> Path | None:
    """Where this process keeps compiled kernels; None where it cannot."""
    return _folder


def is_kept() -> bool:
    """Whether what this process compiles outlives it."""
    return _folder is not None and _folder.name.removesuffix(_COPY) == cache_folder().name


def is_complete() -> bool:
    """Whether all that this process uses is in `cache_folder`, for every process of every machine."""
    if _folder == cache_folder():
        return True
    return _folder is not None and all(path.is_symlink() for path in _folder.rglob("*.nbi"))


def _can_be_written(folder: Path) -> bool:
    """Whether a file can be created there and filled: a full disk lets one be created."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
            return file.write(bytes(PROBE_BYTES)) == PROBE_BYTES
    except OSError:
        return False


def _temporary_places() -> Iterator[Path]:
    with contextlib.suppress(OSError):
        yield Path(tempfile.gettempdir())
    yield Path("/dev/shm")


def _is_own(folder: Path) -> bool:
    """Whether a folder, made where it is not there, is this user's alone to change: what lies there is run."""
    try:
        for made in (folder.parent, folder):
            made.mkdir(mode=0o700, exist_ok=True)
            status = made.lstat()
            if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & 0o022:
                return False
    except OSError:
        return False
    return True


def _link(source: Path, folder: Path) -> None:
    """Put links to the files of one folder of compiled kernels, as far as they can be read, into another."""
    for path in source.rglob("*.*"):
        link = folder / path.relative_to(source)
        with contextlib.suppress(OSError):  # another process may be at it
            if os.access(path, os.R_OK) and path.is_file() and not link.exists():
                link.parent.mkdir(mode=0o700, exist_ok=True)
                link.unlink(missing_ok=True)  # to what is no longer there
                link.symlink_to(path.absolute())
