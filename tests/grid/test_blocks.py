"""The plan of blocks: every point exactly once, and where the points of a block lie."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zdscan.grid.blocks import LARGEST_BLOCK, Plan, boxes

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


@pytest.mark.parametrize(("shape", "blocks"), [((562, 562, 562, 562), 95_000), ((4000, 5000, 5001, 1), 95_000)])
def test_a_hundred_thousand_million_points_are_a_hundred_thousand_blocks(shape, blocks):
    plan = Plan.default(shape, stored=False)
    assert plan.points >= 0.99e11
    assert blocks <= plan.blocks <= 1.1 * blocks
    assert plan.block_points % shape[3] == 0


def test_boxes_cover_every_run_of_an_array_in_order():
    shape = (3, 4, 5)
    flat = np.arange(60).reshape(shape)
    for start in range(60):
        for stop in range(start + 1, 61):
            found = np.concatenate([flat[box].ravel() for box in boxes(start, stop - start, shape)])
            np.testing.assert_array_equal(found, np.arange(start, stop))


@given(st.data())
def test_boxes_cover_a_run_in_order_and_are_few(data):
    shape = tuple(data.draw(st.lists(st.integers(1, 5), min_size=1, max_size=4)))
    size = int(np.prod(shape))
    first = data.draw(st.integers(0, size - 1))
    count = data.draw(st.integers(1, size - first))
    grid = np.arange(size).reshape(shape)
    found = list(boxes(first, count, shape))
    covered = [grid[box].ravel() for box in found]
    np.testing.assert_array_equal(np.concatenate(covered), np.arange(first, first + count))
    assert len(found) <= 2 * len(shape) - 1
