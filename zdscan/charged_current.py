"""Rates of K, pi, W -> mu nu Z_D and Z -> mu mu Z_D as polynomials. docs/constraints-charged.md.

What radiates follows the setting `emission`: the muon alone ("lepton"), or also the neutrino, the meson with its
contact term, and the W ("complete"). The latter come from the rows g_numu, v_q, a_q and gWW of the coupling matrix: a
direct muon coupling, which has none of them, stays on the muon.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from kernels.physics.electroweak import w_factors, z_factors
from kernels.physics.meson_leptonic import meson_factors
from zdscan.constraint import Theory
from zdscan.model import COUPLINGS, PARAMETERS
from zdscan.polynomial import Polynomial

Meson = Literal["K", "pi"]
_MESON_MASS = {"K": "m_Kplus", "pi": "m_piplus"}
_DOWN_QUARK = {"K": "s", "pi": "d"}
Array = NDArray[np.float64]


# A slice asks for the kaon twice, and the factors do not depend on the couplings.
_meson_factors = lru_cache(maxsize=256)(meson_factors)


def _row(theory: Theory, name: str) -> Array:
    row: Array = theory.matrix[COUPLINGS.index(name)]
    return row


def _muon(theory: Theory) -> tuple[Array, Array]:
    v, a = _row(theory, "v_mu"), _row(theory, "a_mu")
    return v + a, v - a


def _quadratic(couplings: Array, factors: Array) -> Polynomial:
    """sum_ij c_i factors_ij c_j with couplings c = couplings @ (eps, eps_z, g_mu)."""
    form = couplings.T @ factors @ couplings
    terms: dict[tuple[int, int, int], complex] = {}
    for i in range(len(PARAMETERS)):
        for j in range(i, len(PARAMETERS)):
            powers = [0, 0, 0]
            powers[i] += 1
            powers[j] += 1
            value = form[i, j] if i == j else form[i, j] + form[j, i]
            terms[(powers[0], powers[1], powers[2])] = complex(value)
    return Polynomial(terms)


def meson_threshold(theory: Theory, meson: Meson) -> float:
    """The mass (GeV) above which P -> mu nu Z_D is closed."""
    return theory.constants[_MESON_MASS[meson]] - theory.constants["m_mu"]


def meson_ratio(
    theory: Theory, mass: float, meson: Meson, kinetic_low: float = 0.0, kinetic_high: float = math.inf
) -> Polynomial:
    """Gamma(P+ -> mu+ nu Z_D)/Gamma(P+ -> mu+ nu) with the muon's kinetic energy in the given range (GeV)."""
    m_mu = theory.constants["m_mu"]
    factors = _meson_factors(theory.constants[_MESON_MASS[meson]], m_mu, m_mu, mass, kinetic_low, kinetic_high)
    left, right = _muon(theory)
    neutrino = charge = contact = np.zeros(len(PARAMETERS))
    if theory.emission == "complete":
        down = _DOWN_QUARK[meson]
        neutrino = _row(theory, "g_numu")
        charge = _row(theory, "v_u") - _row(theory, f"v_{down}")
        contact = charge - (_row(theory, "a_u") - _row(theory, f"a_{down}"))
    return _quadratic(np.array([left, right, neutrino, charge, contact]), factors)


def w_ratio(theory: Theory, mass: float) -> Polynomial:
    """Gamma(W -> mu nu Z_D)/Gamma(W -> mu nu)."""
    factors = w_factors(theory.constants["MW"], theory.constants["m_mu"], mass)
    left, right = _muon(theory)
    neutrino = charge = np.zeros(len(PARAMETERS))
    if theory.emission == "complete":
        neutrino, charge = _row(theory, "g_numu"), _row(theory, "gWW")
    return _quadratic(np.array([left, right, neutrino, charge]), factors)


def z_ratio(theory: Theory, mass: float) -> Polynomial:
    """Gamma(Z -> mu mu Z_D)/Gamma(Z -> mu mu), real emission from the muons."""
    c = theory.constants
    s2 = c["sin2_theta_w"]
    vv, aa, va = z_factors(c["MZ"], c["m_mu"], mass, s2 - 0.5, s2)
    factors = np.array([[vv, 0.5 * va], [0.5 * va, aa]])
    return _quadratic(np.array([_row(theory, "v_mu"), _row(theory, "a_mu")]), factors)
