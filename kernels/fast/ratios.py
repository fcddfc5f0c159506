"""Ratios of the constraints at points of a grid: kernels/reference/clauses.py in vectors (kernels/fast/direct.py)."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from zdscan.kernels.fast import direct as _direct
from zdscan.kernels.fast.direct import INVERSE, OF_WIDTHS, POINTS, UNSEEN, WIDTH
from zdscan.kernels.jit import exact, exact_inner, inner
from zdscan.kernels.stack import local
from zdscan.kernels.tables.clauses import (
    CENTRE,
    CHANNEL,
    CHANNELS,
    CONSTANT,
    CONSTRAINT,
    DEGREE,
    DOWN,
    MAX_WIDTH,
    MIN_WIDTH,
    MONOMIALS,
    OFFSET,
    ROOT,
    UP,
    WINDOW_FROM,
    WINDOW_TO,
)

MOST_CONSTRAINTS = 63  # bits of the field `excluded`
ONE = CHANNELS  # the row of fractions of clauses without a channel
_PARAMETERS, _COUPLINGS, _WIDTHS = 3 * POINTS, 18 * POINTS, OF_WIDTHS * POINTS
_FRACTIONS, _MONOMIALS, _RATIOS = (CHANNELS + 1) * POINTS, MONOMIALS * POINTS, MOST_CONSTRAINTS * POINTS
_POWERS = 3 * (DEGREE + 1) * POINTS
ALL, NONE = 5e-17, 40.0  # exp(-x) is 1 below, and 1 - exp(-x) is above
NOTHING = 700.0  # exp(-x) of more is nothing to any limit
# log 2 in two parts, so that an integer times the first has no rounding
_LOG2_HIGH, _LOG2_LOW, _PER_LOG2 = 6.93147180369123816490e-01, 1.90821492927058770002e-10, 1.0 / math.log(2.0)
S3, S4, S5, S6, S7, S8, S9, S10, S11, S12, S13 = (1.0 / math.factorial(n) for n in range(3, 14))


class ClauseList(NamedTuple):
    """The clauses of one mass that apply, in the order of their slots.

    used : int64[M, 3], exponents of the monomials eps^i eps_z^j g_mu^k that some clause has.
    end : int64[C], end of the terms of each clause; term : int64[T], which monomial; value : float64[T].
    numbers : float64[C, POLYNOMIAL], of kernels/tables/clauses.py, but inverse bounds: 1/up, -1/down, 0 for none.
    """

    used: np.ndarray
    end: np.ndarray
    term: np.ndarray
    value: np.ndarray
    numbers: np.ndarray


@exact_inner
def _monomials_of(used: np.ndarray, x: np.ndarray, powers: np.ndarray, out: np.ndarray) -> None:
    """The monomials of parameters x float64[3 * POINTS]: out float64[M * POINTS].

    powers : to work in, float64[3 * (DEGREE + 1) * POINTS].
    """
    for axis in range(3):
        of, to = np.uint64(axis * POINTS), np.uint64(axis * (DEGREE + 1) * POINTS)
        for n in range(POINTS):
            powers[to + np.uint64(n)] = 1.0
        for _ in range(DEGREE):
            before = to
            to = before + np.uint64(POINTS)
            for n in range(POINTS):
                i = np.uint64(n)
                powers[to + i] = powers[before + i] * x[of + i]
    for m in range(used.shape[0]):
        to = np.uint64(m * POINTS)
        a, b = np.uint64(used[m, 0] * POINTS), np.uint64((DEGREE + 1 + used[m, 1]) * POINTS)
        c = np.uint64((2 * DEGREE + 2 + used[m, 2]) * POINTS)
        for n in range(POINTS):
            i = np.uint64(n)
            out[to + i] = powers[a + i] * powers[b + i] * powers[c + i]


@inner
def _exponentials(scale: float, widths: np.ndarray, part: np.ndarray, power: np.ndarray) -> None:
    """exp(-x) = power (1 + part) for x = scale Gamma, both filled: float64[POINTS]; part is small where power is 1.

    x = k log 2 - z with an integer k and |z| < 0.35; power = 2^-k, and part = exp(z) - 1 by its series to z^13, to
    rounding. From NOTHING on x is cut.
    """
    exponent = power.view(np.int64)
    for n in range(POINTS):
        i = np.uint64(n)
        x = scale * widths[np.uint64(WIDTH * POINTS) + i]
        x = x if x < NOTHING else NOTHING
        k = math.floor(x * _PER_LOG2 + 0.5)
        z = (k * _LOG2_HIGH - x) + k * _LOG2_LOW
        y = (((((((S13 * z + S12) * z + S11) * z + S10) * z + S9) * z + S8) * z + S7) * z + S6) * z + S5
        part[i] = ((((y * z + S4) * z + S3) * z + 0.5) * z + 1.0) * z
        exponent[i] = np.int64(1023 - np.int32(k)) << np.int64(52)


@exact_inner
def _times_share(
    start: float,
    end: float,
    narrowest: float,
    widest: float,
    widths: np.ndarray,
    part: np.ndarray,
    power: np.ndarray,
    value: np.ndarray,
) -> None:
    """Multiply by exp(-start Gamma) - exp(-end Gamma), the share of vectors that decay in a window (1/GeV).

    Exponentials that are 1 or nothing to rounding at all points are not computed. part, power : to work in.
    """
    length = end - start
    if start * narrowest >= NOTHING:
        for n in range(POINTS):
            value[n] = 0.0
        return
    if start * widest > ALL:
        _exponentials(start, widths, part, power)
        for n in range(POINTS):
            i = np.uint64(n)
            value[i] *= power[i] + power[i] * part[i]
    if length < np.inf and length * narrowest < NONE:
        _exponentials(length, widths, part, power)
        for n in range(POINTS):
            i = np.uint64(n)
            value[i] *= (1.0 - power[i]) - power[i] * part[i]


@exact_inner
def _times_fraction(channel: int, fractions: np.ndarray, total: np.ndarray, value: np.ndarray) -> None:
    """Multiply by the branching ratio of the channel, or channels, with this number CHANNEL; total: to work in."""
    if channel < CHANNELS:
        of = np.uint64(channel * POINTS)
        for n in range(POINTS):
            value[np.uint64(n)] *= fractions[of + np.uint64(n)]
        return
    members = channel - CHANNELS
    for n in range(POINTS):
        total[n] = 0.0
    for k in range(CHANNELS):
        if (members >> k) & 1 == 1:
            of = np.uint64(k * POINTS)
            for n in range(POINTS):
                total[np.uint64(n)] += fractions[of + np.uint64(n)]
    for n in range(POINTS):
        value[np.uint64(n)] *= total[np.uint64(n)]


@exact_inner
def _larger(
    p: ClauseList,
    c: int,
    of: int,
    fractions: np.ndarray,
    widths: np.ndarray,
    largest: float,
    value: np.ndarray,
    ratios: np.ndarray,
) -> None:
    """Put the ratio of clause c where it is larger than what is there; `of`: the row of what y is multiplied with."""
    constant, offset, centre = p.numbers[c, CONSTANT], p.numbers[c, OFFSET], p.numbers[c, CENTRE]
    up, down, least, most = p.numbers[c, UP], p.numbers[c, DOWN], p.numbers[c, MIN_WIDTH], p.numbers[c, MAX_WIDTH]
    most = most if most > 0.0 else np.inf
    row, to = np.uint64(of * POINTS), np.uint64(np.int64(p.numbers[c, CONSTRAINT]) * POINTS)
    if p.numbers[c, ROOT] != 0.0:
        for n in range(POINTS):
            i = np.uint64(n)
            y = value[i] * fractions[row + i] + constant
            value[i] = math.sqrt(y if y > 0.0 else 0.0)
        row, constant = np.uint64(ONE * POINTS), 0.0
    for n in range(POINTS):
        i = np.uint64(n)
        distance = value[i] * fractions[row + i] + constant + offset - centre
        x, z = distance * up, distance * down
        x = z if z > x else x
        x = largest if x > largest else x
        width = widths[np.uint64(WIDTH * POINTS) + i]
        x = x if (width >= least) & (width <= most) else 0.0
        ratio, before = np.float32(x), ratios[to + i]
        ratios[to + i] = ratio if ratio > before else before


@exact_inner
def _clauses(
    p: ClauseList,
    widths: np.ndarray,
    fractions: np.ndarray,
    monomials: np.ndarray,
    largest: float,
    ratios: np.ndarray,
    work: np.ndarray,
    part: np.ndarray,
    power: np.ndarray,
) -> None:
    """The largest ratio of each constraint's clauses: ratios float32[constraints * POINTS], filled with 0 before."""
    first, known, narrowest, widest = 0, False, np.inf, 0.0
    for c in range(p.end.shape[0]):
        _direct.sum_of_terms(p.term, p.value, first, p.end[c], monomials, work)
        first = p.end[c]
        channel, start, end = int(p.numbers[c, CHANNEL]), p.numbers[c, WINDOW_FROM], p.numbers[c, WINDOW_TO]
        if channel >= 0 and (channel >= CHANNELS or end > 0.0):
            _times_fraction(channel, fractions, part, work)
            channel = -1
        if end > 0.0 and not known:
            for n in range(POINTS):
                width = widths[np.uint64(WIDTH * POINTS) + np.uint64(n)]
                narrowest, widest = min(narrowest, width), max(widest, width)
            known = True
        if end > 0.0:
            _times_share(start, end, narrowest, widest, widths, part, power, work)
        _larger(p, c, channel if channel >= 0 else ONE, fractions, widths, largest, work, ratios)


