"""Writing blocks through parallel HDF5 (MPI-IO), for file systems that serve it better than plain writes.

Opening and closing are collective, nothing in between is: each rank writes its blocks when it has them, into datasets
that exist and are allocated. Needs an h5py built with MPI. This is the one module that writes through HDF5 to a file
that exists already; for the rest see `zdscan.grid.layout`.
"""

from __future__ import annotations

from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from zdscan.errors import UserError
from zdscan.grid.blocks import Block, boxes
from zdscan.grid.layout import GridIO, Layout
from zdscan.ranks.mpi import Alone


def refuse_here(threads: int) -> None:
    """Raise `UserError` where the sink parallel cannot be used: h5py without MPI, or several threads per rank."""
    if not h5py.get_config().mpi:
        raise UserError(
            f"The sink parallel needs an h5py that was built with MPI, and h5py {h5py.__version__} here was not: use "
            "--sink direct or --sink gather."
        )
    if threads > 1:
        raise UserError(f"The sink parallel works with one thread per rank, not {threads}: use --threads 1.")


class ParallelIO:
    """The writing half of `zdscan.grid.layout.GridIO`, by way of HDF5; every rank opens and closes it together."""

    def __init__(self, layout: Layout, world: Alone) -> None:
        self._plain = GridIO(layout, write=True)  # that the file is the right one; and to wait for the disk
        try:
            self._file = h5py.File(layout.path, "r+", driver="mpio", comm=world.communicator())
        except OSError as error:
            raise UserError(f"The grid file {layout.path} cannot be opened by parallel HDF5: {error}.") from error
        self._points = {name: (self._file[name], extent.shape[1:4]) for name, extent in layout.fields.items()}
        self._checksum, self._done = self._file["run/checksum"], self._file["run/done"]

    def write_field(self, name: str, block: Block, data: NDArray[Any]) -> None:
        """Write one field's numbers of a block: a run of points within one mass, as a union of hyperslabs."""
        dataset, inner = self._points[name]
        space = dataset.id.get_space()
        space.select_none()
        for box in boxes(block.first, block.count, inner):
            start, count = [part.start for part in box], [part.stop - part.start for part in box]
            more = (0,) * (dataset.ndim - 4), dataset.shape[4:]
            space.select_hyperslab((block.mass, *start, *more[0]), (1, *count, *more[1]), op=h5py.h5s.SELECT_OR)
        self._write(dataset, space, data)

    def write_checksums(self, block: Block, checksums: NDArray[np.uint32]) -> None:
        """Write the CRC-32 of each field of a block."""
        space = self._checksum.id.get_space()
        space.select_hyperslab((block.number, 0), (1, checksums.size))
        self._write(self._checksum, space, checksums)

    def write_done(self, number: int, value: int) -> None:
        """Mark a block as finished (`zdscan.grid.layout.DONE`) or not (0)."""
        space = self._done.id.get_space()
        space.select_hyperslab((number,), (1,))
        self._write(self._done, space, np.array([value], dtype=np.uint8))

    def _write(self, dataset: h5py.Dataset, space: Any, data: NDArray[Any]) -> None:
        flat = np.ascontiguousarray(data).reshape(-1)
        try:
            dataset.id.write(h5py.h5s.create_simple(flat.shape), space, flat)
        except OSError as error:
            raise UserError(f"Parallel HDF5 cannot write to {self._file.filename}: {error}.") from error

    def sync(self) -> None:
        """Wait until the disk has what was written."""
        self._plain.sync()

    def close(self) -> None:
        """Close the file; every rank calls this."""
        self._file.close()
        self._plain.sync()
        self._plain.close()
