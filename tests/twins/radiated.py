"""Three-body phase space with a radiated vector: random kinematics, spin sums, and integration in the other order.

The parent decays to a fermion p of mass m, a fermion k and the vector q; y = 2 p.q + M^2 and z = 2 k.q + M^2.
"""

from __future__ import annotations

import math

import numpy as np

from tests.twins.dirac import bar, dot, momentum, u_spinors, v_spinors


def kinematics(seed: int, m_other: float):
    """Random masses and momenta: rng, m, M, p, k, q, their sum, its mass, y and z."""
    rng = np.random.default_rng(seed)
    m, mass = 0.02 + 0.2 * rng.random(2)
    p, k, q = (momentum(x, 0.15 * rng.normal(size=3)) for x in (m, m_other * m, mass))
    parent = p + k + q
    y, z = 2 * dot(p, q).real + mass**2, 2 * dot(k, q).real + mass**2
    return rng, m, mass, p, k, q, parent, math.sqrt(dot(parent, parent).real), y, z


def spin_sum(operators, k, m_k, p, m):
    """The sum over the spins of both fermions of |ubar(k) O v(p)|^2, for several operators O."""
    return sum(abs(bar(u) @ o @ v) ** 2 for o in operators for u in u_spinors(k, m_k) for v in v_spinors(p, m))


def other_order(m_parent: float, m: float, m_other: float, mass: float):
    """Nodes y, z and weights of int ds dt: t inside (logarithm), s outside, far more than the kernels take."""
    x, weight = np.polynomial.legendre.leggauss(48)
    panels, log_range = 10, math.log(((m_parent - m_other) ** 2 - m**2) / ((m + mass) ** 2 - m**2))
    found = []
    for panel in range(panels):
        for x_s, weight_s in zip(x, weight, strict=True):
            # sin^2 makes the square roots at both ends of ln y smooth
            angle = 0.25 * math.pi * (2 * panel + 1 + x_s) / panels
            y = ((m + mass) ** 2 - m**2) * math.exp(log_range * math.sin(angle) ** 2)
            s = y + m**2
            jacobian = y * log_range * math.sin(2 * angle) * 0.25 * math.pi / panels * weight_s
            e_v, e_k = s + mass**2 - m**2, m_parent**2 - s - m_other**2  # times 2 sqrt(s)
            p_v = math.sqrt(max(e_v**2 - 4 * s * mass**2, 0.0))
            p_k = math.sqrt(max(e_k**2 - 4 * s * m_other**2, 0.0))
            forward = ((e_v * m_other) ** 2 + (mass * p_k) ** 2) / (e_v * e_k + p_v * p_k)
            low = mass**2 + 2 * forward if m_other else mass**2 + 2 * (mass * e_k) ** 2 / (e_k * (e_v + p_v))
            t_range = math.log1p(p_v * p_k / (s * low))
            z = low * np.exp(0.5 * t_range * (1 + x))
            found.append((np.full_like(z, y), z, jacobian * 0.5 * t_range * weight * z))
    return np.concatenate(found, axis=1)
