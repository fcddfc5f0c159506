"""Runs, resumes, verification: same bytes whatever way a grid is computed, and every refusal."""

from __future__ import annotations

import itertools
import json
import os
import signal
import sys
import weakref
from functools import partial

import h5py
import numpy as np
import pytest

from benchmarks.common import run_child
from tests.support.fake_engine import FakeEngine, FakeScan, whole
from tests.support.launching import MPIEXEC, TIMEOUT, contents, done_blocks, launch, start, until
from zdscan.errors import Stopped, UserError
from zdscan.grid.layout import GridIO
from zdscan.grid.open import open_grid
from zdscan.ranks import mpi
from zdscan.running import driver
from zdscan.running import workers as compute
from zdscan.running.progress import Progress, status_path
from zdscan.running.workers import StopRequest
from zdscan.terminal.report import show_verify

SETTINGS = {"threads": 1, "progress": False}


def run(path, engine=None, **settings):
    return driver.run(FakeScan(), path, engine=engine or FakeEngine(), **{**SETTINGS, "block_points": 50, **settings})


def resume(path, engine=None, **settings):
    return driver.resume(path, engine=engine or FakeEngine(), **{**SETTINGS, **settings})


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    path = tmp_path_factory.mktemp("reference") / "grid.h5"
    run(path)
    return path


def numbers_of(path):
    with h5py.File(path) as file:
        return {name: file[name][()] for name in whole(FakeEngine())}


def test_a_run_stores_exactly_the_engine_s_numbers(reference):
    for name, values in whole(FakeEngine()).items():
        np.testing.assert_array_equal(numbers_of(reference)[name], values)
    assert driver.verify(reference).ok
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


def test_summary(tmp_path):
    summary = run(tmp_path / "grid.h5", threads=2)
    assert (summary.points, summary.computed, summary.blocks, summary.repaired) == (1200, 1200, 25, ())
    assert (summary.ranks, summary.threads, summary.ndof, summary.sm_chi2["all"]) == (1, 2, 26, 31.5)
    assert 0 < summary.seconds <= summary.total_seconds
    assert summary.points_per_second == pytest.approx(1200 / summary.seconds)


def test_history_tells_what_made_the_file(reference):
    (entry,) = open_grid(reference).history
    assert entry["state"] == "finished"
    assert entry["start"] <= entry["stop"]
    assert entry["points_computed"] == 1200
    assert entry["versions"]["numpy"] == np.__version__
    assert entry["host"]


def test_no_profiles_when_the_scan_wants_none(tmp_path):
    scan = FakeScan()
    scan.output.profiles = False
    path = tmp_path / "grid.h5"
    summary = driver.run(scan, path, engine=FakeEngine(), **SETTINGS)
    with h5py.File(path) as file:
        assert not [name for name in file if name.startswith("profile")]
    finite = np.where(np.isfinite(whole(FakeEngine())["chi2"]), whole(FakeEngine())["chi2"], np.inf)
    assert summary.best.index == finite.argmin()
    assert driver.info(path).best == summary.best
    assert resume(path).computed == 0


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
    info = driver.info(path)
    assert not info.complete
    assert info.points_done == np.count_nonzero(numbers_of(path)["excluded"] != 2**32 - 1)
    assert info.grid.history[-1]["state"] == "stopped"
    assert json.loads(status_path(path).read_text())["state"] == "stopped"
    assert driver.verify(path).ok
    assert driver.verify(path).missing == 25 - len(seen)
    left = FakeEngine()
    summary = resume(path, left)
    assert summary.computed == 1200 - info.points_done
    assert 0 not in left.built  # only the mass tables that are still needed
    assert contents(path) == contents(reference)
    assert not status_path(path).exists()
    assert [entry["state"] for entry in open_grid(path).history] == ["stopped", "finished"]


