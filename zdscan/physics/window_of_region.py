"""The window of proper times of a beam dump, from the two edges of the region that it excludes.

A dump sees the vectors that decay between its shield, L, and the end of its decay volume, L (1 + l). At the two edges
eps1 < eps2 of the region that it excludes for a dark photon of the width eps^2 G it expects the same number of events,

    eps1^2 E(eps1^2 G) = eps2^2 E(eps2^2 G),    E(Gamma) = exp(-a Gamma) - exp(-(1 + l) a Gamma),

which is one equation with one root for all that is not known: a, the proper time at the shield.
docs/constraints-direct.md.
"""

from __future__ import annotations

import math

LEAST, MOST = 1e-4, 200.0  # of a times the larger width
_TOLERANCE = 1e-13  # of the logarithm of a


def share(start: float, length: float, width: float) -> float:
    """exp(-start Gamma) - exp(-(1 + length) start Gamma)."""
    return -math.exp(-start * width) * math.expm1(-length * start * width)


def start_of_window(lower: float, upper: float, length: float, unit_width: float) -> float:
    """The proper time over hbar (1/GeV) at which the decay volume begins.

    Parameters
    ----------
    lower, upper : edges of the excluded interval of the coupling.
    length : of the decay volume, in units of that of the shield.
    unit_width : total width of the reference model at coupling 1, GeV.
    """
    narrow, broad = lower * lower * unit_width, upper * upper * unit_width
    gain = 2.0 * math.log(upper / lower)

    def excess(log_a: float) -> float:
        """The logarithm of the ratio of the yields at the upper and the lower edge; it falls with a."""
        a = math.exp(log_a)
        return (
            gain
            - a * (broad - narrow)
            + math.log(-math.expm1(-length * a * broad))
            - math.log(-math.expm1(-length * a * narrow))
        )

    low, high = math.log(LEAST / broad), math.log(MOST / broad)
    at_low, at_high = excess(low), excess(high)
    side = 0
    while high - low > _TOLERANCE:  # regula falsi with the damping of Illinois; a bisection where it stalls
        middle = (low * at_high - high * at_low) / (at_high - at_low)
        if not low < middle < high:
            middle = 0.5 * (low + high)
        here = excess(middle)
        if here == 0.0 or middle in (low, high):
            return math.exp(middle)
        if here > 0.0:
            low, at_low = middle, here
            at_high *= 0.5 if side > 0 else 1.0
            side = 1
        else:
            high, at_high = middle, here
            at_low *= 0.5 if side < 0 else 1.0
            side = -1
    return math.exp(0.5 * (low + high))
