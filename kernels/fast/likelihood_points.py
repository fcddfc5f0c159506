"""chi2 of single constraints at the points of a tile: part of likelihoods.py.

Loops run over the lanes of one step along the lines, as in kernels/fast/tile.py.
"""

from __future__ import annotations

import math

import numpy as np

from zdscan.kernels.fast import tile as _tile
from zdscan.kernels.fast.broad import LENGTHS
from zdscan.kernels.fast.collapse import POWERS
from zdscan.kernels.fast.tile import CANCELLED, LANES
from zdscan.kernels.fast.window import shares
from zdscan.kernels.jit import inner

# numbers of a clause: its window (from 0, infinitely long: there is none), whether y is divided by the width, the
# widths where it applies; then see likelihoods.py; then of its ratio, max[ratio_up (x - centre), ratio_down (centre -
# x)]; last what it adds at y = 0
START, LENGTH, DIVIDED, PROMPT, BROADEST, CONSTANT, ROOT, OFFSET, ORIGIN, UP, DOWN, LINEAR = range(12)
CENTRE, RATIO_UP, RATIO_DOWN, AT_NOTHING, LIKELIHOOD_NUMBERS = range(12, 17)
L = LANES
A0, A1, A2, A3, A4, A5, A6, A7, A8, B0, B1, B2, B3, B4 = range(0, (POWERS + LENGTHS) * L, L)
S0, S1, S2, S3, S4 = range(0, LENGTHS * L, L)


@inner
def polynomial(t: np.ndarray, c: np.ndarray, d: np.ndarray, row: int, degree: int, out: np.ndarray) -> None:
    """y of a clause at the steps t of a bundle: out float64[MOST_STEPS * LANES]."""
    k0, k1, k2, k3 = np.uint64(row * L), np.uint64(L), np.uint64(2 * L), np.uint64(3 * L)
    k4, k5, k6 = np.uint64(4 * L), np.uint64(5 * L), np.uint64(6 * L)
    for s in range(t.shape[0]):
        here, first = t[s], np.uint64(s * L)
        if degree <= 2:
            for i in range(L):
                lane = np.uint64(i)
                x, at = here + c[i], k0 + lane
                out[first + lane] = (d[at + k2] * x + d[at + k1]) * x + d[at]
        elif degree <= 4:
            for i in range(L):
                lane = np.uint64(i)
                x, at = here + c[i], k0 + lane
                value = ((d[at + k4] * x + d[at + k3]) * x + d[at + k2]) * x + d[at + k1]
                out[first + lane] = value * x + d[at]
        else:
            for i in range(L):
                lane = np.uint64(i)
                x, at = here + c[i], k0 + lane
                value = ((d[at + k6] * x + d[at + k5]) * x + d[at + k4]) * x + d[at + k3]
                out[first + lane] = ((value * x + d[at + k2]) * x + d[at + k1]) * x + d[at]


@inner
def widths_of(t: np.ndarray, c: np.ndarray, steps: int, widths: np.ndarray, over: np.ndarray) -> None:
    """The widths at the first steps, and 1 over them, 0 without a width: float64[steps * LANES]."""
    _tile.widths_of(t, c, steps, widths)
    for j in range(steps * L):
        over[j] = 1.0 / widths[j] if widths[j] > 0.0 else 0.0


@inner
def copy_out(
    values: np.ndarray,
    start: int,
    end: int,
    first: np.ndarray,
    last: np.ndarray,
    corner: int,
    lane_stride: int,
    stride: int,
    out: np.ndarray,
) -> None:
    """Steps first[i]..last[i] of every lane i that a tile from start to end has, as `tile.copy_out`."""
    step, lanes = np.uint64(stride), np.uint64(L)
    for i in range(L):
        begin, stop = max(first[i], start), min(last[i], end)
        if begin >= stop:
            continue
        at, place = np.uint64((begin - start) * L + i), np.uint64(corner + i * lane_stride + begin * stride)
        for _ in range(stop - begin):
            out[place] = values[at]
            at += lanes
            place += step


