"""chi2 where the width is beyond the small-width law of some row: exact in the width, tabulated by octaves of it.

At fixed mass the integrals of the rows depend on the width Gamma alone. Their singularities lie at Gamma = 0 and at
M Gamma = +-i (distance of an edge or node from the pole); with x = (Gamma - Gamma_c)/(Gamma + Gamma_c) all of them are
on the unit circle: eight Chebyshev nodes on an octave, |x| < 0.172, interpolate to about 11.6^-8 = 3e-9. chi2 goes
from 1/Gamma^2 to a constant; Gamma chi2 is interpolated, whose poles at both ends are simple (1e-8 instead of 2e-7). An
octave is filled when the first line needs it: exact tables at its nodes, whitened and triangularised. A line then costs
the polynomials chi2(u) at the eight nodes, a point their values and eight weights.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from kernels import digest as _digest
from kernels import slice as _slice
from kernels.clauses import CHANNELS
from kernels.grid import BROAD, OUTSIDE, Prepared, extent
from kernels.jit import njit
from kernels.line import POWERS, lepton_monomials, row_forms, shift_of, width_polynomials
from kernels.physics.bsll import LINEAR, QUADRATIC, exact_tables

TABLES = LINEAR + QUADRATIC
COLUMNS = 2 * TABLES + 1
NODES = 8
LOWEST, OCTAVES = -340, 381  # widths from 1e-103 to 1e12 GeV
_HALF = (math.sqrt(2.0) - 1.0) / (math.sqrt(2.0) + 1.0)  # |x| at the ends of an octave
_ANGLE = (2.0 * np.arange(NODES) + 1.0) * np.pi / (2.0 * NODES)
_NODE = _HALF * np.cos(_ANGLE)
_WEIGHT = np.sin(_ANGLE) * (-1.0) ** np.arange(NODES)


class Wide(NamedTuple):
    """Octaves of one mass and one whitening, filled as needed.

    ready : bool[OCTAVES]; factor : float64[OCTAVES, rows, COLUMNS, NODES], memory is touched where ready alone;
    filled : bool[OCTAVES, rows, COLUMNS], whether an element differs from zero at any node.
    """

    ready: np.ndarray
    filled: np.ndarray
    factor: np.ndarray


def empty(errors: int) -> Wide:
    """Room for the octaves of one mass; errors : rows of the whitening."""
    shape = (OCTAVES, errors, COLUMNS)
    return Wide(np.zeros(OCTAVES, dtype=np.bool_), np.zeros(shape, dtype=np.bool_), np.empty((*shape, NODES)))


@njit
def octave_of(width: float) -> int:
    """The octave that holds a width in GeV; -1 outside all of them."""
    octave = math.frexp(width)[1] - LOWEST if width > 0.0 else -1
    return octave if 0 <= octave < OCTAVES else -1


@njit
def _centre(octave: int) -> float:
    return math.ldexp(math.sqrt(0.5), octave + LOWEST)


@njit
def _fill(
    header: np.ndarray,
    lepton: np.ndarray,
    residual: np.ndarray,
    whitening: np.ndarray,
    row_start: np.ndarray,
    panel_lo: np.ndarray,
    panel_hi: np.ndarray,
    functions: np.ndarray,
    used: np.ndarray,
    octave: int,
    factor: np.ndarray,
    filled: np.ndarray,
) -> None:
    """Triangular factors of the whitened tables at the nodes of an octave: factor float64[rows, COLUMNS, NODES]."""
    rows = lepton.shape[0]
    lin, quad = np.empty(LINEAR), np.empty(QUADRATIC)
    factor[:] = 0.0
    for n in range(NODES):
        width = _centre(octave) * (1.0 + _NODE[n]) / (1.0 - _NODE[n])
        raw = np.zeros((COLUMNS, rows))
        for r in range(rows):
            raw[COLUMNS - 1, r] = residual[r]
            first = lepton[r] * TABLES
            if not np.any(used[first : first + TABLES]):
                continue
            lo, hi = panel_lo[row_start[r] : row_start[r + 1]], panel_hi[row_start[r] : row_start[r + 1]]
            f = functions[row_start[r] : row_start[r + 1]]
            exact_tables(lo, hi, f, header[_slice.MASS], width, header[_slice.KAPPA], lin, quad)
            for k in range(TABLES):
                if used[first + k]:
                    raw[first + k, r] = lin[k] if k < LINEAR else quad[k - LINEAR]
        found = _digest.triangular_factor(raw, lepton, whitening)
        for r in range(found.shape[0]):
            for k in range(COLUMNS):
                factor[r, k, n] = found[r, k]
    for r in range(factor.shape[0]):
        for k in range(COLUMNS):
            filled[r, k] = np.any(factor[r, k] != 0.0)


@njit
def _line_polynomials(
    factor: np.ndarray,
    filled: np.ndarray,
    products: np.ndarray,
    degree: int,
    columns: np.ndarray,
    out: np.ndarray,
) -> None:
    """Gamma chi2 at the nodes of an octave in powers of u: out float64[2 degree + 1, NODES]; Gamma over its centre.

    products : float64[COLUMNS, 5], what multiplies the tables, in powers of u; columns : work float64[5, rows, NODES].
    """
    rows = factor.shape[0]
    columns[:] = 0.0
    for k in range(COLUMNS):
        for p in range(degree + 1):
            c = products[k, p]
            if c == 0.0:
                continue
            for r in range(rows):
                if filled[r, k]:
                    for n in range(NODES):
                        columns[p, r, n] += c * factor[r, k, n]
    out[:] = 0.0
    for p in range(degree + 1):
        for q in range(p, degree + 1):
            twice = 1.0 if p == q else 2.0
            for r in range(rows):
                for n in range(NODES):
                    out[p + q, n] += twice * columns[p, r, n] * columns[q, r, n]
    for p in range(2 * degree + 1):
        for n in range(NODES):
            out[p, n] *= (1.0 + _NODE[n]) / (1.0 - _NODE[n])


@njit
def _at_width(polynomials: np.ndarray, degree: int, u: float, width: float, octave: int) -> float:
    """chi2 at a point, interpolated in the width."""
    centre = _centre(octave)
    x = (width - centre) / (width + centre)
    above, below = 0.0, 0.0
    for n in range(NODES):
        value = polynomials[2 * degree, n]
        for p in range(2 * degree - 1, -1, -1):
            value = value * u + polynomials[p, n]
        distance = x - _NODE[n]
        if distance == 0.0:
            return value * (1.0 - x) / (1.0 + x)
        weight = _WEIGHT[n] / distance
        above += weight * value
        below += weight
    return above / below * (1.0 - x) / (1.0 + x)


@njit
def evaluate_wide(
    prepared: Prepared,
    wide: Wide,
    lepton: np.ndarray,
    residual: np.ndarray,
    whitening: np.ndarray,
    row_start: np.ndarray,
    panel_lo: np.ndarray,
    panel_hi: np.ndarray,
    functions: np.ndarray,
    eps_axis: np.ndarray,
    eps_z_axis: np.ndarray,
    g_axis: np.ndarray,
    first: int,
    count: int,
    largest: float,
    mark: np.ndarray,
    chi2: np.ndarray,
) -> int:
    """chi2 of the points of a run that `grid.evaluate_grid` marked `BROAD`; arguments as there and in `grid.prepare`.

    Returns how many widths were outside every octave; those points are marked `OUTSIDE` and left as they are.
    """
    p = prepared
    n_g, n_z = g_axis.shape[0], eps_z_axis.shape[0]
    n_t, n_inner = (n_z, n_g) if p.along_z else (n_g, n_z)
    t_axis, b_axis = (eps_z_axis, g_axis) if p.along_z else (g_axis, eps_z_axis)
    used = np.zeros(COLUMNS, dtype=np.bool_)
    used[COLUMNS - 1] = True
    degree = 0
    for lep in range(2):
        for k in range(TABLES):
            linear = k < LINEAR
            powers = 3 if linear else POWERS
            at = _digest.LINEAR_AT + (lep * LINEAR + k) * 3
            if not linear:
                at = _digest.QUADRATIC_AT + (lep * QUADRATIC + k - LINEAR) * POWERS
            for power in range(powers):
                if p.present[at + power]:
                    used[lep * TABLES + k] = True
                    degree = max(degree, power)
    channels, forms = np.empty((CHANNELS + 2, 3)), np.empty((7, 2))
    linear_products, quadratic_products = np.empty((LINEAR, 3)), np.empty((QUADRATIC, POWERS))
    products = np.zeros((COLUMNS, POWERS))
    products[COLUMNS - 1, 0] = 1.0
    columns = np.empty((POWERS, whitening.shape[0], NODES))
    polynomials = np.empty((2 * POWERS - 1, NODES))

    missed = 0
    block = n_t * n_inner if p.along_z else n_t
    per_block = n_inner if p.along_z else 1
    for line in range(first // block * per_block, ((first + count - 1) // block + 1) * per_block):
        t0, t1, place, stride = extent(first, count, line, n_t, n_inner, p.along_z)
        present_octave = -1
        started = False
        for t in range(t0, t1):
            k = place + (t - t0) * stride
            if mark[k] != BROAD:
                continue
            if not started:
                started = True
                a, b = eps_axis[line // n_inner], b_axis[line % n_inner]
                shift = shift_of(p.matrix, p.slope, a, b)
                width_polynomials(p.header, p.matrix, p.slope, a, b, shift, channels)
                row_forms(p.header, p.matrix, p.slope, a, b, shift, forms)
                for lep in range(2):
                    lepton_monomials(forms, lep, linear_products, quadratic_products)
                    for m in range(LINEAR):
                        for power in range(3):
                            products[lep * TABLES + m, power] = linear_products[m, power]
                    products[lep * TABLES + LINEAR : (lep + 1) * TABLES] = quadratic_products
            u = t_axis[t] + shift
            w = channels[CHANNELS]
            width = (w[2] * u + w[1]) * u + w[0]
            octave = octave_of(width)
            if octave < 0:
                mark[k] = OUTSIDE
                missed += 1
                continue
            if octave != present_octave:
                if not wide.ready[octave]:
                    _fill(
                        p.header,
                        lepton,
                        residual,
                        whitening,
                        row_start,
                        panel_lo,
                        panel_hi,
                        functions,
                        used,
                        octave,
                        wide.factor[octave],
                        wide.filled[octave],
                    )
                    wide.ready[octave] = True
                _line_polynomials(wide.factor[octave], wide.filled[octave], products, degree, columns, polynomials)
                present_octave = octave
            chi2[k] = min(_at_width(polynomials, degree, u, width, octave), largest)
    return missed
