"""Pieces of the rows: node functions against the rate, tables of simple functions in closed form, the width limit.

Whole rows against their definition: tests/kernels/reference/test_rows_assembly.py.
"""

from __future__ import annotations

import math
from operator import mul

import numpy as np
import pytest

from tests.support.tolerances import CLOSED_FORM, EXACT_ALGEBRA
from zdscan.evaluation.engine import build_physics
from zdscan.kernels.physics import bsll
from zdscan.physics.cases import CASES

LO, HI = 0.2, 0.9  # GeV^2, a row of one panel


@pytest.mark.parametrize("kappa", [0.0, 1.7])
def test_node_functions_and_products_give_the_rate(kappa):
    """At one q^2 the tables times the products of couplings are the quadratic form in C9, C10, C_P and C7."""
    rng = np.random.default_rng(5)
    c, s = rng.normal(size=(2, 8, 13)), rng.uniform(0.1, 3.0, (2, 8))
    n0, m_p = rng.uniform(0.5, 2.0, (2, 2))  # m_p : 2 m_l times the factor of C_P
    v, a, e0, e2, m1 = rng.normal(size=5)
    factor = rng.uniform(1.0, 3.0, 2)  # on M1, by panel
    f = bsll.node_functions(c, s, n0, m_p, factor)
    products = bsll.linear_products(v, a, e0, e2, m1, times=mul)
    products += bsll.quadratic_products(v, a, e0, e2, m1, times=mul, times_squares=mul)
    lin, quad = np.empty(5), np.empty(9)
    for p, j in np.ndindex(2, 8):
        d, q2 = complex(s[p, j] - 0.49, 0.3), s[p, j]
        of_e = (e0 + e2 * q2) / (n0[p] * d)
        c9, c10 = v * of_e, -a * of_e
        c7 = -factor[p] * m1 * v * q2 / (2.0 * n0[p] * d)
        c_p = kappa * m_p[p] * e0 * a / (n0[p] * d)
        _, re9, im9, sq9, re10, sq10, re_p, sq_p, c10_p, re7, im7, sq7, c79 = c[p, j]
        terms = [re9 * c9.real, im9 * c9.imag, sq9 * abs(c9) ** 2, re10 * c10.real, sq10 * abs(c10) ** 2]
        terms += [re_p * c_p.real, sq_p * abs(c_p) ** 2, c10_p * (c10 * c_p.conjugate()).real]
        terms += [re7 * c7.real, im7 * c7.imag, sq7 * abs(c7) ** 2, c79 * (c7 * c9.conjugate()).real]
        bsll.fold(f[p, :, j], (1 / d).real, f[p, :, j], (1 / d).imag, kappa, lin)
        bsll.fold_squares(f[p, :, j], abs(1 / d) ** 2, kappa, quad)
        size = np.abs(terms).sum()
        assert np.dot([*lin, *quad], products) == pytest.approx(sum(terms), abs=EXACT_ALGEBRA * size)


def line(slope):
    """All node functions 1 + slope (q^2 - 0.5) on the panel: float64[1, 21, 8]."""
    q2 = 0.5 * (LO + HI) + 0.5 * (HI - LO) * np.polynomial.legendre.leggauss(8)[0]
    return np.ones((1, bsll.FUNCTIONS, 1)) * (1.0 + slope * (q2 - 0.5))


@pytest.mark.parametrize("mass", [0.3, 0.6, 0.8, 1.3])
@pytest.mark.parametrize("width", [1e-3, 1e-1, 3.0])
def test_exact_tables_of_a_constant(mass, width):
    """int ds/D is a logarithm, int ds/|D|^2 an arc tangent."""
    lin, quad = np.empty(5), np.empty(9)
    bsll.exact_tables(np.array([LO]), np.array([HI]), line(0.0), mass, width, 0.0, lin, quad)
    g, low, high = mass * width, LO - mass**2, HI - mass**2
    real = 0.5 * math.log((high**2 + g**2) / (low**2 + g**2))
    turn = math.atan(high / g) - math.atan(low / g)
    np.testing.assert_allclose(lin, [real - turn] * 3 + [real] * 2, rtol=CLOSED_FORM)
    np.testing.assert_allclose(quad, turn / g, rtol=CLOSED_FORM)