@inner
def times_share(
    start: float,
    length: float,
    is_divided: bool,
    steps: int,
    stride: int,
    narrowest: float,
    widest: float,
    widths: np.ndarray,
    over: np.ndarray,
    share: np.ndarray,
    part: np.ndarray,
    y: np.ndarray,
) -> None:
    """Multiply y by H; widths, 1 over them and shares are `stride` apart from step to step, 0 where a line has one."""
    count = steps * L if stride > 0 else L
    if start > 0.0 or length < np.inf:
        shares(widths, count, start, length, max(narrowest, 0.0), widest, share, part)
    else:
        for j in range(count):
            share[j] = 1.0
    if is_divided:
        for j in range(count):
            share[j] = share[j] * over[j] if widths[j] > 0.0 else 1.0
    for s in range(steps):
        first, begin = np.uint64(s * L), np.uint64(s * stride)
        for i in range(L):
            y[first + np.uint64(i)] *= share[begin + np.uint64(i)]


@inner
def _after_root(y: np.ndarray, count: int, root: bool, constant: float) -> float:
    """Replace y by sqrt(y + constant) where a root is asked for; returns the constant that is still to be added."""
    if not root:
        return constant
    for j in range(count):
        x = y[j] + constant
        y[j] = math.sqrt(x if x > 0.0 else 0.0)
    return 0.0


@inner
def _above(x: float, up: float, down: float) -> float:
    """max[up x, down x, 0]; down is below zero."""
    y, z = up * x, down * x
    y = y if y > z else z
    return y if y > 0.0 else 0.0


@inner
def add(numbers: np.ndarray, size: int, n: int, count: int, y: np.ndarray, total: np.ndarray) -> None:
    """Add what clause n adds at y H."""
    constant, offset = numbers[CONSTANT * size + n], numbers[OFFSET * size + n] - numbers[ORIGIN * size + n]
    up, down = numbers[UP * size + n], -numbers[DOWN * size + n]
    if numbers[ROOT * size + n] != 0.0:
        for j in range(count):
            x = y[j] + constant
            y[j] = math.sqrt(x if x > 0.0 else 0.0) + offset
    else:
        constant += offset
        for j in range(count):
            y[j] += constant
    if numbers[LINEAR * size + n] != 0.0:
        for j in range(count):
            total[j] += _above(y[j], up, down)
    else:
        for j in range(count):
            x = _above(y[j], up, down)
            total[j] += x * x


@inner
def select(
    numbers: np.ndarray,
    size: int,
    n: int,
    steps: int,
    stride: int,
    y: np.ndarray,
    widths: np.ndarray,
    most: np.ndarray,
    best: np.ndarray,
) -> None:
    """Where the ratio of clause n is larger than `most`, put it there, and what the clause adds into `best`."""
    root, linear = numbers[ROOT * size + n] != 0.0, numbers[LINEAR * size + n] != 0.0
    constant, offset, origin = numbers[CONSTANT * size + n], numbers[OFFSET * size + n], numbers[ORIGIN * size + n]
    up, down, centre = numbers[UP * size + n], -numbers[DOWN * size + n], numbers[CENTRE * size + n]
    ratio_up, ratio_down = numbers[RATIO_UP * size + n], -numbers[RATIO_DOWN * size + n]
    least, largest = numbers[PROMPT * size + n], numbers[BROADEST * size + n]
    constant = _after_root(y, steps * L, root, constant) + offset
    for s in range(steps):
        first, begin = np.uint64(s * L), np.uint64(s * stride)
        for i in range(L):
            place, width = first + np.uint64(i), widths[begin + np.uint64(i)]
            value = y[place] + constant
            ratio = _above(value - centre, ratio_up, ratio_down)
            x = _above(value - origin, up, down)
            is_more = (ratio > most[place]) & (width >= least) & (width <= largest)
            best[place] = (x if linear else x * x) if is_more else best[place]
            most[place] = ratio if is_more else most[place]


@inner
def select_anywhere(
    numbers: np.ndarray, size: int, n: int, count: int, y: np.ndarray, most: np.ndarray, best: np.ndarray
) -> None:
    """The same for a clause that does not ask for the width."""
    root, linear = numbers[ROOT * size + n] != 0.0, numbers[LINEAR * size + n] != 0.0
    constant, offset, origin = numbers[CONSTANT * size + n], numbers[OFFSET * size + n], numbers[ORIGIN * size + n]
    up, down, centre = numbers[UP * size + n], -numbers[DOWN * size + n], numbers[CENTRE * size + n]
    ratio_up, ratio_down = numbers[RATIO_UP * size + n], -numbers[RATIO_DOWN * size + n]
    constant = _after_root(y, count, root, constant) + offset
    for j in range(count):
        value = y[j] + constant
        ratio = _above(value - centre, ratio_up, ratio_down)
        x = _above(value - origin, up, down)
        is_more = ratio > most[j]
        best[j] = (x if linear else x * x) if is_more else best[j]
        most[j] = ratio if is_more else most[j]


