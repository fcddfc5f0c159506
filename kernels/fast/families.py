"""chi2 of rates and quotients on grid points of one mass, exact in numerator over denominator. docs/angular.md.

A family is the rows with one denominator D_b. With y_b = 1/D_b and the K directions in which errors of different
families are common,

    chi2 = sum_b y_b^2 Q_b - sum_k (sum_b y_b z_kb)^2

where Q = A + B/Gamma + C/Gamma^2 has degree eight, D and z = P + Q/Gamma have degree four in the couplings. They are
collapsed plane by plane and bundle by bundle as chi2 is in kernels/fast/evaluate.py; what is here is its own pass over
the points, which scans without quotients never make.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from zdscan.kernels.fast.collapse import POWERS, Terms, in_plane, on_lines, powers_of, powers_of_all
from zdscan.kernels.fast.evaluate import axis_of, line_width, touched, touched_lines
from zdscan.kernels.fast.tile import CANCELLED, LANES, copy_out
from zdscan.kernels.jit import inner, njit
from zdscan.kernels.stack import local

STEPS = 8  # of a tile: sums over directions stay in the cache
TILE = STEPS * LANES
DIRECTIONS = 10  # at most; fewer are filled up with zeros
CHUNK = 3  # monomials of a line that are added at once
IN_LINE = 5  # powers of u in P and in Q
MONOMIALS = 2 * IN_LINE  # 1, u, ..., u^4, 1/Gamma, u/Gamma, ..., u^4/Gamma
FIXED_ROWS = (5, 3)  # of Q and the bound where the width is constant on a line: powers of u
LONG_ROWS = (3 * POWERS, 2 * IN_LINE)  # of A, B, C, and of the two parts of the bound, s = p(|u|) + q(|u|)/Gamma
LOST, BROAD = 1, 2  # what `lost` says of a point
_POWERS_OF_LANES, _LINES = POWERS * LANES, 4 * LANES
# arrays of a tile are this far apart: not a divisor of 4096 bytes, or a load would wait for a store it has no part in
PITCH = TILE + 20
_OF_TILE, _SUMS = MONOMIALS * PITCH, DIRECTIONS * PITCH
_T, _T2, _T3, _T4, _T5, _T6, _T7, _T8, _T9 = (np.uint64(n * PITCH) for n in range(1, MONOMIALS))
_L = np.uint64(LANES)


class FamilyTerms(NamedTuple):
    """The families of one mass as polynomials in the couplings (a, b, u); roles, shift, width as in `Expansion`.

    limit : width up to which the small-width law holds for all, GeV.
    terms : the rows of all polynomials; family n has `rows_of[n]` and following: CHUNK x chunks of D, then, if it
        has directions, of z [chunk, direction, CHUNK], then of Q and of a bound of the length, `FIXED_ROWS` or
        `LONG_ROWS` of them.
    lengths : the same of the bounds alone, of |a|, |b|, |u|.
    rows : how many; where the width is constant on a line, as many follow that are divided by it, and as many that are
        divided by its square.
    fixed : whether it is constant, so that they are summed once a line.
    rows_of, chunks : int64[F]; monomial : int64[F, MONOMIALS + CHUNK], which each chunk consists of.
    has_directions : bool[F]; settled : bool[F], whether D is constant on a line; such families are
        added to the first, whose D is 1.
    """

    roles: np.ndarray
    shift: np.ndarray
    width: np.ndarray
    limit: float
    terms: Terms
    lengths: Terms
    rows: int
    fixed: bool
    rows_of: np.ndarray
    chunks: np.ndarray
    monomial: np.ndarray
    has_directions: np.ndarray
    settled: np.ndarray


@inner
def _sum_over_widths(c: np.ndarray, rows: int, r: np.ndarray) -> None:
    """Every row of lines where the width is constant: c float64[3 * rows * LANES]; r float64[LANES], 1/Gamma."""
    one, two = np.uint64(rows * LANES), np.uint64(2 * rows * LANES)
    for row in range(rows):
        at = np.uint64(row) * _L
        for i in range(LANES):
            k = at + np.uint64(i)
            c[k] += (c[two + k] * r[i] + c[one + k]) * r[i]


@inner
def squares_after(chunks: int, directions: bool) -> int:
    """Rows of a family before those of Q."""
    return CHUNK * chunks * (1 + DIRECTIONS) if directions else CHUNK * chunks


@inner
def _settle(c: np.ndarray, first: int, begin: int, any_directions: bool, directions: bool, y: np.ndarray) -> None:
    """Add a family whose D is constant on each line to the first, whose D is 1.

    any_directions : whether the first has some, as it has if any has; directions : whether the other does.
    y : float64[LANES], filled.
    """
    for i in range(LANES):
        y[i] = 1.0 / c[begin * LANES + i]
    if directions:
        for row in range(CHUNK, CHUNK * (1 + DIRECTIONS)):
            to, of = np.uint64((first + row) * LANES), np.uint64((begin + row) * LANES)
            for i in range(LANES):
                c[to + np.uint64(i)] += y[i] * c[of + np.uint64(i)]
    here, there = begin + squares_after(1, directions), first + squares_after(1, any_directions)
    for row in range(FIXED_ROWS[0] + FIXED_ROWS[1]):
        to, of = np.uint64((there + row) * LANES), np.uint64((here + row) * LANES)
        for i in range(LANES):
            f = y[i] * y[i] if row < FIXED_ROWS[0] else abs(y[i])
            c[to + np.uint64(i)] += f * c[of + np.uint64(i)]


@inner
def _monomials(t: np.ndarray, lines: np.ndarray, fixed: bool, m: np.ndarray) -> None:
    """The monomials at the points of a tile: m float64[MONOMIALS * PITCH].

    t : float64[STEPS]; lines : float64[4 * LANES], u - t and the width in powers of u.
    """
    for s in range(STEPS):
        here, at = t[s], np.uint64(s * LANES)
        for i in range(LANES):
            k = at + np.uint64(i)
            x = here + lines[i]
            m[k], m[_T + k] = 1.0, x
            m[_T2 + k] = x * x
        if not fixed:
            for i in range(LANES):
                k = at + np.uint64(i)
                x = here + lines[i]
                width = lines[LANES + i] + (lines[2 * LANES + i] * x + lines[3 * LANES + i] * x * x)
                r = 1.0 / width if width > 0.0 else 0.0
                m[_T3 + k] = x * x * x
                m[_T4 + k] = x * x * (x * x)
                m[_T5 + k], m[_T6 + k] = r, x * r
                m[_T7 + k] = x * x * r
                m[_T8 + k] = x * x * x * r
                m[_T9 + k] = x * x * (x * x) * r


@inner
def _add_denominator(c: np.ndarray, begin: int, m: np.ndarray, m0: int, m1: int, m2: int, d: np.ndarray) -> None:
    """D += c_0 m_0 + c_1 m_1 + c_2 m_2 at the points of a tile."""
    x0, x1, x2, row = np.uint64(m0) * _T, np.uint64(m1) * _T, np.uint64(m2) * _T, np.uint64(begin * LANES)
    for s in range(STEPS):
        at = np.uint64(s * LANES)
        for i in range(LANES):
            k, j = at + np.uint64(i), row + np.uint64(i)
            d[k] += c[j] * m[x0 + k] + (c[j + _L] * m[x1 + k] + c[j + np.uint64(2 * LANES)] * m[x2 + k])


@inner
def _add_directions(
    c: np.ndarray, begin: int, m: np.ndarray, m0: int, m1: int, m2: int, y: np.ndarray, z: np.ndarray
) -> None:
    """z_k += y (c_0 m_0 + c_1 m_1 + c_2 m_2) for all directions: z float64[DIRECTIONS * PITCH].

    Five directions and two steps at once: what is loaded serves all of them.
    """
    x0, x1, x2 = np.uint64(m0) * _T, np.uint64(m1) * _T, np.uint64(m2) * _T
    for half in range(2):
        row, z0 = np.uint64((begin + half * 5 * CHUNK) * LANES), np.uint64(half * 5) * _T
        z1, z2, z3, z4 = z0 + _T, z0 + _T2, z0 + _T3, z0 + _T4
        for s in range(0, STEPS, 2):
            at = np.uint64(s * LANES)
            for i in range(LANES):
                k, j = at + np.uint64(i), row + np.uint64(i)
                n = k + _L
                f, g, h = m[x0 + k] * y[k], m[x1 + k] * y[k], m[x2 + k] * y[k]
                o, p, q = m[x0 + n] * y[n], m[x1 + n] * y[n], m[x2 + n] * y[n]
                e0, e1, e2 = c[j], c[j + _L], c[j + np.uint64(2 * LANES)]
                z[z0 + k] += e0 * f + (e1 * g + e2 * h)
                z[z0 + n] += e0 * o + (e1 * p + e2 * q)
                e0, e1, e2 = c[j + np.uint64(3 * LANES)], c[j + np.uint64(4 * LANES)], c[j + np.uint64(5 * LANES)]
                z[z1 + k] += e0 * f + (e1 * g + e2 * h)
                z[z1 + n] += e0 * o + (e1 * p + e2 * q)
                e0, e1, e2 = c[j + np.uint64(6 * LANES)], c[j + np.uint64(7 * LANES)], c[j + np.uint64(8 * LANES)]
                z[z2 + k] += e0 * f + (e1 * g + e2 * h)
                z[z2 + n] += e0 * o + (e1 * p + e2 * q)
                e0, e1, e2 = c[j + np.uint64(9 * LANES)], c[j + np.uint64(10 * LANES)], c[j + np.uint64(11 * LANES)]
                z[z3 + k] += e0 * f + (e1 * g + e2 * h)
                z[z3 + n] += e0 * o + (e1 * p + e2 * q)
                e0, e1, e2 = c[j + np.uint64(12 * LANES)], c[j + np.uint64(13 * LANES)], c[j + np.uint64(14 * LANES)]
                z[z4 + k] += e0 * f + (e1 * g + e2 * h)
                z[z4 + n] += e0 * o + (e1 * p + e2 * q)


@inner
def _add_fixed(
    c: np.ndarray, begin: int, squares: int, x: np.ndarray, y: np.ndarray, total: np.ndarray, size: np.ndarray
) -> None:
    """y = 1/D where the width is constant, y^2 Q and y s: three, five and three powers of u.

    begin, squares : rows of D and of Q; x : float64[TILE], u; y : float64[TILE], filled.
    """
    row, first = np.uint64(squares * LANES), np.uint64(begin * LANES)
    for s in range(STEPS):
        at = np.uint64(s * LANES)
        for i in range(LANES):
            k, j = at + np.uint64(i), row + np.uint64(i)
            u, of = x[k], first + np.uint64(i)
            scale = 1.0 / ((c[of + np.uint64(2 * LANES)] * u + c[of + _L]) * u + c[of])
            square = (
                (c[j + np.uint64(4 * LANES)] * u + c[j + np.uint64(3 * LANES)]) * u + c[j + np.uint64(2 * LANES)]
            ) * u + c[j + _L]
            square = square * u + c[j]
            w = abs(u)
            length = (c[j + np.uint64(7 * LANES)] * w + c[j + np.uint64(6 * LANES)]) * w + c[j + np.uint64(5 * LANES)]
            total[k] += scale * scale * square
            size[k] += abs(scale) * length
            y[k] = scale


@inner
def _add_long(c: np.ndarray, begin: int, m: np.ndarray, y: np.ndarray, total: np.ndarray, size: np.ndarray) -> None:
    """The same for all powers that can occur: eight in A, B, C, four in both parts of s; y has D and becomes 1/D."""
    row = np.uint64(begin * LANES)
    for s in range(STEPS):
        at = np.uint64(s * LANES)
        for i in range(LANES):
            k, j = at + np.uint64(i), row + np.uint64(i)
            x, r, scale = m[_T + k], m[_T5 + k], 1.0 / y[k]
            w = abs(x)
            regular = (
                (c[j + np.uint64(8 * LANES)] * x + c[j + np.uint64(7 * LANES)]) * x + c[j + np.uint64(6 * LANES)]
            ) * x + c[j + np.uint64(5 * LANES)]
            regular = ((regular * x + c[j + np.uint64(4 * LANES)]) * x + c[j + np.uint64(3 * LANES)]) * x + c[
                j + np.uint64(2 * LANES)
            ]
            regular = (regular * x + c[j + _L]) * x + c[j]
            mixed = (
                (c[j + np.uint64(17 * LANES)] * x + c[j + np.uint64(16 * LANES)]) * x + c[j + np.uint64(15 * LANES)]
            ) * x + c[j + np.uint64(14 * LANES)]
            mixed = ((mixed * x + c[j + np.uint64(13 * LANES)]) * x + c[j + np.uint64(12 * LANES)]) * x + c[
                j + np.uint64(11 * LANES)
            ]
            mixed = (mixed * x + c[j + np.uint64(10 * LANES)]) * x + c[j + np.uint64(9 * LANES)]
            resonant = (
                (c[j + np.uint64(26 * LANES)] * x + c[j + np.uint64(25 * LANES)]) * x + c[j + np.uint64(24 * LANES)]
            ) * x + c[j + np.uint64(23 * LANES)]
            resonant = ((resonant * x + c[j + np.uint64(22 * LANES)]) * x + c[j + np.uint64(21 * LANES)]) * x + c[
                j + np.uint64(20 * LANES)
            ]
            resonant = (resonant * x + c[j + np.uint64(19 * LANES)]) * x + c[j + np.uint64(18 * LANES)]
            p = (
                (c[j + np.uint64(31 * LANES)] * w + c[j + np.uint64(30 * LANES)]) * w + c[j + np.uint64(29 * LANES)]
            ) * w + c[j + np.uint64(28 * LANES)]
            p = p * w + c[j + np.uint64(27 * LANES)]
            q = (
                (c[j + np.uint64(36 * LANES)] * w + c[j + np.uint64(35 * LANES)]) * w + c[j + np.uint64(34 * LANES)]
            ) * w + c[j + np.uint64(33 * LANES)]
            q = q * w + c[j + np.uint64(32 * LANES)]
            total[k] += scale * scale * ((resonant * r + mixed) * r + regular)
            size[k] += abs(scale) * (q * r + p)
            y[k] = scale


@inner
def _finish(z: np.ndarray, largest: float, total: np.ndarray, size: np.ndarray, values: np.ndarray) -> int:
    """chi2 at the points of a tile, at most `largest`, and at how many it is not to be relied on.

    total : float64[TILE], the squares, then without what is common; values : float32[TILE], filled.
    """
    lost = 0
    for half in range(2):
        z0 = np.uint64(half * 5) * _T
        z1, z2, z3, z4 = z0 + _T, z0 + _T2, z0 + _T3, z0 + _T4
        for n in range(TILE):
            k = np.uint64(n)
            a, b, c, d, e = z[z0 + k], z[z1 + k], z[z2 + k], z[z3 + k], z[z4 + k]
            total[k] -= (a * a + b * b) + (c * c + d * d) + e * e
    for n in range(TILE):
        chi2, length = total[np.uint64(n)], size[np.uint64(n)]
        lost += 0 if chi2 * CANCELLED >= length * length else 1
        values[np.uint64(n)] = chi2 if chi2 < largest else largest
    return lost


@inner
def _tile(
    t: np.ndarray,
    lines: np.ndarray,
    fixed: bool,
    rows_of: np.ndarray,
    chunks: np.ndarray,
    monomial: np.ndarray,
    has_directions: np.ndarray,
    settled: np.ndarray,
    c: np.ndarray,
    m: np.ndarray,
    y: np.ndarray,
    z: np.ndarray,
    total: np.ndarray,
    size: np.ndarray,
) -> None:
    """Squares, bounds of the lengths and sums over directions at the points of a tile: t float64[STEPS]."""
    u = m[PITCH : 2 * PITCH]
    _monomials(t, lines, fixed, m)
    for k in range(TILE):
        total[np.uint64(k)], size[np.uint64(k)] = 0.0, 0.0
    for k in range(_SUMS):
        z[np.uint64(k)] = 0.0
    for n in range(rows_of.shape[0]):
        if settled[n]:
            continue
        begin, parts = rows_of[n], chunks[n]
        squares = begin + squares_after(parts, has_directions[n])
        if fixed:
            _add_fixed(c, begin, squares, u, y, total, size)
        else:
            for k in range(TILE):
                y[np.uint64(k)] = 0.0
            for part in range(parts):
                first = CHUNK * part
                m0, m1, m2 = monomial[n, first], monomial[n, first + 1], monomial[n, first + 2]
                _add_denominator(c, begin + first, m, m0, m1, m2, y)
            _add_long(c, squares, m, y, total, size)
        if has_directions[n]:
            for part in range(parts):
                first = CHUNK * part
                m0, m1, m2 = monomial[n, first], monomial[n, first + 1], monomial[n, first + 2]
                _add_directions(c, begin + CHUNK * (parts + DIRECTIONS * part), m, m0, m1, m2, y, z)


def work_space(p: FamilyTerms) -> tuple[np.ndarray, np.ndarray]:
    """Arrays that `evaluate_families` works in, as many as it is to run at once."""
    return np.empty(len(p.terms.row) + len(p.lengths.row)), np.zeros((3 if p.fixed else 1) * p.rows * LANES)


@njit
def evaluate_families(
    p: FamilyTerms,
    eps_axis: np.ndarray,
    eps_z_axis: np.ndarray,
    g_axis: np.ndarray,
    first: int,
    count: int,
    largest: float,
    chi2: np.ndarray,
    lost: np.ndarray,
    worth: np.ndarray,
    c: np.ndarray,
) -> int:
    """chi2 of the points first..first+count of one mass; arguments as in `evaluate.evaluate_grid`.

    lost : uint8[count], filled: LOST where digits have cancelled, BROAD where the small-width law fails; chi2 is not
        valid there. worth, c : of `work_space`.

    Returns
    -------
    How many points are lost or broad.
    """
    a_axis, a_stride = axis_of(p.roles[0], eps_axis, eps_z_axis, g_axis)
    b_axis, b_stride = axis_of(p.roles[1], eps_axis, eps_z_axis, g_axis)
    t_axis, stride = axis_of(p.roles[2], eps_axis, eps_z_axis, g_axis)
    n_b, n_t = b_axis.shape[0], t_axis.shape[0]
    line_span = (n_t - 1) * stride
    a_powers, b_powers, lines = local(POWERS), local(_POWERS_OF_LANES), local(_LINES)
    b, b_sizes, t = local(LANES), local(LANES), local(STEPS)
    inverse, m, y, z = local(LANES), local(_OF_TILE), local(TILE), local(_SUMS)
    total, size, values = local(TILE), local(TILE), local(TILE, np.float32)
    flags, bits = local(1, np.uint64), local(1, np.uint32)
    t_from, t_to = local(LANES, np.int64), local(LANES, np.int64)
    length_worth = worth[p.terms.row.shape[0] :]
    rows_of, chunks, monomial, directions, settled = p.rows_of, p.chunks, p.monomial, p.has_directions, p.settled
    fixed, limit = p.fixed, p.limit
    lost[:] = 0
    total_lost = 0

    a_from, a_to = touched(first, count, 0, a_stride, a_axis.shape[0], (n_b - 1) * b_stride + line_span)
    for plane in range(a_from, a_to):
        a = a_axis[plane]
        powers_of(a, a_powers)
        in_plane(p.terms, a_powers, worth)
        powers_of(abs(a), a_powers)
        in_plane(p.lengths, a_powers, length_worth)
        begin = plane * a_stride
        b_from, b_to = touched(first, count, begin, b_stride, n_b, line_span)
        for bundle in range(b_from // LANES * LANES, b_to, LANES):
            for i in range(LANES):
                b[i] = b_axis[min(bundle + i, n_b - 1)]
                lines[i] = p.shift[0] * a + p.shift[1] * b[i]
                lines[LANES + i], lines[2 * LANES + i], lines[3 * LANES + i] = line_width(p.width, a, b[i])
                inverse[i] = 1.0 / lines[LANES + i] if lines[LANES + i] > 0.0 else 0.0
                b_sizes[i] = abs(b[i])
            if fixed:
                c[: p.rows * LANES] = 0.0
            powers_of_all(b, b_powers)
            on_lines(p.terms, worth, b_powers, LANES, 0, c)
            powers_of_all(b_sizes, b_powers)
            on_lines(p.lengths, length_worth, b_powers, LANES, 0, c)
            for i in range(LANES):
                c[rows_of[0] * LANES + i] = 1.0
            if fixed:
                _sum_over_widths(c, p.rows, inverse)
                for n in range(rows_of.shape[0]):
                    if settled[n]:
                        _settle(c, rows_of[0], rows_of[n], directions[0], directions[n], inverse)
            corner = begin + bundle * b_stride
            from_all, to_all = touched_lines(first, count, corner, b_stride, n_b - bundle, stride, n_t, t_from, t_to)
            for start in range(from_all // STEPS * STEPS, to_all, STEPS):
                end = min(start + STEPS, n_t)
                for s in range(STEPS):  # the last of a line is repeated
                    t[s] = t_axis[min(start + s, n_t - 1)]
                _tile(t, lines, fixed, rows_of, chunks, monomial, directions, settled, c, m, y, z, total, size)
                bad = _finish(z, largest, total, size, values)
                copy_out(*(values, flags, start, STEPS, t_from, t_to, corner - first, b_stride, stride, chi2, bits[:0]))
                for i in range(LANES):
                    w0, w1, w2 = lines[LANES + i], lines[2 * LANES + i], lines[3 * LANES + i]
                    low, high = t[0] + lines[i], t[STEPS - 1] + lines[i]
                    # a sum of squares is largest at an end
                    broad = max((w2 * low + w1) * low + w0, (w2 * high + w1) * high + w0) > limit
                    if not broad and bad == 0:
                        continue
                    for s in range(max(start, t_from[i]), min(end, t_to[i])):
                        place, k = corner + i * b_stride + s * stride - first, (s - start) * LANES + i
                        u = t[s - start] + lines[i]
                        if broad and (w2 * u + w1) * u + w0 > limit:
                            lost[place] = BROAD
                        elif not total[k] * CANCELLED >= size[k] * size[k]:
                            lost[place] = LOST
                        else:
                            continue
                        total_lost += 1
    return total_lost
