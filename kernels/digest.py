"""The digest of a slice: what a run of lines of one mass needs, reduced to the couplings' structure once per run.

A line is a set of points that differ in one parameter t alone (g_mu, or eps_z where the g_mu axis is short); a and b
are the other two. Every quantity on a line is a polynomial in u = t + shift (kernels/line.py). Which powers can
occur is the same for all lines of a case; it is read off at one generic point, where no power vanishes by accident.

* Rows: the tables of all rows are whitened and triangularised as columns, so that a line starts from at most 26 numbers
  per column, most of them zero.
* Constraints: a clause becomes one or two tests, D(u) > 0, with D = P - bound or, behind a branching ratio,
  D = P Gamma_x - bound Gamma: no division, no ratio.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from kernels import clauses as _clauses
from kernels import slice as _slice
from kernels.clauses import EXPONENTS, MONOMIALS, POLYNOMIAL
from kernels.jit import njit
from kernels.line import POWERS, V_MU
from kernels.physics.bsll import LINEAR, QUADRATIC

# places of a line's monomials: linear[2, 5, 3], quadratic[2, 9, 5], linear x Gamma [2, 5, 5], 1
LINEAR_AT = 0
QUADRATIC_AT = LINEAR_AT + 2 * LINEAR * 3
BROADENED_AT = QUADRATIC_AT + 2 * QUADRATIC * POWERS
ONE_AT = BROADENED_AT + 2 * LINEAR * POWERS
SOURCES = ONE_AT + 1


class Rows(NamedTuple):
    """Whitened rows of a slice.

    factor : float64[m, K], triangular factor of the K whitened columns.
    used : bool[J], which places of the line's columns (u^1.., u^0/Gamma.., 1) have entries at all.
    cell : int64[C, 3], place, row and end of the entries of every element that has some, one after the other.
    entry_source : int64[E], which monomial (of `SOURCES`) is multiplied by entry_factor : float64[E].
    """

    factor: np.ndarray
    used: np.ndarray
    cell: np.ndarray
    entry_source: np.ndarray
    entry_factor: np.ndarray


class Tests(NamedTuple):
    """Tests sign x value > sign x bound of a slice, in the order of the constraints.

    clause : int64[T], which polynomial; bit, channel (-1: none) : int64[T]; sign, bound, least_width : float64[T].
    term_start : int64[C + 1], terms of each polynomial; term_power : int64, power of u; term_factor : int64, 5 i + j of
        a^i b^j; term_value : float64.
    """

    clause: np.ndarray
    bit: np.ndarray
    channel: np.ndarray
    sign: np.ndarray
    bound: np.ndarray
    least_width: np.ndarray
    term_start: np.ndarray
    term_power: np.ndarray
    term_factor: np.ndarray
    term_value: np.ndarray


@njit
def turned(slice_: np.ndarray, along_z: bool) -> np.ndarray:
    """A copy of the slice's header whose b -> s vertex has its columns in the order (a, b, t)."""
    header = slice_[: _slice.HEADER].copy()
    if along_z:
        for k in range(3):
            place = _slice.MONOPOLE + 3 * k
            header[place + 1], header[place + 2] = slice_[place + 2], slice_[place + 1]
    return header


@njit
def powers(present: np.ndarray) -> tuple[int, int]:
    """How many powers of u (from u^1) and of u/Gamma (from u^0) can occur."""
    regular, resonant = 0, 0
    for lepton in range(2):
        for k in range(LINEAR):
            for p in range(POWERS):
                if p < 3 and present[LINEAR_AT + (lepton * LINEAR + k) * 3 + p]:
                    regular = max(regular, p)
                if present[BROADENED_AT + (lepton * LINEAR + k) * POWERS + p]:
                    regular = max(regular, p)
        for k in range(QUADRATIC):
            for p in range(POWERS):
                if present[QUADRATIC_AT + (lepton * QUADRATIC + k) * POWERS + p]:
                    regular = max(regular, p)
                    resonant = max(resonant, p + 1)
    return regular, resonant


