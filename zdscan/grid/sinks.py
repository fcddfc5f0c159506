"""How a computed block reaches the file: written in place by its rank, or gathered to rank 0 which writes.

In place means plain writes (``direct``) or parallel HDF5 (``parallel``, see `zdscan.grid.parallel`).

The order is always data, checksums, done byte. A kill therefore loses only blocks in flight, and a power failure,
after which the disk may hold a done byte without its data, is found by the checksum.
"""

from __future__ import annotations

import threading
import time
import zlib
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from zdscan.errors import UserError
from zdscan.grid.blocks import Block
from zdscan.grid.layout import DONE, GridIO, Layout
from zdscan.ranks.mpi import Alone

SYNC_BYTES = 64 * 2**20
SYNC_SECONDS = 5.0

NAMES = ("direct", "gather", "parallel")


class Sink(Protocol):
    """Takes finished blocks.

    Attributes
    ----------
    lockstep : every rank must call `put` equally often (with None where it has no block), from one thread.
    """

    lockstep: bool

    def put(self, number: int | None, outputs: Sequence[NDArray[Any]]) -> None:
        """Take one block: one array per field, shape (count,) or (count, components)."""

    def close(self) -> None:
        """Return when the disk has everything."""


class BlockWriter(Protocol):
    """What writes the parts of a block: `zdscan.grid.layout.GridIO`, or HDF5 (`zdscan.grid.parallel.ParallelIO`)."""

    def write_field(self, name: str, block: Block, data: NDArray[Any]) -> None:
        """Write one field's numbers."""

    def write_checksums(self, block: Block, checksums: NDArray[np.uint32]) -> None:
        """Write the CRC-32 of each field."""

    def write_done(self, number: int, value: int) -> None:
        """Mark it as finished."""

    def sync(self) -> None:
        """Wait for the disk."""

    def close(self) -> None:
        """Close the file."""


def open_sink(name: str, layout: Layout, world: Alone) -> Sink:
    """The sink of that name.

    Raises
    ------
    UserError : there is no such sink, or the file cannot be opened here.
    """
    if name == "direct":
        return Direct(layout)
    if name == "gather":
        return Gather(layout, world)
    if name == "parallel":
        from zdscan.grid.parallel import ParallelIO

        return Direct(layout, ParallelIO(layout, world))
    raise UserError(f"There is no sink {name!r}: choose one of {', '.join(NAMES)}.")


def checksums(outputs: Sequence[NDArray[Any]], number: int) -> NDArray[np.uint32]:
    """CRC-32 of each array's bytes after the block's number, so that a block in the place of another does not match."""
    start = zlib.crc32(number.to_bytes(8, "little"))
    return np.array([zlib.crc32(np.ascontiguousarray(output).data, start) for output in outputs], dtype="<u4")


class Direct:
    """Each rank writes its blocks in place (needs a file system with coherent shared writes); threads may share it.

    `io` writes the parts of a block; plain writes by default.
    """

    lockstep = False

    def __init__(self, layout: Layout, io: BlockWriter | None = None) -> None:
        self._io: BlockWriter = io if io is not None else GridIO(layout, write=True)
        self._names = list(layout.fields)
        self._plan = layout.plan
        self._lock = threading.Lock()
        self._unsynced = 0
        self._synced = time.monotonic()
        # One thread waits for the disk, so that computing goes on meanwhile.
        self._pool = ThreadPoolExecutor(1)
        self._pending: Future[None] | None = None

    def put(self, number: int | None, outputs: Sequence[NDArray[Any]]) -> None:
        """Write one block; None is no block."""
        if number is not None:
            self.write(number, outputs, checksums(outputs, number))

    def write(self, number: int, outputs: Sequence[NDArray[Any]], sums: NDArray[np.uint32]) -> None:
        """Write one block whose checksums are known."""
        block = self._plan.block(number)
        for name, output in zip(self._names, outputs, strict=True):
            self._io.write_field(name, block, output)
        self._io.write_checksums(block, sums)
        self._io.write_done(number, DONE)
        with self._lock:
            self._unsynced += sum(output.nbytes for output in outputs)
            if self._unsynced >= SYNC_BYTES or time.monotonic() - self._synced >= SYNC_SECONDS:
                if self._pending is not None:
                    self._pending.result()  # the disk is behind: wait, and raise what it reports
                self._pending = self._pool.submit(self._io.sync)
                self._unsynced = 0
                self._synced = time.monotonic()

    def close(self) -> None:
        """Return when the disk has everything."""
        if self._pending is not None:
            self._pending.result()
        self._pool.shutdown()
        self._io.sync()
        self._io.close()


class Gather:
    """Blocks go to rank 0 in rounds, one per rank, and rank 0 writes them: for file systems like plain NFS."""

    lockstep = True

    def __init__(self, layout: Layout, world: Alone) -> None:
        self._world = world
        self._layout = layout
        self._writer = Direct(layout) if world.is_root else None

    def put(self, number: int | None, outputs: Sequence[NDArray[Any]]) -> None:
        """Send one block (or none) and, on rank 0, write everybody's."""
        sums = checksums(outputs, number) if number is not None else None
        headers = self._world.gather((number, sums))
        fields = [self._world.gather_bytes(np.ascontiguousarray(output)) for output in self._sent(number, outputs)]
        if self._writer is None:
            return
        for rank, (sent, their_sums) in enumerate(headers):
            if sent is not None and their_sums is not None:
                self._writer.write(sent, self._received(sent, [field[rank] for field in fields]), their_sums)

    def close(self) -> None:
        """Return, on rank 0, when the disk has everything."""
        if self._writer is not None:
            self._writer.close()

    def _sent(self, number: int | None, outputs: Sequence[NDArray[Any]]) -> Sequence[NDArray[Any]]:
        return outputs if number is not None else [np.empty(0, dtype=np.uint8)] * len(self._layout.fields)

    def _received(self, number: int, data: Sequence[NDArray[np.uint8]]) -> list[NDArray[Any]]:
        count = self._layout.plan.block(number).count
        return [
            part.view(extent.dtype).reshape(count, *extent.shape[4:])
            for part, extent in zip(data, self._layout.fields.values(), strict=True)
        ]
