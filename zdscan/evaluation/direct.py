"""The fields with many numbers a point, of one mass, ready for kernels/fast/ratios.py and predictions.py."""

from __future__ import annotations

import threading
from functools import cached_property
from operator import and_
from typing import cast

import numpy as np
from numpy.typing import NDArray

from zdscan.evaluation.broad import BandTables
from zdscan.evaluation.monomials import Floats
from zdscan.evaluation.points import Axes
from zdscan.kernels.fast.direct import POINTS
from zdscan.kernels.fast.predictions import FACTORS, RowList, evaluate_predictions
from zdscan.kernels.fast.ratios import ClauseList, evaluate_ratios
from zdscan.kernels.physics.bsll import LINEAR, linear_products, quadratic_products
from zdscan.kernels.physics.couplings import V_E
from zdscan.kernels.tables import bands as _bands
from zdscan.kernels.tables import clauses as _clauses
from zdscan.kernels.tables import mass as _mass
from zdscan.physics.rows import Likelihood

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
    """Ratios and predictions of one mass by the reference's formulas, in vectors; threads may share it.

    Parameters
    ----------
    mass_tables, matrix : of the mass; likelihood : the rows; bands : their exact tables.
    """

    def __init__(self, mass_tables: Floats, matrix: Floats, likelihood: Likelihood, bands: BandTables) -> None:
        self._tables, self._matrix = mass_tables, matrix
        self._likelihood, self._exact = likelihood, bands
        self._lock, self._listed = threading.Lock(), cast(RowList | None, None)
        self._ready = np.zeros(_bands.BANDS, dtype=np.bool_)

    @cached_property
    def _clauses(self) -> ClauseList:
        rows = self._likelihood
        return clause_list(_mass.clause_tables(self._tables, len(rows.rates), rows.form_count))

    @property
    def _rows(self) -> RowList:
        rows = self._likelihood
        with self._lock:  # one list for all threads, whose bands are filled as they are needed
            if self._listed is None:
                vertex = self._tables[_mass.MONOPOLE : _mass.MONOPOLE + 9].reshape(3, 3)
                self._listed = row_list(_mass.row_tables(self._tables, len(rows.rates)), self._matrix, vertex, rows)
            return self._listed

    def ratios(self, axes: Axes, first: int, largest: float, out: NDArray[np.float32]) -> None:
        """The ratios of the points from `first` on in C order of the axes: out float32[n, constraints], filled.

        largest : numbers beyond are replaced by it.
        """
        evaluate_ratios(self._clauses, self._tables[: _mass.HEADER], self._matrix, *axes, first, largest, out)

    def predictions(self, axes: Axes, first: int, largest: float, out: NDArray[np.float32]) -> NDArray[np.intp]:
        """The rows of the points from `first` on, if all are rates: out float32[n, rows], filled.

        Returns the places of points whose widths are in no band, where rows are not valid.
        """
        rows = self._rows
        lost, places = np.empty(len(out), dtype=np.uint8), np.empty(2 * len(out), dtype=np.int64)
        work = np.empty(len(rows.sm) * POINTS, dtype=np.float32)
        while True:
            ready, needed = self._ready.copy(), np.zeros(_bands.BANDS, dtype=np.bool_)
            points = (self._tables[: _mass.HEADER], self._matrix, *axes, first, largest)
            count = evaluate_predictions(rows, *points, ready, needed, out, lost, work, places)
            if not np.any(needed):
                return np.flatnonzero(lost) if count else np.empty(0, dtype=np.intp)
            self._fill(needed)

    def _fill(self, needed: NDArray[np.bool_]) -> None:
        rows = self._rows
        with self._lock:
            for band in np.flatnonzero(needed & ~self._ready).tolist():
                tables = self._exact.of(band).copy()
                tables[:, :, LINEAR:] *= _bands.node_widths(band)[:, None, None]
                rows.bands[band] = tables.transpose(1, 2, 0)
                self._ready[band] = True


def row_list(tables: Floats, matrix: Floats, vertex: Floats, likelihood: Likelihood) -> RowList:
    """The rates of a mass: tables float64[rows, PER_ROW], matrix float64[18, 3], vertex float64[3, 3]."""
    lepton = likelihood.lepton
    forms = np.any(matrix[V_E : V_E + 4] != 0.0, axis=1).reshape(2, 2)
    alive = np.array([_products_alive([*forms[k].tolist(), *np.any(vertex != 0.0, axis=1).tolist()]) for k in (0, 1)])
    linear, quadratic = alive[:, :LINEAR], alive[:, LINEAR:]
    factors = np.concatenate([linear, linear, quadratic, quadratic], axis=1)
    row, factor = np.nonzero((tables[:, :-1] != 0.0) & factors[lepton])
    return RowList(
        sm=likelihood.sm[likelihood.rates],
        limit=np.ascontiguousarray(tables[:, -1]),
        lepton=lepton,
        couples=forms.any(axis=1).astype(np.uint8),
        end=np.searchsorted(row, np.arange(len(tables)), side="right"),
        term=lepton[row] * FACTORS + factor,
        value=tables[row, factor],
        live=np.flatnonzero(alive.any(axis=0)),
        bands=np.empty((_bands.BANDS, len(tables), _bands.TABLES, _bands.NODES)),
    )


def _products_alive(forms: list[bool]) -> list[bool]:
    """Which products of v, a, E0, E2, M1 are not always zero, of those that are not."""
    return linear_products(*forms, times=and_) + quadratic_products(*forms, times=and_, times_squares=and_)
