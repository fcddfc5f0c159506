"""A run of grid points of one mass: chi2 and constraint bits, plane by plane, bundle by bundle, tile by tile.

What is evaluated is an `Expansion` (made by zdscan/evaluation/expansion.py): chi2 = A + B/Gamma + C/Gamma^2 and the
inequalities of the constraints as polynomials in the couplings. Points where the small-width law fails are computed
again by kernels/fast/broad.py.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from zdscan.kernels.fast import tile as _tile
from zdscan.kernels.fast.bounds import DEGREES, decide, gather, power_ranges, row_ranges
from zdscan.kernels.fast.collapse import POWERS, Terms, in_plane, on_lines, powers_of, powers_of_all, some_on_lines
from zdscan.kernels.fast.inequalities import apply_left
from zdscan.kernels.fast.tile import COEFFICIENTS, LANES, MOST_STEPS
from zdscan.kernels.fast.window import LENGTH, NUMBERS
from zdscan.kernels.jit import inner, njit
from zdscan.kernels.stack import local

_POWERS_OF_LANES, _COEFFICIENTS_OF_LANES, _TILE = POWERS * LANES, COEFFICIENTS * LANES, MOST_STEPS * LANES


class Expansion(NamedTuple):
    """The tables of one mass as polynomials in the couplings (a, b, u).

    u = t + shift_a a + shift_b b, with (a, b, t) the axes in the order of `roles`.

    roles : int64[3], which of (eps, eps_z, g_mu) is a, b, t; shift : float64[2].
    width : float64[7], total width over 1, a^2, ab, b^2, au, bu, u^2, GeV.
    chi2 : rows A (powers of u 0 to 8), B, C; lengths : rows p (0 to 4), q; of |a|, |b|, |u|.
    inequalities, closed : rows of D (0 to 6) of each inequality, and of D on lines where no channel is open.
    inequality_end, closed_end : int64[T], end of the terms of each inequality.
    degree : int64[T]; bit : uint64[T]; prompt, broadest : float64[T]; window : float64[T * NUMBERS]: see
        `bounds.decide`.
    kind : which of `tile.FIXED`, `LONG`.
    """

    roles: np.ndarray
    shift: np.ndarray
    width: np.ndarray
    chi2: Terms
    lengths: Terms
    inequalities: Terms
    closed: Terms
    inequality_end: np.ndarray
    closed_end: np.ndarray
    degree: np.ndarray
    bit: np.ndarray
    prompt: np.ndarray
    broadest: np.ndarray
    window: np.ndarray
    kind: int


@inner
def axis_of(role: int, eps: np.ndarray, eps_z: np.ndarray, g_mu: np.ndarray) -> tuple[np.ndarray, int]:
    """The axis with this number, and the distance of its points in a mass."""
    if role == 0:
        return eps, eps_z.shape[0] * g_mu.shape[0]
    if role == 1:
        return eps_z, g_mu.shape[0]
    return g_mu, 1


@inner
def touched(first: int, count: int, begin: int, stride: int, n: int, span: int) -> tuple[int, int]:
    """Which of n ranges begin + k stride .. + span hold points of the run first..first+count: k from, up to."""
    return max(0, -((begin + span - first) // stride)), min(n, (first + count - 1 - begin) // stride + 1)


@inner
def touched_lines(
    first: int,
    count: int,
    corner: int,
    b_stride: int,
    lines: int,
    stride: int,
    n_t: int,
    t_from: np.ndarray,
    t_to: np.ndarray,
) -> tuple[int, int]:
    """Which steps of the lines of a bundle hold points of the run first..first+count, and those of all together.

    corner : place of the first point of the bundle; lines : how many there are, LANES or fewer.
    t_from, t_to : int64[LANES], filled; points are from one up to the other.
    """
    inside = corner >= first and corner + (LANES - 1) * b_stride + (n_t - 1) * stride < first + count
    from_all, to_all = n_t, 0
    for i in range(LANES):
        t_from[i], t_to[i] = 0, n_t
        if not inside:
            t_from[i], t_to[i] = touched(first, count, corner + i * b_stride, stride, n_t, 0)
        if i >= lines:
            t_to[i] = 0
        if t_from[i] < t_to[i]:
            from_all, to_all = min(from_all, t_from[i]), max(to_all, t_to[i])
    return from_all, to_all


@inner
def line_width(width: np.ndarray, a: float, b: float) -> tuple[float, float, float]:
    """The total width on a line in powers of u."""
    constant = width[0] + (width[1] * a * a + width[2] * a * b + width[3] * b * b)
    return constant, width[4] * a + width[5] * b, width[6]


@inner
def _settled(
    degree: np.ndarray,
    prompt: np.ndarray,
    broadest: np.ndarray,
    window: np.ndarray,
    is_fixed: bool,
    inequalities: np.ndarray,
    count: int,
    of_lines: np.ndarray,
) -> tuple[int, int]:
    """Part inequalities[:count] into those that depend on the line alone and those that do not.

    An inequality that asks for the width depends on more than the line, unless the width does not either (is_fixed).
    of_lines : int64[T], filled with the first; the others stay. Returns how many there are of both.
    """
    settled, remaining = 0, 0
    for k in range(count):
        n = inequalities[k]
        of_width = prompt[n] > 0.0 or broadest[n] < np.inf or window[n * NUMBERS + LENGTH] > 0.0
        if degree[n] == 0 and (is_fixed or not of_width):
            of_lines[settled] = n
            settled += 1
        else:
            inequalities[remaining] = n
            remaining += 1
    return settled, remaining


@inner
def replace_closed(closed: np.ndarray, inequalities: np.ndarray, count: int, spare: np.ndarray, d: np.ndarray) -> None:
    """Inequalities of lines where no channel is open: closed uint8[LANES]; spare, d float64[T * DEGREES * LANES]."""
    for k in range(count):
        first = inequalities[k] * DEGREES * LANES
        for power in range(DEGREES):
            for i in range(LANES):
                if closed[i] == 1:
                    d[first + power * LANES + i] = spare[first + power * LANES + i]


@inner
def width_coefficients(c: np.ndarray, low: np.ndarray, high: np.ndarray) -> None:
    """Ranges of the coefficients of the width over the lines of a bundle: low, high float64[3]."""
    for k in range(3):
        x, y = np.inf, -np.inf
        for i in range((_tile.WIDTH + k) * LANES, (_tile.WIDTH + k + 1) * LANES):
            x, y = min(x, c[i]), max(y, c[i])
        low[k], high[k] = x, y


@inner
def width_range(low: np.ndarray, high: np.ndarray, least: np.ndarray, most: np.ndarray) -> tuple[float, float]:
    """Range of the width over ranges of its coefficients and of the powers of u."""
    narrowest, widest = 0.0, 0.0
    for k in range(3):
        x, y, z, w = low[k] * least[k], low[k] * most[k], high[k] * least[k], high[k] * most[k]
        narrowest += min(min(x, y), min(z, w))
        widest += max(max(x, y), max(z, w))
    return narrowest, widest


def work_space(p: Expansion) -> tuple[np.ndarray, np.ndarray]:
    """Arrays that `evaluate_grid` works in, float64 and int64, as many as it is to run at once."""
    inequalities = len(p.degree)
    terms = sum(len(some.row) for some in (p.chi2, p.lengths, p.inequalities, p.closed))
    size = terms + inequalities * (DEGREES * (6 + 2 * LANES) + 2)
    return np.empty(size), np.empty(3 * inequalities, dtype=np.int64)


@njit
def evaluate_grid(
    p: Expansion,
    eps_axis: np.ndarray,
    eps_z_axis: np.ndarray,
    g_axis: np.ndarray,
    first: int,
    count: int,
    largest: float,
    chi2: np.ndarray,
    excluded: np.ndarray,
    lost: np.ndarray,
    work: np.ndarray,
    order: np.ndarray,
) -> int:
    """Points first..first+count of one mass, in C order of (eps, eps_z, g_mu).

    Parameters
    ----------
    eps_axis, eps_z_axis, g_axis : float64, ascending.
    largest : numbers beyond are replaced by it (the range of float32).
    chi2 : float32[count]; excluded : uint32 or uint64, [count] or [0] where no inequalities are made; filled.
    lost : uint8[count], filled: 1 where digits of chi2 have cancelled and it is not valid.
    work, order : of `work_space`.

    Returns
    -------
    How many points are lost.
    """
    a_axis, a_stride = axis_of(p.roles[0], eps_axis, eps_z_axis, g_axis)
    b_axis, b_stride = axis_of(p.roles[1], eps_axis, eps_z_axis, g_axis)
    t_axis, stride = axis_of(p.roles[2], eps_axis, eps_z_axis, g_axis)
    n_b, n_t = b_axis.shape[0], t_axis.shape[0]
    line_span, steps = (n_t - 1) * stride, _tile.steps_of(n_t)
    inequalities = p.degree.shape[0] if excluded.shape[0] > 0 else 0
    is_fixed, of_width = p.kind == _tile.FIXED, False  # whether inequalities ask for the width
    for t in range(inequalities):
        of_width = of_width or p.window[t * NUMBERS + LENGTH] > 0.0 or p.prompt[t] > 0.0 or p.broadest[t] < np.inf

    a_powers, b_powers, b_sizes = local(POWERS), local(_POWERS_OF_LANES), local(_POWERS_OF_LANES)
    b, size, c = local(LANES), local(LANES), local(_COEFFICIENTS_OF_LANES)
    closed, line_bits, tile_bits = local(LANES, np.uint8), local(LANES, np.uint64), local(LANES, np.uint64)
    b_least, b_most, u_least, u_most = local(POWERS), local(POWERS), local(DEGREES), local(DEGREES)
    t_from, t_to = local(LANES, np.int64), local(LANES, np.int64)
    values, flags = local(_TILE, np.float32), local(_TILE, np.uint64)
    width_low, width_high = local(3), local(3)
    widths, share, part = local(_TILE), local(_TILE), local(_TILE)
    every, here, left = (
        order[:inequalities],
        order[inequalities : 2 * inequalities],
        order[2 * inequalities : 3 * inequalities],
    )
    rows, at = inequalities * DEGREES, p.chi2.row.shape[0]
    worth = work[:at]
    length_worth = work[at : at + p.lengths.row.shape[0]]
    at += p.lengths.row.shape[0]
    inequality_worth = work[at : at + p.inequalities.row.shape[0]]
    at += p.inequalities.row.shape[0]
    closed_worth = work[at : at + p.closed.row.shape[0]]
    at += p.closed.row.shape[0]
    low, high = work[at : at + rows], work[at + rows : at + 2 * rows]
    low_closed, high_closed = work[at + 2 * rows : at + 3 * rows], work[at + 3 * rows : at + 4 * rows]
    work[at : at + 4 * rows] = 0.0
    at += 4 * rows
    d, d_closed = work[at : at + rows * LANES], work[at + rows * LANES : at + 2 * rows * LANES]
    at += 2 * rows * LANES
    some_low, some_high = work[at : at + rows], work[at + rows : at + 2 * rows]
    at += 2 * rows
    lowest_d, highest_d = work[at : at + inequalities], work[at + inequalities : at + 2 * inequalities]
    c[:] = 0.0
    for t in range(inequalities):
        every[t] = t
    lost[:] = 0
    total_lost = 0

    a_from, a_to = touched(first, count, 0, a_stride, a_axis.shape[0], (n_b - 1) * b_stride + line_span)
    for plane in range(a_from, a_to):
        a = a_axis[plane]
        powers_of(a, a_powers)
        in_plane(p.chi2, a_powers, worth)
        if inequalities > 0:
            in_plane(p.inequalities, a_powers, inequality_worth)
            in_plane(p.closed, a_powers, closed_worth)
        powers_of(abs(a), a_powers)
        in_plane(p.lengths, a_powers, length_worth)
        begin = plane * a_stride
        b_from, b_to = touched(first, count, begin, b_stride, n_b, line_span)
        for bundle in range(b_from // LANES * LANES, b_to, LANES):
            is_closed = False
            for i in range(LANES):
                b[i] = b_axis[min(bundle + i, n_b - 1)]
                size[i] = abs(b[i])
                c[i] = p.shift[0] * a + p.shift[1] * b[i]
                w0, w1, w2 = line_width(p.width, a, b[i])
                c[LANES + i], c[2 * LANES + i], c[3 * LANES + i] = w0, w1, w2
                closed[i] = 1 if w0 == 0.0 and w1 == 0.0 and w2 == 0.0 else 0
                is_closed = is_closed or closed[i] == 1
            powers_of_all(b, b_powers)
            powers_of_all(size, b_sizes)
            on_lines(p.chi2, worth, b_powers, LANES, _tile.REGULAR, c)
            on_lines(p.lengths, length_worth, b_sizes, LANES, _tile.LENGTH_P, c)
            if is_fixed:
                _tile.sum_over_widths(c)
            lowest, highest = min(c[0], c[LANES - 1]), max(c[0], c[LANES - 1])  # of u - t
            in_bundle, top, narrowest, widest = 0, 0, 0.0, np.inf
            if inequalities > 0:
                power_ranges(b[0], b[LANES - 1], b_least, b_most)
                row_ranges(p.inequalities, inequality_worth, b_least, b_most, low, high)
                if is_closed:
                    row_ranges(p.closed, closed_worth, b_least, b_most, low_closed, high_closed)
                    for k in range(inequalities * DEGREES):
                        low[k], high[k] = min(low[k], low_closed[k]), max(high[k], high_closed[k])
                power_ranges(t_axis[0] + lowest, t_axis[n_t - 1] + highest, u_least, u_most)
                if of_width:
                    width_coefficients(c, width_low, width_high)
                    narrowest, widest = width_range(width_low, width_high, u_least, u_most)
                top = gather(low, high, p.degree, every, inequalities, some_low, some_high)
                bundle_bits, in_bundle = decide(
                    *(some_low, some_high, top, lowest_d, highest_d, p.bit, p.prompt, p.broadest, p.window),
                    *(not is_closed, narrowest, widest, u_least, u_most, every, inequalities, here),
                )
                some_on_lines(
                    p.inequalities, p.inequality_end, DEGREES, here, in_bundle, inequality_worth, b_powers, LANES, d
                )
                if is_closed:
                    some_on_lines(
                        *(p.closed, p.closed_end, DEGREES, here, in_bundle, closed_worth, b_powers, LANES, d_closed)
                    )
                    replace_closed(closed, here, in_bundle, d_closed, d)
                for i in range(LANES):
                    line_bits[i] = bundle_bits
                settled, in_bundle = _settled(p.degree, p.prompt, p.broadest, p.window, is_fixed, here, in_bundle, left)
                apply_left(
                    *(t_axis[:1], c, d, p.degree, p.bit, p.prompt, p.broadest, p.window, narrowest, widest),
                    *(is_fixed, left, settled, line_bits, widths, share, part),
                )
                top = gather(low, high, p.degree, here, in_bundle, some_low, some_high)
            corner = begin + bundle * b_stride
            from_all, to_all = touched_lines(first, count, corner, b_stride, n_b - bundle, stride, n_t, t_from, t_to)
            for start in range(from_all // steps * steps, to_all, steps):
                end = min(start + steps, n_t)
                t_values = t_axis[start:end]
                if is_fixed:
                    bad = _tile.chi2_fixed(t_values, c, largest, values)
                else:
                    bad = _tile.chi2_long(t_values, c, largest, values)
                if inequalities > 0:
                    power_ranges(t_values[0] + lowest, t_axis[end - 1] + highest, u_least, u_most)
                    if of_width:
                        narrowest, widest = width_range(width_low, width_high, u_least, u_most)
                    bits, remaining = decide(
                        *(some_low, some_high, top, lowest_d, highest_d, p.bit, p.prompt, p.broadest, p.window),
                        *(not is_closed, narrowest, widest, u_least, u_most, here, in_bundle, left),
                    )
                    for i in range(LANES):
                        tile_bits[i] = line_bits[i] | bits
                    for s in range(end - start):
                        for i in range(LANES):
                            flags[np.uint64(s * LANES) + np.uint64(i)] = tile_bits[i]
                    apply_left(
                        *(t_values, c, d, p.degree, p.bit, p.prompt, p.broadest, p.window, narrowest, widest),
                        *(is_fixed, left, remaining, flags, widths, share, part),
                    )
                _tile.copy_out(
                    *(values, flags, start, steps, t_from, t_to, corner - first, b_stride, stride, chi2, excluded)
                )
                if bad > 0:
                    for i in range(LANES):
                        for s in range(max(start, t_from[i]), min(end, t_to[i])):
                            if _tile.is_lost(t_axis[s] + c[i], c, i, is_fixed):
                                lost[corner + i * b_stride + s * stride - first] = 1
                                total_lost += 1
    return total_lost
