"""Partial widths of the light vector: leptons, neutrinos, hadrons. Conventions: docs/model.md.

L = V_mu fbar gamma^mu (v - a gamma5) f,    neutrinos g_nu nubar gamma^mu P_L nu
"""

from __future__ import annotations

import numpy as np

from kernels.jit import njit


@njit
def lepton_factors(mass: float, m: float) -> tuple[float, float]:
    """(k_v, k_a) with Gamma(V -> l l) = k_v v^2 + k_a a^2; both 0 below threshold. GeV.

    Gamma = M/(12 pi) sqrt(1-4r) [v^2 (1+2r) + a^2 (1-4r)], r = m^2/M^2.
    """
    beta2 = (1.0 - 2.0 * m / mass) * (1.0 + 2.0 * m / mass)
    if beta2 <= 0.0:
        return 0.0, 0.0
    flux = mass / (12.0 * np.pi) * np.sqrt(beta2)
    return flux * (1.0 + 2.0 * (m / mass) ** 2), flux * beta2


@njit
def lepton_width(mass: float, m: float, v: float, a: float) -> float:
    """Gamma(V -> l l) in GeV for one charged lepton of mass m."""
    k_v, k_a = lepton_factors(mass, m)
    return k_v * v * v + k_a * a * a


@njit
def neutrino_width(mass: float, g_nu: float) -> float:
    """Gamma(V -> nu nubar) = g_nu^2 M/(24 pi) for one left-handed flavour, GeV."""
    return g_nu * g_nu * mass / (24.0 * np.pi)


@njit
def hadron_response(mass: float, table: np.ndarray) -> tuple[float, float, float, float, float, float]:
    """(rr, oo, pp, ro, rp, op): R matrix of the isovector, omega and phi currents at sqrt(s) = mass.

    Gamma(V -> hadrons) = M/(12 pi) sum R_ij c_i c_j with c_rho = v_u - v_d, c_omega = 3 (v_u + v_d), c_phi = -3 v_s;
    the off-diagonal columns hold the full cross terms. Linear in sqrt(s), zero below 0.28 GeV (two pions),
    constant above the table's end. Source and range: docs/model.md (arXiv:2201.01788).

    Parameters
    ----------
    table : float64[n, 7], columns sqrt_s [GeV], rr, oo, pp, ro, rp, op, ascending in sqrt_s.
    """
    n = table.shape[0]
    if mass < 0.28:
        return 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    if mass >= table[n - 1, 0]:
        last = table[n - 1]
        return last[1], last[2], last[3], last[4], last[5], last[6]
    low = np.searchsorted(table[:, 0], mass, side="right") - 1
    t = (mass - table[low, 0]) / (table[low + 1, 0] - table[low, 0])
    below, above = table[low], table[low + 1]
    return (
        below[1] + t * (above[1] - below[1]),
        below[2] + t * (above[2] - below[2]),
        below[3] + t * (above[3] - below[3]),
        below[4] + t * (above[4] - below[4]),
        below[5] + t * (above[5] - below[5]),
        below[6] + t * (above[6] - below[6]),
    )
