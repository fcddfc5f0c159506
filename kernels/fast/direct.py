"""chi2 of rates and quotients row by row at points beyond the small-width law, from exact tables. docs/angular.md.

All points of a call have widths in one range, on which the tables of all forms are interpolated between a few nodes.
A point is computed by itself, so that its bytes do not depend on the others.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from zdscan.kernels.jit import inner, njit

NODES = 6  # of a range; its singularities are 1 away in x, its ends at |x| < 0.087: to 1e-8
AT_ONCE = 3  # tables that are added at once


class Counted(NamedTuple):
    """Rows that are counted, family by family, and their errors.

    numerator, denominator : int64[r], places among the forms, -1 for a denominator of 1; factor, measured : float64[r].
    start : int64[F + 1], rows of each family.
    whitening : float64[...], columns of the lower triangular factor of each family, one family after the other.
    directions : float64[r, K], what a row adds to each direction.
    """

    numerator: np.ndarray
    denominator: np.ndarray
    factor: np.ndarray
    measured: np.ndarray
    start: np.ndarray
    whitening: np.ndarray
    directions: np.ndarray


@inner
def _forms(weights: np.ndarray, factors: np.ndarray, n: int, tables: np.ndarray, begin: int, out: np.ndarray) -> None:
    """Add tables float64[NODES * K, F] times weights[NODES] and factors[n, K] to F numbers of out from `begin`."""
    first, size = np.uint64(begin), tables.shape[1]
    for k in range(factors.shape[1]):
        f = factors[n, k]
        for node in range(0, NODES, AT_ONCE):
            row = k * NODES + node
            a, b, c = f * weights[node], f * weights[node + 1], f * weights[node + 2]
            x, y, z = tables[row], tables[row + 1], tables[row + 2]
            for i in range(size):
                j = np.uint64(i)
                out[first + j] += a * x[j] + (b * y[j] + c * z[j])


@inner
def _chi2(
    numerator: np.ndarray,
    denominator: np.ndarray,
    factor: np.ndarray,
    measured: np.ndarray,
    start: np.ndarray,
    whitening: np.ndarray,
    directions: np.ndarray,
    forms: np.ndarray,
    pulls: np.ndarray,
    common: np.ndarray,
) -> float:
    """chi2 at one point: forms float64[F]; pulls, common : work space."""
    at, total, size = 0, 0.0, directions.shape[1]
    for k in range(size):
        common[k] = 0.0
    for family in range(start.shape[0] - 1):
        first, last = start[family], start[family + 1]
        count = last - first
        for j in range(count):
            pulls[j] = 0.0
        for i in range(count):
            row = first + i
            value = forms[numerator[row]] * factor[row]
            if denominator[row] >= 0:
                value /= forms[denominator[row]]
            value -= measured[row]
            for j in range(i, count):
                pulls[np.uint64(j)] += whitening[np.uint64(at + j)] * value
            at += count
            for k in range(size):
                common[np.uint64(k)] += directions[np.uint64(row), np.uint64(k)] * value
        even, odd = 0.0, 0.0
        for j in range(0, count - 1, 2):
            even += pulls[j] * pulls[j]
            odd += pulls[j + 1] * pulls[j + 1]
        if count % 2 == 1:
            even += pulls[count - 1] * pulls[count - 1]
        total += even + odd
    for k in range(size):
        total -= common[k] * common[k]
    return total


@njit
def evaluate_direct(
    weights: np.ndarray,
    electron_factors: np.ndarray,
    electron_tables: np.ndarray,
    muon_factors: np.ndarray,
    muon_tables: np.ndarray,
    sm: np.ndarray,
    counted: Counted,
    work: np.ndarray,
    out: np.ndarray,
) -> None:
    """chi2 of n points.

    Parameters
    ----------
    weights : float64[n, NODES], what each node counts.
    electron_factors, muon_factors : float64[n, K], what multiplies the tables of forms of each lepton.
    electron_tables, muon_tables : float64[NODES * K, F] at the nodes, a table's nodes next to each other.
    sm : float64[F], Standard Model, the electrons first.
    work : float64[3, at least F, r, K]; out : float64[n], filled.
    """
    forms, pulls, common = work[0], work[1], work[2]
    for n in range(out.shape[0]):
        for f in range(sm.shape[0]):
            forms[f] = sm[f]
        _forms(weights[n], electron_factors, n, electron_tables, 0, forms)
        _forms(weights[n], muon_factors, n, muon_tables, electron_tables.shape[1], forms)
        out[n] = _chi2(
            *(counted.numerator, counted.denominator, counted.factor, counted.measured, counted.start),
            *(counted.whitening, counted.directions, forms, pulls, common),
        )
