"""Runs that store no field: the profiles of a dense run, from any number of threads and ranks, through any kill."""

from __future__ import annotations

import os
import signal

import h5py
import numpy as np
import pytest
from typer.testing import CliRunner

from tests.support import runs
from tests.support.fake_engine import FakeEngine, FakeScan, stop_after
from tests.support.launching import contents, done_blocks, kill, launch, start, until
from tests.support.runs import SETTINGS
from tests.support.thinning import only
from zdscan.analysis.views import grid as analysis_grid
from zdscan.analysis.views.view import view
from zdscan.cli import app
from zdscan.errors import Stopped, UserError
from zdscan.grid import checkpoint
from zdscan.grid.layout import GridIO
from zdscan.grid.open import open_grid
from zdscan.grid.verify import info as file_info
from zdscan.grid.verify import verify
from zdscan.running import driver
from zdscan.scan.scanfile import parse_scan

STARTS_PROCESSES = True  # one worker runs all such modules, one after the other (tests/conftest.py)


def engine(**options):
    return FakeEngine(stored=False, **options)


def run(path, made=None, **settings):
    return runs.run(path, made or engine(), **settings)


def resume(path, made=None, **settings):
    return runs.resume(path, made or engine(), **settings)


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    path = tmp_path_factory.mktemp("partial") / "grid.h5"
    run(path)
    return path


@pytest.fixture
def eager(monkeypatch):
    """A checkpoint whenever rank 0 looks around: after every block."""
    monkeypatch.setattr(checkpoint, "CHECKPOINT_SECONDS", 0.0)
    monkeypatch.setattr(checkpoint, "CHECKPOINT_RATIO", 0.0)
    monkeypatch.setattr(checkpoint, "CELLS_AT_ONCE", 37)  # does not divide the 194 cells


def test_equals_the_profiles_of_a_dense_run(tmp_path, reference):
    dense = driver.run(FakeScan(), tmp_path / "dense.h5", engine=FakeEngine(), **SETTINGS)
    with h5py.File(tmp_path / "dense.h5") as file, h5py.File(reference) as ours:
        names = [name for name in file if name.startswith("profile")]
        assert len(names) == 24
        assert not {"chi2", "excluded", "ratios"} & set(ours)
        for name in names:
            np.testing.assert_array_equal(file[name][()], ours[name][()])
            assert [dim.label for dim in file[name].dims] == [dim.label for dim in ours[name].dims]
            assert dict(file[name].attrs.items()).keys() == dict(ours[name].attrs.items()).keys()
        assert (ours["run/done"][()] == 1).all()
        for name in ("minimum", "at", "covers", "stamp"):
            assert not ours[f"run/partial_{name}"][()].any()
    info = file_info(reference)
    assert (info.best, info.best_allowed) == (dense.best, dense.best_allowed)
    assert info.fields == ()
    report = verify(reference)
    assert (report.ok, report.checked, report.missing, report.lost) == (True, 25, 0, 0)


@pytest.mark.parametrize("settings", [{"threads": 2}, {"threads": 5}, {"sink": "gather", "threads": 3}])
def test_same_bytes_from_threads_and_checkpoints(tmp_path, reference, eager, settings):
    summary = run(tmp_path / "grid.h5", **settings)
    assert summary.computed == 1200
    assert contents(tmp_path / "grid.h5") == contents(reference)


@pytest.mark.parametrize("block_points", [1, 7, 240, None])
def test_block_size_does_not_change_the_profiles(tmp_path, reference, block_points):
    run(tmp_path / "grid.h5", block_points=block_points, threads=2)
    ours, theirs = contents(tmp_path / "grid.h5"), contents(reference)
    assert {k: v for k, v in ours.items() if "profile" in k} == {k: v for k, v in theirs.items() if "profile" in k}


