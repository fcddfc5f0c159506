"""On-shell two-body decays H -> H' V with the full polarisation sum. docs/constraints-flavour.md.

The vertex is V_nu qbar [(E0 + E2 q^2) gamma^nu P_L + M1 m_Q i sigma^(nu mu) q_mu P_R] Q at q^2 = M^2; below,
`vector` = E0 + E2 M^2 and `dipole` = M1 m_Q (GeV^-1). Masses and widths in GeV. Every rate is 0 at and above threshold.

Here are the factors of |amplitude|^2. The amplitudes, K -> pi Z_D with the measured photon part among them, are made
from the couplings and the form factors in zdscan/physics/two_body.py.
"""

from __future__ import annotations

import math


def kallen(a: float, b: float, c: float) -> float:
    """lambda(a^2, b^2, c^2) of three masses, in factors that do not cancel near threshold."""
    return (a**2 - (b + c) ** 2) * (a**2 - (b - c) ** 2)


def pseudoscalar_factor(m_parent: float, m_daughter: float, mass: float) -> float:
    """The factor Gamma/|F|^2 of H -> P V, such as K -> pi Z_D, in GeV; 0 above threshold.

    Gamma(H -> P V) = lambda^(3/2)(m_H^2, m_P^2, M^2) |F|^2/(64 pi m_H^3 M^2); the 1/M^2 is the longitudinal mode.
    F = (E0 + E2 M^2) f+(M^2) - M1 m_q M^2 fT(M^2)/(m_parent + m_daughter) is made in zdscan/physics/two_body.py.
    """
    if mass + m_daughter >= m_parent:
        return 0.0
    squared = kallen(m_parent, m_daughter, mass)
    return squared * math.sqrt(squared) / (64.0 * math.pi * m_parent**3 * mass**2)


def vector_factor(m_parent: float, m_daughter: float, mass: float) -> float:
    """Gamma(B -> V' V)/(|H_0|^2 + |H_+|^2 + |H_-|^2) in GeV: lambda^(1/2)/(16 pi m_B^3); 0 above threshold."""
    if mass + m_daughter >= m_parent:
        return 0.0
    return math.sqrt(kallen(m_parent, m_daughter, mass)) / (16.0 * math.pi * m_parent**3)


def vector_amplitudes(
    m_parent: float,
    m_daughter: float,
    mass: float,
    vector: complex,
    dipole: complex,
    a1: float,
    a12: float,
    v: float,
    t1: float,
    t2: float,
    t23: float,
) -> tuple[complex, complex, complex]:
    """Helicity amplitudes (H_0, H_+, H_-) of B -> V' V, linear in `vector` and `dipole`; GeV.

    H_0  = (4 m_B m_V/M) [vector A12 - dipole/2 M^2 T23/(m_B + m_V)]
    H_+- = vector/2 [(m_B + m_V) A1 -+ sqrt(lambda) V/(m_B + m_V)] - dipole/2 [(m_B^2 - m_V^2) T2 -+ sqrt(lambda) T1]

    Parameters
    ----------
    m_parent, m_daughter, mass : m_B, m_V and M, below threshold.
    vector, dipole : E0 + E2 M^2 and M1 m_b.
    a1, a12, v, t1, t2, t23 : form factors at q^2 = M^2 in the normalisation of arXiv:1503.05534.
    """
    both = m_parent + m_daughter
    root = math.sqrt(max(kallen(m_parent, m_daughter, mass), 0.0))
    longitudinal = 4.0 * m_parent * m_daughter / mass * (vector * a12 - 0.5 * dipole * mass**2 * t23 / both)
    even = 0.5 * vector * both * a1 - 0.5 * dipole * (m_parent**2 - m_daughter**2) * t2
    odd = (0.5 * vector * v / both - 0.5 * dipole * t1) * root
    return longitudinal, even - odd, even + odd


def inclusive_factor(m_quark: float, mass: float) -> float:
    """Gamma(b -> s V)/(m_b^2 |E - M1 M^2|^2 + 2 M^2 |E - M1 m_b^2|^2), 1/GeV; massless s; 0 above threshold.

    (m_b^2 - M^2)^2/(32 pi m_b^3 M^2); E = E0 + E2 M^2. The first term is the longitudinal V.
    """
    if mass >= m_quark:
        return 0.0
    return (m_quark**2 - mass**2) ** 2 / (32.0 * math.pi * m_quark**3 * mass**2)


def photon_vector_width(m_parent: float, m_daughter: float, dipole: float, t1: float) -> float:
    """Gamma(B -> V' gamma) in GeV, to which B -> V' V by the dipole d alone tends for M -> 0.

    d^2 T1(0)^2 (m_B^2 - m_V^2)^3/(16 pi m_B^3)

    Parameters
    ----------
    dipole : |M1| m_b, 1/GeV.
    t1 : T1(0) = T2(0).
    """
    return (dipole * t1) ** 2 * (m_parent**2 - m_daughter**2) ** 3 / (16.0 * math.pi * m_parent**3)


def photon_inclusive_width(m_quark: float, dipole: float) -> float:
    """Gamma(b -> s gamma) in GeV at leading order, massless s: d^2 m_b^3/(16 pi) with d = |M1| m_b in 1/GeV."""
    return dipole**2 * m_quark**3 / (16.0 * math.pi)
