"""Reading the numbers of a grid file, in place (`zdscan.grid.layout.GridIO`) or packed, by one interface."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, Self

import h5py
import numpy as np
from numpy.typing import NDArray

from zdscan.errors import UserError
from zdscan.grid.blocks import Block, boxes
from zdscan.grid.hdf5 import open_read
from zdscan.grid.layout import GridIO, Layout, intact

CACHE_BYTES = 256 * 2**20  # of unpacked chunks: a block may need the chunks of a whole plane of eps_z and g_mu


class Reader(Protocol):
    """Reads a grid file's numbers and what belongs to them; threads may share one."""

    @property
    def layout(self) -> Layout:
        """The file's plan and datasets."""

    def read_field(self, name: str, block: Block) -> NDArray[Any]:
        """One field's numbers of a block, shape (count,) or (count, components)."""

    def read_checksums(self, block: Block) -> NDArray[np.uint32]:
        """The stored CRC-32 of each field of a block."""

    def read_profile(self, name: str) -> NDArray[Any] | None:
        """One profile dataset, None where it is not complete or does not match its checksum."""

    def __enter__(self) -> Self:
        """The reader itself."""

    def __exit__(self, *exc: object) -> None:
        """Close the file."""


def reader(layout: Layout) -> Reader:
    """Open a grid file for reading, packed or not.

    Raises
    ------
    UserError : the file cannot be opened, or was replaced.
    """
    return PackedIO(layout) if layout.packed else GridIO(layout, write=False)


class PackedIO:
    """Reads a packed grid file through HDF5."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        cache = {"rdcc_nbytes": CACHE_BYTES, "rdcc_nslots": 40_009}
        try:
            self._file = open_read(layout.path, **cache)
        except OSError as error:
            raise UserError(f"The grid file {layout.path} cannot be opened for reading: {error}.") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._file.close()

    def _read(self, name: str, where: Any) -> NDArray[Any]:
        try:
            return np.asarray(self._file[name][where])
        except OSError as error:  # HDF5's own checksum (fletcher32) does not match, or a chunk cannot be unpacked
            raise DamagedChunk(name) from error

    def read_field(self, name: str, block: Block) -> NDArray[Any]:
        """One field's numbers of a block, shape (count,) or (count, components)."""
        inner = self.layout.plan.shape[1:]
        parts = [
            self._read(name, (block.mass, *box)).reshape(-1, *self.layout.fields[name].shape[4:])
            for box in boxes(block.first, block.count, inner)
        ]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def read_checksums(self, block: Block) -> NDArray[np.uint32]:
        """The stored CRC-32 of each field of a block."""
        return self._read("run/checksum", block.number)

    def read_profile(self, name: str) -> NDArray[Any] | None:
        """One profile dataset, None where it is damaged."""
        row = list(self.layout.profiles).index(name)
        try:
            data = self._read(name, ())
        except DamagedChunk:
            return None
        done, checksum = self._read("run/profile_done", row), self._read("run/profile_checksum", row)
        return data if intact(data, int(done), int(checksum)) else None


class DamagedChunk(UserError):
    """A chunk of a packed dataset cannot be unpacked."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The packed dataset {name} is damaged; pack it again from the grid file.")


def load_filters(file: h5py.File, names: Sequence[str]) -> None:
    """Make the compression filters of these datasets known to HDF5.

    Raises
    ------
    UserError : a filter needs the package hdf5plugin, and it is not installed.
    """
    for name in names:
        settings = file[name].id.get_create_plist()
        codes = [settings.get_filter(k)[0] for k in range(settings.get_nfilters())]
        if all(h5py.h5z.filter_avail(code) for code in codes):
            continue
        try:
            import hdf5plugin  # noqa: F401 - registers its filters when imported
        except ImportError as error:
            raise UserError(
                f"{file.filename} is packed with a filter that HDF5 does not bring: install hdf5plugin to read it."
            ) from error
