"""The output file's place: whether it is free, the hidden name until the file is whole, its own name in one step.

An output that is a link, to a larger disk say, stays one: the file lies where it leads.
"""

from __future__ import annotations

import errno
import glob
import os
import socket
from pathlib import Path

from zdscan.errors import UserError
from zdscan.grid.hdf5 import UNSUPPORTED, open_read
from zdscan.grid.layout import PROGRAM


def check_target(path: Path, overwrite: bool) -> None:
    """Raise `UserError` where a grid file cannot be created: folder missing or closed, or the name is taken."""
    real = target_of(path)
    folder = real.parent
    for name in (real, temporary_name(path)):
        try:
            name.lstat()
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            pass  # free, or the folder is at fault
        except OSError as error:  # a name that is too long, say
            raise UserError(f"The output file {path} cannot be created: {error.strerror}.") from error
    if not folder.is_dir():
        raise UserError(f"The folder {folder} of the output file {real.name} does not exist.")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise UserError(f"The folder {folder} is not writable, so {real.name} cannot be created there.")
    if path.is_dir():
        raise UserError(f"The output {path} is a folder; give the name of a file.")
    if not os.path.lexists(path):  # a link that leads nowhere is there
        return
    if not _is_grid(path):
        raise UserError(f"The output {path} exists and is not a grid file of zdscan; give another name.")
    if not overwrite:
        raise UserError(
            f"The output file {path} exists: continue it with `zdscan resume {path}`, replace it with --overwrite, "
            "or give another name."
        )


def target_of(path: Path) -> Path:
    """Where the file of that name lies or will lie: an output that is a link, to a larger disk say, stays one."""
    return Path(os.path.realpath(path)) if os.path.islink(path) else path


def temporary_name(path: Path) -> Path:
    """The name of the file until it is whole: hidden, beside its final name, of this process alone."""
    real = target_of(path)
    return real.with_name(f".{real.name}.{socket.gethostname()}.{os.getpid()}.part")


def _is_grid(path: Path) -> bool:
    """Whether a file calls itself a grid of this program, however damaged; an empty file may be replaced too.

    Devices and pipes seem empty, but are not files to replace.
    """
    try:
        if not path.is_file():
            return False
        if path.stat().st_size == 0:
            return True
        with open_read(path) as file:
            return bool(file.attrs.get("program") == PROGRAM)
    except (OSError, RuntimeError, KeyError):
        return False


def remove_leftovers(path: Path, *, alone: bool = False) -> None:
    """Delete what creations of this file left that were killed; they may be large.

    alone : whether no other process creates this file: then also those of other machines.
    """
    real = target_of(path)
    if alone:
        for leftover in real.parent.glob(f".{glob.escape(real.name)}.*.part"):
            leftover.unlink(missing_ok=True)
        return
    for leftover in real.parent.glob(f".{glob.escape(real.name)}.{socket.gethostname()}.*.part"):
        process = leftover.name.split(".")[-2]
        try:
            os.kill(int(process), 0)
        except ProcessLookupError:
            leftover.unlink(missing_ok=True)
        except (ValueError, PermissionError):  # not ours, or alive
            continue


def publish(temporary: Path, path: Path, overwrite: bool) -> None:
    """Give the finished file its name in one step, without replacing a file that appeared meanwhile."""
    real = target_of(path)
    try:
        if overwrite:
            os.replace(temporary, real)
        else:
            try:
                os.link(temporary, real)
            except FileExistsError as error:
                raise UserError(f"The output file {path} appeared meanwhile; it is untouched.") from error
            except OSError:  # a file system without hard links
                check_target(path, overwrite)
                os.replace(temporary, real)
        _sync_folder(real.parent)
    except OSError as error:
        raise UserError(f"The output file {path} cannot be given its name: {error.strerror}.") from error


def _sync_folder(folder: Path) -> None:
    """Wait until the disk has the names in a folder, where the folder can be read and the file system can do so."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (*UNSUPPORTED, errno.EBADF, errno.EACCES):
            raise
    finally:
        os.close(descriptor)
