"""One line of the grid (fixed mass, eps, eps_z): the mass tables collapse to polynomials in the muon coupling.

The variable is u = g_mu + shift with the shift that makes v_mu proportional to u: the muon's vector coupling then keeps
its relative accuracy where mixing and direct coupling cancel, in rates and in widths alike.
"""

from __future__ import annotations

import numpy as np

from zdscan.kernels.jit import inner
from zdscan.kernels.physics.bsll import LINEAR, QUADRATIC
from zdscan.kernels.tables import mass as _mass

# rows of a coupling matrix
V_E, A_E, V_MU, A_MU, V_U, A_U, V_D, A_D, V_S, A_S, G_NUE, G_NUMU, G_NUTAU, G_WW, G_PP, G_WP = range(16)
POWERS = 5  # polynomials up to u^4


@inner
def muon_shift(matrix: np.ndarray, eps: float, eps_z: float) -> float:
    """Shift that makes v_mu proportional to u; 0 where v_mu does not depend on g_mu."""
    return shift_of(matrix, matrix[V_MU, 2], eps, eps_z)


@inner
def shift_of(matrix: np.ndarray, slope: float, a: float, b: float) -> float:
    """Shift that makes v_mu = slope u; 0 for slope 0."""
    return 0.0 if slope == 0.0 else (matrix[V_MU, 0] * a + matrix[V_MU, 1] * b) / slope


@inner
def linear_form(row: np.ndarray, eps: float, eps_z: float, shift: float) -> tuple[float, float]:
    """A quantity linear in (eps, eps_z, g_mu) as constant + slope u."""
    return row[0] * eps + row[1] * eps_z - row[2] * shift, row[2]


@inner
def _square(c0: float, c1: float) -> tuple[float, float, float]:
    return c0 * c0, 2.0 * c0 * c1, c1 * c1


@inner
def _product(a: tuple[float, float], b: tuple[float, float]) -> tuple[float, float, float]:
    return a[0] * b[0], a[0] * b[1] + a[1] * b[0], a[1] * b[1]


@inner
def width_polynomials(
    mass_tables: np.ndarray,
    matrix: np.ndarray,
    slope: float,
    eps: float,
    eps_z: float,
    shift: float,
    channels: np.ndarray,
) -> None:
    """Partial widths in powers of u: channels float64[6, 3]; slope : of v_mu where it is proportional to u, else 0.

    Rows: everything invisible, ee, mumu, hadrons, total, and neutrinos alone.
    """
    channels[:] = 0.0
    for flavour in range(3):
        c0, c1 = linear_form(matrix[G_NUE + flavour], eps, eps_z, shift)
        square = _square(c0, c1)
        for k in range(3):
            channels[5, k] += mass_tables[_mass.NEUTRINO] * square[k]
    for k in range(3):
        channels[0, k] = channels[5, k]
    channels[0, 0] += mass_tables[_mass.INVISIBLE]
    for lepton in range(2):
        factor = _mass.ELECTRON + 2 * lepton
        v0, v1 = linear_form(matrix[V_E + 2 * lepton], eps, eps_z, shift)
        if lepton == 1 and slope != 0.0:
            v0 = 0.0
        a0, a1 = linear_form(matrix[A_E + 2 * lepton], eps, eps_z, shift)
        vector, axial = _square(v0, v1), _square(a0, a1)
        for k in range(3):
            channels[1 + lepton, k] = mass_tables[factor] * vector[k] + mass_tables[factor + 1] * axial[k]
    up = linear_form(matrix[V_U], eps, eps_z, shift)
    down = linear_form(matrix[V_D], eps, eps_z, shift)
    strange = linear_form(matrix[V_S], eps, eps_z, shift)
    rho = (up[0] - down[0], up[1] - down[1])
    omega = (3.0 * (up[0] + down[0]), 3.0 * (up[1] + down[1]))
    phi = (-3.0 * strange[0], -3.0 * strange[1])
    rr, oo, pp = _product(rho, rho), _product(omega, omega), _product(phi, phi)
    ro, rp, op = _product(rho, omega), _product(rho, phi), _product(omega, phi)
    h = _mass.HADRONS
    for k in range(3):
        channels[3, k] = (
            mass_tables[h] * rr[k]
            + mass_tables[h + 1] * oo[k]
            + mass_tables[h + 2] * pp[k]
            + mass_tables[h + 3] * ro[k]
            + mass_tables[h + 4] * rp[k]
            + mass_tables[h + 5] * op[k]
        )
        channels[4, k] = channels[0, k] + channels[1, k] + channels[2, k] + channels[3, k]


@inner
def row_forms(
    mass_tables: np.ndarray, matrix: np.ndarray, slope: float, eps: float, eps_z: float, shift: float, forms: np.ndarray
) -> None:
    """Linear forms in u of (v_e, a_e, v_mu, a_mu, E0, E2, M1): forms float64[7, 2]."""
    for k in range(4):
        forms[k, 0], forms[k, 1] = linear_form(matrix[V_E + k], eps, eps_z, shift)
    if slope != 0.0:
        forms[2, 0] = 0.0
    for k in range(3):
        start = _mass.MONOPOLE + 3 * k
        forms[4 + k, 0], forms[4 + k, 1] = linear_form(mass_tables[start : start + 3], eps, eps_z, shift)


