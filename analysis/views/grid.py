"""A grid file as labelled arrays, opened lazily: axes by name, constraint masks by id, profiles and slices of chi2."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from zdscan.errors import UserError, listed, not_one_of
from zdscan.evaluation.fields import constraint_bits
from zdscan.grid import create
from zdscan.grid.checkpoint import tables
from zdscan.grid.layout import DONE
from zdscan.grid.profiles import Tables
from zdscan.grid.read import reader
from zdscan.physics.parameters import AXES


@dataclass(frozen=True)
class Map:
    """chi2 over two axes.

    Attributes
    ----------
    x, y : names of the axes.
    chi2 : float32[len(x), len(y)]; NaN where no point is allowed.
    best : coordinates of the lowest chi2 of the map on all four axes, and the chi2 under ``"chi2"``.
    fixed : values of the axes held fixed (grid values), empty for a profile.
    """

    x: str
    y: str
    chi2: NDArray[np.float32]
    best: dict[str, float]
    fixed: dict[str, float]


class Grid:
    """An open grid file. Values stay on disk until asked for.

    Attributes
    ----------
    file : axes, attributes, scan file and history (`zdscan.grid.open.GridFile`).
    dataset : the xarray dataset with dimensions mass, eps, eps_z, g_mu; not masked or scaled, so ``excluded`` stays
        an integer bit mask and chi2 of a point not yet computed is NaN.
    """

    def __init__(self, file: create.GridFile, dataset: xr.Dataset) -> None:
        self.file = file
        self.dataset = dataset

    @property
    def path(self) -> Path:
        """The file."""
        return self.file.path

    @property
    def attributes(self) -> Mapping[str, Any]:
        """Attributes of the file: case, theory, ndof, sm_chi2_all, ..."""
        return self.file.attributes

    @property
    def axes(self) -> dict[str, NDArray[np.float64]]:
        """Axis values in the order of the dimensions."""
        return self.file.axes

    @property
    def complete(self) -> bool:
        """Whether every point is computed."""
        return self.file.complete

    def progress(self) -> str:
        """How much of an unfinished grid is computed, in a few words; rounded down, so that 100 % is all of it."""
        done, plan = self.file.done == DONE, self.file.layout.plan
        share = 100.0 * plan.points_in(np.flatnonzero(done)) / plan.points
        if share == 0.0:
            return "none of the points is computed"
        text = "less than 0.1" if share < 0.1 else f"{np.floor(10.0 * share) / 10.0:.1f}"
        return f"{text} % of the points are computed"

    def unfinished(self, mass: int) -> NDArray[np.bool_] | None:
        """Which points of a mass, shape (eps, eps_z, g_mu), no finished block has; None where every one is computed."""
        plan = self.file.layout.plan
        blocks = range(mass * plan.blocks_per_mass, (mass + 1) * plan.blocks_per_mass)
        missing = self.file.done[blocks.start : blocks.stop] != DONE
        if not missing.any():
            return None
        return np.repeat(missing, [plan.block(number).count for number in blocks]).reshape(plan.shape[1:])

    @property
    def profiles_only(self) -> bool:
        """Whether the file stores no field (``fields = []``): it knows minima, not points."""
        return not self.file.layout.fields

    def need_fields(self, purpose: str) -> None:
        """Raise `UserError` where the file stores profiles only."""
        if self.profiles_only:
            raise UserError(
                f"{self.path} stores profiles only (fields = []): {purpose} needs a grid with the fields chi2 and "
                "excluded. It can show chi2 over one or two axes, minimised over all others."
            )

    @property
    def constraints(self) -> dict[str, int]:
        """Constraint id -> its bit in ``excluded``."""
        if self.profiles_only:
            names = str(self.attributes["constraints"]).split()
            return {name: 1 << k for k, name in enumerate(names)}
        return constraint_bits(self.dataset["excluded"].attrs)

    def mask_of(self, names: Iterable[str]) -> int:
        """The bits of these constraints together; ``["all"]`` is every constraint of the file."""
        bits, names = self.constraints, list(names)
        if names == ["all"]:
            names = list(bits)
        unknown = [f"{self.path}: the scan {not_one_of(name, tuple(bits))}." for name in names if name not in bits]
        raise_if(unknown)
        return sum(bits[name] for name in set(names))

    def excluded_by(self, *names: str, **indices: int) -> xr.DataArray:
        """Boolean array: excluded by at least one of these constraints, e.g. ``excluded_by("k_mu_inv", mass=3)``."""
        self.need_fields("what a constraint excludes")
        excluded = self.dataset["excluded"].isel(indices)
        result: xr.DataArray = (excluded & excluded.dtype.type(self.mask_of(names))) != 0
        return result

    def profile(self, x: str, y: str, constraints: Iterable[str] = ()) -> Map:
        """Lowest chi2 over the other two axes, among the points that these constraints allow.

        Taken from the profiles stored in the file where it has them: over all points, or over those that every
        constraint allows.
        """
        self._check_axes(x, y)
        return self._map(x, y, {}, list(constraints))

    def slice(self, x: str, y: str, fixed: Mapping[str, float], constraints: Iterable[str] = ()) -> Map:
        """chi2 at the grid values nearest to `fixed` on the other two axes; an axis of one value may be left out."""
        self._check_axes(x, y)
        return self._map(x, y, self.slice_values((x, y), fixed), list(constraints))

    def _map(self, x: str, y: str, fixed: Mapping[str, float], constraints: list[str]) -> Map:
        from zdscan.analysis.views.view import view  # it builds on this module

        seen = view(self, (x, y), fixed, constraints)
        return Map(x, y, seen.allowed, seen.best_allowed, dict(seen.fixed))

    def slice_values(self, shown: Sequence[str], fixed: Mapping[str, float]) -> dict[str, float]:
        """`fixed` with the axes of one value added. Raises `UserError` unless it names every axis not shown."""
        hidden = [name for name in AXES if name not in shown]
        faults = [f"The slice {not_one_of(name, hidden)}." for name in fixed if name not in hidden]
        single = {name: float(self.axes[name][0]) for name in hidden if self.axes[name].size == 1}
        complete = single | dict(fixed)
        for name in hidden:
            if name not in complete:
                faults.append(f"The slice does not say where {name} is held; add {name}=VALUE.")
        try:
            self.nearest({name: value for name, value in complete.items() if name in hidden})
        except UserError as outside:
            faults += outside.messages
        raise_if(faults)
        return complete

    def nearest(self, fixed: Mapping[str, float]) -> dict[str, int]:
        """Index of the grid value nearest to each value; one outside its axis is refused, not moved to the end."""
        faults = [f"{self.path}: the grid {not_one_of(name, AXES)}." for name in fixed if name not in AXES]
        indices = {}
        for name, value in fixed.items():
            if name not in AXES:
                continue
            axis = self.axes[name]
            if not axis[0] <= value <= axis[-1]:
                faults.append(f"The slice {name}={value:g} lies outside the axis, {axis[0]:g} to {axis[-1]:g}.")
            indices[name] = int(np.argmin(np.abs(axis - value)))
        raise_if(faults)
        return indices

    def stored_profile(self, x: str, y: str, mask: int) -> tuple[NDArray[np.float32], NDArray[np.int64]] | None:
        """chi2 minimised over the other axes and the flat indices of the minima (-1: none), as kept in the file.

        x and y in the order of the dimensions; None unless `mask` is 0 (all points) or holds every constraint, and for
        an unfinished grid whose points are stored. One of profiles only has what its run kept last.
        """
        every = sum(self.constraints.values())
        name = f"profile_{x}_{y}" + ("_allowed" if mask else "")
        if mask not in (0, every) or name not in self.file.layout.profiles:
            return None
        if self.complete:
            with reader(self.file.layout) as io:
                lowest, at = io.read_profile(name), io.read_profile(f"{name}_at")
            if lowest is not None and at is not None:
                return lowest, at
        return self._kept[name] if self.file.layout.partial else None

    @cached_property
    def _kept(self) -> dict[str, tuple[NDArray[np.float32], NDArray[np.int64]]]:
        """The profiles of a run of profiles only that has not written them yet, from its last checkpoint."""
        layout = self.file.layout
        found = tables(layout)
        if found is None:
            if (self.file.done == DONE).any():
                raise UserError(
                    f"{self.path}: the profiles are damaged, and nothing else is stored; `zdscan resume {self.path}` "
                    "computes them again."
                )
            found = Tables.empty(layout.plan.shape, ("excluded",))
        kept = found.every.tables()
        if found.allowed is not None:
            kept |= {f"{name}_allowed": table for name, table in found.allowed.tables().items()}
        return kept

    def _check_axes(self, x: str, y: str) -> None:
        faults = [f"{self.path}: the grid {not_one_of(name, AXES)}." for name in (x, y) if name not in AXES]
        if not faults and x == y:
            faults.append(f"x and y are both {x}; choose two of {listed(AXES)}.")
        raise_if(faults)


def raise_if(faults: list[str]) -> None:
    """Raise all faults together, each once, if there are any."""
    if faults:
        raise UserError(*dict.fromkeys(faults))


@contextmanager
def open_grid(path: str | Path, *, partial: bool = False) -> Iterator[Grid]:
    """Open a grid file for reading.

    Parameters
    ----------
    path : the file.
    partial : accept a file whose run has not finished; its missing points are NaN.

    Raises
    ------
    UserError
        For a file that is missing, is not a grid file, is cut short, or is incomplete.
    """
    path = Path(path)
    file = create.open_grid(path)
    if file.missing.size and not partial:
        raise UserError(
            f"{path}: {file.missing.size} of {file.done.size} blocks are not computed yet; "
            f"finish it with `zdscan resume {path}`."
        )
    if file.lost_bytes:
        raise UserError(f"{path} is cut short by {file.lost_bytes:,} bytes; `zdscan resume {path}` mends it.")
    with xr.open_dataset(path, engine="h5netcdf", mask_and_scale=False, decode_times=False) as dataset:
        yield Grid(file, dataset)
