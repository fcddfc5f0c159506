"""Minima of chi2 over every pair of axes, computed from the finished file in memory that the grid's size does not set.

Blocks are read back and added by the kernel `kernels.profile` on every rank and thread; partial results merge in any
order to the same bytes. Ties go to the smallest flat index; points that are NaN or infinite do not count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from zdscan.fields import Field
from zdscan.gridio import AXES, GridIO, Layout
from zdscan.mpi import Alone


@dataclass
class Minima:
    """Minima over the cells of the six pairs of axes, one after the other, and the flat index of each (-1: none)."""

    shape: tuple[int, int, int, int]
    values: NDArray[np.float32]
    at: NDArray[np.int64]

    @classmethod
    def empty(cls, shape: tuple[int, int, int, int]) -> Minima:
        """Nothing found yet."""
        cells = sum(shape[i] * shape[j] for i, j in combinations(range(4), 2))
        return cls(shape, np.full(cells, np.inf, dtype=np.float32), np.full(cells, -1, dtype=np.int64))

    def merged(self, other: Minima) -> Minima:
        """These minima lowered by others of the same grid (in place)."""
        from kernels import profile

        profile.merge(self.values, self.at, other.values, other.at)
        return self

    def tables(self) -> dict[str, tuple[NDArray[np.float32], NDArray[np.int64]]]:
        """Per pair of axes, under the name ``profile_<x>_<y>``: minima (NaN where none) and flat indices."""
        tables = {}
        start = 0
        values = np.where(self.at >= 0, self.values, np.float32(np.nan))
        for (i, x), (j, y) in combinations(enumerate(AXES), 2):
            shape = (self.shape[i], self.shape[j])
            stop = start + shape[0] * shape[1]
            tables[f"profile_{x}_{y}"] = values[start:stop].reshape(shape), self.at[start:stop].reshape(shape)
            start = stop
        return tables

    def best(self) -> tuple[float, int] | None:
        """The lowest minimum and its flat index, None where no point counts."""
        cells = self.shape[0] * self.shape[1]  # the first pair alone covers every point
        return lowest(self.values[:cells], self.at[:cells])


def lowest(values: NDArray[np.float32], at: NDArray[np.int64]) -> tuple[float, int] | None:
    """Smallest of a profile's values and its flat index (the smallest index of equal ones), None without any."""
    found = at >= 0
    if not found.any():
        return None
    least = values[found].min()
    return float(least), int(at[found & (values == least)].min())


def compute(
    layout: Layout,
    world: Alone,
    threads: int,
    *,
    blocks: NDArray[np.int64] | None = None,
    stopping: Callable[[], bool] = lambda: False,
) -> tuple[Minima, Minima | None] | None:
    """Minima over all points and over allowed points (None without the field ``excluded``), on rank 0; elsewhere None.

    Parameters
    ----------
    blocks : numbers of the blocks to look at; all by default.
    stopping : asked between blocks; the result is worthless after it said yes.
    """
    numbers = np.arange(layout.plan.blocks) if blocks is None else blocks
    mine = numbers[world.rank :: world.size]
    with GridIO(layout, write=False) as io:

        def look(part: Iterable[int]) -> tuple[Minima, Minima | None]:
            return _minima(io, part, stopping)

        if threads == 1:
            found = [look(mine)]
        else:
            with ThreadPoolExecutor(threads) as pool:
                found = list(pool.map(look, [mine[thread::threads] for thread in range(threads)]))
    first, *others = found
    for other in others:
        first = _merge(first, other)
    return world.reduce(first, _merge)


def warm_up(fields: Iterable[Field]) -> None:
    """Compile the kernels for these fields."""
    from kernels import profile

    mask = next((field.dtype for field in fields if field.name == "excluded"), "<u4")
    minima = Minima.empty((1, 1, 1, 1))
    profile.add_block(
        np.ones(1, dtype=np.float32), np.zeros(1, dtype=mask), True, 1, 1, 1, 1, 0, 0, minima.values, minima.at
    )
    minima.merged(minima)


def _merge(first: tuple[Minima, Minima | None], second: tuple[Minima, Minima | None]) -> tuple[Minima, Minima | None]:
    allowed, other = first[1], second[1]
    return first[0].merged(second[0]), allowed.merged(other) if allowed is not None and other is not None else None


def _minima(io: GridIO, numbers: Iterable[int], stopping: Callable[[], bool]) -> tuple[Minima, Minima | None]:
    from kernels import profile

    plan = io.layout.plan
    n0, n1, n2, n3 = plan.shape
    has_mask = "excluded" in io.layout.fields
    every = Minima.empty(plan.shape)
    allowed = Minima.empty(plan.shape) if has_mask else None
    for number in numbers:
        if stopping():
            break
        block = plan.block(int(number))
        chi2 = io.read_field("chi2", block)
        excluded = io.read_field("excluded", block) if has_mask else np.zeros(0, dtype=np.uint32)
        for only, minima in ((False, every), (True, allowed)):
            if minima is not None:
                where = (n0, n1, n2, n3, block.mass, block.first)
                profile.add_block(chi2, excluded, only, *where, minima.values, minima.at)
    return every, allowed
