"""Anomalous magnetic moment from a vector with vector and axial couplings (Leveille, Nucl. Phys. B137 (1978) 63).

    Delta a = l^2/(8 pi^2) int_0^1 dx { v^2 2x^2(1-x) + a^2 [2x(1-x)(x-4) - 4 l^2 x^3] } / (1 - x + l^2 x^2),  l = m/M

Limits: M >> m: l^2 (v^2 - 5 a^2)/(12 pi^2); M << m: v^2/(8 pi^2) - a^2 l^2/(4 pi^2). See docs/constraints.md.

In closed form, through J_n = int_0^1 x^n dx/(1 - x + l^2 x^2), which obey J_n - J_(n+1) + l^2 J_(n+2) = 1/(n+1) with
J_0 = 2 artanh(s)/s, s^2 = 1 - 4 l^2, and J_1 = (ln l^2 + J_0)/(2 l^2).
"""

from __future__ import annotations

import math

_UPWARD = 0.1  # l^2 from which the recursion upwards keeps 13 digits
_DIGITS = 40.0  # exp(-40) of the larger root's powers may be left downwards


def _integrals(l2: float) -> tuple[float, float, float]:
    """(J_1, J_2, J_3) for l^2 > 0.

    Powers of the roots of the denominator solve the recursion without its right side. Upwards the larger root, 1/l^2
    for small l, swamps everything; downwards it dies out, and J_0 fixes how much there is of the smaller one.
    """
    s = math.sqrt(abs(1.0 - 4.0 * l2))
    if l2 >= _UPWARD:
        turn = math.atan(s) if l2 > 0.25 else math.atanh(s)
        j0 = 2.0 * turn / s if s > 0.0 else 2.0
        j1 = (math.log(l2) + j0) / (2.0 * l2)
        j2 = (1.0 - j0 + j1) / l2
        return j1, j2, (0.5 - j1 + j2) / l2
    log = -math.log(l2)
    j0 = (2.0 * math.log(0.5 * (1.0 + s)) + log) / s
    below, j, after = [0.0] * 4, 0.0, 0.0
    for n in range(4 + math.ceil(_DIGITS / log), -1, -1):
        j, after = 1.0 / (n + 1) + j - l2 * after, j
        if n < 4:
            below[n] = j
    root = 2.0 / (1.0 + s)
    missing = j0 - below[0]
    return below[1] + missing * root, below[2] + missing * root**2, below[3] + missing * root**3


def moment_factors(mass: float, m: float) -> tuple[float, float]:
    """(k_v, k_a) with Delta a = k_v v^2 + k_a a^2; relative accuracy 1e-12 for every m/mass from 1e-6 to 1e3."""
    l2 = (m / mass) ** 2
    j1, j2, j3 = _integrals(l2)
    norm = l2 / (8.0 * math.pi**2)
    return norm * 2.0 * (j2 - j3), norm * (10.0 * j2 - 8.0 * j1 - (2.0 + 4.0 * l2) * j3)


def anomalous_moment(mass: float, m: float, v: float, a: float) -> float:
    """Delta a of a lepton of mass m from a vector of the given mass with couplings v, a."""
    k_v, k_a = moment_factors(mass, m)
    return k_v * v * v + k_a * a * a
