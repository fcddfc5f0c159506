"""chi2 of the constraints at points of one mass, by the reference evaluator. docs/statistics.md.

A constraint counts with the likelihood of its clause whose published ratio is the largest at a point. Of constraints on
the same data only the strongest counts, decided for the mass and not for the point.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from zdscan.physics.clause import Clause, Constraint
from zdscan.physics.statistics import at_level, chi2, level_of, standard, statistics_of

Array = NDArray[np.float64]
ValueOf = Callable[[int, int, Clause], Array]  # (number of the constraint, of its clause, clause) -> its values
COMMON = "0.95"  # at this level constraints on the same data are compared
SILENT, WITHOUT = "says nothing at this mass", "no likelihood or no confidence level is behind the bound"


@dataclass(frozen=True)
class ConstraintChi2:
    """chi2 of some constraints at one mass.

    Attributes
    ----------
    constraints : in the order of their bits.
    clauses : of each, with the bounds of their publications.
    """

    constraints: Sequence[Constraint]
    clauses: Sequence[Sequence[Clause]]

    @cached_property
    def left_out(self) -> Mapping[str, str]:
        """The constraints that do not count at this mass, by id, and why."""
        found: dict[str, str] = {}
        strongest: dict[str, tuple[float, str]] = {}
        for item, clauses in zip(self.constraints, self.clauses, strict=True):
            if not clauses:
                found[item.id] = SILENT
            elif not any(statistics_of(item, clause).is_probability for clause in clauses):
                found[item.id] = WITHOUT
            elif item.same_data:
                strength = _strength(item, clauses)
                if item.same_data not in strongest or strength > strongest[item.same_data][0]:
                    strongest[item.same_data] = strength, item.id
        for item in self.constraints:
            first = strongest.get(item.same_data, (0.0, item.id))[1] if item.same_data else item.id
            if first != item.id:
                found.setdefault(item.id, f"made of the same data as {first}, which is stronger at this mass")
        return found

    @property
    def counted(self) -> tuple[str, ...]:
        """The ids of the constraints that count at this mass."""
        return tuple(item.id for item in self.constraints if item.id not in self.left_out)

    @cached_property
    def standard(self) -> Array:
        """chi2 of each constraint without a vector: float64[constraints]; 0 for one that does not count."""
        found: Array = self._of(lambda k, place, clause: np.array([standard(clause)]), None)[0]
        return found

    def at(self, values: Array, widths: Array) -> Array:
        """chi2 of each constraint at points: float64[n, constraints]; 0 for one that does not count.

        Parameters
        ----------
        values : float64[n, slots], what the clauses compare with their bounds, in the slots of their constraints.
        widths : float64[n], total widths, GeV.
        """
        first = np.concatenate([[0], np.cumsum([item.slots for item in self.constraints])]).astype(int)
        return self._of(lambda k, place, clause: values[:, first[k] + place], widths)

    def _of(self, value_of: ValueOf, widths: Array | None) -> Array:
        columns = []
        length = 1 if widths is None else len(widths)
        for k, (item, clauses) in enumerate(zip(self.constraints, self.clauses, strict=True)):
            best, most = np.zeros(length), np.full(length, -np.inf)
            for place, clause in enumerate(() if item.id in self.left_out else clauses):
                value = value_of(k, place, clause)
                ratio = np.maximum((value - clause.centre) / clause.up, (clause.centre - value) / clause.down)
                if widths is not None:
                    ratio = np.where((widths >= clause.min_width) & (widths <= clause.max_width), ratio, -np.inf)
                here = chi2(clause, statistics_of(item, clause), value)
                best, most = np.where(ratio > most, here, best), np.maximum(ratio, most)
            columns.append(best)
        return np.stack(columns, axis=1) if columns else np.zeros((length, 0))


def _strength(item: Constraint, clauses: Sequence[Clause]) -> float:
    """The largest coefficient of a rate over what a common level leaves to it: rates on the same data are alike."""
    strengths = []
    for clause in at_level(item, clauses, level_of(COMMON)):
        rate = max((abs(c) for exponents, c in clause.polynomial.terms.items() if any(exponents)), default=0.0)
        room = clause.centre + clause.up - standard(clause)
        strengths.append(rate / room if room > 0.0 else math.inf)
    return max(strengths)
