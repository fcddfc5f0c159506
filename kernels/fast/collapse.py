"""Polynomials in the three couplings (a, b, u) of a mass, collapsed one coupling after the other.

A plane has one a, a line one b in it, a point one u on it. Many polynomials are kept as one list of terms: a term is
the coefficient of b^j in one row, a row the coefficient of one power of u in one polynomial; what a term is worth in
a plane is a sum over powers of a. Zeros are left out, so that the cost is that of the couplings a case really has.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from zdscan.kernels.jit import inner

DEGREE = 8  # chi2: the square of a row's prediction, which has degree four in the couplings
POWERS = DEGREE + 1


class Terms(NamedTuple):
    """Polynomials in (a, b, u).

    row, power : uint64[C], row and power of b of each term, in ascending order (unsigned: an index is not looked at
        for its sign).
    end : int64[C], end of the term's entries, which follow each other.
    entry_power : uint64[E], power of a; entry_value : float64[E].
    """

    row: np.ndarray
    power: np.ndarray
    end: np.ndarray
    entry_power: np.ndarray
    entry_value: np.ndarray


@inner
def powers_of(x: float, out: np.ndarray) -> None:
    """1, x, x^2, ...: out float64[POWERS]."""
    value = 1.0
    for k in range(POWERS):
        out[k] = value
        value *= x


@inner
def powers_of_all(x: np.ndarray, out: np.ndarray) -> None:
    """The same for some lines: x float64[L], out float64[POWERS * L]."""
    lines = x.shape[0]
    for i in range(lines):
        out[i] = 1.0
    for k in range(POWERS - 1):
        before, at = np.uint64(k * lines), np.uint64((k + 1) * lines)
        for i in range(lines):
            out[at + np.uint64(i)] = out[before + np.uint64(i)] * x[i]


@inner
def in_plane(terms: Terms, a_powers: np.ndarray, out: np.ndarray) -> None:
    """Worth of every term in the plane of a: a_powers float64[POWERS], out float64[C]."""
    first = 0
    for c in range(terms.row.shape[0]):
        total = 0.0
        for e in range(first, terms.end[c]):
            total += terms.entry_value[e] * a_powers[terms.entry_power[e]]
        out[c] = total
        first = terms.end[c]


@inner
def on_lines(terms: Terms, worth: np.ndarray, b_powers: np.ndarray, lines: int, begin: int, out: np.ndarray) -> None:
    """Every row on some lines of the plane: b_powers float64[POWERS * lines]; out float64[rows * lines].

    Row r becomes row begin + r of out; rows without terms are left as they are. What a line gets does not depend on
    the others.
    """
    size, first, last = np.uint64(lines), np.uint64(begin), np.uint64(0)
    for c in range(terms.row.shape[0]):
        f, x, y = worth[c], terms.power[c] * size, (first + terms.row[c]) * size
        if y == last and c > 0:
            for i in range(lines):
                out[y + np.uint64(i)] += f * b_powers[x + np.uint64(i)]
        else:
            last = y
            for i in range(lines):
                out[y + np.uint64(i)] = f * b_powers[x + np.uint64(i)]


@inner
def some_on_lines(
    terms: Terms,
    ends: np.ndarray,
    rows: int,
    which: np.ndarray,
    count: int,
    worth: np.ndarray,
    b_powers: np.ndarray,
    lines: int,
    out: np.ndarray,
) -> None:
    """The same for some of several polynomials of as many rows, which[:count]; their rows without terms become zero.

    ends : int64[polynomials], end of the terms of each.
    """
    size = np.uint64(lines)
    for k in range(count):
        n = which[k]
        begin = np.uint64(n * rows * lines)
        for i in range(rows * lines):
            out[begin + np.uint64(i)] = 0.0
        for c in range(ends[n - 1] if n > 0 else 0, ends[n]):
            f, x, y = worth[c], terms.power[c] * size, terms.row[c] * size
            for i in range(lines):
                out[y + np.uint64(i)] += f * b_powers[x + np.uint64(i)]
