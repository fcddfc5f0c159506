"""A run of grid points of one mass: chi2 and constraint bits, a bundle of lines after the other. docs/performance.md.

`prepare` digests a slice once; `evaluate_grid` then does any run of its points. Points where the small-width law fails
are only marked: they are the business of kernels/broad.py.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from kernels import bundle as _bundle
from kernels import digest as _digest
from kernels import slice as _slice
from kernels import sweep as _sweep
from kernels import verdict as _verdict
from kernels.bundle import LINES, PACK, TOTAL
from kernels.clauses import CHANNELS, LENGTH
from kernels.digest import Rows, Tests
from kernels.jit import njit
from kernels.line import V_MU

SHORT_AXIS = 16  # a g_mu axis below this length and that of eps_z is not worth a vector
DONE, BROAD, OUTSIDE = 0, 1, 2  # marks of points
LEAST_SHARE = 1e-25  # a width below this share of its terms has no digits


class Prepared(NamedTuple):
    """A slice, digested.

    header : of the slice, with its vertex per (a, b, t); matrix : float64[16, 3], couplings per unit of (a, b, t).
    slope : of v_mu in t where u = t + shift is used, else 0; along_z : whether t is eps_z.
    present : bool[SOURCES], monomials that can differ from zero.
    rows, muon_rows, tests : see kernels/digest.py; limits : float64[2], least width limit of the rows of e and mu, GeV.
    """

    header: np.ndarray
    matrix: np.ndarray
    slope: float
    along_z: bool
    present: np.ndarray
    rows: Rows
    muon_rows: Rows
    tests: Tests
    limits: np.ndarray


@njit
def runs_along_z(n_g: int, n_z: int) -> bool:
    """Whether lines run along eps_z instead of g_mu."""
    return n_g < SHORT_AXIS and n_g < n_z


@njit
def prepare(
    slice_: np.ndarray,
    matrix: np.ndarray,
    lepton: np.ndarray,
    residual: np.ndarray,
    whitening: np.ndarray,
    whitening_muon: np.ndarray,
    along_z: bool,
) -> Prepared:
    """Digest a slice.

    Parameters
    ----------
    slice_ : of kernels/slice.py, clauses included; matrix : float64[16, 3] per unit of (eps, eps_z, g_mu).
    lepton : int64[rows], 0 e, 1 mu; residual : float64[rows], Standard Model - measured.
    whitening, whitening_muon : float64[m, rows], chi2 = |whitening (prediction - measured)|^2.
    """
    rows = lepton.shape[0]
    turned = matrix.copy()
    if along_z:
        turned[:, 1] = matrix[:, 2]
        turned[:, 2] = matrix[:, 1]
    slope = 0.0 if along_z else matrix[V_MU, 2]
    header = _digest.turned(slice_, along_z)
    tables = slice_[_slice.HEADER : _slice.slice_length(rows)].reshape(rows, _slice.PER_ROW)
    present = _bundle.structure(header, turned, slope)
    regular, resonant = _digest.powers(present)
    short = regular <= 3 and resonant <= 3
    n_regular, n_resonant = (3, 3) if short else (4, 5)
    limits = np.array([np.inf, np.inf])
    for r in range(rows):
        limits[lepton[r]] = min(limits[lepton[r]], tables[r, _slice.PER_ROW - 1])
    clauses = slice_[_slice.slice_length(rows) :].reshape(-1, LENGTH)
    return Prepared(
        header,
        turned,
        slope,
        along_z,
        present,
        _digest.digest_rows(tables, lepton, residual, whitening, present, n_regular, n_resonant),
        _digest.digest_rows(tables, lepton, residual, whitening_muon, present, n_regular, n_resonant),
        _digest.digest_tests(clauses, turned, slope, along_z),
        limits,
    )


@njit
def extent(first: int, count: int, line: int, n_t: int, n_inner: int, along_z: bool) -> tuple[int, int, int, int]:
    """Points [t0, t1) of a line that belong to the run, place of t0 in the run, and stride."""
    if not along_z:
        begin = line * n_t
        t0, t1 = max(0, first - begin), min(n_t, first + count - begin)
        return t0, t1, begin + t0 - first, 1
    begin = line // n_inner * n_t * n_inner + line % n_inner
    t0 = max(0, -((begin - first) // n_inner))
    t1 = min(n_t, -((begin - first - count) // n_inner))
    return t0, t1, begin + t0 * n_inner - first, n_inner


@njit
def _coefficients(
    factor: np.ndarray, pivot: np.ndarray, total: np.ndarray, i: int, closed: bool, out: np.ndarray
) -> None:
    """Width and triangular factor of line i, as kernels/sweep.py reads them."""
    places = factor.shape[0]
    n_regular = 3 if places == _sweep.SHORT else 4
    for k in range(3):
        out[k] = total[k, i]
    at = _sweep.WIDTH
    for j in range(places):
        row = pivot[j]
        for m in range(j, places):
            out[at] = 0.0 if row < 0 or (closed and n_regular <= m < places - 1) else factor[m, row, i % PACK]
            at += 1


@njit
def _chi2(
    factor: np.ndarray,
    pivot: np.ndarray,
    total: np.ndarray,
    i: int,
    closed: bool,
    u: np.ndarray,
    work: np.ndarray,
    largest: float,
    line: np.ndarray,
    out: np.ndarray,
    place: int,
    stride: int,
) -> None:
    """chi2 of the points u of line i into out[place::stride]; work float64[`sweep.COEFFICIENTS`], line float32[n]."""
    _coefficients(factor, pivot, total, i, closed, work)
    target = out[place : place + u.shape[0]] if stride == 1 else line
    if factor.shape[0] == _sweep.SHORT:
        _sweep.chi2_short(u, work, largest, target)
    else:
        _sweep.chi2_long(u, work, largest, target)
    if stride != 1:
        for k in range(u.shape[0]):
            out[place + k * stride] = target[k]


@njit
def _judge(
    tests: Tests,
    i: int,
    total: np.ndarray,
    bits: np.ndarray,
    pending: np.ndarray,
    pending_count: np.ndarray,
    difference: np.ndarray,
    degree: np.ndarray,
    u: np.ndarray,
    work: np.ndarray,
    bit_work: np.ndarray,
    line: np.ndarray,
) -> None:
    """Constraint bits of the points u of line i, from `verdict.decide`; tests of degree two go four at a time."""
    for k in range(u.shape[0]):
        line[k] = bits[i]
    four, four_bits = work[:12].reshape(4, 3), bit_work
    held = 0
    for k in range(pending_count[i]):
        t = pending[i, k]
        least = 0.0
        if t < 0:
            t = -1 - t
            least = tests.least_width[t]
        bit = np.uint64(1) << np.uint64(tests.bit[t])
        if degree[t] <= 2 and least == 0.0:
            for d in range(3):
                four[held, d] = difference[t, d, i] if d <= degree[t] else 0.0
            four_bits[held] = bit
            held += 1
            if held == 4:
                _sweep.test_squares(u, four, four_bits, line)
                held = 0
        else:
            rest = work[12 : 12 + _verdict.DEGREES]
            for d in range(_verdict.DEGREES):
                rest[d] = difference[t, d, i] if d <= degree[t] else 0.0
            _sweep.test_any(u, rest, total[:, i], least, bit, line)
    if held > 0:
        for k in range(held, 4):
            four[k, 0], four[k, 1], four[k, 2], four_bits[k] = -1.0, 0.0, 0.0, np.uint64(0)
        _sweep.test_squares(u, four, four_bits, line)


@njit
def evaluate_grid(
    prepared: Prepared,
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
) -> int:
    """Points first..first+count of one mass, in C order of (eps, eps_z, g_mu).

    Parameters
    ----------
    eps_axis, eps_z_axis, g_axis : float64, ascending where a line has more than one point.
    largest : numbers beyond are replaced by it (the range of float32).
    chi2 : float32[count]; excluded : uint32[count] or uint64[count]; chi2_muon : float32[count or 0]; filled.
    mark : uint8[count], filled: `BROAD` where chi2 is not valid because the width is beyond the small-width law.

    Returns
    -------
    How many points are marked.
    """
    p = prepared
    n_g, n_z = g_axis.shape[0], eps_z_axis.shape[0]
    n_t, n_inner = (n_z, n_g) if p.along_z else (n_g, n_z)
    t_axis, b_axis = (eps_z_axis, g_axis) if p.along_z else (g_axis, eps_z_axis)
    muon = chi2_muon.shape[0] > 0
    places, n_tests = p.rows.used.shape[0], p.tests.clause.shape[0]

    a, b, shift = np.empty(LINES), np.empty(LINES), np.empty(LINES)
    forms = np.empty((7, 2, LINES))
    channels = np.empty((CHANNELS + 1, 3, LINES))
    total = channels[TOTAL]
    source = np.zeros((_digest.SOURCES, LINES))
    packed = np.zeros((_digest.SOURCES, PACK))
    every = np.empty((places, p.rows.factor.shape[0], PACK))
    muons = np.empty((places, p.muon_rows.factor.shape[0], PACK))
    pivot, pivot_muon = np.empty(places, dtype=np.int64), np.empty(places, dtype=np.int64)
    closed = np.empty(LINES, dtype=np.bool_)
    low, high = np.empty(LINES), np.empty(LINES)
    least, most = np.empty((_verdict.DEGREES, LINES)), np.empty((_verdict.DEGREES, LINES))
    bits = np.empty(LINES, dtype=np.uint64)
    pending, pending_count = np.empty((LINES, n_tests), dtype=np.int64), np.empty(LINES, dtype=np.int64)
    difference, degree = np.zeros((n_tests, _verdict.DEGREES, LINES)), np.empty(n_tests, dtype=np.int64)
    numbers = np.empty(_sweep.COEFFICIENTS)
    bit_work = np.empty(4, dtype=np.uint64)
    u_line, chi2_line, bits_line = np.empty(n_t), np.empty(n_t, dtype=np.float32), np.empty(n_t, dtype=np.uint64)

    marked = 0
    block = n_t * n_inner if p.along_z else n_t
    per_block = n_inner if p.along_z else 1
    last_line = ((first + count - 1) // block + 1) * per_block
    for bundle in range(first // block * per_block, last_line, LINES):
        used = min(LINES, last_line - bundle)
        for i in range(LINES):
            line = bundle + min(i, used - 1)
            a[i], b[i] = eps_axis[line // n_inner], b_axis[line % n_inner]
        _bundle.shifts(p.matrix, p.slope, a, b, shift)
        _bundle.forms(p.header, p.matrix, p.slope, a, b, shift, forms)
        _bundle.widths(p.header, p.matrix, a, b, shift, forms, channels)
        _bundle.monomials(forms, total, p.present, source)
        for i in range(LINES):
            low[i], high[i] = t_axis[0] + shift[i], t_axis[n_t - 1] + shift[i]
            closed[i] = total[0, i] == 0.0 and total[1, i] == 0.0 and total[2, i] == 0.0
        _verdict.power_ranges(low, high, least, most)
        _verdict.decide(p.tests, a, b, channels, closed, least, most, bits, pending, pending_count, difference, degree)
        for i in range(used):
            lane = i % PACK
            if lane == 0:
                _bundle.take_pack(source, p.present, i // PACK, packed)
                _bundle.collect(p.rows, packed, every)
                _bundle.triangularise(every, p.rows.used, pivot)
                if muon:
                    _bundle.collect(p.muon_rows, packed, muons)
                    _bundle.triangularise(muons, p.muon_rows.used, pivot_muon)
            t0, t1, place, stride = extent(first, count, bundle + i, n_t, n_inner, p.along_z)
            n = t1 - t0
            if n <= 0:
                continue
            u, values, flags = u_line[:n], chi2_line[:n], bits_line[:n]
            for k in range(n):
                u[k] = t_axis[t0 + k] + shift[i]
            _judge(p.tests, i, total, bits, pending, pending_count, difference, degree, u, numbers, bit_work, flags)
            if muon:
                _chi2(muons, pivot_muon, total, i, closed[i], u, numbers, largest, values, chi2_muon, place, stride)
            _chi2(every, pivot, total, i, closed[i], u, numbers, largest, values, chi2, place, stride)
            if stride == 1:
                there = excluded[place : place + n]
                for k in range(n):
                    there[k] = flags[k]
                mark[place : place + n] = DONE
            else:
                for k in range(n):
                    excluded[place + k * stride] = flags[k]
                    mark[place + k * stride] = DONE
            limit = np.inf
            for lepton in range(2):
                if p.limits[lepton] < limit and _bundle.is_active(p.present, source, lepton, i):
                    limit = p.limits[lepton]
            w0, w1, w2 = total[0, i], total[1, i], total[2, i]
            widest = max((w2 * low[i] + w1) * low[i] + w0, (w2 * high[i] + w1) * high[i] + w0)
            if widest > limit:
                for k in range(n):
                    if (w2 * u[k] + w1) * u[k] + w0 > limit:
                        mark[place + k * stride] = BROAD
                        marked += 1
    return marked
