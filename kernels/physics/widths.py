"""Partial widths of the light vector: leptons, neutrinos, hadrons. Conventions: docs/model.md.

L = V_mu fbar gamma^mu (v - a gamma5) f,    neutrinos g_nu nubar gamma^mu P_L nu
"""

from __future__ import annotations

import math

import numpy as np


def lepton_factors(mass: float, m: float) -> tuple[float, float]:
    """(k_v, k_a) with Gamma(V -> l l) = k_v v^2 + k_a a^2; both 0 below threshold. GeV.

    Gamma = M/(12 pi) sqrt(1-4r) [v^2 (1+2r) + a^2 (1-4r)], r = m^2/M^2.
    """
    beta2 = (1.0 - 2.0 * m / mass) * (1.0 + 2.0 * m / mass)
    if beta2 <= 0.0:
        return 0.0, 0.0
    flux = mass / (12.0 * math.pi) * math.sqrt(beta2)
    return flux * (1.0 + 2.0 * (m / mass) ** 2), flux * beta2


def lepton_width(mass: float, m: float, v: float, a: float) -> float:
    """Gamma(V -> l l) in GeV for one charged lepton of mass m."""
    k_v, k_a = lepton_factors(mass, m)
    return k_v * v * v + k_a * a * a


def neutrino_width(mass: float, g_nu: float) -> float:
    """Gamma(V -> nu nubar) = g_nu^2 M/(24 pi) for one left-handed flavour, GeV."""
    return g_nu * g_nu * mass / (24.0 * math.pi)


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
