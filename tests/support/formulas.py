"""Whole rates, widths and integrals put together from the pieces that zdscan uses, for comparison with the twins."""

from __future__ import annotations

import math

import numpy as np

from zdscan.kernels.jit import njit
from zdscan.kernels.physics.resonance import NODES, panel_expansion_weights, panel_weights
from zdscan.kernels.physics.twobody import inclusive_factor, pseudoscalar_factor, vector_amplitudes, vector_factor
from zdscan.kernels.physics.widths import lepton_factors, neutrino_factor
from zdscan.kernels.stack import local


@njit
def integrate(
    panel_lo: np.ndarray, panel_hi: np.ndarray, values: np.ndarray, mass: float, width: float
) -> tuple[complex, float]:
    """(T1, T2) of a piecewise polynomial given by its values at the eight Gauss-Legendre nodes of each panel.

    Parameters
    ----------
    panel_lo, panel_hi : float64[n], panel edges in GeV^2.
    values : float64[n, 8].
    mass, width : GeV, width > 0.
    """
    real = local(NODES)
    absolute = local(NODES)
    t1 = 0.0
    t2 = 0.0
    for p in range(panel_lo.shape[0]):
        panel_weights(panel_lo[p], panel_hi[p], mass, width, real, absolute)
        for j in range(NODES):
            t1 += real[j] * values[p, j]
            t2 += absolute[j] * values[p, j]
    return complex(t1, -mass * width * t2), t2


@njit
def expansion(
    panel_lo: np.ndarray, panel_hi: np.ndarray, values: np.ndarray, mass: float
) -> tuple[float, float, float, float]:
    """(principal value, f(M^2), f'(M^2), finite part) of the same function; the middle two are 0 with the pole outside.

    With g = M Gamma: Re T1 = PV - g pi f'(M^2) + O(g^2), Im T1 = -pi f(M^2) - g F0 + O(g^2),
    T2 = pi f(M^2)/g + F0 + O(g).
    """
    weights = local(4, NODES)
    total = local(4)
    total[:] = 0.0
    for p in range(panel_lo.shape[0]):
        panel_expansion_weights(panel_lo[p], panel_hi[p], mass, weights)
        for k in range(4):
            for j in range(NODES):
                total[k] += weights[k, j] * values[p, j]
    return total[0], total[1], total[2], total[3]


def lepton_width(mass: float, m: float, v: float, a: float) -> float:
    """Gamma(V -> l l) in GeV for one charged lepton of mass m."""
    k_v, k_a = lepton_factors(mass, m)
    return k_v * v * v + k_a * a * a


def neutrino_width(mass: float, g_nu: float) -> float:
    """Gamma(V -> nu nubar) of one left-handed flavour, GeV."""
    return g_nu * g_nu * neutrino_factor(mass)


def pseudoscalar_width(m_parent: float, m_daughter: float, mass: float, amplitude: complex) -> float:
    """Gamma(H -> P V) in GeV for the amplitude F of `pseudoscalar_factor`."""
    return pseudoscalar_factor(m_parent, m_daughter, mass) * abs(amplitude) ** 2


def vector_width(
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
) -> float:
    """Gamma(B -> V' V) in GeV; arguments of `vector_amplitudes`."""
    factor = vector_factor(m_parent, m_daughter, mass)
    if factor == 0.0:
        return 0.0
    zero, plus, minus = vector_amplitudes(m_parent, m_daughter, mass, vector, dipole, a1, a12, v, t1, t2, t23)
    return factor * (abs(zero) ** 2 + abs(plus) ** 2 + abs(minus) ** 2)


def inclusive_width(m_quark: float, mass: float, vector: complex, m1: complex) -> float:
    """Gamma(b -> s V) in GeV at leading order; `m1` = M1 in GeV^-2."""
    longitudinal = m_quark**2 * abs(vector - m1 * mass**2) ** 2
    transverse = 2.0 * mass**2 * abs(vector - m1 * m_quark**2) ** 2
    return inclusive_factor(m_quark, mass) * (longitudinal + transverse)


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
