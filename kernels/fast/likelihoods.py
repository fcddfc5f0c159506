"""chi2 of the constraints at a run of grid points of one mass. docs/statistics.md.

A clause is a value x = transform(constant + y H) + offset, with a polynomial y of the couplings; H is the share of
decays in a window where there is one, over the width behind a branching ratio. It adds
max[up (x - origin), down (origin - x), 0] to the power of two or one. Of the clauses of a constraint the one with the
largest ratio counts.

What is the square of a polynomial is summed up for a mass, so that all of it costs a point one polynomial of degree
eight; so are branching ratios, with 1/Gamma and 1/Gamma^2, where windows do not matter. Of the others bounds are known
over bundles and tiles (kernels/fast/bounds.py): where a constraint adds the same everywhere, as far as a float32 shows,
and where another clause has the larger ratio for sure, points are not looked at.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from zdscan.kernels.fast import likelihood_points as _points
from zdscan.kernels.fast import tile as _tile
from zdscan.kernels.fast.bounds import DEGREES, LEAST_WIDTH, gather, power_ranges, ranges_of, row_ranges
from zdscan.kernels.fast.broad import LENGTHS
from zdscan.kernels.fast.collapse import POWERS, Terms, in_plane, on_lines, powers_of, powers_of_all, some_on_lines
from zdscan.kernels.fast.evaluate import (
    axis_of,
    line_width,
    replace_closed,
    touched,
    touched_lines,
    width_coefficients,
    width_range,
)
from zdscan.kernels.fast.likelihood_points import (
    AT_NOTHING,
    BROADEST,
    CENTRE,
    CONSTANT,
    DIVIDED,
    DOWN,
    LENGTH,
    LIKELIHOOD_NUMBERS,
    LINEAR,
    OFFSET,
    ORIGIN,
    PROMPT,
    RATIO_DOWN,
    RATIO_UP,
    ROOT,
    START,
    UP,
)
from zdscan.kernels.fast.tile import CANCELLED, LANES, MOST_STEPS
from zdscan.kernels.fast.window import VANISHED
from zdscan.kernels.jit import inner, njit
from zdscan.kernels.stack import local

SMALL = 1e-10  # chi2 of one constraint that is not looked for over a bundle
# how much the chi2 of constraints that are not looked at may vary over a tile, all together, alone and of what all add
# for sure; since each adds the middle of its range, the error is half of it, half a unit of float32 at most
ALTOGETHER, RELATIVE = 4e-9, 5e-8
_POWERS_OF_LANES, _LINES, _TILE = POWERS * LANES, 4 * LANES, MOST_STEPS * LANES
_SQUARES, _SIZES = POWERS * LANES, LENGTHS * LANES
_ROWS = POWERS + LENGTHS
_GROUP = _ROWS * LANES
_GROUPS, _GROUP_SIZES = 2 * _GROUP, 2 * _SIZES


class Likelihoods(NamedTuple):
    """The constraints with a likelihood at one mass, in the couplings of `evaluate.Expansion`.

    roles : int64[3]; shift : float64[2]; width : float64[7], GeV.
    inside, outside : rows of y (0 to 6) of each clause, and of y on lines where no channel is open; inside_end,
        outside_end : int64[T], end of the terms of each clause; degree : int64[T].
    numbers : float64[LIKELIHOOD_NUMBERS * T].
    last : int64[K], end of the clauses of each constraint.
    squares : powers of u 0 to 8, of the sum over all other constraints, whose chi2 are squares of polynomials;
        lengths : 0 to 4, in |a|, |b|, |u|, of a bound of the length of the vector whose square it is.
    grouped : uint8[K], 1 or 2 for constraints on a branching ratio, which together are constant + B/Gamma + C/Gamma^2
        where the first clause of each has the largest ratio, or the others add what nothing would; those of group 2
        have a window from 0, and all decays must be in it.
    group : rows of C (0 to 8) and B (9 to 13) of group 1, and again of group 2; group_lengths : as lengths of both, to
        be divided by the width; constant : float64[2].
    """

    roles: np.ndarray
    shift: np.ndarray
    width: np.ndarray
    inside: Terms
    outside: Terms
    inside_end: np.ndarray
    outside_end: np.ndarray
    degree: np.ndarray
    numbers: np.ndarray
    last: np.ndarray
    squares: Terms
    lengths: Terms
    grouped: np.ndarray
    group: Terms
    group_lengths: Terms
    constant: np.ndarray


def likelihood_work_space(p: Likelihoods) -> tuple[np.ndarray, np.ndarray]:
    """Arrays that `evaluate_likelihoods` works in, float64 and int64."""
    clauses = len(p.degree)
    terms = sum(len(some.row) for some in (p.inside, p.outside, p.squares, p.lengths, p.group, p.group_lengths))
    size = terms + clauses * (DEGREES * (6 + 2 * LANES) + 6 + LIKELIHOOD_NUMBERS)
    return np.empty(size), np.empty(3 * clauses + 2 * len(p.last), dtype=np.int64)


@inner
def _sixteenth(x: float) -> float:
    """x^16."""
    x *= x
    x *= x
    x *= x
    return x * x


@inner
def _reaches(
    numbers: np.ndarray,
    size: int,
    count: int,
    low: np.ndarray,
    high: np.ndarray,
    narrowest: float,
    widest: float,
    least: np.ndarray,
    most: np.ndarray,
    ratio_least: np.ndarray,
    ratio_most: np.ndarray,
) -> None:
    """Bounds of what clauses add and of their ratios, for y from low to high and a width in a range; a channel is open.

    numbers : float64[LIKELIHOOD_NUMBERS * size], of `count` clauses; the others float64[count], the last four filled.
    Exponentials are bracketed: with z = x/16, (1 - z)^16 <= exp(-x) <= 1/(1 + z + z^2/2)^16. Branches would keep LLVM
    from taking several clauses at once.
    """
    small, large = max(narrowest, LEAST_WIDTH), max(widest, LEAST_WIDTH)
    over_small, over_large = 1.0 / small, 1.0 / large
    for k in range(count):
        start, length = numbers[START * size + k], numbers[LENGTH * size + k]
        z, w = start * small * 0.0625, 1.0 - start * large * 0.0625
        top, bottom = _sixteenth(1.0 / (1.0 + z * (1.0 + 0.5 * z))), _sixteenth(w if w > 0.0 else 0.0)
        z, w = length * small, length * large
        top *= z if z < 1.0 else 1.0
        x, v = w * (1.0 - 0.5 * w), w * 0.0625
        v = 1.0 - _sixteenth(1.0 / (1.0 + v * (1.0 + 0.5 * v)))
        bottom *= x if x > v else v
        is_divided = numbers[DIVIDED * size + k] != 0.0
        top *= over_small if is_divided else 1.0
        bottom *= over_large if is_divided else 1.0
        x, z = low[k] * (bottom if low[k] > 0.0 else top), high[k] * (top if high[k] > 0.0 else bottom)
        constant, offset, is_root = (
            numbers[CONSTANT * size + k],
            numbers[OFFSET * size + k],
            numbers[ROOT * size + k] != 0.0,
        )
        x, z = x + constant, z + constant
        v, w = math.sqrt(x if x > 0.0 else 0.0), math.sqrt(z if z > 0.0 else 0.0)
        x, z = (v if is_root else x) + offset, (w if is_root else z) + offset
        up, down, origin = numbers[UP * size + k], numbers[DOWN * size + k], numbers[ORIGIN * size + k]
        # both ends of a function with one minimum
        a, b, c, e = up * (x - origin), down * (origin - x), up * (z - origin), down * (origin - z)
        a, c = a if a > b else b, c if c > e else e
        a, c = a if a > 0.0 else 0.0, c if c > 0.0 else 0.0
        is_linear = numbers[LINEAR * size + k] != 0.0
        a, c = a if is_linear else a * a, c if is_linear else c * c
        few, many = a if a < c else c, a if a > c else c
        few = 0.0 if (x < origin) & (origin < z) else few
        up, down, centre = numbers[RATIO_UP * size + k], numbers[RATIO_DOWN * size + k], numbers[CENTRE * size + k]
        a, b, c, e = up * (z - centre), down * (centre - x), up * (x - centre), down * (centre - z)
        a, c = a if a > b else b, c if c > e else e
        a, c = a if a > 0.0 else 0.0, c if c > 0.0 else 0.0
        prompt, broadest = numbers[PROMPT * size + k], numbers[BROADEST * size + k]
        somewhere, everywhere = (
            (narrowest <= broadest) & (widest >= prompt),
            (narrowest >= prompt) & (widest <= broadest),
        )
        least[k] = few if everywhere else 0.0
        most[k] = many if somewhere else 0.0
        ratio_least[k] = c if everywhere else -1.0
        ratio_most[k] = a if somewhere else -1.0


@inner
def _highest(terms: Terms, start: int, end: int) -> int:
    """The highest row of terms in rows start..end, counted from the first of them; 0 if there is none."""
    found = 0
    for k in range(terms.row.shape[0]):
        row = int(np.int64(terms.row[k]))
        if start <= row < end:
            found = max(found, row - start)
    return found


@inner
def _of_width(numbers: np.ndarray, size: int, k: int) -> bool:
    """Whether a clause asks for the width."""
    is_divided, start = numbers[DIVIDED * size + k] != 0.0, numbers[START * size + k]
    is_bound = numbers[PROMPT * size + k] > 0.0 or numbers[BROADEST * size + k] < np.inf
    return is_divided or start > 0.0 or numbers[LENGTH * size + k] < np.inf or is_bound


@njit
def evaluate_likelihoods(
    p: Likelihoods,
    eps_axis: np.ndarray,
    eps_z_axis: np.ndarray,
    g_axis: np.ndarray,
    first: int,
    count: int,
    out: np.ndarray,
    lost: np.ndarray,
    work: np.ndarray,
    order: np.ndarray,
) -> int:
    """chi2 of the constraints at points first..first+count of one mass, in C order: out float64[count], filled.

    eps_axis, eps_z_axis, g_axis : float64, ascending; work, order : of `likelihood_work_space`.
    lost : uint8[count], filled: 1 where digits have cancelled; how many these are is returned.
    """
    a_axis, a_stride = axis_of(p.roles[0], eps_axis, eps_z_axis, g_axis)
    b_axis, b_stride = axis_of(p.roles[1], eps_axis, eps_z_axis, g_axis)
    t_axis, stride = axis_of(p.roles[2], eps_axis, eps_z_axis, g_axis)
    n_b, n_t = b_axis.shape[0], t_axis.shape[0]
    line_span, steps = (n_t - 1) * stride, _tile.steps_of(n_t)
    clauses, constraints = p.degree.shape[0], p.last.shape[0]
    is_fixed = p.width[4] == 0.0 and p.width[5] == 0.0 and p.width[6] == 0.0
    apart = 0 if is_fixed else LANES

    a_powers, b_powers = local(POWERS), local(_POWERS_OF_LANES)
    least, b, c, closed = local(LANES), local(LANES), local(_LINES), local(LANES, np.uint8)
    b_least, b_most, u_least, u_most = local(POWERS), local(POWERS), local(DEGREES), local(DEGREES)
    t_from, t_to = local(LANES, np.int64), local(LANES, np.int64)
    width_low, width_high = local(3), local(3)
    squares, lengths, b_sizes, size = local(_SQUARES), local(_SIZES), local(_POWERS_OF_LANES), local(LANES)
    group, group_lengths = local(_GROUPS), local(_GROUP_SIZES)
    is_grouped, are_together, are_short = local(2, np.uint8), local(2, np.uint8), local(2, np.uint8)
    total, y, widths, over = local(_TILE), local(_TILE), local(_TILE), local(_TILE)
    share, part, most, best = local(_TILE), local(_TILE), local(_TILE), local(_TILE)
    every, here, alive = order[:clauses], order[clauses : 2 * clauses], order[2 * clauses : 3 * clauses]
    looked_at = order[3 * clauses : 3 * clauses + constraints]
    in_group = order[3 * clauses + constraints :]
    rows, at = clauses * DEGREES, p.inside.row.shape[0]
    worth = work[:at]
    closed_worth = work[at : at + p.outside.row.shape[0]]
    at += p.outside.row.shape[0]
    square_worth = work[at : at + p.squares.row.shape[0]]
    at += p.squares.row.shape[0]
    length_worth = work[at : at + p.lengths.row.shape[0]]
    at += p.lengths.row.shape[0]
    group_worth = work[at : at + p.group.row.shape[0]]
    at += p.group.row.shape[0]
    group_length_worth = work[at : at + p.group_lengths.row.shape[0]]
    at += p.group_lengths.row.shape[0]
    low, high = work[at : at + rows], work[at + rows : at + 2 * rows]
    low_closed, high_closed = work[at + 2 * rows : at + 3 * rows], work[at + 3 * rows : at + 4 * rows]
    work[at : at + 4 * rows] = 0.0
    at += 4 * rows
    some_low, some_high = work[at : at + rows], work[at + rows : at + 2 * rows]
    at += 2 * rows
    d, d_closed = work[at : at + rows * LANES], work[at + rows * LANES : at + 2 * rows * LANES]
    at += 2 * rows * LANES
    lowest, highest = work[at : at + clauses], work[at + clauses : at + 2 * clauses]
    at += 2 * clauses
    fewest, adds = work[at : at + clauses], work[at + clauses : at + 2 * clauses]
    at += 2 * clauses
    ratio_least, ratio_most = work[at : at + clauses], work[at + clauses : at + 2 * clauses]
    numbers = work[at + 2 * clauses : at + (2 + LIKELIHOOD_NUMBERS) * clauses]
    squares[:] = 0.0
    lengths[:] = 0.0
    group[:] = 0.0
    group_lengths[:] = 0.0
    for n in range(clauses):
        every[n] = n
    is_grouped[:] = 0
    for q in range(constraints):
        if p.grouped[q] > 0:
            is_grouped[p.grouped[q] - 1] = 1
    is_short = _highest(p.squares, 0, POWERS) <= 4 and _highest(p.lengths, 0, LENGTHS) <= 2
    for g in range(2):
        row = g * _ROWS
        of_resonant, of_mixed = _highest(p.group, row, row + POWERS), _highest(p.group, row + POWERS, row + _ROWS)
        of_length = _highest(p.group_lengths, g * LENGTHS, (g + 1) * LENGTHS)
        are_short[g] = 1 if of_resonant <= 4 and of_mixed <= 2 and of_length <= 2 else 0
    lost[:] = 0
    total_lost = 0

    a_from, a_to = touched(first, count, 0, a_stride, a_axis.shape[0], (n_b - 1) * b_stride + line_span)
    for plane in range(a_from, a_to):
        a = a_axis[plane]
        powers_of(a, a_powers)
        in_plane(p.inside, a_powers, worth)
        in_plane(p.outside, a_powers, closed_worth)
        in_plane(p.squares, a_powers, square_worth)
        in_plane(p.group, a_powers, group_worth)
        powers_of(abs(a), a_powers)
        in_plane(p.lengths, a_powers, length_worth)
        in_plane(p.group_lengths, a_powers, group_length_worth)
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
            on_lines(p.squares, square_worth, b_powers, LANES, 0, squares)
            on_lines(p.lengths, length_worth, b_sizes, LANES, 0, lengths)
            on_lines(p.group, group_worth, b_powers, LANES, 0, group)
            on_lines(p.group_lengths, group_length_worth, b_sizes, LANES, 0, group_lengths)
            from_line, to_line = min(c[0], c[LANES - 1]), max(c[0], c[LANES - 1])  # of u - t
            power_ranges(b[0], b[LANES - 1], b_least, b_most)
            row_ranges(p.inside, worth, b_least, b_most, low, high)
            if is_closed:
                row_ranges(p.outside, closed_worth, b_least, b_most, low_closed, high_closed)
                for k in range(rows):
                    low[k], high[k] = min(low[k], low_closed[k]), max(high[k], high_closed[k])
            power_ranges(t_axis[0] + from_line, t_axis[n_t - 1] + to_line, u_least, u_most)
            width_coefficients(c, width_low, width_high)
            narrowest, widest = width_range(width_low, width_high, u_least, u_most)
            # constraints that add anything somewhere in the bundle, and their clauses
            top = gather(low, high, p.degree, every, clauses, some_low, some_high)
            ranges_of(some_low, some_high, clauses, clauses, top, u_least, u_most, lowest, highest)
            _reaches(
                *(p.numbers, clauses, clauses, lowest, highest, narrowest, widest),
                *(fewest, adds, ratio_least, ratio_most),
            )
            found, kept, after, settled = 0, 0, 0, 0.0
            for q in range(constraints):
                before, after = after, p.last[q]
                few, many = np.inf, 0.0
                for n in range(before, after):
                    few, many = min(few, fewest[n]), max(many, adds[n])
                if many - few <= SMALL and not is_closed and p.grouped[q] == 0:
                    settled += 0.5 * (few + many)
                    continue
                for n in range(before, after):
                    here[kept] = n
                    for k in range(LIKELIHOOD_NUMBERS):
                        numbers[k * clauses + kept] = p.numbers[k * clauses + n]
                    kept += 1
                in_group[found] = p.grouped[q]
                looked_at[found] = kept
                found += 1
            some_on_lines(p.inside, p.inside_end, DEGREES, here, kept, worth, b_powers, LANES, d)
            if is_closed:
                some_on_lines(p.outside, p.outside_end, DEGREES, here, kept, closed_worth, b_powers, LANES, d_closed)
                replace_closed(closed, here, kept, d_closed, d)
            top = gather(low, high, p.degree, here, kept, some_low, some_high)
            corner = begin + bundle * b_stride
            from_all, to_all = touched_lines(first, count, corner, b_stride, n_b - bundle, stride, n_t, t_from, t_to)
            for start in range(from_all // steps * steps, to_all, steps):
                end = min(start + steps, n_t)
                t, here_count = t_axis[start:end], (end - start) * LANES
                bad = _points.squares(t, c, squares, lengths, is_short, total)
                surely, ready = np.inf, False
                for i in range(LANES):
                    least[i] = total[i]
                for s in range(1, end - start):
                    for i in range(LANES):
                        x = total[np.uint64(s * LANES) + np.uint64(i)]
                        least[i] = x if x < least[i] else least[i]
                for i in range(LANES):
                    surely = min(surely, least[i])
                if found > 0:
                    power_ranges(t[0] + from_line, t_axis[end - 1] + to_line, u_least, u_most)
                    narrowest, widest = width_range(width_low, width_high, u_least, u_most)
                    ranges_of(some_low, some_high, clauses, kept, top, u_least, u_most, lowest, highest)
                    _reaches(
                        *(numbers, clauses, kept, lowest, highest, narrowest, widest),
                        *(fewest, adds, ratio_least, ratio_most),
                    )
                    if is_closed:
                        for k in range(kept):
                            fewest[k], adds[k], ratio_least[k], ratio_most[k] = 0.0, np.inf, -1.0, np.inf
                constant, after = settled, 0
                for q in range(found):
                    before, after, few = after, looked_at[q], np.inf
                    for k in range(before, after):
                        few = min(few, fewest[k])
                    surely += few
                spare, after = max(ALTOGETHER, RELATIVE * surely), 0
                for g in range(2):
                    are_together[g] = 0 if is_closed else is_grouped[g]
                for q in range(found):
                    before, after = after, looked_at[q]
                    if in_group[q] == 0:
                        continue
                    inside = ratio_least[before] >= 0.0
                    inside = inside and numbers[LENGTH * clauses + before] * narrowest >= VANISHED
                    for k in range(before + 1, after):
                        nothing = numbers[AT_NOTHING * clauses + k]
                        alike = abs(adds[k] - nothing) <= SMALL and abs(fewest[k] - nothing) <= SMALL
                        inside = inside and (alike or ratio_most[k] < ratio_least[before])
                    if not inside:
                        are_together[in_group[q] - 1] = 0
                for g in range(2):
                    if are_together[g] == 0:
                        continue
                    if not ready:
                        _points.widths_of(t, c, 1 if is_fixed else end - start, widths, over)
                        ready = True
                    left = _points.together(
                        t,
                        c,
                        group[g * _GROUP : (g + 1) * _GROUP],
                        group_lengths[g * _SIZES : (g + 1) * _SIZES],
                        p.constant[g],
                        over,
                        apart,
                        are_short[g] == 1,
                        y,
                    )
                    if left > 0:
                        are_together[g] = 0
                        continue
                    for j in range(here_count):
                        total[j] += y[j]
                after = 0
                for q in range(found):
                    if in_group[q] > 0 and are_together[in_group[q] - 1] == 1:
                        after = looked_at[q]
                        continue
                    before, after, beaten, few, many, left = after, looked_at[q], 0.0, np.inf, 0.0, 0
                    for k in range(before, after):
                        beaten = max(beaten, ratio_least[k])
                    for k in range(before, after):
                        if ratio_most[k] >= beaten:
                            alive[left] = k
                            left += 1
                            few, many = min(few, fewest[k]), max(many, adds[k])
                    if left == 0:
                        continue
                    # no more than half of what is left, so that one constraint does not use up what ten would need
                    if many - few <= 0.5 * spare:
                        constant += 0.5 * (few + many)
                        spare -= many - few
                        continue
                    # what does not change along the lines is computed at one point of each
                    is_alone = True
                    for m in range(left):
                        k = alive[m]
                        is_alone = is_alone and p.degree[here[k]] == 0
                        is_alone = is_alone and (is_fixed or not _of_width(numbers, clauses, k))
                    among = 1 if is_alone else end - start
                    if not ready:
                        _points.widths_of(t, c, 1 if is_fixed else end - start, widths, over)
                        ready = True
                    k = alive[0]
                    is_sure = left == 1 and ratio_least[k] >= 0.0 and not is_closed
                    if is_alone or not is_sure:
                        for j in range(among * LANES):
                            most[j], best[j] = -1.0, 0.0
                    for m in range(left):
                        k = alive[m]
                        n, is_divided = here[k], numbers[DIVIDED * clauses + k] != 0.0
                        from_time, length = numbers[START * clauses + k], numbers[LENGTH * clauses + k]
                        _points.polynomial(t[:among], c, d, n * DEGREES, p.degree[n], y)
                        if is_divided or from_time > 0.0 or length < np.inf:
                            _points.times_share(
                                *(from_time, length, is_divided, among, apart, narrowest, widest),
                                *(widths, over, share, part, y),
                            )
                        if is_sure:
                            _points.add(numbers, clauses, k, among * LANES, y, best if is_alone else total)
                        elif _of_width(numbers, clauses, k):
                            _points.select(numbers, clauses, k, among, apart, y, widths, most, best)
                        else:
                            _points.select_anywhere(numbers, clauses, k, among * LANES, y, most, best)
                    if is_alone:
                        for s in range(end - start):
                            for i in range(LANES):
                                total[np.uint64(s * LANES) + np.uint64(i)] += best[i]
                    elif not is_sure:
                        for j in range(here_count):
                            total[j] += best[j]
                for j in range(here_count):
                    total[j] += constant
                _points.copy_out(total, start, end, t_from, t_to, corner - first, b_stride, stride, out)
                if bad > 0:
                    for i in range(LANES):
                        for s in range(max(start, t_from[i]), min(end, t_to[i])):
                            square = _points.square_of_length(t_axis[s] + c[i], lengths, i)
                            if not total[(s - start) * LANES + i] * CANCELLED >= square:
                                lost[corner + i * b_stride + s * stride - first] = 1
                                total_lost += 1
    return total_lost