@pytest.mark.parametrize("slope", [0.0, 0.8])
@pytest.mark.parametrize("mass", [0.3, 0.6, 0.8, 1.3])
def test_small_width_law_of_a_line(mass, slope):
    """Principal value, residue, slope and finite part of a linear function, written out."""
    lin0, lin1, residue, finite = np.empty(5), np.empty(5), np.empty(9), np.empty(9)
    bsll.row_law(np.array([LO]), np.array([HI]), line(slope), mass, 0.0, lin0, lin1, residue, finite)
    low, high = LO - mass**2, HI - mass**2
    inside = low < 0.0 < high
    here, log = 1.0 + slope * (mass**2 - 0.5), math.log(abs(high / low))
    principal, part = here * log + slope * (HI - LO), here * (1 / low - 1 / high) + slope * log
    np.testing.assert_allclose(lin0[3:], principal, rtol=CLOSED_FORM)
    np.testing.assert_allclose(lin0[:3], principal - inside * math.pi * here, rtol=CLOSED_FORM)
    # the derivative of a constant is rounding
    np.testing.assert_allclose(lin1[3:], -inside * math.pi * mass * slope, rtol=CLOSED_FORM, atol=EXACT_ALGEBRA)
    np.testing.assert_allclose(lin1[:3], -inside * math.pi * mass * slope - mass * part, rtol=CLOSED_FORM)
    np.testing.assert_allclose(residue, inside * math.pi / mass * here, rtol=CLOSED_FORM)
    np.testing.assert_allclose(finite, part, rtol=CLOSED_FORM)


def law_error(found, exact, c0, width, dipole):
    """Largest error of the small-width law: squares over themselves, products over their squares' geometric mean,
    linear terms over twice that of c0 and the square."""
    lin0, lin1, residue, finite = found
    lin, quad = exact
    squares = {0: 0, 1: 2, 2: 3, 3: 6, 4: 8}
    sizes = {0: (0, 0), 1: (0, 2), 2: (2, 2), 3: (3, 3), 4: (0, 3), 5: (2, 3), 6: (6, 6), 7: (6, 8), 8: (8, 8)}
    errors = [
        abs(residue[k] / width + finite[k] - quad[k]) / np.sqrt(quad[i] * quad[j])
        for k, (i, j) in sizes.items()
        if dipole or k not in (3, 4, 5)
    ]
    errors += [
        abs(lin0[k] + width * lin1[k] - lin[k]) / (2.0 * np.sqrt(c0 * quad[square]))
        for k, square in squares.items()
        if dipole or k != 2
    ]
    return max(errors)


@pytest.mark.parametrize("complete", [False, True])
@pytest.mark.parametrize("mass", [0.0137, 0.21, 0.9, 1.4143])
def test_the_width_limit_is_the_last_good_step(mass, complete):
    """The law holds to 1e-7 at the limit and at smaller widths, and no longer one step of ln(width) above."""
    rows = build_physics(CASES["C"], constraints=(), measurements="rashed2024-corrected").likelihood
    kappa = 1.0 / mass**2 if complete else 0.0
    step = np.log(1e21) / 4096
    for r in range(0, 26, 5):
        here = slice(rows.row_start[r], rows.row_start[r + 1])
        panels = rows.sm_tables.panel_lo[here], rows.sm_tables.panel_hi[here], rows.functions[here]
        found = np.empty(5), np.empty(5), np.empty(9), np.empty(9)
        exact = np.empty(5), np.empty(9)
        bsll.row_law(*panels, mass, kappa, *found)
        limit = bsll.width_limit(*panels, rows.sm[r], mass, kappa, complete, *found)
        assert 0.0 < limit < 10.0
        for width in (limit, limit / 3.0, limit / 30.0, limit * np.exp(step)):
            bsll.exact_tables(*panels, mass, width, kappa, *exact)
            assert (law_error(found, exact, rows.sm[r], width, complete) <= 1e-7) == (width <= limit)
