"""chi2 with theory errors in proportion to the predictions: one covariance for each point. docs/statistics.md.

chi2 = r^T (E + F T F)^-1 r, F = diag(row / its Standard Model value)
"""

from __future__ import annotations

import numpy as np

AT_ONCE = 64  # points: 64 matrices of 170 rows are 15 MB


def chi2(experimental: np.ndarray, theory: np.ndarray, factors: np.ndarray, residuals: np.ndarray) -> np.ndarray:
    """r^T (E + F T F)^-1 r: experimental, theory float64[r, r], factors, residuals float64[r, n]; float64[n].

    A residual that is no number or infinite makes an infinite chi2.
    """
    total = np.zeros(residuals.shape[1])
    sizes = np.isfinite(factors).all(axis=0) & np.isfinite(residuals).all(axis=0)
    finite, total[~sizes] = np.flatnonzero(sizes), np.inf
    for start in range(0, len(finite), AT_ONCE):
        some = finite[start : start + AT_ONCE]
        scale, residual = factors[:, some].T, residuals[:, some].T
        covariance = experimental + theory * scale[:, :, None] * scale[:, None, :]
        solved = np.linalg.solve(covariance, residual[:, :, None])[:, :, 0]  # each matrix by itself
        for row in range(residual.shape[1]):
            total[some] += residual[:, row] * solved[:, row]
    return total
