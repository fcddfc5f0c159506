"""W+ -> l+ nu V and Z -> l+ l- V, all masses and polarisations kept; Z -> gamma V. docs/constraints-charged.md.

With e and eps the polarisations of the decaying boson and of V, and G = qslash epsslash - q.eps, every amplitude is

    ubar(k) { D.eps eslash + lam eslash G + nu G eslash + m (rho eslash epsslash + sigma epsslash eslash) } v(p)

with chiral projectors on each term. D holds what is not conserved: q.D = gn - gL - gW for the W, 0 for the Z.
The polarisation sums are -g + P P/m_B^2 and -g + q q/M^2; P contracted with the vertex leaves the current of
kernels/physics/meson_leptonic.py, times m. y, z, w: kernels/physics/threebody.py.
"""

from __future__ import annotations

import math

import numpy as np

from zdscan.kernels.physics.threebody import along_legs, current_form, dalitz_rule, form, scalar_products

_D_LEGS = np.array([0, 0, 1, 2])  # gL, gR, gn, gW: leg of each in D, in which gR has no part
_LEGS = np.array([0, 0, 1, 2])  # and in the current P.M, in which gL has none
W_COUPLINGS = len(_LEGS)


def w_integrand(
    weight: np.ndarray, m_w: float, m_lepton: float, mass: float, y: np.ndarray, z: np.ndarray
) -> np.ndarray:
    """Sum of weight x (spin-summed |M|^2 with the vertex eslash P_L) over the points (y, z): float64[4, 4], symmetric.

    weight, y, z : float64[n].
    """
    m2, v2 = m_lepton * m_lepton, mass * mass
    pk, pq, kq, w, b = scalar_products(m2, 0.0, m_w * m_w, v2, y, z)
    spin_one = pk + 2.0 * kq * pq / v2
    magnetic = 4.0 * pq * kq - v2 * pk

    # P.M: the meson's current with the W leg for the meson's; terms along q drop out
    current = np.zeros((4, W_COUPLINGS, len(y)), dtype=y.dtype)
    a, h, along, divergence = current
    last = 1.0 - 0.5 * v2 / (m_w * m_w)
    a[0], a[1], a[2], a[3] = -1.0 - m2 / y, m2 / y, 1.0, -1.0 - v2 / w
    h[1], h[2] = 1.0 / y, 1.0 / z
    along[1], along[2], along[3] = 1.0 / y, -1.0 / z, last / w
    divergence[1], divergence[2], divergence[3] = 1.0, -1.0, last
    longitudinal = current_form(weight, m2, v2, (pk, pq, kq), b, current, _LEGS)

    # -g: delta = m (gR-gL)/y and kappa = -m gW/(w m_W^2) are the chirality-flipping terms
    d, dq, lam, nu, delta, kappa = np.zeros((6, W_COUPLINGS, len(y)), dtype=y.dtype)
    d[0], d[2], d[3] = -1.0 / y, 1.0 / z, -1.0 / w
    dq[0], dq[2], dq[3] = -1.0, 1.0, -1.0
    lam[0], lam[3] = -1.0 / y, -1.0 / w
    nu[2], nu[3] = -1.0 / z, 1.0 / w
    delta[0], delta[1] = -m_lepton / y, m_lepton / y
    kappa[3] = -m_lepton / (w * m_w * m_w)
    turn = d * (b[_D_LEGS, 0] * pq - kq * b[_D_LEGS, 1])
    on_k = d * b[_D_LEGS, 0] - kq * dq / v2
    flip = m_lepton * (on_k + 3.0 * kq * (lam + nu))
    back = 3.0 * pk * delta + m_lepton * (3.0 * kq * (lam - nu) - on_k)
    total = form(weight * pk / v2, dq, dq) - along_legs(weight * pk, b, d, _D_LEGS)
    total += form(weight * magnetic, lam, lam) + form(weight * magnetic, nu, nu)
    total += form(6.0 * v2 * weight * pk, lam, nu) + form(2.0 * weight, lam + nu, turn)
    total += form(weight * spin_one, delta, delta) + form(2.0 * weight, delta, flip)
    total += form(v2 * weight, kappa, back) + form(1.5 * v2 * v2 * weight * pk, kappa, kappa)
    return 4.0 * total + 2.0 / (m_w * m_w) * longitudinal


