"""Confidence regions of a view, what is left of them, which constraint excludes first, and marginal regions.

Conventions and formulas: docs/plotting.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2 as chi2_distribution
from scipy.stats import norm

from zdscan.analysis.views.folding import folding
from zdscan.analysis.views.points import Points, raise_if
from zdscan.analysis.views.spacing import spacing_of
from zdscan.analysis.views.strongest import Bounds
from zdscan.analysis.views.view import CellMask, View, fitted_parameters, view
from zdscan.errors import UserError, not_one_of
from zdscan.terminal.words import allowed_by

if TYPE_CHECKING:
    import pandas as pd

Prior = Literal["axis", "log", "spaced"]
SIGMAS = (1.0, 2.0, 3.0)
NOWHERE, TOGETHER = -1, -2  # of `first_excluding`


def probability(sigma: float) -> float:
    """Probability within this many standard deviations of a Gaussian."""
    return float(2 * norm.cdf(sigma) - 1)


def levels(parameters: int, sigmas: Sequence[float] = SIGMAS) -> list[float]:
    """Delta chi2 that holds the probability of each `sigmas` for so many fitted parameters.

    One parameter: 1, 4, 9; two: 2.30, 6.18, 11.83.
    """
    return [float(chi2_distribution.isf(2 * norm.sf(sigma), parameters)) for sigma in sigmas]


def fit_regions(
    seen: View,
    sigmas: Sequence[float] = SIGMAS,
    parameters: int | None = None,
    reference: float | None = None,
) -> list[CellMask]:
    """Cells within each of `sigmas` of the best fit.

    Parameters
    ----------
    parameters : fitted ones; by default the axes seen that have several values.
    reference : chi2 of the best fit; by default the lowest seen, of all points.
    """
    return _within(seen.delta(reference), seen, sigmas, parameters)


def allowed_regions(
    seen: View,
    sigmas: Sequence[float] = SIGMAS,
    parameters: int | None = None,
    reference: float | None = None,
) -> list[CellMask]:
    """Cells with a point that nothing excludes and that is within each of `sigmas` of the best fit of all points."""
    return _within(seen.delta(reference, allowed=True), seen, sigmas, parameters)


def _within(delta: NDArray[np.float64], seen: View, sigmas: Sequence[float], parameters: int | None) -> list[CellMask]:
    # NaN compares as False: neither missing nor forbidden cells belong to a region.
    return [delta <= level for level in levels(parameters or fitted_parameters(seen), sigmas)]


def first_excluding(seen: View, along: str, bounds: Bounds | None = None) -> NDArray[np.int64]:
    """For each cell, the constraint met first on the way from weak coupling.

    The way to a cell runs along the axis `along`, on the cell's side of 0, outwards from the value of smallest size.
    Of the constraints that exclude the cell, the one counts whose uninterrupted run of excluded cells up to here
    begins nearest to weak coupling. Where several begin in the same step of the grid it is, with `bounds`, the one with
    the strongest bound between the two values (of a cell that stands for many points, at its lowest chi2); without, the
    one listed first in the file.

    Parameters
    ----------
    bounds : what tells bounds within a step apart (`Points.bounds`).

    Returns
    -------
    int64, shape of the view
        Position in ``list(seen.chosen)``; -1 where a point is allowed or none is computed, -2 where the constraints
        leave no point together although none excludes the cell alone.
    """
    if along not in seen.axes:
        raise UserError(f"The view {not_one_of(along, seen.axes)}.")
    dimension = seen.axes.index(along)
    steps, ways = _ways(seen.values[along])
    never = np.iinfo(np.int64).max
    begins = np.full((len(seen.chosen), *seen.chi2.shape), never)
    for number, name in enumerate(seen.chosen):
        excluded = np.moveaxis(seen.excluded_by(name), dimension, -1)
        of_this = np.moveaxis(begins[number], dimension, -1)  # a view: what is written there stands in `begins`
        for way in ways:
            of_this[..., way] = _run_begins(excluded[..., way], steps[way])
    first = np.where(seen.forbidden, TOGETHER, NOWHERE)
    if not len(begins):
        return first
    best = begins.min(axis=0)
    first = np.where(best < never, np.argmin(begins, axis=0), first)
    if bounds is not None:
        _tell_apart(seen, dimension, begins, best, first, bounds)
    return first


def _tell_apart(
    seen: View,
    dimension: int,
    begins: NDArray[np.int64],
    best: NDArray[np.int64],
    first: NDArray[np.int64],
    bounds: Bounds,
) -> None:
    """Write into `first` the strongest of the constraints that begin in the same step; each such step is asked once."""
    along, names = seen.axes[dimension], list(seen.chosen)
    values = seen.values[along]
    centre = int(np.argmin(np.abs(values)))
    known: dict[tuple[tuple[int, ...], tuple[int, ...]], int] = {}
    for cell in np.argwhere((np.sum(begins == best, axis=0) > 1) & (best < np.iinfo(np.int64).max)):
        where = tuple(cell.tolist())
        tied = tuple(np.flatnonzero(begins[(slice(None), *where)] == best[where]).tolist())
        side = -1 if where[dimension] < centre else 1
        start = [*where]
        start[dimension] = centre + side * int(best[where])
        key = (tuple(start), tied)
        if key not in known:
            inner = float(values[start[dimension] - side * (best[where] > 0)])
            point = seen.point(int(seen.at[tuple(start)]))
            strongest = bounds.strongest([names[number] for number in tied], point, along, inner)
            known[key] = names.index(strongest)
        first[where] = known[key]


def _ways(values: NDArray[np.float64]) -> tuple[NDArray[np.int64], list[NDArray[np.int64]]]:
    """Steps of each value from the smallest in size, and the indices outwards on either side (0 on both)."""
    centre = int(np.argmin(np.abs(values)))
    steps = np.abs(np.arange(values.size) - centre)
    return steps, [np.arange(centre, values.size), np.arange(centre, -1, -1)]


def _run_begins(excluded: CellMask, steps: NDArray[np.int64]) -> NDArray[np.int64]:
    """Step at which the run of True that holds each cell begins, along the last axis; the largest integer outside."""
    before = np.concatenate([np.zeros_like(excluded[..., :1]), excluded[..., :-1]], axis=-1)
    starts = np.where(excluded & ~before, steps, -1)
    return np.where(excluded, np.maximum.accumulate(starts, axis=-1), np.iinfo(np.int64).max)


@dataclass(frozen=True)
class Marginal:
    """Posterior probability over the axes seen, everything else integrated out.

    Attributes
    ----------
    axes, values : as in `View`.
    density : per unit of the prior measure of the axes seen; NaN where no point is computed.
    weight : that measure, cell by cell; sum of density x weight = 1.
    priors : the measure in which the prior of each axis is flat.
    fixed : axes held fixed and the grid values used.
    """

    axes: tuple[str, ...]
    values: Mapping[str, NDArray[np.float64]]
    density: NDArray[np.float64]
    weight: NDArray[np.float64]
    priors: Mapping[str, Prior]
    fixed: Mapping[str, float]

    def delta(self) -> NDArray[np.float64]:
        """-2 ln(density / largest density); infinite where the posterior vanishes."""
        with np.errstate(divide="ignore"):
            return np.asarray(-2 * np.log(self.density / np.nanmax(self.density)))

    def to_frame(self) -> pd.DataFrame:
        """One row per cell: the axes seen, ``density`` and its measure ``weight``."""
        import pandas as pd

        grids = np.meshgrid(*(self.values[name] for name in self.axes), indexing="ij")
        columns = {name: grid.ravel() for name, grid in zip(self.axes, grids, strict=True)}
        return pd.DataFrame(columns | {"density": self.density.ravel(), "weight": self.weight.ravel()})

    def levels(self, sigmas: Sequence[float] = SIGMAS) -> list[float]:
        """`delta` inside which each probability lies: regions of highest density."""
        delta, share = self.delta().ravel(), (self.density * self.weight).ravel()
        order = np.argsort(delta)  # NaN last
        inside = np.cumsum(np.nan_to_num(share[order]))
        places = [int(np.searchsorted(inside, probability(sigma) * (1 - 1e-12))) for sigma in sigmas]
        return [float(delta[order[min(place, inside.size - 1)]]) for place in places]


def marginal(
    points: Points,
    axes: Sequence[str],
    prior: Prior | Mapping[str, Prior],
    fixed: Mapping[str, float] | None = None,
    constraints: Iterable[str] = (),
) -> Marginal:
    """Integrate exp(-chi2/2) over all axes that are neither seen nor fixed.

    Parameters
    ----------
    points, axes, fixed, constraints : as in `zdscan.analysis.views.view.view`; points that a constraint excludes have
        likelihood 0.
    prior : what the prior is flat in, for all axes or by name: ``"axis"`` the value itself, ``"log"`` the logarithm
        of its size, ``"spaced"`` the scale in which the axis is evenly spaced (asinh for an axis through 0).

    Raises
    ------
    UserError
        As `view`; for ``"log"`` on an axis that reaches 0, where the measure diverges; where nothing is allowed.
    """
    points.need_fields("a marginal")
    names = list(constraints)
    seen = view(points, axes, fixed, names)
    priors: dict[str, Prior] = {
        name: prior.get(name, "axis") if isinstance(prior, Mapping) else prior
        for name in points.axes
        if name not in seen.fixed
    }
    weights = _weights(points, priors)
    if not seen.best:
        raise UserError("No point is computed yet, so there is no probability to share out.")
    if not seen.best_allowed:
        raise UserError("No point is allowed, so there is no probability to share out.")
    lowest = seen.best_allowed["chi2"]
    indices = points.nearest(seen.asked)
    plan = folding(points, seen.axes, indices)
    inside = np.ones(1)
    for name in plan.hidden:
        inside = np.multiply.outer(inside, weights[name]).ravel()
    total = np.zeros((plan.layers, plan.cells))
    mask = points.mask_of(names)
    for index, layer, chi2 in plan.chi2_by_mass(points, mask):
        likelihood = np.exp(-0.5 * (chi2.astype(np.float64) - lowest))
        mass = weights["mass"][index] if "mass" not in seen.axes and "mass" not in seen.fixed else 1.0
        total[layer] += mass * (likelihood @ inside)
    measure = np.ones(())
    for name in seen.axes:
        measure = np.multiply.outer(measure, weights[name])
    density = plan.unfold(total)
    density = np.where(seen.missing, np.nan, density / np.sum(density * measure))
    return Marginal(seen.axes, points.axes, density, measure, priors, seen.fixed)


def _weights(points: Points, priors: Mapping[str, Prior]) -> dict[str, NDArray[np.float64]]:
    faults, weights = [], {}
    for name, kind in priors.items():
        values = points.axes[name]
        if kind not in get_args(Prior):
            faults.append(f"The prior {not_one_of(kind, get_args(Prior))}.")
        elif kind == "log" and values.size > 1 and values[0] * values[-1] <= 0.0:
            faults.append(
                f"A prior flat in log({name}) diverges at 0, which the axis reaches; choose axis or spaced for {name}."
            )
        else:
            weights[name] = cell_widths(values, kind)
    raise_if(faults)
    return weights


def cell_widths(values: NDArray[np.float64], prior: Prior) -> NDArray[np.float64]:
    """Width of the cell around each value in the measure of the prior (trapezoidal rule); 1 for a single value."""
    if values.size == 1:
        return np.ones(1)
    kind, width = spacing_of(values) if prior == "spaced" else (prior, 1.0)
    scaled = values
    if kind == "log":
        scaled = np.log(np.abs(values))
    elif kind == "asinh":
        scaled = np.arcsinh(values / width)
    steps = np.abs(np.diff(scaled))
    return np.asarray((np.append(steps, 0.0) + np.insert(steps, 0, 0.0)) / 2)


def remarks(seen: View, sigmas: Sequence[float] = SIGMAS) -> list[str]:
    """What a reader should be told in words: grid values used, missing points, minima at an end, nothing allowed."""
    said = []
    for name, value in seen.fixed.items():
        if value != seen.asked[name]:
            unit = " GeV" if name == "mass" else ""
            said.append(f"{name} = {seen.asked[name]:g}{unit} is not a grid value; {value:.6g}, the nearest, is used.")
    if seen.missing.any():
        said.append(f"{seen.missing.sum()} of {seen.missing.size} cells are not computed yet.")
    if not seen.best:
        return said
    said += [f"The lowest chi2 lies at {text}, so the true minimum may lie outside the grid." for text in _ends(seen)]
    if not seen.chosen:
        return said
    if not seen.best_allowed:
        said.append("No point is allowed: every one is excluded by at least one of the chosen constraints.")
        return said
    gap = seen.best_allowed["chi2"] - seen.best["chi2"]
    outermost = levels(fitted_parameters(seen), sigmas)[-1]
    if gap > outermost:
        said.append(
            f"No point within {sigmas[-1]:g} sigma of the best fit is {allowed_by(len(seen.chosen))}; "
            f"the best that is lies {gap:.2f} in chi2 above it."
        )
    return said


def _ends(seen: View) -> list[str]:
    found = []
    for name in (*seen.axes, *seen.hidden):
        axis, value = seen.values[name], seen.best[name]
        # An end at 0 is no end: the overall sign of the couplings is not physical.
        if axis.size > 1 and value in (axis[0], axis[-1]) and value != 0.0:
            which = "lower" if value == axis[0] else "upper"
            found.append(f"the {which} end of the {name} axis ({value:g}{' GeV' if name == 'mass' else ''})")
    return found


def crossings(
    x: NDArray[np.float64], delta: NDArray[np.float64], level: float
) -> list[tuple[float, float, bool, bool]]:
    """Intervals of x in which a curve lies below `level`: (from, to, open at the left, open at the right).

    Ends are interpolated linearly between neighbouring values; an interval that reaches the end of the axis, or a
    value that is NaN, is open there.
    """
    below = delta <= level
    found = []
    starts = np.flatnonzero(below & ~np.insert(below[:-1], 0, False))
    stops = np.flatnonzero(below & ~np.append(below[1:], False))
    for start, stop in zip(map(int, starts), map(int, stops), strict=True):
        low, left = _end_of_interval(x, delta, level, start, start - 1)
        high, right = _end_of_interval(x, delta, level, stop, stop + 1)
        found.append((low, high, left, right))
    return found


def _end_of_interval(
    x: NDArray[np.float64], delta: NDArray[np.float64], level: float, inner: int, outer: int
) -> tuple[float, bool]:
    """Where the curve meets `level` between a value inside and its neighbour outside, and whether it is open there."""
    if not 0 <= outer < x.size or not np.isfinite(delta[outer]):
        return float(x[inner]), True
    share = (level - delta[inner]) / (delta[outer] - delta[inner])
    return float(x[inner] + share * (x[outer] - x[inner])), False