@pytest.mark.slow
@pytest.mark.parametrize("ranks", [2, 3])
def test_killed_on_some_ranks_and_resumed_on_others(tmp_path, ranks):
    path = tmp_path / "grid.h5"
    options = ("--profiles-only", "--checkpoint-seconds", 0.2, "--threads", 1)
    # Work enough for many seconds without a checkpoint; from the first on, a hold.
    job = start("run", path, "--delay", 0.1, "--block-points", 5, "--hold", 12, *options, ranks=ranks)
    until(lambda: path.exists() and done_blocks(path) >= 3)
    kill(job, path)
    info = file_info(path)
    assert 3 <= info.blocks_done < 240
    assert verify(path).ok
    done = launch("resume", path, *options, ranks=5 - ranks)
    assert done.returncode == 0, done.stderr
    assert f'"computed": {1200 - info.points_done},' in done.stdout  # nothing that was finished is computed again
    run(tmp_path / "whole.h5", block_points=5)
    assert contents(path) == contents(tmp_path / "whole.h5")


def test_a_lone_process_killed_midway_loses_nothing_finished(tmp_path):
    path = tmp_path / "grid.h5"
    options = ("--profiles-only", "--checkpoint-seconds", 0, "--threads", 2)
    job = start("run", path, "--delay", 0.1, "--block-points", 5, "--hold", 12, *options)
    until(lambda: path.exists() and done_blocks(path) >= 5)
    kill(job, path)
    left = 1200 - file_info(path).points_done
    assert 0 < left < 1200
    assert resume(path, threads=3).computed == left
    run(tmp_path / "whole.h5", block_points=5)
    assert contents(path) == contents(tmp_path / "whole.h5")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1])
def test_a_signal_keeps_every_block_begun(tmp_path, reference, number):
    path = tmp_path / "grid.h5"
    made, seen = engine(), []
    evaluate = made.evaluate

    def interrupted(*arguments):
        seen.append(1)
        if len(seen) == 8:
            os.kill(os.getpid(), number)
        evaluate(*arguments)

    made.evaluate = interrupted
    with pytest.raises(Stopped, match="zdscan resume"):
        run(path, made)
    info = file_info(path)
    assert info.blocks_done == done_blocks(path) == len(seen) == 8
    with GridIO(info.grid.layout, write=False) as io:
        assert io.read_profile("profile_mass_eps") is None
    # the best point so far, over the 8 finished blocks alone
    some = checkpoint.read_checkpoint(info.grid.layout)
    assert info.best.chi2 == some.every.values.min()
    assert info.best.index < 2 * 240
    assert resume(path).computed == 1200 - info.points_done
    assert contents(path) == contents(reference)


class Killed(BaseException):
    """Stands for the end of the process: nothing is written any more."""


class Crash:
    """Lets `writes` writes of grid files through, cuts the next one to a share of its bytes, and drops all others."""

    def __init__(self, monkeypatch, writes, share):
        self.left, self.share, self.count = writes, share, 0
        self.write = GridIO._write
        monkeypatch.setattr(GridIO, "_write", lambda io, offset, data: self(io, offset, data))

    def __call__(self, io, offset, data):
        self.count += 1
        self.left -= 1
        if self.left >= 0:
            self.write(io, offset, data)
            return
        if self.left == -1:
            view = np.ascontiguousarray(data).reshape(-1).view(np.uint8)
            self.write(io, offset, view[: int(self.share * view.size)])
            raise Killed


