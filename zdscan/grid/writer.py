"""One writer a grid file: who computes into it, or replaces it, holds a small lock file beside it.

The system's lock (flock) on that file tells at once whether its holder lives: it ends with the process, however that
ends, and NFS passes it on to other hosts. Some file systems have no locks, or locks that other hosts do not see.
So the holder also writes a beat into the file, and whoever finds a lock file of another host, or of a file system
without locks, watches for a while whether the beat goes on.
"""

from __future__ import annotations

import contextlib
import datetime
import fcntl
import json
import os
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from zdscan.errors import UserError
from zdscan.ranks.mpi import Alone

BEAT_SECONDS = 3.0
WATCH_SECONDS = 15.0  # a beat may come late, where a processor is shared or a disk is slow
LOOK_SECONDS = 0.5
SETTLE_SECONDS = 1.0  # for two that begin at the same instant where there are no locks
ATTEMPTS = 20  # at a lock file that its holder removes meanwhile
NOTE_BYTES = 512

_sync = getattr(os, "fdatasync", os.fsync)  # not every system has the former


def lock_path(output: str | Path) -> Path:
    """The lock file of a grid file, hidden beside it; one for all links to it."""
    real = Path(os.path.realpath(output))
    return real.with_name(f".{real.name}.lock")


class Busy(UserError):
    """Another process is at work on the file."""


@contextlib.contextmanager
def only_writer(world: Alone, output: str | Path) -> Iterator[bool]:
    """Hold the lock of a grid file while the body runs, on rank 0 for all ranks; whether there is no other writer.

    Raises
    ------
    Busy : another process holds it; the sentence has its host and number.
    """
    held: list[Writer] = []

    def take() -> bool:
        held.append(Writer(output))
        return held[0].alone

    alone = world.from_root(take)
    try:
        yield alone
    finally:
        for writer in held:
            writer.release()


class Writer:
    """The lock of one grid file, from its making until `release`; raises `Busy` where another process holds it.

    Attributes
    ----------
    alone : whether it is known that no other zdscan writes the file. Not where the folder takes no lock file: on a
        read-only or a full disk.
    """

    def __init__(self, output: str | Path) -> None:
        self._output, self._path = Path(output), lock_path(output)
        self._descriptor, locked = self._open()
        self.alone = self._descriptor is not None
        self._note: dict[str, Any] = {
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "started": time.time(),
            "token": uuid.uuid4().hex,
            "beat": 0,
        }
        self._over = threading.Event()
        if self._descriptor is None:
            return
        try:
            former = _read(self._path)
            if former and not (locked and former.get("host") == self._note["host"]):
                self._watch(former)
            self._beat()
            if not locked:
                time.sleep(SETTLE_SECONDS)
                self._refuse_other(_read(self._path))
        except BaseException:
            os.close(self._descriptor)
            raise
        self._thread = threading.Thread(target=self._go_on_beating, name="zdscan-beat", daemon=True)
        self._thread.start()

    def release(self) -> None:
        """Give the lock up."""
        if self._descriptor is None:
            return
        self._over.set()
        self._thread.join()
        found = _read(self._path)
        # Not that of one who took over by force; a full disk may have kept this one from writing its own.
        if not found or found.get("token") == self._note["token"]:
            with contextlib.suppress(OSError):
                os.unlink(self._path)
        os.close(self._descriptor)
        self._descriptor = None

    def _open(self) -> tuple[int | None, bool]:
        """The open lock file, None where there can be none, and whether the system locked it."""
        for _ in range(ATTEMPTS):
            try:
                descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666)
            except OSError:
                return None, False
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except (BlockingIOError, PermissionError):  # both mean: locked by another
                os.close(descriptor)
                raise self._busy(_read(self._path)) from None
            except OSError:  # no locks here
                return descriptor, False
            with contextlib.suppress(OSError):
                if os.path.samestat(os.fstat(descriptor), os.stat(self._path)):
                    return descriptor, True
            os.close(descriptor)  # its holder has just removed it
        return None, False

    def _watch(self, former: dict[str, Any]) -> None:
        """Raise `Busy` if the beat of another holder goes on."""
        limit = time.monotonic() + WATCH_SECONDS
        while time.monotonic() < limit:
            time.sleep(LOOK_SECONDS)
            now = _read(self._path)
            if not now:
                return
            if (now.get("token"), now.get("beat")) != (former.get("token"), former.get("beat")):
                raise self._busy(now)

    def _refuse_other(self, found: dict[str, Any]) -> None:
        if found and found.get("token") != self._note["token"]:
            raise self._busy(found)

    def _go_on_beating(self) -> None:
        while not self._over.wait(BEAT_SECONDS):
            self._beat()

    def _beat(self) -> None:
        assert self._descriptor is not None
        self._note["beat"] += 1
        with contextlib.suppress(OSError):  # a full disk: the lock itself holds
            os.lseek(self._descriptor, 0, os.SEEK_SET)
            os.write(self._descriptor, json.dumps(self._note).ljust(NOTE_BYTES).encode())
            _sync(self._descriptor)  # so that other hosts see it

    def _busy(self, found: dict[str, Any]) -> Busy:
        who, since = "another process", ""
        if found:
            who = f"process {found.get('pid')} on {found.get('host')}"
            with contextlib.suppress(TypeError, ValueError, OverflowError, OSError):
                since = f" since {datetime.datetime.fromtimestamp(float(found['started'])):%Y-%m-%d %H:%M}"
        return Busy(
            f"{self._output} is being written by {who}{since}, and only one may do so: wait for it or stop it. If it "
            f"is certain that it has ended, delete {self._path} and try again."
        )


def _read(path: Path) -> dict[str, Any]:
    """What a lock file says, opened anew so that NFS looks again; nothing where it cannot be read."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
