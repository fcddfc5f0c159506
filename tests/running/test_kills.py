"""Jobs killed with SIGKILL: one rank, all, or the launcher, at chosen and random times; then resumed to the same bytes.

One file takes several kills, each in a job with other ranks, threads and sink that resumes what the last one left.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import time
import traceback
from typing import NamedTuple

import pytest

from tests.support import runs
from tests.support.crashing import check_survivors
from tests.support.fake_engine import FakeEngine, FakeScan, whole
from tests.support.launching import MPIEXEC, TIMEOUT, contents, done_blocks, launch, processes_on, start, until
from zdscan.grid import checkpoint, provenance
from zdscan.grid.verify import verify
from zdscan.running import driver

STARTS_PROCESSES = True  # one worker runs all such modules, one after the other (tests/conftest.py)

pytestmark = pytest.mark.skipif(not MPIEXEC.exists(), reason="no mpiexec beside this Python")

BLOCKS = 120
ENGINE = FakeEngine()
NUMBERS = whole(ENGINE)
ORPHAN_SECONDS = 20.0 if "MPI4PY_LIBMPI" not in os.environ else 1.0
SECONDS_OF_WORK = 2.4  # that all blocks take one after the other, by the engine's delay


class Job(NamedTuple):
    """How a job runs, whom to kill in it, and when: at a share of all blocks, or (negative) after so many seconds."""

    victim: str
    when: float
    ranks: int
    threads: int = 1
    sink: str = "direct"


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    path = tmp_path_factory.mktemp("reference") / "grid.h5"
    driver.run(FakeScan(), path, engine=ENGINE, threads=1, block_points=10, progress=False)
    return contents(path)


def command(path):
    return ("resume", path) if path.exists() else ("run", path, "--block-points", 10)


def settings(job):
    # The most that a kill waits for, and fewer than the blocks that may be in hand then: no job ends by itself.
    hold = ("--hold", round(0.95 * BLOCKS))
    return ("--threads", job.threads, "--sink", job.sink, "--delay", SECONDS_OF_WORK / BLOCKS, *hold)


def kill(path, job, chance):
    """Start the job, kill in it, wait until nobody writes any more, and look at what is left."""
    before = set(finished_blocks(path))
    running = start(*command(path), *settings(job), ranks=job.ranks)
    try:
        if job.when >= 0:
            until(lambda: running.poll() is not None or (path.exists() and done_blocks(path) >= job.when * BLOCKS))
        else:
            time.sleep(-job.when)
        assert running.poll() is None, running.communicate()
        ranks = processes_on(path)
        if job.victim == "launcher":
            os.kill(running.pid, signal.SIGKILL)
        elif job.victim == "all":
            os.killpg(running.pid, signal.SIGKILL)
        elif ranks:
            os.kill(chance.choice(ranks), signal.SIGKILL)
        else:  # too early for a rank
            os.kill(running.pid, signal.SIGKILL)
        began = time.monotonic()
        running.communicate(timeout=TIMEOUT)
        assert time.monotonic() - began < 20, "the job did not end with its rank"
    finally:
        running.kill()
    end_orphans(path)
    assert running.returncode != 0
    if path.exists():
        check_survivors(path, NUMBERS)
        assert verify(path).bad == ()
        assert before <= set(finished_blocks(path)), "a finished block is lost"


def end_orphans(path):
    """Wait for the ranks of a job whose launcher is gone; those of Open MPI go on, and the batch system ends them."""
    limit = time.monotonic() + ORPHAN_SECONDS
    while processes_on(path) and time.monotonic() < limit:
        time.sleep(0.01)
    for rank in processes_on(path):
        with contextlib.suppress(ProcessLookupError):
            os.kill(rank, signal.SIGKILL)
    until(lambda: not processes_on(path))


def finished_blocks(path):
    if not path.exists():
        return []
    grid = driver.open_grid(path)
    return [number for number in range(BLOCKS) if grid.done[number]]


def endure(path, jobs, reference, seed, last=2):
    chance = random.Random(seed)
    for job in jobs:
        kill(path, job, chance)
    done = launch(*command(path), "--delay", 0.001, ranks=last)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["ranks"] == last
    assert contents(path) == reference


DEFAULT = [
    [
        Job("one", 0.05, 2),
        Job("launcher", 0.30, 3),
        Job("all", 0.50, 1, threads=2),
        Job("one", 0.75, 4),
        Job("all", 0.95, 2, threads=2, sink="gather"),
    ],
    [
        Job("all", -1.5, 2),
        Job("all", 0.05, 3, sink="gather"),
        Job("launcher", 0.50, 2, threads=2),
        Job("one", 0.75, 3, sink="gather"),
        Job("launcher", 0.95, 1),
    ],
]


@pytest.mark.slow
@pytest.mark.parametrize("jobs", DEFAULT[:2], ids=["mixed", "early"])
def test_killed_five_times_and_resumed(tmp_path, reference, jobs):
    endure(tmp_path / "grid.h5", jobs, reference, seed=1)


def chain(number):
    """Five kills: at growing shares of the work where the number is even, at random times where it is odd."""
    chance = random.Random(number)
    shares = (0.05, 0.35, 0.50, 0.75, 0.95)
    return [
        Job(
            victim=("one", "all", "launcher")[(number + place) % 3],
            when=share if number % 2 == 0 else -chance.uniform(0.2, 3.0),
            ranks=1 + (number + place) % 4,
            threads=1 + (number // 2 + place) % 2,
            sink=("direct", "gather")[(number + place // 2) % 2],
        )
        for place, share in enumerate(shares)
    ]


@pytest.mark.slow
@pytest.mark.parametrize("number", range(10))
def test_fifty_kills(tmp_path, reference, number):
    endure(tmp_path / "grid.h5", chain(number), reference, seed=number, last=1 + number % 4)


@pytest.mark.slow
@pytest.mark.parametrize("stored", [True, False], ids=["fields", "profiles alone"])
def test_two_hundred_kills_at_random_instants(tmp_path, monkeypatch, stored):
    """A process that forks, at once computing, and is killed within milliseconds: a hundred times for each."""
    monkeypatch.setattr(checkpoint, "CHECKPOINT_SECONDS", 0.01)
    monkeypatch.setattr(checkpoint, "CHECKPOINT_RATIO", 0)
    provenance.commit()
    chance = random.Random(int(stored))
    runs.run(tmp_path / "whole.h5", FakeEngine(stored=stored), block_points=10)
    expected = contents(tmp_path / "whole.h5")
    path, finished = tmp_path / "grid.h5", set()
    for number in range(100):
        settings = {"threads": chance.choice((1, 2)), "sink": chance.choice(("direct", "gather"))}

        def work(settings=settings):
            engine = FakeEngine(delay=0.001, stored=stored)
            if path.exists():
                runs.resume(path, engine, **settings)
            else:
                runs.run(path, engine, **settings, block_points=10)

        killed_within(work, chance.uniform(0.0, 0.2))
        if path.exists() and stored:
            check_survivors(path, NUMBERS)
        if path.exists():
            found = set(finished_blocks(path))
            assert finished <= found, "finished blocks are lost"
            finished = found
        if number % 10 == 9:
            runs.resume(path, FakeEngine(stored=stored)) if path.exists() else work()
            assert contents(path) == expected
            assert {entry.name for entry in tmp_path.iterdir()} <= {"grid.h5", "whole.h5", "grid.h5.status.json"}
            path.unlink()
            finished = set()


def killed_within(action, seconds):
    """Fork, let the child act, and kill it after so long, if it is still at it."""
    child = os.fork()
    if child == 0:
        try:
            action()
        except BaseException:
            traceback.print_exc()
            os._exit(70)
        os._exit(0)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "the child failed; its traceback is above"


@pytest.mark.parametrize(("rank", "index"), [(1, 6), pytest.param(0, 40, marks=pytest.mark.slow)])
def test_a_rank_that_dies_in_the_midst_of_a_write(tmp_path, reference, rank, index):
    path = tmp_path / "grid.h5"
    hold = ("--hold", BLOCKS // 2)  # the other rank leaves blocks for this one
    died = launch(*command(path), "--delay", 0.005, *hold, "--fail-rank", rank, "--crash-at", index, ranks=2)
    assert died.returncode != 0
    check_survivors(path, NUMBERS)
    assert len(finished_blocks(path)) < BLOCKS
    endure(path, [], reference, seed=0)
