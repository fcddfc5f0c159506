"""Constraint bits of whole bundles and tiles, and the inequalities that are left to their points.

An inequality excludes where a polynomial D(b, u) > 0 (zdscan/evaluation/inequalities.py). Evaluating some thirty of
them at every point would cost more than chi2. But D hardly changes over sixteen neighbouring lines: interval bounds of
its coefficients over the couplings of a bundle decide about two thirds of all inequalities at once, the same bounds
over a tile most of the rest; points are left with three or four. Bundles and tiles lie at fixed places of the axes, so
that a point gets the same bits in whatever run of points it is computed.
"""

from __future__ import annotations

import math

import numpy as np

from zdscan.kernels.fast.collapse import Terms
from zdscan.kernels.fast.window import LENGTH, NUMBERS
from zdscan.kernels.jit import inner

LEAST_WIDTH = 1e-290  # GeV: E/Gamma is finite there
CLEAR = 1e-7  # of what is compared
DEGREES = 7  # coefficients of D in u: a polynomial of degree four in the couplings times a width


@inner
def power_ranges(low: float, high: float, least: np.ndarray, most: np.ndarray) -> None:
    """Ranges of x^k for x from low to high: least, most float64[powers]."""
    x, y = 1.0, 1.0
    for k in range(least.shape[0]):
        least[k], most[k] = min(x, y), max(x, y)
        if k % 2 == 0 and k > 0 and low < 0.0 < high:
            least[k] = 0.0
        x *= low
        y *= high


@inner
def row_ranges(
    terms: Terms, worth: np.ndarray, least: np.ndarray, most: np.ndarray, low: np.ndarray, high: np.ndarray
) -> None:
    """Ranges of all rows over the ranges of the powers of b: low, high float64[rows]; others than terms' are left."""
    last = -1
    for c in range(terms.row.shape[0]):
        row = int(np.int64(terms.row[c]))
        x, y = worth[c] * least[terms.power[c]], worth[c] * most[terms.power[c]]
        if row != last:
            low[row], high[row], last = 0.0, 0.0, row
        low[row] += min(x, y)
        high[row] += max(x, y)


@inner
def _behind_window(window: np.ndarray, at: int, lowest: float, highest: float, narrowest: float, widest: float) -> int:
    """Whether y E(Gamma) > bound h everywhere (1), nowhere (-1), or perhaps (0), for y and Gamma in these ranges.

    Of E/h it is known that it falls with the width. A decision is left open within `CLEAR` of the bound, far beyond the
    error of E at a point: points that are not looked at get the bits they would get if they were.
    """
    start, length, alone, of_width = window[at], window[at + 1], window[at + 2], window[at + 3]
    low, high, bound = max(narrowest, LEAST_WIDTH), max(widest, LEAST_WIDTH), alone + of_width
    # without an exponential: E is at most 1, and at most (b - a) Gamma
    ceiling = 1.0 if alone != 0.0 else min(1.0 / low, length)
    if bound > 0.0 and highest * ceiling <= bound * (1.0 - CLEAR):
        return -1
    size = abs(bound)
    most = math.exp(-start * low)
    if length < np.inf:
        most *= -math.expm1(-length * low)
    if alone == 0.0:
        most /= low
    if highest > 0.0 and highest * most * (1.0 + CLEAR) + CLEAR * size <= bound:
        return -1
    least = math.exp(-start * high)
    if length < np.inf:
        least *= -math.expm1(-length * high)
    if alone == 0.0:
        least /= high
    top = highest * (most if highest > 0.0 else least)
    bottom = lowest * (least if lowest > 0.0 else most)
    if top + CLEAR * (abs(top) + size) <= bound:
        return -1
    return 1 if narrowest > 0.0 and bottom - CLEAR * (abs(bottom) + size) > bound else 0


@inner
def decide(
    low: np.ndarray,
    high: np.ndarray,
    degree: np.ndarray,
    bit: np.ndarray,
    prompt: np.ndarray,
    broadest: np.ndarray,
    window: np.ndarray,
    is_open: bool,
    narrowest: float,
    widest: float,
    least: np.ndarray,
    most: np.ndarray,
    inequalities: np.ndarray,
    count: int,
    left: np.ndarray,
) -> tuple[np.uint64, int]:
    """Decide inequalities[:count], numbers of inequalities.

    Parameters
    ----------
    low, high : float64[T DEGREES], ranges of the coefficients of each inequality; least, most : of `power_ranges` of u.
    degree : int64[T]; bit : uint64[T].
    prompt, broadest : float64[T], least and largest width in GeV where the inequality applies, 0 and infinity for
        everywhere.
    window : float64[T * window.NUMBERS], of `window.apply_window`.
    is_open : whether a channel is open on all lines; if not, inequalities behind a window are left.
    narrowest, widest : range of the width, GeV.
    left : int64[T], filled with the inequalities that remain to be looked at.

    Returns
    -------
    Bits that are set everywhere, and how many inequalities remain.
    """
    bits, remaining = np.uint64(0), 0
    for k in range(count):
        t = inequalities[k]
        if bits & bit[t] != 0 or narrowest > broadest[t]:
            continue
        row = t * DEGREES
        lowest, highest = low[row], high[row]
        for d in range(1, degree[t] + 1):
            x, y = low[row + d] * least[d], low[row + d] * most[d]
            z, w = high[row + d] * least[d], high[row + d] * most[d]
            lowest += min(min(x, y), min(z, w))
            highest += max(max(x, y), max(z, w))
        at = t * NUMBERS
        if window[at + LENGTH] > 0.0:
            verdict = _behind_window(window, at, lowest, highest, narrowest, widest) if is_open else 0
            if verdict > 0 and widest <= broadest[t]:
                bits |= bit[t]
            elif verdict >= 0:
                left[remaining] = t
                remaining += 1
            continue
        if highest <= 0.0 or widest < prompt[t]:
            continue
        if lowest > 0.0 and narrowest >= prompt[t] and widest <= broadest[t]:
            bits |= bit[t]
            continue
        left[remaining] = t
        remaining += 1
    found, remaining = remaining, 0
    for k in range(found):  # what another inequality of its constraint has decided meanwhile need not be looked at
        left[remaining] = left[k]
        remaining += 1 if bits & bit[left[k]] == 0 else 0
    return bits, remaining
