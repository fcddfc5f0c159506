"""The plan of blocks and their hand-out: every point exactly once, whoever computes."""

from __future__ import annotations

import itertools
import math
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zdscan.mpi import LocalCounters
from zdscan.schedule import LARGEST_BLOCK, Plan, Shared, guided_runs, rounds

shapes = st.tuples(*[st.integers(1, 12)] * 4)


@given(shapes, st.integers(1, 2000))
def test_blocks_cover_every_point_once_and_stay_within_a_mass(shape, block_points):
    plan = Plan(shape, block_points)
    blocks = [plan.block(number) for number in range(plan.blocks)]
    assert blocks[0].start == 0
    for before, after in itertools.pairwise(blocks):
        assert after.start == before.start + before.count
    assert blocks[-1].start + blocks[-1].count == math.prod(shape) == plan.points
    per_mass = math.prod(shape[1:])
    assert all(b.start == b.mass * per_mass + b.first and b.first + b.count <= per_mass for b in blocks)
    assert all(0 < b.count <= min(block_points, plan.largest) for b in blocks)
    assert plan.starts().tolist() == [b.start for b in blocks]
    some = np.arange(0, plan.blocks, 2)
    assert plan.points_in(some) == sum(blocks[i].count for i in some)


@given(shapes)
def test_default_blocks_hold_whole_lines(shape):
    plan = Plan.default(shape)
    assert all(plan.block(n).first % shape[3] == 0 for n in range(plan.blocks))


@pytest.mark.parametrize(
    "shape", [(1, 20, 41, 50), (3, 30, 30, 30), (200, 50, 50, 50), (2, 300, 300, 1), (1, 1, 1, 10**6)]
)
def test_default_gives_several_blocks_of_bounded_size(shape):
    plan = Plan.default(shape)
    assert plan.blocks >= 8
    assert plan.largest <= LARGEST_BLOCK + shape[3]


def test_plan_refuses_nonsense():
    with pytest.raises(ValueError, match="no plan"):
        Plan((2, 0, 3, 4), 10)
    with pytest.raises(ValueError, match="no plan"):
        Plan((2, 1, 3, 4), 0)


@given(st.integers(0, 5000), st.integers(1, 64))
def test_guided_runs_shrink_and_cover(blocks, workers):
    bounds = guided_runs(blocks, workers)
    lengths = np.diff(bounds)
    assert bounds[0] == 0
    assert bounds[-1] == blocks
    assert (lengths >= 1).all()
    assert (np.diff(lengths) <= 0).all()
    assert not blocks or lengths[0] <= max(1, blocks / (4 * workers))


def test_threads_of_several_ranks_take_every_block_once():
    todo = np.arange(3, 500, 2)
    counters = LocalCounters(Shared.SLOTS)
    ranks = [Shared(todo, counters, 6) for _ in range(2)]
    taken: list[int] = []

    def work(share):
        while (number := share.next()) is not None:
            taken.append(number)
            share.finished()

    threads = [threading.Thread(target=work, args=(share,)) for share in ranks for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == todo.tolist()
    ranks[1].report()
    assert ranks[0].total_finished() == todo.size


def test_a_stop_on_one_rank_reaches_the_others():
    counters = LocalCounters(Shared.SLOTS)
    first, second = (Shared(np.arange(100), counters, 2) for _ in range(2))
    assert first.next() is not None
    assert second.next() is not None
    first.stop()
    second.report()
    assert first.next() is None
    assert second.next() is None


@given(st.integers(0, 200), st.integers(1, 7), st.integers(1, 3))
def test_rounds_are_equally_many_and_cover(blocks, ranks, threads):
    todo = np.arange(blocks) + 5
    plans = [rounds(todo, rank, ranks, threads) for rank in range(ranks)]
    assert len({len(plan) for plan in plans}) == 1
    given_out = [number for plan in plans for turn in plan for number in turn]
    assert sorted(n for n in given_out if n is not None) == todo.tolist()
    assert all(len(turn) == threads for plan in plans for turn in plan)
