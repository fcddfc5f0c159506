"""The search for the lowest value of a function over the hidden couplings of many cells at once.

Couplings vary continuously within the ends of their axes. From a place in each cell a quadratic model and a search
along each axis go down (docs/plotting.md). It is the same sequence of steps always, so that a picture is the same each
time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from zdscan.analysis.views.spacing import spacing_of

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Function = Callable[[Array, Array], Array]  # masses of points (GeV), couplings float64[parameters, n] -> float64[n]
FIRST_STEP, LEAST_STEP, ROUNDS = 0.5, 0.01, 24  # of steps between the values of an axis
NARROWER, WIDER = 0.35, 1.5


@dataclass(frozen=True)
class Scale:
    """An axis as evenly spaced as it is: places 0 to n - 1, values between them in the scale of the axis."""

    values: Array
    kind: str
    width: float

    @classmethod
    def of(cls, values: Array) -> Scale:
        """The scale of the values of an axis."""
        return cls(values, *spacing_of(values))

    def _scaled(self, values: Array) -> Array:
        if self.kind == "log":
            return np.log(values)
        return np.asarray(np.arcsinh(values / self.width) if self.kind == "asinh" else values)

    def at(self, places: Array) -> Array:
        """The values at places, which stay within the axis; exact at whole ones."""
        inside = np.clip(places, 0.0, self.values.size - 1.0)
        known = self._scaled(self.values)
        found = np.interp(inside, np.arange(self.values.size), known)
        if self.kind == "log":
            found = np.exp(found)
        elif self.kind == "asinh":
            found = self.width * np.sinh(found)
        whole = np.rint(inside)
        exact: Array = np.where(inside == whole, self.values[whole.astype(np.int64)], found)
        return exact


def by_mass(at_mass: Callable[[float], Callable[[Array], Array]]) -> Function:
    """A function from those of the couplings at each mass, made when they are first needed; infinite instead of NaN."""
    kept: dict[float, Callable[[Array], Array]] = {}

    def function(mass: Array, couplings: Array) -> Array:
        out = np.empty(len(mass))
        for value in np.unique(mass).tolist():
            if value not in kept:
                kept[value] = at_mass(value)
            here = np.flatnonzero(mass == value)
            out[here] = kept[value](couplings[:, here])
        return np.where(np.isfinite(out), out, np.inf)

    return function


@dataclass(frozen=True)
class Surface:
    """A function of places on the hidden axes, for cells that have the other coordinates.

    Attributes
    ----------
    function : of masses and couplings.
    mass : float64[cells]; couplings : float64[parameters, cells].
    rows : which of the parameters are hidden; scales : their axes.
    """

    function: Function
    mass: Array
    couplings: Array
    rows: Sequence[int]
    scales: Sequence[Scale]

    def at(self, y: Array, cells: Ints) -> Array:
        """The function at places float64[hidden, n] of these cells."""
        couplings = self.couplings[:, cells].copy()
        for row, scale, places in zip(self.rows, self.scales, y, strict=True):
            couplings[row] = scale.at(places)
        return self.function(self.mass[cells], couplings)

    def inside(self, y: Array) -> Array:
        """Places moved into the axes."""
        ends = np.array([scale.values.size - 1.0 for scale in self.scales])
        return np.clip(y, 0.0, ends[:, None])


def descend(
    surface: Surface,
    y: Array,
    lowest: Array,
    cells: Ints,
    *,
    first: float = FIRST_STEP,
    least: float = LEAST_STEP,
    narrower: float = NARROWER,
    rounds: int = ROUNDS,
    enough: float = -np.inf,
) -> tuple[Array, Array]:
    """Lower values from places y of these cells.

    Parameters
    ----------
    y : float64[hidden, n], places; lowest : float64[n], the values there.
    cells : which cells of the surface they belong to.
    first, least : the step at the beginning, and the one at which a cell has arrived.
    narrower : by how much a step that leads nowhere is shortened; rounds : at most.
    enough : a value below which no cell goes on.

    Returns
    -------
    places and values.
    """
    y, lowest = y.copy(), lowest.copy()
    step = np.full(len(cells), first)
    hidden = len(y)
    if not hidden:
        return y, lowest
    pairs = list(combinations(range(hidden), 2))
    units = np.eye(hidden)
    shifts = [*units, *-units, *(units[k] + units[m] for k, m in pairs)]
    for _ in range(rounds):
        active = np.flatnonzero((step >= least) & (lowest > enough))
        if not active.size:
            break
        here, size, numbers = y[:, active], step[active], cells[active]
        best, where = lowest[active].copy(), here.copy()
        trials = [surface.inside(here + size * shift[:, None]) for shift in shifts]
        # one call for all: most functions take as long for a few points as for one
        found = surface.at(np.concatenate(trials, axis=1), np.tile(numbers, len(trials))).reshape(len(trials), -1)
        for there, values in zip(trials, found, strict=True):
            lower = values < best
            best[lower], where[:, lower] = values[lower], there[:, lower]
        above, below, mixed = found[:hidden], found[hidden : 2 * hidden], found[2 * hidden :]
        slopes = (above - below).T / 2.0
        curvature = np.zeros((len(active), hidden, hidden))
        for k in range(hidden):
            curvature[:, k, k] = above[k] + below[k] - 2.0 * lowest[active]
        for (k, m), values in zip(pairs, mixed, strict=True):
            curvature[:, k, m] = curvature[:, m, k] = values - above[k] - above[m] + lowest[active]
        move = _model_step(slopes, curvature)
        there = surface.inside(here + move.T * size)
        found = surface.at(there, numbers)
        lower = found < best
        best[lower], where[:, lower] = found[lower], there[:, lower]
        moved = np.abs(where - here).max(axis=0)
        y[:, active], lowest[active] = where, best
        # a step that led far is tried again as long, one that led nowhere is shortened
        step[active] = np.clip(np.where(moved >= size, WIDER * size, narrower * size), 0.0, 4.0)
    return y, lowest


def _model_step(slopes: Array, curvature: Array) -> Array:
    """Where a quadratic model is lowest, in steps, at most three of them; against the slope where it has no minimum."""
    slopes, curvature = np.nan_to_num(slopes, posinf=0.0, neginf=0.0), np.nan_to_num(curvature, posinf=0.0, neginf=0.0)
    values, vectors = np.linalg.eigh(curvature)
    along = np.einsum("nji,nj->ni", vectors, slopes)
    size = np.maximum(np.abs(values), 1e-9 + np.abs(along) / 3.0)
    return np.asarray(np.einsum("nij,nj->ni", vectors, np.clip(-along / size, -3.0, 3.0)))
