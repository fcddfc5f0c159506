"""Tables of the rows at any width: integrals over the propagator in closed form, all panels at once. docs/rows.md.

The formulas are those of kernels/physics/resonance.py, which states them panel by panel for compiled callers.
"""

from __future__ import annotations

import numpy as np

from zdscan.kernels.physics.bsll import LINEAR, QUADRATIC, fold, fold_squares
from zdscan.kernels.physics.resonance import FAR, GAUSS_W, GAUSS_X, NODES, TRANSFORM, edges

_REAL = 6  # node functions that enter Re T1; the others enter T2


def exact_tables(
    mass: float,
    width: float,
    kappa: float,
    row_start: np.ndarray,
    panel_lo: np.ndarray,
    panel_hi: np.ndarray,
    functions: np.ndarray,
) -> np.ndarray:
    """The five linear and nine quadratic tables of all rows at one width > 0: float64[14, rows].

    mass, width in GeV; kappa and the rows as in kernels/physics/bsll.py.
    """
    integrals = integrals_of(mass, width, row_start, panel_lo, panel_hi, functions)
    out = np.empty((LINEAR + QUADRATIC, len(row_start) - 1))
    fold(integrals, 1.0, integrals, -mass * width, kappa, out[:LINEAR])
    fold_squares(integrals, 1.0, kappa, out[LINEAR:])
    return out


def integrals_of(
    mass: float,
    width: float,
    start: np.ndarray,
    panel_lo: np.ndarray,
    panel_hi: np.ndarray,
    functions: np.ndarray,
) -> np.ndarray:
    """Integrals of node functions over the propagator, the first six with Re T1, the others with T2: float64[f, n].

    start : int64[n + 1], panels of each integral; functions : float64[P, f, 8].
    """
    real, absolute = _panel_weights(mass, width, panel_lo, panel_hi)
    on_panels = np.empty(functions.shape[:2])
    on_panels[:, :_REAL] = (functions[:, :_REAL] * real[:, None]).sum(axis=2)
    on_panels[:, _REAL:] = (functions[:, _REAL:] * absolute[:, None]).sum(axis=2)
    return np.add.reduceat(on_panels, start[:-1], axis=0).T


def _panel_weights(
    mass: float, width: float, panel_lo: np.ndarray, panel_hi: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Node weights of Re T1 and T2 on every panel: float64[panels, 8] each."""
    half, a, b = edges(panel_lo, panel_hi, mass)
    gamma, x0 = mass * width / half, -0.5 * (a + b)
    # far from the pole: Gauss-Legendre weights
    t = GAUSS_X - x0[:, None]
    absolute = GAUSS_W / (t * t + (gamma * gamma)[:, None])
    real = t * absolute
    # near it: Legendre functions of the second kind, q_l = r_l - i gamma u_l
    near = x0 * x0 + gamma * gamma <= FAR * FAR
    a, b, x0, gamma2 = a[near], b[near], x0[near], gamma[near] ** 2
    r, u = np.empty((2, NODES, len(x0)))
    difference, nearer = 2.0 * (a + b), np.minimum(np.abs(a), np.abs(b))  # b^2 - a^2; the edge nearer to the pole
    r[0] = np.copysign(0.5 * np.log1p(np.abs(difference) / (nearer * nearer + gamma2)), difference)
    u[0] = np.arctan2(2.0 * gamma[near], a * b + gamma2) / gamma[near]
    r[1], u[1] = x0 * r[0] - gamma2 * u[0] + 2.0, x0 * u[0] + r[0]
    for n in range(1, NODES - 1):
        r[n + 1] = ((2 * n + 1) * (x0 * r[n] - gamma2 * u[n]) - n * r[n - 1]) / (n + 1)
        u[n + 1] = ((2 * n + 1) * (x0 * u[n] + r[n]) - n * u[n - 1]) / (n + 1)
    real[near] = sum(r[n][:, None] * TRANSFORM[n] for n in range(NODES))
    absolute[near] = sum(u[n][:, None] * TRANSFORM[n] for n in range(NODES))
    return real, absolute / half[:, None]
