"""The HDF5 grid file: created whole before the first point, then only written in place.

Everything that is HDF5 metadata is written by `create`, under a temporary name, with every dataset contiguous,
allocated and filled; the file is synced and renamed. From then on `zdscan.grid.layout.GridIO` writes bytes at known
offsets. `zdscan.grid.open.open_grid` reads a file back, complete or not. docs/file-format.md has the layout.

Root group: the axes (dimension scales), the 4D fields, the profiles. Group ``run``: what resuming and verifying need.
"""

from __future__ import annotations

import json
import os
import secrets
import zlib
from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any, Protocol

import h5py
import numpy as np
from numpy.typing import NDArray

from zdscan import __version__
from zdscan.errors import UserError
from zdscan.evaluation.fields import Field
from zdscan.grid.blocks import Plan, count_cells, profile_bytes
from zdscan.grid.hdf5 import new_file
from zdscan.grid.layout import CHECKPOINT, DONE, FORMAT, HISTORY_BYTES, PROGRAM, Layout, encode_history
from zdscan.grid.open import OWN_FILES, extent_of, header_checksum
from zdscan.grid.profiles import SUFFIXES, profile_name
from zdscan.grid.target import check_target, publish, remove_leftovers, target_of, temporary_name


class Described(Protocol):
    """What a grid file is made for (`zdscan.running.workers.EngineLike` without the means to compute it)."""

    @property
    def axes(self) -> Mapping[str, NDArray[np.float64]]:
        """mass (GeV) and the three parameters of the case; ascending."""

    @property
    def descriptions(self) -> Mapping[str, tuple[str, str]]:
        """Axis -> (unit, what it is)."""

    @property
    def fields(self) -> Sequence[Field]:
        """What is computed at each point."""

    @property
    def ndof(self) -> int:
        """How many measured rows chi2 has."""

    @property
    def sm_chi2(self) -> Mapping[str, float]:
        """chi2 of the Standard Model by set of rows."""

    @property
    def identity(self) -> Mapping[str, str]:
        """What makes the numbers: settings, and hashes of code and data by name."""

    @property
    def attributes(self) -> Mapping[str, Any]:
        """Further attributes of the file."""


def create(
    path: Path,
    engine: Described,
    plan: Plan,
    *,
    scan_text: str,
    overrides: Sequence[str],
    files: Mapping[str, str] | None = None,
    profiles: bool,
    history: Sequence[Mapping[str, Any]],
    overwrite: bool,
) -> Layout:
    """Create the grid file, filled and complete but for the numbers, and return where its bytes lie.

    files : texts of the user's own files that the scan file names.

    Raises
    ------
    UserError : the name is taken, the folder is missing or closed, or the disk is too small. Nothing is written then.
    """
    check_target(path, overwrite)
    needed = _check_space(path, engine.fields, plan, profiles)
    remove_leftovers(path)
    temporary = temporary_name(path)
    try:
        try:
            with new_file(temporary, needed) as (file, _):
                layout = _write(file, str(path), engine, plan, scan_text, overrides, files or {}, profiles)
            with open(temporary, "r+b") as handle:
                handle.seek(layout.history.offset)
                handle.write(encode_history(history, layout.token))
                handle.flush()
                os.fsync(handle.fileno())
        except OSError as error:
            raise UserError(f"The output file {path} cannot be created: {error.strerror or error}.") from error
        publish(temporary, path, overwrite)
    finally:
        temporary.unlink(missing_ok=True)
    return layout


def _check_space(path: Path, fields: Sequence[Field], plan: Plan, profiles: bool) -> int:
    """The bytes that the file will need; raises `UserError` where the disk has not as many."""
    stored = [field for field in fields if field.stored]
    per_point = sum(np.dtype(field.dtype).itemsize * field.components for field in stored)
    tables = profile_bytes(plan.shape, stored=bool(stored)) if profiles else 0
    needed = plan.points * per_point + tables + plan.blocks * (11 + 4 * max(1, len(stored))) + 2**20
    folder = target_of(path).parent
    status = os.statvfs(folder)
    free = status.f_bavail * status.f_frsize
    if needed > free:
        raise UserError(
            f"The output file {path} needs {needed / 1e9:.3f} GB, but {folder} has {free / 1e9:.3f} GB free: "
            "store fewer fields, take fewer points, or choose another folder."
        )
    return int(needed)


