"""The points of a tile: some neighbouring lines, one in each lane of the vector registers, at some values of u.

Loops run over the lanes of one step along the lines, contiguous and without branches, calls or allocation, so that
LLVM vectorises them. float64 throughout (docs/performance.md).
"""

from __future__ import annotations

import numpy as np

from kernels.jit import inner

LANES, STEPS, MOST_STEPS = 16, 16, 24  # lines, and points of each: usually, and at most
L = LANES
# rows of the coefficients of lines: u - t, width, those of chi2 = A + B/Gamma + C/Gamma^2, then of a bound s of the
# length of the vector whose square chi2 is, s = p(|u|) + q(|u|)/Gamma
SHIFT, WIDTH, REGULAR, MIXED, RESONANT, LENGTH_P, LENGTH_Q, COEFFICIENTS = 0, 1, 4, 13, 22, 31, 36, 41
FIXED, SHORT, LONG = 0, 1, 2  # kinds of polynomials, see below
FIXED_POWERS = (4, 4, 4, 2, 2)  # largest powers of u in A, B, C, p, q where the width is the same all along a line
SHORT_POWERS = (6, 5, 4, 3, 2)  # where the flavour-changing vertex is
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
            total = (((c[8 * L + i] * x + c[7 * L + i]) * x + c[6 * L + i]) * x + c[5 * L + i]) * x + c[4 * L + i]
            size = (c[33 * L + i] * y + c[32 * L + i]) * y + c[31 * L + i]
            lost += 0 if total * CANCELLED >= size * size else 1
            chi2[at + np.uint64(i)] = min(total, largest)
    return lost


@inner
def sum_over_widths(c: np.ndarray) -> None:
    """A += B/Gamma + C/Gamma^2 and p += q/Gamma for the powers of `chi2_fixed`."""
    for i in range(LANES):
        r = 1.0 / c[L + i] if c[L + i] > 0.0 else 0.0
        for k in range(5):
            c[(REGULAR + k) * L + i] += (c[(RESONANT + k) * L + i] * r + c[(MIXED + k) * L + i]) * r
        for k in range(3):
            c[(LENGTH_P + k) * L + i] += c[(LENGTH_Q + k) * L + i] * r


@inner
def chi2_short(t: np.ndarray, c: np.ndarray, largest: float, chi2: np.ndarray) -> int:
    """The same for powers up to `SHORT_POWERS`."""
    lost = 0
    for s in range(t.shape[0]):
        here, at = t[s], np.uint64(s * L)
        for i in range(LANES):
            x = here + c[i]
            y = abs(x)
            width = c[L + i] + (c[2 * L + i] * x + c[3 * L + i] * x * x)
            r = 1.0 / width if width > 0.0 else 0.0
            regular = ((c[10 * L + i] * x + c[9 * L + i]) * x + c[8 * L + i]) * x + c[7 * L + i]
            regular = ((regular * x + c[6 * L + i]) * x + c[5 * L + i]) * x + c[4 * L + i]
            mixed = ((c[18 * L + i] * x + c[17 * L + i]) * x + c[16 * L + i]) * x + c[15 * L + i]
            mixed = (mixed * x + c[14 * L + i]) * x + c[13 * L + i]
            resonant = (c[26 * L + i] * x + c[25 * L + i]) * x + c[24 * L + i]
            resonant = (resonant * x + c[23 * L + i]) * x + c[22 * L + i]
            total = (resonant * r + mixed) * r + regular
            p = ((c[34 * L + i] * y + c[33 * L + i]) * y + c[32 * L + i]) * y + c[31 * L + i]
            size = p + ((c[38 * L + i] * y + c[37 * L + i]) * y + c[36 * L + i]) * r
            lost += 0 if total * CANCELLED >= size * size else 1
            chi2[at + np.uint64(i)] = min(total, largest)
    return lost


