"""What made a grid: the record of one run, kept in the file's history."""

from __future__ import annotations

import datetime
import functools
import getpass
import os
import platform
import socket
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Any

from zdscan import __version__
from zdscan.ranks.mpi import Alone

_LIBRARIES = ("numpy", "numba", "scipy", "h5py", "mpi4py")


def now() -> str:
    """The time, UTC, ISO 8601."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


@functools.cache
def commit() -> str:
    """Commit of the source checkout that zdscan runs from, with "+" where files were changed; "" if installed."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return ""
    try:
        described = subprocess.run(
            ["git", "-C", str(root), "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty=+"],
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return described.stdout.strip()


@functools.cache
def versions() -> dict[str, str]:
    """Versions of Python and the libraries that touch the numbers or the file."""
    found = {"python": platform.python_version()}
    for name in _LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def record(command: str, world: Alone, threads: int, sink: str) -> dict[str, Any]:
    """The history entry of a run that starts now, in the state "running"."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):  # a user id without a name, as in containers
        user = str(os.getuid())
    return {
        "command": command,
        "state": "running",
        "start": now(),
        "stop": "",
        "host": socket.gethostname(),
        "user": user,
        "platform": platform.platform(),
        "ranks": world.size,
        "threads": threads,
        "sink": sink,
        "mpi": world.library,
        "zdscan": __version__,
        "commit": commit(),
        "versions": dict(versions()),
    }
