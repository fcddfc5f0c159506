"""HDF5 files opened so that neither a disk nor another user of the file in this process can end a command.

HDF5 cannot close a file that it fails to write: the process then ends with pages of its notes, or by a signal. New
files are therefore written through `NewFile`, which keeps a failure to itself until HDF5 is done.
"""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py

UNSUPPORTED = (errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)  # what a file system cannot do


def open_read(path: str | Path, **settings: Any) -> h5py.File:
    """Open an HDF5 file for reading, without locks: a run may be writing it, or it lies where there are none.

    HDF5 opens no file that is open in this process with other settings of locks (by xarray, say), so that of those in
    use one must be met.
    """
    try:
        return h5py.File(path, "r", locking=False, **settings)
    except OSError as error:
        if "flag" not in str(error):
            raise
        for locking in (None, "best-effort", True):
            try:
                return h5py.File(path, "r", locking=locking, **settings)
            except OSError as other:
                error = other
        raise error


class NewFile(io.RawIOBase):
    """A file that HDF5 writes; the first failure is kept in `failure`, and from then on nothing is written.

    What the disk did not take is kept in memory and read from there: HDF5 reads some of its own metadata again, and
    ends the process when it does not find them. Whoever writes much asks `raise_failure` now and then.

    Parameters
    ----------
    size : bytes that are taken from the disk at once where it can do so, so that a lack of room shows before
        anything is written.
    """

    def __init__(self, path: Path, size: int = 0) -> None:
        self.failure: OSError | None = None
        self._length = 0  # as HDF5 knows it
        self._lost: list[tuple[int, bytes]] = []  # places and bytes that the disk did not take, in order
        self._file = path.open("w+b", buffering=0)
        if size and hasattr(os, "posix_fallocate"):
            try:
                os.posix_fallocate(self._file.fileno(), 0, size)
            except OSError as error:
                if error.errno not in UNSUPPORTED:
                    self._file.close()
                    raise

    def seekable(self) -> bool:
        """HDF5 goes to and fro."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place; the end is that of what was written."""
        if whence == os.SEEK_END:
            return self._file.seek(self._length + offset)
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """The present place."""
        return self._file.tell()

    def readinto(self, buffer: Any) -> int | None:
        """Read from the present place."""
        if self.failure is None:
            return self._file.readinto(buffer)
        place, view = self._file.tell(), memoryview(buffer).cast("B")
        found = self._file.readinto(view) or 0
        view[found:] = bytes(len(view) - found)
        for at, lost in self._lost:
            start, stop = max(at, place), min(at + len(lost), place + len(view))
            if start < stop:
                view[start - place : stop - place] = lost[start - at : stop - at]
        self._file.seek(place + len(view))
        return len(view)

    def write(self, data: Any) -> int:
        """Write at the present place, on the disk unless a failure is kept."""
        view = memoryview(data).cast("B")
        size, end = len(view), self._file.tell() + len(view)
        try:
            while self.failure is None and view:
                view = view[self._file.write(view) or 0 :]
        except OSError as error:
            self.failure = error
        if view:
            self._lost.append((end - len(view), bytes(view)))
            self._file.seek(end)
        self._length = max(self._length, end)
        return size

    def truncate(self, size: int | None = None) -> int:
        """Set the length, unless a failure is kept."""
        try:
            if self.failure is None:
                self._file.truncate(size)
        except OSError as error:
            self.failure = error
        self._length = self._file.tell() if size is None else size
        return self._length

    def raise_failure(self) -> None:
        """Raise the failure that is kept, if there is one."""
        if self.failure is not None:
            raise self.failure

    def close(self) -> None:
        """Close the file; a disk may fail no sooner than here."""
        if not self._file.closed:
            try:
                if self.failure is None:
                    os.fsync(self._file.fileno())
                self._file.close()
            except OSError as error:
                self.failure = self.failure or error
        super().close()


@contextmanager
def new_file(path: Path, size: int = 0) -> Iterator[tuple[h5py.File, NewFile]]:
    """A new HDF5 file and what it is written through; on the disk at the end.

    Raises
    ------
    OSError : the disk failed, or has no room for so many bytes.
    """
    with NewFile(path, size) as written:
        try:
            with h5py.File(written, "w") as file:
                yield file, written
        except Exception:
            written.raise_failure()  # HDF5 may not find again what the disk did not take
            raise
        written.raise_failure()
    written.raise_failure()
