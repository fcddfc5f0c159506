"""P+ -> l+ nu V with V radiated from lepton, neutrino, meson and vertex. docs/constraints-charged.md.

    M = (G_F V_CKM f_P/sqrt2) ubar(k) { a epsslash (1-g5) + m [ W.eps + h (qslash epsslash - q.eps) ] (1+g5) } v(p)
    a = gn - gL - gC - (gL-gR) m^2/y,     h = gR/y + gn/z
    W = gR (2p+q)/y - gn (2k+q)/z + gf (2P-q)/w,          q.W = gR - gn + gf

gL, gR: chiral couplings of the lepton; gn: of the neutrino; gf: vector charge of P+ (v_u - v_d); gC: contact term of
the chiral Lagrangian (gR_u - gR_d). The current is conserved if gL = gR and gf = gC = gn - gL; otherwise the rate grows
as 1/M^2. y, z, w: kernels/physics/threebody.py.
"""

from __future__ import annotations

import math

import numpy as np

from zdscan.kernels.physics.threebody import current_form, dalitz_rule, scalar_products

_LEGS = np.array([0, 0, 1, 2, 0])  # gL, gR, gn, gf, gC; gL and gC have no part in W
COUPLINGS = len(_LEGS)


def meson_integrand(
    weight: np.ndarray,
    m_parent: float,
    m_lepton: float,
    mass: float,
    y: np.ndarray,
    z: np.ndarray,
    basis: np.ndarray | None = None,
) -> np.ndarray:
    """Sum of weight x (spin-summed |M|^2)/8 over the points (y, z), without G_F V f/sqrt2: float64[5, 5], symmetric.

    weight, y, z : float64[n]. basis : as in `current_form`.
    """
    m2, v2 = m_lepton * m_lepton, mass * mass
    pk, pq, kq, w, b = scalar_products(m2, 0.0, m_parent * m_parent, v2, y, z)
    current = np.zeros((4, COUPLINGS, len(y)), dtype=y.dtype)
    a, h, along, divergence = current
    a[0], a[1], a[2], a[4] = -1.0 - m2 / y, m2 / y, 1.0, -1.0
    h[1], h[2] = 1.0 / y, 1.0 / z
    along[1], along[2], along[3] = 1.0 / y, -1.0 / z, 1.0 / w
    divergence[1], divergence[2], divergence[3] = 1.0, -1.0, 1.0
    return current_form(weight, m2, v2, (pk, pq, kq), b, current, _LEGS, basis)


def meson_factors(
    m_parent: float,
    m_lepton: float,
    m_reference: float,
    mass: float,
    kinetic_low: float,
    kinetic_high: float,
    fine: bool = False,
    basis: np.ndarray | None = None,
) -> np.ndarray:
    """I with Gamma(P -> l nu V)/Gamma(P -> l' nu) = c^T I c, c = (gL, gR, gn, gf, gC); masses in GeV.

    Parameters
    ----------
    m_parent, m_lepton, mass : of P, l and V. The result is 0 at and above the threshold mass = m_parent - m_lepton.
    m_reference : mass of l' in the decay that normalises.
    kinetic_low, kinetic_high : range of the kinetic energy of l in the rest frame of P; 0 and inf for the whole decay.
    fine : as in `dalitz_rule`.
    basis : float64[5, 5], c in terms of other couplings g: the result is for these, c = basis @ g.

    Returns
    -------
    float64[5, 5], symmetric. c^T I c has a relative accuracy of 1e-9 for muons, every c and mass > 1 MeV, also for
    conserved currents, for which the 1/M^2 of the single entries cancels. For electrons conserved currents cancel nine
    digits: 1e-8 at 10 MeV, or 1e-9 with a `basis` in which nothing cancels and `fine` panels. Entries that vanish at
    threshold faster than the rate lose digits in the last 0.1 MeV below it.
    """
    end = (m_parent - m_lepton) ** 2
    t_low = max(mass * mass, end - 2.0 * m_parent * kinetic_high)
    t_high = end - 2.0 * m_parent * max(kinetic_low, 0.0)
    if mass + m_lepton >= m_parent or t_high <= t_low:
        return np.zeros((COUPLINGS, COUPLINGS))
    y, z, weight = dalitz_rule(m_parent, m_lepton, 0.0, mass, t_low, t_high, fine)
    norm = 1.0 / (8.0 * math.pi**2 * m_reference**2 * (m_parent**2 - m_reference**2) ** 2)
    return norm * meson_integrand(weight, m_parent, m_lepton, mass, y, z, basis)
