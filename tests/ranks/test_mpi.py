"""Jobs under mpiexec: same bytes for any number of ranks, kills, faults on one rank, wrong launchers."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from pathlib import Path

import pytest

from tests.support.fake_engine import FakeEngine, FakeScan, whole
from tests.support.launching import MPIEXEC, TIMEOUT, contents, done_blocks, launch, processes_on, start, until
from zdscan.grid.open import open_grid
from zdscan.grid.verify import verify
from zdscan.running import driver
from zdscan.running.progress import read_status, status_path

STARTS_PROCESSES = True  # one worker runs all such modules, one after the other (tests/conftest.py)

pytestmark = pytest.mark.skipif(not MPIEXEC.exists(), reason="no mpiexec beside this Python")


SLOW_JOBS = [pytest.param(*job, marks=pytest.mark.slow) for job in ((1, "direct"), (4, "direct"), (1, "gather"))]


@pytest.mark.parametrize(("ranks", "sink"), [(2, "direct"), (3, "gather"), *SLOW_JOBS])
def test_same_bytes_for_any_number_of_ranks(tmp_path, reference_contents, ranks, sink):
    path = tmp_path / "grid.h5"
    # With a delay every rank gets a share; without one the first could take all.
    done = launch("run", path, "--block-points", 50, "--sink", sink, "--delay", 0.01, ranks=ranks)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""  # no rank but the first says anything, no window is left open
    summary = json.loads(done.stdout)  # one line, from rank 0
    assert (summary["ranks"], summary["computed"]) == (ranks, 1200)
    assert contents(path) == reference_contents
    entry = open_grid(path).history[-1]
    assert entry["ranks"] == ranks
    assert ("MPICH" in entry["mpi"]) == (ranks > 1)
    assert os.listdir(tmp_path) == ["grid.h5"]


MESSAGES = [pytest.param(*job, marks=pytest.mark.slow) for job in ((4, "direct", 2), (3, "gather", 1))]


@pytest.mark.parametrize(("ranks", "sink", "threads"), [(2, "direct", 1), *MESSAGES])
def test_same_bytes_where_rank_0_answers_messages(tmp_path, reference_contents, ranks, sink, threads):
    """As with Open MPI 4 between hosts, which has no one-sided calls."""
    path = tmp_path / "grid.h5"
    options = ("--block-points", 50, "--sink", sink, "--delay", 0.01, "--threads", threads)
    done = launch("run", path, *options, ranks=ranks, ZDSCAN_MPI_MESSAGES="1")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert contents(path) == reference_contents


@pytest.mark.slow
@pytest.mark.parametrize("sink", ["direct", "gather"])
def test_a_stopped_job_by_messages_is_resumed_by_messages(tmp_path, reference_contents, sink):
    path = tmp_path / "grid.h5"
    job = start("run", path, "--block-points", 50, "--delay", 0.05, "--sink", sink, ranks=2, ZDSCAN_MPI_MESSAGES="1")
    until(lambda: path.exists() and done_blocks(path) >= 5)
    for process in processes_on(path):
        os.kill(process, signal.SIGUSR1)
    _, errors = job.communicate(timeout=TIMEOUT)
    assert job.returncode == 75, errors
    done = launch("resume", path, ranks=3, ZDSCAN_MPI_MESSAGES="1")
    assert done.returncode == 0, done.stderr
    assert 0 < json.loads(done.stdout)["computed"] < 1200
    assert contents(path) == reference_contents


@pytest.mark.slow
@pytest.mark.parametrize("rank", [0, 1])
def test_an_error_ends_a_job_by_messages(tmp_path, rank):
    arguments = ("--block-points", 50, "--delay", 0.02, "--hold", 6, "--fail-rank", rank)
    done = launch("run", tmp_path / "grid.h5", *arguments, ranks=3, ZDSCAN_MPI_MESSAGES="1")
    assert done.returncode == 1
    assert f"rank {rank} of 3 on {os.uname().nodename} failed" in done.stderr
    assert verify(tmp_path / "grid.h5").ok


@pytest.mark.slow
@pytest.mark.parametrize("sink", ["direct", "gather"])
def test_ranks_with_threads(tmp_path, reference_contents, sink):
    path = tmp_path / "grid.h5"
    done = launch("run", path, "--block-points", 50, "--threads", 2, "--sink", sink, ranks=2)
    assert done.returncode == 0, done.stderr
    assert contents(path) == reference_contents


@pytest.mark.slow
def test_more_ranks_than_blocks_or_masses(tmp_path):
    path = tmp_path / "grid.h5"
    done = launch("run", path, "--shape", 1, 2, 3, 4, "--block-points", 24, ranks=3)
    assert done.returncode == 0, done.stderr
    engine = FakeEngine(shape=(1, 2, 3, 4))
    assert contents(path)["chi2"] == whole(engine)["chi2"].tobytes()


@pytest.mark.slow
@pytest.mark.parametrize(("number", "sink"), [(signal.SIGTERM, "gather"), (signal.SIGUSR1, "direct")])
def test_a_stopped_job_is_resumed_on_another_number_of_ranks(tmp_path, reference_contents, number, sink):
    path = tmp_path / "grid.h5"
    job = start("run", path, "--block-points", 50, "--delay", 0.05, "--hold", 12, "--sink", sink, ranks=2)
    try:
        until(lambda: path.exists() and done_blocks(path) >= 5)
        for process in [job.pid] if number == signal.SIGTERM else processes_on(path):
            os.kill(process, number)  # to the launcher, which passes it on, or by the batch system to every rank
        if number == signal.SIGUSR1:  # one that comes when the job has stopped already changes nothing
            until(lambda: (read_status(status_path(path)) or {}).get("state") == "stopped")
            for process in processes_on(path):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, number)
        began = time.monotonic()
        _, errors = job.communicate(timeout=TIMEOUT)
    finally:
        job.kill()
    assert time.monotonic() - began < 20
    assert job.returncode == 75, errors
    assert errors.count("zdscan resume") == 1
    assert open_grid(path).history[-1]["state"] == "stopped"
    status = read_status(status_path(path))
    assert status["state"] == "stopped"
    assert len(status["last_seen"]) == 2
    assert max(abs(status["time"] - seen) for seen in status["last_seen"]) < 30
    assert 5 <= done_blocks(path) < 25
    assert verify(path).ok
    done = launch("resume", path, ranks=3)
    assert done.returncode == 0, done.stderr
    assert 0 < json.loads(done.stdout)["computed"] < 1200
    assert contents(path) == reference_contents


@pytest.mark.slow
def test_a_file_from_one_process_is_resumed_by_ranks_and_repaired(tmp_path, reference_contents):
    path = tmp_path / "grid.h5"
    driver.run(FakeScan(), path, engine=FakeEngine(), threads=1, block_points=50, progress=False)
    layout = open_grid(path).layout
    with open(path, "r+b") as file:
        file.seek(layout.fields["chi2"].offset + 4 * 333)
        file.write(b"\x12")
    checked = launch("verify", path, ranks=2)
    assert "ok False bad 1" in checked.stdout
    done = launch("resume", path, ranks=2)
    assert json.loads(done.stdout)["computed"] == 50
    assert contents(path) == reference_contents


@pytest.mark.parametrize("sink", ["direct", "gather"])
@pytest.mark.parametrize("rank", [0, 1])
def test_an_error_on_one_rank_ends_the_job(tmp_path, rank, sink):
    began = time.monotonic()
    arguments = ("--block-points", 50, "--delay", 0.02, "--hold", 6, "--fail-rank", rank, "--sink", sink)
    done = launch("run", tmp_path / "grid.h5", *arguments, ranks=3)
    assert time.monotonic() - began < 20
    assert done.returncode == 1
    assert f"rank {rank} of 3 on {os.uname().nodename} failed" in done.stderr
    assert "ArithmeticError: the fake engine was told to fail" in done.stderr
    assert done.stderr.count("Traceback") == 1
    assert verify(tmp_path / "grid.h5").ok


def proxies(job):
    """The launcher's helpers, which forward what ranks print."""
    return [int(child) for child in (Path(f"/proc/{job.pid}/task/{job.pid}/children").read_text()).split()]


