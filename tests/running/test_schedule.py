"""The plan of blocks and their hand-out: every point exactly once, whoever computes."""

from __future__ import annotations

import itertools
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zdscan.ranks.mpi import LocalCounters
from zdscan.running.schedule import WHOLE_MASSES, Shared, guided_runs, rounds


@given(st.integers(0, 5000), st.integers(1, 64))
def test_guided_runs_shrink_and_cover(blocks, workers):
    bounds = guided_runs(np.arange(blocks), 1, workers)
    lengths = np.diff(bounds)
    assert bounds[0] == 0
    assert bounds[-1] == blocks
    assert (lengths >= 1).all()
    assert (np.diff(lengths) <= 0).all()
    assert not blocks or lengths[0] <= max(1, blocks / (4 * workers))


@st.composite
def blocks_to_do(draw):
    """Blocks of a grid, all or with holes, and blocks per mass."""
    masses, per_mass = draw(st.integers(1, 40)), draw(st.integers(1, 8))
    every = np.arange(masses * per_mass)
    holes = draw(st.lists(st.sampled_from(every.tolist()), max_size=masses * per_mass - 1, unique=True))
    return np.setdiff1d(every, holes), per_mass


@given(blocks_to_do(), st.integers(1, 9))
@settings(deadline=None)
def test_whole_masses_first_then_finer(given_blocks, workers):
    todo, per_mass = given_blocks
    masses = todo // per_mass
    bounds = guided_runs(todo, per_mass, workers)
    assert bounds[0] == 0
    assert bounds[-1] == todo.size
    for begin, end in itertools.pairwise(bounds.tolist()):
        share = max(1, (todo.size - begin) // (4 * workers))
        starts_a_mass = begin == 0 or masses[begin] != masses[begin - 1]
        if np.unique(masses[begin:]).size > WHOLE_MASSES * workers:
            assert starts_a_mass
            assert masses[end] != masses[end - 1]  # there is a next one
            assert end - begin <= share or masses[begin] == masses[end - 1]
        else:
            assert 1 <= end - begin <= share or starts_a_mass


@pytest.mark.parametrize("workers", [1, 2, 3, 8])
def test_few_masses_are_shared_by_workers(workers):
    """Workers that go on at any speed: only masses at the end are touched by more than one of them."""
    per_mass, masses = 6, 100
    runs = list(itertools.pairwise(guided_runs(np.arange(masses * per_mass), per_mass, workers)))
    random = np.random.default_rng(5)
    touched = [set() for _ in range(workers)]
    free = np.zeros(workers)
    for begin, end in runs:
        worker = int(free.argmin())
        free[worker] += (end - begin) * random.uniform(0.2, 5.0)
        touched[worker] |= {number // per_mass for number in range(begin, end)}
    pairs = sum(len(masses) for masses in touched)
    assert pairs >= masses
    shared = [m for m in range(masses) if sum(m in mine for mine in touched) > 1]
    assert all(m >= masses - WHOLE_MASSES * workers for m in shared)
    assert runs[-1][1] - runs[-1][0] == 1


@given(blocks_to_do(), st.integers(1, 3), st.integers(1, 3), st.integers(0, 2**32))
@settings(deadline=None)
def test_any_number_of_workers_takes_every_block_once_in_ascending_order(given_blocks, ranks, threads, seed):
    random = np.random.default_rng(seed)
    todo, per_mass = given_blocks
    counters = LocalCounters(Shared.SLOTS)
    shares = [Shared(todo, per_mass, counters, ranks, threads) for _ in range(ranks)]
    taken = {(rank, thread): [] for rank in range(ranks) for thread in range(threads)}
    busy = list(taken)
    while busy:
        rank, thread = worker = busy[random.integers(len(busy))]
        if random.random() < 0.1:  # a pause keeps what each thread had before it
            shares[0].pause()
            for share in shares:
                share.report()
                assert share.next(0) is None
            for share in shares:
                share.go_on()
        number = shares[rank].next(thread)
        if number is None:
            busy.remove(worker)
        else:
            taken[worker].append(number)
    assert sorted(number for mine in taken.values() for number in mine) == todo.tolist()
    assert all(mine == sorted(mine) for mine in taken.values())  # as the profiles want it


def test_threads_of_several_ranks_take_every_block_once():
    todo = np.arange(3, 500, 2)
    counters = LocalCounters(Shared.SLOTS)
    ranks = [Shared(todo, 5, counters, 2, 3) for _ in range(2)]
    taken: list[int] = []

    def work(share, thread):
        while (number := share.next(thread)) is not None:
            taken.append(number)
            share.finished()

    threads = [threading.Thread(target=work, args=(share, thread)) for share in ranks for thread in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == todo.tolist()
    ranks[1].report()
    assert ranks[0].total_finished() == todo.size


def test_a_stop_on_one_rank_reaches_the_others():
    counters = LocalCounters(Shared.SLOTS)
    first, second = (Shared(np.arange(100), 1, counters, 2) for _ in range(2))
    assert first.next() is not None
    assert second.next() is not None
    first.stop()
    second.report()
    assert first.next() is None
    assert second.next() is None


@given(blocks_to_do(), st.integers(1, 5), st.integers(1, 3))
@settings(deadline=None)
def test_rounds_are_equally_many_and_cover(given_blocks, ranks, threads):
    todo, per_mass = given_blocks
    plans = [rounds(todo, per_mass, rank, ranks, threads) for rank in range(ranks)]
    assert len({len(plan) for plan in plans}) == 1
    given_out = [number for plan in plans for turn in plan for number in turn]
    assert sorted(n for n in given_out if n is not None) == todo.tolist()
    assert all(len(turn) == threads for plan in plans for turn in plan)
    for plan in plans:
        for column in zip(*plan, strict=True):
            mine = [n for n in column if n is not None]
            assert mine == sorted(mine)
    assert len(plans[0]) <= -(-todo.size // (ranks * threads)) + per_mass


def test_rounds_of_a_whole_grid_give_each_worker_whole_masses():
    per_mass, masses = 4, 12
    plans = [rounds(np.arange(masses * per_mass), per_mass, rank, 3, 2) for rank in range(3)]
    touched = [{n // per_mass for n in column} for plan in plans for column in zip(*plan, strict=True)]
    assert sorted(m for mine in touched for m in mine) == list(range(masses))