def _write(
    file: h5py.File,
    path: str,
    engine: Described,
    plan: Plan,
    scan_text: str,
    overrides: Sequence[str],
    files: Mapping[str, str],
    profiles: bool,
) -> Layout:
    for name, values in engine.axes.items():
        units, long_name = engine.descriptions[name]
        _scale(file, name, np.asarray(values, dtype="<f8"), units=units, long_name=long_name)
    computed = {field.name for field in engine.fields}
    stored = [field for field in engine.fields if field.stored]
    has_profiles = profiles and "chi2" in computed
    profile_datasets = _profiles(file, list(engine.axes), plan.shape, "excluded" in computed) if has_profiles else {}

    run = file.create_group("run")
    text = run.create_dataset("scan_file", data=scan_text, dtype=h5py.string_dtype())
    text.attrs["overrides"] = json.dumps(list(overrides))
    if files:
        texts = json.dumps(dict(files))
        own = run.create_dataset(OWN_FILES, data=texts, dtype=h5py.string_dtype())
        own.attrs["checksum"] = zlib.crc32(texts.encode())
        own.attrs["long_name"] = "texts of the user's own files, by the names that the scan file gives them"
    _scale(run, "block", plan.starts(), long_name="flat index of the block's first point")
    _scale(run, "field", [field.name for field in stored] or ["none"], long_name="stored field")
    done = _allocate(run, "done", (plan.blocks,), "|u1", 0, ["block"])
    done.attrs["long_name"] = f"{DONE} where the block is finished"
    checksum = _allocate(run, "checksum", (plan.blocks, max(1, len(stored))), "<u4", 0, ["block", "field"])
    checksum.attrs["long_name"] = "CRC-32 of the block's bytes"
    _scale(run, "profile", list(profile_datasets) or ["none"], long_name="profile dataset")
    rows = max(1, len(profile_datasets))
    profile_done = _allocate(run, "profile_done", (rows,), "|u1", 0, ["profile"])
    profile_done.attrs["long_name"] = f"{DONE} where the profile is complete"
    profile_checksum = _allocate(run, "profile_checksum", (rows,), "<u4", 0, ["profile"])
    profile_checksum.attrs["long_name"] = "CRC-32 of the profile's bytes"
    kinds = 2 if "excluded" in computed else 1
    checkpoint = {} if stored else _checkpoint(run, plan, kinds, ("partial_covers", "partial_stamp"))
    history = _allocate(run, "history", (), f"|S{HISTORY_BYTES}", None, [])
    history.attrs["long_name"] = "JSON list of the runs that filled this file"

    attributes = _attributes(engine, plan)
    file.attrs.update(attributes)
    file.attrs["checked_attributes"] = json.dumps(sorted(attributes))
    # The large datasets come last: what is lost where a file is cut short are their numbers, which can be made again.
    for field in stored:
        _label(file, field)
    fields = {field.name: _field(file, field, list(engine.axes), plan.shape) for field in stored}
    if not stored:
        checkpoint |= _checkpoint(run, plan, kinds, ("partial_minimum", "partial_at"))
    file.attrs["header_checksum"] = np.uint32(header_checksum(file))
    for name in fields or ("partial_minimum", "partial_at"):
        _place(fields[name] if fields else checkpoint[name])
    return Layout(
        path=path,
        token=secrets.token_hex(16),
        plan=plan,
        fields={name: extent_of(dataset) for name, dataset in fields.items()},
        profiles={name: extent_of(dataset) for name, dataset in profile_datasets.items()},
        done=extent_of(done),
        checksum=extent_of(checksum),
        profile_done=extent_of(profile_done),
        profile_checksum=extent_of(profile_checksum),
        history=extent_of(history),
        checkpoint={name: extent_of(checkpoint[name]) for name in CHECKPOINT if name in checkpoint},
        axes=tuple(engine.axes),
    )


def _attributes(engine: Described, plan: Plan) -> dict[str, Any]:
    attributes: dict[str, Any] = {name: _storable(value) for name, value in engine.attributes.items()}
    attributes.update({f"sm_chi2_{name}": float(value) for name, value in engine.sm_chi2.items()})
    attributes.update(
        Conventions="CF-1.10",
        program=PROGRAM,
        version=__version__,
        format=FORMAT,
        identity=json.dumps(engine.identity, sort_keys=True),
        ndof=engine.ndof,
        block_points=plan.block_points,
    )
    return attributes


