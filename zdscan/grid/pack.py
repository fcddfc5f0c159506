"""Packing a finished grid file for sharing: chunked, compressed, with HDF5's own checksums (fletcher32).

A packed file holds the same datasets, attributes, dimension scales and block checksums. It is written under another
name, read back, compared with the checksums of its blocks and only then given its own name.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from zdscan.errors import UserError, not_one_of
from zdscan.grid import provenance
from zdscan.grid.hdf5 import new_file, open_read
from zdscan.grid.layout import CHECKPOINT, WriteFailed, encode_history
from zdscan.grid.open import GridFile, open_grid
from zdscan.grid.target import check_target, publish, remove_leftovers, temporary_name
from zdscan.grid.verify import compare, damaged_profiles
from zdscan.grid.writer import only_writer
from zdscan.ranks.mpi import Alone

COMPRESSIONS = ("gzip", "blosc")
CHUNK_ELEMENTS = 65_536
# Wanted extents of a chunk along mass, eps, eps_z, g_mu: a plane of any two axes then touches few chunks.
CHUNK_SHAPE = (1, 16, 16, 256)
# Attributes that HDF5 writes when scales are made and attached.
_OF_SCALES = frozenset({"CLASS", "NAME", "REFERENCE_LIST", "DIMENSION_LIST"})


@dataclass(frozen=True)
class PackSummary:
    """What a packing did: bytes of the file before and after."""

    path: str
    before: int
    after: int


def pack(
    source: str | Path,
    target: str | Path,
    *,
    compression: str = "gzip",
    overwrite: bool = False,
    progress: Callable[[str, float], None] = lambda what, fraction: None,
) -> PackSummary:
    """Write a packed copy of a finished grid file; the source is only read.

    Parameters
    ----------
    compression : "gzip" (any HDF5 reads it) or "blosc" (faster; readers need the package hdf5plugin).
    progress : told what is being done, and which fraction of it is.

    Raises
    ------
    UserError : the source is unfinished, damaged or packed already, the target is taken, or hdf5plugin is missing.
    """
    source, target = Path(source), Path(target)
    if compression not in COMPRESSIONS:
        raise UserError(f"--compression {not_one_of(compression, COMPRESSIONS)}.")
    filters = _filters(compression)
    grid = open_grid(source)
    if target.exists() and target.samefile(source):
        raise UserError(f"{source} cannot be packed into itself; give another name with -o.")
    if grid.layout.packed:
        raise UserError(f"{source} is packed already.")
    check_target(target, overwrite)
    progress("checking", 0.0)
    refuse_unfinished(grid)
    entry = provenance.record("pack", Alone(), 1, compression)
    with scratch(target) as temporary:
        try:
            with open_read(source) as old, new_file(temporary) as (new, written):

                def advance(what: str, fraction: float) -> None:
                    written.raise_failure()
                    progress(what, fraction)

                _copy(old, new, filters, advance)
                new.attrs["packed"] = f"{compression}, shuffle, fletcher32"
                entry.update(state="finished", stop=provenance.now())
                new["run/history"][()] = np.bytes_(encode_history([*grid.history, entry], grid.layout.token))
        except OSError as error:
            raise UserError(f"{target} cannot be written: {error.strerror or error}.") from error
        progress("comparing", 0.0)
        refuse_unfinished(open_grid(temporary))
        publish(temporary, target, overwrite)
    return PackSummary(str(target), source.stat().st_size, target.stat().st_size)


def refuse_unfinished(grid: GridFile) -> None:
    """Raise `UserError` unless every block and profile of a grid file is there and matches its checksum."""
    resume = f"finish it with `zdscan resume {grid.path}`"
    if not grid.complete:
        raise UserError(f"{grid.path}: {grid.missing.size} of {grid.done.size} blocks are not computed yet; {resume}.")
    damaged = [f"block {number}" for number, _ in compare(grid, Alone(), lambda: False)]
    damaged += damaged_profiles(grid)
    if grid.lost_bytes:
        damaged.insert(0, "cut short")
    if not grid.header_ok:
        damaged.append("the header")
    if damaged:
        more = f" and {len(damaged) - 3} more" if len(damaged) > 3 else ""
        raise UserError(f"{grid.path} is damaged ({', '.join(damaged[:3])}{more}); {resume}.")


@contextmanager
def scratch(target: Path) -> Iterator[Path]:
    """A temporary name beside `target`, removed at the end; leftovers of processes that were killed go first.

    Raises
    ------
    UserError : another process is at work on the target.
    """
    with only_writer(Alone(), target) as alone:
        remove_leftovers(target, alone=alone)
        temporary = temporary_name(target)
        try:
            yield temporary
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def told_of(target: Path) -> Iterator[None]:
    """Name a file that is being made by the name that it will have, in what is said of a failure."""
    try:
        yield
    except WriteFailed as error:
        raise UserError(f"{target} cannot be written {error.reason}; nothing of it is kept.") from error
    except UserError as error:
        hidden = str(temporary_name(target))
        raise UserError(*(message.replace(hidden, str(target)) for message in error.messages)) from error


def _filters(compression: str) -> dict[str, Any]:
    if compression == "gzip":  # level 1: 4 packs 2 % better and takes a third longer
        return {"compression": "gzip", "compression_opts": 1, "shuffle": True, "fletcher32": True}
    try:
        import hdf5plugin
    except ImportError as error:
        raise UserError("--compression blosc needs the package hdf5plugin (pip install hdf5plugin).") from error
    blosc = hdf5plugin.Blosc(cname="zstd", clevel=1, shuffle=hdf5plugin.Blosc.SHUFFLE)
    return {**blosc, "fletcher32": True}


def chunk_shape(shape: Sequence[int]) -> tuple[int, ...]:
    """Chunks of about `CHUNK_ELEMENTS` elements of a 4D field; a fifth axis is kept whole, others get one run."""
    if len(shape) < 4:
        chunk = [1] * len(shape)
        target = CHUNK_ELEMENTS
    else:
        chunk = [min(n, wanted) for n, wanted in zip(shape, CHUNK_SHAPE, strict=False)] + list(shape[4:])
        target = max(1, CHUNK_ELEMENTS // math.prod(shape[4:]))
        for axis in (1, 2, 3):  # several numbers a point: fewer points
            while math.prod(chunk[:4]) > target and chunk[axis] > 1:
                chunk[axis] = -(-chunk[axis] // 2)
    for axis in reversed(range(min(len(shape), 4))):  # short axes leave room for longer ones
        while math.prod(chunk[:4]) * 2 <= target and chunk[axis] < shape[axis]:
            chunk[axis] = min(2 * chunk[axis], shape[axis])
    return tuple(chunk)


def _copy(old: h5py.File, new: h5py.File, filters: Mapping[str, Any], progress: Callable[[str, float], None]) -> None:
    names: list[str] = []
    old.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
    # The checkpoint of an unfinished run is empty in a finished file.
    names = [name for name in names if name not in {f"run/{kept}" for kept in CHECKPOINT}]
    names.sort(key=lambda name: not old[name].is_scale)  # stable: scales first, to be attached
    new.attrs.update(dict(old.attrs))
    total = sum(old[name].nbytes for name in names)
    before = 0
    for name in names:
        dataset = old[name]
        if dataset.is_scale or not dataset.shape:
            made = new.create_dataset(name, data=dataset[()], dtype=dataset.dtype)
        else:
            chunks = chunk_shape(dataset.shape)
            made = new.create_dataset(
                name, dataset.shape, dataset.dtype, chunks=chunks, fillvalue=dataset.fillvalue, **filters
            )
            parts = math.prod(-(-n // c) for n, c in zip(dataset.shape, chunks, strict=True))
            for number, where in enumerate(made.iter_chunks()):
                made[where] = dataset[where]
                progress("packing", (before + dataset.nbytes * number / parts) / total)
        before += dataset.nbytes
        if dataset.is_scale:
            made.make_scale(_text(dataset.attrs["NAME"]))
        made.attrs.update({key: value for key, value in dataset.attrs.items() if key not in _OF_SCALES})
        for axis, dim in enumerate(dataset.dims):
            for scale in dim.values() if not dataset.is_scale else ():
                made.dims[axis].attach_scale(new[scale.name])


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
