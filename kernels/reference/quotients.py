"""Quotients of components at points of one mass. docs/angular.md.

component = sm + sum_k (L0_k + L1_k Gamma) l_k + sum_k (R_k/Gamma + F_k) p_k     (small-width law of its bin)
component = sm + sum_k T1_k(Gamma) l_k + sum_k T2_k(Gamma) p_k                   where the width is beyond its limit
quotient  = factor x component / component
"""

from __future__ import annotations

from operator import mul
from typing import NamedTuple

import numpy as np

from zdscan.kernels.physics.bsll import LINEAR, linear_products
from zdscan.kernels.physics.components import fold, fold_squares, quadratic_products
from zdscan.kernels.physics.couplings import V_E
from zdscan.kernels.reference.points import Points
from zdscan.kernels.reference.propagator import panel_weights
from zdscan.kernels.tables.forms import TABLES, Forms

_REAL = 6  # node functions that enter Re T1; the others enter T2


class Quotients(NamedTuple):
    """q quotients: numerator, denominator int64[q], numbers of forms; factor float64[q]."""

    forms: Forms
    numerator: np.ndarray
    denominator: np.ndarray
    factor: np.ndarray


def exact_tables(mass: float, width: float, kappa: float, forms: Forms) -> np.ndarray:
    """The five linear and fourteen quadratic tables of all forms at one width > 0: float64[19, F]."""
    real, absolute = panel_weights(mass, width, forms.panel_lo, forms.panel_hi)
    on_panels = np.empty(forms.functions.shape[:2])
    on_panels[:, :_REAL] = (forms.functions[:, :_REAL] * real[:, None]).sum(axis=2)
    on_panels[:, _REAL:] = (forms.functions[:, _REAL:] * absolute[:, None]).sum(axis=2)
    integrals = np.add.reduceat(on_panels, forms.form_start[:-1], axis=0).T
    out = np.empty((TABLES, len(forms.sm)))
    fold(integrals, 1.0, integrals, -mass * width, kappa, out[:LINEAR])
    fold_squares(integrals, 1.0, kappa, out[LINEAR:])
    return out


def components(mass: float, kappa: float, tables: np.ndarray, forms: Forms, points: Points) -> np.ndarray:
    """Every form at the points: float64[F, n]; tables float64[F, PER_FORM] of the mass."""
    products = [_products(points, lepton) for lepton in range(2)]
    out = np.empty((len(forms.sm), len(points.width)))
    for lepton in range(2):
        mine = np.flatnonzero(forms.lepton == lepton)
        out[mine] = forms.sm[mine, None] + _law(tables[mine], products[lepton], points)
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


def _products(points: Points, lepton: int) -> np.ndarray:
    """The five l_k and fourteen p_k of a lepton: float64[19, n]."""
    v, a = points.couplings[V_E + 2 * lepton : V_E + 2 * lepton + 2]
    forms = (v, a, *points.vertex)
    return np.array(linear_products(*forms, times=mul) + quadratic_products(*forms, times=mul, times_squares=mul))


def _law(tables: np.ndarray, products: np.ndarray, points: Points) -> np.ndarray:
    """What the vector adds to forms of one lepton by the small-width law: tables float64[f, 39]; float64[f, n]."""
    linear, quadratic = products[:LINEAR], products[LINEAR:]
    factors = [*linear, *(points.width * linear), *(quadratic * points.inverse_width), *quadratic]
    out, term = np.zeros((2, len(tables), len(points.width)))
    for k, factor in enumerate(factors):
        if factor.any():  # many products vanish in a case, all of them for a lepton that the vector does not couple to
            out += np.multiply(tables[:, k, None], factor, out=term)
    return out
