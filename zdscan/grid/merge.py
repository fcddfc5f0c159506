"""Merging two finished grid files of the same physics that differ in the range of one axis.

The result is the file of one scan over both ranges: the same numbers, profiles and checksums. Ranges may touch or
overlap; where they overlap, axis values and numbers must be equal, but for the rounding in which processors differ:
there the result has those of the first file.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from zdscan.errors import UserError
from zdscan.evaluation.fields import Field
from zdscan.grid import create, provenance
from zdscan.grid.agreement import RELATIVE, same_axis, same_numbers, snapped
from zdscan.grid.blocks import Block, Plan, boxes, count_cells
from zdscan.grid.hdf5 import open_read
from zdscan.grid.layout import DONE, GridIO, Layout
from zdscan.grid.open import GridFile, open_grid
from zdscan.grid.pack import refuse_unfinished, scratch, told_of
from zdscan.grid.profiles import Minima, profile_name, write_minima
from zdscan.grid.read import reader
from zdscan.grid.sinks import checksums
from zdscan.grid.target import check_target, publish
from zdscan.ranks.mpi import Alone

_OF_FILES = {"Conventions", "program", "version", "format", "identity", "ndof", "block_points"}  # of any grid
Advance = Callable[[str, float], None]  # told what is being done, and which fraction of it is


def merge(
    first: str | Path,
    second: str | Path,
    target: str | Path,
    *,
    overwrite: bool = False,
    progress: Advance = lambda what, fraction: None,
) -> tuple[str, int]:
    """Write the grid of both files; return the axis along which they were joined, and the number of points.

    Raises
    ------
    UserError : a file is unfinished or damaged, they differ in more than the range of one axis, leave values of that
        range out, or have different numbers where they overlap.
    """
    target = Path(target)
    grids = open_grid(first), open_grid(second)
    if target.exists() and any(target.samefile(grid.path) for grid in grids):
        raise UserError(f"{target} is one of the two files; give another name with -o.")
    check_target(target, overwrite)
    joined = _Joined.of(*grids)
    for number, grid in enumerate(grids):
        progress("checking", number / 2)
        refuse_unfinished(grid)
    entry = provenance.record("merge", Alone(), 1, "direct")
    entry.update(state="finished", merged=[str(grid.path) for grid in grids])
    with scratch(target) as temporary, told_of(target):
        layout = create.create(
            temporary,
            joined,
            joined.plan,
            scan_text=grids[0].scan_text,
            overrides=joined.overrides,
            files=grids[0].files,
            profiles=bool(grids[0].layout.profiles),
            history=[entry],
            overwrite=False,
        )
        with GridIO(layout, write=True) as io:
            if layout.fields:
                _fill(joined, io, progress)
            if layout.profiles:
                _fill_profiles(joined, io)
            io.write_flat(layout.done, 0, np.full(layout.plan.blocks, DONE, dtype=np.uint8))
            entry["stop"] = provenance.now()
            io.write_history([entry])
            io.sync()
        publish(temporary, target, overwrite)
    return joined.axis, joined.plan.points


@dataclass(frozen=True)
class _Joined:
    """The grid of both files, as `zdscan.grid.create.create` sees an engine.

    `places` gives, for each file, the index on the joined axis of each of its values.
    """

    grids: tuple[GridFile, GridFile]
    axis: str
    axes: Mapping[str, NDArray[np.float64]]
    places: tuple[NDArray[np.int64], NDArray[np.int64]]

    @classmethod
    def of(cls, first: GridFile, second: GridFile) -> _Joined:
        faults = _differences(first, second)
        differing = [name for name in first.axes if not same_axis(first.axes[name], second.axes.get(name, np.zeros(0)))]
        if not differing:
            faults.append("all four axes are the same, so there is nothing to join")
        if len(differing) > 1:
            faults.append(f"more than one axis differs: {', '.join(differing)}")
        if faults:
            raise UserError(f"{first.path} and {second.path} cannot be merged:", *(f"  {fault}." for fault in faults))
        name = differing[0]
        ours, theirs = first.axes[name], snapped(second.axes[name], first.axes[name])
        union = np.union1d(ours, theirs)
        low, high = max(ours[0], theirs[0]), min(ours[-1], theirs[-1])
        common = [axis[(axis >= low) & (axis <= high)] for axis in (ours, theirs)]
        if not np.array_equal(*common):
            raise UserError(
                f"{first.path} and {second.path} cannot be merged:",
                f"  their values of {name} differ between {low:g} and {high:g}, where both have some.",
            )
        axes = {axis: union if axis == name else values for axis, values in first.axes.items()}
        return cls((first, second), name, axes, (np.searchsorted(union, ours), np.searchsorted(union, theirs)))

    @property
    def dimension(self) -> int:
        return list(self.axes).index(self.axis)

    def pair(self, i: int, j: int) -> str:
        """Name of the profile over two axes."""
        names = list(self.axes)
        return profile_name(names[i], names[j])

    @property
    def shape(self) -> tuple[int, int, int, int]:
        masses, first, second, third = (axis.size for axis in self.axes.values())
        return masses, first, second, third

    @cached_property
    def plan(self) -> Plan:
        return Plan.default(self.shape, stored=bool(self.grids[0].layout.fields))

    @property
    def overrides(self) -> tuple[str, ...]:
        """Those of the first file with the joined axis of both, so that the scan file of the result describes it."""
        values = ", ".join(repr(float(value)) for value in self.axes[self.axis])
        own = [text for text in self.grids[0].overrides if not text.replace(" ", "").startswith(f"axes.{self.axis}")]
        return (*own, f"axes.{self.axis}={{ values = [{values}] }}")

    @cached_property
    def descriptions(self) -> dict[str, tuple[str, str]]:
        with open_read(self.grids[0].path) as file:
            return {name: (str(file[name].attrs["units"]), str(file[name].attrs["long_name"])) for name in self.axes}

    @property
    def ndof(self) -> int:
        return self.grids[0].ndof

    @property
    def sm_chi2(self) -> dict[str, float]:
        return self.grids[0].sm_chi2

    @property
    def identity(self) -> dict[str, str]:
        return self.grids[0].identity

    @cached_property
    def attributes(self) -> dict[str, Any]:
        """The attributes that describe the physics, as the engine gave them."""
        with open_read(self.grids[0].path) as file:
            checked = self.grids[0].attributes["checked_attributes"]
            names = [name for name in json.loads(checked) if name not in _OF_FILES and not name.startswith("sm_chi2_")]
            return {name: file.attrs[name] for name in names}

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """The fields that the files store; of files with profiles alone, those that the profiles are made of."""
        layout = self.grids[0].layout
        if not layout.fields:
            allowed = any(name.endswith("_allowed") for name in layout.profiles)
            names = ("chi2", "excluded") if allowed else ("chi2",)
            return tuple(Field(name, "<f4", 0, "", "", stored=False) for name in names)
        with open_read(self.grids[0].path) as file:
            return tuple(_field(file[name], self.grids[0].labels) for name in layout.fields)


def _field(dataset: h5py.Dataset, labels: Mapping[str, tuple[str, ...]]) -> Field:
    name = dataset.name.strip("/")
    extra = None
    if dataset.ndim == 5:
        extra = dataset.dims[4][0].name.strip("/"), labels[name]
    attributes = dict(dataset.attrs)
    for key in ("DIMENSION_LIST", "long_name", "units"):
        attributes.pop(key, None)
    long_name, units = str(dataset.attrs["long_name"]), str(dataset.attrs["units"])
    return Field(name, dataset.dtype.str, dataset.fillvalue, long_name, units, extra, attributes)


def _differences(first: GridFile, second: GridFile) -> list[str]:
    faults = [
        f"{name}: {first.identity.get(name, 'nothing')} and {second.identity.get(name, 'nothing')}"
        for name in sorted({*first.identity, *second.identity})
        if first.identity.get(name) != second.identity.get(name)
    ]
    faults += [
        f"{name}: {first.attributes.get(name, 'nothing')} and {second.attributes.get(name, 'nothing')}"
        for name in sorted({*json.loads(first.attributes["checked_attributes"])} - _OF_FILES)
        if name not in first.identity and not _same(first.attributes.get(name), second.attributes.get(name))
    ]
    stored = [
        {name: (extent.dtype, extent.shape[4:], grid.labels.get(name)) for name, extent in grid.layout.fields.items()}
        for grid in (first, second)
    ]
    if list(stored[0].items()) != list(stored[1].items()):
        faults.append(f"fields: {', '.join(stored[0]) or 'none'} and {', '.join(stored[1]) or 'none'}")
    if list(first.layout.profiles) != list(second.layout.profiles):
        faults.append("only one of them has profiles")
    return faults


def _same(first: Any, second: Any) -> bool:
    """Whether two attributes are equal, numbers but for rounding."""
    if isinstance(first, float) and isinstance(second, float):
        return math.isclose(first, second, rel_tol=RELATIVE)
    return bool(first == second)


def _fill(joined: _Joined, io: GridIO, progress: Advance) -> None:
    """Write every field and checksum, block by block."""
    plan, names = joined.plan, list(io.layout.fields)
    with ExitStack() as stack:
        files = [stack.enter_context(open_read(grid.path)) for grid in joined.grids]
        _compare_overlap(joined, files, names)
        for number in range(plan.blocks):
            block = plan.block(number)
            data = [_run(joined, files, name, block) for name in names]
            for name, values in zip(names, data, strict=True):
                io.write_field(name, block, values)
            io.write_checksums(block, checksums(data, number))
            progress("merging", (number + 1) / plan.blocks)


def _run(joined: _Joined, files: list[h5py.File], name: str, block: Block) -> NDArray[Any]:
    """One block of a field, put together from both files."""
    parts = []
    for box in boxes(block.first, block.count, joined.shape[1:]):
        where = (slice(block.mass, block.mass + 1), *box)
        wanted = where[joined.dimension]
        source = files[0][name]
        shape = tuple(part.stop - part.start for part in where)
        values = np.empty((*shape, *source.shape[4:]), dtype=source.dtype)
        for file, places in reversed(list(zip(files, joined.places, strict=True))):
            inside = np.flatnonzero((places >= wanted.start) & (places < wanted.stop))
            if inside.size:
                read, put = list(where), [slice(None)] * 4
                read[joined.dimension] = slice(int(inside[0]), int(inside[-1]) + 1)
                first, last = (int(places[inside[k]]) - wanted.start for k in (0, -1))
                put[joined.dimension] = slice(first, last + 1)
                values[tuple(put)] = file[name][tuple(read)]
        parts.append(values.reshape(-1, *source.shape[4:]))
    return np.concatenate(parts)


def _overlap(joined: _Joined) -> tuple[slice, slice]:
    """The values that both files have: indices on the axis of each."""
    common = np.intersect1d(*joined.places)
    if common.size == 0:
        return slice(0, 0), slice(0, 0)
    first, second = (int(np.searchsorted(places, common[0])) for places in joined.places)
    return slice(first, first + common.size), slice(second, second + common.size)


def _compare_overlap(joined: _Joined, files: list[h5py.File], names: list[str]) -> None:
    overlap = _overlap(joined)
    if overlap[0] == overlap[1] == slice(0, 0):
        return
    for name in names:
        for mass in range(joined.shape[0]) if joined.dimension else range(overlap[0].stop - overlap[0].start):
            values = []
            for file, part in zip(files, overlap, strict=True):
                where: list[Any] = [mass, slice(None), slice(None), slice(None)]
                where[joined.dimension] = part if joined.dimension else part.start + mass
                values.append(file[name][tuple(where)])
            if not same_numbers(*values):
                raise _unequal(joined, name)


def _unequal(joined: _Joined, name: str) -> UserError:
    return UserError(
        f"{joined.grids[0].path} and {joined.grids[1].path} cannot be merged:",
        f"  {name} differs at values of {joined.axis} that both have.",
    )


def _fill_profiles(joined: _Joined, io: GridIO) -> None:
    """Write the profiles from those of the files: of two minima the lower, ties to the smallest index."""
    suffixes = ("", "_allowed") if f"{joined.pair(0, 1)}_allowed" in io.layout.profiles else ("",)
    for suffix in suffixes:
        parts = zip(joined.grids, joined.places, strict=True)
        found = [_minima(joined, grid.layout, places, suffix) for grid, places in parts]
        _compare_profiles(joined, found)
        write_minima(io, found[0].lower(found[1]), suffix)


def _minima(joined: _Joined, layout: Layout, places: NDArray[np.int64], suffix: str) -> Minima:
    """The profiles of one file as minima of the joined grid."""
    shape, old = joined.shape, layout.plan.shape
    values = np.full(count_cells(shape), np.inf, dtype=np.float32)
    at = np.full(values.size, -1, dtype=np.int64)
    start = 0
    with reader(layout) as io:
        for i, j in combinations(range(4), 2):
            name = joined.pair(i, j) + suffix
            lowest, where = io.read_profile(name), io.read_profile(f"{name}_at")
            if lowest is None or where is None:
                raise UserError(f"{layout.path}: the profile {name} is damaged.")
            index = list(np.unravel_index(np.maximum(where, 0), old))
            index[joined.dimension] = places[index[joined.dimension]]
            moved = np.where(where >= 0, np.ravel_multi_index(tuple(index), shape), -1)
            rows = np.ix_(*(places if k == joined.dimension else np.arange(old[k]) for k in (i, j)))
            stop = start + shape[i] * shape[j]
            values[start:stop].reshape(shape[i], shape[j])[rows] = np.where(where >= 0, lowest, np.inf)
            at[start:stop].reshape(shape[i], shape[j])[rows] = moved
            start = stop
    return Minima(shape, values, at)


def _compare_profiles(joined: _Joined, found: list[Minima]) -> None:
    """Where both files have a value of the joined axis, the minima at this value must agree."""
    common = np.intersect1d(*joined.places)
    tables = [minima.by_pair(tuple(joined.axes)) for minima in found]
    for i, j in combinations(range(4), 2):
        if joined.dimension in (i, j) and common.size:
            axis = (i, j).index(joined.dimension)
            ours, theirs = (table[joined.pair(i, j)] for table in tables)
            one, two = (table[0].take(common, axis) for table in (ours, theirs))
            places = (table[1].take(common, axis) for table in (ours, theirs))
            # minima that are equal but for rounding may lie at different points
            exact = one.tobytes() == two.tobytes()
            if not same_numbers(one, two) or (exact and np.any(next(places) != next(places))):
                raise _unequal(joined, joined.pair(i, j))
