"""Where a fit starts: the lowest chi2 of a grid for every mass and every choice of signs, and for every axis value."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from itertools import product

import numpy as np
from numpy.typing import NDArray

Signs = tuple[int, int, int]
Array = NDArray[np.float64]
MOST_VALUES = (11, 81, 41)  # of the couplings in a coarse scan: 36,000 points a mass, some 20 ms


class Seeds:
    """The lowest points of a grid, gathered mass by mass with `add`; NaN is a point that is not there.

    Parameters
    ----------
    axes : values of mass (GeV) and of the three parameters of the case in its order, ascending.

    Attributes
    ----------
    signs : the choices of signs (of the parameters) that the axes contain; 0 for an axis that is 0 alone. The value 0
        belongs to both signs.
    by_sign : for each choice float64[mass, 4]: chi2 and the couplings of its lowest point; chi2 is inf without one.
    by_value : for each coupling float64[mass, value, 4]: the same with this coupling at one of its values.
    """

    def __init__(self, axes: Mapping[str, Array]) -> None:
        self.axes = dict(axes)
        self.names = tuple(name for name in self.axes if name != "mass")
        self.couplings = [self.axes[name] for name in self.names]
        masses = len(self.axes["mass"])
        sides = [[s for s in (-1, 1) if np.any(s * axis > 0.0)] or [0] for axis in self.couplings]
        self.signs: list[Signs] = [(a, b, c) for a, b, c in product(*sides)]
        self.by_sign = {signs: _nothing(masses) for signs in self.signs}
        self.by_value = {
            name: _nothing(masses, len(axis)) for name, axis in zip(self.names, self.couplings, strict=True)
        }

    def add(self, mass_index: int, chi2: NDArray[np.floating]) -> None:
        """chi2[three parameters] of one mass."""
        finite = np.where(np.isnan(chi2), np.inf, chi2).astype(np.float64)
        for signs in self.signs:
            sides = [np.flatnonzero(s * axis >= 0.0) for s, axis in zip(signs, self.couplings, strict=True)]
            at = _lowest(finite[np.ix_(*sides)])
            where = [int(side[k]) for side, k in zip(sides, at, strict=True)]
            self._keep(self.by_sign[signs], mass_index, finite, where)
        for number, name in enumerate(self.names):
            for value in range(len(self.couplings[number])):
                where = _lowest(np.take(finite, value, axis=number))
                where.insert(number, value)
                self._keep(self.by_value[name][mass_index], value, finite, where)

    def _keep(self, table: Array, row: int, chi2: Array, at: list[int]) -> None:
        table[row, 0] = chi2[tuple(at)]
        table[row, 1:] = [axis[k] for axis, k in zip(self.couplings, at, strict=True)]


def _lowest(chi2: Array) -> list[int]:
    return [int(k) for k in np.unravel_index(int(np.argmin(chi2)), chi2.shape)]


def _nothing(*shape: int) -> Array:
    table = np.zeros((*shape, 4))
    table[..., 0] = np.inf
    return table


def thinned(axis: Array, most: int, keep: Iterable[float] = ()) -> Array:
    """About `most` of the values at most: both ends, 0 and the values to `keep`, the others evenly spread."""
    chosen = set(np.unique(np.linspace(0, len(axis) - 1, min(most, len(axis))).round().astype(int)).tolist())
    chosen |= set(np.flatnonzero(np.isin(axis, [0.0, *keep])).tolist())
    return axis[sorted(chosen)]


def coarse(axes: Mapping[str, Array]) -> dict[str, Array]:
    """The axes with fewer couplings (`MOST_VALUES`), all of them where that is no more points, and every mass."""
    if math.prod(len(axis) for name, axis in axes.items() if name != "mass") <= math.prod(MOST_VALUES):
        return dict(axes)
    most = dict(zip((name for name in axes if name != "mass"), MOST_VALUES, strict=True))
    return {name: thinned(axis, most.get(name, len(axis))) for name, axis in axes.items()}
