"""Minima of chi2 over every pair of axes, in memory that the number of points does not set.

Every thread of every rank adds its blocks to tables of its own while it computes them, or reads them back from a
file; tables merge in any order to the same bytes. Ties go to the smallest flat index; points that are NaN or infinite
do not count. The tables of a scan that stores no field are kept by `zdscan.grid.checkpoint`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zdscan.evaluation.fields import Field
from zdscan.grid.blocks import count_cells
from zdscan.grid.layout import Layout
from zdscan.grid.read import Reader, reader
from zdscan.physics.parameters import DESCRIPTIONS
from zdscan.ranks.mpi import Alone


@dataclass
class Minima:
    """Minima over the cells of the six pairs of axes, one after the other, and the flat index of each (-1: none)."""

    shape: tuple[int, int, int, int]
    values: NDArray[np.float32]
    at: NDArray[np.int64]

    @classmethod
    def empty(cls, shape: tuple[int, int, int, int]) -> Minima:
        """Nothing found yet."""
        cells = count_cells(shape)
        return cls(shape, np.full(cells, np.inf, dtype=np.float32), np.full(cells, -1, dtype=np.int64))

    def merged(self, other: Minima) -> Minima:
        """These minima lowered by others of the same grid (in place)."""
        from zdscan.kernels import profile

        profile.merge(self.values, self.at, other.values, other.at)
        return self

    def tables(self) -> dict[str, tuple[NDArray[np.float32], NDArray[np.int64]]]:
        """Per pair of axes, under the name ``profile_<x>_<y>``: minima (NaN where none) and flat indices."""
        tables = {}
        start = 0
        values = np.where(self.at >= 0, self.values, np.float32(np.nan))
        for (i, x), (j, y) in combinations(enumerate(DESCRIPTIONS), 2):
            shape = (self.shape[i], self.shape[j])
            stop = start + shape[0] * shape[1]
            tables[f"profile_{x}_{y}"] = values[start:stop].reshape(shape), self.at[start:stop].reshape(shape)
            start = stop
        return tables

    def reset(self) -> None:
        """Forget what was found."""
        self.values[:] = np.inf
        self.at[:] = -1

    def best(self) -> tuple[float, int] | None:
        """The lowest minimum and its flat index, None where no point counts."""
        cells = self.shape[0] * self.shape[1]  # the first pair alone covers every point
        return lowest(self.values[:cells], self.at[:cells])


@dataclass
class Tables:
    """Minima over all points and over allowed points (None without the mask ``excluded``): what one thread finds."""

    every: Minima
    allowed: Minima | None

    @classmethod
    def empty(cls, shape: tuple[int, int, int, int], fields: Iterable[str]) -> Tables:
        """Nothing found yet, for points with these fields."""
        return cls(Minima.empty(shape), Minima.empty(shape) if "excluded" in set(fields) else None)

    def add(self, mass: int, first: int, chi2: NDArray[np.float32], excluded: NDArray[Any]) -> None:
        """Add the points first..first+len(chi2) of one mass; calls must come in ascending order."""
        from zdscan.kernels import profile

        line = np.empty(max(self.every.shape[2:]), dtype=np.float32)
        for only, minima in ((False, self.every), (True, self.allowed)):
            if minima is not None:
                profile.add_block(chi2, excluded, only, *minima.shape, mass, first, line, minima.values, minima.at)

    def merged(self, other: Tables) -> Tables:
        """These tables lowered by others of the same grid (in place)."""
        self.every.merged(other.every)
        if self.allowed is not None and other.allowed is not None:
            self.allowed.merged(other.allowed)
        return self

    def reset(self) -> None:
        """Forget what was found."""
        for minima in (self.every, self.allowed):
            if minima is not None:
                minima.reset()


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
    known: Sequence[Tables] = (),
    stopping: Callable[[], bool] = lambda: False,
) -> Tables | None:
    """Minima of a file that stores chi2, on rank 0; elsewhere None.

    Parameters
    ----------
    blocks : numbers of the blocks to read; all by default.
    known : this rank's tables of other blocks, to be merged in.
    stopping : asked between blocks; the result is worthless after it said yes.
    """
    numbers = np.arange(layout.plan.blocks) if blocks is None else blocks
    mine = numbers[world.rank :: world.size]
    with reader(layout) as io:

        def look(part: Iterable[int]) -> Tables:
            return _minima(io, part, stopping)

        if numbers.size == 0:
            found = list(known)
        elif threads == 1:
            found = [look(mine), *known]
        else:
            with ThreadPoolExecutor(threads) as pool:
                found = [*pool.map(look, [mine[thread::threads] for thread in range(threads)]), *known]
    first, *others = found or [Tables.empty(layout.plan.shape, layout.fields)]
    for other in others:
        first.merged(other)
    return world.reduce(first, Tables.merged)


def warm_up(fields: Iterable[Field]) -> None:
    """Compile the kernels for these fields."""
    mask = next((field.dtype for field in fields if field.name == "excluded"), "<u4")
    one = np.ones(1, dtype=np.float32)
    Tables.empty((1, 1, 1, 1), ("excluded",)).add(0, 0, one, np.zeros(1, dtype=mask))


def _minima(io: Reader, numbers: Iterable[int], stopping: Callable[[], bool]) -> Tables:
    plan = io.layout.plan
    has_mask = "excluded" in io.layout.fields
    tables = Tables.empty(plan.shape, io.layout.fields)
    for number in numbers:
        if stopping():
            break
        block = plan.block(int(number))
        chi2 = io.read_field("chi2", block)
        excluded = io.read_field("excluded", block) if has_mask else np.zeros(0, dtype=np.uint32)
        tables.add(block.mass, block.first, chi2, excluded)
    return tables
