"""Looking into a grid file: verify its checksums, say what it holds and where its best point is."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zdscan.grid import checkpoint, profiles
from zdscan.grid.blocks import Block
from zdscan.grid.layout import DONE, CutShort, GridIO
from zdscan.grid.open import GridFile, open_grid
from zdscan.grid.read import DamagedChunk, Reader, reader
from zdscan.grid.sinks import checksums
from zdscan.ranks import mpi
from zdscan.ranks.mpi import Alone

Best = tuple[float, int]  # chi2 and flat index


@dataclass(frozen=True)
class BestPoint:
    """The point of smallest chi2: its flat index and its value on every axis (mass in GeV)."""

    chi2: float
    index: int
    position: dict[str, float]


@dataclass(frozen=True)
class BadBlock:
    """A block whose bytes do not match its checksums: its number, the fields concerned, and where it lies.

    `ranges` gives the first and last axis value that the block touches (mass in GeV).
    """

    number: int
    fields: tuple[str, ...]
    ranges: dict[str, tuple[float, float]]


@dataclass(frozen=True)
class VerifyReport:
    """Result of comparing every checksum. A file may be incomplete and yet ok."""

    path: str = ""
    checked: int = 0
    missing: int = 0
    bad: tuple[BadBlock, ...] = ()
    bad_profiles: tuple[str, ...] = ()
    profiles_waiting: bool = False  # the run ended between its last block and the writing of its profiles
    lost: int = 0  # finished blocks of a file without fields whose minima are gone
    header_ok: bool = True
    lost_bytes: int = 0
    packed: bool = False

    @property
    def ok(self) -> bool:
        """Whether everything that is marked finished is intact, and the file as long as it was made."""
        damaged = self.bad or self.bad_profiles or self.lost or self.lost_bytes
        return not damaged and self.header_ok


@dataclass(frozen=True)
class FileInfo:
    """What a grid file holds; `best` and `best_allowed` are over the finished blocks."""

    grid: GridFile
    points: int
    points_done: int
    blocks: int
    blocks_done: int
    fields: tuple[str, ...]
    best: BestPoint | None
    best_allowed: BestPoint | None

    @property
    def complete(self) -> bool:
        """Whether every block is finished."""
        return self.blocks == self.blocks_done


def verify(path: str | Path) -> VerifyReport:
    """Compare every finished block, every profile and the header of a grid file with their checksums.

    Raises
    ------
    UserError : not a grid file, or cut short or damaged so that it cannot be read.
    """
    world = mpi.world()
    with world.job():
        grid = world.from_root(lambda: open_grid(path))
        bad = compare(grid, world, lambda: False)
        if not world.is_root:
            return VerifyReport()
        names = list(grid.layout.fields)
        lost = checkpoint.lost_blocks(grid).size
        damaged = damaged_profiles(grid)
        # A file without fields must have its minima; where they are lost, so are its profiles.
        waiting = () if lost else _unwritten_profiles(grid, damaged)
        return VerifyReport(
            path=str(path),
            checked=int(np.count_nonzero(grid.done == DONE)),
            missing=int(grid.missing.size),
            bad=tuple(
                BadBlock(number, tuple(names[i] for i in which), _ranges(grid, number)) for number, which in sorted(bad)
            ),
            bad_profiles=tuple(name for name in damaged if name not in waiting),
            profiles_waiting=bool(waiting),
            lost=lost,
            header_ok=grid.header_ok,
            lost_bytes=grid.lost_bytes,
            packed=grid.layout.packed,
        )


def info(path: str | Path) -> FileInfo:
    """Axes, completeness, best point and provenance of a grid file; quick where its profiles are complete.

    Raises
    ------
    UserError : not a grid file, cut short, or damaged so that it cannot be read.
    """
    grid = open_grid(path)
    plan = grid.layout.plan
    finished = np.flatnonzero(grid.done == DONE).astype(np.int64)
    best, best_allowed = _best_of(grid, finished)
    return FileInfo(
        grid=grid,
        points=plan.points,
        points_done=plan.points_in(finished),
        blocks=plan.blocks,
        blocks_done=finished.size,
        fields=tuple(grid.layout.fields),
        best=best,
        best_allowed=best_allowed,
    )


def compare(grid: GridFile, world: Alone, stopping: Callable[[], bool]) -> list[tuple[int, list[int]]]:
    """Finished blocks that do not match their checksums, with the positions of the fields; on rank 0, else empty."""
    finished = np.flatnonzero(grid.done == DONE)
    bad = []
    unnumbered = int(grid.attributes["format"]) < 2
    with reader(grid.layout) as io:
        for number in finished[world.rank :: world.size] if grid.layout.fields else ():
            if stopping():
                break
            block = grid.layout.plan.block(int(number))
            stored = io.read_checksums(block)
            names = enumerate(grid.layout.fields)
            wrong = [i for i, name in names if not _matches(io, name, block, int(stored[i]), unnumbered)]
            if wrong:
                bad.append((int(number), wrong))
    return [item for part in world.gather(bad) for item in part]


def _matches(io: Reader, name: str, block: Block, stored: int, unnumbered: bool) -> bool:
    try:
        data = io.read_field(name, block)
    except (CutShort, DamagedChunk):
        return False
    # format 1 did not have the block's number in the checksum; blocks that a later zdscan has mended there do
    return stored == checksums([data], block.number)[0] or (unnumbered and stored == zlib.crc32(data.tobytes()))


def damaged_profiles(grid: GridFile) -> tuple[str, ...]:
    """Profile datasets of a complete file that do not match their checksum or were never written."""
    if not grid.complete:
        return ()
    with reader(grid.layout) as io:
        return tuple(name for name in grid.layout.profiles if io.read_profile(name) is None)


def _unwritten_profiles(grid: GridFile, damaged: Sequence[str]) -> tuple[str, ...]:
    """Those of the damaged profiles that `resume` writes from intact numbers: no run has said that they are written."""
    if not damaged or grid.layout.packed:
        return ()
    if grid.layout.checkpoint:
        return tuple(damaged)
    names = list(grid.layout.profiles)
    with GridIO(grid.layout, write=False) as io:
        written = io.read_flat(grid.layout.profile_done, 0, len(names))
    return tuple(name for name in damaged if written[names.index(name)] == 0)


def _ranges(grid: GridFile, number: int) -> dict[str, tuple[float, float]]:
    block = grid.layout.plan.block(number)
    names = list(grid.axes)
    inside = np.unravel_index(np.arange(block.first, block.first + block.count), grid.layout.plan.shape[1:])
    mass = float(grid.axes[names[0]][block.mass])
    ranges = {names[0]: (mass, mass)}
    for name, index in zip(names[1:], inside, strict=True):
        ranges[name] = (float(grid.axes[name][index.min()]), float(grid.axes[name][index.max()]))
    return ranges


def profile_best(io: Reader) -> tuple[Best | None, Best | None] | None:
    """The best points according to the stored profiles, None where some profile is not complete."""
    data = {name: io.read_profile(name) for name in io.layout.profiles}
    if not data or any(array is None for array in data.values()):
        return None
    best = []
    for suffix in profiles.SUFFIXES:
        name = profiles.profile_name("mass", io.layout.axes[1], suffix)  # any pair has the lowest point of all
        values, at = data.get(name), data.get(f"{name}_at")
        best.append(profiles.lowest(values, at) if values is not None and at is not None else None)
    return best[0], best[1]


def _best_of(grid: GridFile, finished: NDArray[np.int64]) -> tuple[BestPoint | None, BestPoint | None]:
    if "chi2" not in grid.layout.fields and not grid.layout.profiles:
        return None, None
    with reader(grid.layout) as io:
        known = profile_best(io)
    if known is None:
        if grid.layout.fields:
            found = profiles.read_minima(grid.layout, Alone(), 1, blocks=finished)
        else:
            found = checkpoint.read_checkpoint(grid.layout)
        if found is None:
            return None, None
        known = found.every.best(), found.allowed.best() if found.allowed is not None else None
    return best_point(grid.axes, known[0]), best_point(grid.axes, known[1])


def best_point(axes: Mapping[str, NDArray[np.float64]], best: Best | None) -> BestPoint | None:
    """The best point with its place on the axes."""
    if best is None:
        return None
    value, index = best
    where = np.unravel_index(index, tuple(len(axis) for axis in axes.values()))
    return BestPoint(value, index, {name: float(axis[i]) for (name, axis), i in zip(axes.items(), where, strict=True)})
