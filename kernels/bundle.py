"""A bundle of lines at once: every step is a short loop over its lines, which LLVM turns into vector code.

What a line gets does not depend on the other lines of its bundle, nor on how many places are in use.
Arrays float64[..., LINES]; the steps and their formulas are those of kernels/line.py.
"""

from __future__ import annotations

import numpy as np

from kernels import digest as _digest
from kernels import slice as _slice
from kernels.clauses import CHANNELS
from kernels.digest import Rows
from kernels.jit import njit
from kernels.line import G_NUE, POWERS, V_D, V_E, V_MU, V_S, V_U
from kernels.physics.bsll import LINEAR, QUADRATIC

LINES = 32
PACK = 8  # lines whose sums are kept in registers
TOTAL = CHANNELS  # row of the total width
GENERIC = (0.6180339887, 0.4142135624)  # a line on which no power vanishes by accident


@njit
def shifts(matrix: np.ndarray, slope: float, a: np.ndarray, b: np.ndarray, shift: np.ndarray) -> None:
    """u = t + shift with v_mu = slope u, as `line.muon_shift`; none for slope 0."""
    for i in range(LINES):
        shift[i] = 0.0 if slope == 0.0 else (matrix[V_MU, 0] * a[i] + matrix[V_MU, 1] * b[i]) / slope


@njit
def _form(row: np.ndarray, a: np.ndarray, b: np.ndarray, shift: np.ndarray, out: np.ndarray) -> None:
    r0, r1, r2 = row[0], row[1], row[2]
    for i in range(LINES):
        out[0, i] = r0 * a[i] + r1 * b[i] - r2 * shift[i]
        out[1, i] = r2


@njit
def forms(
    header: np.ndarray,
    matrix: np.ndarray,
    slope: float,
    a: np.ndarray,
    b: np.ndarray,
    shift: np.ndarray,
    out: np.ndarray,
) -> None:
    """(v_e, a_e, v_mu, a_mu, E0, E2, M1) as constant + slope u: out float64[7, 2, LINES]."""
    for k in range(4):
        _form(matrix[V_E + k], a, b, shift, out[k])
    if slope != 0.0:
        out[2, 0, :] = 0.0
    for k in range(3):
        start = _slice.MONOPOLE + 3 * k
        _form(header[start : start + 3], a, b, shift, out[4 + k])


@njit
def _add_product(factor: float, x: np.ndarray, y: np.ndarray, out: np.ndarray) -> None:
    """out += factor x y for linear x, y: out float64[3, LINES]."""
    for i in range(LINES):
        out[0, i] += factor * x[0, i] * y[0, i]
        out[1, i] += factor * (x[0, i] * y[1, i] + x[1, i] * y[0, i])
        out[2, i] += factor * x[1, i] * y[1, i]


@njit
def widths(
    header: np.ndarray,
    matrix: np.ndarray,
    a: np.ndarray,
    b: np.ndarray,
    shift: np.ndarray,
    lepton_forms: np.ndarray,
    channels: np.ndarray,
) -> None:
    """Widths in powers of u: channels float64[5, 3, LINES], rows invisible, ee, mumu, hadrons, total."""
    channels[:] = 0.0
    x, y, z = np.empty((2, LINES)), np.empty((2, LINES)), np.empty((2, LINES))
    for flavour in range(3):
        _form(matrix[G_NUE + flavour], a, b, shift, x)
        _add_product(header[_slice.NEUTRINO], x, x, channels[0])
    for i in range(LINES):
        channels[0, 0, i] += header[_slice.INVISIBLE]
    for lepton in range(2):
        for k in range(2):
            c = lepton_forms[2 * lepton + k]
            _add_product(header[_slice.ELECTRON + 2 * lepton + k], c, c, channels[1 + lepton])
    _form(matrix[V_U], a, b, shift, x)
    _form(matrix[V_D], a, b, shift, y)
    _form(matrix[V_S], a, b, shift, z)
    for k in range(2):
        for i in range(LINES):
            up, down = x[k, i], y[k, i]
            x[k, i] = up - down  # rho, omega, phi
            y[k, i] = 3.0 * (up + down)
            z[k, i] = -3.0 * z[k, i]
    h = _slice.HADRONS
    _add_product(header[h], x, x, channels[3])
    _add_product(header[h + 1], y, y, channels[3])
    _add_product(header[h + 2], z, z, channels[3])
    _add_product(header[h + 3], x, y, channels[3])
    _add_product(header[h + 4], x, z, channels[3])
    _add_product(header[h + 5], y, z, channels[3])
    for k in range(3):
        for i in range(LINES):
            channels[TOTAL, k, i] = channels[0, k, i] + channels[1, k, i] + channels[2, k, i] + channels[3, k, i]


