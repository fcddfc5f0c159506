"""The model of many ranks (benchmarks/simulation.py): closed forms, bounds, and the real scheduler in virtual time."""

from __future__ import annotations

import heapq
import itertools
from typing import Any

import numpy as np
import pytest

from benchmarks.simulation import FIRST_POLL, Costs, Outcome, barrier_end, mass_stage, simulate
from zdscan.grid.sinks import SYNC_BYTES
from zdscan.ranks.mpi import LocalCounters
from zdscan.running import schedule

ROUNDING = 1e-9


def equal(block: float, blocks: int, ranks: int, **costs: float) -> Outcome:
    """A job of equal blocks and no mass tables, whose barriers end at once."""
    return simulate(Costs(mass_seconds=0.0, **costs), 0, np.full(blocks, block), ranks, poll=False)


def test_one_rank_takes_the_sum() -> None:
    seconds = np.random.default_rng(1).random(1000)
    outcome = simulate(Costs(mass_seconds=0.5), 7, seconds, 1)
    assert outcome.mass_tables == 3.5
    assert outcome.blocks == pytest.approx(seconds.sum(), rel=ROUNDING)
    assert outcome.busy == pytest.approx(outcome.total, rel=ROUNDING)


@pytest.mark.parametrize("ranks", [2, 3, 64, 1000])
@pytest.mark.parametrize("blocks", [1, 64, 5000])
def test_equal_blocks_on_a_free_counter(ranks: int, blocks: int) -> None:
    """No rank waits while there are blocks, and the last runs are single blocks: the ideal, rounded up to a block."""
    outcome = equal(0.01, blocks, ranks)
    longest = max(np.diff(schedule.guided_runs(np.arange(blocks), 1, ranks)))
    ideal = -(-blocks // ranks) * 0.01
    assert outcome.blocks >= blocks / ranks * 0.01 * (1 - ROUNDING)
    assert outcome.blocks <= ideal + 0.01 + ROUNDING
    assert longest <= max(1, blocks // (4 * ranks))


@pytest.mark.parametrize("ranks", [1, 16])
def test_saturated_counter(ranks: int) -> None:
    """Blocks that cost nothing: every addition waits for the one before; each rank asks once more at its end."""
    blocks, service = 500, 1e-5
    outcome = equal(0.0, blocks, ranks, counter_service=service)
    runs = schedule.guided_runs(np.arange(blocks), 1, ranks).size - 1
    assert outcome.calls >= runs + 3 * ranks  # a refusal and two looks for each rank; a report if it has done a block
    assert outcome.calls <= runs + 4 * ranks
    assert outcome.blocks == pytest.approx(outcome.calls * service, rel=ROUNDING)
    assert outcome.counter == pytest.approx(1.0, rel=ROUNDING)


def test_latency_of_one_rank() -> None:
    outcome = equal(0.0, 100, 1, counter_latency=1e-3)
    assert outcome.blocks == pytest.approx(outcome.calls * 1e-3, rel=ROUNDING)


@pytest.mark.parametrize("ranks", [1, 8, 32])
def test_slow_disk(ranks: int) -> None:
    """Blocks that cost nothing on a disk that does: bytes over rate, whoever writes."""
    outcome = equal(0.0, 4096, ranks, block_bytes=2.0**20, disk_bytes_per_second=1e8)
    assert outcome.blocks == pytest.approx(4096 * 2.0**20 / 1e8, rel=ROUNDING)


def test_fast_disk_does_not_matter() -> None:
    with_disk = equal(0.01, 4096, 8, block_bytes=2.0**20, disk_bytes_per_second=1e15)
    without = equal(0.01, 4096, 8)
    assert with_disk.blocks == pytest.approx(without.blocks, rel=1e-6)


def test_disk_and_computing_overlap() -> None:
    """The slower of the two rules, plus one hand-over of every rank at most."""
    ranks, blocks, size, rate = 4, 4096, 2.0**20, 2e8
    outcome = equal(0.01, blocks, ranks, block_bytes=size, disk_bytes_per_second=rate)
    slower = max(blocks * 0.01 / ranks, blocks * size / rate)
    assert slower <= outcome.blocks <= slower + ranks * (SYNC_BYTES / rate) + 64 * 0.01


def test_mass_tables() -> None:
    costs = Costs(0.01, mass_tables_bytes=1e4, link_bytes_per_second=1e9, link_latency=1e-6)
    assert mass_stage(costs, 100, 1) == pytest.approx(1.0)
    assert mass_stage(costs, 100, 8) == pytest.approx(13 * 0.01 + 3e-6 + 1e-3)
    assert mass_stage(costs, 100, 1000) == pytest.approx(0.01 + 10e-6 + 1e-3)


def test_barrier_polls_as_the_program_does() -> None:
    """Against the loop of zdscan.ranks.mpi.Ranks.barrier, poll by poll."""
    arrivals = np.array([0.0, 0.05, 0.09991, 0.1, 0.09995, 0.0937])
    expected = []
    for arrival in arrivals:
        now, wait = arrival, FIRST_POLL
        while now < arrivals.max():
            now += wait
            wait = min(2 * wait, 0.02)
        expected.append(now)
    np.testing.assert_allclose(barrier_end(arrivals), expected, rtol=1e-12)


class VirtualTime:
    """The clock that zdscan.running.schedule sees."""

    now = 0.0

    @classmethod
    def monotonic(cls) -> float:
        return cls.now


@pytest.mark.parametrize("blocks_per_mass", [1, 20])
@pytest.mark.parametrize("ranks", [1, 2, 7])
def test_against_the_real_scheduler(ranks: int, blocks_per_mass: int, monkeypatch: Any) -> None:
    """`zdscan.running.schedule.Shared`, one a rank on common counters, driven block by block on a clock of its own."""
    seconds = np.random.default_rng(3).exponential(0.03, 900)
    VirtualTime.now = 0.0
    monkeypatch.setattr(schedule, "time", VirtualTime)
    counters = LocalCounters(schedule.Shared.SLOTS)
    shares = [schedule.Shared(np.arange(seconds.size), blocks_per_mass, counters, ranks) for _ in range(ranks)]
    calls = itertools.count()
    add = counters.add
    monkeypatch.setattr(counters, "add", lambda slot, amount: (next(calls), add(slot, amount))[1])
    events = [(0.0, rank) for rank in range(ranks)]
    ends = []
    while events:
        VirtualTime.now, rank = heapq.heappop(events)
        if VirtualTime.now > 0.0:
            shares[rank].finished()
        number = shares[rank].next()
        if number is None:
            shares[rank].report()
            ends.append(VirtualTime.now)
        else:
            heapq.heappush(events, (VirtualTime.now + seconds[number], rank))
    outcome = simulate(Costs(0.0), 0, seconds, ranks, poll=False, blocks_per_mass=blocks_per_mass)
    assert outcome.blocks == pytest.approx(max(ends), rel=ROUNDING)
    assert outcome.calls == next(calls)
