"""One run from the created file on: what it says at its end, and a file that is taken from under it."""

from __future__ import annotations

import os

import h5py
import numpy as np
import pytest

from tests.support.fake_engine import FakeEngine, FakeScan, whole
from tests.support.runs import SETTINGS, resume, run
from zdscan.errors import Stopped, UserError
from zdscan.grid.open import open_grid
from zdscan.grid.verify import info as file_info
from zdscan.grid.verify import verify
from zdscan.running import driver


def test_summary(tmp_path):
    summary = run(tmp_path / "grid.h5", threads=2)
    assert (summary.points, summary.computed, summary.blocks, summary.repaired) == (1200, 1200, 25, ())
    assert (summary.ranks, summary.threads, summary.ndof, summary.sm_chi2["all"]) == (1, 2, 26, 31.5)
    assert 0 < summary.seconds <= summary.total_seconds
    assert summary.points_per_second == pytest.approx(1200 / summary.seconds)


def test_no_profiles_when_the_scan_wants_none(tmp_path):
    scan = FakeScan()
    scan.output.profiles = False
    path = tmp_path / "grid.h5"
    summary = driver.run(scan, path, engine=FakeEngine(), **SETTINGS)
    with h5py.File(path) as file:
        assert not [name for name in file if name.startswith("profile")]
    finite = np.where(np.isfinite(whole(FakeEngine())["chi2"]), whole(FakeEngine())["chi2"], np.inf)
    assert summary.best.index == finite.argmin()
    assert file_info(path).best == summary.best
    assert resume(path).computed == 0


def test_a_replaced_file_is_left_alone(tmp_path):
    """A run whose file another one has replaced meanwhile ends with a sentence; the new file stays whole."""
    path = tmp_path / "grid.h5"
    fresh = tmp_path / "fresh.h5"
    run(fresh)

    class Replaced(FakeEngine):
        def evaluate(self, mass_tables, first, count, outputs):
            if fresh.exists():
                os.replace(fresh, path)
            super().evaluate(mass_tables, first, count, outputs)

    expected = fresh.read_bytes()
    with pytest.raises(UserError, match=r"was replaced by another during this run; that one is untouched"):
        run(path, engine=Replaced())
    assert path.read_bytes() == expected
    assert verify(path).ok


def test_a_stopped_run_counts_what_it_finished(tmp_path):
    grid = tmp_path / "grid.h5"
    engine = FakeEngine()
    evaluate, stop = engine.evaluate, []

    def interrupted(*arguments):
        stop.append(1)
        if len(stop) == 8:
            os.kill(os.getpid(), 15)
        evaluate(*arguments)

    engine.evaluate = interrupted
    with pytest.raises(Stopped):
        driver.run(FakeScan(), grid, engine=engine, threads=1, block_points=50, progress=False)
    (entry,) = open_grid(grid).history
    done = int(open_grid(grid).done.sum())
    assert done >= 8
    assert entry["points_computed"] == open_grid(grid).layout.plan.points_in(open_grid(grid).done.nonzero()[0])
    summary = driver.resume(grid, engine=FakeEngine(), threads=1, progress=False)
    assert summary.computed + entry["points_computed"] == 1200
