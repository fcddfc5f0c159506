"""Opening a grid file, complete or not: what it holds, what it was made from, and where its bytes lie."""

from __future__ import annotations

import io
import json
import os
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from zdscan.errors import UserError
from zdscan.grid.blocks import Plan
from zdscan.grid.hdf5 import open_read
from zdscan.grid.layout import CHECKPOINT, DONE, FORMAT, PROGRAM, Extent, Layout, token_of
from zdscan.grid.read import load_filters
from zdscan.physics.parameters import AXES

OWN_FILES = "own_files"  # of group run, where the scan file names files


@dataclass(frozen=True)
class GridFile:
    """What a grid file holds besides its numbers, which `zdscan.grid.layout.GridIO` and xarray read.

    Attributes
    ----------
    path : the file.
    axes : mass (GeV) and the three parameters of the case by name; float64.
    layout : offsets and plan of blocks.
    labels : names along the fifth dimension of the fields that have one.
    done : uint8 per block, 1 where finished (as found when opened).
    scan_text, overrides : the scan file and the ``--set`` options it was run with.
    identity : what made the numbers; resuming with another is refused.
    attributes : every root attribute (theory, case, ndof, sm_chi2_all, ...).
    history : one mapping per run that filled the file.
    header_ok : whether axes, scan file and attributes match their checksum.
    fills : the value of a point that is not computed, by dataset (fields and profiles).
    lost_bytes : how much the file is cut short.
    files : texts of the user's own files, by the names that the scan file gives them.
    """

    path: Path
    axes: dict[str, NDArray[np.float64]]
    layout: Layout
    labels: dict[str, tuple[str, ...]]
    done: NDArray[np.uint8]
    scan_text: str
    overrides: tuple[str, ...]
    identity: dict[str, str]
    attributes: dict[str, Any]
    history: list[dict[str, Any]]
    header_ok: bool
    fills: dict[str, float]
    lost_bytes: int
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def missing(self) -> NDArray[np.int64]:
        """Numbers of the blocks that are not finished."""
        return np.flatnonzero(self.done != DONE)

    @property
    def complete(self) -> bool:
        """Whether every block is finished."""
        return self.missing.size == 0

    @property
    def sm_chi2(self) -> dict[str, float]:
        """chi2 of the Standard Model, by set of rows ("all", "muon")."""
        prefix = "sm_chi2_"
        return {name[len(prefix) :]: float(v) for name, v in self.attributes.items() if name.startswith(prefix)}

    @property
    def ndof(self) -> int:
        """Number of rows in chi2."""
        return int(self.attributes["ndof"])


def open_grid(path: str | Path) -> GridFile:
    """Read a grid file's axes, layout, done map, scan file, identity and history.

    A file that is cut short behind them opens too: `GridFile.lost_bytes` says so, and reading a block that is lost
    raises `zdscan.grid.layout.CutShort`.

    Raises
    ------
    UserError : no such file, not HDF5, cut too short, made by another program, of a newer format, or damaged.
    """
    path = Path(path)
    with _open(path) as file:
        try:
            _check_kind(path, file)
            return _read(path, file)
        except (KeyError, ValueError, OSError, RuntimeError, TypeError, AttributeError) as error:
            raise UserError(f"{path} is a damaged grid file: {error}.") from error


def _check_kind(path: Path, file: h5py.File) -> None:
    if _text(file.attrs.get("program", "")) != PROGRAM:
        raise UserError(f"{path} is an HDF5 file, but not a grid file made by {PROGRAM}.")
    stored_format = int(file.attrs.get("format", 0))
    if stored_format > FORMAT:
        raise UserError(
            f"{path} has grid format {stored_format}, this zdscan {_version()} reads up to {FORMAT}: "
            f"use zdscan {_text(file.attrs.get('version', '?'))} or newer."
        )