@inner
def _times(square: tuple[float, float, float], other: tuple[float, float, float], out: np.ndarray) -> None:
    for k in range(POWERS):
        out[k] = 0.0
    for i in range(3):
        for j in range(3):
            out[i + j] += square[i] * other[j]


@inner
def lepton_monomials(forms: np.ndarray, lepton: int, linear: np.ndarray, quadratic: np.ndarray) -> bool:
    """What multiplies the row tables of one lepton, in powers of u: linear float64[5, 3], quadratic float64[9, 5].

    Returns whether the vector does anything to rows of this lepton.
    """
    v = (forms[2 * lepton, 0], forms[2 * lepton, 1])
    a = (forms[2 * lepton + 1, 0], forms[2 * lepton + 1, 1])
    e0, e2, m1 = (forms[4, 0], forms[4, 1]), (forms[5, 0], forms[5, 1]), (forms[6, 0], forms[6, 1])
    products = (_product(v, e0), _product(v, e2), _product(v, m1), _product(a, e0), _product(a, e2))
    active = False
    for k in range(LINEAR):
        for power in range(3):
            linear[k, power] = products[k][power]
            active = active or products[k][power] != 0.0
    v2, a2 = _product(v, v), _product(a, a)
    e00, e02, e22 = _product(e0, e0), _product(e0, e2), _product(e2, e2)
    m11, m10, m12 = _product(m1, m1), _product(m1, e0), _product(m1, e2)
    _times(v2, e00, quadratic[0])
    _times(v2, e02, quadratic[1])
    _times(v2, e22, quadratic[2])
    _times(v2, m11, quadratic[3])
    _times(v2, m10, quadratic[4])
    _times(v2, m12, quadratic[5])
    _times(a2, e00, quadratic[6])
    _times(a2, e02, quadratic[7])
    _times(a2, e22, quadratic[8])
    return active


@inner
def row_polynomials(
    tables: np.ndarray,
    lepton: np.ndarray,
    active: np.ndarray,
    total_width: np.ndarray,
    linear: np.ndarray,
    quadratic: np.ndarray,
    n_resonant: int,
    regular: np.ndarray,
    resonant: np.ndarray,
) -> float:
    """New-physics parts of all rows: regular(u) + resonant(u)/Gamma(u), ascending powers of u.

    Parameters
    ----------
    tables : float64[rows, 29], the rows' part of mass tables (lin0, lin1, residue, finite, width limit).
    lepton, active : lepton of each row, and whether the vector does anything to rows of that lepton.
    total_width : float64[3] in powers of u; linear, quadratic : of `lepton_monomials`, float64[2, ...].
    n_resonant : powers of u that quadratic terms can have, 1, 3 or 5; linear ones have 1, 2 or 3.
    regular, resonant : float64[rows, 5], filled.

    Returns
    -------
    The least width limit among the rows that the vector touches, GeV.
    """
    law_limit = np.inf
    for r in range(lepton.shape[0]):
        for power in range(POWERS):
            regular[r, power] = 0.0
            resonant[r, power] = 0.0
        lep = lepton[r]
        if not active[lep]:
            continue
        law_limit = min(law_limit, tables[r, _mass.PER_ROW - 1])
        for power in range((n_resonant + 1) // 2):
            constant = 0.0
            slope = 0.0
            for k in range(LINEAR):
                constant += tables[r, k] * linear[lep, k, power]
                slope += tables[r, LINEAR + k] * linear[lep, k, power]
            regular[r, power] += constant
            for j in range(min(3, n_resonant)):
                regular[r, power + j] += slope * total_width[j]
        for power in range(n_resonant):
            residue = 0.0
            finite = 0.0
            for k in range(QUADRATIC):
                residue += tables[r, 2 * LINEAR + k] * quadratic[lep, k, power]
                finite += tables[r, 2 * LINEAR + QUADRATIC + k] * quadratic[lep, k, power]
            resonant[r, power] += residue
            regular[r, power] += finite
    return law_limit


@inner
def triangularise(a: np.ndarray, rows: int, columns: int) -> None:
    """Householder reduction of a[:rows, :columns] to triangular form, in place, keeping |a x| for every x.

    The sum of squares over 26 rows becomes one over `columns` rows; unlike the normal equations this does not square
    the condition number.
    """
    for k in range(min(columns, rows - 1)):
        norm2 = 0.0
        for i in range(k, rows):
            norm2 += a[i, k] * a[i, k]
        if norm2 == 0.0:
            continue
        alpha = -np.copysign(np.sqrt(norm2), a[k, k])
        head = a[k, k] - alpha
        scale = norm2 - alpha * a[k, k]
        for j in range(k + 1, columns):
            dot = head * a[k, j]
            for i in range(k + 1, rows):
                dot += a[i, k] * a[i, j]
            dot /= scale
            a[k, j] -= dot * head
            for i in range(k + 1, rows):
                a[i, j] -= dot * a[i, k]
        a[k, k] = alpha
        for i in range(k + 1, rows):
            a[i, k] = 0.0