@njit
def monomials(f: np.ndarray, total: np.ndarray, present: np.ndarray, out: np.ndarray) -> None:
    """What multiplies the rows' tables: out float64[SOURCES, LINES], places of kernels/digest.py, where present.

    f : of `forms`; total : float64[3, LINES], the total width.
    """
    squares = np.zeros((8, 3, LINES))  # v^2, a^2, then E0^2, E0 E2, E2^2, M1^2, M1 E0, M1 E2
    for k, (x, y) in enumerate(((4, 4), (4, 5), (5, 5), (6, 6), (6, 4), (6, 5))):
        _add_product(1.0, f[x], f[y], squares[2 + k])
    for lepton in range(2):
        squares[:2] = 0.0
        for k in range(2):
            _add_product(1.0, f[2 * lepton + k], f[2 * lepton + k], squares[k])
        for k in range(LINEAR):
            coupling, vertex = f[2 * lepton + (0 if k < 3 else 1)], f[4 + (k if k < 3 else k - 3)]
            first = _digest.LINEAR_AT + (lepton * LINEAR + k) * 3
            broadened = _digest.BROADENED_AT + (lepton * LINEAR + k) * POWERS
            linear = out[first : first + 3]
            linear[:] = 0.0
            _add_product(1.0, coupling, vertex, linear)
            out[broadened : broadened + POWERS] = 0.0
            for p in range(3):
                if not present[first + p]:
                    continue
                for q in range(3):
                    if present[broadened + p + q]:
                        for i in range(LINES):
                            out[broadened + p + q, i] += linear[p, i] * total[q, i]
        for k in range(QUADRATIC):
            first = _digest.QUADRATIC_AT + (lepton * QUADRATIC + k) * POWERS
            square, vertex2 = squares[0 if k < 6 else 1], squares[2 + (k if k < 6 else k - 6)]
            for p in range(POWERS):
                if not present[first + p]:
                    continue
                out[first + p, :] = 0.0
                for x in range(max(0, p - 2), min(3, p + 1)):
                    for i in range(LINES):
                        out[first + p, i] += square[x, i] * vertex2[p - x, i]
    out[_digest.ONE_AT, :] = 1.0


@njit
def structure(header: np.ndarray, matrix: np.ndarray, slope: float) -> np.ndarray:
    """Which monomials can differ from zero (bool[SOURCES]), read off at a generic line."""
    a, b, shift = np.full(LINES, GENERIC[0]), np.full(LINES, GENERIC[1]), np.empty(LINES)
    f, channels = np.empty((7, 2, LINES)), np.empty((CHANNELS + 1, 3, LINES))
    source = np.zeros((_digest.SOURCES, LINES))
    shifts(matrix, slope, a, b, shift)
    forms(header, matrix, slope, a, b, shift, f)
    widths(header, matrix, a, b, shift, f, channels)
    monomials(f, channels[TOTAL], np.ones(_digest.SOURCES, dtype=np.bool_), source)
    return source[:, 0] != 0.0


@njit
def take_pack(source: np.ndarray, present: np.ndarray, pack: int, out: np.ndarray) -> None:
    """Monomials of one pack of lines: out float64[SOURCES, PACK]."""
    for m in range(source.shape[0]):
        if present[m]:
            x = source[m, pack * PACK : (pack + 1) * PACK]
            for i in range(PACK):
                out[m, i] = x[i]


@njit
def collect(rows: Rows, source: np.ndarray, out: np.ndarray) -> None:
    """Columns of a pack of lines: out float64[J, m, PACK], from the monomials source float64[SOURCES, PACK].

    Eight sums in named variables stay in registers, where an array would be stored after every term.
    """
    out[:] = 0.0
    first = 0
    for c in range(rows.cell.shape[0]):
        t0, t1, t2, t3, t4, t5, t6, t7 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
        last = rows.cell[c, 2]
        for e in range(first, last):
            f, x = rows.entry_factor[e], source[rows.entry_source[e]]
            t0 += f * x[0]
            t1 += f * x[1]
            t2 += f * x[2]
            t3 += f * x[3]
            t4 += f * x[4]
            t5 += f * x[5]
            t6 += f * x[6]
            t7 += f * x[7]
        y = out[rows.cell[c, 0], rows.cell[c, 1]]
        y[0], y[1], y[2], y[3], y[4], y[5], y[6], y[7] = t0, t1, t2, t3, t4, t5, t6, t7
        first = last


