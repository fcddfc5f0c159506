"""The points of a line: chi2 from the triangular factor, and the bits of the tests that remain.

Every function is one loop over contiguous points without branches, calls or allocation, so that LLVM vectorises it;
coefficients are hoisted into locals. float64 throughout: in float32 the rounding of u and Gamma alone costs chi2
5e-7, and the wider vectors gain a nanosecond (docs/performance.md).
"""

from __future__ import annotations

import numpy as np

from kernels.jit import njit

# coefficients of a line: width (3), then the triangular factor row by row
WIDTH = 3
SHORT, LONG = 7, 10  # columns with the constant: u^1..3, u^0..2/Gamma, 1 and u^1..4, u^0..4/Gamma, 1
COEFFICIENTS = WIDTH + LONG * (LONG + 1) // 2


@njit
def chi2_short(u: np.ndarray, c: np.ndarray, largest: float, chi2: np.ndarray) -> None:
    """chi2 of points u float64[n], at most `largest`, in float32[n], from coefficients float64[3 + 28]."""
    g0, g1, g2 = c[0], c[1], c[2]
    a0, a1, a2, a3, a4, a5, a6 = c[3], c[4], c[5], c[6], c[7], c[8], c[9]
    b1, b2, b3, b4, b5, b6 = c[10], c[11], c[12], c[13], c[14], c[15]
    c2, c3, c4, c5, c6 = c[16], c[17], c[18], c[19], c[20]
    d3, d4, d5, d6 = c[21], c[22], c[23], c[24]
    e4, e5, e6 = c[25], c[26], c[27]
    f5, f6 = c[28], c[29]
    rest = c[30] * c[30]
    for n in range(u.shape[0]):
        x = u[n]
        x2 = x * x
        width = g0 + (g1 * x + g2 * x2)
        r0 = 1.0 / width if width > 0.0 else 0.0
        r1, r2, x3 = x * r0, x2 * r0, x2 * x
        y0 = a6 + a0 * x + a1 * x2 + a2 * x3 + a3 * r0 + a4 * r1 + a5 * r2
        y1 = b6 + b1 * x2 + b2 * x3 + b3 * r0 + b4 * r1 + b5 * r2
        y2 = c6 + c2 * x3 + c3 * r0 + c4 * r1 + c5 * r2
        y3 = d6 + d3 * r0 + d4 * r1 + d5 * r2
        y4 = e6 + e4 * r1 + e5 * r2
        y5 = f6 + f5 * r2
        total = rest + y5 * y5 + y4 * y4 + y3 * y3 + y2 * y2 + y1 * y1 + y0 * y0
        chi2[n] = min(total, largest)


@njit
def chi2_long(u: np.ndarray, c: np.ndarray, largest: float, chi2: np.ndarray) -> None:
    """chi2 of points u float64[n], at most `largest`, in float32[n], from coefficients float64[3 + 55]."""
    g0, g1, g2 = c[0], c[1], c[2]
    rest = c[57] * c[57]
    for n in range(u.shape[0]):
        x = u[n]
        x2 = x * x
        width = g0 + (g1 * x + g2 * x2)
        r0 = 1.0 / width if width > 0.0 else 0.0
        r1, r2 = x * r0, x2 * r0
        r3, r4 = x2 * r1, x2 * r2
        x3, x4 = x2 * x, x2 * x2
        y0 = c[12] + c[3] * x + c[4] * x2 + c[5] * x3 + c[6] * x4
        y0 = y0 + c[7] * r0 + c[8] * r1 + c[9] * r2 + c[10] * r3 + c[11] * r4
        y1 = c[21] + c[13] * x2 + c[14] * x3 + c[15] * x4
        y1 = y1 + c[16] * r0 + c[17] * r1 + c[18] * r2 + c[19] * r3 + c[20] * r4
        y2 = c[29] + c[22] * x3 + c[23] * x4 + c[24] * r0 + c[25] * r1 + c[26] * r2 + c[27] * r3 + c[28] * r4
        y3 = c[36] + c[30] * x4 + c[31] * r0 + c[32] * r1 + c[33] * r2 + c[34] * r3 + c[35] * r4
        y4 = c[42] + c[37] * r0 + c[38] * r1 + c[39] * r2 + c[40] * r3 + c[41] * r4
        y5 = c[47] + c[43] * r1 + c[44] * r2 + c[45] * r3 + c[46] * r4
        y6 = c[51] + c[48] * r2 + c[49] * r3 + c[50] * r4
        y7 = c[54] + c[52] * r3 + c[53] * r4
        y8 = c[56] + c[55] * r4
        total = rest + y8 * y8 + y7 * y7 + y6 * y6 + y5 * y5
        total = total + y4 * y4 + y3 * y3 + y2 * y2 + y1 * y1 + y0 * y0
        chi2[n] = min(total, largest)


@njit
def test_squares(u: np.ndarray, d: np.ndarray, bit: np.ndarray, bits: np.ndarray) -> None:
    """Set bit[k] where d[k, 0] + d[k, 1] u + d[k, 2] u^2 > 0, for four tests: u float64[n]; bits uint64[n]."""
    off = np.uint64(0)
    a0, a1, a2, a = d[0, 0], d[0, 1], d[0, 2], bit[0]
    b0, b1, b2, b = d[1, 0], d[1, 1], d[1, 2], bit[1]
    c0, c1, c2, c = d[2, 0], d[2, 1], d[2, 2], bit[2]
    e0, e1, e2, e = d[3, 0], d[3, 1], d[3, 2], bit[3]
    for n in range(u.shape[0]):
        x = u[n]
        first = (a if (a2 * x + a1) * x + a0 > 0.0 else off) | (b if (b2 * x + b1) * x + b0 > 0.0 else off)
        second = (c if (c2 * x + c1) * x + c0 > 0.0 else off) | (e if (e2 * x + e1) * x + e0 > 0.0 else off)
        bits[n] |= first | second


@njit
def test_any(u: np.ndarray, d: np.ndarray, width: np.ndarray, least: float, bit: np.uint64, bits: np.ndarray) -> None:
    """The same for a polynomial d of degree 6, and only where the width w0 + w1 u + w2 u^2 is at least `least`."""
    off = np.uint64(0)
    d0, d1, d2, d3, d4, d5, d6 = d[0], d[1], d[2], d[3], d[4], d[5], d[6]
    w0, w1, w2 = width[0], width[1], width[2]
    for n in range(u.shape[0]):
        x = u[n]
        value = (((((d6 * x + d5) * x + d4) * x + d3) * x + d2) * x + d1) * x + d0
        wide = w0 + (w1 * x + w2 * x * x) >= least
        bits[n] |= bit if (value > 0.0) & wide else off
