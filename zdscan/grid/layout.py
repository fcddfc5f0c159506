"""Bytes of a grid file at known offsets: what the ranks of a job write and read, without HDF5.

`zdscan.grid.create` creates the file with everything in place; afterwards nothing moves, so any number of processes and
threads may use these calls at once, and the file is a valid HDF5 file at every instant.
"""

from __future__ import annotations

import json
import os
import re
import socket
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zdscan.errors import UserError
from zdscan.evaluation.fields import Field
from zdscan.grid.blocks import Block, Plan
from zdscan.physics.parameters import AXES

PROGRAM = "zdscan"
FORMAT = 2
DONE = 1  # value of a finished block's byte; anything else means not finished
HISTORY_BYTES = 65_536
# Datasets of group `run` that hold the checkpoint of an unfinished run without stored fields: docs/file-format.md. The
# format calls them partial.
CHECKPOINT = ("partial_minimum", "partial_at", "partial_covers", "partial_stamp")

_sync = getattr(os, "fdatasync", os.fsync)  # not every system has the former


@dataclass(frozen=True)
class Extent:
    """Where a dataset's bytes lie in the file."""

    offset: int
    dtype: str
    shape: tuple[int, ...]

    @property
    def nbytes(self) -> int:
        """Size in bytes."""
        return int(np.prod(self.shape, dtype=np.int64)) * np.dtype(self.dtype).itemsize


@dataclass(frozen=True)
class Layout:
    """Offsets of everything that changes after creation, and the plan of blocks.

    Attributes
    ----------
    path : the file.
    plan : how the grid is cut into blocks.
    fields : the 4D (or 5D) datasets by name, in stored order.
    profiles : the profile datasets by name; empty where the scan asks for none.
    done, checksum : per block, and per block and field; profile_done, profile_checksum : per profile dataset.
    history : JSON text of fixed size.
    axes : names of the four axes.
    checkpoint : of a file that stores no field, the datasets with the minima of an unfinished run
        (`zdscan.grid.checkpoint`); else empty.
    packed : whether the file was packed; then it is read through HDF5, and its offsets mean nothing.
    token : a random text at the beginning of the history, by which another file of the same name is told from this
        one; empty in files of former versions, which have the number on the file system (`inode`) alone.
    """

    path: str
    plan: Plan
    fields: dict[str, Extent]
    profiles: dict[str, Extent]
    done: Extent
    checksum: Extent
    profile_done: Extent
    profile_checksum: Extent
    history: Extent
    checkpoint: Mapping[str, Extent] = field(default_factory=dict)
    packed: bool = False
    axes: tuple[str, ...] = AXES
    token: str = ""
    inode: int = 0


def intact(data: NDArray[Any], done: int, checksum: int) -> bool:
    """Whether a profile is complete and matches its checksum."""
    return done == DONE and zlib.crc32(np.ascontiguousarray(data).data) == checksum


def encode_history(entries: Sequence[Mapping[str, Any]], token: str = "") -> bytes:
    """The run history as JSON of fixed size; of a very long one the oldest entries after the first are dropped.

    The token of the file, where it has one, comes first in the first entry: at a known place of the file.
    """
    kept = [dict(entry) for entry in entries]
    while True:
        if token and kept:
            kept[0] = {"token": token} | {name: value for name, value in kept[0].items() if name != "token"}
        text = json.dumps(kept).encode()
        if len(text) <= HISTORY_BYTES or len(kept) < 2:
            return text[:HISTORY_BYTES].ljust(HISTORY_BYTES, b"\0")
        kept.pop(1 if len(kept) > 2 else 0)


def token_of(history: bytes) -> str:
    """The token in the stored history of a file, empty without one."""
    found = re.match(rb'\[\{"token": "([0-9a-f]+)"', history)
    return found[1].decode() if found else ""


class WriteFailed(UserError):
    """The file cannot be written, for the `reason` given by the system."""

    def __init__(self, path: str, error: OSError) -> None:
        self.reason = f"on {socket.gethostname()}: {error.strerror}"
        super().__init__(
            f"Writing to {path} on {socket.gethostname()} failed: {error.strerror}. Finished blocks are "
            f"kept; mend the cause and continue with `zdscan resume {path}`."
        )


class CutShort(UserError):
    """The file ends before what was to be read."""


