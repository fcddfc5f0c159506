"""What a fit minimises: chi2 of the rows, of the constraints, or of both. docs/statistics.md.

Constraints are counted from the Standard Model at each mass: which of them have something to say depends on the mass,
so that their sum would have steps that have nothing to do with the vector.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from zdscan.analysis.at_mass import Chi2, Evaluator
from zdscan.errors import UserError, not_one_of
from zdscan.evaluation.physics import Physics
from zdscan.evaluation.points import run_of

Array = NDArray[np.float64]
ROWS = "rows"
STATISTICS = (ROWS, "constraints", "total")
KEPT_MASSES = 64


def check(statistic: str) -> None:
    """Refuse a statistic that there is not."""
    if statistic not in STATISTICS:
        raise UserError(f"statistic {not_one_of(statistic, STATISTICS)}.")


class Statistic:
    """A statistic of a physics, at points of one mass after the other.

    Parameters
    ----------
    physics : case, settings and constraints.
    name : one of `STATISTICS`.
    """

    def __init__(self, physics: Physics, name: str = ROWS) -> None:
        check(name)
        self.physics, self.name = physics, name
        self.rows = Evaluator(physics).without_constraints()
        # where errors depend on the point, the fast evaluator gives no more than starts: with those of the Standard Model
        errors = replace(physics.likelihood, scaled=None)
        self._fast = Evaluator(replace(physics, likelihood=errors)).without_constraints()
        self._constraints_at = lru_cache(KEPT_MASSES)(self._make)

    @property
    def sm(self) -> float:
        """The statistic of the Standard Model."""
        return 0.0 if self.name == "constraints" else float(self.physics.sm_chi2["all"])

    def at_mass(self, mass: float) -> Chi2:
        """The statistic at one mass (GeV) as a function of three arrays of couplings."""
        if self.name == ROWS:
            return self.rows.at_mass(mass)
        constraints = self._constraints_at(float(mass))
        rows = self.rows.at_mass(mass) if self.name == "total" else None

        def statistic(first: Array, second: Array, third: Array) -> Array:
            found = constraints(first, second, third)
            return found if rows is None else found + rows(first, second, third)

        return statistic

    def block(self, mass: float, first: Array, second: Array, third: Array) -> Array:
        """The statistic at every combination of couplings, the rows by the fast evaluator: float64 over three axes.

        With relative theory errors the rows have those of the Standard Model here.
        """
        if self.name == "constraints":
            return self.at_mass(mass)(first, second, third)
        rows = self._fast.fill(mass, first, second, third)[0].astype(np.float64)
        return rows if self.name == ROWS else rows + self._constraints_at(float(mass))(first, second, third)

    def _make(self, mass: float) -> Callable[[Array, Array, Array], Array]:
        """chi2 of the constraints less that of the Standard Model, at one mass."""
        tables, likelihoods = self.physics.mass_tables(mass), self.physics.constraint_chi2(mass)
        standard = float(likelihoods.standard.sum())

        def constraints(first: Array, second: Array, third: Array) -> Array:
            shape = len(first), len(second), len(third)
            points = run_of((first, second, third), 0, math.prod(shape))
            found = self.physics.quantities(tables, points, ("values", "widths"))
            chi2: Array = likelihoods.at(found["values"], found["widths"].sum(axis=1)).sum(axis=1) - standard
            return chi2.reshape(shape)

        return constraints
