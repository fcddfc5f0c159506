"""Constraint bits of a few lines: what is decided for a whole line, and the tests that are left to its points.

A test excludes where a polynomial D(u) > 0 (zdscan/digest.py). Interval bounds of D over the line's axis decide most
tests at once; the others are handed to the points.
"""

from __future__ import annotations

import numpy as np

from kernels.jit import inner

DEGREES = 7  # coefficients of D: a polynomial of degree four in the couplings times a width


@inner
def power_ranges(low: np.ndarray, high: np.ndarray, least: np.ndarray, most: np.ndarray) -> None:
    """Ranges of u^k for u from low to high: float64[L]; least, most float64[DEGREES, L]."""
    for i in range(low.shape[0]):
        least[0, i], most[0, i] = 1.0, 1.0
        x, y = 1.0, 1.0
        for k in range(1, DEGREES):
            x *= low[i]
            y *= high[i]
            least[k, i], most[k, i] = min(x, y), max(x, y)
            if k % 2 == 0 and low[i] < 0.0 < high[i]:
                least[k, i] = 0.0


@inner
def bounds(
    polynomial: np.ndarray, degree: int, least: np.ndarray, most: np.ndarray, low: np.ndarray, high: np.ndarray
) -> None:
    """Bounds of polynomials float64[> degree, L] over the ranges: low, high float64[L] filled."""
    for i in range(low.shape[0]):
        low[i], high[i] = polynomial[0, i], polynomial[0, i]
    for k in range(1, degree + 1):
        for i in range(low.shape[0]):
            x, y = polynomial[k, i] * least[k, i], polynomial[k, i] * most[k, i]
            low[i] += min(x, y)
            high[i] += max(x, y)


@inner
def decide(
    difference: np.ndarray,
    degree: np.ndarray,
    bit: np.ndarray,
    prompt: np.ndarray,
    width: np.ndarray,
    least: np.ndarray,
    most: np.ndarray,
    bits: np.ndarray,
    pending: np.ndarray,
    pending_count: np.ndarray,
) -> None:
    """Decide the tests of L lines.

    Parameters
    ----------
    difference : float64[T DEGREES, L], D of each test; degree : int64[T]; bit : uint64[T].
    prompt : float64[T], least width in GeV where the test applies, 0 for everywhere.
    width : float64[3, L], the total width in powers of u; least, most : of `power_ranges`.
    bits : uint64[L], bits that are set on the whole line.
    pending : int64[L, T]; pending_count : int64[L]; tests t that remain, in order; -1 - t where the least width
        has to be looked at too.
    """
    lines = bits.shape[0]
    narrowest, widest = np.empty(lines), np.empty(lines)
    low, high = np.empty(lines), np.empty(lines)
    bounds(width, 2, least, most, narrowest, widest)
    off = np.uint64(0)
    for i in range(lines):
        bits[i] = off
        pending_count[i] = 0
    for t in range(degree.shape[0]):
        bounds(difference[t * DEGREES : (t + 1) * DEGREES], degree[t], least, most, low, high)
        here, at_least = bit[t], prompt[t]
        open_lines = 0
        for i in range(lines):
            applies = (at_least == 0.0) | (narrowest[i] >= at_least)
            bits[i] |= here if (low[i] > 0.0) & applies else off
            open_lines += 1 if (high[i] > 0.0) & ((low[i] <= 0.0) | (not applies)) else 0
        if open_lines == 0:
            continue
        for i in range(lines):
            if high[i] <= 0.0 or bits[i] & here or (at_least > 0.0 and widest[i] < at_least):
                continue
            pending[i, pending_count[i]] = t if at_least == 0.0 or narrowest[i] >= at_least else -1 - t
            pending_count[i] += 1
