"""Runs, resumes, verification: same bytes whatever way a grid is computed, and every refusal."""

from __future__ import annotations

import json
import os
import signal

import h5py
import numpy as np
import pytest

from tests.support.fake_engine import FakeEngine, whole
from tests.support.launching import TIMEOUT, contents, done_blocks, launch, start, until
from tests.support.runs import resume, run
from zdscan.errors import Stopped, UserError
from zdscan.grid.open import open_grid
from zdscan.grid.verify import info as file_info
from zdscan.grid.verify import verify
from zdscan.running.progress import status_path

STARTS_PROCESSES = True  # one worker runs all such modules, one after the other (tests/conftest.py)


def numbers_of(path):
    with h5py.File(path) as file:
        return {name: file[name][()] for name in whole(FakeEngine())}


def test_a_run_stores_exactly_the_engine_s_numbers(reference):
    for name, values in whole(FakeEngine()).items():
        np.testing.assert_array_equal(numbers_of(reference)[name], values)
    assert verify(reference).ok
    assert not status_path(reference).exists()


@pytest.mark.parametrize(
    "settings", [{"threads": 2}, {"threads": 5}, {"sink": "gather"}, {"sink": "gather", "threads": 3}]
)
def test_same_bytes_from_threads_and_sinks(tmp_path, reference, settings):
    run(tmp_path / "grid.h5", **settings)
    assert contents(tmp_path / "grid.h5") == contents(reference)


@pytest.mark.parametrize("block_points", [1, 13, 240, 10_000, None])
def test_block_size_does_not_change_the_numbers(tmp_path, reference, block_points):
    run(tmp_path / "grid.h5", block_points=block_points, threads=2)
    ours, theirs = contents(tmp_path / "grid.h5"), contents(reference)
    depends = {"run/block", "run/done", "run/checksum"}
    assert {k: v for k, v in ours.items() if k not in depends} == {k: v for k, v in theirs.items() if k not in depends}


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGUSR1])
def test_a_signal_ends_the_run_after_the_block_and_resume_completes_it(tmp_path, reference, threads, number):
    path = tmp_path / "grid.h5"
    engine = FakeEngine(delay=0.02)
    evaluate = engine.evaluate
    seen = []

    def interrupted(*arguments):
        seen.append(1)
        if len(seen) == 8:
            os.kill(os.getpid(), number)
        evaluate(*arguments)

    engine.evaluate = interrupted
    before = signal.getsignal(number)
    with pytest.raises(Stopped, match="zdscan resume"):
        run(path, engine, threads=threads)
    assert signal.getsignal(number) == before
    assert 8 <= done_blocks(path) < 25
    assert done_blocks(path) == len(seen)  # every block begun was finished
    info = file_info(path)
    assert not info.complete
    assert info.points_done == np.count_nonzero(numbers_of(path)["excluded"] != 2**32 - 1)
    assert info.grid.history[-1]["state"] == "stopped"
    assert json.loads(status_path(path).read_text())["state"] == "stopped"
    assert verify(path).ok
    assert verify(path).missing == 25 - len(seen)
    left = FakeEngine()
    summary = resume(path, left)
    assert summary.computed == 1200 - info.points_done
    assert 0 not in left.built  # only the mass tables that are still needed
    assert contents(path) == contents(reference)
    assert not status_path(path).exists()
    assert [entry["state"] for entry in open_grid(path).history] == ["stopped", "finished"]


@pytest.mark.parametrize("stage", ["warm_up", "mass_tables"])
def test_a_signal_before_the_first_block_leaves_a_resumable_file(tmp_path, reference, stage):
    path = tmp_path / "grid.h5"
    engine = FakeEngine()
    real = getattr(engine, stage)

    def interrupted(*arguments):
        os.kill(os.getpid(), signal.SIGTERM)
        return real(*arguments)

    setattr(engine, stage, interrupted)
    with pytest.raises(Stopped):
        run(path, engine)
    assert done_blocks(path) == 0
    resume(path)
    assert contents(path) == contents(reference)


