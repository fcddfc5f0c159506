"""Bands of the width: factors of four, on which integrals over the propagator are interpolated. docs/performance.md.

At fixed mass the integrals of the rows depend on the width Gamma alone. Their singularities lie at Gamma = 0 and at
M Gamma = +-i (distance of an edge or node from the pole); with x = (Gamma - Gamma_c)/(Gamma + Gamma_c) all of them are
on the unit circle: twelve Chebyshev nodes on a factor of four, |x| < 1/3, interpolate to about 5.83^-12 = 7e-10.
"""

from __future__ import annotations

import math

import numpy as np

from zdscan.kernels.jit import inner, njit
from zdscan.kernels.physics import resonance as _resonance
from zdscan.kernels.physics.bsll import FUNCTIONS, LINEAR, QUADRATIC, fold, fold_squares
from zdscan.kernels.stack import local

LOWEST, BANDS = -340, 191  # widths from 1e-103 to 1e12 GeV
TABLES = LINEAR + QUADRATIC
NODES = 12
HALF = 1.0 / 3.0  # |x| at the ends of a band
NODE = HALF * np.cos((2.0 * np.arange(NODES) + 1.0) * np.pi / (2.0 * NODES))
LAGRANGE = 1.0 / np.array([np.prod(node - NODE[node != NODE]) for node in NODE])
_NODE_X, _NODE_W = np.repeat(_resonance.GAUSS_X, NODES), np.repeat(_resonance.GAUSS_W, NODES)
_SETS, _TWO_SETS = _resonance.NODES * NODES, 2 * _resonance.NODES * NODES  # a panel's weights at all widths
_INTEGRALS = FUNCTIONS * NODES
U1, U2, U3, U4, U5, U6, U7, U8, U9, U10, U11 = (np.uint64(n) for n in range(1, NODES))  # no index from the end


@inner
def band_of(width: float) -> int:
    """The factor of four that holds a width in GeV; -1 outside all of them."""
    exponent = math.frexp(width)[1] - 1 - LOWEST if width > 0.0 else -1
    return exponent // 2 if 0 <= exponent < 2 * BANDS else -1


@inner
def centre_of(band: int) -> float:
    """Gamma_c of a band from Gamma_c/2 to 2 Gamma_c, GeV."""
    return math.ldexp(1.0, 2 * band + 1 + LOWEST)


def node_widths(band: int) -> np.ndarray:
    """Widths at the nodes of a band, GeV: float64[NODES]."""
    return centre_of(band) * (1.0 + NODE) / (1.0 - NODE)


def node_weights(x: np.ndarray) -> np.ndarray:
    """What each node counts in an interpolation at x float64[n] (Lagrange's polynomials): float64[NODES, n]."""
    before, after = np.empty((2, NODES, len(x)))
    before[0], after[-1] = 1.0, 1.0
    for n in range(1, NODES):
        before[n] = before[n - 1] * (x - NODE[n - 1])
        after[-1 - n] = after[-n] * (x - NODE[-n])
    return LAGRANGE[:, None] * before * after


@inner
def panel_weights_of_band(
    lo: float,
    hi: float,
    mass: float,
    width: np.ndarray,
    squares: np.ndarray,
    work: np.ndarray,
    real: np.ndarray,
    absolute: np.ndarray,
) -> None:
    """`resonance.panel_weights` for all widths: real, absolute float64[nodes * NODES].

    squares : float64[nodes * NODES], (M Gamma)^2 of all widths, repeated; work : float64[2 * nodes * NODES].
    """
    half, a, b = _resonance.edges(lo, hi, mass)
    x0, far = -0.5 * (a + b), _resonance.FAR * _resonance.FAR
    narrow, broad = mass * width[NODES - 1] / half, mass * width[0] / half
    if x0 * x0 + narrow * narrow <= far:
        r, u = work[: _resonance.NODES * NODES], work[_resonance.NODES * NODES :]
        for n in range(NODES):
            gamma = mass * width[n] / half
            r[n] = _resonance.log_ratio(a, b, gamma * gamma)
            u[n] = np.arctan2(2.0 * gamma, a * b + gamma * gamma) / gamma
            r[NODES + n] = x0 * r[n] - gamma * gamma * u[n] + 2.0
            u[NODES + n] = x0 * u[n] + r[n]
        for k in range(1, _resonance.NODES - 1):
            before, here, after = np.uint64((k - 1) * NODES), np.uint64(k * NODES), np.uint64((k + 1) * NODES)
            f, g = (2 * k + 1) / (k + 1), k / (k + 1)
            for n in range(NODES):
                i, gamma = np.uint64(n), mass * width[n] / half
                r[after + i] = f * (x0 * r[here + i] - gamma * gamma * u[here + i]) - g * r[before + i]
                u[after + i] = f * (x0 * u[here + i] + r[here + i]) - g * u[before + i]
        for j in range(_resonance.NODES):
            at = np.uint64(j * NODES)
            for n in range(NODES):
                real[at + np.uint64(n)], absolute[at + np.uint64(n)] = 0.0, 0.0
            for k in range(_resonance.NODES):
                f, g, here = _resonance.TRANSFORM[k, j], _resonance.TRANSFORM[k, j] / half, np.uint64(k * NODES)
                for n in range(NODES):
                    real[at + np.uint64(n)] += f * r[here + np.uint64(n)]
                    absolute[at + np.uint64(n)] += g * u[here + np.uint64(n)]
    if x0 * x0 + broad * broad > far:
        inverse_half, x2 = 1.0 / half, x0 * x0
        for m in range(NODES * _resonance.NODES):  # all widths of all nodes: one long loop is vectorised
            t, gamma2 = _NODE_X[m] - x0, squares[m] * inverse_half * inverse_half
            inverse = _NODE_W[m] / (t * t + gamma2)
            real[m] = t * inverse if x2 + gamma2 > far else real[m]
            absolute[m] = inverse * inverse_half if x2 + gamma2 > far else absolute[m]


