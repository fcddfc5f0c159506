"""The points of a tile: some neighbouring lines, one in each lane of the vector registers, at some values of u.

Loops run over the lanes of one step along the lines, contiguous and without branches, calls or allocation, so that
LLVM vectorises them. float64 throughout (docs/performance.md).
"""

from __future__ import annotations

import numpy as np

from zdscan.kernels.jit import inner

LANES, STEPS, MOST_STEPS = 16, 16, 24  # lines, and points of each: usually, and at most
L = LANES
# rows of the coefficients of lines: u - t, width, those of chi2 = A + B/Gamma + C/Gamma^2, then of a bound s of the
# length of the vector whose square chi2 is, s = p(|u|) + q(|u|)/Gamma
SHIFT, WIDTH, REGULAR, MIXED, RESONANT, LENGTH_P, LENGTH_Q, COEFFICIENTS = 0, 1, 4, 13, 22, 31, 36, 41
W0, W1, W2 = range(WIDTH * L, REGULAR * L, L)  # where the coefficients of one power begin
A0, A1, A2, A3, A4, A5, A6, A7, A8 = range(REGULAR * L, MIXED * L, L)
B0, B1, B2, B3, B4, B5, B6, B7, B8 = range(MIXED * L, RESONANT * L, L)
C0, C1, C2, C3, C4, C5, C6, C7, C8 = range(RESONANT * L, LENGTH_P * L, L)
P0, P1, P2, P3, P4, Q0, Q1, Q2, Q3, Q4 = range(LENGTH_P * L, COEFFICIENTS * L, L)
FIXED, LONG = 0, 1  # kinds of polynomials, see below
FIXED_POWERS = (4, 4, 4, 2, 2)  # largest powers of u in A, B, C, p, q where the width is the same all along a line
CANCELLED = 1e7  # chi2 this much below s^2 has lost too many digits


@inner
def chi2_fixed(t: np.ndarray, c: np.ndarray, largest: float, chi2: np.ndarray) -> int:
    """chi2, at most `largest`, for powers up to `FIXED_POWERS` and a width that does not depend on u.

    t : float64[steps]; c : float64[COEFFICIENTS * LANES] after `sum_over_widths`.
    chi2 : float32[MOST_STEPS * LANES]. Returns at how many points
    chi2 is not to be relied on (`CANCELLED`, or not a number).
    """
    lost = 0
    for s in range(t.shape[0]):
        here, at = t[s], np.uint64(s * L)
        for i in range(LANES):
            x = here + c[i]
            y = abs(x)
            total = (((c[A4 + i] * x + c[A3 + i]) * x + c[A2 + i]) * x + c[A1 + i]) * x + c[A0 + i]
            size = (c[P2 + i] * y + c[P1 + i]) * y + c[P0 + i]
            lost += 0 if total * CANCELLED >= size * size else 1
            chi2[at + np.uint64(i)] = total if total < largest else largest
    return lost


@inner
def sum_over_widths(c: np.ndarray) -> None:
    """A += B/Gamma + C/Gamma^2 and p += q/Gamma for the powers of `chi2_fixed`."""
    for i in range(LANES):
        r = 1.0 / c[W0 + i] if c[W0 + i] > 0.0 else 0.0
        for k in range(5):
            c[(REGULAR + k) * L + i] += (c[(RESONANT + k) * L + i] * r + c[(MIXED + k) * L + i]) * r
        for k in range(3):
            c[(LENGTH_P + k) * L + i] += c[(LENGTH_Q + k) * L + i] * r


@inner
def chi2_long(t: np.ndarray, c: np.ndarray, largest: float, chi2: np.ndarray) -> int:
    """The same for all powers that can occur at all: eight, and four in s."""
    lost = 0
    for s in range(t.shape[0]):
        here, at = t[s], np.uint64(s * L)
        for i in range(LANES):
            x = here + c[i]
            y = abs(x)
            width = c[W0 + i] + (c[W1 + i] * x + c[W2 + i] * x * x)
            r = 1.0 / width if width > 0.0 else 0.0
            regular = (((c[A8 + i] * x + c[A7 + i]) * x + c[A6 + i]) * x + c[A5 + i]) * x + c[A4 + i]
            regular = (((regular * x + c[A3 + i]) * x + c[A2 + i]) * x + c[A1 + i]) * x + c[A0 + i]
            mixed = (((c[B8 + i] * x + c[B7 + i]) * x + c[B6 + i]) * x + c[B5 + i]) * x + c[B4 + i]
            mixed = (((mixed * x + c[B3 + i]) * x + c[B2 + i]) * x + c[B1 + i]) * x + c[B0 + i]
            resonant = ((c[C8 + i] * x + c[C7 + i]) * x + c[C6 + i]) * x + c[C5 + i]
            resonant = (resonant * x + c[C4 + i]) * x + c[C3 + i]
            resonant = ((resonant * x + c[C2 + i]) * x + c[C1 + i]) * x + c[C0 + i]
            total = (resonant * r + mixed) * r + regular
            p = (((c[P4 + i] * y + c[P3 + i]) * y + c[P2 + i]) * y + c[P1 + i]) * y + c[P0 + i]
            q = (((c[Q4 + i] * y + c[Q3 + i]) * y + c[Q2 + i]) * y + c[Q1 + i]) * y + c[Q0 + i]
            size = p + q * r
            lost += 0 if total * CANCELLED >= size * size else 1
            chi2[at + np.uint64(i)] = total if total < largest else largest
    return lost


