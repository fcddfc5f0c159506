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
from zdscan.physics.rows import Likelihood

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

    Attributes
    ----------
    counted : bool[constraints], the constraints that count; None: all that do at a mass.
    """

    def __init__(self, physics: Physics, name: str = ROWS) -> None:
        check(name)
        self.physics, self.name = physics, name
        self.rows = Evaluator(physics).without_constraints()
        # where errors depend on the point, the fast evaluator has those of the Standard Model: good enough for starts
        errors = replace(physics.likelihood, scaled=None)
        self._fast = Evaluator(replace(physics, likelihood=errors)).without_constraints()
        self.counted: NDArray[np.bool_] | None = None
        self._constraints_at = lru_cache(KEPT_MASSES)(self._make)

    @property
    def sm(self) -> float:
        """The statistic of the Standard Model."""
        return 0.0 if self.name == "constraints" else float(self.physics.sm_chi2["all"])

    def at_mass(self, mass: float) -> Chi2:
        """The statistic at one mass (GeV) as a function of three arrays of couplings."""
        if self.name == ROWS:
            return self.rows.at_mass(mass)
        rows = self.rows.at_mass(mass) if self.name == "total" else None

        def statistic(first: Array, second: Array, third: Array) -> Array:
            found = self._constraints(mass, first, second, third)
            return found if rows is None else found + rows(first, second, third)

        return statistic

    def block(self, mass: float, first: Array, second: Array, third: Array) -> Array:
        """The statistic at every combination of couplings, the rows by the fast evaluator: float64 over three axes.

        With relative theory errors the rows have those of the Standard Model here.
        """
        if self.name == "constraints":
            return self.at_mass(mass)(first, second, third)
        rows = self._fast.fill(mass, first, second, third)[0].astype(np.float64)
        return rows if self.name == ROWS else rows + self._constraints(mass, first, second, third)

    def parts(self, mass: float, points: Array) -> tuple[Array, Array]:
        """What the statistic is made of at points float64[3, n] of a mass: predictions, and chi2 of each constraint.

        Both are float64[n, ...]; the second is empty for the rows alone.
        """
        found = self.rows.physics.quantities(self.rows.mass_tables(float(mass)), points, ("predictions",))
        constraints = np.zeros((points.shape[1], 0))
        return found["predictions"], constraints if self.name == ROWS else self._constraints_at(float(mass))(points)

    def __reduce__(self) -> tuple[type[Statistic], tuple[Physics, str]]:
        """For other processes: the rows alone, because constraints are made of functions that stay where they are."""
        if self.name != ROWS:
            raise TypeError("a statistic with constraints cannot be pickled")
        return Statistic, (replace(self.physics, constraints=()), self.name)

    def variant(self, likelihood: Likelihood | None = None, counted: NDArray[np.bool_] | None = None) -> Statistic:
        """The statistic of other data on the same rows, or with some of the constraints, bool[constraints]."""
        other = Statistic.__new__(Statistic)
        other.__dict__.update(self.__dict__)
        other.counted = self.counted if counted is None else counted
        if likelihood is not None:
            other.physics = replace(self.physics, likelihood=likelihood)
            other.rows = Evaluator(replace(self.rows.physics, likelihood=likelihood))
            other.rows.mass_tables = self.rows.mass_tables  # they know nothing of what is measured
        return other

    def _constraints(self, mass: float, first: Array, second: Array, third: Array) -> Array:
        shape = len(first), len(second), len(third)
        each = self._constraints_at(float(mass))(run_of((first, second, third), 0, math.prod(shape)))
        found: Array = (each if self.counted is None else each[:, self.counted]).sum(axis=1)
        return found.reshape(shape)

    def _make(self, mass: float) -> Callable[[Array], Array]:
        """chi2 of each constraint less that of the Standard Model, at points float64[3, n] of one mass."""
        tables, likelihoods = self.physics.mass_tables(mass), self.physics.constraint_chi2(mass)

        def constraints(points: Array) -> Array:
            found = self.physics.quantities(tables, points, ("values", "widths"))
            return likelihoods.at(found["values"], found["widths"].sum(axis=1)) - likelihoods.standard

        return constraints
