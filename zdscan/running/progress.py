"""Telling the user how far a run is: a bar on a terminal, lines in a log, a small status file for other programs."""

from __future__ import annotations

import contextlib
import datetime
import glob
import json
import os
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from zdscan.ranks.lastwords import Failure
from zdscan.ranks.mpi import Alone

LINE_SECONDS = 10.0
STATUS_SECONDS = 1.0
RANKS_PER_SECOND = 4096.0  # of a huge job the status is renewed less often, for it lists every rank
UPDATE_SECONDS = 0.2


def status_path(output: str | Path) -> Path:
    """The status file of a grid file: ``<output>.status.json``, there while a run lasts or after it ended early."""
    return Path(f"{output}.status.json")


def record_failure(output: str | Path, failure: Failure) -> None:
    """Keep the failure that ended a run in its status file; any rank may do so."""
    path = status_path(output)
    status = read_status(path) or {}
    _replace(path, {**status, "state": "failed", "time": time.time(), "fault": failure.as_dict()})


def began(pid: int) -> int | None:
    """When a process of this machine began, in ticks since the machine did; None where the system does not tell.

    Numbers of processes come again, soon so in containers, where every program may be the first.
    """
    with contextlib.suppress(OSError, ValueError, IndexError):
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
    return None


def read_status(path: str | Path) -> dict[str, Any] | None:
    """What a status file says, None where there is none that can be read."""
    try:
        status = json.loads(Path(path).read_text())
    except (OSError, ValueError):
        return None
    return status if isinstance(status, dict) else None


def _replace(path: Path, status: dict[str, Any], keep: Callable[[], bool] = lambda: False) -> None:
    """Put the status in the place of the former one, unless that is to be kept after all."""
    temporary = path.with_name(f"{path.name}.{socket.gethostname()}.{os.getpid()}.part")
    with contextlib.suppress(OSError):  # a run must not fail for want of its status
        try:
            temporary.write_text(json.dumps(status))
            if not keep():
                os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)


class Progress:
    """Progress of one run over `total` points; rank 0 has one, other ranks have a silent one.

    Parameters
    ----------
    output : the grid file, next to which the status file is kept.
    total, before : points of the grid, and of those the ones that were there at the start.
    world : the processes of the job; rank 0 reports.
    show : whether to print; the status file is written anyway.
    """

    def __init__(self, output: str | Path, total: int, before: int, *, world: Alone, show: bool) -> None:
        self._path = status_path(output)
        self._total, self._before = total, before
        self._world = world
        self._active, self._show = world.is_root, world.is_root and show
        self._points = before
        self._started = time.time()
        self._stage = "starting"
        self._began = self._lined = time.monotonic()
        self._stated = self._updated = 0.0
        self._period = max(STATUS_SECONDS, world.size / RANKS_PER_SECOND)
        self._lock = threading.Lock()
        self._bar: Any = None
        if self._show and sys.stderr.isatty():
            self._bar = _bar()
            self._task = self._bar.add_task(self._stage, total=total, completed=before)
            self._bar.start()

    def stage(self, name: str) -> None:
        """Say what is being done from now on."""
        self._stage = name
        if name == "computing":
            self._began = time.monotonic()
        if self._bar is not None:
            self._bar.update(self._task, description=name)
        self._state("running")

    def touch(self) -> None:
        """Renew the status file where it is time: a run that is busy with something long is alive."""
        if self._active and time.monotonic() - self._stated >= self._period:
            self._state("running")

    def due(self) -> bool:
        """Whether it is time for the next `update`."""
        return self._active and time.monotonic() - self._updated >= UPDATE_SECONDS

    def update(self, points: int) -> None:
        """`points` of this run are finished; does nothing where it is not time yet."""
        if not self.due():
            return
        self._updated = now = time.monotonic()
        self._points = self._before + points
        if self._bar is not None:
            self._bar.update(self._task, completed=self._points)
        elif self._show and now - self._lined >= LINE_SECONDS:
            self._lined = now
            self._line()
        self.touch()

    def close(self, state: str) -> None:
        """The run ended: remove the status file after success, else leave it with that state."""
        if self._bar is not None:
            self._bar.stop()
        if state == "finished":
            if self._active:
                with contextlib.suppress(OSError):  # a complete file may lie on a read-only disk
                    self._path.unlink(missing_ok=True)
                    for left in self._path.parent.glob(
                        f"{glob.escape(self._path.name)}.*.part"
                    ):  # by one that was killed
                        left.unlink(missing_ok=True)
        else:
            self._state(state)

    def _rate(self) -> float:
        return (self._points - self._before) / max(time.monotonic() - self._began, 1e-3)

    def _left(self) -> float | None:
        """Seconds that the points still to compute will take; None before there is a rate to tell from."""
        rate = self._rate()
        return (self._total - self._points) / rate if rate > 0 else None

    def _line(self) -> None:
        rate, left = self._rate(), self._left()
        share = 100 * self._points / self._total
        with contextlib.suppress(OSError):  # a log on a full disk is no reason to end a run
            print(
                f"zdscan: {self._stage}, {self._points} of {self._total} points ({share:.1f} %), "
                f"{rate / 1e6:.3g} million points/s"
                + ("" if left is None else f", {left:.0f} s left, end about {clock_in(left)}"),
                file=sys.stderr,
                flush=True,
            )

    def _state(self, state: str) -> None:
        if not self._active or not self._lock.acquire(blocking=state != "running"):
            return  # another thread is at it
        try:
            self._write_state(state)
        finally:
            self._lock.release()

    def _write_state(self, state: str) -> None:
        self._stated = time.monotonic()
        status = {
            "state": state,
            "stage": self._stage,
            "points": self._points,
            "total": self._total,
            "points_per_second": self._rate(),
            "seconds_left": self._left(),
            "started": self._started,
            "ranks": self._world.size,
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "pid_began": began(os.getpid()),
            "time": time.time(),
            "last_seen": [round(stamp, 1) for stamp in self._world.last_seen()],
        }
        _replace(self._path, status, self._world.failing)  # a rank that fails has the last word


def clock_in(seconds: float) -> str:
    """The local time in so many seconds, with the date where that is not today."""
    now, then = datetime.datetime.now(), datetime.datetime.now() + datetime.timedelta(seconds=seconds)
    return f"{then:%H:%M:%S}" if then.date() == now.date() else f"{then:%Y-%m-%d %H:%M}"


def _bar() -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as RichProgress

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return RichProgress(*columns, console=Console(stderr=True))
