"""A grid seen over some of its axes: the others held at a grid value, or chi2 minimised over them.

One pass over the masses, a few million points in memory at a time. Docs: docs/plotting.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from zdscan.analysis.views.folding import folding
from zdscan.analysis.views.points import ROWS, Points, coordinates_at, raise_if
from zdscan.analysis.views.sigmas import sigmas_of
from zdscan.errors import UserError, not_one_of
from zdscan.inputs import limit_sets

if TYPE_CHECKING:
    import pandas as pd

CellMask = NDArray[np.bool_]


@dataclass(frozen=True)
class View:
    """chi2 and exclusion over one to four axes; a cell stands for all points with its values of these axes.

    Attributes
    ----------
    axes : names of the axes seen, in the order of the dimensions of every array.
    values : the four axes of the grid (mass in GeV).
    chi2 : float32; lowest chi2 of the cell, NaN where none of its points is computed.
    at : int64; flat index in the grid of that point (the smallest one in a tie), -1 where there is none.
    allowed, allowed_at : the same among the points that the chosen constraints allow, all of them at once.
    bits : bits of the constraints that exclude every point of the cell, each of them alone; None from a file of
        profiles only, which does not tell the constraints apart.
    chosen : the chosen constraints and their bits.
    fixed : axes held fixed and the grid values used.
    asked : axes held fixed and the values asked for.
    sm_chi2 : chi2 of the Standard Model, 0 of the constraints, which are counted from it at each mass.
    limits : the set of limits that the constraints have.
    grid_chi2 : of a view refined between the values of the hidden axes (`zdscan.analysis.views.refine`), the chi2 of
        the grid's own points; None of any other.
    statistic : what chi2 stands for, one of `zdscan.analysis.views.points.FIELD_OF`.
    between : hidden axis -> its values at the refined minima, of the shape of chi2.
    """

    axes: tuple[str, ...]
    values: Mapping[str, NDArray[np.float64]]
    chi2: NDArray[np.float32]
    at: NDArray[np.int64]
    allowed: NDArray[np.float32]
    allowed_at: NDArray[np.int64]
    bits: NDArray[np.unsignedinteger[Any]] | None
    chosen: Mapping[str, int]
    fixed: Mapping[str, float]
    asked: Mapping[str, float]
    sm_chi2: float
    limits: str = limit_sets.FIRST
    grid_chi2: NDArray[np.float32] | None = None
    statistic: str = ROWS
    between: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)

    @property
    def hidden(self) -> tuple[str, ...]:
        """Axes of several values that chi2 was minimised over."""
        seen = (*self.axes, *self.fixed)
        return tuple(name for name in self.values if name not in seen and self.values[name].size > 1)

    @property
    def hidden_couplings(self) -> tuple[str, ...]:
        """The same without the mass."""
        return tuple(name for name in self.hidden if name != "mass")

    @cached_property
    def best(self) -> dict[str, float]:
        """Coordinates of the lowest chi2 seen, and the chi2 under ``"chi2"``; empty where no point is computed."""
        found = self._lowest(self.chi2, self.at)
        if self.between and found:
            cell = np.flatnonzero((self.chi2 == np.float32(found["chi2"])) & (self.at >= 0))
            at = self.at.ravel()[cell]
            found |= {name: float(values.ravel()[cell[at.argmin()]]) for name, values in self.between.items()}
        return found

    @cached_property
    def best_allowed(self) -> dict[str, float]:
        """The same among allowed points."""
        return self._lowest(self.allowed, self.allowed_at)

    @property
    def missing(self) -> CellMask:
        """Cells none of whose points is computed yet."""
        return self.at < 0

    @property
    def forbidden(self) -> CellMask:
        """Computed cells with no point that the chosen constraints allow together."""
        return (self.allowed_at < 0) & ~self.missing

    def excluded_by(self, name: str) -> CellMask:
        """Computed cells all of whose points this chosen constraint excludes by itself.

        Raises
        ------
        UserError : the file stores profiles only.
        """
        if self.bits is None:
            raise UserError(
                f"What {name} excludes by itself is not known: the file stores profiles only (fields = []); store chi2 "
                "and excluded."
            )
        excluded: CellMask = (self.bits & self.bits.dtype.type(self.chosen[name])) != 0
        return excluded & ~self.missing

    def delta(self, reference: float | None = None, *, allowed: bool = False) -> NDArray[np.float64]:
        """chi2, of all or of the allowed points, above `reference` (default: the lowest chi2 seen of all points).

        The reference stays that of all points, so that allowed regions are parts of the fit regions.
        """
        lowest = self.best.get("chi2", np.nan) if reference is None else reference
        return np.asarray(self.allowed if allowed else self.chi2, dtype=np.float64) - lowest

    def point(self, flat: int) -> dict[str, float]:
        """Coordinates of a point from its flat index."""
        where = np.unravel_index(flat, [self.values[name].size for name in self.values])
        return {name: float(self.values[name][k]) for name, k in zip(self.values, where, strict=True)}

    def to_frame(self, reference: float | None = None, parameters: int | None = None) -> pd.DataFrame:
        """One row per cell: its axes, the point of lowest chi2, and what excludes it.

        Columns: the four axes (those not seen at the lowest chi2 of the cell, NaN where there is none), ``chi2``,
        ``chi2_grid`` in a refined view, ``delta_chi2`` from `reference`; with constraints ``chi2_allowed``, ``allowed``
        (some point is) and ``excluded_by`` (ids, separated by spaces, that each exclude the whole cell); then
        ``sigmas``, those whose level for so many parameters is ``delta_chi2``; with constraints ``<axis>_allowed``, the
        axes not seen at the lowest chi2 of allowed points (NaN where there is none), and ``sigmas_allowed``.

        Parameters
        ----------
        reference : chi2 of the best fit; by default the lowest seen, of all points.
        parameters : fitted ones; by default the axes seen that have several values.
        """
        import pandas as pd

        grids = np.meshgrid(*(self.values[name] for name in self.axes), indexing="ij")
        columns: dict[str, Any] = {name: grid.ravel() for name, grid in zip(self.axes, grids, strict=True)}
        hidden = [name for name in self.values if name not in columns]
        lowest, allowed = (coordinates_at(self.values, at.ravel()) for at in (self.at, self.allowed_at))
        columns |= {name: lowest[name] for name in hidden}
        columns |= {name: values.ravel() for name, values in self.between.items()}
        columns["chi2"] = self.chi2.ravel()
        if self.grid_chi2 is not None:
            columns["chi2_grid"] = self.grid_chi2.ravel()
        columns["delta_chi2"] = self.delta(reference).ravel()
        if self.chosen:
            columns["chi2_allowed"] = self.allowed.ravel()
            columns["allowed"] = self.allowed_at.ravel() >= 0
        if self.chosen and self.bits is not None:
            ids = np.full(self.at.size, "", dtype=object)
            for name in self.chosen:
                ids += np.where(self.excluded_by(name).ravel(), f"{name} ", "").astype(object)
            columns["excluded_by"] = [text.strip() for text in ids]
        count = parameters or fitted_parameters(self)
        columns["sigmas"] = sigmas_of(columns["delta_chi2"], count)
        if self.chosen:
            columns |= {f"{name}_allowed": allowed[name] for name in hidden}
            columns["sigmas_allowed"] = sigmas_of(self.delta(reference, allowed=True).ravel(), count)
        return pd.DataFrame(columns)

    def _lowest(self, chi2: NDArray[np.float32], at: NDArray[np.int64]) -> dict[str, float]:
        if not (at >= 0).any():
            return {}
        least = np.nanmin(chi2)
        return self.point(int(at[chi2 == least].min())) | {"chi2": float(least)}


def fitted_parameters(seen: View) -> int:
    """Axes seen that have more than one value."""
    return max(1, sum(seen.values[name].size > 1 for name in seen.axes))


def view(
    points: Points,
    axes: Sequence[str],
    fixed: Mapping[str, float] | None = None,
    constraints: Iterable[str] = (),
    statistic: str = ROWS,
) -> View:
    """See a grid over `axes`, at the grid values nearest to `fixed`, minimised over all others.

    Parameters
    ----------
    points : an open grid, or one in memory.
    axes : one to four axis names.
    fixed : values to hold other axes at (mass in GeV), inside their ranges; the nearest grid value is taken.
    constraints : ids, or ``["all"]``: what counts as allowed.
    statistic : chi2 of the "rows", of the "constraints" or the "total", counted as in `zdscan.analysis.fits.statistic`.

    Raises
    ------
    UserError
        For unknown, repeated or fixed axes, values outside an axis, or constraints that the scan did not use.
    """
    fixed = dict(fixed or {})
    kept = tuple(axes)
    known = tuple(points.axes)
    faults = [f"{points.path}: the grid {not_one_of(name, known)}." for name in kept if name not in known]
    faults += [f"The axis {name} is asked for twice." for name in set(kept) if kept.count(name) > 1]
    faults += [f"The axis {name} cannot be shown and held at {fixed[name]:g}." for name in kept if name in fixed]
    raise_if(faults)
    indices = points.nearest(fixed)
    names = list(constraints)
    mask = points.mask_of(names)
    chosen = {name: bit for name, bit in points.constraints.items() if bit & mask}
    points.statistic_field(statistic)

    def lowest(mask: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        kept_ready = _stored(points, kept, indices, mask) if statistic == ROWS else None
        return kept_ready or _minimised(points, kept, indices, mask, statistic)

    chi2, at = lowest(0)
    allowed, allowed_at, bits = chi2, at, None
    if mask:
        allowed, allowed_at = lowest(mask)
    if not points.profiles_only:
        bits = _common_bits(points, kept, indices) if mask else np.zeros(chi2.shape, points.bits_type)
    return View(
        axes=kept,
        values=points.axes,
        chi2=chi2,
        at=at,
        allowed=allowed,
        allowed_at=allowed_at,
        bits=bits,
        chosen=chosen,
        fixed={name: float(points.axes[name][index]) for name, index in indices.items()},
        asked=fixed,
        sm_chi2=0.0 if statistic == "constraints" else float(points.attributes["sm_chi2_all"]),
        statistic=statistic,
        limits=str(points.attributes.get("limits", limit_sets.FIRST)),
    )


def _stored(
    points: Points, kept: tuple[str, ...], indices: Mapping[str, int], mask: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]] | None:
    """The profile in the file, if it holds this one: a pair of axes, over all points or those allowed by everything."""
    if len(kept) == 1 and points.profiles_only:  # nothing but the pairs to take one axis from
        other = next(name for name in points.axes if name not in (*kept, *indices))
        chi2, at = _stored(points, (*kept, other), indices, mask) or (None, None)
        return None if chi2 is None or at is None else _reduced(chi2, at)
    if len(kept) != 2 or any(points.axes[name].size > 1 for name in indices):
        return None
    x, y = sorted(kept, key=list(points.axes).index)
    found = points.stored_profile(x, y, mask)
    if found is None:
        return None
    return found if (x, y) == kept else (found[0].T, found[1].T)


def _reduced(chi2: NDArray[np.float32], at: NDArray[np.int64]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Minimised over the second axis, ties to the smallest flat index."""
    lowest = np.where(at >= 0, chi2, np.float32(np.inf)).min(axis=1)
    where = np.where((at >= 0) & (chi2 == lowest[:, None]), at, np.iinfo(np.int64).max).min(axis=1)
    found = np.isfinite(lowest)
    return np.where(found, lowest, np.float32(np.nan)), np.where(found, where, -1)


