"""chi2 of rates and quotients on grid points of one mass, exact in numerator over denominator. docs/angular.md.

A family is the rows with one denominator D_b. With y_b = 1/D_b and the K directions in which errors of different
families are common,

    chi2 = sum_b y_b^2 Q_b - sum_k (sum_b y_b z_kb)^2

where Q = A + B/Gamma + C/Gamma^2 has degree eight, D and z = P + Q/Gamma have degree four in the couplings. They are
collapsed plane by plane and line by line; what is left are numbers for each monomial of u and 1/Gamma, of which eight
points of the line are computed at once (kernels/fast/octets.py). Most families have none that is divided by the width:
the pole lies in one bin of a decay at most.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from zdscan.kernels.fast.collapse import POWERS, powers_of
from zdscan.kernels.fast.evaluate import axis_of, line_width, touched
from zdscan.kernels.fast.octets import DIRECTIONS, Shape, add_up, bounds_of, lengths_of, places_of
from zdscan.kernels.fast.tile import CANCELLED
from zdscan.kernels.jit import inner, njit
from zdscan.kernels.stack import local
from zdscan.kernels.vectors import POINTS, multiply

LOST, BROAD = 1, 2  # what `lost` says of a point
OCTETS = 4  # of a tile
TILE = OCTETS * POINTS
SURE = 0.99 * CANCELLED  # as `CANCELLED`, with a margin for the rounding of a bound
_ALL_POWERS, _WIDTHS, _SUMS = POWERS * POINTS, 3 * POINTS, DIRECTIONS * POINTS


class Cells(NamedTuple):
    """Many polynomials in (a, b, u) side by side: vectors, one number for each, that a line adds up.

    to, length : int64[C], where on a line the vector of a cell is added, and its length.
    power, over : int64[C], of b and of 1/Gamma, which multiply it; end : int64[C], end of its entries.
    entry_power : int64[E], power of a; value : float64[...], the vectors of the entries.
    """

    to: np.ndarray
    length: np.ndarray
    power: np.ndarray
    over: np.ndarray
    end: np.ndarray
    entry_power: np.ndarray
    value: np.ndarray


class FamilyTerms(NamedTuple):
    """The families of one mass as polynomials in the couplings (a, b, u); roles, shift, width as in `Expansion`.

    limit : width up to which the small-width law holds for all, GeV.
    fixed : whether the width is the same all along a line; what is divided by it is added up there.
    shape : of a line.
    powers, square_powers : int64[monomials + partial], int64[squares + partial squares], of u; over, square_over : of
        1/Gamma.
    settled : int64, how many families have a D that is constant on a line; they are added to the first, whose D is 1.
    cells : of a line as `octets.Shape` has it; norms : of the lengths, of |a|, |b|, |u|.
    """

    roles: np.ndarray
    shift: np.ndarray
    width: np.ndarray
    limit: float
    fixed: bool
    shape: Shape
    powers: np.ndarray
    over: np.ndarray
    square_powers: np.ndarray
    square_over: np.ndarray
    settled: int
    cells: Cells
    norms: Cells


@inner
def in_plane(cells: Cells, a_powers: np.ndarray, out: np.ndarray) -> None:
    """The vectors of all cells in the plane of a, one after the other: a_powers float64[POWERS]."""
    source, at, first = np.uint64(0), np.uint64(0), 0
    for c in range(cells.to.shape[0]):
        n = cells.length[c]
        for k in range(n):
            out[at + np.uint64(k)] = 0.0
        for e in range(first, cells.end[c]):
            f = a_powers[cells.entry_power[e]]
            for k in range(n):
                out[at + np.uint64(k)] += f * cells.value[source + np.uint64(k)]
            source += np.uint64(n)
        at += np.uint64(n)
        first = cells.end[c]


@inner
def on_line(cells: Cells, worth: np.ndarray, b_powers: np.ndarray, r: float, size: int, out: np.ndarray) -> None:
    """The line of b: out float64[size], filled; worth of `in_plane`; r : what 1/Gamma of cells is."""
    for k in range(size):
        out[np.uint64(k)] = 0.0
    at, c = np.uint64(0), 0
    while c < cells.to.shape[0]:
        power, over, begin, n = cells.power[c], cells.over[c], cells.to[c], cells.length[c]
        c += 1
        # neighbours that are multiplied by the same go together
        while c < cells.to.shape[0] and cells.power[c] == power and cells.over[c] == over and cells.to[c] == begin + n:
            n += cells.length[c]
            c += 1
        f, to = b_powers[power], np.uint64(begin)
        for _ in range(over):
            f *= r
        for k in range(n):
            out[to + np.uint64(k)] += f * worth[at + np.uint64(k)]
        at += np.uint64(n)


@inner
def _settle(s: Shape, settled: int, c: np.ndarray, norms: np.ndarray) -> None:
    """Add the families whose D is constant on a line, its last columns, to the first, whose D is 1."""
    _, _, _, square, partial_square, _ = places_of(s)
    to = s.rates
    for k in range(settled):
        y = 1.0 / c[s.columns - settled + k]
        for row in range(s.squares):
            begin = square + row * s.columns
            c[begin + to] += y * y * c[begin + s.columns - settled + k]
        for row in range(s.partial_squares):
            begin = partial_square + row * s.some_columns
            c[begin + to] += y * y * c[begin + s.some_columns - settled + k]
        for row in range(s.monomials):
            begin = row * s.columns
            norms[begin + to] += abs(y) * norms[begin + s.columns - settled + k]
        for row in range(s.partial):
            begin = s.monomials * s.columns + row * s.some_columns
            norms[begin + to] += abs(y) * norms[begin + s.some_columns - settled + k]


@inner
def _monomials(
    powers: np.ndarray, over: np.ndarray, of_u: np.ndarray, of_width: np.ndarray, out: np.ndarray, begin: int
) -> None:
    """u^k/Gamma^n at eight points: of_u float64[8 POWERS], of_width float64[8 x 3], out float64[8 monomials]."""
    for row in range(powers.shape[0]):
        multiply(of_u, powers[row] * POINTS, of_width, over[row] * POINTS, 1, out, begin + row * POINTS)


@inner
def _sizes(powers: np.ndarray, over: np.ndarray, u: float, r: float, of_u: np.ndarray, out: np.ndarray) -> None:
    """|u|^k/Gamma^n of one |u| and 1/Gamma: of_u float64[POWERS], work space; out float64[monomials]."""
    powers_of(u, of_u)
    for row in range(powers.shape[0]):
        out[row] = of_u[powers[row]] * (r if over[row] == 1 else 1.0)


@inner
def _largest(m: np.ndarray, at: int, stride: int, octets: int) -> float:
    """The largest size of a monomial at the points of a tile."""
    largest, found = local(POINTS), 0.0
    for i in range(POINTS):
        largest[i] = 0.0
    for octet in range(octets):
        begin = np.uint64(at + octet * stride)
        for i in range(POINTS):
            largest[i] = max(largest[i], abs(m[begin + np.uint64(i)]))
    for i in range(POINTS):
        found = max(found, largest[i])
    return found


def work_space(p: FamilyTerms) -> tuple[np.ndarray, ...]:
    """Arrays that `evaluate_families` works in, as many as it is to run at once."""
    s = p.shape
    monomials, squares = s.monomials + s.partial, s.squares + s.partial_squares
    return (
        np.empty(int(p.cells.length.sum())),
        np.empty(int(p.norms.length.sum())),
        np.empty(places_of(s)[-1]),
        np.empty(s.monomials * s.columns + s.partial * s.some_columns),
        np.empty(TILE * monomials),
        np.empty(TILE * squares),
        np.empty(TILE * s.families),
        np.empty(max(TILE * s.families, POINTS * s.directed * monomials)),
        np.empty(s.families),
        np.empty(monomials),
    )


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
    norm_worth: np.ndarray,
    c: np.ndarray,
    norms: np.ndarray,
    m: np.ndarray,
    squares: np.ndarray,
    y: np.ndarray,
    work: np.ndarray,
    bound: np.ndarray,
    sizes: np.ndarray,
) -> int:
    """chi2 of the points first..first+count of one mass; arguments as in `evaluate.evaluate_grid`.

    lost : uint8[count], filled: LOST where digits have cancelled, BROAD where the small-width law fails; chi2 is not
        valid there. worth, norm_worth, c, norms, m, squares, y, work, bound, sizes : of `work_space`.

    Returns
    -------
    How many points are lost or broad.
    """
    a_axis, a_stride = axis_of(p.roles[0], eps_axis, eps_z_axis, g_axis)
    b_axis, b_stride = axis_of(p.roles[1], eps_axis, eps_z_axis, g_axis)
    t_axis, stride = axis_of(p.roles[2], eps_axis, eps_z_axis, g_axis)
    n_b, n_t = b_axis.shape[0], t_axis.shape[0]
    line_span = (n_t - 1) * stride
    a_powers, b_powers, of_u = local(POWERS), local(POWERS), local(_ALL_POWERS)
    u, widths, inverse, of_width, z = local(TILE), local(TILE), local(TILE), local(_WIDTHS), local(_SUMS)
    own, common, length, u_powers = local(TILE), local(TILE), local(TILE), local(POWERS)
    s = p.shape
    size = places_of(s)[5]
    norm_size = s.monomials * s.columns + s.partial * s.some_columns
    monomials, square_monomials, most = s.monomials + s.partial, s.squares + s.partial_squares, 0
    for k in range(p.square_powers.shape[0]):
        most = max(most, p.square_powers[k])
    for k in range(p.powers.shape[0]):
        most = max(most, p.powers[k])
    lost[:] = 0
    total_lost = 0

    a_from, a_to = touched(first, count, 0, a_stride, a_axis.shape[0], (n_b - 1) * b_stride + line_span)
    for plane in range(a_from, a_to):
        a = a_axis[plane]
        powers_of(a, a_powers)
        in_plane(p.cells, a_powers, worth)
        powers_of(abs(a), a_powers)
        in_plane(p.norms, a_powers, norm_worth)
        begin = plane * a_stride
        b_from, b_to = touched(first, count, begin, b_stride, n_b, line_span)
        for row in range(b_from, b_to):
            corner, b = begin + row * b_stride, b_axis[row]
            w0, w1, w2 = line_width(p.width, a, b)
            shift = p.shift[0] * a + p.shift[1] * b
            of_line = 1.0 / w0 if p.fixed and w0 > 0.0 else 0.0
            powers_of(b, b_powers)
            on_line(p.cells, worth, b_powers, of_line, size, c)
            powers_of(abs(b), b_powers)
            on_line(p.norms, norm_worth, b_powers, of_line, norm_size, norms)
            _settle(s, p.settled, c, norms)
            t_from, t_to = touched(first, count, corner, stride, n_t, 0)
            for start in range(t_from // TILE * TILE, t_to, TILE):
                octets, here = min(OCTETS, (n_t - start + POINTS - 1) // POINTS), max(start, t_from)
                end = min(start + TILE, t_to)
                for i in range(TILE):  # the last of a line is repeated
                    u[i] = t_axis[min(start + i, n_t - 1)]
                for i in range(TILE):
                    x = u[i] + shift
                    width = (w2 * x + w1) * x + w0
                    u[i], widths[i] = x, width
                    inverse[i] = 1.0 / width if width > 0.0 else 0.0
                low, high = u[0], u[TILE - 1]
                least = min(widths[0], widths[TILE - 1])
                if w2 > 0.0 and (2.0 * w2 * low + w1) * (2.0 * w2 * high + w1) < 0.0:
                    least = w0 - 0.25 * w1 * w1 / w2
                if least > p.limit:
                    for t in range(here, end):
                        lost[corner + t * stride - first] = BROAD
                    total_lost += end - here
                    continue
                while octets > 1:  # from the end, eight points and eight that are all broad are left out
                    narrowest = widths[(octets - 1) * POINTS]
                    for i in range((octets - 1) * POINTS, octets * POINTS):
                        narrowest = min(narrowest, widths[i])
                    if not narrowest > p.limit:
                        break
                    octets -= 1
                for t in range(max(here, start + octets * POINTS), end):
                    lost[corner + t * stride - first] = BROAD
                    total_lost += 1
                end = min(end, start + octets * POINTS)
                furthest = max(abs(low), abs(high))
                for octet in range(octets):
                    at = octet * POINTS
                    for i in range(POINTS):
                        r = inverse[at + i]
                        of_width[i], of_width[POINTS + i], of_width[2 * POINTS + i] = 1.0, r, r * r
                        of_u[i] = 1.0
                    for k in range(most):
                        multiply(u, at, of_u, k * POINTS, 1, of_u, (k + 1) * POINTS)
                    _monomials(p.powers, p.over, of_u, of_width, m, at * monomials)
                    _monomials(p.square_powers, p.square_over, of_u, of_width, squares, at * square_monomials)
                add_up(s, octets, c, m, squares, y, work, z, own, common)
                _sizes(p.powers, p.over, furthest, 1.0, u_powers, sizes)
                for k in range(s.monomials, monomials):  # u^n/Gamma, whose factors are largest at different points
                    sizes[k] = _largest(m, k * POINTS, monomials * POINTS, octets)
                bounds_of(s, norms, sizes, bound)
                lengths_of(s, octets, bound, y, length)
                for t in range(here, end):
                    i, place = t - start, corner + t * stride - first
                    total = own[i] - common[i]
                    chi2[place] = total if total < largest else largest
                    if widths[i] > p.limit:
                        lost[place] = BROAD
                        total_lost += 1
                    elif not total * SURE >= length[i] * length[i]:
                        _sizes(p.powers, p.over, abs(u[i]), inverse[i], u_powers, sizes)
                        bounds_of(s, norms, sizes, bound)
                        exact = 0.0
                        for f in range(s.families):
                            at = (i // POINTS * s.families + f) * POINTS + i % POINTS
                            exact += abs(y[at]) * bound[f]
                        if not total * CANCELLED >= exact * exact:
                            lost[place] = LOST
                            total_lost += 1
    return total_lost
