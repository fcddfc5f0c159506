"""Neutral pseudoscalar meson -> l+ l- with tree-level exchange of the light vector. docs/constraints-flavour.md.

H = -N C10 (qbar gamma_mu P_L Q)(lbar gamma^mu gamma5 l) + ..., N = (4 GF/sqrt2) alpha/(4 pi) lambda_t in GeV^-2.
"""

from __future__ import annotations


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
