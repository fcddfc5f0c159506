"""Partial widths of the light vector: leptons, neutrinos, hadrons. Conventions: docs/model.md.

L = V_mu fbar gamma^mu (v - a gamma5) f,    neutrinos g_nu nubar gamma^mu P_L nu
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from zdscan.kernels.physics.couplings import A_MU, G_NUE, G_NUTAU, V_D, V_E, V_S, V_U


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


def hadron_response(mass: float, table: np.ndarray) -> tuple[float, float, float, float, float, float]:
    """(rr, oo, pp, ro, rp, op): R matrix of the isovector, omega and phi currents at sqrt(s) = mass.

    Gamma(V -> hadrons) = M/(12 pi) sum R_ij c_i c_j with c_rho = v_u - v_d, c_omega = 3 (v_u + v_d), c_phi = -3 v_s;
    the off-diagonal columns hold the full cross terms. Linear in sqrt(s), zero below 0.28 GeV (two pions),
    constant above the table's end. Source and range: docs/model.md (arXiv:2201.01788).

    Parameters
    ----------
    table : float64[n, 7], columns sqrt_s [GeV], rr, oo, pp, ro, rp, op, ascending in sqrt_s.
    """
    if mass < 0.28:
        return 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    place = int(np.searchsorted(table[:, 0], mass, side="right"))
    if place == 0 or place == len(table):
        rr, oo, pp, ro, rp, op = table[min(place, len(table) - 1), 1:].tolist()
    else:
        low, high = table[place - 1], table[place]
        _, rr, oo, pp, ro, rp, op = ((high - low) / (high[0] - low[0]) * (mass - low[0]) + low).tolist()
    return rr, oo, pp, ro, rp, op


def hadron_factors(mass: float, table: np.ndarray) -> np.ndarray:
    """Gamma(V -> hadrons) per product of two currents, in the order of `hadronic_pairs`: float64[6], GeV."""
    return mass / (12.0 * math.pi) * np.array(hadron_response(mass, table))


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

    The sum of g_nu^2; v_e^2, a_e^2; v_mu^2, a_mu^2; the six pairs of hadronic currents.

    Parameters
    ----------
    couplings : a sequence by the numbers of kernels/physics/couplings.py, of any kind that `times` multiplies.
    """
    e, mu, tau = (times(g, g) for g in couplings[G_NUE : G_NUTAU + 1])
    leptons = [times(c, c) for c in couplings[V_E : A_MU + 1]]
    return [e + mu + tau, *leptons, *hadronic_pairs(couplings[V_U], couplings[V_D], couplings[V_S], times=times)]