@pytest.mark.parametrize(
    ("share", "step"),
    [
        (0.5, 51),
        pytest.param(0.5, 17, marks=pytest.mark.slow),
        pytest.param(0.0, 1, marks=pytest.mark.slow),
        pytest.param(0.5, 1, marks=pytest.mark.slow),
        pytest.param(1.0, 1, marks=pytest.mark.slow),
    ],
)
def test_killed_at_every_write(tmp_path, reference, eager, monkeypatch, share, step):
    """Instants of a run at which the file changes, whole writes and torn ones; then a resume that is killed too."""
    monkeypatch.setattr("zdscan.grid.layout._sync", lambda fd: None)  # a process that ends loses nothing it wrote
    monkeypatch.setattr(os, "fsync", lambda fd: None)
    with monkeypatch.context() as patch:
        counting = Crash(patch, 10**9, share)
        run(tmp_path / "whole.h5", block_points=120)
    path = tmp_path / "grid.h5"
    run(tmp_path / "expected.h5", block_points=120)
    expected = contents(tmp_path / "expected.h5")
    numbers = range(0, counting.count, step)
    assert len(numbers) * step > 150
    for number in numbers:
        with monkeypatch.context() as patch:
            Crash(patch, number, share)
            with pytest.raises(Killed):
                run(path, block_points=120, overwrite=True)
        assert verify(path).lost == 0
        done = done_blocks(path)
        with monkeypatch.context() as patch:
            again = Crash(patch, (number * 7) % 40, share)
            try:
                resume(path)
            except Killed:
                assert done_blocks(path) >= done
            else:
                assert again.left >= 0
        resume(path)
        assert contents(path) == expected, number


def stopped_midway(path, eager_blocks=9):
    made = stop_after(engine(), eager_blocks)
    with pytest.raises(Stopped):
        run(path, made)


def flip(path, dataset, element):
    with h5py.File(path, "r+") as file:
        array = file[dataset][()]
        array.reshape(-1).view(np.uint8)[element] ^= 16
        file[dataset][...] = array


def test_a_damaged_copy_costs_only_the_blocks_it_alone_covers(tmp_path, reference, eager):
    path = tmp_path / "grid.h5"
    stopped_midway(path)
    assert done_blocks(path) == 9
    layout = open_grid(path).layout
    with GridIO(layout, write=False) as io:
        copy = checkpoint.newest(io)
    with h5py.File(path) as file:
        size = file["run/partial_minimum"][0].nbytes
    flip(path, "run/partial_minimum", copy.slot * size + 5)
    report = verify(path)
    assert (report.ok, report.lost) == (False, 1)  # the other copy lacks the last block
    summary = resume(path)
    assert summary.repaired == (8,)
    assert contents(path) == contents(reference)


def test_both_copies_damaged_is_a_fresh_start(tmp_path, reference, eager):
    path = tmp_path / "grid.h5"
    stopped_midway(path)
    with h5py.File(path, "r+") as file:
        file["run/partial_at"][:, :, 3] = 7
    assert verify(path).lost == 9
    assert file_info(path).best is None
    assert resume(path).computed == 1200
    assert contents(path) == contents(reference)


def test_a_damaged_finished_file_is_computed_again(tmp_path, reference):
    path = tmp_path / "grid.h5"
    path.write_bytes(reference.read_bytes())
    flip(path, "profile_eps_eps_z", 3)
    report = verify(path)
    assert (report.bad_profiles, report.lost, report.ok) == (("profile_eps_eps_z",), 25, False)
    assert resume(path).computed == 1200
    assert contents(path) == contents(reference)


def test_a_file_killed_before_its_profiles_is_intact(tmp_path, reference, eager, monkeypatch):
    """Every block is covered by a copy, no profile is written yet: nothing is damaged, and resume completes it."""
    path = tmp_path / "grid.h5"

    def killed(layout):
        raise KeyboardInterrupt

    monkeypatch.setattr(checkpoint, "finish", killed)
    with pytest.raises(KeyboardInterrupt):
        run(path)
    monkeypatch.undo()
    report = verify(path)
    assert (report.ok, report.missing, report.lost, report.bad_profiles) == (True, 0, 0, ())
    assert report.profiles_waiting
    assert resume(path).computed == 0
    assert contents(path) == contents(reference)
    assert not verify(path).profiles_waiting


