"""`zdscan watch` for runs that go on, ended well or early, or were never there; signs of life; totals."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys

import pytest

from tests.support.fake_engine import FakeEngine, FakeScan
from zdscan.errors import UserError
from zdscan.grid.open import open_grid
from zdscan.running import driver
from zdscan.running.progress import began, status_path
from zdscan.terminal.watch import look, watch

STARTS_PROCESSES = True  # one worker runs all such modules, one after the other (tests/conftest.py)

NOW = 1_800_000_000.0


def status(**changes):
    return {
        "state": "running",
        "stage": "computing",
        "points": 300_000,
        "total": 1_200_000,
        "points_per_second": 1e5,
        "seconds_left": 9.0,
        "ranks": 3,
        "host": "node17",
        "pid": 4711,
        "time": NOW - 1,
        "last_seen": [NOW - 1, NOW - 2, NOW - 3],
        **changes,
    }


def seen(tmp_path, **changes):
    grid = tmp_path / "grid.h5"
    status_path(grid).write_text(json.dumps(status(**changes)))
    return look(status_path(grid), grid, NOW)


def test_a_run_that_goes_on(tmp_path):
    view = seen(tmp_path)
    assert (view.running, view.finished, view.share) == (True, False, 0.25)
    (line,) = view.lines
    assert (
        "computing, 300,000 of 1,200,000 points (25.0 %) on 3 ranks, 0.1 million points/s, 9 s left, end about" in line
    )
    assert len(seen(tmp_path, seconds_left=None).lines) == 1


def test_a_rank_that_was_last_seen_too_long_ago_is_named(tmp_path):
    view = seen(tmp_path, last_seen=[NOW - 1, NOW - 91, NOW - 30])
    assert view.running
    assert view.lines[1] == "last seen too long ago: rank 1 90 s ago"
    many = seen(tmp_path, ranks=100, last_seen=[NOW - 1, *(NOW - 1000 - rank for rank in range(1, 100))])
    assert many.lines[1].startswith("last seen too long ago: rank 99 18.3 min ago, rank 98")
    assert many.lines[1].endswith("and 94 more")


def test_a_dead_run_on_another_machine_is_told_by_its_age(tmp_path):
    assert seen(tmp_path, time=NOW - 100).running
    view = seen(tmp_path, time=NOW - 1000)
    assert (view.running, view.finished) == (False, False)
    assert "dead at 300,000" in view.lines[0]
    assert "rank 0 on node17 was last seen 16.7 min ago; continue with `zdscan resume" in view.lines[0]


def test_a_dead_run_on_this_machine_is_told_at_once(tmp_path):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    here = socket.gethostname()
    assert "dead" in seen(tmp_path, host=here, pid=ended.pid).lines[0]
    busy = seen(tmp_path, host=here, pid=os.getpid(), time=NOW - 1000)
    assert busy.running
    assert "the status is 16.7 min old" in busy.lines[1]


def test_a_number_that_another_process_has_now_is_not_the_run(tmp_path):
    """In a container every program may have the number 1."""
    here, own = socket.gethostname(), began(os.getpid())
    assert own is not None
    assert seen(tmp_path, host=here, pid=os.getpid(), pid_began=own, time=NOW - 1000).running
    assert seen(tmp_path, host=here, pid=os.getpid(), pid_began=None, time=NOW - 1000).running
    other = seen(tmp_path, host=here, pid=os.getpid(), pid_began=own - 7, time=NOW - 1000)
    assert (other.running, other.finished) == (False, False)
    assert "dead at 300,000" in other.lines[0]


def test_runs_that_ended_early(tmp_path):
    stopped = seen(tmp_path, state="stopped")
    assert (stopped.running, stopped.finished) == (False, False)
    assert "stopped at 300,000" in stopped.lines[0]
    fault = {"rank": 2, "ranks": 3, "host": "node18", "cause": "MemoryError"}
    failed = seen(tmp_path, state="failed", fault=fault)
    assert "rank 2 of 3 on node18: MemoryError" in failed.lines[0]
    assert not failed.running


def test_without_a_status_file_the_grid_tells(tmp_path, capsys):
    grid = tmp_path / "grid.h5"
    with pytest.raises(UserError, match="no run was started there yet"):
        watch(status_path(grid), every=1.0, once=True)
    driver.run(FakeScan(), grid, engine=FakeEngine(), threads=1, block_points=50, progress=False)
    assert watch(status_path(grid), every=1.0, once=False)
    assert watch(grid, every=1.0, once=True)
    assert capsys.readouterr().out.count("finished, 1,200 points") == 2
    with grid.open("r+b") as file:
        file.seek(open_grid(grid).layout.done.offset)
        file.write(b"\0")
    assert not watch(grid, every=1.0, once=True)
    assert "24 of 25 blocks are computed, continue with" in capsys.readouterr().out


def test_a_file_of_another_kind_is_refused(tmp_path):
    grid = tmp_path / "grid.h5"
    status_path(grid).write_text('{"state": "running"}')
    with pytest.raises(UserError, match="is not a status file"):
        watch(grid, every=1.0, once=True)


def test_the_command(tmp_path):
    grid = tmp_path / "grid.h5"
    command = [sys.executable, "-m", "zdscan", "watch", str(status_path(grid)), "--once"]
    status_path(grid).write_text(json.dumps(status(state="stopped")))
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (75, "")
    assert "stopped at 300,000 of 1,200,000 points" in done.stdout
    status_path(grid).unlink()
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
