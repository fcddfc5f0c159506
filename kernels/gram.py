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
    pair : int64[M, M], place of a product of two monomials, -1 where one of them cannot occur.
    out : float64[N, E], filled; norms : float64[N, M], lengths of the columns V_m, filled.
    """
    sets, rows, count = tables.shape
    monomials, errors = products.shape[2], whitening.shape[0]
    columns = np.empty((errors, monomials))
    whole = np.empty((monomials, monomials))
    weighted = np.empty(errors)
    for n in range(sets):
        for w in range(errors):
            for m in range(monomials):
                columns[w, m] = 0.0
            for r in range(rows):
                columns[w, 0] += whitening[w, r] * residual[r]
        for lep in range(2):
            for k in range(count):
                for w in range(errors):
                    weighted[w] = 0.0
                for r in range(rows):
                    if lepton[r] == lep:
                        for w in range(errors):
                            weighted[w] += whitening[w, r] * tables[n, r, k]
                for m in range(monomials):
                    if products[lep, k, m] != 0.0:
                        for w in range(errors):
                            columns[w, m] += products[lep, k, m] * weighted[w]
        for m in range(monomials):
            for other in range(monomials):
                whole[m, other] = 0.0
        for w in range(errors):
            v = columns[w]
            for m in range(monomials):
                for other in range(monomials):
                    whole[m, other] += v[m] * v[other]
        for e in range(out.shape[1]):
            out[n, e] = 0.0
        for m in range(monomials):
            norms[n, m] = np.sqrt(whole[m, m])
            for other in range(monomials):
                if pair[m, other] >= 0:
                    out[n, pair[m, other]] += whole[m, other]