@njit
def band_tables(
    mass: float,
    kappa: float,
    row_start: np.ndarray,
    panel_lo: np.ndarray,
    panel_hi: np.ndarray,
    functions: np.ndarray,
    wanted: np.ndarray,
    rows: np.ndarray,
    band: int,
    tables: np.ndarray,
) -> None:
    """`bsll.exact_tables` of rows at the nodes of a band.

    Parameters
    ----------
    mass, kappa, row_start, panel_lo, panel_hi, functions : as in kernels/tables/mass.py, GeV.
    wanted : bool[21], functions that are needed; rows : bool[rows], rows that are.
    tables : float64[NODES, rows, TABLES], filled; zero for other rows.
    """
    width, squares, real, absolute = local(NODES), local(_SETS), local(_SETS), local(_SETS)
    work, integrals, one = local(_TWO_SETS), local(_INTEGRALS), local(FUNCTIONS)
    for n in range(NODES):
        width[n] = centre_of(band) * (1.0 + NODE[n]) / (1.0 - NODE[n])
    for m in range(NODES * _resonance.NODES):
        squares[m] = (mass * width[m % NODES]) * (mass * width[m % NODES])
    tables[:, :, :] = 0.0
    for r in range(rows.shape[0]):
        if not rows[r]:
            continue
        integrals[:] = 0.0
        for p in range(row_start[r], row_start[r + 1]):
            panel_weights_of_band(panel_lo[p], panel_hi[p], mass, width, squares, work, real, absolute)
            for k in range(FUNCTIONS):
                if not wanted[k]:
                    continue
                weights, total = real if k < 6 else absolute, np.uint64(k * NODES)
                t0, t1, t2, t3, t4, t5, t6, t7, t8, t9, t10, t11 = (
                    0.0,
                    0.0,
                    0.0,
                    0.0,
                    0.0,
                    0.0,
                    0.0,
                    0.0,
                    0.0,
                    0.0,
                    0.0,
                    0.0,
                )
                for j in range(_resonance.NODES):
                    f, at = functions[p, k, j], np.uint64(j * NODES)
                    t0 += f * weights[at]
                    t1 += f * weights[at + U1]
                    t2 += f * weights[at + U2]
                    t3 += f * weights[at + U3]
                    t4 += f * weights[at + U4]
                    t5 += f * weights[at + U5]
                    t6 += f * weights[at + U6]
                    t7 += f * weights[at + U7]
                    t8 += f * weights[at + U8]
                    t9 += f * weights[at + U9]
                    t10 += f * weights[at + U10]
                    t11 += f * weights[at + U11]
                integrals[total] += t0
                integrals[total + U1] += t1
                integrals[total + U2] += t2
                integrals[total + U3] += t3
                integrals[total + U4] += t4
                integrals[total + U5] += t5
                integrals[total + U6] += t6
                integrals[total + U7] += t7
                integrals[total + U8] += t8
                integrals[total + U9] += t9
                integrals[total + U10] += t10
                integrals[total + U11] += t11
        for n in range(NODES):
            for k in range(FUNCTIONS):
                one[k] = integrals[k * NODES + n]
            fold(one, 1.0, one, -mass * width[n], kappa, tables[n, r, :LINEAR])
            fold_squares(one, 1.0, kappa, tables[n, r, LINEAR:])
