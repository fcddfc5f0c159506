"""The checkpoint of a run that stores no field: its minima in the file, two copies in turn, while the run lasts.

Such a run has nothing but its minima, so they must survive a kill. At a checkpoint every rank hands over what it found
since the last one; rank 0 lowers the newest copy in the file by it and writes the result over the older copy, waits
for the disk, stamps it, waits again, and only then marks the blocks it covers as finished. A kill at any instant
leaves one whole copy that covers every finished block; the blocks since the last checkpoint are computed again. Minima
do not mind: a block that is added twice gives the same minimum.

When every block is covered, the copy becomes the profiles of the file, and both copies are zeroed: a finished file
has the same bytes however it was made.
"""

from __future__ import annotations

import contextlib
import time
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zdscan.errors import UserError
from zdscan.grid.blocks import count_cells
from zdscan.grid.layout import DONE, CutShort, GridIO, Layout
from zdscan.grid.open import GridFile
from zdscan.grid.profiles import Minima, Profiles, write_profiles
from zdscan.grid.sinks import Sink
from zdscan.ranks.mpi import Alone

CHECKPOINT_SECONDS = 5.0
CHECKPOINT_RATIO = 30  # a checkpoint comes no sooner than this many times what the last one took
CELLS_AT_ONCE = 2**18  # reduced and written at once: 3 MB

Cells = tuple[NDArray[np.float32], NDArray[np.int64]]


@dataclass(frozen=True)
class Copy:
    """One whole copy in the file: which of the two, its number, the CRC-32 of its parts, and the blocks it covers."""

    slot: int
    number: int
    sums: tuple[int, int]  # of the minima and of the indices
    covers: NDArray[np.uint8]


class Checkpoint(Sink):
    """The sink of a run that stores no field: it takes no data; its checkpoints keep what the threads' `minima` hold.

    Parameters
    ----------
    minima : one per thread of this rank, filled by the threads and emptied by `checkpoint`.
    """

    def __init__(self, layout: Layout, world: Alone, minima: Sequence[Profiles]) -> None:
        self._layout, self._world, self._minima = layout, world, minima
        self._numbers: list[int] = []
        self._io = GridIO(layout, write=True) if world.is_root else None
        self._copy = newest(self._io) if self._io is not None else None
        self._kept = time.monotonic()
        self._wait = CHECKPOINT_SECONDS

    def put(self, number: int | None, outputs: Sequence[NDArray[Any]]) -> None:
        """Note that this block is in the minima of its thread."""
        if number is not None:
            self._numbers.append(number)

    def due(self) -> bool:
        """Whether it is time for a checkpoint; asked on rank 0."""
        return time.monotonic() - self._kept >= self._wait

    def checkpoint(self) -> None:
        """Make every block put so far durable; every rank calls this, with its threads at rest.

        Raises
        ------
        UserError : the disk is full or gone, or something else wrote to the file.
        """
        began = time.monotonic()
        numbers = self._world.gather(np.array(self._numbers, dtype=np.int64))
        self._numbers.clear()
        if self._world.from_root(lambda: any(part.size for part in numbers)):
            writer = _Writer(self._io, self._copy) if self._io is not None else None
            for kind in range(_kinds(self._layout)):
                for first in range(0, count_cells(self._layout.plan.shape), CELLS_AT_ONCE):
                    found = self._world.reduce(self._piece(kind, first), _lower)
                    if writer is not None:
                        writer.add(kind, first, found)
            if writer is not None:
                self._copy = writer.finish(np.concatenate(numbers))
            for minima in self._minima:
                minima.reset()
        self._kept = time.monotonic()
        self._wait = max(CHECKPOINT_SECONDS, CHECKPOINT_RATIO * (self._kept - began))

    def close(self) -> None:
        """Close the file; blocks since the last checkpoint are lost."""
        if self._io is not None:
            self._io.close()

    def _piece(self, kind: int, first: int) -> Cells | None:
        """Some cells over this rank's threads, None where nothing was found."""
        found: Cells | None = None
        for profiles in self._minima:
            minima = (profiles.every, profiles.allowed)[kind]
            assert minima is not None
            values, at = minima.values[first : first + CELLS_AT_ONCE], minima.at[first : first + CELLS_AT_ONCE]
            if (at >= 0).any():
                found = _lower(found, (values.copy(), at.copy()))
        return found


