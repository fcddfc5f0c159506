"""Overlap of a Yukawa potential with the caesium nucleus, from the Dirac equation. Nothing is shared with the package.

H ~ gamma5 Y(r), matrix element between s1/2 and p1/2 waves at zero binding energy in the field of a uniform nucleus
without screening; K is the ratio to the contact interaction, Y -> nuclear density (Bouchiat and Fayet, hep-ph/0410260).
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

Array = NDArray[np.float64]

Z, ALPHA, HBARC = 55, 1 / 137.035999084, 197.3269804  # MeV fm
M_E = 0.51099895 / HBARC  # fm^-1
RADIUS = np.sqrt(5 / 3) * 4.804  # uniform sphere with the charge radius of caesium-133, fm


@cache
def _mixed_density(reach: float) -> tuple[Array, Array]:
    """Nodes' radii (fm) and weights times G_s F_p - F_s G_p, up to `reach`."""

    def potential(r: float) -> float:
        if r < RADIUS:
            return -Z * ALPHA / (2 * RADIUS) * (3 - (r / RADIUS) ** 2)
        return -Z * ALPHA / r

    def slopes(r: float, y: Array) -> list[float]:
        v = potential(r)
        gs, fs, gp, fp = y
        return [gs / r + (2 * M_E - v) * fs, -fs / r + v * gs, -gp / r + (2 * M_E - v) * fp, fp / r + v * gp]

    x, w = np.polynomial.legendre.leggauss(40)
    cuts = np.concatenate([[0.0, RADIUS / 2, RADIUS], RADIUS * np.geomspace(1, reach / RADIUS, 14)[1:]])
    half = np.diff(cuts) / 2
    r = (cuts[:-1, None] + half[:, None] * (x + 1)).ravel()
    start, v0 = 1e-4, potential(0.0)
    y0 = [start, v0 * start**2 / 3, (2 * M_E - v0) * start**2 / 3, start]
    gs, fs, gp, fp = solve_ivp(slopes, (start, reach), y0, "DOP853", t_eval=r, rtol=1e-10, atol=1e-14).y
    return r, (half[:, None] * w).ravel() * (gs * fp - fs * gp)


def overlap(mass: float) -> float:
    """K at a mass in MeV, 1 for a heavy vector."""
    m = mass / HBARC
    r, density = _mixed_density(max(200.0, 40 / m))
    inner = 1 - (1 + m * RADIUS) * np.exp(-m * RADIUS) * np.sinh(m * np.minimum(r, RADIUS)) / (m * r)
    far = m * np.maximum(r - RADIUS, 0.0)
    shell = (m * RADIUS - 1) / 2 + (m * RADIUS + 1) / 2 * np.exp(-2 * m * RADIUS)
    yukawa = np.where(r < RADIUS, inner, shell * np.exp(-far) / (m * r))
    return float((density * yukawa).sum() / density[r < RADIUS].sum())
