"""The measured rows at points of one mass, and chi2. docs/rows.md.

row = sm + sum_k (L0_k + L1_k Gamma) l_k + sum_k (R_k/Gamma + F_k) p_k                  (small-width law)
row = sm + sum_k T1_k(Gamma) l_k + sum_k T2_k(Gamma) p_k        where the width is beyond the limit of the row
chi2 = |whitening (row - measured)|^2
"""

from __future__ import annotations

from collections.abc import Callable
from operator import mul
from typing import NamedTuple

import numpy as np

from zdscan.kernels.physics.bsll import LINEAR, QUADRATIC, linear_products, quadratic_products
from zdscan.kernels.physics.couplings import V_E
from zdscan.kernels.reference.points import Points
from zdscan.kernels.reference.propagator import exact_tables
from zdscan.kernels.tables import mass as _mass

TABLES = LINEAR + QUADRATIC
# The tables of all rows at n widths in GeV: float64[n, 14, rows]. Zeros do for rows that the vector does not touch.
TablesAt = Callable[[np.ndarray], np.ndarray]


class Rows(NamedTuple):
    """What is measured, and the panels of its integrals (kernels/physics/bsll.py).

    row_start : int64[rows + 1]; panel_lo, panel_hi : float64[P]; functions : float64[P, 21, 8].
    lepton : int64[rows], 0 for electrons, 1 for muons; sm : float64[rows], Standard Model.
    """

    row_start: np.ndarray
    panel_lo: np.ndarray
    panel_hi: np.ndarray
    functions: np.ndarray
    lepton: np.ndarray
    sm: np.ndarray


def closed_form(mass_tables: np.ndarray, rows: Rows) -> TablesAt:
    """The tables without approximation, evaluated at one width after the other: 0.3 ms each."""
    mass, kappa = mass_tables[_mass.MASS], mass_tables[_mass.KAPPA]
    panels = rows.row_start, rows.panel_lo, rows.panel_hi, rows.functions

    def at(widths: np.ndarray) -> np.ndarray:
        out = np.empty((len(widths), TABLES, len(rows.sm)))
        for n in range(len(widths)):
            out[n] = exact_tables(mass, widths[n], kappa, *panels)
        return out

    return at


def predictions(mass_tables: np.ndarray, rows: Rows, points: Points, tables_at: TablesAt) -> np.ndarray:
    """Every row at the points, in its own unit: float64[rows, n]."""
    tables = _mass.row_tables(mass_tables, len(rows.sm))
    products = [products_of(points, lepton, quadratic_products) for lepton in range(2)]
    out = np.empty((len(rows.sm), len(points.width)))
    for lepton in range(2):
        mine = np.flatnonzero(rows.lepton == lepton)
        out[mine] = rows.sm[mine, None] + small_width_law(tables[mine], products[lepton], points)
    limits = tables[:, -1]
    broad = np.flatnonzero(points.width > limits.min(initial=np.inf))
    if broad.size:
        width = points.width[broad]
        exact = tables_at(width)
        here = [np.ascontiguousarray(p[:, broad]) for p in products]
        total = np.repeat(rows.sm[None], len(broad), axis=0)
        for k in range(TABLES):
            total += exact[:, k] * np.where(rows.lepton == 0, here[0][k, :, None], here[1][k, :, None])
        out[:, broad] = np.where(width > limits[:, None], total.T, out[:, broad])
    return out


def products_of(points: Points, lepton: int, quadratic: Callable[..., list[np.ndarray]]) -> np.ndarray:
    """The five l_k and the p_k of a lepton, which `quadratic` gives: float64[14, n] for rows."""
    v, a = points.couplings[V_E + 2 * lepton : V_E + 2 * lepton + 2]
    forms = (v, a, *points.vertex)
    return np.array(linear_products(*forms, times=mul) + quadratic(*forms, times=mul, times_squares=mul))


def small_width_law(tables: np.ndarray, products: np.ndarray, points: Points) -> np.ndarray:
    """What the vector adds to rows of one lepton by this law: tables float64[r, 29] for 14 products; float64[r, n]."""
    linear, quadratic = products[:LINEAR], products[LINEAR:]
    factors = [*linear, *(points.width * linear), *(quadratic * points.inverse_width), *quadratic]
    out, term = np.zeros((2, len(tables), len(points.width)))
    for k, factor in enumerate(factors):
        if factor.any():  # many products vanish in a case, all of them for a lepton that the vector does not couple to
            out += np.multiply(tables[:, k, None], factor, out=term)
    return out


def chi2(whitening: np.ndarray, residuals: np.ndarray) -> np.ndarray:
    """|whitening residuals|^2: whitening float64[m, rows], residuals float64[rows, n]; float64[n]."""
    row, column = np.nonzero(whitening)
    place = np.arange(len(row)) - np.searchsorted(row, row)  # in the row: a diagonal has first ones only
    pulls, total = np.zeros((len(whitening), residuals.shape[1])), np.zeros(residuals.shape[1])
    for k in range(place.max(initial=-1) + 1):
        i, r = row[place == k], column[place == k]
        pulls[i] += whitening[i, r, None] * residuals[r]
    for square in pulls * pulls:
        total += square
    return total