def w_factors(m_w: float, m_lepton: float, mass: float, fine: bool = False) -> np.ndarray:
    """I with Gamma(W -> l nu V)/Gamma(W -> l nu) = c^T I c, c = (gL, gR, gn, gW); masses in GeV.

    gL, gR, gn: chiral couplings of lepton and neutrino; gW: charge of W+. For gW = gn - gL the 1/M^2 growth cancels.
    fine : as in `dalitz_rule`.

    Returns
    -------
    float64[4, 4], symmetric, 0 above threshold. c^T I c has a relative accuracy of 1e-9 for every c and mass >= 10 MeV.
    """
    if mass + m_lepton >= m_w:
        return np.zeros((W_COUPLINGS, W_COUPLINGS))
    y, z, weight = dalitz_rule(m_w, m_lepton, 0.0, mass, mass * mass, (m_w - m_lepton) ** 2, fine)
    m2, w2 = m_lepton * m_lepton, m_w * m_w
    norm = 1.0 / (32.0 * math.pi**2 * (w2 - m2) ** 2 * (1.0 + 0.5 * m2 / w2))
    return norm * w_integrand(weight, m_w, m_lepton, mass, y, z)


def z_integrand(
    m_z: float,
    m: float,
    mass: float,
    y: np.ndarray,
    z: np.ndarray,
    c_left: float,
    c_right: float,
    g_left: float | np.ndarray,
    g_right: float | np.ndarray,
) -> np.ndarray:
    """Spin-summed |M|^2 of Z -> l l V at the points (y, z): float64[n].

    The Z vertex is eslash (cL P_L + cR P_R), the lepton couplings to V are gL and gR; of shape [m, 1] they give [m, n].
    """
    m2, v2 = m * m, mass * mass
    pk, pq, kq, _, b = scalar_products(m2, m2, m_z * m_z, v2, y, z)
    spin_one = pk + 2.0 * kq * pq / v2
    magnetic = 4.0 * pq * kq - v2 * pk
    lam, nu = -1.0 / y, -1.0 / z
    both = lam + nu
    axial = g_left - g_right

    # -g: D = (2k+q)/z - (2p+q)/y
    d_k, d_p = b[1, 0] / z - b[0, 0] / y, b[1, 1] / z - b[0, 1] / y
    d_d = b[1, 3] / (z * z) - 2.0 * b[0, 3] / (y * z) + b[0, 2] / (y * y)
    x_left, x_right = c_left * g_left, c_right * g_right
    straight = magnetic * (lam * lam + nu * nu) + 6.0 * v2 * pk * lam * nu
    straight += 2.0 * both * (d_k * pq - kq * d_p) - pk * d_d
    total = 4.0 * (x_left**2 + x_right**2) * straight
    total -= 16.0 * m2 * x_left * x_right * (d_d + 3.0 * v2 * (lam * lam + nu * nu))
    rho_left, rho_right = c_right / y, -c_left / y
    sigma_left, sigma_right = -c_left / z, c_right / z
    flip = 4.0 * spin_one * (rho_left**2 + sigma_left**2 + rho_right**2 + sigma_right**2)
    flip += 16.0 * (pk - kq * pq / v2) * (rho_left * sigma_left + rho_right * sigma_right)
    flip -= 48.0 * m2 * (rho_left * rho_right + sigma_left * sigma_right)
    flip += 24.0 * m2 * (rho_left * sigma_right + sigma_left * rho_right)
    # traces with rho and sigma beside kslash (first) and beside pslash
    k_rho, k_sigma = -8.0 * d_k - 24.0 * both * kq, 16.0 * d_k + 48.0 * nu * kq
    p_rho, p_sigma = 16.0 * d_p - 48.0 * lam * pq, -8.0 * d_p + 24.0 * both * pq
    cross = x_left * (rho_left * p_rho + sigma_left * p_sigma) + x_right * (rho_right * p_rho + sigma_right * p_sigma)
    cross -= x_left * (rho_right * k_rho + sigma_right * k_sigma) + x_right * (rho_left * k_rho + sigma_left * k_sigma)
    total += m2 * axial * (axial * flip + cross)

    # P P/m_Z^2: m (cR-cL) ubar { f gamma^mu + (V_L + h_L G) P_L + (V_R + h_R G) P_R } v, q.V_L = q.V_R = gL - gR
    f = m * axial * (1.0 / y - 1.0 / z)
    goldstone = f * f * (4.0 * spin_one + 12.0 * m2)
    for side in range(2):
        if side == 0:
            on_p, on_k, h = g_left / y, -g_right / z, g_left / y + g_right / z
        else:
            on_p, on_k, h = -g_right / y, g_left / z, -g_right / y - g_left / z
        v_k, v_p = on_p * b[0, 0] + on_k * b[1, 0], on_p * b[0, 1] + on_k * b[1, 1]
        v_v = on_p * on_p * b[0, 2] + 2.0 * on_p * on_k * b[0, 3] + on_k * on_k * b[1, 3]
        goldstone += 2.0 * (pk * (axial * axial / v2 - v_v) + h * h * magnetic + 2.0 * h * (v_k * pq - kq * v_p))
        goldstone += 4.0 * f * m * (v_k - v_p + (pq - kq) * axial / v2 + 3.0 * h * (pq + kq))
    # opposite chiralities
    mixed = -(g_left * g_right) * (b[0, 2] / (y * y) + b[1, 3] / (z * z))
    mixed += (g_left**2 + g_right**2) * b[0, 3] / (y * z)
    h_h = -(g_left / y + g_right / z) * (g_right / y + g_left / z)
    goldstone -= 4.0 * m2 * (axial * axial / v2 - mixed - 3.0 * v2 * h_h)
    return total + goldstone * m2 * ((c_left - c_right) / m_z) ** 2