def test_a_rank_ignores_signals_after_the_stop(request):
    """The other ranks may have stopped the job before a signal reaches this one; a lone process has its own back."""
    for number in StopRequest.SIGNALS:
        request.addfinalizer(partial(signal.signal, number, signal.getsignal(number)))
    with pytest.raises(Stopped), StopRequest(rank=True):
        raise Stopped
    for number in StopRequest.SIGNALS:
        os.kill(os.getpid(), number)  # would end this process


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


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_process_ended_midway_loses_nothing_finished(tmp_path, reference, number):
    path = tmp_path / "grid.h5"
    job = start("run", path, "--delay", 0.05, "--block-points", 50, "--hold", 12, "--threads", 2)
    until(lambda: path.exists() and done_blocks(path) >= 5)
    job.send_signal(number)
    job.communicate(timeout=TIMEOUT)
    assert job.returncode == (75 if number == signal.SIGTERM else -signal.SIGKILL)
    assert 5 <= done_blocks(path) < 25
    assert driver.verify(path).ok
    summary = resume(path, threads=3)
    assert 0 < summary.computed < 1200
    assert contents(path) == contents(reference)


def test_an_error_in_a_thread_ends_the_run_and_is_recorded(tmp_path):
    path = tmp_path / "grid.h5"
    engine = FakeEngine(fail_rank=0, delay=0.01)
    with pytest.raises(ArithmeticError, match="told to fail"):
        run(path, engine, threads=3)
    assert open_grid(path).history[-1]["state"] == "failed"
    assert done_blocks(path) == 0


def test_resuming_a_finished_file_changes_nothing(tmp_path, reference):
    path = tmp_path / "grid.h5"
    path.write_bytes(reference.read_bytes())
    engine = FakeEngine()
    summary = resume(path, engine)
    assert (summary.computed, engine.built, engine.warmed) == (0, [], 0)
    assert summary.best == driver.info(path).best
    assert path.read_bytes() == reference.read_bytes()


def test_damaged_profiles_are_found_and_computed_again(tmp_path, reference):
    path = tmp_path / "grid.h5"
    path.write_bytes(reference.read_bytes())
    with h5py.File(path, "r+") as file:
        file["profile_eps_g_mu_allowed"][1, 1] = 0.5
    report = driver.verify(path)
    assert report.bad_profiles == ("profile_eps_g_mu_allowed",)
    assert not report.ok
    assert resume(path).computed == 0
    assert contents(path) == contents(reference)


@pytest.mark.parametrize("written", [0, 3, 23])
def test_a_file_killed_before_its_profiles_is_intact(tmp_path, reference, monkeypatch, capsys, written):
    """Every block is there, the profiles are not or in part: nothing is damaged, and resume writes them."""
    path = tmp_path / "grid.h5"
    write, seen = GridIO.write_profile, []

    def killed(io, name, data):
        if len(seen) == written:
            raise KeyboardInterrupt
        seen.append(name)
        write(io, name, data)

    with monkeypatch.context() as patch:
        patch.setattr(GridIO, "write_profile", killed)
        with pytest.raises(KeyboardInterrupt):
            run(path)
    report = driver.verify(path)
    assert (report.ok, report.missing, report.bad, report.bad_profiles) == (True, 0, (), ())
    assert report.profiles_waiting
    assert show_verify(report)
    assert "25 blocks compared, profiles still to be written by `zdscan resume`: intact" in capsys.readouterr().out
    if seen:  # one that was written and does not match is damaged all the same
        with h5py.File(path, "r+") as file:
            file[seen[0]][0, 0] = 0.5
        report = driver.verify(path)
        assert (report.ok, report.bad_profiles, report.profiles_waiting) == (False, (seen[0],), True)
    assert resume(path).computed == 0
    assert contents(path) == contents(reference)
    assert not driver.verify(path).profiles_waiting


def test_a_done_byte_that_is_neither_counts_as_missing(tmp_path, reference):
    path = tmp_path / "grid.h5"
    path.write_bytes(reference.read_bytes())
    with h5py.File(path, "r+") as file:
        file["run/done"][3] = 7
    assert driver.verify(path).missing == 1
    assert resume(path).computed == 50
    assert contents(path) == contents(reference)


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


