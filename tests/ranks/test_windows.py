"""Memory of rank 0 that every rank changes: the board of signs of life."""

from __future__ import annotations

import os
import signal
import time

import pytest

from tests.support.launching import MPIEXEC, kill, processes_on, start, until
from zdscan.running.progress import read_status, status_path
from zdscan.terminal.watch import look

STARTS_PROCESSES = True  # one worker runs all such modules, one after the other (tests/conftest.py)


def shows_life(grid):
    """Whether rank 0 was seen at work: it has computed something, and was alive after the start."""
    status = read_status(status_path(grid)) or {"points": 0}
    return status["points"] > 200 and status["last_seen"][0] > status["started"]


def lag(grid, rank):
    """Seconds by which a rank's last sign of life is older than the status."""
    found = read_status(status_path(grid))
    return found["time"] - found["last_seen"][rank]


@pytest.mark.skipif(not MPIEXEC.exists(), reason="no mpiexec beside this Python")
def test_every_rank_shows_signs_of_life_and_a_silent_one_does_not(tmp_path):
    grid = tmp_path / "grid.h5"
    job = start("run", grid, "--block-points", 20, "--delay", 0.1, "--slow-rank", 1, ranks=2)
    try:
        until(lambda: shows_life(grid))
        running = read_status(status_path(grid))
        assert running["state"] == "running"
        assert len(running["last_seen"]) == 2
        assert all(abs(running["time"] - moment) < 20 for moment in running["last_seen"])
        assert look(status_path(grid), grid, time.time()).running
        (other,) = set(processes_on(grid)) - {running["pid"]}
        os.kill(other, signal.SIGSTOP)
        until(lambda: lag(grid, 1) > 4.0)
        assert lag(grid, 0) < 3.0
    finally:
        kill(job, grid)