def z_factors(
    m_z: float, m_lepton: float, mass: float, c_left: float, c_right: float, fine: bool = False
) -> tuple[float, float, float]:
    """(I_vv, I_aa, I_va) with Gamma(Z -> l l V)/Gamma(Z -> l l) = I_vv v^2 + I_aa a^2 + I_va v a; masses in GeV.

    In terms of gL = v + a, gR = v - a: LL + RR = (I_vv + I_aa)/2, LR = (I_vv - I_aa)/2, LL - RR = I_va/2.
    c_left, c_right : couplings of Z to l up to a common factor, -1/2 + sin^2 and sin^2. Zero above threshold. The
    relative accuracy is 1e-9 for mass > 1 MeV. Real emission only. fine : as in `dalitz_rule`.
    """
    if mass + 2.0 * m_lepton >= m_z:
        return 0.0, 0.0, 0.0
    m2, z2 = m_lepton * m_lepton, m_z * m_z
    t_low, t_high = (m_lepton + mass) ** 2, (m_z - m_lepton) ** 2
    y, z, weight = dalitz_rule(m_z, m_lepton, m_lepton, mass, t_low, t_high, fine)
    g_left, g_right = np.array([[1.0], [1.0], [1.0]]), np.array([[1.0], [-1.0], [0.0]])
    squared = z_integrand(m_z, m_lepton, mass, y, z, c_left, c_right, g_left, g_right)
    vector, axial, left = np.sum(weight * squared, axis=1).tolist()
    two_body = 2.0 * (c_left**2 + c_right**2) * (z2 - m2) + 12.0 * m2 * c_left * c_right
    norm = 1.0 / (16.0 * math.pi**2 * z2 * math.sqrt(1.0 - 4.0 * m2 / z2) * two_body)
    return norm * vector, norm * axial, norm * (4.0 * left - vector - axial)


def z_to_gamma(m_z: float, mass: float, charges: float) -> float:
    """Gamma(Z -> gamma V) in GeV of the Wess-Zumino term with coefficient 1; masses in GeV.

    The longitudinal V alone, which grows as 1/M^2: L = -G phi Z_{mu nu} Fdual^{mu nu} with G = 2 charges/(16 pi^2 M),
    and Gamma = G^2 m_Z^3 (1 - M^2/m_Z^2)^3/(24 pi).

    Parameters
    ----------
    charges : coupling of the photon times that of the Z, e g/cos(theta_W).
    """
    if mass >= m_z:
        return 0.0
    strength = 2.0 * charges / (16.0 * math.pi**2 * mass)
    return strength * strength * m_z**3 * (1.0 - (mass / m_z) ** 2) ** 3 / (24.0 * math.pi)
