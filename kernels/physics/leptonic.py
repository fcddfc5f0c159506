"""Neutral pseudoscalar meson -> l+ l- with tree-level exchange of the light vector. docs/constraints-flavour.md.

H = -N C10 (qbar gamma_mu P_L Q)(lbar gamma^mu gamma5 l) + ..., N = (4 GF/sqrt2) alpha/(4 pi) lambda_t in GeV^-2.
"""

from __future__ import annotations

import math


def exchange_c10(
    e0: complex, axial: complex, normalisation: complex, mass: float, m_meson: float, longitudinal: bool
) -> complex:
    """C10 of the exchange, at q^2 = m_meson^2.

    -e0 a/(N (m^2 - M^2)) from the metric part of the propagator. The q_mu q_nu/M^2 part (`longitudinal`) acts through
    pseudoscalar densities: with it C10 is multiplied by 1 - m^2/M^2, the pole cancels and +e0 a/(N M^2) is left.

    Parameters
    ----------
    e0 : monopole coefficient E0; E2 (q^2 gamma - q qslash) and the dipole do not contribute.
    axial : axial lepton coupling a in lbar gamma (v - a gamma5) l.
    mass, m_meson : M and the meson's mass in GeV; M differs from m_meson where `longitudinal` is False.
    """
    if longitudinal:
        return e0 * axial / (normalisation * mass**2)
    return -e0 * axial / (normalisation * (m_meson**2 - mass**2))


def leptonic_branching_ratio(
    c10: complex,
    normalisation: complex,
    m_meson: float,
    lifetime: float,
    decay_constant: float,
    m_lepton: float,
    y: float,
) -> float:
    """Time-integrated BR(M -> l+ l-) for a total C10, flavio's formula (arXiv:1810.08132).

    |N|^2/(32 pi) m^3 tau f^2 beta |P|^2 (1 + A y)/(1 - y^2), P = (2 m_l/m) C10, A = Re(P^2)/|P|^2.

    lifetime in 1/GeV, decay constant and masses in GeV, y = Delta Gamma/(2 Gamma).
    """
    ratio = 2.0 * m_lepton / m_meson
    if ratio >= 1.0:
        return 0.0
    amplitude = ratio * c10
    width = abs(normalisation) ** 2 / (32.0 * math.pi) * m_meson**3 * decay_constant**2 * math.sqrt(1.0 - ratio**2)
    return lifetime * width * (abs(amplitude) ** 2 + y * (amplitude**2).real) / (1.0 - y**2)
