"""A case in memory: chi2, prediction over limit and predicted rows at any mass, and where a limit is met.

Figures and claims of the paper, fits and grids in memory all ask here. Two evaluators stand behind it: the reference
(`Evaluator.evaluate` and what is made of it, float64) and the fast one that fills grids (`Evaluator.fill`, float32).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq

from zdscan.evaluation.engine import build_physics
from zdscan.evaluation.fields import mask_dtype
from zdscan.evaluation.physics import Physics
from zdscan.evaluation.points import Axes, run_of
from zdscan.physics.arguments import given_parameters
from zdscan.physics.cases import Case, named_case

Array = NDArray[np.float64]
CouplingAxes = tuple[ArrayLike, ArrayLike, ArrayLike]  # of the three columns of the coupling matrix
Chi2 = Callable[[Array, Array, Array], Array]  # values of the three -> chi2 over their product
KEPT_MASSES = 256  # whose tables are kept: some 20 kB each, 0.7 ms to make
SEARCH_POINTS = 240  # logarithmic steps between which a crossing is refined
MASS_SEARCH_POINTS = 60  # the same along the mass, where each step needs new tables


class Evaluator:
    """A case with fixed settings and constraints; the tables of the masses asked for last are kept.

    Couplings are the parameters of the case, in its order (eps, eps_z, g_mu in Cases A, B and C) or by name, numbers or
    1D arrays; those not given are 0. Results run over the product of all arguments that are arrays, the mass first and
    then the parameters in the order of the case; a number adds no dimension.

    Parameters
    ----------
    physics : case, settings and constraints.
    """

    def __init__(self, physics: Physics) -> None:
        self.physics = physics
        self.mass_tables = lru_cache(KEPT_MASSES)(physics.mass_tables)

    @classmethod
    def of(cls, case: str | Case, *constraints: str, **settings: Any) -> Evaluator:
        """Return the evaluator of a case (its name, a file, or one of your own) with these constraints.

        settings : of `zdscan.evaluate`: theory, emission, fcnc_scale, ...
        """
        chosen = case if isinstance(case, Case) else named_case(case)
        return cls(build_physics(chosen, constraints=constraints, **settings))

    def without_constraints(self, **settings: Any) -> Evaluator:
        """Return an evaluator of chi2 alone, which constraints do not enter, with other `settings` where given."""
        chosen = replace(self.physics.settings, **settings)
        return Evaluator(replace(self.physics, constraints=(), settings=chosen))

    def columns(self, couplings: Sequence[ArrayLike], named: Mapping[str, ArrayLike]) -> CouplingAxes:
        """Return the values of the three columns of the coupling matrix for parameters in order, and by name.

        Raises
        ------
        UserError
            The case has no such parameter, or one is given twice.
        """
        case = self.physics.case
        names, used = case.parameters.names, len(case.parameters.used)
        idle = couplings[used : len(names)]  # grids have all columns
        in_order = (
            couplings if any(np.any(values) for values in idle) else (*couplings[:used], *couplings[len(names) :])
        )
        given = given_parameters(case, in_order, named)
        given |= {name: named.get(name, 0.0) for name in names[used:]} | dict(zip(names[used:], idle, strict=False))
        first, second, third = (given[name] for name in names)
        return first, second, third

    def evaluate(self, want: str, mass: float, *couplings: ArrayLike, **named: ArrayLike) -> NDArray[Any]:
        """Return one of `Physics.quantities`, by name, at every combination of the couplings, in C order."""
        return self._at(want, mass, self.columns(couplings, named))

    def _at(self, want: str, mass: float, columns: CouplingAxes) -> NDArray[Any]:
        return self._quantity(want, self.mass_tables(float(mass)), _axes(columns))

    def _quantity(self, want: str, mass_tables: Array, axes: Axes) -> NDArray[Any]:
        points = run_of(axes, 0, math.prod(len(axis) for axis in axes))
        return self.physics.quantities(mass_tables, points, (want,))[want]

    def at_mass(self, mass: float) -> Chi2:
        """Return chi2 at one mass (GeV) as a function of three arrays of couplings, for minimisers."""
        mass_tables = self.mass_tables(float(mass))
        at_point = self.physics.chi2_at_mass(mass_tables)

        def chi2(first: Array, second: Array, third: Array) -> Array:
            shape = len(first), len(second), len(third)
            if shape == (1, 1, 1):  # what minimisers ask for
                return np.full(shape, at_point(float(first[0]), float(second[0]), float(third[0])))
            return self._quantity("chi2", mass_tables, (first, second, third)).reshape(shape)

        return chi2

    def fill(self, mass: float, *couplings: ArrayLike, **named: ArrayLike) -> tuple[NDArray[np.float32], NDArray[Any]]:
        """Return chi2 and the exclusion bits of a block of couplings by the fast evaluator, as grids are filled.

        Returns
        -------
        float32 and uint32 (uint64 beyond 31 constraints), both over the three parameters of the case: chi2 of
        `evaluate` within the rounding of float32, and its bits.
        """
        axes = _axes(self.columns(couplings, named))
        shape = tuple(len(axis) for axis in axes)
        chi2 = np.empty(math.prod(shape), dtype=np.float32)
        bits = np.empty(chi2.size, dtype=mask_dtype(len(self.physics.constraints)))
        workspace = self.physics.workspace(self.mass_tables(float(mass)), axes)
        workspace.fill(axes, 0, chi2, bits, chi2[:0])
        return chi2.reshape(shape), bits.reshape(shape)

    def chi2(self, mass: ArrayLike, *couplings: ArrayLike, **named: ArrayLike) -> Array:
        """Return chi2 of the measured rows."""
        return self._over(mass, self.columns(couplings, named), lambda m, c: self._at("chi2", m, c))

    def predictions(self, mass: ArrayLike, *couplings: ArrayLike, **named: ArrayLike) -> Array:
        """Return the predicted rows, each in its own unit, in a last dimension."""
        return self._over(mass, self.columns(couplings, named), lambda m, c: self._at("predictions", m, c))

    def ratios(self, mass: ArrayLike, *couplings: ArrayLike, **named: ArrayLike) -> Array:
        """Return the largest prediction over limit of the constraints: 1 or more is excluded, 0 where none applies."""

        def largest(m: float, c: CouplingAxes) -> Array:
            found: Array = self._at("ratios", m, c).max(axis=1)
            return found

        return self._over(mass, self.columns(couplings, named), largest)

    def ratio(self, mass: float, *couplings: float, **named: float) -> float:
        """Return `ratios` at one point."""
        return float(self.ratios(mass, *couplings, **named))

    def values(self, mass: ArrayLike, *couplings: ArrayLike, clause: int = 0, **named: ArrayLike) -> Array:
        """Return what a clause of the first constraint compares with its limit; NaN where it does not apply."""

        def compared(m: float, c: CouplingAxes) -> Array:
            found: Array = self._at("values", m, c)[:, clause]
            return found if len(self.clauses(m)) > clause else np.full(len(found), np.nan)

        return self._over(mass, self.columns(couplings, named), compared)

    def value(self, mass: float, *couplings: float, clause: int = 0, **named: float) -> float:
        """Return `values` at one point."""
        return float(self.values(mass, *couplings, clause=clause, **named))

    def clauses(self, mass: float) -> Sequence[Any]:
        """Return the clauses of the first constraint at a mass (GeV); empty where it does not apply."""
        return self.physics.clauses(mass)[0]

    def limits(self, mass: float, clause: int = 0) -> tuple[float, float]:
        """Return the values between which a clause of the first constraint allows at a mass (GeV).

        An end is infinite where the clause does not limit, and both are NaN where it does not apply.
        """
        found = self.clauses(mass)
        if len(found) <= clause:
            return math.nan, math.nan
        return found[clause].centre - found[clause].down, found[clause].centre + found[clause].up

    def crossing(
        self, mass: float, parameter: str, low: float, high: float, *, level: float = 1.0, **fixed: float
    ) -> float:
        """Return the smallest value of a coupling in [low, high], low > 0, from which the ratio is at least `level`.

        NaN where the ratio stays below, or is at least `level` already at `low`.
        """

        def above(values: Array) -> Array:
            couplings: dict[str, ArrayLike] = {**fixed, parameter: values}
            return self.ratios(mass, **couplings) - level

        return crossing(above, low, high)

    def boundary(
        self, masses: Array, parameter: str, low: float, high: float, *, level: float = 1.0, **fixed: float
    ) -> Array:
        """Return `crossing` at every mass (GeV)."""
        return np.array([self.crossing(float(m), parameter, low, high, level=level, **fixed) for m in masses])

    def bound(self, mass: float, parameter: str, low: float = 1e-10, high: float = 10.0, **fixed: float) -> float:
        """Return the smallest excluded value of a coupling in [low, high]: `low` itself, `crossing`, or infinity.

        Unlike a crossing, a bound is there even where it is weaker (infinity) or stronger (`low`) than what is asked.
        """
        smallest: dict[str, float] = {**fixed, parameter: low}
        if self.ratio(mass, **smallest) >= 1.0:
            return low
        found = self.crossing(mass, parameter, low, high, **fixed)
        return math.inf if math.isnan(found) else found

    def mass_crossing(self, low: float, high: float, *, level: float = 1.0, **couplings: float) -> float:
        """Return the first mass in [low, high] (GeV) at which the ratio has fallen to `level`.

        NaN where it is lower already at `low`, or nowhere.
        """
        return crossing(lambda masses: level - self.ratios(masses, **couplings), low, high, MASS_SEARCH_POINTS)

    def _over(self, mass: ArrayLike, couplings: CouplingAxes, one: Callable[[float, CouplingAxes], Array]) -> Array:
        """Stack the results of `one` mass each; arguments that are numbers add no dimension."""
        masses = np.asarray(mass, dtype=np.float64)
        found = np.array([one(float(m), couplings) for m in masses.ravel()])
        shape = tuple(size for argument in (masses, *couplings) for size in np.shape(argument))
        return found.reshape(shape + found.shape[2:])


def crossing(excess: Callable[[Array], Array], low: float, high: float, steps: int = SEARCH_POINTS) -> float:
    """Return the first value in [low, high] at which a function stops being negative.

    Parameters
    ----------
    excess : float64[n] -> float64[n].
    low, high : above 0; searched in logarithmic steps and refined to 1e-13 of the value.
    steps : values looked at; what happens between two neighbours is not seen.

    Returns
    -------
    NaN if there is none: the function is negative throughout, or is not so already at `low`.
    """
    values = np.geomspace(low, high, steps)
    reached = excess(values) >= 0.0
    if reached[0] or not np.any(reached):
        return math.nan
    first = int(np.argmax(reached))

    def at(logarithm: float) -> float:
        return float(excess(np.array([math.exp(logarithm)]))[0])

    ends = math.log(values[first - 1]), math.log(values[first])
    return math.exp(brentq(at, *ends, xtol=1e-13, rtol=1e-13))


def _axes(columns: CouplingAxes) -> Axes:
    # copies: the kernels would be compiled once more for arrays that cannot be written
    a, b, c = (np.array(axis, dtype=np.float64, ndmin=1) for axis in columns)
    return a, b, c
