"""A grid file as labelled arrays, opened lazily: axes by name, constraint masks by id, stored profiles."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from zdscan.analysis.views.of_file import OfFile
from zdscan.analysis.views.points import coordinates_at
from zdscan.analysis.views.strongest import Bounds
from zdscan.errors import UserError
from zdscan.evaluation.fields import constraint_bits
from zdscan.grid.checkpoint import read_checkpoint
from zdscan.grid.layout import DONE
from zdscan.grid.open import GridFile
from zdscan.grid.open import open_grid as open_file
from zdscan.grid.profiles import Profiles, profile_name
from zdscan.grid.read import reader


class Grid(OfFile):
    """An open grid file. Values stay on disk until asked for; a ``with`` block or `close` closes it.

    Attributes
    ----------
    file : axes, attributes, scan file and history (`zdscan.grid.open.GridFile`).
    dataset : the fields as an xarray dataset with dimensions mass and the parameters of the case; not masked or
        scaled, so ``excluded`` stays an integer bit mask and chi2 of a point not yet computed is NaN. The stored
        profiles, which have two of these dimensions each, are in `profiles`.
    """

    def __init__(self, file: GridFile, dataset: xr.Dataset) -> None:
        self.file = file
        self.dataset = dataset

    def __enter__(self) -> Grid:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; views made of it stay."""
        self.dataset.close()

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
    def bits_type(self) -> np.dtype[Any]:
        """Type of the field ``excluded``."""
        kind: np.dtype[Any] = self.dataset["excluded"].dtype
        return kind

    def read(self, field: str, masses: slice, held: Mapping[str, int]) -> NDArray[Any]:
        """Values of a field for a range of masses, some coupling axes held at an index (`Points.read`).

        A point that no finished block has reads as not computed, whatever a killed run left there.
        """
        values: NDArray[Any] = self.dataset[field].isel({"mass": masses, **held}).values
        missing = [self.unfinished(mass) for mass in range(self.axes["mass"].size)[masses]]
        if any(points is not None for points in missing):
            values = values.copy()
            where = tuple(held.get(axis, slice(None)) for axis in list(self.axes)[1:])
            for place, points in enumerate(missing):
                if points is not None:
                    values[place][points[where]] = values.dtype.type(self.file.fills[field])
        return values

    @property
    def profiles_only(self) -> bool:
        """Whether the file stores no field (``fields = []``): it knows minima, not points."""
        return not self.file.layout.fields

    @property
    def constraints(self) -> dict[str, int]:
        """Constraint id -> its bit in ``excluded``."""
        if self.profiles_only:
            names = str(self.attributes["constraints"]).split()
            return {name: 1 << k for k, name in enumerate(names)}
        return constraint_bits(self.dataset["excluded"].attrs)

    @cached_property
    def bounds(self) -> Bounds | None:
        """What finds bounds of single constraints between the values of the axes, from the scan in the file.

        None where this zdscan does not know a setting or a constraint of the file.
        """
        found = None if self.scan_physics is None else Bounds(self.scan_physics)
        return found if found is not None and found.knows(list(self.constraints)) else None

    def has_field(self, name: str) -> bool:
        """Whether the file stores a field; one of profiles only has the chi2 and the bits behind these."""
        return name in self.dataset or (self.profiles_only and name in ("chi2", "excluded"))

    def excluded_by(self, *names: str, **indices: int) -> xr.DataArray:
        """Boolean array: excluded by at least one of these constraints, e.g. ``excluded_by("k_mu_inv", mass=3)``."""
        self.need_fields("what a constraint excludes")
        excluded = self.dataset["excluded"].isel(indices)
        result: xr.DataArray = (excluded & excluded.dtype.type(self.mask_of(names))) != 0
        return result

    def stored_profile(self, x: str, y: str, mask: int) -> tuple[NDArray[np.float32], NDArray[np.int64]] | None:
        """chi2 minimised over the other axes and the flat indices of the minima (-1: none), as kept in the file.

        x and y in the order of the dimensions; None unless `mask` is 0 (all points) or holds every constraint, and for
        an unfinished grid whose points are stored. One of profiles only has what its run kept last.
        """
        every = sum(self.constraints.values())
        name = profile_name(x, y, "_allowed" if mask else "")
        if mask not in (0, every) or name not in self.file.layout.profiles:
            return None
        if self.complete:
            with reader(self.file.layout) as io:
                lowest, at = io.read_profile(name), io.read_profile(f"{name}_at")
            if lowest is not None and at is not None:
                return lowest, at
        return self._kept[name] if self.file.layout.checkpoint else None

    @cached_property
    def profiles(self) -> dict[str, xr.Dataset]:
        """The stored profiles by their two axes, such as ``profiles["mass_g_mu"]``; empty where there are none.

        Each is a dataset over its axes with ``chi2``, the lowest over the two others, and these at the lowest point;
        with ``_allowed`` behind the names the same of points that no constraint excludes. NaN where there is none.
        ``xarray.DataTree.from_dict(grid.profiles)`` makes one tree of them.
        """
        found = {}
        for pair in combinations(self.axes, 2):
            variables: dict[str, Any] = {}
            for suffix, mask in (("", 0), ("_allowed", sum(self.constraints.values()))):
                stored = self.stored_profile(*pair, mask) if mask or not suffix else None
                if stored is not None:
                    tables: dict[str, NDArray[Any]] = {"chi2": stored[0], **coordinates_at(self.axes, stored[1])}
                    variables |= {f"{name}{suffix}": (pair, tables[name]) for name in tables if name not in pair}
            if variables:
                about = {name: str(self.attributes[name]) for name in ("case", "theory")}
                found["_".join(pair)] = xr.Dataset(variables, {name: self.axes[name] for name in pair}, about)
        return found

    @cached_property
    def _kept(self) -> dict[str, tuple[NDArray[np.float32], NDArray[np.int64]]]:
        """The profiles of a run of profiles only that has not written them yet, from its last checkpoint."""
        layout = self.file.layout
        found = read_checkpoint(layout)
        if found is None:
            if (self.file.done == DONE).any():
                raise UserError(
                    f"{self.path}: the profiles are damaged, and nothing else is stored; `zdscan resume {self.path}` "
                    "computes them again."
                )
            found = Profiles.empty(layout.plan.shape, ("excluded",))
        kept = found.every.by_pair()
        if found.allowed is not None:
            kept |= {f"{name}_allowed": table for name, table in found.allowed.by_pair().items()}
        return kept


