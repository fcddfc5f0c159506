"""The points of a line: chi2 from its polynomials, and the bits of the tests that remain.

Every function is one loop over contiguous points without branches, calls or allocation, so that LLVM vectorises it;
coefficients are hoisted into locals. float64 throughout (docs/performance.md).
"""

from __future__ import annotations

import numpy as np

from kernels.jit import inner

# places in the coefficients of a line: width, then those of chi2 = A + B/Gamma + C/Gamma^2, then of a bound s of the
# length of the vector whose square chi2 is, s = p(|u|) + q(|u|)/Gamma
WIDTH, REGULAR, MIXED, RESONANT, LENGTH_P, LENGTH_Q, COEFFICIENTS = 0, 3, 12, 21, 30, 35, 40
SHORT = (6, 5, 4, 3, 2)  # largest powers of u in A, B, C, p, q where the flavour-changing vertex is constant on a line
CANCELLED = 1e7  # chi2 this much below s^2 has lost too many digits


@inner
def chi2_short(u: np.ndarray, n: int, c: np.ndarray, largest: float, chi2: np.ndarray) -> int:
    """chi2 of the n points u, at most `largest`, in float32[>= n], for powers up to `SHORT`.

    c : float64[COEFFICIENTS]. Returns at how many points chi2 is not to be relied on (`CANCELLED`, or not a number).
    """
    g0, g1, g2 = c[0], c[1], c[2]
    a0, a1, a2, a3, a4, a5, a6 = c[3], c[4], c[5], c[6], c[7], c[8], c[9]
    b0, b1, b2, b3, b4, b5 = c[12], c[13], c[14], c[15], c[16], c[17]
    c0, c1, c2, c3, c4 = c[21], c[22], c[23], c[24], c[25]
    p0, p1, p2, p3 = c[30], c[31], c[32], c[33]
    q0, q1, q2 = c[35], c[36], c[37]
    lost = 0
    for k in range(n):
        x = u[k]
        y = abs(x)
        width = g0 + (g1 * x + g2 * x * x)
        r = 1.0 / width if width > 0.0 else 0.0
        regular = (((((a6 * x + a5) * x + a4) * x + a3) * x + a2) * x + a1) * x + a0
        mixed = ((((b5 * x + b4) * x + b3) * x + b2) * x + b1) * x + b0
        resonant = (((c4 * x + c3) * x + c2) * x + c1) * x + c0
        total = (resonant * r + mixed) * r + regular
        s = ((p3 * y + p2) * y + p1) * y + p0 + ((q2 * y + q1) * y + q0) * r
        lost += 0 if total * CANCELLED >= s * s else 1
        chi2[k] = min(total, largest)
    return lost


@inner
def chi2_long(u: np.ndarray, n: int, c: np.ndarray, largest: float, chi2: np.ndarray) -> int:
    """The same for all powers that can occur at all: eight, and four in s."""
    g0, g1, g2 = c[0], c[1], c[2]
    a0, a1, a2, a3, a4, a5, a6, a7, a8 = c[3], c[4], c[5], c[6], c[7], c[8], c[9], c[10], c[11]
    b0, b1, b2, b3, b4, b5, b6, b7, b8 = c[12], c[13], c[14], c[15], c[16], c[17], c[18], c[19], c[20]
    c0, c1, c2, c3, c4, c5, c6, c7, c8 = c[21], c[22], c[23], c[24], c[25], c[26], c[27], c[28], c[29]
    p0, p1, p2, p3, p4 = c[30], c[31], c[32], c[33], c[34]
    q0, q1, q2, q3, q4 = c[35], c[36], c[37], c[38], c[39]
    lost = 0
    for k in range(n):
        x = u[k]
        y = abs(x)
        width = g0 + (g1 * x + g2 * x * x)
        r = 1.0 / width if width > 0.0 else 0.0
        regular = (((((((a8 * x + a7) * x + a6) * x + a5) * x + a4) * x + a3) * x + a2) * x + a1) * x + a0
        mixed = (((((((b8 * x + b7) * x + b6) * x + b5) * x + b4) * x + b3) * x + b2) * x + b1) * x + b0
        resonant = (((((((c8 * x + c7) * x + c6) * x + c5) * x + c4) * x + c3) * x + c2) * x + c1) * x + c0
        total = (resonant * r + mixed) * r + regular
        s = (((p4 * y + p3) * y + p2) * y + p1) * y + p0 + ((((q4 * y + q3) * y + q2) * y + q1) * y + q0) * r
        lost += 0 if total * CANCELLED >= s * s else 1
        chi2[k] = min(total, largest)
    return lost


@inner
def is_lost(u: float, c: np.ndarray) -> bool:
    """Whether `chi2_long` (or `chi2_short`) counts this point."""
    y, width = abs(u), c[0] + (c[1] * u + c[2] * u * u)
    r = 1.0 / width if width > 0.0 else 0.0
    value = np.zeros(3)
    for k in range(8, -1, -1):
        for j in range(3):
            value[j] = value[j] * u + c[REGULAR + 9 * j + k]
    p, q = 0.0, 0.0
    for k in range(4, -1, -1):
        p = p * y + c[LENGTH_P + k]
        q = q * y + c[LENGTH_Q + k]
    s = p + q * r
    total = (value[2] * r + value[1]) * r + value[0]
    return not total * CANCELLED >= s * s


@inner
def test_squares(u: np.ndarray, n: int, d: np.ndarray, bit: np.ndarray, bits: np.ndarray) -> None:
    """Set bit[k] where d[k, 0] + d[k, 1] u + d[k, 2] u^2 > 0, for four tests at the n points u; bits uint64[>= n]."""
    off = np.uint64(0)
    a0, a1, a2, a = d[0, 0], d[0, 1], d[0, 2], bit[0]
    b0, b1, b2, b = d[1, 0], d[1, 1], d[1, 2], bit[1]
    c0, c1, c2, c = d[2, 0], d[2, 1], d[2, 2], bit[2]
    e0, e1, e2, e = d[3, 0], d[3, 1], d[3, 2], bit[3]
    for k in range(n):
        x = u[k]
        first = (a if (a2 * x + a1) * x + a0 > 0.0 else off) | (b if (b2 * x + b1) * x + b0 > 0.0 else off)
        second = (c if (c2 * x + c1) * x + c0 > 0.0 else off) | (e if (e2 * x + e1) * x + e0 > 0.0 else off)
        bits[k] |= first | second


@inner
def test_any(
    u: np.ndarray, n: int, d: np.ndarray, width: np.ndarray, least: float, bit: np.uint64, bits: np.ndarray
) -> None:
    """The same for a polynomial d of degree 6, and only where the width w0 + w1 u + w2 u^2 is at least `least`."""
    off = np.uint64(0)
    d0, d1, d2, d3, d4, d5, d6 = d[0], d[1], d[2], d[3], d[4], d[5], d[6]
    w0, w1, w2 = width[0], width[1], width[2]
    for k in range(n):
        x = u[k]
        value = (((((d6 * x + d5) * x + d4) * x + d3) * x + d2) * x + d1) * x + d0
        wide = w0 + (w1 * x + w2 * x * x) >= least
        bits[k] |= bit if (value > 0.0) & wide else off
