"""chi2 of whole planes as a polynomial: tables of the rows, whitened, times what multiplies them, squared.

Each whitened row is a sum over monomials m of the couplings, r_w = sum_m V_wm m, hence chi2 = sum_mn (V^T V)_mn m n.
docs/performance.md says when the squares may be expanded.
"""

from __future__ import annotations

import numpy as np


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
    columns = ((whitening * (lepton == 0)) @ tables) @ products[0]
    columns += ((whitening * (lepton == 1)) @ tables) @ products[1]
    columns[:, :, 0] += whitening @ residual
    whole = columns.transpose(0, 2, 1) @ columns
    norms[:] = np.sqrt(np.diagonal(whole, axis1=1, axis2=2))
    place = pair.ravel()
    for n in range(len(tables)):
        out[n] = np.bincount(place, whole[n].ravel(), out.shape[1])
