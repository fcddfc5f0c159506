"""chi2 with relative theory errors against the inverse of each covariance, made element by element."""

from __future__ import annotations

import numpy as np

from zdscan.kernels.reference.scaled import AT_ONCE, chi2


def test_against_the_inverse_of_each_covariance() -> None:
    rng = np.random.default_rng(3)
    rows, points = 6, AT_ONCE + 3
    experimental, theory = (m @ m.T + np.eye(rows) for m in rng.normal(size=(2, rows, rows)))
    factors, residuals = rng.uniform(0.2, 3.0, (rows, points)), rng.normal(size=(rows, points))
    found = chi2(experimental, theory, factors, residuals)
    for n in range(points):
        covariance = np.array(
            [
                [experimental[i, j] + factors[i, n] * theory[i, j] * factors[j, n] for j in range(rows)]
                for i in range(rows)
            ]
        )
        expected = residuals[:, n] @ np.linalg.inv(covariance) @ residuals[:, n]
        np.testing.assert_allclose(found[n], expected, rtol=1e-10)
    alone = chi2(experimental, theory, factors[:, 5:6], residuals[:, 5:6])
    assert alone[0] == found[5]  # the same bits in whatever company


def test_what_is_no_number_is_infinite() -> None:
    one = np.eye(2)
    found = chi2(one, one, np.array([[1.0, np.inf, 1.0]] * 2), np.array([[1.0, 1.0, np.nan]] * 2))
    np.testing.assert_array_equal(found, [1.0, np.inf, np.inf])
