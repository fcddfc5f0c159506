"""How a computed block reaches the file: the table of sinks, `SINKS`, and what every sink can do, `Sink`.

A new sink is a class here and its line in `SINKS`: the command line, `open_sink` and the checks before a run read that
table. It reads it before numpy may be imported (see `zdscan.ranks.launcher.limit_threads`), so this module imports what
is heavy where it is used.

The order is always data, checksums, done byte. A kill therefore loses only blocks in flight, and a power failure,
after which the disk may hold a done byte without its data, is found by the checksum.
"""

from __future__ import annotations

import threading
import time
import zlib
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

from zdscan.errors import UserError

if TYPE_CHECKING:
    from concurrent.futures import Future

    import numpy as np
    from numpy.typing import NDArray

    from zdscan.grid.blocks import Block
    from zdscan.grid.layout import Layout
    from zdscan.ranks.mpi import Alone

# How much, and for how long, a rank writes before it asks the disk to keep it: a power failure costs no more.
SYNC_BYTES = 64 * 2**20
SYNC_SECONDS = 5.0


class Sink:
    """What takes the finished blocks of a run; one per rank, shared by the rank's threads.

    Attributes
    ----------
    lockstep : every rank must call `put` equally often (with None where it has no block), from one thread; such a sink
        is never asked for a checkpoint.
    """

    lockstep: bool = False

    def __init__(self, layout: Layout, world: Alone) -> None:
        """Open what is needed to write the blocks of a file; every rank does so."""

    @classmethod
    def check(cls, threads: int | None) -> int | None:
        """Return the threads per rank that the sink will be used with, None where any number will do.

        It is called before a file is created or opened, and raises `UserError` where the sink cannot be used here or
        not with so many threads.
        """
        return threads

    def put(self, number: int | None, outputs: Sequence[NDArray[Any]]) -> None:
        """Take one block: one array per field, shape (count,) or (count, components)."""
        raise NotImplementedError

    def due(self) -> bool:
        """Whether every rank should rest and call `checkpoint`; asked on rank 0 between blocks."""
        return False

    def checkpoint(self) -> None:
        """Make every block put so far durable.

        Every rank calls this with its threads at rest: whenever the sink was due, and after the last block. Sinks that
        write each block in `put` have nothing to do.
        """

    def close(self) -> None:
        """Return when the disk has everything; every rank calls this."""
        raise NotImplementedError


class BlockWriter(Protocol):
    """What writes the parts of a block: `zdscan.grid.layout.GridIO`, or HDF5 (`zdscan.grid.parallel.ParallelIO`)."""

    def write_field(self, name: str, block: Block, data: NDArray[Any]) -> None:
        """Write one field's numbers of a block."""

    def write_checksums(self, block: Block, checksums: NDArray[np.uint32]) -> None:
        """Write the CRC-32 of each field of a block."""

    def write_done(self, number: int, value: int) -> None:
        """Mark a block as finished or not."""

    def sync(self) -> None:
        """Wait until the disk has what was written."""

    def close(self) -> None:
        """Close the file."""


def checksums(outputs: Sequence[NDArray[Any]], number: int) -> NDArray[np.uint32]:
    """CRC-32 of each array's bytes after the block's number, so that a block in the place of another does not match."""
    import numpy as np

    start = zlib.crc32(number.to_bytes(8, "little"))
    return np.array([zlib.crc32(np.ascontiguousarray(output).data, start) for output in outputs], dtype="<u4")


