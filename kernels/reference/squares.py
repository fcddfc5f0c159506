"""chi2 of the points of one line in the reference evaluation, from the rows' polynomials or from predictions."""

from __future__ import annotations

import numpy as np

from zdscan.kernels.jit import inner
from zdscan.kernels.reference.line import triangularise


@inner
def extent_of_rows(whitening: np.ndarray) -> np.ndarray:
    """First and one past the last nonzero column of each row: int64[m, 2]."""
    out = np.zeros((whitening.shape[0], 2), dtype=np.int64)
    for i in range(whitening.shape[0]):
        for r in range(whitening.shape[1]):
            if whitening[i, r] != 0.0:
                if out[i, 1] == 0:
                    out[i, 0] = r
                out[i, 1] = r + 1
    return out


@inner
def whitened(
    whitening: np.ndarray,
    extent: np.ndarray,
    c0: np.ndarray,
    measured: np.ndarray,
    regular: np.ndarray,
    resonant: np.ndarray,
    n_regular: int,
    n_resonant: int,
    out: np.ndarray,
) -> None:
    """Triangular factor of the whitened residuals along a line; columns u^1.., u^0/Gamma.., 1."""
    rows = whitening.shape[0]
    columns = n_regular + n_resonant + 1
    out[:] = 0.0
    for i in range(rows):
        for r in range(extent[i, 0], extent[i, 1]):
            w = whitening[i, r]
            for k in range(n_regular):
                out[i, k] += w * regular[r, k + 1]
            for k in range(n_resonant):
                out[i, n_regular + k] += w * resonant[r, k]
            out[i, columns - 1] += w * (c0[r] + regular[r, 0] - measured[r])
    triangularise(out, rows, columns)


@inner
def sum_of_squares(factor: np.ndarray, monomials: np.ndarray, count: int, chi2: np.ndarray) -> None:
    """chi2[i] = |factor (monomials[:, i], 1)|^2 for an upper triangular factor; three columns a pass."""
    columns = monomials.shape[0] + 1
    chi2[:count] = 0.0
    pull = np.empty(count)
    for i in range(min(columns, factor.shape[0])):
        constant = factor[i, columns - 1]
        for n in range(count):
            pull[n] = constant
        k = i
        while k + 3 < columns:
            c0, c1, c2 = factor[i, k], factor[i, k + 1], factor[i, k + 2]
            for n in range(count):
                pull[n] += c0 * monomials[k, n] + c1 * monomials[k + 1, n] + c2 * monomials[k + 2, n]
            k += 3
        while k + 1 < columns:
            c0 = factor[i, k]
            for n in range(count):
                pull[n] += c0 * monomials[k, n]
            k += 1
        for n in range(count):
            chi2[n] += pull[n] * pull[n]


@inner
def direct_chi2(whitening: np.ndarray, extent: np.ndarray, predictions: np.ndarray, measured: np.ndarray) -> float:
    """chi2 of one point from its predictions."""
    total = 0.0
    for i in range(whitening.shape[0]):
        pull = 0.0
        for r in range(extent[i, 0], extent[i, 1]):
            pull += whitening[i, r] * (predictions[r] - measured[r])
        total += pull * pull
    return total


@inner
def fill_monomials(
    u: np.ndarray, inverse_width: np.ndarray, n_regular: int, n_resonant: int, monomials: np.ndarray
) -> None:
    """Powers u^1.. and u^0/Gamma.. along a line."""
    for k in range(n_regular):
        for i in range(u.shape[0]):
            monomials[k, i] = u[i] if k == 0 else monomials[k - 1, i] * u[i]
    for k in range(n_resonant):
        for i in range(u.shape[0]):
            previous = inverse_width[i] if k == 0 else monomials[n_regular + k - 1, i] * u[i]
            monomials[n_regular + k, i] = previous
