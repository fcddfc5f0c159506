"""`zdscan watch`: what the status file of a run says, and whether the run it tells of is alive at all."""

from __future__ import annotations

import math
import os
import socket
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.text import Text

from zdscan.errors import UserError
from zdscan.grid.open import open_grid
from zdscan.running.progress import began, clock_in, read_status, status_path
from zdscan.terminal.report import PIPE_WIDTH, console, time_text

LATE_SECONDS = 60.0  # a rank without a sign of life for so long is named
DEAD_SECONDS = 180.0  # a run whose status is older has died, unless its process can be seen
SHOWN_RANKS = 5


@dataclass(frozen=True)
class RunState:
    """What is shown of a run: sentences, the share done, and whether it goes on, is finished, or can be resumed."""

    lines: tuple[str, ...]
    share: float
    running: bool
    finished: bool


def watch(path: str | Path, *, every: float, once: bool, ask: Callable[[], float] = time.time) -> bool:
    """Show a run until it ends (or once); whether it is finished or going on, not ended before its time.

    Parameters
    ----------
    path : the status file, or the grid file it lies beside.
    every : seconds between looks.
    ask : the time now, seconds since 1970.

    Raises
    ------
    UserError : there is neither a status file nor a grid file of that name.
    """
    status, grid = _paths(Path(path))
    out = console()
    if once or not sys.stdout.isatty():
        shown: tuple[str, ...] = ()
        while True:
            now = look(status, grid, ask())
            if now.lines != shown:
                print("\n".join(now.lines), flush=True)
            shown = now.lines
            if once or not now.running:
                return now.running or now.finished
            time.sleep(every)
    with Live(console=out, auto_refresh=False) as live:
        while True:
            now = look(status, grid, ask())
            bar = ProgressBar(total=1.0, completed=now.share, width=min(out.width, PIPE_WIDTH) - 1)
            live.update(Group(bar, *(Text(line) for line in now.lines)), refresh=True)
            if not now.running:
                return now.finished
            time.sleep(every)


def _paths(path: Path) -> tuple[Path, Path]:
    suffix = status_path("").name
    if path.name.endswith(suffix):
        status, grid = path, path.with_name(path.name[: -len(suffix)])
    else:
        status, grid = status_path(path), path
    if not status.exists() and not grid.exists():
        raise UserError(f"There is no status file {status} and no grid file {grid}: no run was started there yet.")
    return status, grid


def look(status: Path, grid: Path, now: float) -> RunState:
    """What there is to see at the time `now` (seconds since 1970)."""
    found = read_status(status)
    if found is None:
        return _without_status(grid)
    try:
        return _with_status(found, grid, now)
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{status} is not a status file of this zdscan ({error!r}).") from error


def _without_status(grid: Path) -> RunState:
    """What the grid file alone tells: a run takes its status file away when it is finished."""
    opened = open_grid(grid)
    done, blocks = opened.layout.plan.blocks - opened.missing.size, opened.layout.plan.blocks
    if opened.complete:
        return RunState((f"{grid}: finished, {opened.layout.plan.points:,} points.",), 1.0, False, True)
    text = f"{grid}: no run is at work; {done} of {blocks} blocks are computed, continue with `zdscan resume {grid}`."
    return RunState((text,), done / blocks, False, False)


def _with_status(status: Mapping[str, Any], grid: Path, now: float) -> RunState:
    points, total, state = int(status["points"]), int(status["total"]), status["state"]
    share = points / total
    done = f"{points:,} of {total:,} points ({100 * share:.1f} %)"
    again = f"continue with `zdscan resume {grid}`"
    if state == "failed":
        fault = status.get("fault")
        why = "" if fault is None else f" rank {fault['rank']} of {fault['ranks']} on {fault['host']}: {fault['cause']}"
        return RunState((f"{grid}: failed at {done}.{why}", again), share, False, False)
    if state == "stopped":
        return RunState((f"{grid}: stopped at {done}; {again}.",), share, False, False)
    age = max(0.0, now - float(status["time"]))
    alive = _is_alive(status)
    if alive is False or (alive is None and age > DEAD_SECONDS):
        seen = f"rank 0 on {status['host']} was last seen {time_text(age)} ago"
        return RunState((f"{grid}: dead at {done}, {seen}; {again}.",), share, False, False)
    lines = [f"{grid}: {status['stage']}, {done} on {status['ranks']} ranks{_speed(status)}"]
    if age > LATE_SECONDS:
        lines.append(f"the status is {time_text(age)} old; rank 0 is busy or hangs")
    return RunState((*lines, *_late(status["last_seen"], float(status["time"]))), share, True, False)


def _speed(status: Mapping[str, Any]) -> str:
    rate, left = status["points_per_second"], status["seconds_left"]
    if left is None or not math.isfinite(left):
        return ""
    return f", {rate / 1e6:.3g} million points/s, {time_text(left)} left, end about {clock_in(left)}"


def _late(last_seen: Sequence[float], time_of_status: float) -> list[str]:
    """A sentence on the ranks that have shown no sign of life for long, the longest first."""
    late = sorted((time_of_status - seen, rank) for rank, seen in enumerate(last_seen))[::-1]
    late = [(age, rank) for age, rank in late if age > LATE_SECONDS]
    if not late:
        return []
    named = ", ".join(f"rank {rank} {time_text(age)} ago" for age, rank in late[:SHOWN_RANKS])
    more = f" and {len(late) - SHOWN_RANKS} more" if len(late) > SHOWN_RANKS else ""
    return [f"last seen too long ago: {named}{more}"]


def _is_alive(status: Mapping[str, Any]) -> bool | None:
    """Whether rank 0's process exists; None where it ran on another machine."""
    if status["host"] != socket.gethostname():
        return None
    try:
        os.kill(int(status["pid"]), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    then, now = status.get("pid_began"), began(int(status["pid"]))
    return then is None or now is None or then == now  # another process may have its number
