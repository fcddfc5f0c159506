"""Sigmas of a difference in chi2 undo its levels, and go on where probabilities are too small for a float."""

from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest

from zdscan.analysis.views.regions import levels
from zdscan.analysis.views.sigmas import sigmas_of


@pytest.mark.parametrize("parameters", [1, 2, 3, 4])
def test_they_undo_the_levels(parameters: int) -> None:
    sigmas = (0.5, 1.0, 2.0, 3.0, 5.0, 8.0)
    # scipy's quantiles are good to some 1e-13 of the probability
    np.testing.assert_allclose(sigmas_of(levels(parameters, sigmas), parameters), sigmas, rtol=1e-10)


@pytest.mark.parametrize("parameters", [1, 2, 3, 4])
@pytest.mark.parametrize("delta", [1e-3, 2.5, 700.0, 3e4])
def test_far_from_the_best_fit(parameters: int, delta: float) -> None:
    """With many digits: the sigmas found have the probability of the chi2 outside, both from incomplete integrals."""
    sigma = float(sigmas_of(delta, parameters))
    with mp.workdps(50):
        outside = mp.gammainc(mp.mpf(parameters) / 2, mp.mpf(delta) / 2, mp.inf, regularized=True)
        gaussian = mp.erfc(mp.mpf(sigma) / mp.sqrt(2))
        # a probability of sigma squared over 2 in the exponent loses as many digits as that has
        assert abs(gaussian / outside - 1) < 1e-11 * max(1.0, sigma**2)


def test_no_difference_and_what_is_none() -> None:
    found = sigmas_of([0.0, -1e-6, np.nan, np.inf], 3)
    np.testing.assert_array_equal(found, [0.0, 0.0, np.nan, np.inf])
    assert sigmas_of([[1.0, 4.0]], 1).shape == (1, 2)