class _Writer:
    """Writes the next copy, piece by piece, from the present one and what was found since."""

    def __init__(self, io: GridIO, former: Copy | None) -> None:
        self._io, self._former = io, former
        self._slot = 1 - former.slot if former is not None else 0
        self._sums, self._former_sums = (0, 0), (0, 0)
        # From here until the stamp this copy is no copy: a kill meanwhile leaves the former one, which is whole.
        io.write_flat(io.layout.checkpoint["partial_stamp"], 4 * self._slot, np.zeros(4, dtype="<u8"))

    def add(self, kind: int, first: int, found: Cells | None) -> None:
        count = min(CELLS_AT_ONCE, count_cells(self._io.layout.plan.shape) - first)
        if self._former is not None:
            cells = _read(self._io, self._former.slot, kind, first, count)
            self._former_sums = _summed(self._former_sums, cells)
        else:
            cells = np.full(count, np.inf, dtype=np.float32), np.full(count, -1, dtype=np.int64)
        cells = _lower(cells, found) or cells
        self._sums = _summed(self._sums, cells)
        extents, place = self._io.layout.checkpoint, _place(self._io.layout, self._slot, kind, first)
        self._io.write_flat(extents["partial_minimum"], place, cells[0])
        self._io.write_flat(extents["partial_at"], place, cells[1])

    def finish(self, numbers: NDArray[np.int64]) -> Copy:
        io, layout = self._io, self._io.layout
        if self._former is not None and self._former_sums != self._former.sums:
            raise _changed(layout)
        blocks = layout.plan.blocks
        covers = self._former.covers.copy() if self._former is not None else np.zeros(blocks, dtype=np.uint8)
        covers[numbers] = DONE
        copy = Copy(self._slot, 1 + (self._former.number if self._former is not None else 0), self._sums, covers)
        io.write_flat(layout.checkpoint["partial_covers"], self._slot * blocks, covers)
        io.sync()  # minima before the stamp that calls them whole, and that before the done bytes that rely on it
        stamp = np.array([copy.number, *copy.sums, zlib.crc32(covers.data)], dtype="<u8")
        io.write_flat(layout.checkpoint["partial_stamp"], 4 * self._slot, stamp)
        io.sync()
        io.write_flat(layout.done, 0, covers)
        io.sync()
        return copy


def newest(io: GridIO) -> Copy | None:
    """The newest whole copy in the file, None without any."""
    layout = io.layout
    try:
        stamps = io.read_flat(layout.checkpoint["partial_stamp"], 0, 8).reshape(2, 4)
    except CutShort:
        return None
    for slot in sorted((0, 1), key=lambda k: -int(stamps[k, 0])):
        number, *sums, covers_sum = (int(value) for value in stamps[slot])
        if number == 0:
            continue
        with contextlib.suppress(CutShort):
            covers = io.read_flat(layout.checkpoint["partial_covers"], slot * layout.plan.blocks, layout.plan.blocks)
            copy = Copy(slot, number, (sums[0], sums[1]), covers)
            if zlib.crc32(covers.data) == covers_sum and _sums(io, slot) == copy.sums:
                return copy
    return None


def finish(layout: Layout) -> None:
    """Turn the newest copy, which covers every block, into the profiles of the file; on one rank.

    Raises
    ------
    UserError : no whole copy covers every block, or the file cannot be written.
    """
    with GridIO(layout, write=True) as io:
        copy = newest(io)
        if copy is None or (copy.covers != DONE).any():
            raise _changed(layout)
        write_profiles(io, _profiles(io, copy))
        io.sync()
    clear(layout)