class Direct(Sink):
    """Each rank writes its blocks in place, which needs a file system with coherent shared writes."""

    def __init__(self, layout: Layout, world: Alone) -> None:
        from concurrent.futures import ThreadPoolExecutor

        self._io = self._open(layout, world)
        self._names = list(layout.fields)
        self._plan = layout.plan
        self._lock = threading.Lock()
        self._unsynced = 0
        self._synced = time.monotonic()
        # One thread waits for the disk, so that computing goes on meanwhile.
        self._pool = ThreadPoolExecutor(1)
        self._pending: Future[None] | None = None

    def _open(self, layout: Layout, world: Alone) -> BlockWriter:
        """Open what writes the parts of a block: plain writes."""
        from zdscan.grid.layout import GridIO

        return GridIO(layout, write=True)

    def put(self, number: int | None, outputs: Sequence[NDArray[Any]]) -> None:
        """Write one block; None is no block."""
        if number is not None:
            self.write(number, outputs, checksums(outputs, number))

    def write(self, number: int, outputs: Sequence[NDArray[Any]], sums: NDArray[np.uint32]) -> None:
        """Write one block whose checksums are known: the data, the checksums, and only then that it is finished."""
        from zdscan.grid.layout import DONE

        block = self._plan.block(number)
        for name, output in zip(self._names, outputs, strict=True):
            self._io.write_field(name, block, output)
        self._io.write_checksums(block, sums)
        self._io.write_done(number, DONE)
        # Writing needs no lock, for blocks do not overlap; the counts below, and who waits for the disk, do.
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


class Gather(Sink):
    """Blocks go to rank 0 in rounds, one per rank, and rank 0 writes them: for file systems like plain NFS."""

    lockstep = True

    def __init__(self, layout: Layout, world: Alone) -> None:
        self._world = world
        self._layout = layout
        self._writer = Direct(layout, world) if world.is_root else None

    def put(self, number: int | None, outputs: Sequence[NDArray[Any]]) -> None:
        """Send one block (or none) and, on rank 0, write everybody's."""
        import numpy as np

        sums = checksums(outputs, number) if number is not None else None
        headers = self._world.gather((number, sums))
        parts = [np.ascontiguousarray(output) for output in outputs] if number is not None else []
        for rank, data in enumerate(self._world.each_bytes(parts)):  # on other ranks than the first it sends, and ends
            sent, their_sums = headers[rank]
            if self._writer is not None and sent is not None and their_sums is not None:
                self._writer.write(sent, self._received(sent, data), their_sums)

    def close(self) -> None:
        """Return, on rank 0, when the disk has everything."""
        if self._writer is not None:
            self._writer.close()

    def _received(self, number: int, data: Sequence[NDArray[np.uint8]]) -> list[NDArray[Any]]:
        count = self._layout.plan.block(number).count
        return [
            part.view(extent.dtype).reshape(count, *extent.shape[4:])
            for part, extent in zip(data, self._layout.fields.values(), strict=True)
        ]


class Parallel(Direct):
    """Each rank writes its blocks in place through parallel HDF5, for file systems that serve that better."""

    @classmethod
    def check(cls, threads: int | None) -> int | None:
        """Return the one thread per rank that parallel HDF5 works with; raise `UserError` for more, or without MPI."""
        from zdscan.grid.parallel import refuse_here

        threads = 1 if threads is None else threads
        refuse_here(threads)
        return threads

    def _open(self, layout: Layout, world: Alone) -> BlockWriter:
        """Open the file by MPI-IO; every rank does so together."""
        from zdscan.grid.parallel import ParallelIO

        return ParallelIO(layout, world)


SINKS: Mapping[str, type[Sink]] = MappingProxyType({"direct": Direct, "gather": Gather, "parallel": Parallel})


def sink_class(name: str) -> type[Sink]:
    """The class of the sink of that name.

    Raises
    ------
    UserError : there is no such sink.
    """
    if name not in SINKS:
        raise UserError(f"There is no sink {name!r}: choose one of {', '.join(SINKS)}.")
    return SINKS[name]


def open_sink(name: str, layout: Layout, world: Alone) -> Sink:
    """Open the sink of that name for the blocks of a file.

    Raises
    ------
    UserError : there is no such sink, or the file cannot be opened here.
    """
    return sink_class(name)(layout, world)
