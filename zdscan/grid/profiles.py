"""Minima of chi2 over every pair of axes, in memory that the number of points does not set.

Every thread of every rank adds its blocks to minima of its own while it computes them, or reads the blocks back from
a file; minima are lowered by each other in any order to the same bytes. Ties go to the smallest flat index; points
that are NaN or infinite do not count. The minima of an unfinished scan that stores no field are kept by
`zdscan.grid.checkpoint`.
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
from zdscan.grid.layout import GridIO, Layout
from zdscan.grid.read import Reader, reader
from zdscan.physics.parameters import AXES
from zdscan.ranks.mpi import Alone

SUFFIXES = ("", "_allowed")  # of profiles over all points, and over those that no constraint excludes


def profile_name(x: str, y: str, suffix: str = "") -> str:
    """Name of the dataset with the minima over all axes but `x` and `y`; that of their flat indices ends in _at."""
    return f"profile_{x}_{y}{suffix}"


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

    def lower(self, other: Minima) -> Minima:
        """Lower these minima, in place, by others of the same grid; return them."""
        from zdscan.kernels import profile

        profile.merge(self.values, self.at, other.values, other.at)
        return self

    def by_pair(self, axes: Sequence[str] = AXES) -> dict[str, tuple[NDArray[np.float32], NDArray[np.int64]]]:
        """For each pair of `axes`, by the name of its profile: minima (NaN where none) and flat indices."""
        pairs = {}
        start = 0
        values = np.where(self.at >= 0, self.values, np.float32(np.nan))
        for (i, x), (j, y) in combinations(enumerate(axes), 2):
            shape = (self.shape[i], self.shape[j])
            stop = start + shape[0] * shape[1]
            pairs[profile_name(x, y)] = values[start:stop].reshape(shape), self.at[start:stop].reshape(shape)
            start = stop
        return pairs

    def reset(self) -> None:
        """Forget what was found."""
        self.values[:] = np.inf
        self.at[:] = -1

    def best(self) -> tuple[float, int] | None:
        """The lowest minimum and its flat index, None where no point counts."""
        cells = self.shape[0] * self.shape[1]  # the first pair alone covers every point
        return lowest(self.values[:cells], self.at[:cells])


@dataclass
class Profiles:
    """Minima over all points and over allowed points (None without the mask ``excluded``): what one thread finds."""

    every: Minima
    allowed: Minima | None

    @classmethod
    def empty(cls, shape: tuple[int, int, int, int], fields: Iterable[str]) -> Profiles:
        """Nothing found yet, for points with these fields."""
        return cls(Minima.empty(shape), Minima.empty(shape) if "excluded" in set(fields) else None)

    def add(self, mass: int, first: int, chi2: NDArray[np.float32], excluded: NDArray[Any]) -> None:
        """Add the points first..first+len(chi2) of one mass; calls must come in ascending order."""
        from zdscan.kernels import profile

        line = np.empty(max(self.every.shape[2:]), dtype=np.float32)
        for only, minima in ((False, self.every), (True, self.allowed)):
            if minima is not None:
                profile.add_block(chi2, excluded, only, *minima.shape, mass, first, line, minima.values, minima.at)

    def lower(self, other: Profiles) -> Profiles:
        """Lower these minima, in place, by others of the same grid; return them."""
        self.every.lower(other.every)
        if self.allowed is not None and other.allowed is not None:
            self.allowed.lower(other.allowed)
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


def read_minima(
    layout: Layout,
    world: Alone,
    threads: int,
    *,
    blocks: NDArray[np.int64] | None = None,
    known: Sequence[Profiles] = (),
    stopping: Callable[[], bool] = lambda: False,
) -> Profiles | None:
    """Find the minima of a file that stores chi2 from its blocks; they are returned on rank 0, elsewhere None.

    Parameters
    ----------
    blocks : numbers of the blocks to read; all by default.
    known : this rank's minima of other blocks, by which those of the file are lowered.
    stopping : asked between blocks; the result is worthless after it said yes.
    """
    numbers = np.arange(layout.plan.blocks) if blocks is None else blocks
    mine = numbers[world.rank :: world.size]
    with reader(layout) as io:

        def look(part: Iterable[int]) -> Profiles:
            return _minima_of(io, part, stopping)

        if numbers.size == 0:
            found = list(known)
        elif threads == 1:
            found = [look(mine), *known]
        else:
            with ThreadPoolExecutor(threads) as pool:
                found = [*pool.map(look, [mine[thread::threads] for thread in range(threads)]), *known]
    first, *others = found or [Profiles.empty(layout.plan.shape, layout.fields)]
    for other in others:
        first.lower(other)
    return world.reduce(first, Profiles.lower)


def write_profiles(io: GridIO, found: Profiles) -> None:
    """Write every profile dataset of a file, with its checksum and the note that it is complete."""
    for suffix, minima in zip(SUFFIXES, (found.every, found.allowed), strict=True):
        if minima is not None:
            write_minima(io, minima, suffix)


def write_minima(io: GridIO, minima: Minima, suffix: str) -> None:
    """Write the profile datasets of one suffix."""
    for name, (values, at) in minima.by_pair(io.layout.axes).items():
        io.write_profile(name + suffix, values)
        io.write_profile(f"{name}{suffix}_at", at)


def warm_up(fields: Iterable[Field]) -> None:
    """Compile, or load from the cache, the kernels that find the minima of points with these fields."""
    mask = next((field.dtype for field in fields if field.name == "excluded"), "<u4")
    one = np.ones(1, dtype=np.float32)
    Profiles.empty((1, 1, 1, 1), ("excluded",)).add(0, 0, one, np.zeros(1, dtype=mask))


def _minima_of(io: Reader, numbers: Iterable[int], stopping: Callable[[], bool]) -> Profiles:
    plan = io.layout.plan
    has_mask = "excluded" in io.layout.fields
    found = Profiles.empty(plan.shape, io.layout.fields)
    for number in numbers:
        if stopping():
            break
        block = plan.block(int(number))
        chi2 = io.read_field("chi2", block)
        excluded = io.read_field("excluded", block) if has_mask else np.zeros(0, dtype=np.uint32)
        found.add(block.mass, block.first, chi2, excluded)
    return found