@inner
def squares(t: np.ndarray, c: np.ndarray, a: np.ndarray, sizes: np.ndarray, is_short: bool, total: np.ndarray) -> int:
    """The sum of squares at the steps t, and at how many points it has lost too many digits.

    is_short : whether it is of degree four at most in u, and the bound of the length of degree two.
    """
    lost = 0
    if is_short:
        for s in range(t.shape[0]):
            here, first = t[s], np.uint64(s * L)
            for i in range(L):
                x = here + c[i]
                y = abs(x)
                value = (((a[A4 + i] * x + a[A3 + i]) * x + a[A2 + i]) * x + a[A1 + i]) * x + a[A0 + i]
                size = (sizes[S2 + i] * y + sizes[S1 + i]) * y + sizes[S0 + i]
                lost += 0 if value * CANCELLED >= size * size else 1
                total[first + np.uint64(i)] = value
        return lost
    for s in range(t.shape[0]):
        here, first = t[s], np.uint64(s * L)
        for i in range(L):
            x = here + c[i]
            y = abs(x)
            value = (((a[A8 + i] * x + a[A7 + i]) * x + a[A6 + i]) * x + a[A5 + i]) * x + a[A4 + i]
            value = (((value * x + a[A3 + i]) * x + a[A2 + i]) * x + a[A1 + i]) * x + a[A0 + i]
            size = sizes[S4 + i] * y + sizes[S3 + i]
            size = ((size * y + sizes[S2 + i]) * y + sizes[S1 + i]) * y + sizes[S0 + i]
            lost += 0 if value * CANCELLED >= size * size else 1
            total[first + np.uint64(i)] = value
    return lost


@inner
def together(
    t: np.ndarray,
    c: np.ndarray,
    a: np.ndarray,
    sizes: np.ndarray,
    constant: float,
    over: np.ndarray,
    stride: int,
    is_short: bool,
    y: np.ndarray,
) -> int:
    """What the constraints of the group add at the steps t, and at how many points it has lost too many digits.

    over : 1/Gamma, 0 without a width.
    is_short : whether C is of degree four at most in u, B and the bound of the length of degree two.
    """
    lost, alone = 0, math.sqrt(constant)
    if is_short:
        for s in range(t.shape[0]):
            here, first, begin = t[s], np.uint64(s * L), np.uint64(s * stride)
            for i in range(L):
                x, r = here + c[i], over[begin + np.uint64(i)]
                z = abs(x)
                value = (((a[A4 + i] * x + a[A3 + i]) * x + a[A2 + i]) * x + a[A1 + i]) * x + a[A0 + i]
                linear = (a[B2 + i] * x + a[B1 + i]) * x + a[B0 + i]
                value = (value * r + linear) * r + constant
                size = ((sizes[S2 + i] * z + sizes[S1 + i]) * z + sizes[S0 + i]) * r + alone
                lost += 0 if value * CANCELLED >= size * size else 1
                y[first + np.uint64(i)] = value
        return lost
    for s in range(t.shape[0]):
        here, first, begin = t[s], np.uint64(s * L), np.uint64(s * stride)
        for i in range(L):
            x, r = here + c[i], over[begin + np.uint64(i)]
            z = abs(x)
            value = (((a[A8 + i] * x + a[A7 + i]) * x + a[A6 + i]) * x + a[A5 + i]) * x + a[A4 + i]
            value = (((value * x + a[A3 + i]) * x + a[A2 + i]) * x + a[A1 + i]) * x + a[A0 + i]
            linear = (((a[B4 + i] * x + a[B3 + i]) * x + a[B2 + i]) * x + a[B1 + i]) * x + a[B0 + i]
            value = (value * r + linear) * r + constant
            size = sizes[S4 + i] * z + sizes[S3 + i]
            size = ((size * z + sizes[S2 + i]) * z + sizes[S1 + i]) * z + sizes[S0 + i]
            size = size * r + alone
            lost += 0 if value * CANCELLED >= size * size else 1
            y[first + np.uint64(i)] = value
    return lost


@inner
def square_of_length(u: float, sizes: np.ndarray, i: int) -> float:
    """The square of the bound of the length at a point of lane i."""
    y, size = abs(u), 0.0
    for k in range(LENGTHS):
        size = size * y + sizes[(LENGTHS - 1 - k) * L + i]
    return size * size
