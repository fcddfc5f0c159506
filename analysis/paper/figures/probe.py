"""One constraint along masses and couplings: its prediction, its limit, and where the two meet."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq

from zdscan.evaluation.engine import build_physics
from zdscan.physics.cases import named_case
from zdscan.physics.parameters import PARAMETERS

Array = NDArray[np.float64]
SEARCH_POINTS = 161  # logarithmic steps between which a crossing is refined


class Probe:
    """A constraint in a case with fixed settings.

    Parameters
    ----------
    case : A, B or C.
    constraint : its id.
    settings : of `zdscan.evaluate`: theory, emission, fcnc_scale, ...
    """

    def __init__(self, case: str, constraint: str, **settings: Any) -> None:
        self.physics = build_physics(named_case(case), constraints=(constraint,), **settings)
        self.constraint = self.physics.constraints[0]
        self._mass_tables: dict[float, Array] = {}

    def _evaluate(self, mass: float, couplings: dict[str, ArrayLike], want: str) -> Array:
        if mass not in self._mass_tables:
            self._mass_tables[mass] = self.physics.mass_tables(mass)
        eps, eps_z, g_mu = (np.atleast_1d(np.asarray(couplings.get(name, 0.0), dtype=float)) for name in PARAMETERS)
        found: Array = self.physics.evaluate(self._mass_tables[mass], (eps, eps_z, g_mu), want=(want,))[want]
        return found

    def ratio(self, mass: float, **couplings: ArrayLike) -> Array:
        """Prediction over limit (1 or more is excluded, 0 where the constraint does not apply) at a mass in GeV.

        couplings : eps, eps_z, g_mu; numbers or 1D arrays, absent ones are 0. The result runs over their product in C
        order.
        """
        return self._evaluate(mass, couplings, "ratios")[:, 0]

    def ratios(self, masses: Array, **couplings: ArrayLike) -> Array:
        """`ratio` for every mass: float64[masses, points]."""
        return np.array([self.ratio(float(mass), **couplings) for mass in masses])

    def value(self, masses: Array, clause: int = 0, **couplings: float) -> Array:
        """What a clause compares with its limit, at every mass (GeV); NaN where it does not apply."""
        out = np.full(len(masses), np.nan)
        for i, mass in enumerate(masses):
            if len(self.physics.clauses(float(mass))[0]) > clause:
                out[i] = self._evaluate(float(mass), dict(couplings), "values")[0, clause]
        return out

    def limits(self, mass: float, clause: int = 0) -> tuple[float, float]:
        """The values between which a clause allows at a mass (GeV); infinite where it does not limit."""
        found = self.physics.clauses(mass)[0][clause]
        return found.centre - found.down, found.centre + found.up

    def crossing(
        self, mass: float, parameter: str, low: float, high: float, *, level: float = 1.0, **fixed: float
    ) -> float:
        """The smallest value of a parameter in [low, high], low > 0, from which the ratio is at least `level`.

        NaN where the ratio stays below, or is at least `level` already at `low`.
        """
        values = np.geomspace(low, high, SEARCH_POINTS)
        given: dict[str, ArrayLike] = {**fixed, parameter: values}
        above = self.ratio(mass, **given) >= level
        if above[0] or not np.any(above):
            return math.nan
        first = int(np.argmax(above))

        def distance(logarithm: float) -> float:
            return float(self.ratio(mass, **{**fixed, parameter: math.exp(logarithm)})[0]) - level

        edges = math.log(values[first - 1]), math.log(values[first])
        return math.exp(brentq(distance, *edges, xtol=1e-13, rtol=1e-13))

    def boundary(
        self, masses: Array, parameter: str, low: float, high: float, *, level: float = 1.0, **fixed: float
    ) -> Array:
        """`crossing` at every mass."""
        return np.array([self.crossing(float(m), parameter, low, high, level=level, **fixed) for m in masses])

    def mass_crossing(self, low: float, high: float, *, level: float = 1.0, **couplings: float) -> float:
        """The mass in [low, high] (GeV) at which the ratio falls below `level`; NaN unless it does once."""

        def distance(mass: float) -> float:
            return float(self.ratio(mass, **couplings)[0]) - level

        if distance(low) < 0.0 or distance(high) >= 0.0:
            return math.nan
        return float(brentq(distance, low, high, xtol=1e-15, rtol=1e-12))
