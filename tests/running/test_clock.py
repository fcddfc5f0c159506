"""Where the time of a run goes: the parts add up over threads and ranks."""

from __future__ import annotations

import contextlib
import json

import pytest

from tests.support.fake_engine import FakeEngine, FakeScan
from tests.support.launching import MPIEXEC, launch
from zdscan.grid.open import open_grid
from zdscan.ranks import mpi
from zdscan.running import driver
from zdscan.running.clock import Clock, Spent

STARTS_PROCESSES = True  # one worker runs all such modules, one after the other (tests/conftest.py)


@pytest.mark.slow
@pytest.mark.skipif(not MPIEXEC.exists(), reason="no mpiexec beside this Python")
def test_the_times_are_those_of_every_rank(tmp_path):
    grid = tmp_path / "grid.h5"
    arguments = ("--shape", 1, 1, 1, 100, "--block-points", 50, "--delay", 1.5, "--sink", "gather")
    done = launch("run", grid, *arguments, ranks=2)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["evaluated"] == [1, 1]
    (entry,) = open_grid(grid).history
    assert 3.0 <= entry["seconds_computing"] < 2 * entry["seconds_blocks"]
    assert entry["seconds_computing"] + entry["seconds_writing"] + entry["seconds_waiting"] == pytest.approx(
        2 * entry["seconds_blocks"], rel=0.2
    )


def test_times_add_up_over_threads(tmp_path):
    summary = driver.run(
        FakeScan(), tmp_path / "grid.h5", engine=FakeEngine(delay=0.1), threads=3, block_points=50, progress=False
    )
    spent = summary.spent
    assert spent.computing >= 25 * 0.1
    assert spent.computing + spent.writing + spent.waiting == pytest.approx(3 * summary.seconds, rel=0.1)
    assert summary.points_per_second_per_core == pytest.approx(summary.points_per_second / 3)


def test_the_clock_counts_a_failing_body_too(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("zdscan.running.clock.time.perf_counter", lambda: now[0])
    clock = Clock()
    for what, seconds in (("computing", 3.0), ("writing", 2.0), ("writing", 0.5)):
        with contextlib.suppress(ValueError), clock.during(what):
            now[0] += seconds
            raise ValueError
    now[0] += 1.0
    assert clock.total(mpi.Alone(), 2) == Spent(computing=3.0, writing=2.5, waiting=2 * 6.5 - 5.5)
