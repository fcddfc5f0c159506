"""Which of several constraints bounds a parameter most strongly between two neighbouring values of a grid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from zdscan.analysis.at_mass import Evaluator
from zdscan.evaluation.physics import Physics
from zdscan.physics.parameters import PARAMETERS

STEPS = 16  # between the two values; bounds that lie closer together are told apart by interpolation
LEAST = 1e-300  # ratio whose logarithm is still a number


class Bounds:
    """Bounds of single constraints between the values of a grid, by the reference evaluator.

    Parameters
    ----------
    physics : case, settings and constraints of the grid.
    """

    def __init__(self, physics: Physics) -> None:
        self._evaluator = Evaluator(physics)
        self._place = {constraint.id: k for k, constraint in enumerate(physics.constraints)}

    def knows(self, names: Sequence[str]) -> bool:
        """Whether all these constraints can be evaluated."""
        return all(name in self._place for name in names)

    def strongest(self, names: Sequence[str], point: Mapping[str, float], along: str, inner: float) -> str:
        """The constraint that excludes `point` and still does nearest to `inner`, at other values of the axis `along`.

        Its run of excluded values down from the point ends first at prediction = limit, which is where its bound lies.
        Where this does not decide (every value is excluded, or inner is the point's own), the one most times its limit
        counts, and of equal ones the first.
        """
        outer = point[along]
        share = np.linspace(0.0, 1.0, STEPS + 1)
        values = inner * (outer / inner) ** share if inner * outer > 0.0 else inner + (outer - inner) * share
        values[-1] = outer
        ratios = self._ratios(point, along, values)[:, [self._place[name] for name in names]]
        keys = [(_end_of_run(share, column), -float(column[0])) for column in ratios.T]
        return names[min(range(len(names)), key=keys.__getitem__)]

    def _ratios(self, point: Mapping[str, float], along: str, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Prediction over limit of every constraint: float64[values, constraints]."""
        couplings = np.repeat([[point[name]] for name in PARAMETERS], len(values), axis=1)
        if along == "mass":
            return np.concatenate([self._at(float(mass), couplings[:, :1]) for mass in values])
        couplings[PARAMETERS.index(along)] = values
        return self._at(point["mass"], couplings)

    def _at(self, mass: float, couplings: NDArray[np.float64]) -> NDArray[np.float64]:
        tables = self._evaluator.mass_tables(mass)
        ratios: NDArray[np.float64] = self._evaluator.physics.quantities(tables, couplings, ("ratios",))["ratios"]
        return ratios


def _end_of_run(share: NDArray[np.float64], ratios: NDArray[np.float64]) -> float:
    """Where the run of ratios of at least 1 that reaches the last share ends: 0 if all are, infinite if none is."""
    below = np.flatnonzero(ratios < 1.0)
    if below.size == 0:
        return 0.0
    last = int(below[-1])
    if last == share.size - 1:
        return float("inf")
    low, high = np.log(np.maximum(ratios[last : last + 2], LEAST))
    return float(share[last] - low / (high - low) * (share[last + 1] - share[last]))  # low < 0 <= high