def cut(path, keep):
    """Cut the file short; the bytes that it had."""
    size = path.stat().st_size
    os.truncate(path, keep)
    return size


def test_the_tables_of_a_run_come_last_in_the_file(reference):
    layout = open_grid(reference).layout
    ends = {extent.offset + extent.nbytes for extent in layout.checkpoint.values()}
    assert max(ends) == reference.stat().st_size
    others = [*layout.profiles.values(), layout.done, layout.checksum, layout.history, layout.profile_checksum]
    assert layout.checkpoint["partial_minimum"].offset >= max(extent.offset + extent.nbytes for extent in others)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.999])
def test_a_finished_file_cut_short_has_lost_nothing(tmp_path, reference, share):
    path = tmp_path / "grid.h5"
    path.write_bytes(reference.read_bytes())
    first = open_grid(path).layout.checkpoint["partial_minimum"].offset
    size = cut(path, int(first + share * (path.stat().st_size - first)))
    report = verify(path)
    assert (report.ok, report.lost, report.bad_profiles) == (False, 0, ())
    assert report.lost_bytes == size - path.stat().st_size
    made = engine()
    assert resume(path, made).computed == 0
    assert made.built == []
    assert path.read_bytes() == reference.read_bytes()


@pytest.mark.parametrize("lost", ["an index", "one copy's indices", "both", "everything"])
def test_an_unfinished_file_cut_short_goes_on_from_the_copy_that_is_whole(tmp_path, reference, eager, lost):
    path = tmp_path / "grid.h5"
    stopped_midway(path, 10)
    layout = open_grid(path).layout
    with GridIO(layout, write=False) as io:
        assert checkpoint.newest(io).slot == 1  # the last in the file
    at = layout.checkpoint["partial_at"]
    ends = {
        "an index": at.offset + at.nbytes - 8,
        "one copy's indices": at.offset + at.nbytes // 2,
        "both": at.offset + 8,
        "everything": layout.checkpoint["partial_minimum"].offset,
    }
    cut(path, ends[lost])
    gone = 1 if lost in ("an index", "one copy's indices") else 10  # the copy before covers one block less
    report = verify(path)
    assert (report.ok, report.lost) == (False, gone)
    assert (file_info(path).best is None) == (gone == 10)
    summary = resume(path)
    assert len(summary.repaired) == gone
    assert contents(path) == contents(reference)
    assert verify(path).ok
    assert path.stat().st_size == reference.stat().st_size


def test_a_file_cut_before_its_tables_is_refused_with_what_to_do(tmp_path, reference):
    path = tmp_path / "grid.h5"
    path.write_bytes(reference.read_bytes())
    cut(path, open_grid(path).layout.checkpoint["partial_minimum"].offset - 1)
    with pytest.raises(UserError, match=r"is cut short: .* run its scan file again"):
        resume(path)


def test_resuming_a_finished_file_changes_nothing(tmp_path, reference):
    path = tmp_path / "grid.h5"
    path.write_bytes(reference.read_bytes())
    made = engine()
    assert resume(path, made).computed == 0
    assert made.built == []
    assert path.read_bytes() == reference.read_bytes()


def test_another_process_that_writes_is_noticed(tmp_path, eager):
    path = tmp_path / "grid.h5"
    made, seen = engine(), []
    evaluate = made.evaluate

    def disturbed(*arguments):
        seen.append(1)
        if len(seen) == 12:
            for slot in (0, 1):
                with h5py.File(path, "r+", locking=False) as file:
                    file["run/partial_minimum"][slot, 0, 0] = -1.0
        evaluate(*arguments)

    made.evaluate = disturbed
    with pytest.raises(UserError, match="changed by another process"):
        run(path, made)
    assert resume(path).computed == 1200
    assert file_info(path).best.chi2 > 0


