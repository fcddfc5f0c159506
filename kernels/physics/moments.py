"""Anomalous magnetic moment from a vector with vector and axial couplings (Leveille, Nucl. Phys. B137 (1978) 63).

    Delta a = l^2/(8 pi^2) int_0^1 dx { v^2 2x^2(1-x) + a^2 [2x(1-x)(x-4) - 4 l^2 x^3] } / (1 - x + l^2 x^2),  l = m/M

Limits: M >> m: l^2 (v^2 - 5 a^2)/(12 pi^2); M << m: v^2/(8 pi^2) - a^2 l^2/(4 pi^2). See docs/constraints.md.
"""

from __future__ import annotations

import math

import numpy as np

_X, _W = np.polynomial.legendre.leggauss(16)


def moment_factors(mass: float, m: float) -> tuple[float, float]:
    """(k_v, k_a) with Delta a = k_v v^2 + k_a a^2; relative accuracy 1e-12 for every m/mass from 1e-6 to 1e3.

    In u = -ln(1-x) the integrand varies on the scale one, except within 1/l of u = 0 when l is large: the
    sixteen-point panels start there and double up to unit width.
    """
    l2 = (m / mass) ** 2
    u_max = 45.0 + max(0.0, -math.log(l2))
    first = min(1.0, 0.25 / math.sqrt(l2))
    doublings = math.ceil(-math.log2(first))
    edges = first * (2.0 ** np.arange(doublings + 1) - 1.0)
    edges = np.concatenate([edges, np.arange(edges[-1] + 1.0, u_max + 1.0)])
    half = 0.5 * np.diff(edges)[:, None]
    u = edges[:-1, None] + half * (1.0 + _X)
    z, x = np.exp(-u), -np.expm1(-u)
    weight = half * _W * z / (z + l2 * x * x)
    k_v = float(np.sum(weight * 2.0 * x * x * z))
    k_a = float(np.sum(weight * (2.0 * x * z * (x - 4.0) - 4.0 * l2 * x * x * x)))
    norm = l2 / (8.0 * math.pi**2)
    return norm * k_v, norm * k_a


def anomalous_moment(mass: float, m: float, v: float, a: float) -> float:
    """Delta a of a lepton of mass m from a vector of the given mass with couplings v, a."""
    k_v, k_a = moment_factors(mass, m)
    return k_v * v * v + k_a * a * a
