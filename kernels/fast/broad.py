"""chi2 where the width is beyond the small-width law of some row: exact in the width, tabulated by bands.

chi2 goes from 1/Gamma^2 to a constant; Gamma chi2 is interpolated, whose poles at both ends are simple. At each node of
a band (kernels/tables/bands.py) chi2 is a polynomial in the couplings (kernels/fast/gram.py); its coefficients become
polynomials in x = (Gamma - Gamma_c)/(Gamma + Gamma_c).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from zdscan.kernels.fast.collapse import POWERS, powers_of
from zdscan.kernels.fast.evaluate import axis_of, line_width, touched
from zdscan.kernels.fast.tile import CANCELLED
from zdscan.kernels.jit import inner, njit
from zdscan.kernels.stack import local
from zdscan.kernels.tables.bands import (
    BANDS,
    HALF,
    NODES,
    U1,
    U2,
    U3,
    U4,
    U5,
    U6,
    U7,
    U8,
    U9,
    U10,
    U11,
    band_of,
    centre_of,
)

AT_ONCE = 4  # points that a loop over points takes at once
LENGTHS = 5  # powers of u in the length of the vector whose square chi2 is


class Broad(NamedTuple):
    """chi2 of one mass by bands of the width; which are filled is the caller's business.

    Lines run along b here, where the width varies least: (a, t, b) are the axes in the order of `roles`, and with
    u = b + shift_a a + shift_t t everything else is as in `grid.Expansion`.

    roles : int64[3]; shift : float64[2]; width : float64[7]; limit : least width limit of the rows that the vector
        touches, GeV.
    row, power, end, entry_power : as in `collapse.Terms`; rows are powers of u.
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
def _in_plane(broad: Broad, band: int, a_powers: np.ndarray, out: np.ndarray) -> None:
    """`collapse.in_plane` of one band: out[band] of float64[BANDS, C, NODES]."""
    value = broad.value
    first = 0
    for c in range(broad.row.shape[0]):
        t0, t1, t2, t3, t4, t5, t6, t7, t8, t9, t10, t11 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
        for e in range(first, broad.end[c]):
            f = a_powers[broad.entry_power[e]]
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
        first = broad.end[c]


@inner
def _on_line(broad: Broad, worth: np.ndarray, band: int, t_powers: np.ndarray, out: np.ndarray) -> None:
    """`collapse.on_lines` of one line and band: out[band] of float64[BANDS * POWERS * NODES], where terms are."""
    term, begin = 0, band * POWERS
    while term < broad.row.shape[0]:
        row = broad.row[term]
        t0, t1, t2, t3, t4, t5, t6, t7, t8, t9, t10, t11 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
        while term < broad.row.shape[0] and broad.row[term] == row:
            f = t_powers[broad.power[term]]
            t0 += f * worth[band, term, 0]
            t1 += f * worth[band, term, 1]
            t2 += f * worth[band, term, 2]
            t3 += f * worth[band, term, 3]
            t4 += f * worth[band, term, 4]
            t5 += f * worth[band, term, 5]
            t6 += f * worth[band, term, 6]
            t7 += f * worth[band, term, 7]
            t8 += f * worth[band, term, 8]
            t9 += f * worth[band, term, 9]
            t10 += f * worth[band, term, 10]
            t11 += f * worth[band, term, 11]
            term += 1
        at = (np.uint64(begin) + row) * np.uint64(NODES)
        out[at], out[at + U1], out[at + U2], out[at + U3] = t0, t1, t2, t3
        out[at + U4], out[at + U5], out[at + U6], out[at + U7] = t4, t5, t6, t7
        out[at + U8], out[at + U9], out[at + U10], out[at + U11] = t8, t9, t10, t11


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
def _lengths_in_plane(broad: Broad, band: int, a_powers: np.ndarray, out: np.ndarray) -> None:
    """`collapse.in_plane` of the bound of the length: out[band] of float64[BANDS, C']."""
    first = 0
    for c in range(broad.length_row.shape[0]):
        total = 0.0
        for e in range(first, broad.length_end[c]):
            total += broad.norm[band, e] * abs(a_powers[broad.length_entry_power[e]])
        out[band, c] = total
        first = broad.length_end[c]


@inner
def _lengths_on_line(broad: Broad, worth: np.ndarray, band: int, t_powers: np.ndarray, out: np.ndarray) -> None:
    """`collapse.on_lines` of it: out[band] of float64[BANDS * LENGTHS]."""
    begin = np.uint64(band * LENGTHS)
    for k in range(LENGTHS):
        out[begin + np.uint64(k)] = 0.0
    for c in range(broad.length_row.shape[0]):
        out[begin + broad.length_row[c]] += worth[band, c] * abs(t_powers[broad.length_power[c]])


def work_space(broad: Broad, longest: int) -> tuple[np.ndarray, ...]:
    """Arrays that `evaluate_broad` works in, for axes of at most so many points; memory is touched where it is used."""
    return (
        np.empty((BANDS, len(broad.row), NODES)),
        np.empty((BANDS, len(broad.length_row))),
        np.zeros(BANDS * POWERS * NODES),
        np.empty(BANDS * LENGTHS),
        np.empty((5, longest + AT_ONCE)),
    )


@njit
def evaluate_broad(
    broad: Broad,
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
    a_axis, a_stride = axis_of(broad.roles[0], eps_axis, eps_z_axis, g_axis)
    t_axis, t_stride = axis_of(broad.roles[1], eps_axis, eps_z_axis, g_axis)
    b_axis, stride = axis_of(broad.roles[2], eps_axis, eps_z_axis, g_axis)
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
            w0, w1, w2 = line_width(broad.width, a, t)
            shift = broad.shift[0] * a + broad.shift[1] * t
            low, high = b_axis[0] + shift, b_axis[n - 1] + shift
            # a sum of squares is largest at an end
            if max((w2 * low + w1) * low + w0, (w2 * high + w1) * high + w0) <= broad.limit:
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
                if not widths[k] > broad.limit:
                    continue
                band = band_of(widths[k])
                if band < 0:
                    lost[line + k * stride - first] = 1
                    total_lost += 1
                    continue
                low, high = 0.5 * centre_of(band), 2.0 * centre_of(band)
                while after < b_to and widths[after] > broad.limit and low <= widths[after] < high:
                    after += 1
                if not ready[band]:
                    needed[band] = True
                    continue
                if line_of[band] != row:
                    if in_plane[band] == 0:
                        _in_plane(broad, band, a_powers, worth)
                        _lengths_in_plane(broad, band, a_powers, length_worth)
                        in_plane[band] = 1
                    _on_line(broad, worth, band, t_powers, c)
                    _lengths_on_line(broad, length_worth, band, t_powers, lengths)
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