def _minimised(
    points: Points, kept: tuple[str, ...], indices: Mapping[str, int], mask: int, statistic: str
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    points.need_fields("this view")
    plan = folding(points, kept, indices, statistic)
    inner = [plan.sizes[name] for name in plan.parameters]
    count = int(np.prod(inner))
    held = tuple(plan.fixed.get(name, slice(None)) for name in plan.parameters)
    position = plan.fold(np.arange(count).reshape(inner)[held])
    lowest = np.full((plan.layers, plan.cells), np.inf, dtype=np.float32)
    at = np.full(lowest.shape, -1, dtype=np.int64)
    each = np.arange(plan.cells)
    for index, layer, chi2 in plan.chi2_by_mass(points, mask):
        column = chi2.argmin(axis=1)
        least = chi2[each, column]
        better = least < lowest[layer]
        lowest[layer, better] = least[better]
        at[layer, better] = index * count + position[each, column][better]
    lowest[at < 0] = np.nan
    return plan.unfold(lowest), plan.unfold(at)


def _common_bits(points: Points, kept: tuple[str, ...], indices: Mapping[str, int]) -> NDArray[Any]:
    """Bits set at every point of a cell. A point not yet computed has all bits set and so does not count."""
    plan = folding(points, kept, indices)
    dtype = points.bits_type
    bits = np.full((plan.layers, plan.cells), np.iinfo(dtype).max, dtype=dtype)
    for _, layer, excluded in plan.by_mass(points, "excluded"):
        bits[layer] &= np.bitwise_and.reduce(excluded, axis=1)
    return plan.unfold(bits)