def _storable(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        return np.array(list(value), dtype=h5py.string_dtype())
    return value


def _scale(group: h5py.Group, name: str, values: Any, **attributes: str) -> None:
    labels = isinstance(values, list)
    dataset = group.create_dataset(name, data=values, dtype=h5py.string_dtype() if labels else None)
    dataset.make_scale(name)
    dataset.attrs.update(attributes)


def _allocate(
    group: h5py.Group,
    name: str,
    shape: tuple[int, ...],
    dtype: str,
    fill: float | int | None,
    dims: Sequence[str],
    *,
    late: bool = False,
) -> h5py.Dataset:
    """A contiguous dataset whose space is allocated and filled now (`late`: by `_place`); its offset is final."""
    settings = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    settings.set_layout(h5py.h5d.CONTIGUOUS)
    settings.set_alloc_time(h5py.h5d.ALLOC_TIME_LATE if late else h5py.h5d.ALLOC_TIME_EARLY)
    settings.set_fill_time(h5py.h5d.FILL_TIME_ALLOC)
    settings.set_obj_track_times(False)
    if fill is not None:
        settings.set_fill_value(np.array(fill, dtype=dtype))
    space = h5py.h5s.create_simple(shape) if shape else h5py.h5s.create(h5py.h5s.SCALAR)
    kind = h5py.h5t.py_create(np.dtype(dtype), logical=True)
    dataset = h5py.Dataset(h5py.h5d.create(group.id, name.encode(), kind, space, settings))
    for axis, dim in enumerate(dims):
        dataset.dims[axis].attach_scale(group[dim])
    return dataset


def _place(dataset: h5py.Dataset) -> None:
    """Allocate and fill the space of a dataset now: behind the strings of attributes, which HDF5 puts anywhere."""
    dataset[(0,) * dataset.ndim] = dataset.fillvalue


def _label(file: h5py.File, field: Field) -> None:
    """The scale of a field's fifth dimension, which several fields may share."""
    if field.extra is None:
        return
    dim, labels = field.extra
    if dim not in file:
        _scale(file, dim, list(labels), long_name=dim)
    elif [label.decode() for label in file[dim][:]] != list(labels):
        raise ValueError(f"two fields give different labels to the dimension {dim}")


def _field(file: h5py.File, field: Field, axes: Sequence[str], shape: tuple[int, ...]) -> h5py.Dataset:
    dims = list(axes)
    if field.extra is not None:
        dims.append(field.extra[0])
        shape = (*shape, field.components)
    dataset = _allocate(file, field.name, shape, field.dtype, field.fill, dims, late=True)
    dataset.attrs.update(long_name=field.long_name, units=field.units)
    for name, value in field.attributes.items():
        # CF: flag values have the type of the variable they belong to.
        flags = name in ("flag_masks", "flag_values")
        dataset.attrs[name] = np.asarray(value, dtype=field.dtype) if flags else _storable(value)
    return dataset


def _profiles(file: h5py.File, axes: Sequence[str], shape: tuple[int, ...], allowed: bool) -> dict[str, h5py.Dataset]:
    datasets = {}
    for suffix in SUFFIXES if allowed else SUFFIXES[:1]:
        for (i, x), (j, y) in combinations(enumerate(axes), 2):
            name = profile_name(x, y, suffix)
            what = "over allowed points" if suffix else "over all points"
            value = _allocate(file, name, (shape[i], shape[j]), "<f4", np.nan, [x, y])
            value.attrs.update(long_name=f"minimum of chi2 over the other two axes, {what}", units="1")
            at = _allocate(file, f"{name}_at", (shape[i], shape[j]), "<i8", -1, [x, y])
            at.attrs.update(long_name=f"flat grid index of {name}, -1 where there is none", units="1")
            datasets[name], datasets[f"{name}_at"] = value, at
    return datasets


def _checkpoint(run: h5py.Group, plan: Plan, kinds: int, names: Sequence[str]) -> dict[str, h5py.Dataset]:
    """Datasets for the two copies of a checkpoint, of which one is always whole; all zero before and after a run."""
    cells = count_cells(plan.shape)
    kept: dict[str, tuple[str, tuple[int, ...], str]] = {
        "partial_minimum": (
            "<f4",
            (kinds, cells),
            "minima found so far, over all and over allowed points; the six pairs of axes in a row",
        ),
        "partial_at": ("<i8", (kinds, cells), "flat grid index of each minimum, -1 where there is none"),
        "partial_covers": ("|u1", (plan.blocks,), "1 for each block that the minima cover"),
        "partial_stamp": ("<u8", (4,), "number of the copy, 0 for none, then CRC-32 of its minima, indices and blocks"),
    }
    assert tuple(kept) == CHECKPOINT
    datasets = {}
    for name in names:
        dtype, shape, note = kept[name]
        datasets[name] = _allocate(run, name, (2, *shape), dtype, 0, [], late=name in ("partial_minimum", "partial_at"))
        datasets[name].attrs["long_name"] = note
    return datasets
