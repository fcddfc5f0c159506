"""chi2 of rates and quotients row by row at points beyond the small-width law, from exact tables. docs/angular.md.

All points of a call have widths in one range, on which the tables of all forms are interpolated between a few nodes.
A point is computed by itself, so that its bytes do not depend on the others.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from zdscan.kernels.jit import inner, njit
from zdscan.kernels.stack import local

NODES = 6  # of a range; its singularities are 1 away in x, its ends at |x| < 0.087: to 1e-8
LANES = 16  # points that are computed at once
_WEIGHTS = NODES * LANES
_L1, _L2, _L3, _L4, _L5 = (np.uint64(n * LANES) for n in range(1, NODES))


class Counted(NamedTuple):
    """Rows that are counted, family by family, and their errors.

    numerator, denominator : int64[r], places among the forms; the second is the same in a family, -1 where it is 1.
    factor, measured : float64[r].
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
def _forms(
    factors: np.ndarray, weights: np.ndarray, tables: np.ndarray, begin: int, w: np.ndarray, forms: np.ndarray
) -> None:
    """Add tables times factors float64[K, LANES] and weights float64[NODES, LANES] to forms[F * LANES] from `begin`.

    tables : float64[K, F, NODES]; w : float64[NODES * LANES], work space.
    """
    for k in range(tables.shape[0]):
        for node in range(NODES):
            for i in range(LANES):
                w[np.uint64(node * LANES + i)] = weights[node, np.uint64(i)] * factors[k, np.uint64(i)]
        for f in range(tables.shape[1]):
            t0, t1, t2 = tables[k, f, 0], tables[k, f, 1], tables[k, f, 2]
            t3, t4, t5 = tables[k, f, 3], tables[k, f, 4], tables[k, f, 5]
            at = np.uint64((begin + f) * LANES)
            for i in range(LANES):
                j = np.uint64(i)
                one = t0 * w[j] + (t1 * w[j + _L1] + t2 * w[j + _L2])
                forms[at + j] += one + (t3 * w[j + _L3] + (t4 * w[j + _L4] + t5 * w[j + _L5]))


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
    total: np.ndarray,
) -> None:
    """chi2 at LANES points: forms float64[F * LANES]; pulls, common : work space; total float64[LANES], filled."""
    inverse, value = local(LANES), local(LANES)
    at = 0
    for k in range(directions.shape[1] * LANES):
        common[np.uint64(k)] = 0.0
    for i in range(LANES):
        total[i] = 0.0
    for family in range(start.shape[0] - 1):
        first, last = start[family], start[family + 1]
        count = last - first
        if count == 0:
            continue
        below = denominator[first]
        for i in range(LANES):
            inverse[i] = 1.0 / forms[np.uint64(below * LANES + i)] if below >= 0 else 1.0
        for k in range(count * LANES):
            pulls[np.uint64(k)] = 0.0
        for r in range(count):
            row = first + r
            above, f, known = np.uint64(numerator[row] * LANES), factor[row], measured[row]
            for i in range(LANES):
                value[i] = f * forms[above + np.uint64(i)] * inverse[i] - known
            for j in range(r, count):
                f, to = whitening[at + j], np.uint64(j * LANES)
                for i in range(LANES):
                    pulls[to + np.uint64(i)] += f * value[i]
            at += count
            for k in range(directions.shape[1]):
                f, to = directions[row, k], np.uint64(k * LANES)
                for i in range(LANES):
                    common[to + np.uint64(i)] += f * value[i]
        for r in range(count):
            of = np.uint64(r * LANES)
            for i in range(LANES):
                total[i] += pulls[of + np.uint64(i)] * pulls[of + np.uint64(i)]
    for k in range(directions.shape[1]):
        of = np.uint64(k * LANES)
        for i in range(LANES):
            total[i] -= common[of + np.uint64(i)] * common[of + np.uint64(i)]


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
    """chi2 of some points, LANES of them at once.

    Parameters
    ----------
    weights : float64[bundles, NODES, LANES], what each node counts.
    electron_factors, muon_factors : float64[bundles, K, LANES], what multiplies the tables of forms of each lepton.
    electron_tables, muon_tables : float64[K, F, NODES].
    sm : float64[F], Standard Model, the electrons first.
    work : float64[3, LANES times the largest of F, r, K]; out : float64[bundles, LANES], filled.
    """
    forms, pulls, common, w = work[0], work[1], work[2], local(_WEIGHTS)
    for n in range(out.shape[0]):
        for f in range(sm.shape[0]):
            for i in range(LANES):
                forms[f * LANES + i] = sm[f]
        _forms(electron_factors[n], weights[n], electron_tables, 0, w, forms)
        _forms(muon_factors[n], weights[n], muon_tables, electron_tables.shape[1], w, forms)
        _chi2(
            *(counted.numerator, counted.denominator, counted.factor, counted.measured, counted.start),
            *(counted.whitening, counted.directions, forms, pulls, common, out[n]),
        )
