"""What escapes a constraint between the values of the hidden couplings, in the cells of a profile.

The bits of a file say which constraints exclude all points of a cell, but the hidden couplings have other values as
well: where terms cancel, as in a magnetic moment, a point between those of the grid is often allowed. From the point
with the smallest ratio that the grid has in a cell, the ratio goes down along the hidden couplings (docs/plotting.md),
in the cells beside an edge first, then beside the edge that is left, until it moves no more. The mass keeps its value.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.ndimage import binary_dilation

from zdscan.analysis.views.descent import Array, Function, Ints, Scale, Surface, by_mass, descend
from zdscan.analysis.views.view import CellMask, View
from zdscan.evaluation.physics import Physics

BAND = 1.0  # decades of a ratio that matter: a jump from nothing is put half-way
MOST = 300_000  # points of the grid whose ratios are computed at a time; of more, some of each cell
SIGN = 1e-3  # what a cell is away from an edge at least, in decades
COARSE, FINE = 0.02, 1e-6  # steps between the values of an axis at which a search ends: of all, and where terms cancel
_PROMISING = 0.98  # of the first value: where the first search has come below, the second goes on
_NARROWER, _FINE_ROUNDS = 0.1, 10
_REACH = 3  # cells by which the search moves on with an edge
FLOOR = 1e-30


def beside(cells: CellMask, reach: int = 1) -> CellMask:
    """The cells on either side of the edge of some, and as many more among them as `reach` is more than one."""
    square = np.ones((3,) * cells.ndim, dtype=bool)
    found: CellMask = binary_dilation(cells, square) & binary_dilation(~cells, square, iterations=reach)
    return found


def squares_of(physics: Physics) -> Function:
    """The square of the largest ratio of all constraints of the physics: smooth where one of them is 0."""

    def at_mass(mass: float) -> Callable[[Array], Array]:
        tables = physics.mass_tables(mass)
        return lambda couplings: physics.quantities(tables, couplings, ("ratios",))["ratios"].max(axis=1) ** 2

    return by_mass(at_mass)


@dataclass(frozen=True)
class Escapes:
    """The smallest ratios found in cells of a view.

    Attributes
    ----------
    logarithms : decimal, within `BAND`, of the shape of the view; at least 0 where all is excluded.
    mass : int64, by index, of the points at which they were found, -1 in cells that were not looked at.
    places : float64[hidden, ...], their places on the hidden axes.
    """

    logarithms: Array
    mass: Ints
    places: Array


def escapes(seen: View, physics: Physics, excluded: CellMask, hints: Sequence[Escapes] = ()) -> Escapes:
    """Search the cells beside the edge of those that constraints exclude in a view, as far as the edge moves.

    Parameters
    ----------
    physics : with the constraints in question alone; the largest of their ratios counts.
    excluded : all of whose grid points they exclude.
    hints : what was found for parts of these constraints, whose places are tried.
    """
    search = _Search(seen, squares_of(physics))
    excluded = excluded.copy()
    found = Escapes(
        np.where(excluded, BAND, -BAND),
        np.full(excluded.shape, -1, dtype=np.int64),
        np.zeros((len(search.names), *excluded.shape)),
    )
    free = ~seen.missing
    reach = 1
    while (beside(excluded) & free).any():
        new = np.flatnonzero(beside(excluded, reach) & free)
        reach = _REACH  # where an edge has moved it will move on, and a search takes as long for many cells as for few
        free.ravel()[new] = False
        mass, y, square = search.from_grid(new)
        for other in (found, *hints):
            mass, y, square = search.from_others(new, other, mass, y, square)
        y, square = search.lower(new, mass, y, square)
        logarithms = np.clip(0.5 * np.log10(np.maximum(square, FLOOR)), -BAND, BAND)
        outside = logarithms < 0.0
        logarithms = np.where(outside, np.minimum(logarithms, -SIGN), np.maximum(logarithms, SIGN))
        found.logarithms.ravel()[new] = logarithms
        found.mass.ravel()[new] = mass
        found.places.reshape(len(search.names), -1)[:, new] = y
        excluded.ravel()[new] = ~outside
    return found


class _Search:
    """Searches over the hidden couplings of cells of a view.

    Parameters
    ----------
    seen : the view; function : of masses and couplings.
    """

    def __init__(self, seen: View, function: Function) -> None:
        self._seen, self._function = seen, function
        self._parameters = [name for name in seen.values if name != "mass"]
        self.names = seen.hidden_couplings
        self._scales = [Scale.of(seen.values[name]) for name in self.names]
        self._rows = [self._parameters.index(name) for name in self.names]

    def _surface(self, cells: Ints, mass: Ints) -> Surface:
        """The function over the hidden couplings, with the other coordinates of these cells."""
        seen = self._seen
        where = np.unravel_index(cells, seen.chi2.shape)
        couplings = np.empty((len(self._parameters), len(cells)))
        for row, name in enumerate(self._parameters):
            if name in seen.axes:
                couplings[row] = seen.values[name][where[seen.axes.index(name)]]
            else:
                couplings[row] = seen.fixed.get(name, float(seen.values[name][0]))
        return Surface(self._function, seen.values["mass"][mass], couplings, self._rows, self._scales)

    def _masses(self, cells: Ints) -> Ints:
        """Masses that the points of each cell may have, by index: int64[cells, masses]."""
        seen = self._seen
        if "mass" in seen.axes:
            return np.asarray(np.unravel_index(cells, seen.chi2.shape)[seen.axes.index("mass")])[:, None]
        axis = seen.values["mass"]
        own = [int(np.abs(axis - seen.fixed["mass"]).argmin())] if "mass" in seen.fixed else range(axis.size)
        return np.broadcast_to(np.asarray(own, dtype=np.int64), (len(cells), len(own)))

    def from_grid(self, cells: Ints) -> tuple[Ints, Array, Array]:
        """The lowest points of the grid in these cells: their masses and places, and the values there."""
        masses = self._masses(cells)
        grids = np.meshgrid(*(np.arange(scale.values.size) for scale in self._scales), indexing="ij")
        places = np.stack([grid.ravel() for grid in grids]).astype(np.float64)
        step = max(1, -(-places.shape[1] * masses.size // MOST))
        places = places[:, (places.shape[1] - 1) % step // 2 :: step]
        mass, y = masses[:, 0].copy(), np.zeros((len(self.names), len(cells)))
        lowest = np.full(len(cells), np.inf)
        count = places.shape[1]
        for k in range(masses.shape[1]):
            own = np.repeat(np.arange(len(cells)), count)
            surface = self._surface(cells, masses[:, k])
            values = surface.at(np.tile(places, (1, len(cells))), own).reshape(len(cells), count)
            at = values.argmin(axis=1)
            found = values[np.arange(len(cells)), at]
            lower = found < lowest
            lowest[lower], mass[lower], y[:, lower] = found[lower], masses[lower, k], places[:, at[lower]]
        return mass, y, lowest

    def from_others(
        self, cells: Ints, other: Escapes, mass: Ints, y: Array, lowest: Array
    ) -> tuple[Ints, Array, Array]:
        """Take over places where the same cells and their neighbours have arrived, if the function is lower there."""
        shape = self._seen.chi2.shape
        where = np.array(np.unravel_index(cells, shape))
        with_mass = "mass" in self._seen.axes
        own = self._masses(cells)[:, 0]
        mass, y, lowest = mass.copy(), y.copy(), lowest.copy()
        for shift in product((0, -1, 1), repeat=len(shape)):
            there = where + np.array(shift)[:, None]
            inside = np.all((there >= 0) & (there < np.array(shape)[:, None]), axis=0)
            flat = np.ravel_multi_index(tuple(np.where(inside, there, 0)), shape)
            known = np.flatnonzero(inside & (other.mass.ravel()[flat] >= 0))
            if not known.size:
                continue
            its_mass = own[known] if with_mass else other.mass.ravel()[flat[known]]
            its_y = other.places.reshape(len(self.names), -1)[:, flat[known]]
            found = self._surface(cells[known], its_mass).at(its_y, np.arange(known.size))
            lower = found < lowest[known]
            taken = known[lower]
            mass[taken], y[:, taken], lowest[taken] = its_mass[lower], its_y[:, lower], found[lower]
        return mass, y, lowest

    def lower(self, cells: Ints, mass: Ints, y: Array, lowest: Array) -> tuple[Array, Array]:
        """Go down from places of these cells: all of them a little, then far where that has led somewhere."""
        enough = 10.0 ** (-2.0 * BAND)
        surface = self._surface(cells, mass)
        before = lowest
        y, lowest = descend(surface, y, lowest, np.arange(len(cells)), least=COARSE, enough=enough)
        going_on = np.flatnonzero((lowest < _PROMISING * before) & (lowest > enough))
        if going_on.size:
            options = {"first": 2.0 * COARSE, "least": FINE, "narrower": _NARROWER, "enough": enough}
            y[:, going_on], lowest[going_on] = descend(
                surface, y[:, going_on], lowest[going_on], going_on, rounds=_FINE_ROUNDS, **options
            )
        return y, lowest
