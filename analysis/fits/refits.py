"""Fits of other data, or of fewer: they begin at points of a fit that is there. docs/fitting.md.

The points are the minima and the lowest grid points of the first fit, with their predictions; with other data the
lowest of them are where MIGRAD begins, so that a refit takes some 20 ms and not a minute.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zdscan.analysis.fits.bestfit import BestFit
from zdscan.analysis.fits.minimise import Minimum, lowest_of, minimise
from zdscan.analysis.fits.seeds import Seeds, Signs
from zdscan.analysis.fits.statistic import ROWS, Statistic

Array = NDArray[np.float64]
MOST_STARTS = 3000  # points kept: the lowest ones
TRIED = 3  # pairs of mass and signs from whose lowest points a refit begins


class Refits:
    """Where refits begin, and the statistic there.

    Parameters
    ----------
    surface : the statistic; result : the fit of it; seeds : where that began.
    """

    def __init__(self, surface: Statistic, result: BestFit, seeds: Seeds) -> None:
        self.surface, self.axes, self.best = surface, seeds.axes, result.best
        self.points = _points(result, seeds)
        self.signs: list[Signs] = [_signs(point[1:], self.axes, seeds.names) for point in self.points]
        self.predictions = np.empty((len(self.points), len(surface.physics.likelihood.sm)))
        constraints = 0 if surface.name == ROWS else len(surface.physics.constraints)
        self.by_constraint = np.empty((len(self.points), constraints))
        for mass in np.unique(self.points[:, 0]).tolist():
            here = self.points[:, 0] == mass
            self.predictions[here], self.by_constraint[here] = surface.parts(mass, self.points[here, 1:].T)

    def lowest(self, variant: Statistic) -> Minimum:
        """The lowest value of a variant of the statistic."""
        return self._from(variant, self._statistic(variant))

    def lowest_of_toy(self, variant: Statistic, whitened: Array, measured: Array) -> Minimum:
        """The same for other measured values, float64[W], with the predictions `whitened`, both times a whitening."""
        residuals = whitened - measured
        return self._from(variant, np.einsum("kw,kw->k", residuals, residuals))

    def _statistic(self, variant: Statistic) -> Array:
        total = np.zeros(len(self.points))
        if variant.name != "constraints":
            total += variant.physics.likelihood.chi2_at("chi2", self.predictions.T)
        each = self.by_constraint
        found: Array = total + (each if variant.counted is None else each[:, variant.counted]).sum(axis=1)
        return found

    def _from(self, variant: Statistic, values: Array) -> Minimum:
        tried: dict[Any, Minimum] = {}
        for k in np.argsort(values).tolist():
            mass, signs = float(self.points[k, 0]), self.signs[k]
            if (mass, signs) not in tried:
                point = self.points[k, 1], self.points[k, 2], self.points[k, 3]
                tried[mass, signs] = minimise(variant.at_mass(mass), mass, self.axes, point, signs)
                if len(tried) == TRIED:
                    break
        return lowest_of(tried.values())


def _points(result: BestFit, seeds: Seeds) -> Array:
    """float64[k, 4], mass and couplings: every minimum, points of profiles, and the lowest points of the grid."""
    best, minima = result.best, [m for found in result.by_mass.values() for m in found]
    known = [(m.chi2, m.mass, *m.couplings) for m in (best, *result.by_sign.values(), *minima)]
    known += [(chi2, *point) for p in result.profiles.values() for chi2, point in zip(p.chi2, p.points, strict=True)]
    masses = seeds.axes["mass"]
    tables = [np.concatenate([_with_mass(table, masses) for table in seeds.by_value.values()])]
    found = np.concatenate([np.array(known, dtype=np.float64), *tables])
    found = found[np.isfinite(found).all(axis=1)]
    found = found[np.argsort(found[:, 0], kind="stable")]
    _, first = np.unique(found[:, 1:], axis=0, return_index=True)
    kept: Array = found[np.sort(first)[:MOST_STARTS], 1:]
    return kept


def _with_mass(table: Array, masses: Array) -> Array:
    """float64[mass, value, 4] of seeds as float64[n, 5]: chi2, mass and couplings."""
    chi2, couplings = table[..., :1], table[..., 1:]
    mass = np.broadcast_to(masses[:, None, None], chi2.shape)
    return np.concatenate([chi2, mass, couplings], axis=-1).reshape(-1, 5)


def _signs(couplings: Array, axes: Mapping[str, Array], names: tuple[str, ...]) -> Signs:
    """Signs of a point; of a coupling that is 0 that of its axis."""
    a, b, c = (
        int(np.sign(x)) or (1 if axes[name][-1] > 0.0 else -1 if axes[name][0] < 0.0 else 0)
        for x, name in zip(couplings.tolist(), names, strict=True)
    )
    return a, b, c