@inner
def is_lost(u: float, c: np.ndarray, i: int, fixed: bool) -> bool:
    """Whether a point of lane i is one of those that the functions above count."""
    y, width = abs(u), c[W0 + i] + (c[W1 + i] * u + c[W2 + i] * u * u)
    r = 1.0 / width if width > 0.0 and not fixed else 0.0
    a, b, resonant = 0.0, 0.0, 0.0
    for k in range(9):
        a = a * u + c[(REGULAR + 8 - k) * L + i]
        b = b * u + c[(MIXED + 8 - k) * L + i]
        resonant = resonant * u + c[(RESONANT + 8 - k) * L + i]
    p, q = 0.0, 0.0
    for k in range(5):
        p = p * y + c[(LENGTH_P + 4 - k) * L + i]
        q = q * y + c[(LENGTH_Q + 4 - k) * L + i]
    size = p + q * r
    return not ((resonant * r + b) * r + a) * CANCELLED >= size * size


@inner
def apply_quadratics(
    t: np.ndarray,
    c: np.ndarray,
    d: np.ndarray,
    place: int,
    other: int,
    bit: np.uint64,
    other_bit: np.uint64,
    flags: np.ndarray,
) -> None:
    """Set the bits of two inequalities where d0 + d1 u + d2 u^2 > 0; flags uint64[MOST_STEPS * LANES].

    d : float64[rows * LANES]; place, other : rows of the two d0.
    """
    off, one, two = np.uint64(0), np.uint64(place * L), np.uint64(other * L)
    k1, k2 = np.uint64(L), np.uint64(2 * L)
    for s in range(t.shape[0]):
        here, at = t[s], np.uint64(s * L)
        for i in range(L):
            lane = np.uint64(i)
            x = here + c[i]
            first = (d[one + k2 + lane] * x + d[one + k1 + lane]) * x + d[one + lane] > 0.0
            second = (d[two + k2 + lane] * x + d[two + k1 + lane]) * x + d[two + lane] > 0.0
            flags[at + lane] |= (bit if first else off) | (other_bit if second else off)


@inner
def apply_quartic(t: np.ndarray, c: np.ndarray, d: np.ndarray, place: int, bit: np.uint64, flags: np.ndarray) -> None:
    """The same for one polynomial of degree four."""
    off, k0 = np.uint64(0), np.uint64(place * L)
    k1, k2, k3, k4 = np.uint64(L), np.uint64(2 * L), np.uint64(3 * L), np.uint64(4 * L)
    for s in range(t.shape[0]):
        here, first = t[s], np.uint64(s * L)
        for i in range(L):
            lane = np.uint64(i)
            x, at = here + c[i], k0 + lane
            value = ((d[at + k4] * x + d[at + k3]) * x + d[at + k2]) * x + d[at + k1]
            flags[first + lane] |= bit if value * x + d[at] > 0.0 else off


@inner
def widths_of(t: np.ndarray, c: np.ndarray, steps: int, widths: np.ndarray) -> None:
    """The widths at the first steps, not below 0: float64[steps * LANES]."""
    for s in range(steps):
        here, first = t[s], np.uint64(s * L)
        for i in range(L):
            x = here + c[i]
            width = c[W0 + i] + (c[W1 + i] * x + c[W2 + i] * x * x)
            widths[first + np.uint64(i)] = width if width > 0.0 else 0.0