def test_progress_prints_lines_where_there_is_no_terminal(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("zdscan.running.progress.LINE_SECONDS", 0.0)
    monkeypatch.setattr("zdscan.running.progress.UPDATE_SECONDS", 0.0)
    progress = Progress(tmp_path / "grid.h5", 1000, 200, world=mpi.Alone(), show=True)
    progress.stage("computing")
    progress.update(300)
    progress.close("finished")
    assert "computing, 500 of 1000 points (50.0 %)" in capsys.readouterr().err
    assert not status_path(tmp_path / "grid.h5").exists()


@pytest.mark.parametrize(
    ("variables", "processes"),
    [
        ({}, None),
        ({"PMI_SIZE": "4"}, 4),
        ({"OMPI_COMM_WORLD_SIZE": "3"}, 3),
        ({"PMIX_RANK": "2"}, 3),
        ({"SLURM_NTASKS": "8", "SLURM_JOB_ID": "1"}, None),  # inside a batch script, no srun
        ({"SLURM_STEP_ID": "0", "SLURM_STEP_NUM_TASKS": "8"}, 8),
        ({"SLURM_STEP_ID": "0", "SLURM_STEP_NUM_TASKS": "1", "PMI_SIZE": "2"}, 2),
    ],
)
def test_what_launchers_say(monkeypatch, variables, processes):
    monkeypatch.setattr(os, "environ", {**variables})
    assert mpi.launched_processes() == processes


def test_no_mpi_library_is_fine_alone_and_refused_under_a_launcher(tmp_path):
    missing = {"MPI4PY_LIBMPI": "/nowhere/libmpi.so"}
    assert launch("run", tmp_path / "a.h5", "--threads", 1, **missing).returncode == 0
    assert launch("run", tmp_path / "b.h5", "--threads", 1, PMI_SIZE="1", **missing).returncode == 0
    done = launch("run", tmp_path / "c.h5", PMI_SIZE="2", **missing)
    assert done.returncode == 2
    assert "mpi4py cannot be used" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "c.h5").exists()


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
    assert driver.verify(path).ok


def test_overwrite_replaces_grid_files_only(tmp_path):
    path = tmp_path / "scan.toml"
    path.write_text("format = 1\n")
    for overwrite in (False, True):
        with pytest.raises(UserError, match="is not a grid file of zdscan"):
            run(path, overwrite=overwrite)
    assert path.read_text() == "format = 1\n"


@pytest.mark.parametrize("settings", [{"threads": 1}, {"threads": 3}, {"sink": "gather", "threads": 2}])
def test_tables_of_very_many_masses_are_not_kept(tmp_path, monkeypatch, settings):
    """A budget of ten mass tables: the same bytes, few mass tables alive at once, and nearly every one built once."""
    shape, workers, sample = (200, 2, 3, 4), settings["threads"], 5
    monkeypatch.setattr(compute, "SAMPLE_SLICES", sample)
    run(tmp_path / "kept.h5", FakeEngine(shape), block_points=7)
    engine = FakeEngine(shape)
    monkeypatch.setattr(compute, "SLICE_BYTES", 10 * 8 * engine.mass_tables_size)
    alive, most = weakref.WeakSet(), []

    class Slice(np.ndarray):
        __hash__ = object.__hash__

    def build(mass_index, build=engine.mass_tables):
        built = build(mass_index).view(Slice)
        alive.add(built)
        most.append(len(alive))
        return built

    engine.mass_tables = build
    run(tmp_path / "built.h5", engine, block_points=7, **settings)
    assert contents(tmp_path / "built.h5") == contents(tmp_path / "kept.h5")
    assert set(engine.built) == set(range(200))
    assert {0, 49, 99, 149, 199} <= set(engine.built[:sample])  # the first ones are spread over the axis
    assert len(engine.built) <= 200 + sample + 3 * workers  # masses divided between workers at the end
    assert max(most) <= 2 * workers  # each one's own and the next


@pytest.mark.slow
@pytest.mark.parametrize("masses", [480, 2000])
@pytest.mark.parametrize("ranks", [0, 2])
def test_a_rank_needs_less_than_300_megabytes(tmp_path, masses, ranks):
    """The most masses whose mass tables are kept, and four times as many."""
    settings = [f"axes.mass.n={masses}", "axes.eps.values=[0.0]", "axes.eps_z.n=5", "axes.g_mu.n=31"]
    command = [sys.executable, "-m", "zdscan", "run", "jobs/quickstart.toml", "-o", str(tmp_path / "grid.h5")]
    command += ["--threads", "1", *itertools.chain.from_iterable(("--set", setting) for setting in settings)]
    done = run_child([str(MPIEXEC), "-n", str(ranks), *command] if ranks else command)
    assert 50e6 < done.peak_bytes < 300e6


def test_mass_tables_within_the_budget_are_built_once(tmp_path):
    engine = FakeEngine((200, 2, 3, 4))
    run(tmp_path / "grid.h5", engine, block_points=7, threads=3)
    assert sorted(engine.built) == list(range(200))
