"""Inequalities behind a window of proper times, where the share of decays in it is an exponential of the width.

A vector of width Gamma decays between the proper times hbar a and hbar b with the probability

    E(Gamma) = exp(-a Gamma) - exp(-b Gamma) = exp(-a Gamma) [1 - exp(-(b - a) Gamma)],

and an inequality is D = y E(Gamma) - bound h > 0 with a polynomial y and h = Gamma (behind a branching ratio) or 1
(zdscan/evaluation/inequalities.py). E/Gamma falls with Gamma for every window, and E itself where b is infinite, the
only window that goes with h = 1: that is what `bounds.decide` rests on. What it leaves is computed here without the
library's exponential, in loops that LLVM vectorises:

    exp(-x)     = [exp(-z)]^512,                 z = x/512,  exp(-z) by its series to z^8
    1 - exp(-x) : g(2 z) = g(z) [2 - g(z)], nine times,      g(z) = 1 - exp(-z) by its series to z^8

The second loses no digits at small x, where 1 - exp(-x) would. x is cut at 120, exp(-120) = 8e-53. Relative errors:
of the first 2e-13 for x up to 40 and 4e-9 up to 120, of the second 3e-11.
"""

from __future__ import annotations

import numpy as np

from zdscan.kernels.fast import tile as _tile
from zdscan.kernels.jit import inner

# numbers of an inequality's window: a and b - a in 1/GeV (0: there is none), and the bound beside 1 and beside Gamma
START, LENGTH, ALONE, OF_WIDTH, NUMBERS = range(5)
L, W0, W1, W2 = _tile.LANES, _tile.W0, _tile.W1, _tile.W2
LARGEST, HALVED = 120.0, 1.0 / 512.0
NEGLIGIBLE, VANISHED = 1e-17, 40.0  # exp(-x) is 1 below, and 0 beside 1 above
S2, S3, S4, S5, S6, S7, S8 = 1 / 2, 1 / 6, 1 / 24, 1 / 120, 1 / 720, 1 / 5040, 1 / 40320


@inner
def faded(x: float) -> float:
    """exp(-x), x from 0."""
    z = min(x, LARGEST) * HALVED
    y = (((((S8 * z - S7) * z + S6) * z - S5) * z + S4) * z - S3) * z + S2
    y = (y * z - 1.0) * z + 1.0
    for _ in range(8):
        y *= y
    return y * y


@inner
def gone(x: float) -> float:
    """1 - exp(-x), x from 0."""
    z = min(x, LARGEST) * HALVED
    y = (((((S7 - S8 * z) * z - S6) * z + S5) * z - S4) * z + S3) * z - S2
    y = (y * z + 1.0) * z
    for _ in range(8):
        y *= 2.0 - y
    return y * (2.0 - y)


@inner
def _apply(
    t: np.ndarray,
    c: np.ndarray,
    d: np.ndarray,
    place: int,
    window: np.ndarray,
    at: int,
    most: float,
    bit: np.uint64,
    flags: np.ndarray,
    fades: bool,
    ends: bool,
) -> None:
    """`apply_window`; fades, ends : whether exp(-a Gamma) and exp(-(b - a) Gamma) are worth computing. Literals."""
    start, length, alone, of_width = window[at], window[at + 1], window[at + 2], window[at + 3]
    off, k0 = np.uint64(0), np.uint64(place * L)
    for s in range(t.shape[0]):
        here, first = t[s], np.uint64(s * L)
        for i in range(L):
            lane = np.uint64(i)
            x = here + c[i]
            width = max(c[W0 + i] + (c[W1 + i] * x + c[W2 + i] * x * x), 0.0)
            share = 1.0
            if fades:
                share = faded(start * width)
            if ends:
                share *= gone(length * width) if width > 0.0 else 1.0
            value = _tile.degree_six(d, k0 + lane, x)
            above = value * share - (of_width * width + alone) > 0.0
            flags[first + lane] |= bit if above & (width <= most) else off


@inner
def _apply_fixed(
    t: np.ndarray,
    c: np.ndarray,
    d: np.ndarray,
    place: int,
    window: np.ndarray,
    at: int,
    most: float,
    bit: np.uint64,
    flags: np.ndarray,
    share: np.ndarray,
    least: np.ndarray,
) -> None:
    """`apply_window` where the width does not depend on u: one share of a line, and one least y, float64[L] each."""
    start, length, alone, of_width = window[at], window[at + 1], window[at + 2], window[at + 3]
    off, k0 = np.uint64(0), np.uint64(place * L)
    for i in range(L):
        width = max(c[W0 + i], 0.0)
        share[i] = faded(start * width) * gone(length * width) if width > 0.0 else 1.0
        least[i] = of_width * width + alone if width <= most else np.inf
    for s in range(t.shape[0]):
        here, first = t[s], np.uint64(s * L)
        for i in range(L):
            lane = np.uint64(i)
            x = here + c[i]
            value = _tile.degree_six(d, k0 + lane, x)
            flags[first + lane] |= bit if value * share[lane] - least[lane] > 0.0 else off


@inner
def apply_window(
    t: np.ndarray,
    c: np.ndarray,
    d: np.ndarray,
    place: int,
    window: np.ndarray,
    at: int,
    narrowest: float,
    widest: float,
    most: float,
    bit: np.uint64,
    flags: np.ndarray,
    is_fixed: bool,
    share: np.ndarray,
    least: np.ndarray,
) -> None:
    """Set the bit of one inequality where D > 0 and the width is at most `most`; window[at..] are the numbers of it.

    A vector without open channel (width 0) has E = 1 whatever the window: its y says all. Exponentials that are 1 or 0
    to rounding over the widths of the tile, from narrowest to widest, are not computed.

    is_fixed : whether the width does not depend on u. share, least : float64[L] to work in.
    """
    if is_fixed:
        _apply_fixed(t, c, d, place, window, at, most, bit, flags, share, least)
        return
    fades, ends = window[at] * widest > NEGLIGIBLE, window[at + 1] * narrowest < VANISHED
    if fades and ends:
        _apply(t, c, d, place, window, at, most, bit, flags, True, True)
    elif fades:
        _apply(t, c, d, place, window, at, most, bit, flags, True, False)
    elif ends:
        _apply(t, c, d, place, window, at, most, bit, flags, False, True)
    else:
        _apply(t, c, d, place, window, at, most, bit, flags, False, False)
