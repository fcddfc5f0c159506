"""Coherent elastic neutrino-nucleus scattering with exchange of the light vector. docs/constraints-low-energy.md.

rate/SM = 1 - 2 R1 x + R2 x^2,   x = sqrt2 g_nu Q_v/(GF Q_W M^2),   Q_v = Z (2 v_u + v_d) + N (v_u + 2 v_d)
"""

from __future__ import annotations

import math


def exchange_factors(mass: float, gf: float, sin2: float, z_per_charge: float) -> tuple[float, float]:
    """(k_u, k_d) with x = g_nu (k_u v_u + k_d v_d); mass in GeV, gf in GeV^-2.

    z_per_charge is Z/Q_W of the target, Q_W = N - Z (1 - 4 sin2); hence N/Q_W = 1 + (1 - 4 sin2) Z/Q_W.
    """
    unit = math.sqrt(2.0) / (gf * mass * mass)
    n_per_charge = 1.0 + (1.0 - 4.0 * sin2) * z_per_charge
    return unit * (2.0 * z_per_charge + n_per_charge), unit * (z_per_charge + 2.0 * n_per_charge)
