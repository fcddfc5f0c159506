"""What threads and ranks do to compute blocks: mass tables, memory, faults and requests to stop."""

from __future__ import annotations

import itertools
import os
import signal
import sys
import weakref
from functools import partial

import numpy as np
import pytest

from benchmarks.common import run_child
from tests.support.fake_engine import FakeEngine
from tests.support.launching import MPIEXEC, contents, done_blocks
from tests.support.runs import run
from zdscan.errors import Stopped
from zdscan.grid.blocks import Plan
from zdscan.grid.open import open_grid
from zdscan.running import workers as compute
from zdscan.running.workers import StopRequest


def test_a_rank_ignores_signals_after_the_stop(request):
    """The other ranks may have stopped the job before a signal reaches this one; a lone process has its own back."""
    for number in StopRequest.SIGNALS:
        request.addfinalizer(partial(signal.signal, number, signal.getsignal(number)))
    with pytest.raises(Stopped), StopRequest(rank=True):
        raise Stopped
    for number in StopRequest.SIGNALS:
        os.kill(os.getpid(), number)  # would end this process


def test_the_signal_of_the_time_limit_may_come_after_the_last_block(request):
    """SIGUSR1 then ends no rank; the others have their handlers back, and a lone process has all of them."""
    for number in StopRequest.SIGNALS:
        request.addfinalizer(partial(signal.signal, number, signal.getsignal(number)))
    before = [signal.getsignal(number) for number in StopRequest.SIGNALS]
    with StopRequest():
        pass
    assert [signal.getsignal(number) for number in StopRequest.SIGNALS] == before
    with StopRequest(rank=True):
        pass
    os.kill(os.getpid(), signal.SIGUSR1)  # would end this process
    others = [number for number in StopRequest.SIGNALS if number != signal.SIGUSR1]
    assert [signal.getsignal(number) for number in others] == [
        former for number, former in zip(StopRequest.SIGNALS, before, strict=True) if number in others
    ]


def test_an_error_in_a_thread_ends_the_run_and_is_recorded(tmp_path):
    path = tmp_path / "grid.h5"
    engine = FakeEngine(fail_rank=0, delay=0.01)
    with pytest.raises(ArithmeticError, match="told to fail"):
        run(path, engine, threads=3)
    assert open_grid(path).history[-1]["state"] == "failed"
    assert done_blocks(path) == 0


@pytest.mark.parametrize("settings", [{"threads": 1}, {"threads": 3}, {"sink": "gather", "threads": 2}])
def test_tables_of_very_many_masses_are_not_kept(tmp_path, monkeypatch, settings):
    """A budget of ten mass tables: the same bytes, few mass tables alive at once, and nearly every one built once."""
    shape, workers, sample = (200, 2, 3, 4), settings["threads"], 5
    monkeypatch.setattr(compute, "SAMPLE_MASS_TABLES", sample)
    run(tmp_path / "kept.h5", FakeEngine(shape), block_points=7)
    engine = FakeEngine(shape)
    monkeypatch.setattr(compute, "MASS_TABLES_BYTES", 10 * 8 * engine.mass_tables_size)
    alive, most = weakref.WeakSet(), []

    class Built(np.ndarray):
        __hash__ = object.__hash__

    def build(mass_index, build=engine.mass_tables):
        built = build(mass_index).view(Built)
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


def test_memory_does_not_grow_with_the_number_of_points():
    """A worker's buffers are those of a piece, not of its block."""
    from zdscan.running.clock import Clock
    from zdscan.running.workers import Worker

    shape = (3, 400, 50, 100)
    worker = Worker(FakeEngine(shape=shape, stored=False), Plan.default(shape, stored=False), {}, Clock())
    assert Plan.default(shape, stored=False).block_points < 2**20
    large = (3, 400, 500, 100)
    assert (
        Worker(FakeEngine(shape=large, stored=False), Plan.default(large, stored=False), {}, Clock())._piece <= 131_072
    )
    assert worker._piece % 100 == 0