@exact
def evaluate_ratios(
    p: ClauseList,
    tables: np.ndarray,
    matrix: np.ndarray,
    eps_axis: np.ndarray,
    eps_z_axis: np.ndarray,
    g_axis: np.ndarray,
    first: int,
    largest: float,
    out: np.ndarray,
) -> None:
    """Ratios of all constraints at the points from `first` on, in C order of the axes: out float32[n, constraints].

    Parameters
    ----------
    tables : mass tables, or their header; matrix : float64[18, 3], the couplings.
    largest : numbers beyond are replaced by it (the range of float32).
    """
    x, couplings, widths = local(_PARAMETERS), local(_COUPLINGS), local(_WIDTHS)
    fractions, monomials = local(_FRACTIONS), local(_MONOMIALS)
    powers, work, part, power = local(_POWERS), local(POINTS), local(POINTS), local(POINTS)
    ratios = local(_RATIOS, np.float32)
    constraints, points = out.shape[1], out.shape[0]
    for at in range(0, points, POINTS):
        count = min(POINTS, points - at)
        _direct.parameters_of(eps_axis, eps_z_axis, g_axis, first + at, count, x)
        _direct.couplings_of(matrix, x, couplings)
        _direct.widths_of(tables, couplings, widths)
        for channel in range(CHANNELS):
            of = np.uint64(channel * POINTS)
            for n in range(POINTS):
                i = np.uint64(n)
                fractions[of + i] = widths[of + i] * widths[np.uint64(INVERSE * POINTS) + i]
        for n in range(POINTS):
            i = np.uint64(n)
            unseen = fractions[np.uint64(UNSEEN * POINTS) + i]
            fractions[np.uint64(UNSEEN * POINTS) + i] = unseen if widths[np.uint64(WIDTH * POINTS) + i] > 0.0 else 1.0
            fractions[np.uint64(ONE * POINTS) + i] = 1.0
        _monomials_of(p.used, x, powers, monomials)
        for m in range(constraints * POINTS):
            ratios[np.uint64(m)] = 0.0
        _clauses(p, widths, fractions, monomials, largest, ratios, work, part, power)
        _direct.store(ratios, constraints, count, at, out)
