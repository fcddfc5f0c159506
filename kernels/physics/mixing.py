"""Neutral-meson mixing by tree-level exchange of the light vector. docs/constraints.md.

The polarisation sum is -(g - q q/M^2). Annihilation fixes q^2 = m_meson^2; the longitudinal part acts through scalar
operators with bag factors B2 and B4.
"""

from __future__ import annotations


def mixing_amplitude(
    e0: complex,
    mass: float,
    m_meson: float,
    decay_constant: float,
    m_heavy: float,
    m_light: float,
    bag1: float,
    bag2: float,
    bag4: float,
) -> complex:
    """M12 = <M|H|Mbar>/(2 m_meson) in GeV for the vertex e0 V_nu qbar gamma^nu P_L Q.

    M12 = -e0^2/(2 (m^2-M^2)) m f^2 { B1/3 - (r/M^2) [5/24 (m_h^2+m_l^2) B2 + 1/2 m_h m_l B4] },  r = (m/(m_h+m_l))^2

    Parameters
    ----------
    e0 : monopole coefficient E0 of docs/penguin.md.
    mass : mass of the vector, GeV, not equal to m_meson.
    m_heavy, m_light : MSbar quark masses at the scale of the bag factors, GeV.
    bag1, bag2, bag4 : bag factors B1, B2, B4 in flavio's normalisation.
    """
    ratio = (m_meson / (m_heavy + m_light)) ** 2
    scalar = 5.0 / 24.0 * (m_heavy**2 + m_light**2) * bag2 + 0.5 * m_heavy * m_light * bag4
    operators = bag1 / 3.0 - ratio / mass**2 * scalar
    return -e0 * e0 / (2.0 * (m_meson**2 - mass**2)) * m_meson * decay_constant**2 * operators