def _open(path: Path) -> h5py.File:
    if not path.exists():
        raise UserError(f"There is no grid file {path}.")
    if path.is_dir():
        raise UserError(f"{path} is a folder, not a grid file.")
    try:
        return open_read(path)
    except OSError as error:
        size = path.stat().st_size
        if re.search("truncated file", str(error)):
            padded = _open_padded(path, size)
            if padded is not None:
                return padded
            raise UserError(
                f"{path} is cut short: only its first {size} bytes are left, too few to continue it; run its scan file "
                "again."
            ) from error
        if isinstance(error, PermissionError):
            raise UserError(f"{path} cannot be read: permission denied.") from error
        if re.search("flag", str(error)):
            raise UserError(f"{path} is open in this process by other means and cannot be read: {error}.") from error
        raise UserError(f"{path} is not an HDF5 file, or its first bytes are damaged.") from error


def _open_padded(path: Path, size: int) -> h5py.File | None:
    """A file that is cut short within its numbers; None where more is lost.

    What else is stored comes before the numbers; HDF5 may search for ever in strings that are not there.
    """
    try:
        file = h5py.File(_Padded(path), "r")
        fields = [item for item in file.values() if isinstance(item, h5py.Dataset) and item.ndim >= 4]
        numbers = [item.id.get_offset() for item in fields if item.chunks is None]  # not packed
        if not fields and "partial_minimum" in file["run"]:
            minima, history = (file["run"][name].id.get_offset() for name in ("partial_minimum", "history"))
            numbers = [minima] if minima > history else []  # files of former versions had them in the midst
    except (OSError, RuntimeError, KeyError, ValueError):
        return None
    return file if numbers and size >= min(numbers) else None


