"""Clauses: the one shape every constraint takes at a point. docs/constraints.md.

    value = transform(c + p(eps, eps_z, g_mu) * B * E) + offset
    ratio = max[(value - centre)/up, (centre - value)/down, 0]

B is 1 or a sum of branching ratios Gamma_x/Gamma, p a polynomial of total degree four, transform the identity or the
square root. E is 1, or behind a window (a, b) of proper times over hbar, in 1/GeV, the share
exp(-a Gamma) - exp(-b Gamma) of the vectors that decay inside; b may be infinite, and a = b = 0 is no window. A clause
that does not apply (mass outside its range, width below a least or above a largest width) has ratio 0.
Branching ratios of a vector without open channel (Gamma = 0): invisible 1, all others 0.

The number CHANNEL is -1 (B = 1), the place of one channel, or for a sum `CHANNELS` + 2^k added over its channels k.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

CONSTRAINT, APPLIES, CONSTANT, OFFSET, ROOT, CHANNEL, CENTRE, UP, DOWN, MIN_WIDTH = range(10)
WINDOW_FROM, WINDOW_TO, MAX_WIDTH, POLYNOMIAL = range(10, 14)
DEGREE = 4
# (i, j, k) of eps^i eps_z^j g_mu^k, all of one k together
EXPONENTS = np.array(
    [(i, j, k) for k in range(DEGREE + 1) for i in range(DEGREE + 1 - k) for j in range(DEGREE + 1 - k - i)]
)
MONOMIALS = len(EXPONENTS)
LENGTH = POLYNOMIAL + MONOMIALS
INVISIBLE_CHANNEL, ELECTRON_CHANNEL, MUON_CHANNEL, HADRON_CHANNEL, PION_CHANNEL = 0, 1, 2, 3, 4
CHANNELS, SEPARATE = 5, 4  # of them make up the total width those before PION_CHANNEL: pi+ pi- is a part of the hadrons


def channel_code(members: Sequence[int]) -> int:
    """The number CHANNEL of a clause with the sum of these channels; none: -1."""
    if len(members) < 2:
        return members[0] if members else -1
    return CHANNELS + sum(1 << k for k in members)


def channels_of(code: int) -> tuple[int, ...]:
    """The channels whose branching ratios a clause with this number CHANNEL adds; -1: none."""
    if code < CHANNELS:
        return () if code < 0 else (code,)
    return tuple(k for k in range(CHANNELS) if (code - CHANNELS) >> k & 1)
