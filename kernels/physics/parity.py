"""Parity violation between electrons and nuclei by exchange of the light vector. docs/constraints-low-energy.md."""

from __future__ import annotations

import math


def weak_charge_factors(
    mass: float, response: float, protons: float, neutrons: float, gf: float
) -> tuple[float, float]:
    """(k_u, k_d) with Delta Q_W = a_e (k_u v_u + k_d v_d), dimensionless; mass in GeV, gf in GeV^-2.

    Delta Q_W = -(2 sqrt2/GF) a_e f/M^2 [Z (2 v_u + v_d) + N (v_u + 2 v_d)]: tree level, exact in the couplings.
    Any mass > 0; `response` is f, 1 for a heavy vector: `point_response`, or the overlap with a nucleus.
    """
    unit = -2.0 * math.sqrt(2.0) / gf * response / (mass * mass)
    return unit * (2.0 * protons + neutrons), unit * (protons + 2.0 * neutrons)


def point_response(mass: float, q2: float) -> float:
    """f = 1/(1 + Q^2/M^2) of electron scattering at space-like momentum transfer Q^2 = q2 >= 0 (GeV^2)."""
    return 1.0 / (1.0 + q2 / (mass * mass))