class _Padded(io.RawIOBase):
    """A file that is cut short, with zeros to the length that HDF5 noted at its beginning."""

    def __init__(self, path: Path) -> None:
        self._data = path.open("rb", buffering=0)
        self._length = max(_noted_size(path), path.stat().st_size)
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self._at = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._length}[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        count = min(len(view), max(0, self._length - self._at))
        data = os.pread(self._data.fileno(), count, self._at)
        view[:count] = data.ljust(count, b"\0")
        self._at += count
        return count

    def close(self) -> None:
        self._data.close()
        super().close()


def _noted_size(path: Path) -> int:
    """The length of a grid file as its superblock has it (HDF5 file format 3.0, II.A); 0 for a version not written."""
    with path.open("rb") as file:
        start = file.read(48)
    return int.from_bytes(start[40:48], "little") if len(start) == 48 and start[8] == 0 else 0


def restore_length(grid: GridFile) -> None:
    """Make a file that is cut short as long as it was; what is lost reads as not computed.

    The file grows in order, so that an interruption leaves one that is cut short less.

    Raises
    ------
    UserError : the file cannot be written, or the disk is full.
    """
    extents = {**grid.layout.fields, **grid.layout.profiles, **grid.layout.checkpoint}
    try:
        with grid.path.open("r+b") as file:
            at = file.seek(0, os.SEEK_END)
            for name, extent in sorted(extents.items(), key=lambda item: item[1].offset):
                if (stop := extent.offset + extent.nbytes) <= at:
                    continue
                at += file.write(bytes(max(0, extent.offset - at)))
                fill = np.full(2**17, grid.fills.get(name, 0), dtype=extent.dtype).tobytes()
                while at < stop:
                    phase = (at - extent.offset) % np.dtype(extent.dtype).itemsize
                    at += file.write(fill[phase : phase + stop - at])
            file.write(bytes(max(0, _noted_size(grid.path) - at)))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise UserError(f"{grid.path} is cut short and cannot be mended: {error.strerror}.") from error


def _version() -> str:
    from zdscan import __version__

    return __version__


def _read(path: Path, file: h5py.File) -> GridFile:
    axes = {name: np.asarray(file[name][()], dtype=np.float64) for name in _axis_names(file)}
    run = file["run"]
    masses, first, second, third = (axis.size for axis in axes.values())
    plan = Plan((masses, first, second, third), int(file.attrs["block_points"]))
    names = tuple(name for name in _labels(run["field"]) if name in file)
    profiles = [name for name in _labels(run["profile"]) if name in file]
    packed = any(file[name].chunks is not None for name in (*names, *profiles))
    if packed:
        load_filters(file, (*names, *profiles))
    token = token_of(run["history"][()])
    layout = Layout(
        path=str(path),
        plan=plan,
        fields={name: extent_of(file[name]) for name in names},
        profiles={name: extent_of(file[name]) for name in profiles},
        done=extent_of(run["done"]),
        checksum=extent_of(run["checksum"]),
        profile_done=extent_of(run["profile_done"]),
        profile_checksum=extent_of(run["profile_checksum"]),
        history=extent_of(run["history"]),
        checkpoint={name: extent_of(run[name]) for name in CHECKPOINT if name in run},
        packed=packed,
        axes=tuple(axes),
        token=token,
        inode=0 if token else os.stat(path).st_ino,
    )
    _check_shapes(layout)
    own = run[OWN_FILES][()] if OWN_FILES in run else b"{}"
    # beside the text, so that zdscan of before there were such files finds the checksum of the header right
    own_ok = OWN_FILES not in run or int(run[OWN_FILES].attrs["checksum"]) == zlib.crc32(own)
    return GridFile(
        path=path,
        axes=axes,
        layout=layout,
        labels={name: _labels(file[name].dims[4][0]) for name in names if file[name].ndim == 5},
        done=run["done"][()],
        scan_text=run["scan_file"][()].decode(),
        overrides=tuple(json.loads(run["scan_file"].attrs["overrides"])),
        identity=json.loads(file.attrs["identity"]),
        attributes={name: _plain(value) for name, value in file.attrs.items()},
        history=_history(run["history"][()]),
        header_ok=int(file.attrs["header_checksum"]) == header_checksum(file) and own_ok,
        fills={name: file[name].fillvalue for name in (*names, *profiles)},
        lost_bytes=max(0, _noted_size(path) - path.stat().st_size),
        files=json.loads(own.decode()),
    )


def _axis_names(file: h5py.File) -> tuple[str, ...]:
    """The four axes; a file whose case has no parameters of its own does not name them."""
    named = _text(file.attrs["axes"]).split() if "axes" in file.attrs else AXES
    return tuple(named)


def _check_shapes(layout: Layout) -> None:
    plan = layout.plan
    for name, extent in layout.fields.items():
        if extent.shape[:4] != plan.shape:
            raise ValueError(f"dataset {name} has shape {extent.shape}, the axes {plan.shape}")
    if layout.done.shape != (plan.blocks,) or layout.checksum.shape != (
        plan.blocks,
        max(1, len(layout.fields)),
    ):
        raise ValueError("the block datasets do not fit the axes")


def _history(stored: bytes) -> list[dict[str, Any]]:
    try:
        entries = list(json.loads(stored.decode()))
        return [{name: value for name, value in entry.items() if name != "token"} for entry in entries]
    except (ValueError, AttributeError):  # cut off while being written: a note of past runs, not data
        return [{"state": "the earlier history cannot be read"}]


def _labels(dataset: h5py.Dataset) -> tuple[str, ...]:
    return tuple(_text(label) for label in dataset[()])


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    return value


def extent_of(dataset: h5py.Dataset) -> Extent:
    """Where a contiguous dataset lies in the file; a packed one has no single place, which is offset -1."""
    offset = dataset.id.get_offset() if dataset.chunks is None else -1
    if offset is None:
        raise ValueError(f"dataset {dataset.name} is not contiguous")
    return Extent(int(offset), dataset.dtype.str, tuple(dataset.shape))


def header_checksum(file: h5py.File) -> int:
    """CRC-32 of what no run changes: axes, scan file, overrides and the attributes that zdscan wrote."""
    checksum = 0
    for name in _axis_names(file):
        checksum = zlib.crc32(file[name][()].tobytes(), checksum)
    text = file["run/scan_file"]
    checksum = zlib.crc32(text[()] + text.attrs["overrides"].encode(), checksum)
    for name in json.loads(file.attrs["checked_attributes"]):
        checksum = zlib.crc32(repr(_plain(file.attrs[name])).encode(), checksum)
    return checksum