@njit
def digest_rows(
    tables: np.ndarray,
    lepton: np.ndarray,
    residual: np.ndarray,
    whitening: np.ndarray,
    present: np.ndarray,
    n_regular: int,
    n_resonant: int,
) -> Rows:
    """Whiten the rows' tables and note where each goes.

    Parameters
    ----------
    tables : float64[rows, 29] of a slice; lepton : int64[rows]; residual : float64[rows], Standard Model - measured.
    whitening : float64[m, rows]; present : of `structure`; n_regular, n_resonant : places, at least `powers`.
    """
    rows = lepton.shape[0]
    places = n_regular + n_resonant + 1
    most = 2 * (2 * LINEAR + 2 * QUADRATIC) + 1
    raw = np.zeros((most, rows))
    found = np.empty((most * POWERS, 3), dtype=np.int64)  # column, place, source
    columns, entries = 0, 0
    for lep in range(2):
        for table in range(2 * LINEAR + 2 * QUADRATIC):
            if table < LINEAR:
                first, count, at = LINEAR_AT + (lep * LINEAR + table) * 3, 3, 0
            elif table < 2 * LINEAR:
                first, count, at = BROADENED_AT + (lep * LINEAR + table - LINEAR) * POWERS, POWERS, 0
            else:
                k = (table - 2 * LINEAR) % QUADRATIC
                first, count = QUADRATIC_AT + (lep * QUADRATIC + k) * POWERS, POWERS
                at = n_regular + 1 if table < 2 * LINEAR + QUADRATIC else 0
            used = False
            for p in range(count):
                if present[first + p]:
                    used = True
                    place = (p - 1 if p > 0 else places - 1) if at == 0 else at - 1 + p
                    found[entries, 0], found[entries, 1], found[entries, 2] = columns, place, first + p
                    entries += 1
            if used:
                for r in range(rows):
                    if lepton[r] == lep:
                        raw[columns, r] = tables[r, table]
                columns += 1
    for r in range(rows):  # a row assigned whole would compile numpy's sentence on shapes, for seconds
        raw[columns, r] = residual[r]
    found[entries, 0], found[entries, 1], found[entries, 2] = columns, places - 1, ONE_AT
    entries += 1
    columns += 1
    factor = triangular_factor(raw[:columns], lepton, whitening)
    size = factor.shape[0]
    touched = np.zeros(places, dtype=np.bool_)
    cell = np.empty((places * size, 3), dtype=np.int64)
    source, value = np.empty(entries * size, dtype=np.int64), np.empty(entries * size)
    cells, filled = 0, 0
    for j in range(places):
        for r in range(size):
            start = filled
            for e in range(entries):
                if found[e, 1] == j:
                    touched[j] = True
                    if factor[r, found[e, 0]] != 0.0:
                        source[filled], value[filled] = found[e, 2], factor[r, found[e, 0]]
                        filled += 1
            if filled > start:
                cell[cells, 0], cell[cells, 1], cell[cells, 2] = j, r, filled
                cells += 1
    return Rows(factor, touched, cell[:cells].copy(), source[:filled].copy(), value[:filled].copy())


@njit
def triangular_factor(raw: np.ndarray, lepton: np.ndarray, whitening: np.ndarray) -> np.ndarray:
    """Triangular factor (echelon form, Householder) of the whitened columns raw float64[K, rows].

    Electron rows come first, and a column that earlier ones make up to rounding opens no new row: electron columns then
    stay out of the muon rows unless errors are correlated.
    """
    columns, rows, n = raw.shape[0], raw.shape[1], whitening.shape[0]
    a = np.zeros((n, columns))
    at = 0
    for lep in range(2):
        for i in range(n):
            if lepton[i + rows - n if n < rows else i] != lep:
                continue
            for r in range(rows):
                w = whitening[i, r]
                if w != 0.0:
                    for k in range(columns):
                        a[at, k] += w * raw[k, r]
            at += 1
    first = 0
    for k in range(columns):
        whole, norm2 = 0.0, 0.0
        for i in range(n):
            whole += a[i, k] * a[i, k]
            if i >= first:
                norm2 += a[i, k] * a[i, k]
        if norm2 <= 1e-30 * whole:
            a[first:, k] = 0.0
            continue
        alpha = -np.copysign(np.sqrt(norm2), a[first, k])
        head, scale = a[first, k] - alpha, norm2 - alpha * a[first, k]
        for j in range(k + 1, columns):
            dot = head * a[first, j]
            for i in range(first + 1, n):
                dot += a[i, k] * a[i, j]
            dot /= scale
            a[first, j] -= dot * head
            for i in range(first + 1, n):
                a[i, j] -= dot * a[i, k]
        a[first, k] = alpha
        a[first + 1 :, k] = 0.0
        first += 1
        if first == n:
            break
    return a[: max(first, 1)].copy()


