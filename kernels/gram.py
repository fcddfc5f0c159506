"""chi2 of whole planes as a polynomial: tables of the rows, whitened, times what multiplies them, squared.

Each whitened row is a sum over monomials m of the couplings, r_w = sum_m V_wm m, hence chi2 = sum_mn (V^T V)_mn m n.
docs/performance.md says when the squares may be expanded.
"""

from __future__ import annotations

import numpy as np

from kernels.jit import njit


@njit
def expand(
    tables: np.ndarray,
    lepton: np.ndarray,
    residual: np.ndarray,
    whitening: np.ndarray,
    products: np.ndarray,
    pair: np.ndarray,
    out: np.ndarray,
    norms: np.ndarray,
) -> None:
    """Coefficients of chi2 in the couplings, for each of N sets of tables.

    Parameters
    ----------
    tables : float64[N, rows, K]; lepton : int64[rows], 0 e, 1 mu; residual : float64[rows], Standard Model - measured.
    whitening : float64[W, rows], chi2 = |whitening (prediction - measured)|^2.
    products : float64[2, K, M], what multiplies a table of each lepton, over monomials; monomial 0 is 1.
    pair : int64[M, M], place of a product of two monomials.
    out : float64[N, E], filled; norms : float64[N, M], lengths of the columns V_m, filled.
    """
    sets, rows, count = tables.shape
    monomials, errors = products.shape[2], whitening.shape[0]
    prediction, column = np.empty(rows * monomials), np.empty(monomials)
    whole = np.empty(monomials * monomials)
    for n in range(sets):
        for r in range(rows):
            at = np.uint64(r * monomials)
            for m in range(monomials):
                prediction[at + np.uint64(m)] = 0.0
            prediction[at] = residual[r]
            for k in range(count):
                table, factors = tables[n, r, k], products[lepton[r], k]
                for m in range(monomials):
                    prediction[at + np.uint64(m)] += table * factors[m]
        for m in range(monomials * monomials):
            whole[m] = 0.0
        for w in range(errors):
            for m in range(monomials):
                column[m] = 0.0
            for r in range(rows):
                weight, at = whitening[w, r], np.uint64(r * monomials)
                if weight != 0.0:
                    for m in range(monomials):
                        column[m] += weight * prediction[at + np.uint64(m)]
            for m in range(monomials):
                weight, at = column[m], np.uint64(m * monomials)
                for other in range(monomials):
                    whole[at + np.uint64(other)] += weight * column[other]
        for e in range(out.shape[1]):
            out[n, e] = 0.0
        for m in range(monomials):
            norms[n, m] = np.sqrt(whole[m * monomials + m])
            for other in range(monomials):
                out[n, pair[m, other]] += whole[m * monomials + other]
