"""Polynomials in the three couplings (a, b, u) of a mass, collapsed one coupling after the other.

A plane has one a, a line one b in it, a point one u on it. Many polynomials are kept as one list of cells: a cell is
the coefficient of b^j in one row, a row the coefficient of one power of u in one polynomial; what a cell is worth in
a plane is a sum over powers of a. Zeros are left out, so that the cost is that of the couplings a case really has.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from kernels.jit import njit

DEGREE = 8  # chi2: the square of a row's prediction, which has degree four in the couplings
POWERS = DEGREE + 1


class Cells(NamedTuple):
    """Polynomials in (a, b, u).

    row, power : uint64[C], row and power of b of each cell, in ascending order (unsigned: an index is not looked at
        for its sign).
    end : int64[C], end of the cell's entries, which follow each other.
    entry_power : uint64[E], power of a; entry_value : float64[E].
    """

    row: np.ndarray
    power: np.ndarray
    end: np.ndarray
    entry_power: np.ndarray
    entry_value: np.ndarray


@njit
def powers_of(x: float, out: np.ndarray) -> None:
    """1, x, x^2, ...: out float64[POWERS]."""
    value = 1.0
    for k in range(POWERS):
        out[k] = value
        value *= x


@njit
def powers_of_all(x: np.ndarray, out: np.ndarray) -> None:
    """The same for several lines: x float64[L], out float64[POWERS, L]."""
    for i in range(x.shape[0]):
        out[0, i] = 1.0
    for k in range(1, POWERS):
        for i in range(x.shape[0]):
            out[k, i] = out[k - 1, i] * x[i]


@njit
def in_plane(cells: Cells, a_powers: np.ndarray, out: np.ndarray) -> None:
    """Worth of every cell in the plane of a: a_powers float64[POWERS], out float64[C]."""
    first = 0
    for c in range(cells.row.shape[0]):
        total = 0.0
        for e in range(first, cells.end[c]):
            total += cells.entry_value[e] * a_powers[cells.entry_power[e]]
        out[c] = total
        first = cells.end[c]


@njit
def on_lines(cells: Cells, worth: np.ndarray, b_powers: np.ndarray, out: np.ndarray) -> None:
    """Every row on some lines of the plane: b_powers float64[POWERS, L/8, 8]; out float64[rows, L/8, 8].

    Rows without cells are left as they are. Eight sums in named variables stay in vector registers, where an array
    would be stored after every term. What a line gets does not depend on the others.
    """
    cell = 0
    while cell < cells.row.shape[0]:
        row, end = cells.row[cell], cell + 1
        while end < cells.row.shape[0] and cells.row[end] == row:
            end += 1
        for pack in range(b_powers.shape[1]):
            t0, t1, t2, t3, t4, t5, t6, t7 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
            for c in range(cell, end):
                f, j = worth[c], cells.power[c]
                t0 += f * b_powers[j, pack, 0]
                t1 += f * b_powers[j, pack, 1]
                t2 += f * b_powers[j, pack, 2]
                t3 += f * b_powers[j, pack, 3]
                t4 += f * b_powers[j, pack, 4]
                t5 += f * b_powers[j, pack, 5]
                t6 += f * b_powers[j, pack, 6]
                t7 += f * b_powers[j, pack, 7]
            y = out[row, pack]
            y[0], y[1], y[2], y[3], y[4], y[5], y[6], y[7] = t0, t1, t2, t3, t4, t5, t6, t7
        cell = end
