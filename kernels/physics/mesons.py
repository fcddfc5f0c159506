"""Vector mesons between a light vector and hadrons, and what follows from them alone: pi0 gamma. docs/model.md.

A current c_V of the light vector makes a meson V; an amplitude of two or three mesons is sum_V c_V w_V BW_V(M).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

Channel = tuple[float, float, float]  # share of the width at the pole, masses of two bodies
Meson = tuple[float, float, Sequence[Channel]]  # mass, width, channels


def breakup_momentum(mass: float, m1: float, m2: float) -> float:
    """The momentum of two bodies in the rest frame of their parent, 0 below threshold."""
    if mass <= m1 + m2:
        return 0.0
    return math.sqrt((mass - m1 - m2) * (mass + m1 + m2) * (mass * mass - (m1 - m2) ** 2)) / (2.0 * mass)


def breit_wigner(mass: float, meson: Meson) -> complex:
    """m^2/(m^2 - M^2 - i m^2 k Gamma/M) at M = `mass`, with k(M) = sum of shares times [q(M)/q(m)]^3."""
    m, width, channels = meson
    running = 0.0
    for share, m1, m2 in channels:
        running += share * (breakup_momentum(mass, m1, m2) / breakup_momentum(m, m1, m2)) ** 3
    return m * m / complex((m - mass) * (m + mass), -m * m * running * width / mass)


def weights(amplitudes: Sequence[complex]) -> np.ndarray:
    """Of |sum c_V A_V|^2 = sum over i <= j of c_i c_j times these: rr, oo, pp, ro, rp, op. float64[6]."""
    rho, omega, phi = amplitudes
    pairs = ((rho, rho), (omega, omega), (phi, phi), (rho, omega), (rho, phi), (omega, phi))
    factors = (1.0, 1.0, 1.0, 2.0, 2.0, 2.0)  # an interference counts twice
    return np.array([f * (a * b.conjugate()).real for f, (a, b) in zip(factors, pairs, strict=True)])


def pion_photon_response(
    mass: float, m_pion: float, f_pion: float, alpha: float, rho: Meson, omega: Meson
) -> np.ndarray:
    """R of V -> pi0 gamma by current, as `hadron_response` has that of all other hadrons: float64[6].

    Gamma = |c_rho BW_rho + c_omega BW_omega|^2/4 alpha M^3/(384 pi^4 f^2) (1 - m^2/M^2)^3: the anomaly of the pion,
    with a vector meson on the side of the light vector.

    Parameters
    ----------
    f_pion : GeV, normalised to 0.092.
    """
    if mass <= m_pion:
        return np.zeros(6)
    open_share = (1.0 - m_pion / mass) * (1.0 + m_pion / mass)
    # Gamma/M = R/(12 pi)
    scale = alpha * mass * mass / (32.0 * math.pi**3 * f_pion * f_pion) * open_share**3
    return 0.25 * scale * weights((breit_wigner(mass, rho), breit_wigner(mass, omega), 0j))