def clear(layout: Layout) -> None:
    """Zero both copies in a file whose profiles are complete, unless there is no checkpoint or it is zero; on one rank.

    A kill may have come between the last profile and this.
    """
    if not layout.checkpoint:
        return
    with GridIO(layout, write=True) as io:
        if not io.read_flat(layout.checkpoint["partial_stamp"], 0, 8).any():
            return
        for name in ("partial_minimum", "partial_at", "partial_covers", "partial_stamp"):  # the stamps last
            extent = layout.checkpoint[name]
            elements = int(np.prod(extent.shape, dtype=np.int64))
            for first in range(0, elements, CELLS_AT_ONCE):
                io.write_flat(extent, first, np.zeros(min(CELLS_AT_ONCE, elements - first), dtype=extent.dtype))
            io.sync()


def lost_blocks(grid: GridFile) -> NDArray[np.int64]:
    """Blocks marked finished whose minima are gone: no intact profiles and no whole copy that covers them.

    There are none in a file that stores fields, nor in a packed one.
    """
    if grid.layout.packed or not grid.layout.checkpoint:
        return np.zeros(0, dtype=np.int64)
    with GridIO(grid.layout, write=False) as io:
        if all(io.read_profile(name) is not None for name in grid.layout.profiles):
            return np.zeros(0, dtype=np.int64)
        copy = newest(io)
    covered = copy.covers == DONE if copy is not None else np.zeros(grid.done.size, dtype=bool)
    return np.flatnonzero((grid.done == DONE) & ~covered)


def read_checkpoint(layout: Layout) -> Profiles | None:
    """The minima in the newest whole copy of a file's checkpoint, None without any."""
    if not layout.checkpoint:
        return None
    with GridIO(layout, write=False) as io:
        copy = newest(io)
        return None if copy is None else _profiles(io, copy)


def _profiles(io: GridIO, copy: Copy) -> Profiles:
    """The minima that a copy holds."""
    shape = io.layout.plan.shape
    every, *allowed = (
        Minima(shape, *_read(io, copy.slot, kind, 0, count_cells(shape))) for kind in range(_kinds(io.layout))
    )
    return Profiles(every, allowed[0] if allowed else None)


def _kinds(layout: Layout) -> int:
    return layout.checkpoint["partial_minimum"].shape[1]


def _place(layout: Layout, slot: int, kind: int, first: int) -> int:
    return (slot * _kinds(layout) + kind) * count_cells(layout.plan.shape) + first


def _read(io: GridIO, slot: int, kind: int, first: int, count: int) -> Cells:
    place = _place(io.layout, slot, kind, first)
    extents = io.layout.checkpoint
    values = io.read_flat(extents["partial_minimum"], place, count)
    return values, io.read_flat(extents["partial_at"], place, count)


def _summed(sums: tuple[int, int], cells: Cells) -> tuple[int, int]:
    return zlib.crc32(cells[0].data, sums[0]), zlib.crc32(cells[1].data, sums[1])


def _sums(io: GridIO, slot: int) -> tuple[int, int]:
    cells = count_cells(io.layout.plan.shape)
    sums = (0, 0)
    for kind in range(_kinds(io.layout)):
        for first in range(0, cells, CELLS_AT_ONCE):
            sums = _summed(sums, _read(io, slot, kind, first, min(CELLS_AT_ONCE, cells - first)))
    return sums


def _lower(first: Cells | None, second: Cells | None) -> Cells | None:
    """Cells lowered by others, in place; of equal minima the smallest index is kept."""
    if first is None or second is None:
        return second if first is None else first
    from zdscan.kernels import profile

    profile.merge(*first, *second)
    return first


def _changed(layout: Layout) -> UserError:
    return UserError(
        f"The checkpoint of the unfinished run in {layout.path} was damaged or changed by another process during this "
        f"run; see that only one works on the file, and continue with `zdscan resume {layout.path}`."
    )