def test_a_dense_file_is_not_continued_without_its_fields(tmp_path, reference):
    path = tmp_path / "grid.h5"
    path.write_bytes(reference.read_bytes())
    with pytest.raises(UserError, match="the file has profiles alone, this zdscan gives chi2, excluded"):
        resume(path, FakeEngine())


SMALL = """format = 1
case = "C"
[axes]
mass = { min = 0.012, max = 1.5, n = 5, spacing = "log" }
eps = { values = [0.0, 1e-4, 1e-3] }
eps_z = { min = -1e-2, max = 1e-2, n = 9, spacing = "symlog", linear_below = 1e-5 }
g_mu = { min = 1e-4, max = 1.0, n = 11, spacing = "log" }
[constraints]
use = "all"
"""


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """The same real scan, dense and with profiles alone."""
    folder = tmp_path_factory.mktemp("real")
    for name, overrides in (("dense", []), ("profiles", ["output.fields=[]"])):
        driver.run(parse_scan(SMALL, overrides=overrides), folder / f"{name}.h5", **SETTINGS)
    return folder


def test_a_real_scan_keeps_the_profiles_of_the_dense_one(real):
    with h5py.File(real / "dense.h5") as dense, h5py.File(real / "profiles.h5") as alone:
        names = [name for name in dense if name.startswith("profile")]
        assert len(names) == 24
        for name in names:
            np.testing.assert_array_equal(dense[name][()], alone[name][()])
        assert not {"chi2", "excluded"} & set(alone)
    assert file_info(real / "profiles.h5").best == file_info(real / "dense.h5").best
    assert driver.resume(real / "profiles.h5", **SETTINGS).computed == 0


@pytest.mark.parametrize(
    ("axes", "constraints"),
    only(
        [(("mass", "g_mu"), ["all"]), (("g_mu", "mass"), []), (("eps_z",), ["all"]), (("mass",), [])],
        [(("mass", "g_mu"), []), (("g_mu", "mass"), ["all"]), (("eps_z",), []), (("mass",), ["all"])],
    ),
)
def test_views_of_profiles_alone_are_those_of_the_dense_file(real, axes, constraints):
    seen = []
    for name in ("dense", "profiles"):
        with analysis_grid.open_grid(real / f"{name}.h5") as grid:
            seen.append(view(grid, axes, {}, constraints))
    for name in ("chi2", "at", "allowed", "allowed_at"):
        np.testing.assert_array_equal(getattr(seen[0], name), getattr(seen[1], name))


@pytest.mark.slow
def test_the_commands_on_profiles_alone(real, tmp_path):
    path = str(real / "profiles.h5")

    def said(*arguments, code=0):
        done = CliRunner().invoke(app, list(arguments))
        if isinstance(done.exception, UserError):
            assert code == 2
            return "\n".join(done.exception.messages)
        assert (done.exit_code, done.exception) == (code, None), done.output
        return done.output

    assert "none, profiles only" in said("info", path)
    assert "intact" in said("verify", path)
    said("plot", path, "--x", "mass", "--y", "g_mu", "-o", str(tmp_path / "a.png"))
    said("plot", path, "--x", "mass", "--y", "eps_z", "--constraints", "all", "-o", str(tmp_path / "b.png"))
    said("plot", path, "--x", "mass", "-o", str(tmp_path / "c.png"))
    assert (tmp_path / "a.png").stat().st_size > 10_000
    picture = ("plot", path, "--x", "mass", "--y", "g_mu", "-o", str(tmp_path / "no.png"))
    stores = "stores profiles only (fields = [])"
    assert stores in said(*picture, "--slice", "eps=0,eps_z=0", code=2)
    assert stores in said(*picture, "--constraints", "k_mu_inv", code=2)
    assert stores in said(*picture, "--marginalise", "log", code=2)
    assert "by itself is not known" in said(*picture, "--summary", code=2)
    assert stores in said("fit", path, code=2)
    assert stores in said("info", path, "--count", code=2)
    assert not (tmp_path / "no.png").exists()
