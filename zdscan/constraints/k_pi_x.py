"""K+ -> pi+ Z_D with Z_D invisible, two-body, against NA62's curve. docs/constraints.md; CERN-EP-2025-167."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from kernels.physics.twobody import pseudoscalar_factor
from zdscan.constraint import Clause, Constraint, Theory
from zdscan.inputs import curves, tables
from zdscan.model import COUPLINGS
from zdscan.polynomial import Polynomial


@cache
def _form_factor(name: str) -> CubicSpline:
    return CubicSpline(*tables.form_factor("K->pi", name))


def _charge_like(column: NDArray[np.float64]) -> float:
    """kappa if a parameter couples quarks, W and Goldstones as kappa times their electric charge, else 0."""
    c = dict(zip(COUPLINGS, column, strict=True))
    kappa = float(c["gWW"])
    charges = {"v_u": 2 / 3, "v_d": -1 / 3, "v_s": -1 / 3, "gpp": 1.0, "gWp": 1.0, "a_u": 0.0, "a_d": 0.0, "a_s": 0.0}
    return kappa if all(abs(c[name] - kappa * q) <= 1e-9 * abs(kappa) for name, q in charges.items()) else 0.0


def amplitude(theory: Theory, mass: float) -> Polynomial:
    """F = (E0 + E2 M^2) f+(M^2) - M1 m_s M^2 fT(M^2)/(m_K + m_pi), linear in (eps, eps_z, g_mu).

    The up and charm logarithms of a photon-like E2 are not computable at this scale: its real part is the measured
    K+ -> pi+ gamma* amplitude |a+ + b+ z| (arXiv:2209.05076), with the sign of the loop sum.
    """
    c = theory.constants
    q2 = mass * mass
    vertex = theory.vertex("sd")
    f_plus = float(_form_factor("f+")(q2))
    f_tensor = float(_form_factor("fT")(q2))
    e2 = vertex.e2.copy()
    measured = abs(c["a_plus_K_pi_gamma"] + c["b_plus_K_pi_gamma"] * q2 / c["m_Kplus"] ** 2)
    for j in range(3):
        kappa = _charge_like(theory.matrix[:, j])
        if kappa != 0.0:
            e2[j] = kappa * c["GF"] * measured / (8.0 * math.pi**2 * f_plus) + 1j * e2[j].imag
    tensor = c["m_s_2"] * q2 * f_tensor / (c["m_Kplus"] + c["m_piplus"])
    return Polynomial.linear((vertex.e0 + q2 * e2) * f_plus - vertex.m1 * tensor)


def clauses(theory: Theory, mass: float) -> list[Clause]:
    """BR(K+ -> pi+ Z_D) BR_inv below the 90% limit at this mass; nothing in the gaps of the curve."""
    limit = curves.load("k_pi_x").at(mass)
    if math.isnan(limit):
        return []
    c = theory.constants
    rate = pseudoscalar_factor(c["m_Kplus"], c["m_piplus"], mass) * c["tau_Kplus"]
    return [Clause(polynomial=rate * amplitude(theory, mass).abs2(), channel="invisible", up=limit)]


CONSTRAINT = Constraint(
    id="k_pi_x",
    title="K+ -> pi+ Z_D, Z_D invisible",
    citations=curves.load("k_pi_x").citations,
    cl="90%",
    unit="1",
    grade=curves.load("k_pi_x").grade,
    in_paper=False,
    applies="10-103.5, 111.8-151.3 and 155-258.3 MeV, all cases",
    slots=1,
    clauses=clauses,
)
