"""From a difference in chi2 to Gaussian standard deviations, however large it is."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import erfcx, gammaln, logsumexp, ndtri_exp

Array = NDArray[np.float64]


def sigmas_of(delta: ArrayLike, parameters: int) -> Array:
    """The sigmas whose `zdscan.analysis.views.regions.levels` are these differences, for so many fitted parameters.

    With one parameter the root of the difference; 0 at and below 0, NaN where there is no difference, infinite where
    it is.
    """
    difference = np.asarray(delta, dtype=np.float64)
    finite = np.isfinite(difference)
    log_probability = _log_tail(np.where(finite, np.maximum(difference, 0.0), 0.0), parameters)
    # of a Gaussian both tails count; near 0 half of the probability may round to a little more than one half
    found = np.maximum(-ndtri_exp(np.minimum(log_probability, 0.0) - np.log(2.0)), 0.0)
    return np.where(finite, found, np.where(difference < 0.0, 0.0, difference))


def _log_tail(delta: Array, parameters: int) -> Array:
    """The logarithm of the probability of a larger chi2, without the underflow of the probability itself.

    The sum that ends the recursion of the incomplete gamma function: DLMF 8.8.2 from 8.4.6 or 8.4.8.
    """
    half = delta[..., None] / 2.0
    odd = parameters % 2
    powers = np.arange(odd / 2.0, parameters / 2.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(powers == 0.0, 0.0, powers * np.log(half)) - gammaln(powers + 1.0) - half
    if odd:
        first = np.log(erfcx(np.sqrt(half))) - half
        terms = np.concatenate([first, terms], axis=-1)
    return np.asarray(logsumexp(terms, axis=-1))