@njit
def _in_u(coefficients: np.ndarray, matrix: np.ndarray, slope: float) -> None:
    """Replace t by u - (m_a a + m_b b) in one polynomial, in place: v_mu is then proportional to u.

    Coefficients that cancel to rounding become zero, so that degrees are those of the physics.
    """
    if slope == 0.0:
        return
    m = (-matrix[V_MU, 0] / slope, -matrix[V_MU, 1] / slope)
    out = np.zeros((POWERS, POWERS, POWERS))
    size = np.zeros((POWERS, POWERS, POWERS))
    for i in range(POWERS):
        for j in range(POWERS - i):
            for k in range(POWERS - i - j):
                c = coefficients[i, j, k]
                if c == 0.0:
                    continue
                for x in range(k + 1):  # (u + m_a a + m_b b)^k
                    for y in range(k + 1 - x):
                        ways = 1.0
                        for n in range(1, k + 1):
                            ways *= n
                        for n in range(1, x + 1):
                            ways /= n
                        for n in range(1, y + 1):
                            ways /= n
                        for n in range(1, k - x - y + 1):
                            ways /= n
                        term = c * ways * m[0] ** x * m[1] ** y
                        out[i + x, j + y, k - x - y] += term
                        size[i + x, j + y, k - x - y] += abs(term)
    for i in range(POWERS):
        for j in range(POWERS):
            for k in range(POWERS):
                small = abs(out[i, j, k]) <= 1e-14 * size[i, j, k]
                coefficients[i, j, k] = 0.0 if small else out[i, j, k]


@njit
def digest_tests(clauses: np.ndarray, matrix: np.ndarray, slope: float, along_z: bool) -> Tests:
    """Tests of the clauses of a slice (float64[clauses, `clauses.LENGTH`]); matrix with its columns as (a, b, t)."""
    n = clauses.shape[0]
    clause_of, bit, channel = np.empty(2 * n, np.int64), np.empty(2 * n, np.int64), np.empty(2 * n, np.int64)
    sign, bound, least = np.empty(2 * n), np.empty(2 * n), np.empty(2 * n)
    term_start = np.zeros(n + 1, np.int64)
    power, factor = np.empty(n * MONOMIALS, np.int64), np.empty(n * MONOMIALS, np.int64)
    value = np.empty(n * MONOMIALS)
    tests, used, terms = 0, 0, 0
    for c in range(n):
        clause = clauses[c]
        if clause[_clauses.APPLIES] == 0.0:
            continue
        coefficients = np.zeros((POWERS, POWERS, POWERS))
        for m in range(MONOMIALS):
            i, j, k = EXPONENTS[m]
            if along_z:
                j, k = k, j
            coefficients[i, j, k] = clause[POLYNOMIAL + m]
        _in_u(coefficients, matrix, slope)
        for k in range(POWERS):
            for i in range(POWERS):
                for j in range(POWERS):
                    if coefficients[i, j, k] != 0.0:
                        power[terms], factor[terms], value[terms] = k, POWERS * i + j, coefficients[i, j, k]
                        terms += 1
        for side in (1.0, -1.0):
            # value beyond `edge` on this side excludes; undo offset, root and constant
            distance = clause[_clauses.UP] if side > 0.0 else clause[_clauses.DOWN]
            if not np.isfinite(distance):
                continue
            edge = clause[_clauses.CENTRE] + side * distance - clause[_clauses.OFFSET]
            if clause[_clauses.ROOT] != 0.0:
                if edge > 0.0:
                    edge = edge * edge
                elif side > 0.0:
                    edge = -1e300  # always beyond
                elif edge < 0.0:
                    continue
                else:
                    edge = 0.0
            clause_of[tests], bit[tests] = used, int(clause[_clauses.CONSTRAINT])
            channel[tests], sign[tests] = int(clause[_clauses.CHANNEL]), side
            bound[tests] = side * (edge - clause[_clauses.CONSTANT])
            least[tests] = clause[_clauses.MIN_WIDTH]
            tests += 1
        used += 1
        term_start[used] = terms
    return Tests(
        clause_of[:tests].copy(),
        bit[:tests].copy(),
        channel[:tests].copy(),
        sign[:tests].copy(),
        bound[:tests].copy(),
        least[:tests].copy(),
        term_start[: used + 1].copy(),
        power[:terms].copy(),
        factor[:terms].copy(),
        value[:terms].copy(),
    )
