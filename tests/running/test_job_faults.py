"""Faults in a job: it ends within seconds with one message that names rank, host and cause; what was finished stays."""

from __future__ import annotations

import os
import resource
import shlex
import subprocess
import sys
import time

import pytest

from tests.support.crashing import check_survivors, in_child
from tests.support.fake_engine import EVERY_RANK, FakeEngine, FakeScan, whole
from tests.support.launching import MPIEXEC, TIMEOUT, command, contents, environment, launch
from tests.support.paths import ROOT
from zdscan.errors import UserError
from zdscan.running import driver
from zdscan.running.progress import read_status, status_path

STARTS_PROCESSES = True  # one worker runs all such modules, one after the other (tests/conftest.py)

NUMBERS = whole(FakeEngine())
HOST = os.uname().nodename
needs_mpi = pytest.mark.skipif(not MPIEXEC.exists(), reason="no mpiexec beside this Python")


@needs_mpi
@pytest.mark.parametrize(
    ("fault", "rank", "code", "cause"),
    [
        ("raise", EVERY_RANK, 1, "ArithmeticError: the fake engine was told to fail"),
        ("memory", 1, 1, "Unable to allocate 8.00 GiB"),
        ("ENOSPC", EVERY_RANK, 2, "No space left on device"),
        ("EROFS", 1, 2, "Read-only file system"),
        ("early", 1, 1, "RuntimeError: before the run"),
        ("input", 1, 1, "No such file or directory: '/nowhere/sm_tables.h5'"),
    ],
)
def test_a_fault_is_told_once_and_ends_every_rank(tmp_path, reference_contents, fault, rank, code, cause):
    path = tmp_path / "grid.h5"
    ranks = 3 if rank == EVERY_RANK else 2
    began = time.monotonic()
    arguments = ("--block-points", 50, "--delay", 0.05, "--hold", 6, "--fault", fault, "--fail-rank", rank)
    done = launch("run", path, *arguments, ranks=ranks)
    assert time.monotonic() - began < 30
    assert done.returncode == code
    failed = [line for line in done.stderr.splitlines() if line.startswith("zdscan: rank ")]
    assert len(failed) == 1, done.stderr
    assert done.stderr.count(cause) == 1
    if rank != EVERY_RANK:
        assert failed == [f"zdscan: rank {rank} of {ranks} on {HOST} failed:"]
    if fault == "input":
        assert not path.exists()
    if fault in ("early", "input"):  # before there is a run
        return
    told = read_status(status_path(path))
    assert told["state"] == "failed"
    assert cause in told["fault"]["cause"]
    assert failed == [f"zdscan: rank {told['fault']['rank']} of {ranks} on {told['fault']['host']} failed:"]
    check_survivors(path, NUMBERS)
    driver.resume(path, engine=FakeEngine(), threads=1, progress=False)
    assert contents(path) == reference_contents
    assert not status_path(path).exists()


def test_a_lone_process_keeps_its_fault_too(tmp_path):
    path = tmp_path / "grid.h5"
    with pytest.raises(ArithmeticError):
        driver.run(FakeScan(), path, engine=FakeEngine(fail_rank=0), threads=2, progress=False)
    fault = read_status(status_path(path))["fault"]
    assert (fault["rank"], fault["ranks"], fault["host"]) == (0, 1, HOST)
    assert fault["cause"] == "ArithmeticError: the fake engine was told to fail"


def test_a_mistake_before_the_run_leaves_another_job_s_status_alone(tmp_path):
    path = tmp_path / "grid.h5"
    driver.run(FakeScan(), path, engine=FakeEngine(), threads=1, progress=False)
    status_path(path).write_text('{"state": "running"}')
    with pytest.raises(UserError, match="exists"):
        driver.run(FakeScan(), path, engine=FakeEngine(), threads=1, progress=False)
    assert read_status(status_path(path)) == {"state": "running"}


def test_a_disk_that_fills_while_the_file_is_created(tmp_path):
    """The limit on file sizes stands for the disk: the sentence is told and nothing is left."""
    path = tmp_path / "grid.h5"

    def action():
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))  # Python ignores the signal: writes fail
        with pytest.raises(UserError, match="cannot be created"):
            driver.run(FakeScan(), path, engine=FakeEngine(), threads=1, progress=False)

    assert not in_child(action)
    assert os.listdir(tmp_path) == []


def on_a_small_disk(folder, script):
    """Run a shell script with a file system of 2 MB of its own on the folder; skips where this is not allowed."""
    disk = shlex.quote(str(folder))
    unshare = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-ec"]
    mount = f"mount -t tmpfs -o size=2m none {disk}"
    try:
        subprocess.run([*unshare, mount], check=True, capture_output=True, timeout=TIMEOUT)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no file system can be mounted here: {getattr(error, 'stderr', error)!r}")
    return subprocess.run(
        [*unshare, f"{mount}; {script}"],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )


def shell(*arguments, ranks=0):
    return shlex.join(command(*arguments, ranks=ranks))


@needs_mpi
def test_a_disk_too_small_is_told_once_before_anything_is_written(tmp_path):
    path = tmp_path / "grid.h5"
    done = on_a_small_disk(
        tmp_path, shell("run", path, "--shape", 50, 10, 10, 30, ranks=2) + f" || echo code $?; ls -A {tmp_path}"
    )
    assert done.stdout.split() == ["code", "2"]
    assert done.stderr.count("GB free") == 1
    assert "Traceback" not in done.stderr


@needs_mpi
def test_a_disk_that_fills_during_the_run_does_no_harm(tmp_path, reference_contents):
    """All space is taken when the file is created, so blocks always have their place."""
    disk, out, full = tmp_path / "disk", tmp_path / "out.h5", tmp_path / "full"
    disk.mkdir()
    path = disk / "grid.h5"
    run = shell("run", path, "--block-points", 50, "--wait-for", full, ranks=2)
    script = (
        f"{run} & while ! [ -e {path} ]; do sleep 0.05; done; cat /dev/zero > {disk}/other 2>/dev/null || true; "
        f"df {disk} | grep -q 100%; touch {full}; wait $!; cp {path} {out}"
    )
    done = on_a_small_disk(disk, script)
    assert done.returncode == 0, done.stderr
    assert contents(out) == reference_contents


@needs_mpi
def test_a_folder_that_became_read_only(tmp_path, reference_contents):
    """Before a resume: one sentence. The file is intact."""
    disk, out = tmp_path / "disk", tmp_path / "out.h5"
    disk.mkdir()
    path = disk / "grid.h5"
    unfinished = shell("run", path, "--block-points", 50, "--fail-rank", 0, ranks=0)
    resume = shell("resume", path, ranks=2)
    script = (
        f"{unfinished} 2>/dev/null || true; mount -o remount,ro {disk}; {resume} || echo code $?; "
        f"cp {path} {out}; {sys.executable} -m tests.support.fake_engine verify {path}"
    )
    done = on_a_small_disk(disk, script)
    assert "code 2" in done.stdout, done.stderr
    assert "ok True" in done.stdout
    assert done.stderr.count(f"cannot be opened for writing on {HOST}: Read-only file system") == 1
    driver.resume(out, engine=FakeEngine(), threads=1, progress=False)
    assert contents(out) == reference_contents