@pytest.mark.parametrize("number", [signal.SIGKILL, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)])
def test_a_process_ended_midway_loses_nothing_finished(tmp_path, reference, number):
    path = tmp_path / "grid.h5"
    job = start("run", path, "--delay", 0.05, "--block-points", 50, "--hold", 12, "--threads", 2)
    until(lambda: path.exists() and done_blocks(path) >= 5)
    job.send_signal(number)
    job.communicate(timeout=TIMEOUT)
    assert job.returncode == (75 if number == signal.SIGTERM else -signal.SIGKILL)
    assert 5 <= done_blocks(path) < 25
    assert verify(path).ok
    summary = resume(path, threads=3)
    assert 0 < summary.computed < 1200
    assert contents(path) == contents(reference)


def test_resuming_a_finished_file_changes_nothing(tmp_path, reference):
    path = tmp_path / "grid.h5"
    path.write_bytes(reference.read_bytes())
    engine = FakeEngine()
    summary = resume(path, engine)
    assert (summary.computed, engine.built, engine.warmed) == (0, [], 0)
    assert summary.best == file_info(path).best
    assert path.read_bytes() == reference.read_bytes()


def test_other_physics_is_refused_with_the_differences(tmp_path, reference):
    path = tmp_path / "grid.h5"
    path.write_bytes(reference.read_bytes())
    with pytest.raises(UserError) as caught:
        resume(path, FakeEngine(physics="tables v2"))
    text = "\n".join(caught.value.messages)
    assert "tables: the file has tables v1, this zdscan tables v2" in text
    assert "kernels" not in text
    engine = FakeEngine()
    engine.axes["eps"] = engine.axes["eps"] * 1.5
    engine.identity["new_setting"] = "on"
    with pytest.raises(UserError) as caught:
        resume(path, engine)
    assert "axis eps" in str(caught.value)
    assert "new_setting: the file has nothing, this zdscan on" in str(caught.value)
    with pytest.raises(UserError, match="fields"):
        resume(path, FakeEngine(five=False))
    assert path.read_bytes() == reference.read_bytes()


def test_settings_that_make_no_sense(tmp_path):
    path = tmp_path / "grid.h5"
    for settings, words in (({"threads": 0}, "at least 1"), ({"block_points": 0}, "at least 1 point")):
        with pytest.raises(UserError, match=words):
            run(path, **settings)
    assert not path.exists()


def test_the_command_says_the_sentences_and_exits_2(tmp_path):
    path = tmp_path / "grid.h5"
    path.write_text("taken")
    done = launch("run", path)
    assert done.returncode == 2
    assert "exists" in done.stderr
    assert "Traceback" not in done.stderr


def test_reading_while_a_run_is_writing(tmp_path):
    path = tmp_path / "grid.h5"
    job = start("run", path, "--delay", 0.05, "--block-points", 50, "--hold", 20, "--threads", 1)
    try:
        until(lambda: path.exists() and done_blocks(path) >= 3)
        numbers = whole(FakeEngine())["chi2"].reshape(-1)
        with h5py.File(path, "r") as file:  # with HDF5's own locking, as a user's notebook does
            chi2 = file["chi2"][()].reshape(-1)
        known = ~np.isnan(chi2)
        assert known.any()
        np.testing.assert_array_equal(chi2[known], numbers[known])
        status = json.loads(status_path(path).read_text())
        assert (status["state"], status["total"], status["pid"]) == ("running", 1200, job.pid)
    finally:
        job.kill()
        job.communicate()


def test_overwrite_replaces_grid_files_only(tmp_path):
    path = tmp_path / "scan.toml"
    path.write_text("format = 1\n")
    for overwrite in (False, True):
        with pytest.raises(UserError, match="is not a grid file of zdscan"):
            run(path, overwrite=overwrite)
    assert path.read_text() == "format = 1\n"
