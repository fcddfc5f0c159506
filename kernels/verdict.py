"""Constraint bits of a bundle of lines: what is decided for a whole line, and the tests that are left to its points.

A test excludes where D(u) > 0 (kernels/digest.py). Interval bounds of D over the line's axis decide most tests at once;
the polynomials of the others are handed to the points.
"""

from __future__ import annotations

import numpy as np

from kernels.bundle import LINES, TOTAL
from kernels.clauses import INVISIBLE_CHANNEL
from kernels.digest import Tests
from kernels.jit import njit
from kernels.line import POWERS

DEGREES = POWERS + 2  # coefficients of D: of p (degree 4) times a width (degree 2)


@njit
def power_ranges(low: np.ndarray, high: np.ndarray, least: np.ndarray, most: np.ndarray) -> None:
    """Ranges of u^k for u from low to high: least, most float64[DEGREES, LINES]."""
    for i in range(LINES):
        least[0, i], most[0, i] = 1.0, 1.0
        x, y = 1.0, 1.0
        for k in range(1, DEGREES):
            x *= low[i]
            y *= high[i]
            least[k, i], most[k, i] = min(x, y), max(x, y)
            if k % 2 == 0 and low[i] < 0.0 < high[i]:
                least[k, i] = 0.0


@njit
def bounds(
    polynomial: np.ndarray, degree: int, least: np.ndarray, most: np.ndarray, low: np.ndarray, high: np.ndarray
) -> None:
    """Bounds of polynomials float64[<= DEGREES, LINES] over the ranges: low, high float64[LINES] filled."""
    for i in range(LINES):
        low[i], high[i] = polynomial[0, i], polynomial[0, i]
    for k in range(1, degree + 1):
        for i in range(LINES):
            x, y = polynomial[k, i] * least[k, i], polynomial[k, i] * most[k, i]
            low[i] += min(x, y)
            high[i] += max(x, y)


@njit
def decide(
    tests: Tests,
    a: np.ndarray,
    b: np.ndarray,
    channels: np.ndarray,
    closed: np.ndarray,
    least: np.ndarray,
    most: np.ndarray,
    bits: np.ndarray,
    pending: np.ndarray,
    pending_count: np.ndarray,
    difference: np.ndarray,
    degree: np.ndarray,
) -> None:
    """Decide the tests of a bundle of lines.

    Parameters
    ----------
    a, b : float64[LINES]; channels : of `bundle.widths`; closed : bool[LINES], no open channel anywhere on the line.
    least, most : of `power_ranges`.
    bits : uint64[LINES], bits that are set on the whole line.
    pending : int64[LINES, T]; pending_count : int64[LINES]; tests t that remain, in order; -1 - t where the least width
        has to be looked at too.
    difference : float64[T, DEGREES, LINES], D of each test; degree : int64[T].
    """
    factors = np.empty((POWERS, POWERS, LINES))
    for i in range(LINES):
        x = 1.0
        for k in range(POWERS):
            y = x
            for m in range(POWERS):
                factors[k, m, i] = y
                y *= b[i]
            x *= a[i]
    flat = factors.reshape(POWERS * POWERS, LINES)
    width_low, width_high = np.empty(LINES), np.empty(LINES)
    bounds(channels[TOTAL], 2, least, most, width_low, width_high)
    # what stands for Gamma_x and Gamma: on a closed line the vector counts as invisible
    widths = channels.copy()
    for i in range(LINES):
        if closed[i]:
            widths[INVISIBLE_CHANNEL, 0, i] = 1.0
            widths[TOTAL, 0, i] = 1.0
    low, high = np.empty(LINES), np.empty(LINES)
    value = np.empty((POWERS, LINES))
    bits[:] = 0
    pending_count[:] = 0
    last = -1
    value_degree = 0
    whole = widths[TOTAL]
    for t in range(tests.clause.shape[0]):
        if tests.clause[t] != last:
            last = tests.clause[t]
            value[:] = 0.0
            value_degree = 0
            for term in range(tests.term_start[last], tests.term_start[last + 1]):
                c, k = tests.term_value[term], tests.term_power[term]
                f = flat[tests.term_factor[term]]
                value_degree = max(value_degree, k)
                for i in range(LINES):
                    value[k, i] += c * f[i]
        d = difference[t]
        sign, bound, channel = tests.sign[t], tests.bound[t], tests.channel[t]
        if channel < 0:
            degree[t] = value_degree
            for k in range(value_degree + 1):
                for i in range(LINES):
                    d[k, i] = sign * value[k, i]
            for i in range(LINES):
                d[0, i] -= bound
        else:
            degree[t] = value_degree + 2
            part = widths[channel]
            for m in range(3):
                for i in range(LINES):
                    d[m, i] = sign * value[0, i] * part[m, i] - bound * whole[m, i]
            d[3 : value_degree + 3] = 0.0
            for k in range(1, value_degree + 1):
                for m in range(3):
                    for i in range(LINES):
                        d[k + m, i] += sign * value[k, i] * part[m, i]
        bounds(d, degree[t], least, most, low, high)
        bit = np.uint64(1) << np.uint64(tests.bit[t])
        prompt = tests.least_width[t]
        for i in range(LINES):
            if high[i] <= 0.0 or width_high[i] < prompt or bits[i] & bit:
                continue
            prompt_everywhere = width_low[i] >= prompt
            if low[i] > 0.0 and prompt_everywhere:
                bits[i] |= bit
            else:
                pending[i, pending_count[i]] = t if prompt_everywhere else -1 - t
                pending_count[i] += 1
