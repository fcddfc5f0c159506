"""Quotients of components at points of one mass. docs/angular.md.

component = sm + sum_k (L0_k + L1_k Gamma) l_k + sum_k (R_k/Gamma + F_k) p_k     (small-width law of its bin)
component = sm + sum_k T1_k(Gamma) l_k + sum_k T2_k(Gamma) p_k                   where the width is beyond its limit
quotient  = factor x component / component
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from zdscan.kernels.physics.bsll import LINEAR
from zdscan.kernels.physics.components import fold, fold_squares, quadratic_products
from zdscan.kernels.reference.points import Points
from zdscan.kernels.reference.propagator import integrals_of
from zdscan.kernels.reference.rows import products_of, small_width_law
from zdscan.kernels.tables.forms import TABLES, Forms


class Quotients(NamedTuple):
    """q quotients: numerator, denominator int64[q], numbers of forms; factor float64[q]."""

    forms: Forms
    numerator: np.ndarray
    denominator: np.ndarray
    factor: np.ndarray


def exact_tables(mass: float, width: float, kappa: float, forms: Forms) -> np.ndarray:
    """The five linear and fourteen quadratic tables of all forms at one width > 0: float64[19, F]."""
    integrals = integrals_of(mass, width, forms.form_start, forms.panel_lo, forms.panel_hi, forms.functions)
    out = np.empty((TABLES, len(forms.sm)))
    fold(integrals, 1.0, integrals, -mass * width, kappa, out[:LINEAR])
    fold_squares(integrals, 1.0, kappa, out[LINEAR:])
    return out


def components(mass: float, kappa: float, tables: np.ndarray, forms: Forms, points: Points) -> np.ndarray:
    """Every form at the points: float64[F, n]; tables float64[F, PER_FORM] of the mass."""
    products = [products_of(points, lepton, quadratic_products) for lepton in range(2)]
    out = np.empty((len(forms.sm), len(points.width)))
    for lepton in range(2):
        mine = np.flatnonzero(forms.lepton == lepton)
        out[mine] = forms.sm[mine, None] + small_width_law(tables[mine], products[lepton], points)
    limits = tables[:, -1]
    for n in np.flatnonzero(points.width > limits.min(initial=np.inf)):
        width = float(points.width[n])
        broad = np.flatnonzero(width > limits)
        exact = exact_tables(mass, width, kappa, forms)[:, broad]
        factors = np.where(forms.lepton[broad] == 0, products[0][:, n, None], products[1][:, n, None])
        total = forms.sm[broad].copy()
        for k in range(TABLES):
            total += exact[k] * factors[k]
        out[broad, n] = total
    return out


def predictions(mass: float, kappa: float, tables: np.ndarray, quotients: Quotients, points: Points) -> np.ndarray:
    """Every quotient at the points: float64[q, n]."""
    found = components(mass, kappa, tables, quotients.forms, points)
    return quotients.factor[:, None] * found[quotients.numerator] / found[quotients.denominator]
