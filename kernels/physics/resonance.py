r"""Integrals over a Breit-Wigner propagator, exact for any mass and width. Derivation: docs/rows.md.

    T1[f] = int f(s) ds/(s - M^2 + i g),   T2[f] = int f(s) ds/|s - M^2 + i g|^2 = -Im T1[f]/g,   g = M Gamma

A bin is cut into panels on which f is a degree-7 polynomial through eight Gauss-Legendre nodes. On the panel
s = c + h x, with the pole at x = z = x0 - i gamma (gamma = g/h),

    int P_l(x)/(x - z) dx = q_l = r_l - i gamma u_l

are Legendre functions of the second kind. r_l and u_l obey one recursion and are kept apart, so that u_l (which is what
T2 needs) stays accurate for gamma -> 0. Once the pole is three half-widths away the plain Gauss-Legendre weights are
better than 1e-12 and cheaper. Differences s - M^2 carry the rounding of M*M, so that edges as close as 1e-12 to
the pole cost no digits.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from zdscan.kernels.jit import inner
from zdscan.kernels.stack import local

NODES = 8
GAUSS_X, GAUSS_W = np.polynomial.legendre.leggauss(NODES)
# P_l(x_j), and the matrix that turns node values into Legendre coefficients: (2l+1)/2 w_j P_l(x_j)
_LEGENDRE = np.ascontiguousarray(np.polynomial.legendre.legvander(GAUSS_X, NODES - 1).T)
TRANSFORM = (np.arange(NODES)[:, None] + 0.5) * GAUSS_W[None, :] * _LEGENDRE
FAR = 3.0


@inner
def offset(s: Any, mass: float) -> Any:
    """s - mass^2 with the rounding error of the square carried along; s a number or, called from Python, an array."""
    high = np.float64(np.float32(mass))
    low = mass - high
    return ((s - high * high) - 2.0 * high * low) - low * low


@inner
def edges(lo: Any, hi: Any, mass: float) -> tuple[Any, Any, Any]:
    """Half width h of a panel and its edges (lo - M^2)/h, (hi - M^2)/h; of panels in arrays where Python calls."""
    half = 0.5 * (hi - lo)
    return half, offset(lo, mass) / half, offset(hi, mass) / half


@inner
def log_ratio(a: float, b: float, gamma2: float) -> float:
    """ln[(b^2 + gamma^2)/(a^2 + gamma^2)]/2 for b = a + 2, without cancellation."""
    difference = 2.0 * (a + b)
    if difference >= 0.0:
        return 0.5 * np.log1p(difference / (a * a + gamma2))
    return -0.5 * np.log1p(-difference / (b * b + gamma2))


@inner
def _recursion(x0: float, gamma2: float, r: np.ndarray, u: np.ndarray) -> None:
    """Fill r_l, u_l for l >= 1 from r_0, u_0: (l+1) q_{l+1} = (2l+1)(z q_l + 2 delta_l0) - l q_{l-1}."""
    r[1] = x0 * r[0] - gamma2 * u[0] + 2.0
    u[1] = x0 * u[0] + r[0]
    for n in range(1, NODES - 1):
        r[n + 1] = ((2 * n + 1) * (x0 * r[n] - gamma2 * u[n]) - n * r[n - 1]) / (n + 1)
        u[n + 1] = ((2 * n + 1) * (x0 * u[n] + r[n]) - n * u[n - 1]) / (n + 1)


@inner
def panel_weights(lo: float, hi: float, mass: float, width: float, real: np.ndarray, absolute: np.ndarray) -> None:
    """Node weights of Re T1 and T2 on one panel, for width > 0: Re T1 = sum real_j f_j, T2 = sum absolute_j f_j.

    Im T1 = -M Gamma T2. Widths from 1e-18 GeV upwards; the pole may lie anywhere, edges included.
    """
    g = mass * width
    half, a, b = edges(lo, hi, mass)
    gamma = g / half
    x0 = -0.5 * (a + b)
    if x0 * x0 + gamma * gamma > FAR * FAR:
        for j in range(NODES):
            t = GAUSS_X[j] - x0
            inverse = GAUSS_W[j] / (t * t + gamma * gamma)
            real[j] = t * inverse
            absolute[j] = inverse / half
        return
    work = local(2, NODES)
    r, u = work[0], work[1]
    r[0] = log_ratio(a, b, gamma * gamma)
    u[0] = np.arctan2(2.0 * gamma, a * b + gamma * gamma) / gamma
    _recursion(x0, gamma * gamma, r, u)
    for j in range(NODES):
        real[j] = 0.0
        absolute[j] = 0.0
    for n in range(NODES):
        for j in range(NODES):
            real[j] += r[n] * TRANSFORM[n, j]
            absolute[j] += u[n] / half * TRANSFORM[n, j]


@inner
def panel_expansion_weights(lo: float, hi: float, mass: float, weights: np.ndarray) -> bool:
    """Node weights of the small-width law on one panel; returns whether the pole is inside (lo <= M^2 < hi).

    weights : float64[4, 8], filled with the weights of the principal value, of f(M^2), of f'(M^2) and of Hadamard's
        finite part of int f/(s - M^2)^2. A panel whose edge is the pole itself has no small-width law: its principal
        value and finite part are infinite.
    """
    half, a, b = edges(lo, hi, mass)
    x0 = -0.5 * (a + b)
    inside = a <= 0.0 < b
    for k in range(4):
        for j in range(NODES):
            weights[k, j] = 0.0
    if abs(x0) > FAR:
        for j in range(NODES):
            t = GAUSS_X[j] - x0
            weights[0, j] = GAUSS_W[j] / t
            weights[3, j] = GAUSS_W[j] / (t * t) / half
        return inside
    work = local(2, NODES)
    r, u = work[0], work[1]
    r[0] = log_ratio(a, b, 0.0)
    u[0] = 2.0 / (a * b)
    _recursion(x0, 0.0, r, u)
    for n in range(NODES):
        for j in range(NODES):
            weights[0, j] += r[n] * TRANSFORM[n, j]
            weights[3, j] += u[n] / half * TRANSFORM[n, j]
    if inside:
        p, slope = r, u  # their work is done
        p[0], p[1], slope[0], slope[1] = 1.0, x0, 0.0, 1.0
        for n in range(1, NODES - 1):
            p[n + 1] = ((2 * n + 1) * x0 * p[n] - n * p[n - 1]) / (n + 1)
            slope[n + 1] = (2 * n + 1) * p[n] + slope[n - 1]
        for n in range(NODES):
            for j in range(NODES):
                weights[1, j] += p[n] * TRANSFORM[n, j]
                weights[2, j] += slope[n] / half * TRANSFORM[n, j]
    return inside