@njit
def triangularise(v: np.ndarray, used: np.ndarray, pivot: np.ndarray) -> None:
    """`line.triangularise` of v float64[columns, rows, PACK] in place.

    Element (r, c) of the factor is v[c, pivot[r]]; columns without entries have no row: pivot int64[columns] is -1.
    """
    columns, rows = v.shape[0], v.shape[1]
    head, inverse = np.empty(PACK), np.empty(PACK)
    first = 0
    for k in range(columns):
        pivot[k] = -1
        if not used[k] or first >= rows:
            continue
        pivot[k] = first
        t0, t1, t2, t3, t4, t5, t6, t7 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
        for r in range(first, rows):
            x = v[k, r]
            t0 += x[0] * x[0]
            t1 += x[1] * x[1]
            t2 += x[2] * x[2]
            t3 += x[3] * x[3]
            t4 += x[4] * x[4]
            t5 += x[5] * x[5]
            t6 += x[6] * x[6]
            t7 += x[7] * x[7]
        inverse[0], inverse[1], inverse[2], inverse[3] = t0, t1, t2, t3
        inverse[4], inverse[5], inverse[6], inverse[7] = t4, t5, t6, t7
        for i in range(PACK):
            norm2, here = inverse[i], v[k, first, i]
            alpha = -np.copysign(np.sqrt(norm2), here)
            head[i] = here - alpha
            scale = norm2 - alpha * here
            inverse[i] = 1.0 / scale if scale > 0.0 else 0.0
            v[k, first, i] = alpha
        for j in range(k + 1, columns):
            if not used[j]:
                continue
            y = v[j, first]
            t0, t1, t2, t3 = head[0] * y[0], head[1] * y[1], head[2] * y[2], head[3] * y[3]
            t4, t5, t6, t7 = head[4] * y[4], head[5] * y[5], head[6] * y[6], head[7] * y[7]
            for r in range(first + 1, rows):
                x, y = v[k, r], v[j, r]
                t0 += x[0] * y[0]
                t1 += x[1] * y[1]
                t2 += x[2] * y[2]
                t3 += x[3] * y[3]
                t4 += x[4] * y[4]
                t5 += x[5] * y[5]
                t6 += x[6] * y[6]
                t7 += x[7] * y[7]
            t0, t1, t2, t3 = t0 * inverse[0], t1 * inverse[1], t2 * inverse[2], t3 * inverse[3]
            t4, t5, t6, t7 = t4 * inverse[4], t5 * inverse[5], t6 * inverse[6], t7 * inverse[7]
            _subtract(v[j, first], head, t0, t1, t2, t3, t4, t5, t6, t7)
            for r in range(first + 1, rows):
                _subtract(v[j, r], v[k, r], t0, t1, t2, t3, t4, t5, t6, t7)
        first += 1


@njit
def _subtract(
    y: np.ndarray,
    x: np.ndarray,
    t0: float,
    t1: float,
    t2: float,
    t3: float,
    t4: float,
    t5: float,
    t6: float,
    t7: float,
) -> None:
    """y -= t x for the eight lines, all read before any is written."""
    y0, y1, y2, y3 = y[0] - t0 * x[0], y[1] - t1 * x[1], y[2] - t2 * x[2], y[3] - t3 * x[3]
    y4, y5, y6, y7 = y[4] - t4 * x[4], y[5] - t5 * x[5], y[6] - t6 * x[6], y[7] - t7 * x[7]
    y[0], y[1], y[2], y[3], y[4], y[5], y[6], y[7] = y0, y1, y2, y3, y4, y5, y6, y7


@njit
def is_active(present: np.ndarray, source: np.ndarray, lepton: int, i: int) -> bool:
    """Whether the vector does anything to rows of this lepton on line i."""
    for k in range(LINEAR):
        first = _digest.LINEAR_AT + (lepton * LINEAR + k) * 3
        for p in range(3):
            if present[first + p] and source[first + p, i] != 0.0:
                return True
    return False
