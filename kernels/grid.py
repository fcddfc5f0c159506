"""A run of grid points of one mass: chi2 and constraint bits, plane by plane and line by line. docs/performance.md.

The slice has been digested before (zdscan/digest.py): chi2 = A + B/Gamma + C/Gamma^2 and the tests of the constraints
are polynomials in the couplings. Points where the small-width law fails are only marked: kernels/wide.py does them.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from kernels import sweep as _sweep
from kernels import verdict as _verdict
from kernels.collapse import POWERS, Cells, in_plane, on_lines, powers_of, powers_of_all
from kernels.jit import inner, njit

PAD = 8  # points that a loop over points takes at once
LINES = 32  # that go through the line level together, in vector registers
DONE, BROAD, LOST = 0, 1, 2  # marks: chi2 is valid; the width is beyond the law; digits have cancelled
LOWEST, OCTAVES = -340, 381  # widths from 1e-103 to 1e12 GeV
CHI2_ROWS = _sweep.LENGTH_P - _sweep.REGULAR
LENGTH_ROWS = _sweep.COEFFICIENTS - _sweep.LENGTH_P


class Prepared(NamedTuple):
    """A slice, digested. u = t + shift_a a + shift_b b, with (a, b, t) the axes in the order of `roles`.

    roles : int64[3], which of (eps, eps_z, g_mu) is a, b, t; shift : float64[2].
    width : float64[7], total width over 1, a^2, ab, b^2, au, bu, u^2, GeV.
    chi2, chi2_muon : rows A (powers of u 0 to 8), B, C; lengths, lengths_muon : rows p (0 to 4), q; of |a|, |b|, |u|.
    tests, closed : rows of D (0 to 6) of each test, and of D on lines where no channel is open.
    degree : int64[T]; bit : uint64[T]; prompt : float64[T], see `verdict.decide`.
    short : whether no power exceeds `sweep.SHORT`; limit : least width limit of the rows that the vector touches, GeV.
    """

    roles: np.ndarray
    shift: np.ndarray
    width: np.ndarray
    chi2: Cells
    chi2_muon: Cells
    lengths: Cells
    lengths_muon: Cells
    tests: Cells
    closed: Cells
    degree: np.ndarray
    bit: np.ndarray
    prompt: np.ndarray
    short: bool
    limit: float


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
def line_width(width: np.ndarray, a: float, b: float) -> tuple[float, float, float]:
    """The total width on a line in powers of u."""
    constant = width[0] + (width[1] * a * a + width[2] * a * b + width[3] * b * b)
    return constant, width[4] * a + width[5] * b, width[6]


@inner
def octave_of(width: float) -> int:
    """The factor of two that holds a width in GeV; -1 outside all of them."""
    octave = math.frexp(width)[1] - LOWEST if width > 0.0 else -1
    return octave if 0 <= octave < OCTAVES else -1


@inner
def _judge(
    difference: np.ndarray,
    degree: np.ndarray,
    bit: np.ndarray,
    prompt: np.ndarray,
    i: int,
    width: np.ndarray,
    pending: np.ndarray,
    count: int,
    u: np.ndarray,
    n: int,
    four: np.ndarray,
    four_bits: np.ndarray,
    rest: np.ndarray,
    flags: np.ndarray,
) -> None:
    """Bits of the n points u of line i from the tests that `verdict.decide` left; those of degree two go by fours."""
    held = 0
    for k in range(count):
        t = pending[i, k]
        least = 0.0
        if t < 0:
            t = -1 - t
            least = prompt[t]
        row = t * _verdict.DEGREES
        if degree[t] <= 2 and least == 0.0:
            for d in range(3):
                four[held, d] = difference[row + d, i]
            four_bits[held] = bit[t]
            held += 1
            if held == 4:
                _sweep.test_squares(u, n, four, four_bits, flags)
                held = 0
        else:
            for d in range(_verdict.DEGREES):
                rest[d] = difference[row + d, i]
            _sweep.test_any(u, n, rest, width, least, bit[t], flags)
    if held > 0:
        for k in range(held, 4):
            four[k, 0], four[k, 1], four[k, 2], four_bits[k] = -1.0, 0.0, 0.0, np.uint64(0)
        _sweep.test_squares(u, n, four, four_bits, flags)


@inner
def _chi2(
    values: np.ndarray,
    lengths: np.ndarray,
    i: int,
    short: bool,
    largest: float,
    u: np.ndarray,
    n: int,
    c: np.ndarray,
    line: np.ndarray,
    out: np.ndarray,
    mark: np.ndarray,
    place: int,
    stride: int,
) -> None:
    """chi2 of the n points u of line i into out[place::stride]; c holds the width, the rest of it is filled.

    u and line have room up to the next multiple of `PAD`, and u a number there.
    """
    for k in range(CHI2_ROWS):
        c[_sweep.REGULAR + k] = values[k, i]
    for k in range(LENGTH_ROWS):
        c[_sweep.LENGTH_P + k] = lengths[k, i]
    full = (n + PAD - 1) // PAD * PAD
    lost = _sweep.chi2_short(u, full, c, largest, line) if short else _sweep.chi2_long(u, full, c, largest, line)
    if stride == 1:
        there = out[place : place + n]
        for k in range(n):
            there[k] = line[k]
    else:
        for k in range(n):
            out[place + k * stride] = line[k]
    if lost > 0:
        for k in range(n):
            if _sweep.is_lost(u[k], c):
                mark[place + k * stride] = LOST


@inner
def _mark_broad(
    u: np.ndarray,
    n: int,
    low: float,
    high: float,
    width: np.ndarray,
    limit: float,
    mark: np.ndarray,
    place: int,
    stride: int,
    needed: np.ndarray,
) -> None:
    """Mark the points whose width is beyond the limit, and note every octave between the narrowest and the widest."""
    w0, w1, w2 = width[0], width[1], width[2]
    widest = max((w2 * low + w1) * low + w0, (w2 * high + w1) * high + w0)
    if widest <= limit:
        return
    narrowest, widest = np.inf, 0.0
    for k in range(n):
        here = (w2 * u[k] + w1) * u[k] + w0
        if here > limit:
            mark[place + k * stride] = BROAD
            narrowest, widest = min(narrowest, here), max(widest, here)
    top = octave_of(widest) if widest < 1.0 or octave_of(widest) >= 0 else OCTAVES - 1  # the widest may be beyond all
    for octave in range(max(octave_of(narrowest), 0), top + 1):
        needed[octave] = True


@njit
def evaluate_grid(
    p: Prepared,
    eps_axis: np.ndarray,
    eps_z_axis: np.ndarray,
    g_axis: np.ndarray,
    first: int,
    count: int,
    largest: float,
    chi2: np.ndarray,
    chi2_muon: np.ndarray,
    excluded: np.ndarray,
    mark: np.ndarray,
    needed: np.ndarray,
) -> int:
    """Points first..first+count of one mass, in C order of (eps, eps_z, g_mu).

    Parameters
    ----------
    eps_axis, eps_z_axis, g_axis : float64, ascending.
    largest : numbers beyond are replaced by it (the range of float32).
    chi2 : float32[count]; excluded : uint32[count] or uint64[count]; chi2_muon : float32[count or 0]; filled.
    mark : uint8[count], filled: `BROAD` or `LOST` where chi2 is not valid.
    needed : bool[OCTAVES], set for every octave that holds a width beyond the limit, and perhaps between them.

    Returns
    -------
    How many points are marked.
    """
    a_axis, a_stride = axis_of(p.roles[0], eps_axis, eps_z_axis, g_axis)
    b_axis, b_stride = axis_of(p.roles[1], eps_axis, eps_z_axis, g_axis)
    t_axis, stride = axis_of(p.roles[2], eps_axis, eps_z_axis, g_axis)
    n_t, tests, muon = t_axis.shape[0], p.degree.shape[0], chi2_muon.shape[0] > 0
    line_span = (n_t - 1) * stride
    plane_span = (b_axis.shape[0] - 1) * b_stride + line_span

    a_powers, b_powers = np.empty(POWERS), np.empty((POWERS, LINES))
    b_sizes = np.empty((POWERS, LINES))
    worth, worth_muon = np.empty(p.chi2.row.shape[0]), np.empty(p.chi2_muon.row.shape[0])
    length_worth, length_worth_muon = np.empty(p.lengths.row.shape[0]), np.empty(p.lengths_muon.row.shape[0])
    test_worth, closed_worth = np.empty(p.tests.row.shape[0]), np.empty(p.closed.row.shape[0])
    values, values_muon = np.zeros((CHI2_ROWS, LINES)), np.zeros((CHI2_ROWS, LINES))
    lengths, lengths_muon = np.zeros((LENGTH_ROWS, LINES)), np.zeros((LENGTH_ROWS, LINES))
    difference = np.zeros((tests * _verdict.DEGREES, LINES))
    elsewhere = np.zeros((tests * _verdict.DEGREES, LINES))
    b, size, low, high = np.empty(LINES), np.empty(LINES), np.empty(LINES), np.empty(LINES)
    shift, width = np.empty(LINES), np.empty((3, LINES))
    least, most = np.empty((_verdict.DEGREES, LINES)), np.empty((_verdict.DEGREES, LINES))
    bits, pending_count = np.empty(LINES, dtype=np.uint64), np.empty(LINES, dtype=np.int64)
    pending = np.empty((LINES, tests), dtype=np.int64)
    four, four_bits, rest = np.empty((4, 3)), np.empty(4, dtype=np.uint64), np.empty(_verdict.DEGREES)
    c = np.empty(_sweep.COEFFICIENTS)
    room = n_t + PAD  # a line is filled up to whole vectors with copies of its last point
    u, line_chi2, flags = np.empty(room), np.empty(room, dtype=np.float32), np.empty(room, dtype=np.uint64)

    for k in range(count):
        mark[k] = DONE
    a_from, a_to = touched(first, count, 0, a_stride, a_axis.shape[0], plane_span)
    for plane in range(a_from, a_to):
        a = a_axis[plane]
        powers_of(a, a_powers)
        in_plane(p.chi2, a_powers, worth)
        in_plane(p.tests, a_powers, test_worth)
        in_plane(p.closed, a_powers, closed_worth)
        if muon:
            in_plane(p.chi2_muon, a_powers, worth_muon)
        powers_of(abs(a), a_powers)
        in_plane(p.lengths, a_powers, length_worth)
        if muon:
            in_plane(p.lengths_muon, a_powers, length_worth_muon)
        begin = plane * a_stride
        b_from, b_to = touched(first, count, begin, b_stride, b_axis.shape[0], line_span)
        for bundle in range(b_from, b_to, LINES):
            used = min(LINES, b_to - bundle)
            is_closed = False
            for i in range(LINES):
                b[i] = b_axis[bundle + min(i, used - 1)]
                size[i] = abs(b[i])
                shift[i] = p.shift[0] * a + p.shift[1] * b[i]
                low[i], high[i] = t_axis[0] + shift[i], t_axis[n_t - 1] + shift[i]
                width[0, i], width[1, i], width[2, i] = line_width(p.width, a, b[i])
                is_closed = is_closed or (width[0, i] == 0.0 and width[1, i] == 0.0 and width[2, i] == 0.0)
            powers_of_all(b, b_powers)
            powers_of_all(size, b_sizes)
            on_lines(p.chi2, worth, b_powers, values)
            on_lines(p.lengths, length_worth, b_sizes, lengths)
            if muon:
                on_lines(p.chi2_muon, worth_muon, b_powers, values_muon)
                on_lines(p.lengths_muon, length_worth_muon, b_sizes, lengths_muon)
            on_lines(p.tests, test_worth, b_powers, difference)
            if is_closed:
                on_lines(p.closed, closed_worth, b_powers, elsewhere)
                for i in range(LINES):
                    if width[0, i] == 0.0 and width[1, i] == 0.0 and width[2, i] == 0.0:
                        for k in range(difference.shape[0]):
                            difference[k, i] = elsewhere[k, i]
            _verdict.power_ranges(low, high, least, most)
            _verdict.decide(difference, p.degree, p.bit, p.prompt, width, least, most, bits, pending, pending_count)
            for i in range(used):
                line = begin + (bundle + i) * b_stride
                t_from, t_to = touched(first, count, line, stride, n_t, 0)
                n, place = t_to - t_from, line + t_from * stride - first
                if n <= 0:
                    continue
                axis = t_axis[t_from:t_to]
                for k in range(n):
                    u[k] = axis[k] + shift[i]
                full = (n + PAD - 1) // PAD * PAD
                for k in range(n, full):
                    u[k] = u[n - 1]
                for k in range(3):
                    c[k] = width[k, i]
                if muon:
                    _chi2(
                        values_muon,
                        lengths_muon,
                        i,
                        p.short,
                        largest,
                        u,
                        n,
                        c,
                        line_chi2,
                        chi2_muon,
                        mark,
                        place,
                        stride,
                    )
                _chi2(values, lengths, i, p.short, largest, u, n, c, line_chi2, chi2, mark, place, stride)
                _mark_broad(u, n, low[i], high[i], c, p.limit, mark, place, stride, needed)
                for k in range(full):
                    flags[k] = bits[i]
                count_left = pending_count[i]
                _judge(
                    *(difference, p.degree, p.bit, p.prompt, i, c, pending, count_left),
                    *(u, full, four, four_bits, rest, flags),
                )
                if stride == 1:
                    there = excluded[place : place + n]
                    for k in range(n):
                        there[k] = flags[k]
                else:
                    for k in range(n):
                        excluded[place + k * stride] = flags[k]
            if is_closed:  # rows without cells are zero again
                difference[:, :] = 0.0
    marked = 0
    for k in range(count):
        marked += 1 if mark[k] != DONE else 0
    return marked