def open_grid(path: str | Path, *, partial: bool = False) -> Grid:
    """Open a grid file written by `zdscan run`; its numbers stay on disk until they are asked for.

    Parameters
    ----------
    path : str or Path
        The file, packed or not.
    partial : bool
        Accept a file whose run has not finished; its missing points have chi2 NaN.

    Returns
    -------
    Grid
        With `axes` (name -> float64[n]; mass in GeV), `attributes`, `constraints` (id -> bit of ``excluded``),
        `dataset` (xarray, dimensions mass, eps, eps_z, g_mu), `profiles` (a dataset for each pair of axes) and
        `excluded_by`. Use it in a ``with`` block, or `close` it.

    Raises
    ------
    UserError
        If the file is missing, is not a grid file, is cut short, or is incomplete and `partial` is false.

    Examples
    --------
    >>> with open_grid("grid.h5") as grid:  # doctest: +SKIP
    ...     print(grid.axes["mass"], grid.attributes["case"])
    """
    path = Path(path)
    file = open_file(path)
    if file.missing.size and not partial:
        raise UserError(
            f"{path}: {file.missing.size} of {file.done.size} blocks are not computed yet; "
            f"finish it with `zdscan resume {path}`."
        )
    if file.lost_bytes:
        raise UserError(f"{path} is cut short by {file.lost_bytes:,} bytes; `zdscan resume {path}` mends it.")
    dataset = xr.open_dataset(path, engine="h5netcdf", mask_and_scale=False, decode_times=False)
    fields = dataset.drop_vars(list(file.layout.profiles))
    fields.set_close(dataset.close)
    return Grid(file, fields)
