"""How a grid is cut into blocks, where the points of a block lie, and how large the profiles of a grid are.

A block is a contiguous run of points within one mass, so its bytes are contiguous in every dataset and it needs the
tables of one mass. Block numbers follow the flat order of the grid. The plan depends on the grid alone, never on who
computes it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

LINES_AT_ONCE = 16  # neighbouring lines that the kernels evaluate together (kernels/fast/tile.py)
LARGEST_BLOCK = 131_072  # points: some tenths of a millisecond of work, a megabyte of chi2 and mask
LARGEST_UNSTORED = 1_048_576  # where only profiles are kept: 1e11 points are then 1e5 blocks
SMALLEST_BLOCK = 4_096
WANTED_BLOCKS = 64  # what a small grid is cut into, so that every thread has work and a stop comes soon
MOST_TABLE_BYTES = 2 * 2**30  # of each process: the square grids of 1e11 points in three dimensions need 1.6 GB


@dataclass(frozen=True)
class Block:
    """A contiguous run of points of one mass.

    Attributes
    ----------
    number : position among all blocks of the plan.
    mass : index on the mass axis.
    first, count : points first..first+count of that mass, in C order of (eps, eps_z, g_mu).
    start : flat index of the first point in the whole grid.
    """

    number: int
    mass: int
    first: int
    count: int
    start: int


def piece_of(shape: Sequence[int], most: int) -> int:
    """How many points of a mass to evaluate at once, at most so many: whole bundles of lines where they fit."""
    bundle = LINES_AT_ONCE * (shape[3] if shape[3] > 1 else shape[2])
    return most // bundle * bundle or most


@dataclass(frozen=True)
class Plan:
    """How a grid of `shape` (mass, eps, eps_z, g_mu) is cut into blocks of at most `block_points` points."""

    shape: tuple[int, int, int, int]
    block_points: int

    @classmethod
    def default(cls, shape: Sequence[int], *, stored: bool = True) -> Plan:
        """The plan with 128k points a block at most (1M without stored fields), in whole g_mu lines if they fit."""
        largest = LARGEST_BLOCK if stored else LARGEST_UNSTORED
        masses, *rest = shape
        per_mass = math.prod(rest)
        line = shape[3]
        wanted = min(max(masses * per_mass // WANTED_BLOCKS, SMALLEST_BLOCK), largest)
        points = math.ceil(per_mass / math.ceil(per_mass / wanted))
        if line < wanted:
            points = math.ceil(points / line) * line
        return cls((masses, rest[0], rest[1], rest[2]), points)

    def __post_init__(self) -> None:
        if len(self.shape) != 4 or min(self.shape) < 1 or self.block_points < 1:
            raise ValueError(f"no plan for a grid of shape {self.shape} in blocks of {self.block_points} points")

    @property
    def points(self) -> int:
        """Points of the whole grid."""
        return math.prod(self.shape)

    @property
    def points_per_mass(self) -> int:
        """Points of one mass."""
        return math.prod(self.shape[1:])

    @property
    def blocks_per_mass(self) -> int:
        """Blocks of one mass; the last may be shorter."""
        return -(-self.points_per_mass // self.block_points)

    @property
    def blocks(self) -> int:
        """Number of blocks."""
        return self.shape[0] * self.blocks_per_mass

    @property
    def largest(self) -> int:
        """Points of the largest block."""
        return min(self.block_points, self.points_per_mass)

    def block(self, number: int) -> Block:
        """The block of that number."""
        mass, within = divmod(number, self.blocks_per_mass)
        first = within * self.block_points
        count = min(self.block_points, self.points_per_mass - first)
        return Block(number, mass, first, count, mass * self.points_per_mass + first)

    def starts(self) -> NDArray[np.int64]:
        """Flat index of the first point of every block."""
        mass, within = np.divmod(np.arange(self.blocks, dtype=np.int64), self.blocks_per_mass)
        return np.asarray(mass * self.points_per_mass + within * self.block_points, dtype=np.int64)

    def points_in(self, numbers: NDArray[np.int64]) -> int:
        """Points of the blocks of those numbers."""
        last = numbers % self.blocks_per_mass == self.blocks_per_mass - 1
        short = self.blocks_per_mass * self.block_points - self.points_per_mass
        return int(numbers.size * self.block_points - short * np.count_nonzero(last))


def boxes(first: int, count: int, shape: Sequence[int]) -> Iterator[tuple[slice, ...]]:
    """Hyperslabs that together are a run of points of an array, in C order: at most two for each axis, less one.

    >>> list(boxes(3, 9, (3, 4)))
    [(slice(0, 1, None), slice(3, 4, None)), (slice(1, 3, None), slice(0, 4, None))]
    """
    if not count:
        return
    if len(shape) == 1:
        yield (slice(first, first + count),)
        return
    inner = shape[1:]
    size = math.prod(inner)
    row, before = divmod(first, size)
    if before:  # the rest of a row that was begun
        part = min(count, size - before)
        yield from ((slice(row, row + 1), *box) for box in boxes(before, part, inner))
        row, count = row + 1, count - part
    rows, rest = divmod(count, size)
    if rows:
        yield (slice(row, row + rows), *(slice(0, n) for n in inner))
    yield from ((slice(row + rows, row + rows + 1), *box) for box in boxes(0, rest, inner))


def count_cells(shape: Sequence[int]) -> int:
    """How many cells the six pairs of axes have: a minimum and its flat index are kept for each."""
    return sum(shape[i] * shape[j] for i, j in combinations(range(4), 2))


def table_bytes(shape: Sequence[int]) -> int:
    """Memory of one thread's minima: value (float32) and flat index (int64), over all and over allowed points."""
    return 2 * (4 + 8) * count_cells(shape)


def profile_bytes(shape: Sequence[int], *, stored: bool) -> int:
    """Bytes of a file's profiles; one that stores no field also has the two copies of a checkpoint."""
    return table_bytes(shape) * (1 if stored else 3)
