"""Jobs of which a machine is gone: said with rank and host, ended with 75 after a time that can be set."""

from __future__ import annotations

import os
import signal
import time

import pytest

from tests.support.crashing import check_survivors
from tests.support.fake_engine import FakeEngine, whole
from tests.support.launching import MPIEXEC, TIMEOUT, contents, done_blocks, processes_on, start, until
from tests.support.runs import resume, run
from zdscan.errors import UserError
from zdscan.ranks import lookout
from zdscan.ranks.lookout import Lookout, patience
from zdscan.running.progress import read_status, status_path

STARTS_PROCESSES = True  # one worker runs all such modules, one after the other (tests/conftest.py)
SECONDS = 20  # a busy machine must not be taken for a lost one


@pytest.mark.parametrize(("text", "seconds"), [(None, 300.0), ("12.5", 12.5), ("0", 0.0)])
def test_the_time_can_be_set(monkeypatch, text, seconds):
    monkeypatch.delenv(lookout.VARIABLE, raising=False)
    if text is not None:
        monkeypatch.setenv(lookout.VARIABLE, text)
    assert patience() == seconds


@pytest.mark.parametrize("text", ["", "soon", "-1", "nan", "inf"])
def test_a_time_that_is_none_is_refused(monkeypatch, text):
    monkeypatch.setenv(lookout.VARIABLE, text)
    with pytest.raises(UserError, match=rf"ZDSCAN_LOST_AFTER is '{text}'; allowed is a number of seconds"):
        patience()


class Ended(Exception):
    """The process would end here."""


def look(monkeypatch, signs, seconds):
    """What a lookout does: the failure it told and its exit code, none where it was content for twice its patience."""
    told, codes = [], []
    monkeypatch.setattr(lookout, "ABORT_SECONDS", 0.0)
    monkeypatch.setattr(lookout.os, "_exit", codes.append)
    with Lookout(signs, ["node1", "node2", "node3"], seconds, told.append, lambda code: None):
        end = time.monotonic() + 2 * seconds
        while time.monotonic() < end and not codes:
            time.sleep(0.01)
    return told, codes


def test_clocks_that_differ_do_not_matter_and_silence_does(monkeypatch, capsys):
    began = time.time()

    def alive():
        return [time.time(), time.time() - 10_000.0, time.time() + 10_000.0]

    assert look(monkeypatch, alive, 0.4) == ([], [])
    told, codes = look(monkeypatch, lambda: [began, time.time(), began], 0.4)  # rank 0 may wait for the others
    assert codes[:1] == [75]
    assert (told[0].rank, told[0].ranks, told[0].host) == (2, 3, "node3")
    assert told[0].cause == "no sign of life for 0.4 s of rank 2 on node3"
    assert "zdscan: no sign of life for 0.4 s of rank 2 on node3: a machine" in capsys.readouterr().err


def test_time_in_which_the_job_was_halted_does_not_count(monkeypatch):
    """Signs are as old as the halt when a batch system lets the job go on."""
    began, real = time.time(), time.monotonic
    calls = iter(range(10**9))
    monkeypatch.setattr(lookout.time, "monotonic", lambda: real() + (1000.0 if next(calls) > 10 else 0.0))
    count = iter(range(10**9))

    def signs():
        return [began, began + next(count) // 2]  # alive, and not at every look

    monkeypatch.setattr(lookout, "ABORT_SECONDS", 0.0)
    codes: list[int] = []
    monkeypatch.setattr(lookout.os, "_exit", codes.append)
    with Lookout(signs, ["node1", "node2"], 0.8, lambda failure: None, lambda code: None):
        time.sleep(1.2)
    assert codes == []


@pytest.mark.slow
@pytest.mark.skipif(not MPIEXEC.exists(), reason="no mpiexec beside this Python")
@pytest.mark.parametrize(("sink", "stored"), [("direct", True), ("gather", True), ("direct", False)])
def test_a_job_with_a_rank_that_is_gone_ends_and_loses_nothing(tmp_path, monkeypatch, sink, stored):
    """A process that is stopped answers nothing, like one on a machine without power."""
    grid = tmp_path / "grid.h5"
    monkeypatch.setenv(lookout.VARIABLE, str(SECONDS))
    more = () if stored else ("--profiles-only", "--checkpoint-seconds", 0.2)
    job = start("run", grid, "--block-points", 10, "--delay", 0.2, "--sink", sink, *more, ranks=3)
    try:
        until(lambda: grid.exists() and done_blocks(grid) > 20)
        hung = processes_on(grid)[1]
        os.kill(hung, signal.SIGSTOP)
        began = time.monotonic()
        _, said = job.communicate(timeout=TIMEOUT)
        assert time.monotonic() - began < SECONDS + 20
        assert job.returncode == 75
        assert f"no sign of life for {SECONDS} s of rank" in said
        told = read_status(status_path(grid))
        assert told["state"] == "failed"
        assert "no sign of life" in told["fault"]["cause"]
    finally:
        job.kill()
    until(lambda: not processes_on(grid))
    engine = FakeEngine(stored=stored)
    if stored:
        check_survivors(grid, whole(engine))
    resume(grid, engine)
    run(tmp_path / "other.h5", FakeEngine(stored=stored), block_points=10)
    assert contents(grid) == contents(tmp_path / "other.h5")
