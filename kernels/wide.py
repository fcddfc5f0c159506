"""chi2 where the width is beyond the small-width law of some row: exact in the width, tabulated by bands of four.

At fixed mass the integrals of the rows depend on the width Gamma alone. Their singularities lie at Gamma = 0 and at
M Gamma = +-i (distance of an edge or node from the pole); with x = (Gamma - Gamma_c)/(Gamma + Gamma_c) all of them are
on the unit circle: twelve Chebyshev nodes on a factor of four, |x| < 1/3, interpolate to about 5.83^-12 = 7e-10. chi2
goes from 1/Gamma^2 to a constant; Gamma chi2 is interpolated, whose poles at both ends are simple. At each node chi2
is a polynomial in the couplings (kernels/gram.py); its coefficients become polynomials in x.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from kernels.collapse import POWERS, powers_of
from kernels.grid import axis_of, line_width, touched
from kernels.jit import inner, lean
from kernels.physics import resonance as _resonance
from kernels.physics.bsll import FUNCTIONS, LINEAR, QUADRATIC, fold, fold_squares
from kernels.stack import local
from kernels.tile import CANCELLED

LOWEST, BANDS = -340, 191  # widths from 1e-103 to 1e12 GeV
TABLES = LINEAR + QUADRATIC
NODES = 12
HALF = 1.0 / 3.0  # |x| at the ends of a band
NODE = HALF * np.cos((2.0 * np.arange(NODES) + 1.0) * np.pi / (2.0 * NODES))
_NODE_X, _NODE_W = np.repeat(_resonance.GAUSS_X, NODES), np.repeat(_resonance.GAUSS_W, NODES)
_SETS, _TWO_SETS = _resonance.NODES * NODES, 2 * _resonance.NODES * NODES  # a panel's weights at all widths
_INTEGRALS = FUNCTIONS * NODES
_U1, _U2, _U3, _U4, _U5, _U6, _U7, _U8, _U9, _U10, _U11 = (np.uint64(n) for n in range(1, NODES))
AT_ONCE = 8  # points that a loop over points takes at once
LENGTHS = 5  # powers of u in the length of the vector whose square chi2 is


class Wide(NamedTuple):
    """chi2 of one mass by bands of the width; which are filled is the caller's business.

    Lines run along b here, where the width varies least: (a, t, b) are the axes in the order of `roles`, and with
    u = b + shift_a a + shift_t t everything else is as in `grid.Prepared`.

    roles : int64[3]; shift : float64[2]; width : float64[7]; limit : least width limit of the rows that the vector
        touches, GeV.
    row, power, end, entry_power : as in `collapse.Cells`; rows are powers of u.
    value : float64[BANDS, E, NODES], Gamma/Gamma_c chi2 in powers of x/HALF.
    length_row, ..., norm : the same of a bound of the length of the vector whose square chi2 is, in |a|, |b|, |u|;
        norm float64[BANDS, M].
    """

    roles: np.ndarray
    shift: np.ndarray
    width: np.ndarray
    limit: float
    row: np.ndarray
    power: np.ndarray
    end: np.ndarray
    entry_power: np.ndarray
    value: np.ndarray
    length_row: np.ndarray
    length_power: np.ndarray
    length_end: np.ndarray
    length_entry_power: np.ndarray
    norm: np.ndarray


@inner
def band_of(width: float) -> int:
    """The factor of four that holds a width in GeV; -1 outside all of them."""
    exponent = math.frexp(width)[1] - 1 - LOWEST if width > 0.0 else -1
    return exponent // 2 if 0 <= exponent < 2 * BANDS else -1


@inner
def centre_of(band: int) -> float:
    """Gamma_c of a band from Gamma_c/2 to 2 Gamma_c, GeV."""
    return math.ldexp(1.0, 2 * band + 1 + LOWEST)


@inner
def _weights(
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


@lean
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
    mass, kappa, row_start, panel_lo, panel_hi, functions : as in kernels/slice.py, GeV.
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
            _weights(panel_lo[p], panel_hi[p], mass, width, squares, work, real, absolute)
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
                    t1 += f * weights[at + _U1]
                    t2 += f * weights[at + _U2]
                    t3 += f * weights[at + _U3]
                    t4 += f * weights[at + _U4]
                    t5 += f * weights[at + _U5]
                    t6 += f * weights[at + _U6]
                    t7 += f * weights[at + _U7]
                    t8 += f * weights[at + _U8]
                    t9 += f * weights[at + _U9]
                    t10 += f * weights[at + _U10]
                    t11 += f * weights[at + _U11]
                integrals[total] += t0
                integrals[total + _U1] += t1
                integrals[total + _U2] += t2
                integrals[total + _U3] += t3
                integrals[total + _U4] += t4
                integrals[total + _U5] += t5
                integrals[total + _U6] += t6
                integrals[total + _U7] += t7
                integrals[total + _U8] += t8
                integrals[total + _U9] += t9
                integrals[total + _U10] += t10
                integrals[total + _U11] += t11
        for n in range(NODES):
            for k in range(FUNCTIONS):
                one[k] = integrals[k * NODES + n]
            fold(one, 1.0, one, -mass * width[n], kappa, tables[n, r, :LINEAR])
            fold_squares(one, 1.0, kappa, tables[n, r, LINEAR:])


@inner
def _in_plane(wide: Wide, band: int, a_powers: np.ndarray, out: np.ndarray) -> None:
    """`collapse.in_plane` of one band: out[band] of float64[BANDS, C, NODES]."""
    value = wide.value
    first = 0
    for c in range(wide.row.shape[0]):
        t0, t1, t2, t3, t4, t5, t6, t7, t8, t9, t10, t11 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
        for e in range(first, wide.end[c]):
            f = a_powers[wide.entry_power[e]]
            t0 += f * value[band, e, 0]
            t1 += f * value[band, e, 1]
            t2 += f * value[band, e, 2]
            t3 += f * value[band, e, 3]
            t4 += f * value[band, e, 4]
            t5 += f * value[band, e, 5]
            t6 += f * value[band, e, 6]
            t7 += f * value[band, e, 7]
            t8 += f * value[band, e, 8]
            t9 += f * value[band, e, 9]
            t10 += f * value[band, e, 10]
            t11 += f * value[band, e, 11]
        out[band, c, 0], out[band, c, 1], out[band, c, 2], out[band, c, 3] = t0, t1, t2, t3
        out[band, c, 4], out[band, c, 5], out[band, c, 6], out[band, c, 7] = t4, t5, t6, t7
        out[band, c, 8], out[band, c, 9], out[band, c, 10], out[band, c, 11] = t8, t9, t10, t11
        first = wide.end[c]


@inner
def _on_line(wide: Wide, worth: np.ndarray, band: int, t_powers: np.ndarray, out: np.ndarray) -> None:
    """`collapse.on_lines` of one line and band: out[band] of float64[BANDS * POWERS * NODES], where cells are."""
    cell, begin = 0, band * POWERS
    while cell < wide.row.shape[0]:
        row = wide.row[cell]
        t0, t1, t2, t3, t4, t5, t6, t7, t8, t9, t10, t11 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
        while cell < wide.row.shape[0] and wide.row[cell] == row:
            f = t_powers[wide.power[cell]]
            t0 += f * worth[band, cell, 0]
            t1 += f * worth[band, cell, 1]
            t2 += f * worth[band, cell, 2]
            t3 += f * worth[band, cell, 3]
            t4 += f * worth[band, cell, 4]
            t5 += f * worth[band, cell, 5]
            t6 += f * worth[band, cell, 6]
            t7 += f * worth[band, cell, 7]
            t8 += f * worth[band, cell, 8]
            t9 += f * worth[band, cell, 9]
            t10 += f * worth[band, cell, 10]
            t11 += f * worth[band, cell, 11]
            cell += 1
        at = (np.uint64(begin) + row) * np.uint64(NODES)
        out[at], out[at + _U1], out[at + _U2], out[at + _U3] = t0, t1, t2, t3
        out[at + _U4], out[at + _U5], out[at + _U6], out[at + _U7] = t4, t5, t6, t7
        out[at + _U8], out[at + _U9], out[at + _U10], out[at + _U11] = t8, t9, t10, t11


@inner
def _at_points(
    c: np.ndarray,
    lengths: np.ndarray,
    band: int,
    n: int,
    u: np.ndarray,
    x: np.ndarray,
    total: np.ndarray,
    bound: np.ndarray,
) -> None:
    """chi2 of n points in one band, and the square of the bound of the length: total and bound, filled.

    c : float64[BANDS * POWERS * NODES]; lengths : float64[BANDS * LENGTHS]; x : widths, GeV; they are lost.
    """
    centre, first, k = centre_of(band), band * POWERS * NODES, band * LENGTHS
    p0, p1, p2, p3, p4 = lengths[k], lengths[k + 1], lengths[k + 2], lengths[k + 3], lengths[k + 4]
    for i in range(n):
        total[i] = 0.0
        x[i] = (x[i] - centre) / (x[i] + centre) * (1.0 / HALF)
    for pair in range(NODES // 2):  # two powers of x at once, from the highest
        k = first + NODES - 2 * pair - 1
        a0, a1, a2, a3, a4 = c[k], c[k + NODES], c[k + 2 * NODES], c[k + 3 * NODES], c[k + 4 * NODES]
        a5, a6, a7, a8 = c[k + 5 * NODES], c[k + 6 * NODES], c[k + 7 * NODES], c[k + 8 * NODES]
        k -= 1
        b0, b1, b2, b3, b4 = c[k], c[k + NODES], c[k + 2 * NODES], c[k + 3 * NODES], c[k + 4 * NODES]
        b5, b6, b7, b8 = c[k + 5 * NODES], c[k + 6 * NODES], c[k + 7 * NODES], c[k + 8 * NODES]
        for i in range(n):
            y, z = u[i], x[i]
            one = (((a8 * y + a7) * y + a6) * y + a5) * y + a4
            one = (((one * y + a3) * y + a2) * y + a1) * y + a0
            two = (((b8 * y + b7) * y + b6) * y + b5) * y + b4
            two = (((two * y + b3) * y + b2) * y + b1) * y + b0
            total[i] = (total[i] * z + one) * z + two
    for i in range(n):
        y = abs(u[i])
        size = (((p4 * y + p3) * y + p2) * y + p1) * y + p0
        bound[i] = size * size
        total[i] *= (1.0 - HALF * x[i]) / (1.0 + HALF * x[i])  # Gamma_c/Gamma


@inner
def _lengths_in_plane(wide: Wide, band: int, a_powers: np.ndarray, out: np.ndarray) -> None:
    """`collapse.in_plane` of the bound of the length: out[band] of float64[BANDS, C']."""
    first = 0
    for c in range(wide.length_row.shape[0]):
        total = 0.0
        for e in range(first, wide.length_end[c]):
            total += wide.norm[band, e] * abs(a_powers[wide.length_entry_power[e]])
        out[band, c] = total
        first = wide.length_end[c]


@inner
def _lengths_on_line(wide: Wide, worth: np.ndarray, band: int, t_powers: np.ndarray, out: np.ndarray) -> None:
    """`collapse.on_lines` of it: out[band] of float64[BANDS * LENGTHS]."""
    begin = np.uint64(band * LENGTHS)
    for k in range(LENGTHS):
        out[begin + np.uint64(k)] = 0.0
    for c in range(wide.length_row.shape[0]):
        out[begin + wide.length_row[c]] += worth[band, c] * abs(t_powers[wide.length_power[c]])


def work_space(wide: Wide, longest: int) -> tuple[np.ndarray, ...]:
    """Arrays that `evaluate_wide` works in, for axes of at most so many points; memory is touched where it is used."""
    return (
        np.empty((BANDS, len(wide.row), NODES)),
        np.empty((BANDS, len(wide.length_row))),
        np.zeros(BANDS * POWERS * NODES),
        np.empty(BANDS * LENGTHS),
        np.empty((5, longest + AT_ONCE)),
    )


@lean
def evaluate_wide(
    wide: Wide,
    eps_axis: np.ndarray,
    eps_z_axis: np.ndarray,
    g_axis: np.ndarray,
    first: int,
    count: int,
    largest: float,
    ready: np.ndarray,
    needed: np.ndarray,
    chi2: np.ndarray,
    lost: np.ndarray,
    worth: np.ndarray,
    length_worth: np.ndarray,
    c: np.ndarray,
    lengths: np.ndarray,
    points: np.ndarray,
) -> int:
    """chi2 of the points of a run whose width is beyond the limit; eps_axis to largest as in `grid.evaluate_grid`.

    Parameters
    ----------
    ready : bool[BANDS], bands that are filled; needed : bool[BANDS], set for those that are not and should be.
    chi2 : float32[count]; lost : uint8[count], 1 where the width is outside every band or digits have cancelled.
        Both keep what they are at other points, and while bands are needed at their points.
    worth, length_worth, c, lengths, points : of `work_space`.

    Returns
    -------
    How many points are lost.
    """
    a_axis, a_stride = axis_of(wide.roles[0], eps_axis, eps_z_axis, g_axis)
    t_axis, t_stride = axis_of(wide.roles[1], eps_axis, eps_z_axis, g_axis)
    b_axis, stride = axis_of(wide.roles[2], eps_axis, eps_z_axis, g_axis)
    n = b_axis.shape[0]
    line_span = (n - 1) * stride
    a_powers, t_powers = local(POWERS), local(POWERS)
    # which line the polynomials of a band are of, -1 none of this plane
    line_of, in_plane = local(BANDS, np.int64), local(BANDS, np.uint8)
    widths, u, x, total, bound = points[0], points[1], points[2], points[3], points[4]
    total_lost = 0

    a_from, a_to = touched(first, count, 0, a_stride, a_axis.shape[0], (t_axis.shape[0] - 1) * t_stride + line_span)
    for plane in range(a_from, a_to):
        a = a_axis[plane]
        powers_of(a, a_powers)
        in_plane[:] = 0
        line_of[:] = -1
        begin = plane * a_stride
        t_from, t_to = touched(first, count, begin, t_stride, t_axis.shape[0], line_span)
        for row in range(t_from, t_to):
            line = begin + row * t_stride
            t = t_axis[row]
            w0, w1, w2 = line_width(wide.width, a, t)
            shift = wide.shift[0] * a + wide.shift[1] * t
            low, high = b_axis[0] + shift, b_axis[n - 1] + shift
            # a sum of squares is largest at an end
            if max((w2 * low + w1) * low + w0, (w2 * high + w1) * high + w0) <= wide.limit:
                continue
            b_from, b_to = touched(first, count, line, stride, n, 0)
            for k in range(b_from, b_to):
                y = b_axis[k] + shift
                widths[k] = (w2 * y + w1) * y + w0
            powers_of(t, t_powers)
            after = b_from
            while after < b_to:
                k = after
                after += 1
                if not widths[k] > wide.limit:
                    continue
                band = band_of(widths[k])
                if band < 0:
                    lost[line + k * stride - first] = 1
                    total_lost += 1
                    continue
                low, high = 0.5 * centre_of(band), 2.0 * centre_of(band)
                while after < b_to and widths[after] > wide.limit and low <= widths[after] < high:
                    after += 1
                if not ready[band]:
                    needed[band] = True
                    continue
                if line_of[band] != row:
                    if in_plane[band] == 0:
                        _in_plane(wide, band, a_powers, worth)
                        _lengths_in_plane(wide, band, a_powers, length_worth)
                        in_plane[band] = 1
                    _on_line(wide, worth, band, t_powers, c)
                    _lengths_on_line(wide, length_worth, band, t_powers, lengths)
                    line_of[band] = row
                some = after - k
                full = (some + AT_ONCE - 1) // AT_ONCE * AT_ONCE
                here, its_width = b_axis[k:after], widths[k:after]
                for i in range(some):
                    u[i], x[i] = here[i] + shift, its_width[i]
                for i in range(some, full):
                    u[i], x[i] = u[0], x[0]
                _at_points(c, lengths, band, full, u, x, total, bound)
                for i in range(some):
                    place = line + (k + i) * stride - first
                    if total[i] * CANCELLED >= bound[i]:
                        chi2[place] = total[i] if total[i] < largest else largest
                        lost[place] = 0
                    else:
                        lost[place] = 1
                        total_lost += 1
    return total_lost