@inner
def apply_window(
    t: np.ndarray,
    c: np.ndarray,
    d: np.ndarray,
    place: int,
    widths: np.ndarray,
    share: np.ndarray,
    stride: int,
    alone: float,
    of_width: float,
    bit: np.uint64,
    flags: np.ndarray,
) -> None:
    """The same for y E - (alone + of_width Gamma) > 0, with y of degree four.

    E and Gamma are `share` and `widths`, in which a step is `stride` long, 0 where they depend on the line alone.
    """
    off, k0 = np.uint64(0), np.uint64(place * L)
    k1, k2, k3, k4 = np.uint64(L), np.uint64(2 * L), np.uint64(3 * L), np.uint64(4 * L)
    for s in range(t.shape[0]):
        here, first, begin = t[s], np.uint64(s * L), np.uint64(s * stride)
        for i in range(L):
            lane = np.uint64(i)
            x, at, there = here + c[i], k0 + lane, begin + lane
            y = ((d[at + k4] * x + d[at + k3]) * x + d[at + k2]) * x + d[at + k1]
            value = (y * x + d[at]) * share[there] - (of_width * widths[there] + alone)
            flags[first + lane] |= bit if value > 0.0 else off


@inner
def apply_behind(
    t: np.ndarray,
    c: np.ndarray,
    d: np.ndarray,
    place: int,
    widths: np.ndarray,
    share: np.ndarray,
    stride: int,
    alone: float,
    of_width: float,
    least: float,
    most: float,
    bit: np.uint64,
    flags: np.ndarray,
) -> None:
    """The same for y of degree six, and only where the width is from `least` to `most`.

    A vector without open channel (width 0) has E = 1.
    """
    off, k0 = np.uint64(0), np.uint64(place * L)
    k1, k2, k3 = np.uint64(L), np.uint64(2 * L), np.uint64(3 * L)
    k4, k5, k6 = np.uint64(4 * L), np.uint64(5 * L), np.uint64(6 * L)
    for s in range(t.shape[0]):
        here, first, begin = t[s], np.uint64(s * L), np.uint64(s * stride)
        for i in range(L):
            lane = np.uint64(i)
            x, at, width = here + c[i], k0 + lane, widths[begin + lane]
            value = ((d[at + k6] * x + d[at + k5]) * x + d[at + k4]) * x + d[at + k3]
            value = ((value * x + d[at + k2]) * x + d[at + k1]) * x + d[at]
            value = value * (share[begin + lane] if width > 0.0 else 1.0) - (of_width * width + alone)
            flags[first + lane] |= bit if (value > 0.0) & (width >= least) & (width <= most) else off


@inner
def steps_of(n: int) -> int:
    """Steps of the tiles of lines of n points, all the same but the last."""
    tiles = max((n + STEPS // 2) // STEPS, 1)
    return (n + tiles - 1) // tiles


@inner
def copy_out(
    values: np.ndarray,
    flags: np.ndarray,
    start: int,
    steps: int,
    first: np.ndarray,
    last: np.ndarray,
    corner: int,
    lane_stride: int,
    stride: int,
    chi2: np.ndarray,
    excluded: np.ndarray,
) -> None:
    """Steps first[i]..last[i] of every lane i that a tile of `steps` from `start` has, to place corner + i lane_stride.

    first, last : int64[LANES]. Points of a lane are `stride` apart. (Unsigned: no index counts from the end.)
    """
    with_flags, step = excluded.shape[0] > 0, np.uint64(stride)
    k1, k2, k3, k4 = np.uint64(L), np.uint64(2 * L), np.uint64(3 * L), np.uint64(4 * L)
    for i in range(L):
        begin, end = first[i] if first[i] > start else start, last[i] if last[i] < start + steps else start + steps
        if begin >= end:
            continue
        at, place = np.uint64((begin - start) * L + i), np.uint64(corner + i * lane_stride + begin * stride)
        fours = (end - begin) // 4 if stride == 1 else 0
        if with_flags:
            for _ in range(fours):
                to1, to2, to3 = place + np.uint64(1), place + np.uint64(2), place + np.uint64(3)
                chi2[place], chi2[to1] = values[at], values[at + k1]
                chi2[to2], chi2[to3] = values[at + k2], values[at + k3]
                excluded[place], excluded[to1] = flags[at], flags[at + k1]
                excluded[to2], excluded[to3] = flags[at + k2], flags[at + k3]
                at += k4
                place += np.uint64(4)
            for _ in range(end - begin - 4 * fours):
                chi2[place], excluded[place] = values[at], flags[at]
                at += k1
                place += step
        else:
            for _ in range(end - begin):
                chi2[place] = values[at]
                at += k1
                place += step
