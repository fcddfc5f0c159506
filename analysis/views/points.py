"""What a view can be made of: points on four axes, with chi2 and exclusion bits, in a file or in memory."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from zdscan.constraints import select
from zdscan.errors import UserError, not_one_of

if TYPE_CHECKING:
    from zdscan.analysis.views.strongest import Bounds
    from zdscan.evaluation.physics import Physics


ROWS = "rows"
FIELD_OF: Mapping[str, str] = {ROWS: "chi2", "constraints": "chi2_constraints", "total": "chi2_total"}


class Points(ABC):
    """Points on the axes mass, eps, eps_z, g_mu: `zdscan.analysis.views.grid.Grid` or
    `zdscan.analysis.views.in_memory.MemoryGrid`."""

    @property
    @abstractmethod
    def path(self) -> Path:
        """The file, or what stands for it in messages."""

    @property
    @abstractmethod
    def attributes(self) -> Mapping[str, Any]:
        """Attributes of the scan: case, theory, ndof, sm_chi2_all, ..."""

    @property
    @abstractmethod
    def axes(self) -> Mapping[str, NDArray[np.float64]]:
        """Axis values in the order of the dimensions; mass in GeV."""

    @property
    @abstractmethod
    def constraints(self) -> dict[str, int]:
        """Constraint id -> its bit in ``excluded``."""

    @property
    @abstractmethod
    def bits_type(self) -> np.dtype[Any]:
        """Type of the field ``excluded``."""

    @abstractmethod
    def read(self, field: str, masses: slice, held: Mapping[str, int]) -> NDArray[Any]:
        """Values of a chi2 or of ``excluded`` for a range of masses and coupling axes held at an index.

        Returns
        -------
        [masses, couplings not held in the order of the axes]; a point that is not computed has chi2 NaN and all bits.
        """

    @property
    def complete(self) -> bool:
        """Whether every point is computed."""
        return True

    def progress(self) -> str:
        """How much of it is computed, in a few words."""
        return "100 % of the points are computed"

    @property
    def profiles_only(self) -> bool:
        """Whether there are minima, but no points."""
        return False

    @property
    def bounds(self) -> Bounds | None:
        """What finds bounds of single constraints between the values of the axes; None where that is not known."""
        return None

    @property
    def physics(self) -> Physics | None:
        """Case, settings and constraints of the points; None where this zdscan would compute other ones."""
        return None

    @property
    def scan_physics(self) -> Physics | None:
        """The same whatever code and data made the points; None where a setting of theirs is unknown."""
        return self.physics

    def need_fields(self, purpose: str) -> None:
        """Raise `UserError` where there are profiles only; `purpose` says what needs more."""
        if self.profiles_only:
            raise UserError(
                f"{self.path} stores profiles only (fields = []): {purpose} needs a grid with the fields chi2 and "
                "excluded. It can show chi2 over one or two axes, minimised over all others."
            )

    def has_field(self, name: str) -> bool:
        """Whether a field can be read."""
        return name in ("chi2", "excluded")

    def statistic_field(self, statistic: str) -> str:
        """The field of a statistic. Raises `UserError` for one that there is not, or that these points lack."""
        if statistic not in FIELD_OF:
            raise UserError(f"statistic {not_one_of(statistic, tuple(FIELD_OF))}.")
        name = FIELD_OF[statistic]
        if not self.has_field(name):
            raise UserError(
                f"{self.path} has no field {name}, which the statistic {statistic} needs: add it to output.fields of "
                "the scan."
            )
        return name

    def standard(self, statistic: str) -> NDArray[np.float64]:
        """What a statistic is counted from at each mass: chi2 of the constraints without a vector, 0 for the rows.

        Which constraints say something depends on the mass, so that their sum has steps that the vector has no part in.
        """
        masses = self.axes["mass"]
        if statistic == ROWS:
            return np.zeros(masses.size)
        if self.scan_physics is None:
            raise UserError(f"{self.path}: this zdscan does not know a setting or a constraint of the scan.")
        return np.array([self.scan_physics.constraint_chi2(float(mass)).standard.sum() for mass in masses])

    def stored_profile(self, x: str, y: str, mask: int) -> tuple[NDArray[np.float32], NDArray[np.int64]] | None:
        """The minima over the other two axes and their flat indices (-1: none) where they are kept, otherwise None.

        x and y in the order of the dimensions; mask : 0 for all points, or the bits of what excludes.
        """
        return None

    def mask_of(self, names: Iterable[str]) -> int:
        """The bits of these constraints together; ``["all"]`` is every constraint of the file."""
        bits, names = self.constraints, list(names)
        if names == ["all"]:
            names = list(bits)
        unknown = [f"{self.path}: the scan {not_one_of(name, tuple(bits))}." for name in names if name not in bits]
        raise_if(unknown)
        return sum(bits[name] for name in set(names))

    def named(self, names: Iterable[str]) -> list[str]:
        """These names, and instead of ``["paper"]`` those constraints of the paper that the scan has."""
        chosen = list(names)
        if chosen != ["paper"]:
            return chosen
        chosen = [constraint.id for constraint in select("paper") if constraint.id in self.constraints]
        if not chosen:
            raise UserError(f"{self.path}: the scan has none of the paper's constraints.")
        return chosen

    def slice_values(self, shown: Sequence[str], fixed: Mapping[str, float]) -> dict[str, float]:
        """`fixed` with the axes of one value added. Raises `UserError` unless it names every axis not shown."""
        hidden = [name for name in self.axes if name not in shown]
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
        known = tuple(self.axes)
        faults = [f"{self.path}: the grid {not_one_of(name, known)}." for name in fixed if name not in known]
        indices = {}
        for name, value in fixed.items():
            if name not in known:
                continue
            axis = self.axes[name]
            if not axis[0] <= value <= axis[-1]:
                faults.append(f"The slice {name}={value:g} lies outside the axis, {axis[0]:g} to {axis[-1]:g}.")
            indices[name] = int(np.argmin(np.abs(axis - value)))
        raise_if(faults)
        return indices


def raise_if(faults: list[str]) -> None:
    """Raise all faults together, each once, if there are any."""
    if faults:
        raise UserError(*dict.fromkeys(faults))


def coordinates_at(axes: Mapping[str, NDArray[np.float64]], at: NDArray[np.int64]) -> dict[str, NDArray[np.float64]]:
    """The axes at points with these flat indices in the grid, each of the shape of the indices; NaN where one is -1."""
    where = np.unravel_index(np.maximum(at, 0), [axis.size for axis in axes.values()])
    return {
        name: np.where(at >= 0, axis[place], np.nan) for (name, axis), place in zip(axes.items(), where, strict=True)
    }
