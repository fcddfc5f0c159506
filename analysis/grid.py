"""A grid file as labelled arrays, opened lazily: axes by name, constraint masks by id, profiles and slices of chi2."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from zdscan import store
from zdscan.axes import AXES
from zdscan.errors import UserError
from zdscan.faults import listed, not_one_of

NOT_COMPUTED = "not_computed"
_Lowest = tuple[NDArray[np.float32], float, tuple[int, ...]]  # profile, its lowest chi2, and that point's indices


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
    """An open grid file. Values stay on disk until asked for; at most one mass of them is read at a time.

    Attributes
    ----------
    file : axes, attributes, scan file and history (`zdscan.gridfile.GridFile`).
    dataset : the xarray dataset with dimensions mass, eps, eps_z, g_mu; not masked or scaled, so ``excluded`` stays
        an integer bit mask and chi2 of a point not yet computed is NaN.
    """

    def __init__(self, file: store.GridFile, dataset: xr.Dataset) -> None:
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
    def constraints(self) -> dict[str, int]:
        """Constraint id -> its bit in ``excluded``."""
        attributes = self.dataset["excluded"].attrs
        meanings = str(attributes["flag_meanings"]).split()
        bits = {name: int(bit) for name, bit in zip(meanings, np.atleast_1d(attributes["flag_masks"]), strict=True)}
        bits.pop(NOT_COMPUTED, None)
        return bits

    def mask_of(self, names: Iterable[str]) -> int:
        """The bits of these constraints together; ``["all"]`` is every constraint of the file."""
        bits, names = self.constraints, list(names)
        if names == ["all"]:
            names = list(bits)
        unknown = [f"{self.path}: the scan {not_one_of(name, tuple(bits))}." for name in names if name not in bits]
        if unknown:
            raise UserError(*unknown)
        return sum(bits[name] for name in set(names))

    def excluded_by(self, *names: str, **indices: int) -> xr.DataArray:
        """Boolean array: excluded by at least one of these constraints, e.g. ``excluded_by("k_mu_inv", mass=3)``."""
        excluded = self.dataset["excluded"].isel(indices)
        result: xr.DataArray = (excluded & excluded.dtype.type(self.mask_of(names))) != 0
        return result

    def profile(self, x: str, y: str, constraints: Iterable[str] = ()) -> Map:
        """Lowest chi2 over the other two axes, among the points that these constraints allow.

        Taken from the profiles stored in the file where it has them: over all points, or over those that every
        constraint allows.
        """
        self._check_axes(x, y)
        mask = self.mask_of(constraints)
        kept = [name for name in AXES if name in (x, y)]
        lowest, best, where = self._stored_profile(kept, mask) or self._computed_profile(kept, mask)
        return Map(x, y, lowest if kept == [x, y] else lowest.T, self._best(best, where), {})

    def _stored_profile(self, kept: list[str], mask: int) -> _Lowest | None:
        every = sum(self.constraints.values())
        if mask not in (0, every):
            return None
        name = f"profile_{kept[0]}_{kept[1]}" + ("_allowed" if mask else "")
        if name not in self.file.layout.profiles:
            return None
        with store.GridIO(self.file.layout, write=False) as io:
            lowest, at = io.read_profile(name), io.read_profile(f"{name}_at")
        if lowest is None or at is None:
            return None
        if np.all(np.isnan(lowest)):
            return lowest, np.inf, (0, 0, 0, 0)
        cell = int(np.nanargmin(lowest))
        shape = tuple(axis.size for axis in self.axes.values())
        where = tuple(int(k) for k in np.unravel_index(int(at.flat[cell]), shape))
        return lowest, float(lowest.flat[cell]), where

    def _computed_profile(self, kept: list[str], mask: int) -> _Lowest:
        hidden = tuple(i for i, name in enumerate(AXES[1:]) if name not in kept)
        lowest = np.full([self.dataset.sizes[name] for name in kept], np.nan, dtype=np.float32)
        best = np.inf
        where: tuple[int, ...] = (0, 0, 0, 0)
        for index, chi2 in self._by_mass(mask):
            if np.all(np.isnan(chi2)):
                continue
            flat = int(np.nanargmin(chi2))
            if chi2.flat[flat] < best:
                best, where = float(chi2.flat[flat]), (index, *map(int, np.unravel_index(flat, chi2.shape)))
            part = np.fmin.reduce(chi2, axis=hidden)
            if "mass" in kept:
                lowest[index] = part
            else:
                np.fmin(lowest, part, out=lowest)
        return lowest, best, where

    def slice(self, x: str, y: str, fixed: Mapping[str, float], constraints: Iterable[str] = ()) -> Map:
        """chi2 at the grid values nearest to `fixed` on the other two axes; an axis of one value may be left out."""
        self._check_axes(x, y)
        indices = self._fixed_indices(x, y, fixed)
        chi2 = self.dataset["chi2"].isel(indices).transpose(x, y).values
        if mask := self.mask_of(constraints):
            excluded = self.dataset["excluded"].isel(indices).transpose(x, y).values
            chi2 = np.where(excluded & excluded.dtype.type(mask), np.float32(np.nan), chi2)
        best, at = np.inf, dict(indices)
        if not np.all(np.isnan(chi2)):
            i, j = (int(k) for k in np.unravel_index(int(np.nanargmin(chi2)), chi2.shape))
            best, at = float(chi2[i, j]), {**indices, x: i, y: j}
        where = tuple(at.get(name, 0) for name in AXES)
        values = {name: float(self.dataset[name].values[index]) for name, index in indices.items()}
        return Map(x, y, chi2, self._best(best, where), values)

    def _by_mass(self, mask: int) -> Iterator[tuple[int, NDArray[np.float32]]]:
        for index in range(self.dataset.sizes["mass"]):
            chi2 = self.dataset["chi2"].isel(mass=index).values
            if mask:
                excluded = self.dataset["excluded"].isel(mass=index).values
                chi2 = np.where(excluded & excluded.dtype.type(mask), np.float32(np.nan), chi2)
            yield index, chi2

    def _best(self, chi2: float, where: tuple[int, ...]) -> dict[str, float]:
        if not np.isfinite(chi2):
            return {}
        return {name: float(self.dataset[name].values[k]) for name, k in zip(AXES, where, strict=True)} | {"chi2": chi2}

    def _check_axes(self, x: str, y: str) -> None:
        faults = [f"{self.path}: the grid {not_one_of(name, AXES)}." for name in (x, y) if name not in AXES]
        if not faults and x == y:
            faults.append(f"x and y are both {x}; choose two of {listed(AXES)}.")
        raise_if(faults)

    def _fixed_indices(self, x: str, y: str, fixed: Mapping[str, float]) -> dict[str, int]:
        hidden = [name for name in AXES if name not in (x, y)]
        faults = [f"The slice {not_one_of(name, hidden)}." for name in fixed if name not in hidden]
        indices = {}
        for name in hidden:
            axis = self.dataset[name].values
            if name in fixed and not axis[0] <= fixed[name] <= axis[-1]:
                faults.append(f"The slice {name}={fixed[name]:g} lies outside the axis, {axis[0]:g} to {axis[-1]:g}.")
            elif name in fixed:
                indices[name] = int(np.argmin(np.abs(axis - fixed[name])))
            elif axis.size == 1:
                indices[name] = 0
            else:
                faults.append(f"The slice does not say where {name} is held; add {name}=VALUE.")
        raise_if(faults)
        return indices


def raise_if(faults: list[str]) -> None:
    """Raise all faults together, if there are any."""
    if faults:
        raise UserError(*faults)


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
        For a file that is missing, is not a grid file, or is incomplete.
    """
    path = Path(path)
    file = store.open_grid(path)
    if file.missing.size and not partial:
        raise UserError(
            f"{path}: {file.missing.size} of {file.done.size} blocks are not computed yet; "
            f"finish it with `zdscan resume {path}`."
        )
    with xr.open_dataset(path, engine="h5netcdf", mask_and_scale=False, decode_times=False) as dataset:
        yield Grid(file, dataset)
