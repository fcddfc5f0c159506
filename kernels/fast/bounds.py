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
def gather(
    low: np.ndarray,
    high: np.ndarray,
    degree: np.ndarray,
    inequalities: np.ndarray,
    count: int,
    some_low: np.ndarray,
    some_high: np.ndarray,
) -> int:
    """Ranges of the coefficients of inequalities[:count], those of one power side by side, for `decide`.

    low, high : float64[T DEGREES]; some_low, some_high : float64[DEGREES T], filled up to the highest degree among
        them, which is returned.
    """
    top, rows = 0, np.uint64(DEGREES)
    for k in range(count):
        top = max(top, degree[inequalities[k]])
    for power in range(top + 1):
        begin, shift = np.uint64(power * degree.shape[0]), np.uint64(power)
        for k in range(count):
            at, row = begin + np.uint64(k), np.uint64(inequalities[k]) * rows + shift
            some_low[at], some_high[at] = low[row], high[row]
    return top


@inner
def ranges_of(
    low: np.ndarray,
    high: np.ndarray,
    size: int,
    count: int,
    top: int,
    least: np.ndarray,
    most: np.ndarray,
    lowest: np.ndarray,
    highest: np.ndarray,
) -> None:
    """Ranges of the polynomials of `gather` over the powers of u, all at once: lowest, highest float64[T]."""
    for k in range(count):
        lowest[k], highest[k] = low[k], high[k]
    for power in range(1, top + 1):
        p, q, begin = least[power], most[power], np.uint64(power * size)
        for k in range(count):
            at = begin + np.uint64(k)
            x, y, z, w = low[at] * p, low[at] * q, high[at] * p, high[at] * q
            x, y, z, w = x if x < y else y, x if x > y else y, z if z < w else w, z if z > w else w
            lowest[k] += x if x < z else z
            highest[k] += y if y > w else w


@inner
def _behind_window(window: np.ndarray, at: int, lowest: float, highest: float, narrowest: float, widest: float) -> int:
    """Whether y E(Gamma) > bound h everywhere (1), nowhere (-1), or perhaps (0), for y and Gamma in these ranges.

    Of E/h it is known that it falls with the width. A decision is left open within `CLEAR` of the bound, far beyond the
    error of E at a point: points that are not looked at get the bits they would get if they were. Exponentials are
    bracketed by fractions first, which decide most tiles: 1 - x <= exp(-x) <= 1/(1 + x + x^2/2).
    """
    start, length, alone, of_width = window[at], window[at + 1], window[at + 2], window[at + 3]
    low, high, bound = max(narrowest, LEAST_WIDTH), max(widest, LEAST_WIDTH), alone + of_width
    size, x, y = CLEAR * abs(bound), start * low, start * high
    # E/h at both ends: an upper bound of the first, a lower one of the second
    most, least = 1.0 / (1.0 + x * (1.0 + 0.5 * x)), max(1.0 - y, 0.0)
    if alone == 0.0:
        most *= min(1.0 / low, length)
        least *= length / (1.0 + length * high) if length < np.inf else 1.0 / high
    for exact in range(2):
        if exact == 1:
            most, least = math.exp(-x), math.exp(-y)
            if length < np.inf:
                most *= -math.expm1(-length * low)
                least *= -math.expm1(-length * high)
            if alone == 0.0:
                most /= low
                least /= high
        top = highest * (most if highest > 0.0 else least)
        bottom = lowest * (least if lowest > 0.0 else most)
        if top + CLEAR * abs(top) + size <= bound:
            return -1
        if narrowest > 0.0 and bottom - CLEAR * abs(bottom) - size > bound:
            return 1
        # where even so the bound lies between the ends, no exponential will help
        if highest > 0.0 and highest * least > bound and lowest * most <= bound and (lowest > 0.0 or bound >= 0.0):
            return 0
    return 0


@inner
def decide(
    low: np.ndarray,
    high: np.ndarray,
    top: int,
    lowest: np.ndarray,
    highest: np.ndarray,
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
    low, high, top : of `gather` for these inequalities; least, most : of `power_ranges` of u.
    lowest, highest : float64[T] to work in.
    bit : uint64[T].
    prompt, broadest : float64[T], least and largest width in GeV where the inequality applies, 0 and infinity for
        everywhere.
    window : float64[T * window.NUMBERS], of `window.shares`.
    is_open : whether a channel is open on all lines; if not, inequalities behind a window are left.
    narrowest, widest : range of the width, GeV.
    left : int64[T], filled with the inequalities that remain to be looked at.

    Returns
    -------
    Bits that are set everywhere, and how many inequalities remain.
    """
    ranges_of(low, high, bit.shape[0], count, top, least, most, lowest, highest)
    bits, remaining = np.uint64(0), 0
    for k in range(count):
        t = inequalities[k]
        if bits & bit[t] != 0 or narrowest > broadest[t] or widest < prompt[t]:
            continue
        everywhere = narrowest >= prompt[t] and widest <= broadest[t]
        if window[t * NUMBERS + LENGTH] > 0.0:
            verdict = 0
            if is_open:
                verdict = _behind_window(window, t * NUMBERS, lowest[k], highest[k], narrowest, widest)
            if verdict < 0:
                continue
            everywhere = everywhere and verdict > 0
        elif highest[k] <= 0.0:
            continue
        else:
            everywhere = everywhere and lowest[k] > 0.0
        if everywhere:
            bits |= bit[t]
        else:
            left[remaining] = t
            remaining += 1
    found, remaining = remaining, 0
    for k in range(found):  # what another inequality of its constraint has decided meanwhile need not be looked at
        left[remaining] = left[k]
        remaining += 1 if bits & bit[left[k]] == 0 else 0
    return bits, remaining
