"""Partial widths of the light vector: leptons, neutrinos, hadrons. Conventions: docs/model.md.

L = V_mu fbar gamma^mu (v - a gamma5) f,    neutrinos g_nu nubar gamma^mu P_L nu
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from zdscan.kernels.physics.couplings import A_D, A_MU, A_S, A_U, G_NUE, G_NUTAU, V_D, V_E, V_S, V_U

CLOSED = 1e-300  # GeV; a width below has no finite inverse and counts as no open channel
TWO_PIONS = 0.28  # GeV, where the table of the setting `paper` begins


def lepton_factors(mass: float, m: float) -> tuple[float, float]:
    """(k_v, k_a) with Gamma(V -> l l) = k_v v^2 + k_a a^2; both 0 below threshold. GeV.

    Gamma = M/(12 pi) sqrt(1-4r) [v^2 (1+2r) + a^2 (1-4r)], r = m^2/M^2.
    """
    beta2 = (1.0 - 2.0 * m / mass) * (1.0 + 2.0 * m / mass)
    if beta2 <= 0.0:
        return 0.0, 0.0
    flux = mass / (12.0 * math.pi) * math.sqrt(beta2)
    return flux * (1.0 + 2.0 * (m / mass) ** 2), flux * beta2


def neutrino_factor(mass: float) -> float:
    """Gamma(V -> nu nubar)/g_nu^2 = M/(24 pi) of one left-handed flavour, GeV."""
    return mass / (24.0 * math.pi)


def hadron_response(
    mass: float, table: np.ndarray, least: float = TWO_PIONS
) -> tuple[float, float, float, float, float, float]:
    """(rr, oo, pp, ro, rp, op): R matrix of the isovector, omega and phi currents at sqrt(s) = mass.

    Gamma(V -> hadrons) = M/(12 pi) sum R_ij c_i c_j with c_rho = v_u - v_d, c_omega = 3 (v_u + v_d), c_phi = -3 v_s;
    the off-diagonal columns hold the full cross terms. Linear in sqrt(s), zero below `least`, constant beyond the
    table's ends. Source and range: docs/model.md (arXiv:2201.01788).

    Parameters
    ----------
    table : float64[n, 7], columns sqrt_s [GeV], rr, oo, pp, ro, rp, op, ascending in sqrt_s.
    """
    if mass < least:
        return 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    place = int(np.searchsorted(table[:, 0], mass, side="right"))
    if place == 0 or place == len(table):
        rr, oo, pp, ro, rp, op = table[min(place, len(table) - 1), 1:].tolist()
    else:
        low, high = table[place - 1], table[place]
        _, rr, oo, pp, ro, rp, op = ((high - low) / (high[0] - low[0]) * (mass - low[0]) + low).tolist()
    return rr, oo, pp, ro, rp, op


def axial_factors(
    mass: float, isovector: float, strange: float, isoscalar: float, two_kaons: float, interference: float
) -> np.ndarray:
    """Gamma(V -> hadrons) of the axial currents of quarks, per product of `axial_products`: float64[3], GeV.

    Gamma = M/(4 pi) {(a_u - a_d)^2 S_ud + (a_u + a_d)^2 S_0 + [M > 2 m_K] a_s^2 (S_ud/4 + S_s + c sqrt(S_ud S_s))}.

    Parameters
    ----------
    isovector, strange, isoscalar : the spectral functions S_ud, S_s, S_0 at this mass, 1/2 for free quarks.
    two_kaons : twice the mass of a kaon, GeV.
    interference : c, of the light and the strange part of the current of the strange quark.
    """
    of_strange = isovector / 4.0 + strange + interference * math.sqrt(isovector * strange)
    return mass / (4.0 * math.pi) * np.array([isovector, isoscalar, of_strange if mass > two_kaons else 0.0])


def axial_products(a_u: Any, a_d: Any, a_s: Any, times: Callable[[Any, Any], Any]) -> tuple[Any, Any, Any]:
    """(a_u - a_d)^2, (a_u + a_d)^2 and a_s^2: what the three numbers of `axial_factors` multiply."""
    difference, total = a_u - a_d, a_u + a_d
    return times(difference, difference), times(total, total), times(a_s, a_s)


def hadronic_currents(v_u: Any, v_d: Any, v_s: Any) -> tuple[Any, Any, Any]:
    """(c_rho, c_omega, c_phi) from the vector couplings of quarks: numbers, arrays or polynomials."""
    return v_u - v_d, 3.0 * (v_u + v_d), -3.0 * v_s


def hadronic_pairs(*quarks: Any, times: Callable[[Any, Any], Any]) -> tuple[Any, ...]:
    """The products of currents that the six numbers of `hadron_response` multiply.

    quarks : v_u, v_d, v_s; `times` multiplies two of them.
    """
    rho, omega, phi = hadronic_currents(*quarks)
    pairs = ((rho, rho), (omega, omega), (phi, phi), (rho, omega), (rho, phi), (omega, phi))
    return tuple(times(one, other) for one, other in pairs)


def width_products(couplings: Any, times: Callable[[Any, Any], Any]) -> list[Any]:
    """The products of couplings that the width consists of, each to be multiplied with its factor of the mass.

    The sum of g_nu^2; v_e^2, a_e^2; v_mu^2, a_mu^2; the six pairs of hadronic currents; three of axial ones.

    Parameters
    ----------
    couplings : a sequence by the numbers of kernels/physics/couplings.py, of any kind that `times` multiplies.
    """
    e, mu, tau = (times(g, g) for g in couplings[G_NUE : G_NUTAU + 1])
    leptons = [times(c, c) for c in couplings[V_E : A_MU + 1]]
    vector = hadronic_pairs(couplings[V_U], couplings[V_D], couplings[V_S], times=times)
    axial = axial_products(couplings[A_U], couplings[A_D], couplings[A_S], times=times)
    return [e + mu + tau, *leptons, *vector, *axial]
