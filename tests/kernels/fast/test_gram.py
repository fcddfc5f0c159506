"""chi2 as a polynomial, against the sum of squares."""

from __future__ import annotations

import numpy as np
import pytest

from zdscan.evaluation.monomials import SquareLayout, monomials
from zdscan.kernels.fast.gram import expand


def test_expanded_squares_against_the_squares():
    """chi2 as a polynomial against the sum of squares it was made from, at random couplings."""
    rng = np.random.default_rng(8)
    rows, count = 6, 4
    exponents = monomials(0, 2, 4)
    over_width = np.zeros(len(exponents), dtype=np.int64)
    lepton, residual = np.array([0, 0, 1, 1, 1, 0]), rng.normal(size=rows)
    tables, whitening = rng.normal(size=(2, rows, count)), np.tril(rng.normal(size=(rows, rows)))
    products = rng.normal(size=(2, count, len(exponents)))
    products[:, :, 0] = 0.0
    occurs = np.ones(len(exponents), dtype=bool)
    occurs[[3, 9, 17]] = False
    products[:, :, ~occurs] = 0.0
    expansion = SquareLayout.of(occurs, exponents, over_width)
    terms, norms = np.empty((2, len(expansion.keys))), np.empty((2, occurs.sum()))
    live = np.ascontiguousarray(products[:, :, occurs])
    expand(tables, lepton, residual, whitening, live, expansion.pair, terms, norms)
    for point in rng.uniform(-1.5, 1.5, (20, 3)):
        factors = np.prod(point**exponents, axis=1)
        for n in range(2):
            prediction = residual + np.array([tables[n, r] @ products[lepton[r]] @ factors for r in range(rows)])
            expected = np.sum((whitening @ prediction) ** 2)
            row, b, a = expansion.keys.T
            sizes = terms[n] * point[2] ** row * point[1] ** b * point[0] ** a
            assert sizes.sum() == pytest.approx(expected, abs=1e-13 * np.abs(sizes).sum())
            assert np.sqrt(expected) <= norms[n] @ np.abs(factors[occurs]) * (1 + 1e-12)