def test_the_message_of_a_failing_rank_gets_through_a_slow_launcher(tmp_path):
    """The end of the job must not overtake its reason: the launcher finds both waiting when it wakes up."""
    path, go = tmp_path / "grid.h5", tmp_path / "go"
    job = start("run", path, "--block-points", 50, "--fail-rank", 1, "--hold", 6, "--wait-for", go, ranks=2)
    try:
        until(lambda: (read_status(status_path(path)) or {}).get("stage") == "computing")
        helpers = proxies(job)
        assert helpers
        for helper in helpers:
            os.kill(helper, signal.SIGSTOP)
        go.touch()
        until(lambda: (read_status(status_path(path)) or {}).get("state") == "failed")
        time.sleep(1.0)
        for helper in helpers:
            os.kill(helper, signal.SIGCONT)
        _, errors = job.communicate(timeout=TIMEOUT)
    finally:
        job.kill()
    assert job.returncode == 1
    assert f"rank 1 of 2 on {os.uname().nodename} failed" in errors
    assert "ArithmeticError" in errors
    fault = read_status(status_path(path))["fault"]
    assert (fault["rank"], fault["ranks"], fault["host"]) == (1, 2, os.uname().nodename)
    assert fault["cause"] == "ArithmeticError: the fake engine was told to fail"


def test_a_user_s_mistake_is_said_once(tmp_path):
    path = tmp_path / "grid.h5"
    path.write_text("taken")
    done = launch("run", path, ranks=3)
    assert done.returncode == 2
    assert done.stderr.count("exists") == 1
    assert "Traceback" not in done.stderr
    path.unlink()
    driver.run(FakeScan(), path, engine=FakeEngine(), threads=1, progress=False)
    before = path.read_bytes()
    done = launch("resume", path, "--physics", "tables v2", ranks=2)
    assert done.returncode == 2
    assert done.stderr.count("tables v2") == 1
    assert path.read_bytes() == before
