"""The fields with many numbers a point, of one mass, ready for kernels/fast/ratios.py and predictions.py."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from zdscan.evaluation.monomials import Floats
from zdscan.evaluation.points import Axes
from zdscan.kernels.fast.ratios import ClauseList, evaluate_ratios
from zdscan.kernels.tables import clauses as _clauses
from zdscan.kernels.tables import mass as _mass

_BOUNDS = (_clauses.UP, _clauses.DOWN)


def clause_list(clauses: Floats) -> ClauseList:
    """The clauses of a mass: float64[slots, LENGTH]."""
    applied = clauses[clauses[:, _clauses.APPLIES] != 0.0]
    coefficients, numbers = applied[:, _clauses.POLYNOMIAL :], applied[:, : _clauses.POLYNOMIAL].copy()
    numbers[:, _BOUNDS] = 1.0 / (numbers[:, _BOUNDS] * np.array([1.0, -1.0]))  # of none: 0
    used = np.flatnonzero(np.any(coefficients != 0.0, axis=0))
    place = np.zeros(_clauses.MONOMIALS, dtype=np.int64)
    place[used] = np.arange(len(used))
    clause, monomial = np.nonzero(coefficients)
    return ClauseList(
        used=np.ascontiguousarray(_clauses.EXPONENTS[used]),
        end=np.searchsorted(clause, np.arange(len(applied)), side="right"),
        term=place[monomial],
        value=coefficients[clause, monomial],
        numbers=numbers,
    )


class DirectFields:
    """Ratios of one mass by the reference's formulas, in vectors; threads may share it.

    Parameters
    ----------
    mass_tables, matrix : of the mass; clauses : its clauses, float64[slots, LENGTH].
    """

    def __init__(self, mass_tables: Floats, matrix: Floats, clauses: Floats) -> None:
        self._header, self._matrix = mass_tables[: _mass.HEADER], matrix
        self._packed = clauses

    @cached_property
    def _clauses(self) -> ClauseList:
        return clause_list(self._packed)

    def fill(self, name: str, axes: Axes, first: int, largest: float, out: NDArray[np.float32]) -> None:
        """Fill a field of `DIRECT` at the points from `first` on in C order of the axes: out float32[n, columns].

        largest : numbers beyond are replaced by it.
        """
        evaluate_ratios(self._clauses, self._header, self._matrix, *axes, first, largest, out)