class GridIO:
    """Reads and writes the bytes of a created grid file, by offset and without HDF5; threads may share one.

    Raises `UserError` where the file cannot be opened.
    """

    def __init__(self, layout: Layout, *, write: bool) -> None:
        self.layout = layout
        try:
            self._fd = os.open(layout.path, os.O_RDWR if write else os.O_RDONLY)
        except OSError as error:
            purpose = "writing" if write else "reading"
            reason = f"{purpose} on {socket.gethostname()}: {error.strerror}"
            raise UserError(f"The grid file {layout.path} cannot be opened for {reason}.") from error
        try:
            replaced = not self._is_that_file()
        except BaseException:
            os.close(self._fd)
            raise
        if replaced:
            os.close(self._fd)
            raise UserError(
                f"The grid file {layout.path} was replaced by another during this run; that one is untouched."
            )

    def __enter__(self) -> GridIO:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _is_that_file(self) -> bool:
        layout = self.layout
        if not layout.token:
            return os.fstat(self._fd).st_ino == layout.inode
        beginning = Extent(layout.history.offset, "|u1", (2 * len(layout.token),))
        return token_of(self._read(beginning, 0, beginning.nbytes).tobytes()) == layout.token

    def close(self) -> None:
        """Close the file."""
        os.close(self._fd)

    def sync(self) -> None:
        """Wait until the disk has what was written."""
        try:
            _sync(self._fd)
        except OSError as error:
            raise WriteFailed(self.layout.path, error) from error

    def _write(self, offset: int, data: NDArray[Any]) -> None:
        view = np.ascontiguousarray(data).reshape(-1).view(np.uint8).data
        while view:
            try:
                written = os.pwrite(self._fd, view, offset)
            except OSError as error:
                raise WriteFailed(self.layout.path, error) from error
            view = view[written:]
            offset += written

    def _read(self, extent: Extent, first: int, count: int) -> NDArray[Any]:
        """`count` elements of the first dimension."""
        data = np.empty((count, *extent.shape[1:]), dtype=extent.dtype)
        view = data.reshape(-1).view(np.uint8).data
        offset = extent.offset + first * (data.nbytes // max(count, 1))
        while view:
            got = os.pread(self._fd, len(view), offset)
            if not got:
                raise CutShort(f"The grid file {self.layout.path} is cut short: it ends before byte {offset}.")
            view[: len(got)] = got
            view = view[len(got) :]
            offset += len(got)
        return data

    def _point_extent(self, name: str) -> Extent:
        extent = self.layout.fields[name]
        return Extent(extent.offset, extent.dtype, (self.layout.plan.points, *extent.shape[4:]))

    def write_field(self, name: str, block: Block, data: NDArray[Any]) -> None:
        """Write one field's numbers of a block."""
        extent = self._point_extent(name)
        if data.dtype.str != extent.dtype or data.shape != (block.count, *extent.shape[1:]):
            raise ValueError(f"{name}: {data.dtype.str} {data.shape} does not fit the file's {extent}")
        self._write(extent.offset + block.start * (data.nbytes // block.count), data)

    def clear_block(self, number: int, fields: Sequence[Field]) -> None:
        """Make a block read as not computed, so that no half-mended file shows a false minimum."""
        block = self.layout.plan.block(number)
        for kept in fields:
            shape = (block.count, kept.components) if kept.extra else (block.count,)
            self.write_field(kept.name, block, np.full(shape, kept.fill, dtype=kept.dtype))

    def read_field(self, name: str, block: Block) -> NDArray[Any]:
        """One field's numbers of a block, shape (count,) or (count, components)."""
        return self._read(self._point_extent(name), block.start, block.count)

    def write_checksums(self, block: Block, checksums: NDArray[np.uint32]) -> None:
        """Write the CRC-32 of each field of a block."""
        self._write(self.layout.checksum.offset + block.number * checksums.nbytes, checksums)

    def read_checksums(self, block: Block) -> NDArray[np.uint32]:
        """The stored CRC-32 of each field of a block."""
        return np.asarray(self._read(self.layout.checksum, block.number, 1)[0])

    def write_done(self, number: int, value: int) -> None:
        """Mark a block as finished (`DONE`) or not (0)."""
        self._write(self.layout.done.offset + number, np.array([value], dtype=np.uint8))

    def read_done(self) -> NDArray[np.uint8]:
        """The done byte of every block."""
        return self._read(self.layout.done, 0, self.layout.plan.blocks)

    def write_profile(self, name: str, data: NDArray[Any]) -> None:
        """Write one profile dataset, its checksum, and that it is complete."""
        extent = self.layout.profiles[name]
        stored = np.ascontiguousarray(data, dtype=extent.dtype).reshape(extent.shape)
        self._write(extent.offset, stored)  # data before checksum before done byte, as for a block
        row = list(self.layout.profiles).index(name)
        self._write(self.layout.profile_checksum.offset + 4 * row, np.array([zlib.crc32(stored.data)], dtype="<u4"))
        self._write(self.layout.profile_done.offset + row, np.array([DONE], dtype=np.uint8))

    def clear_profiles(self) -> None:
        """Mark every profile as not complete."""
        self._write(self.layout.profile_done.offset, np.zeros(self.layout.profile_done.shape, dtype=np.uint8))

    def read_profile(self, name: str) -> NDArray[Any] | None:
        """One profile dataset, None where it is not complete or does not match its checksum."""
        extent = self.layout.profiles[name]
        row = list(self.layout.profiles).index(name)
        try:
            done = self._read(self.layout.profile_done, row, 1)[0]
            checksum = self._read(self.layout.profile_checksum, row, 1)[0]
            data = self._read(extent, 0, extent.shape[0])
        except CutShort:
            return None
        return data if intact(data, int(done), int(checksum)) else None

    def write_flat(self, extent: Extent, first: int, data: NDArray[Any]) -> None:
        """Write elements of a dataset from flat position `first` on."""
        stored = np.ascontiguousarray(data, dtype=extent.dtype)
        self._write(extent.offset + first * stored.itemsize, stored)

    def read_flat(self, extent: Extent, first: int, count: int) -> NDArray[Any]:
        """`count` elements of a dataset from flat position `first` on."""
        return self._read(Extent(extent.offset, extent.dtype, (extent.nbytes,)), first, count)

    def write_history(self, entries: Sequence[Mapping[str, Any]]) -> None:
        """Replace the run history."""
        self._write(
            self.layout.history.offset, np.frombuffer(encode_history(entries, self.layout.token), dtype=np.uint8)
        )
