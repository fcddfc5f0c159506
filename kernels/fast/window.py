"""Windows of proper times, where the share of decays in it is an exponential of the width.

A vector of width Gamma decays between the proper times hbar a and hbar b with the probability

    E(Gamma) = exp(-a Gamma) - exp(-b Gamma) = exp(-a Gamma) [1 - exp(-(b - a) Gamma)],

and an inequality is D = y E(Gamma) - bound h > 0 with a polynomial y and h = Gamma (behind a branching ratio) or 1
(zdscan/evaluation/inequalities.py). E/Gamma falls with Gamma for every window, and E itself where b is infinite, the
only window that goes with h = 1: that is what `bounds.decide` rests on. What it leaves is computed here without the
library's exponential, in loops that LLVM vectorises, the same step for all points of a tile after the other:

    exp(-x)     = [exp(-z)]^n,                   z = x/n,    exp(-z) by its series to z^10
    1 - exp(-x) : g(2 z) = g(z) [2 - g(z)],                  g(z) = 1 - exp(-z) by its series to z^8

with as many doublings as the largest width of the tile needs for z <= 1/8, mostly few. The second loses no digits at
small x, where 1 - exp(-x) would. x is cut at 120, exp(-120) = 8e-53. Relative errors:
of both below 5e-13, of the first mostly the rounding of one number, n times.
"""

from __future__ import annotations

import numpy as np

from zdscan.kernels.jit import inner

# numbers of an inequality's window: a and b - a in 1/GeV (0: there is none), and the bound beside 1 and beside Gamma
START, LENGTH, ALONE, OF_WIDTH, NUMBERS = range(5)
LARGEST, SERIES = 120.0, 0.125
NEGLIGIBLE, VANISHED = 1e-17, 40.0  # exp(-x) is 1 below, and 0 beside 1 above
S2, S3, S4, S5, S6, S7, S8 = 1 / 2, 1 / 6, 1 / 24, 1 / 120, 1 / 720, 1 / 5040, 1 / 40320
S9, S10 = 1 / 362880, 1 / 3628800


@inner
def _halved(scale: float, widest: float) -> tuple[float, float, int]:
    """The largest z and z/Gamma for which the series do, and how many doublings lead back to scale x Gamma."""
    x, doublings = min(scale * widest, LARGEST), 0
    while x > SERIES:
        x *= 0.5
        scale *= 0.5
        doublings += 1
    return x, scale, doublings


@inner
def shares(
    widths: np.ndarray,
    n: int,
    start: float,
    length: float,
    narrowest: float,
    widest: float,
    share: np.ndarray,
    part: np.ndarray,
) -> None:
    """E of n widths between narrowest and widest, for the window from a = start to b = start + length (or infinity).

    Exponentials that are 1 or 0 to rounding everywhere are not computed. share : filled; part : to work in.
    """
    for k in range(n):
        share[k] = 1.0
    if start * widest > NEGLIGIBLE:
        x, scale, doublings = _halved(start, widest)
        for k in range(n):
            z = widths[k] * scale
            z = z if z < x else x
            y = (((((((S10 * z - S9) * z + S8) * z - S7) * z + S6) * z - S5) * z + S4) * z - S3) * z + S2
            share[k] = (y * z - 1.0) * z + 1.0
        for _ in range(doublings):
            for k in range(n):
                share[k] *= share[k]
    if length < np.inf and length * narrowest < VANISHED:
        x, scale, doublings = _halved(length, widest)
        for k in range(n):
            z = widths[k] * scale
            z = z if z < x else x
            y = (((((S7 - S8 * z) * z - S6) * z + S5) * z - S4) * z + S3) * z - S2
            part[k] = (y * z + 1.0) * z
        for _ in range(doublings):
            for k in range(n):
                part[k] *= 2.0 - part[k]
        for k in range(n):
            share[k] *= part[k]
