"""chi2 of rates and quotients where the width is beyond the small-width law: exact in the width. docs/performance.md.

As kernels/fast/broad.py for rates alone: lines run along b, and tables at the nodes of a band of the width are
polynomials in the couplings; here they are those of each family (kernels/fast/families.py), D and z of degree four and
Gamma/Gamma_c Q of degree eight. A line is cut into segments on which the width varies little, so that a few nodes of
their own, to which the twelve of the band are interpolated once, serve all their points.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from zdscan.kernels.fast.collapse import POWERS, powers_of
from zdscan.kernels.fast.evaluate import axis_of, line_width, touched
from zdscan.kernels.fast.families import SURE, TILE
from zdscan.kernels.fast.octets import DIRECTIONS, Shape, add_up, bounds_of, lengths_of, places_of
from zdscan.kernels.fast.tile import CANCELLED
from zdscan.kernels.jit import inner, njit
from zdscan.kernels.stack import local
from zdscan.kernels.tables.bands import BANDS, HALF, NODES, band_of, centre_of
from zdscan.kernels.vectors import POINTS, multiply

IN_LINE = 5  # powers of u in D and z; those of Q are POWERS
# numbers of nodes, and how far apart widths of a segment may be for each, as |x| at its ends: with x = (Gamma -
# Gamma_s)/(Gamma + Gamma_s) all singularities are 1 away, and (2/x)^-n is 1e-9 or less
COUNTS = np.array([1, 2, 3, 4, 5, 6, 8, NODES])
REACH = np.array([1e-9, 4.5e-5, 1.0e-3, 9.0e-3, 2.6e-2, 5.3e-2, 0.13, 0.35])
# of a segment, in points with as many nodes; less with those of the band, where nothing is interpolated
SEGMENT_COST, BAND_COST = 30, 4
# Long segments of 2, 3, ... nodes become polynomials in u, of which the place y in the segment is one. Nodes are those
# of the width itself: singularities are 1/(2|x|) away, in half lengths of the segment, and |x|^n is 2e-9 or less
MERGED = np.array([3.0e-5, 1.0e-3, 5.6e-3])
LONG = 40  # points
TERMS = 8.0  # of y, as a sum of their sizes, at most; what rounding grows by
_ANGLES = [np.cos((2.0 * np.arange(n) + 1.0) * np.pi / (2.0 * n)) for n in COUNTS]
# Chebyshev's nodes for each number of them, on (-1, 1), and what makes Lagrange's polynomials of products of distances
PLACES = np.array([[*places, *np.zeros(NODES - len(places))] for places in _ANGLES])
FACTORS = np.array(
    [
        [*(1.0 / np.prod([place - other for other in places if other != place]) for place in places)]
        + [0.0] * (NODES - len(places))
        for places in _ANGLES
    ]
)
_BAND_KIND = len(COUNTS) - 1  # the nodes of the band themselves
_ALL_POWERS, _WEIGHTS, _SUMS, _BASIS = POWERS * POINTS, NODES * TILE, DIRECTIONS * POINTS, 2 * NODES


class BroadFamilies(NamedTuple):
    """The families of one mass by bands of the width; which are filled is the caller's business.

    With u = b + shift_a a + shift_t t, (a, t, b) in the order of `roles`, polynomials are sums over a^i t^j u^k.

    roles, shift, width, limit : as in `broad.Broad`.
    end, power_t, power_u : int64[C], end of the monomials of each power of t and u, and these powers; power_a :
        int64[M].
    value : float64[BANDS, M, NODES * P], polynomials of degree four: D of each family, then z of those that have
        directions.
    square_end, ..., square : the same of degree eight, Gamma/Gamma_c Q of each family; F in the place of P.
    norm : float64[BANDS, M, F], bounds of the lengths of the columns.
    shape : how many families there are, and with directions, which come first; the rest is that of a segment.
    """

    roles: np.ndarray
    shift: np.ndarray
    width: np.ndarray
    limit: float
    end: np.ndarray
    power_t: np.ndarray
    power_u: np.ndarray
    power_a: np.ndarray
    value: np.ndarray
    square_end: np.ndarray
    square_power_t: np.ndarray
    square_power_u: np.ndarray
    square_power_a: np.ndarray
    square: np.ndarray
    norm: np.ndarray
    shape: Shape


@inner
def _collapse(end: np.ndarray, powers: np.ndarray, x_powers: np.ndarray, value: np.ndarray, out: np.ndarray) -> None:
    """out[c] = sum of x^powers[m] value[m] over the m of c: value float64[M, n], out float64[C, n]."""
    first = 0
    for c in range(end.shape[0]):
        to = out[c]
        for k in range(to.shape[0]):
            to[np.uint64(k)] = 0.0
        for m in range(first, end[c]):
            f, of = x_powers[powers[m]], value[m]
            for k in range(to.shape[0]):
                to[np.uint64(k)] += f * of[np.uint64(k)]
        first = end[c]


@inner
def _on_line(
    power_t: np.ndarray, power_u: np.ndarray, t_powers: np.ndarray, cells: np.ndarray, out: np.ndarray
) -> None:
    """out[k] = sum of t^j cells over the powers j of t with u^k: cells float64[C, n], out float64[powers, n]."""
    for k in range(out.shape[0]):
        to = out[k]
        for m in range(to.shape[0]):
            to[np.uint64(m)] = 0.0
    for c in range(power_t.shape[0]):
        f, of, to = t_powers[power_t[c]], cells[c], out[power_u[c]]
        for m in range(to.shape[0]):
            to[np.uint64(m)] += f * of[np.uint64(m)]


@inner
def _to_nodes(
    line: np.ndarray,
    all_sizes: int,
    offset: int,
    size: int,
    kind: int,
    count: int,
    nodes: np.ndarray,
    out: np.ndarray,
    to: int,
) -> None:
    """Interpolate some polynomials from the nodes of the band to those of a segment.

    line : of a band, float64[powers, NODES * all_sizes], of which `size` from `offset` are wanted at each node.
    nodes : widths of the nodes over that of the band; kind : `_BAND_KIND` for those of the band themselves.
    out : filled from `to` on, by node, power of u and polynomial.
    """
    weights, powers = local(NODES), line.shape[0]
    for node in range(count):
        x = (nodes[node] - 1.0) / (nodes[node] + 1.0) / HALF
        for n in range(NODES):
            product = FACTORS[_BAND_KIND, n]
            for other in range(NODES):
                product *= x - PLACES[_BAND_KIND, other] if other != n else 1.0
            weights[n] = product
        for k in range(powers):
            of, begin = line[k], np.uint64(to + (node * powers + k) * size)
            if kind == _BAND_KIND:
                first = np.uint64(node * all_sizes + offset)
                for p in range(size):
                    out[begin + np.uint64(p)] = of[first + np.uint64(p)]
                continue
            for quarter in range(NODES // 4):
                n0 = np.uint64(4 * quarter * all_sizes + offset)
                n1, n2, n3 = n0 + np.uint64(all_sizes), n0 + np.uint64(2 * all_sizes), n0 + np.uint64(3 * all_sizes)
                f0, f1 = weights[4 * quarter], weights[4 * quarter + 1]
                f2, f3 = weights[4 * quarter + 2], weights[4 * quarter + 3]
                for p in range(size):
                    i = np.uint64(p)
                    found = (f0 * of[n0 + i] + f1 * of[n1 + i]) + (f2 * of[n2 + i] + f3 * of[n3 + i])
                    out[begin + i] = found if quarter == 0 else out[begin + i] + found


@inner
def _wanted(kind: int, count: int, reach: np.ndarray, u: float, y: np.ndarray) -> int:
    """How many nodes make polynomials in u of those of a segment; 0 if its own nodes are better.

    count : points of the segment; reach : of `_segment`; u : the largest |u|. y : float64[3], what makes the place in
    the segment, from -1 to 1, of powers of u.
    """
    if kind == 0 or count < LONG or abs(y[0]) + abs(y[1]) * u + abs(y[2]) * u * u > TERMS:
        return 0
    for n in range(MERGED.shape[0]):
        if reach[1] <= MERGED[n]:
            return n + 2
    return 0


@inner
def _merge(
    found: np.ndarray, begin: int, count: int, powers: int, size: int, y: np.ndarray, out: np.ndarray, to: int
) -> None:
    """Polynomials in u of those at nodes in y: out float64[powers + 2 (count - 1), size] from `to` on, filled.

    found : by node, power of u and polynomial, from `begin` on; y : as of `_wanted`.
    """
    basis = local(_BASIS)
    for k in range((powers + 2 * (count - 1)) * size):
        out[np.uint64(to + k)] = 0.0
    for node in range(count):
        for k in range(_BASIS):
            basis[k] = 0.0
        basis[0], degree = FACTORS[count - 1, node], 0
        for other in range(count):
            if other != node:
                constant = y[0] - PLACES[count - 1, other]
                for back in range(degree + 3):
                    k = degree + 2 - back
                    one, two = basis[k - 1] if k > 0 else 0.0, basis[k - 2] if k > 1 else 0.0
                    basis[k] = constant * basis[k] + y[1] * one + y[2] * two
                degree += 2
        for power in range(powers):
            of = np.uint64(begin + (node * powers + power) * size)
            for k in range(degree + 1):
                f, at = basis[k], np.uint64(to + (power + k) * size)
                for p in range(size):
                    out[at + np.uint64(p)] += f * found[of + np.uint64(p)]


@inner
def _node_weights(kind: int, count: int, x: np.ndarray, product: np.ndarray, w: np.ndarray) -> None:
    """What each node counts at the points: x float64[TILE], from -1 to 1 in the segment; w float64[NODES * TILE]."""
    for i in range(TILE):
        product[np.uint64(i)] = 1.0
    for node in range(count):
        at, factor, place = np.uint64(node * TILE), FACTORS[kind, node], PLACES[kind, node]
        for i in range(TILE):
            k = np.uint64(i)
            w[at + k] = product[k] * factor
            product[k] *= x[k] - place
    for i in range(TILE):
        product[np.uint64(i)] = 1.0
    for left in range(count):
        node = count - 1 - left
        at, place = np.uint64(node * TILE), PLACES[kind, node]
        for i in range(TILE):
            k = np.uint64(i)
            w[at + k] *= product[k]
            product[k] *= x[k] - place


@inner
def _times_powers(
    count: int, powers: int, of_u: np.ndarray, w: np.ndarray, at: int, out: np.ndarray, begin: int
) -> None:
    """What nodes count times powers of u at eight points: of_u float64[8 POWERS]; out by node and power."""
    for node in range(count):
        multiply(w, node * TILE + at, of_u, 0, powers, out, begin + node * powers * POINTS)


@inner
def _norms_on_line(
    end: np.ndarray,
    power_t: np.ndarray,
    power_u: np.ndarray,
    power_a: np.ndarray,
    norm: np.ndarray,
    a_powers: np.ndarray,
    t_powers: np.ndarray,
    out: np.ndarray,
) -> None:
    """Bounds of the lengths by powers of |u|: norm float64[M, F], out float64[IN_LINE * F], filled."""
    families, first = norm.shape[1], 0
    for k in range(IN_LINE * families):
        out[k] = 0.0
    for c in range(end.shape[0]):
        for m in range(first, end[c]):
            f, to = abs(a_powers[power_a[m]] * t_powers[power_t[c]]), power_u[c] * families
            for n in range(families):
                out[to + n] += f * norm[m, n]
        first = end[c]


@inner
def _sizes(u: float, out: np.ndarray) -> None:
    """1, |u|, ...: out float64[IN_LINE]."""
    out[0] = 1.0
    for k in range(IN_LINE - 1):
        out[k + 1] = out[k] * u


@inner
def _segment(
    widths: np.ndarray, first: int, step: int, stop: int, limit: float, reach: np.ndarray
) -> tuple[int, int, int]:
    """The segment of a line from a broad point on, towards `stop`: where it ends, its band, which of `COUNTS` nodes.

    It depends on the line alone, never on which points of it are asked for. step : 1 or -1, towards larger widths.
    reach : float64[2], filled: the width in the middle, GeV, and |x| at the ends.
    """
    band = band_of(widths[first])
    low, high = 0.5 * centre_of(band), 2.0 * centre_of(band)
    least = most = widths[first]
    kind, count, best, best_kind, best_count = 0, 1, np.inf, 0, 1
    best_least, best_most = least, most
    while True:
        at = first + count * step
        more = at != stop
        x, below, above = 0.0, least, most
        if more:
            width = widths[at]
            more = width > limit and low <= width < high
            below, above = min(least, width), max(most, width)
        if more:
            root = np.sqrt(above / below)
            x = (root - 1.0) / (root + 1.0)
        if not more or x > REACH[kind]:
            computed = (count + POINTS - 1) // POINTS * POINTS
            cost = COUNTS[kind] * (computed + (BAND_COST if kind == _BAND_KIND else SEGMENT_COST)) / count
            if cost < best:
                best, best_kind, best_count, best_least, best_most = cost, kind, count, least, most
            if not more:
                break
            while x > REACH[kind]:
                kind += 1
        least, most = below, above
        count += 1
    root = np.sqrt(best_most / best_least)
    reach[0], reach[1] = best_least * root, (root - 1.0) / (root + 1.0)
    if best_kind == _BAND_KIND:
        reach[0], reach[1] = centre_of(band), HALF
    return first + best_count * step, band, best_kind


@njit
def square_families(
    columns: np.ndarray, start: np.ndarray, place: np.ndarray, squares: np.ndarray, own: np.ndarray
) -> None:
    """Squares of the lengths of whitened residuals as polynomials.

    Parameters
    ----------
    columns : float64[NODES, rows, M], whitened residuals over monomials; start : int64[F + 1], rows of each family.
    place : int64[M (M + 1) / 2], which term the product of monomials k and n >= k is.
    squares : float64[S, NODES, F'], F' >= F, the terms of each family, added to; own : float64[NODES, F', M], squares
        of the lengths of the columns, filled for F families.
    """
    for node in range(columns.shape[0]):
        for family in range(start.shape[0] - 1):
            pair = 0
            for k in range(columns.shape[2]):
                for n in range(k, columns.shape[2]):
                    total = 0.0
                    for row in range(start[family], start[family + 1]):
                        total += columns[node, row, k] * columns[node, row, n]
                    squares[place[pair], node, family] += total if n == k else 2.0 * total
                    if n == k:
                        own[node, family, k] = total
                    pair += 1


def work_space(p: BroadFamilies, longest: int) -> tuple[np.ndarray, ...]:
    """Arrays that `evaluate_broad_families` works in, for axes of at most so many points."""
    s, all_sizes, families = p.shape, p.value.shape[2], p.square.shape[2]
    return (
        np.empty((BANDS, len(p.end), all_sizes)),
        np.empty((BANDS, len(p.square_end), families)),
        np.empty((BANDS, IN_LINE, all_sizes)),
        np.empty((BANDS, POWERS, families)),
        np.empty(IN_LINE * all_sizes + POWERS * families),
        np.empty(IN_LINE * s.families),
        np.empty(TILE * IN_LINE * NODES),
        np.empty(TILE * POWERS * NODES),
        np.empty(TILE * s.families),
        np.empty(max(TILE * s.families, POINTS * s.directed * IN_LINE * NODES)),
        np.empty(s.families),
        np.empty(longest),
    )


@njit
def evaluate_broad_families(
    p: BroadFamilies,
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
    square_worth: np.ndarray,
    line: np.ndarray,
    square_line: np.ndarray,
    c: np.ndarray,
    norms: np.ndarray,
    m: np.ndarray,
    squares: np.ndarray,
    y: np.ndarray,
    work: np.ndarray,
    bound: np.ndarray,
    widths: np.ndarray,
) -> int:
    """chi2 of the points of a run whose width is beyond the limit; arguments as of `broad.evaluate_broad`.

    lost : uint8[count], 0 where chi2 has been computed here, 1 where the width is outside every band or digits have
        cancelled; as it was at other points, and while bands are needed at their points.
    worth, square_worth, line, square_line, c, norms, m, squares, y, work, bound, widths : of `work_space`.

    Returns
    -------
    How many points are lost.
    """
    a_axis, a_stride = axis_of(p.roles[0], eps_axis, eps_z_axis, g_axis)
    t_axis, t_stride = axis_of(p.roles[1], eps_axis, eps_z_axis, g_axis)
    b_axis, stride = axis_of(p.roles[2], eps_axis, eps_z_axis, g_axis)
    n = b_axis.shape[0]
    line_span = (n - 1) * stride
    families, directed = p.shape.families, p.shape.directed * DIRECTIONS
    all_sizes = families + directed
    a_powers, t_powers, sizes = local(POWERS), local(POWERS), local(IN_LINE)
    in_plane, of_u = local(BANDS, np.uint8), local(_ALL_POWERS)
    line_of = local(BANDS, np.int64)
    u, x, scale, product, w = local(TILE), local(TILE), local(TILE), local(TILE), local(_WEIGHTS)
    own, common, length, z, reach = local(TILE), local(TILE), local(TILE), local(_SUMS), local(2)
    y_of_u, of_nodes = local(3), local(NODES)
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
            corner = begin + row * t_stride
            t = t_axis[row]
            w0, w1, w2 = line_width(p.width, a, t)
            shift = p.shift[0] * a + p.shift[1] * t
            low, high = b_axis[0] + shift, b_axis[n - 1] + shift
            # a sum of squares is largest at an end
            if max((w2 * low + w1) * low + w0, (w2 * high + w1) * high + w0) <= p.limit:
                continue
            b_from, b_to = touched(first, count, corner, stride, n, 0)
            for k in range(n):
                here = b_axis[k] + shift
                widths[k] = (w2 * here + w1) * here + w0
            powers_of(t, t_powers)
            narrowest = 0
            for k in range(n):
                narrowest = k if widths[k] < widths[narrowest] else narrowest
            # outwards from where the line is narrowest, where the width varies least: to the right, then to the left
            norms_of, step, stop, after = -1, 1, n, narrowest
            while True:
                if after == stop:
                    if step < 0:
                        break
                    step, stop, after = -1, -1, narrowest - 1
                    continue
                k = after
                after += step
                if not widths[k] > p.limit:
                    continue
                if band_of(widths[k]) < 0:
                    if b_from <= k < b_to:
                        lost[corner + k * stride - first] = 1
                        total_lost += 1
                    continue
                after, band, kind = _segment(widths, k, step, stop, p.limit, reach)
                begin_here, end_here = max(min(k, after - step), b_from), min(max(k, after - step) + 1, b_to)
                if begin_here >= end_here:
                    continue
                if not ready[band]:
                    needed[band] = True
                    continue
                if line_of[band] != row:
                    if in_plane[band] == 0:
                        _collapse(p.end, p.power_a, a_powers, p.value[band], worth[band])
                        _collapse(p.square_end, p.square_power_a, a_powers, p.square[band], square_worth[band])
                        in_plane[band] = 1
                    _on_line(p.power_t, p.power_u, t_powers, worth[band], line[band])
                    _on_line(p.square_power_t, p.square_power_u, t_powers, square_worth[band], square_line[band])
                    line_of[band] = row
                if norms_of != band:
                    _norms_on_line(p.end, p.power_t, p.power_u, p.power_a, p.norm[band], a_powers, t_powers, norms)
                    norms_of = band
                nodes, centre, half, growth = COUNTS[kind], centre_of(band), reach[1], 1.0
                # the width at the ends is (1 -+ x)/(1 +- x) times that in the middle
                middle, radius = reach[0] * (1.0 + half * half) / (1.0 - half * half), 2.0 * half / (1.0 - half * half)
                radius *= reach[0]
                merged, monomials, square_monomials = 0, IN_LINE * nodes, POWERS * nodes
                if radius > 0.0:
                    y_of_u[0], y_of_u[1], y_of_u[2] = (w0 - middle) / radius, w1 / radius, w2 / radius
                    farthest = max(abs(b_axis[k] + shift), abs(b_axis[after - step] + shift))
                    merged = _wanted(kind, abs(after - k), reach, farthest, y_of_u)
                if merged > 0:
                    kind, nodes, growth = merged - 1, merged, 0.0
                    for node in range(merged):  # of polynomials through the nodes, by the distances y - y_j
                        growth += abs(FACTORS[merged - 1, node])
                    for _ in range(merged - 1):
                        growth *= 1.0 + TERMS
                    monomials, square_monomials = IN_LINE + 2 * (merged - 1), POWERS + 2 * (merged - 1)
                for node in range(nodes):
                    x_here = half * PLACES[kind, node]
                    width = reach[0] * (1.0 + x_here) / (1.0 - x_here)
                    if merged > 0:
                        width = middle + radius * PLACES[kind, node]
                    of_nodes[node] = width / centre
                s = Shape(families, 0, families, 0, 0, 0, p.shape.directed, 0, monomials, 0, square_monomials, 0)
                of_z, _, _, of_square, _, _ = places_of(s)
                if merged > 0:
                    begin_found = c.shape[0] // 2
                    _to_nodes(line[band], all_sizes, 0, families, kind, nodes, of_nodes, c, begin_found)
                    _merge(c, begin_found, nodes, IN_LINE, families, y_of_u, c, 0)
                    _to_nodes(line[band], all_sizes, families, directed, kind, nodes, of_nodes, c, begin_found)
                    _merge(c, begin_found, nodes, IN_LINE, directed, y_of_u, c, of_z)
                    _to_nodes(square_line[band], families, 0, families, kind, nodes, of_nodes, c, begin_found)
                    _merge(c, begin_found, nodes, POWERS, families, y_of_u, c, of_square)
                else:
                    _to_nodes(line[band], all_sizes, 0, families, kind, nodes, of_nodes, c, 0)
                    _to_nodes(line[band], all_sizes, families, directed, kind, nodes, of_nodes, c, of_z)
                    _to_nodes(square_line[band], families, 0, families, kind, nodes, of_nodes, c, of_square)
                for start in range(begin_here, end_here, TILE):
                    some = min(TILE, end_here - start)
                    octets, furthest = (some + POINTS - 1) // POINTS, 0.0
                    for i in range(TILE):
                        at = start + min(i, some - 1)
                        u[i], scale[i] = b_axis[at] + shift, widths[at]
                        furthest = max(furthest, abs(u[i]))
                    for i in range(TILE):
                        place = (scale[i] - reach[0]) / (scale[i] + reach[0])
                        x[i] = place / half if kind > 0 else 0.0
                        scale[i] = centre / scale[i]
                    if merged == 0:
                        _node_weights(kind, nodes, x, product, w)
                    for octet in range(octets):
                        at = octet * POINTS
                        of_octet, of_squares = at * monomials, at * square_monomials
                        if merged > 0:
                            for i in range(POINTS):
                                m[of_octet + i], squares[of_squares + i] = 1.0, scale[at + i]
                            for power in range(monomials - 1):
                                now = of_octet + power * POINTS
                                multiply(u, at, m, now, 1, m, now + POINTS)
                            for power in range(square_monomials - 1):
                                now = of_squares + power * POINTS
                                multiply(u, at, squares, now, 1, squares, now + POINTS)
                            continue
                        for i in range(POINTS):
                            of_u[i] = 1.0
                        for power in range(POWERS - 1):
                            multiply(u, at, of_u, power * POINTS, 1, of_u, (power + 1) * POINTS)
                        _times_powers(nodes, IN_LINE, of_u, w, at, m, of_octet)
                        multiply(scale, at, of_u, 0, POWERS, of_u, 0)
                        _times_powers(nodes, POWERS, of_u, w, at, squares, of_squares)
                    add_up(s, octets, c, m, squares, y, work, z, own, common)
                    of_norms = Shape(families, 0, families, 0, 0, 0, 0, 0, IN_LINE, 0, 0, 0)
                    _sizes(furthest, sizes)
                    bounds_of(of_norms, norms, sizes, bound)
                    lengths_of(of_norms, octets, bound, y, length)
                    for i in range(some):
                        place, total = corner + (start + i) * stride - first, own[i] - common[i]
                        is_valid = total * SURE >= growth * length[i] * length[i]
                        if not is_valid:  # by the largest |u| of those at once; by its own
                            _sizes(abs(u[i]), sizes)
                            bounds_of(of_norms, norms, sizes, bound)
                            exact = 0.0
                            for f in range(families):
                                exact += abs(y[(i // POINTS * families + f) * POINTS + i % POINTS]) * bound[f]
                            is_valid = total * CANCELLED >= growth * exact * exact
                        if is_valid:
                            chi2[place] = total if total < largest else largest
                            lost[place] = 0
                        else:
                            lost[place] = 1
                            total_lost += 1
    return total_lost