@inner
def chi2_long(t: np.ndarray, c: np.ndarray, largest: float, chi2: np.ndarray) -> int:
    """The same for all powers that can occur at all: eight, and four in s."""
    lost = 0
    for s in range(t.shape[0]):
        here, at = t[s], np.uint64(s * L)
        for i in range(LANES):
            x = here + c[i]
            y = abs(x)
            width = c[L + i] + (c[2 * L + i] * x + c[3 * L + i] * x * x)
            r = 1.0 / width if width > 0.0 else 0.0
            regular = (((c[12 * L + i] * x + c[11 * L + i]) * x + c[10 * L + i]) * x + c[9 * L + i]) * x + c[8 * L + i]
            regular = (((regular * x + c[7 * L + i]) * x + c[6 * L + i]) * x + c[5 * L + i]) * x + c[4 * L + i]
            mixed = (((c[21 * L + i] * x + c[20 * L + i]) * x + c[19 * L + i]) * x + c[18 * L + i]) * x + c[17 * L + i]
            mixed = (((mixed * x + c[16 * L + i]) * x + c[15 * L + i]) * x + c[14 * L + i]) * x + c[13 * L + i]
            resonant = ((c[30 * L + i] * x + c[29 * L + i]) * x + c[28 * L + i]) * x + c[27 * L + i]
            resonant = (resonant * x + c[26 * L + i]) * x + c[25 * L + i]
            resonant = ((resonant * x + c[24 * L + i]) * x + c[23 * L + i]) * x + c[22 * L + i]
            total = (resonant * r + mixed) * r + regular
            p = (((c[35 * L + i] * y + c[34 * L + i]) * y + c[33 * L + i]) * y + c[32 * L + i]) * y + c[31 * L + i]
            q = (((c[40 * L + i] * y + c[39 * L + i]) * y + c[38 * L + i]) * y + c[37 * L + i]) * y + c[36 * L + i]
            size = p + q * r
            lost += 0 if total * CANCELLED >= size * size else 1
            chi2[at + np.uint64(i)] = min(total, largest)
    return lost


@inner
def is_lost(u: float, c: np.ndarray, i: int, fixed: bool) -> bool:
    """Whether a point of lane i is one of those that the functions above count."""
    y, width = abs(u), c[L + i] + (c[2 * L + i] * u + c[3 * L + i] * u * u)
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
def test_squares(
    t: np.ndarray,
    c: np.ndarray,
    d: np.ndarray,
    place: int,
    other: int,
    bit: np.uint64,
    other_bit: np.uint64,
    flags: np.ndarray,
) -> None:
    """Set the bits of two tests where d0 + d1 u + d2 u^2 > 0; flags uint64[MOST_STEPS * LANES].

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
def test_any(
    t: np.ndarray, c: np.ndarray, d: np.ndarray, place: int, least: float, bit: np.uint64, flags: np.ndarray
) -> None:
    """The same for one polynomial of degree 6, and only where the width is at least `least`."""
    off, k0 = np.uint64(0), np.uint64(place * L)
    k1, k2, k3 = k0 + np.uint64(L), k0 + np.uint64(2 * L), k0 + np.uint64(3 * L)
    k4, k5, k6 = k0 + np.uint64(4 * L), k0 + np.uint64(5 * L), k0 + np.uint64(6 * L)
    for s in range(t.shape[0]):
        here, at = t[s], np.uint64(s * L)
        for i in range(L):
            lane = np.uint64(i)
            x = here + c[i]
            value = ((d[k6 + lane] * x + d[k5 + lane]) * x + d[k4 + lane]) * x + d[k3 + lane]
            value = ((value * x + d[k2 + lane]) * x + d[k1 + lane]) * x + d[k0 + lane]
            wide = c[L + i] + (c[2 * L + i] * x + c[3 * L + i] * x * x) >= least
            flags[at + lane] |= bit if (value > 0.0) & wide else off


@inner
def steps_of(n: int) -> int:
    """Steps of the tiles of lines of n points, all the same but the last."""
    tiles = max((n + STEPS // 2) // STEPS, 1)
    return (n + tiles - 1) // tiles


@inner
def copy_out(
    tile: np.ndarray,
    start: int,
    steps: int,
    first: np.ndarray,
    last: np.ndarray,
    corner: int,
    lane_stride: int,
    stride: int,
    out: np.ndarray,
) -> None:
    """Steps first[i]..last[i] of every lane i that a tile of `steps` from `start` has, to out[corner + i lane_stride].

    first, last : int64[LANES]. Points of a lane are `stride` apart. (Unsigned: no index counts from the end.)
    """
    four, row = np.uint64(4), np.uint64(4 * L)
    k1, k2, k3 = np.uint64(L), np.uint64(2 * L), np.uint64(3 * L)
    for i in range(L):
        begin, end = max(start, first[i]), min(start + steps, last[i])
        if begin >= end:
            continue
        at, place = np.uint64((begin - start) * L + i), np.uint64(corner + i * lane_stride + begin * stride)
        n = end - begin
        if stride == 1:
            for _ in range(n // 4):
                out[place] = tile[at]
                out[place + np.uint64(1)] = tile[at + k1]
                out[place + np.uint64(2)] = tile[at + k2]
                out[place + np.uint64(3)] = tile[at + k3]
                at += row
                place += four
            n = n % 4
        for _ in range(n):
            out[place] = tile[at]
            at += k1
            place += np.uint64(stride)
