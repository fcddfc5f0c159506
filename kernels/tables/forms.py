"""The forms of one mass: tables of the components of which quotients are made, behind those of the rows.

Per form lin0[5], lin1[5], residue[14], finite[14] and the width limit of its bin (kernels/physics/components.py).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from zdscan.kernels.jit import njit
from zdscan.kernels.physics.bsll import LINEAR, row_law, width_limit
from zdscan.kernels.physics.bsll import QUADRATIC as OF_RATES
from zdscan.kernels.physics.components import QUADRATIC, form_law
from zdscan.kernels.stack import local

TABLES = LINEAR + QUADRATIC
PER_FORM = 2 * TABLES + 1


class Forms(NamedTuple):
    """Components of bins, and the panels of their integrals.

    form_start : int64[F + 1], entries of each form; panel_lo, panel_hi : float64[E]; functions : float64[E, 28, 8].
    lepton : int64[F], 0 for electrons, 1 for muons; sm : float64[F], Standard Model.
    bin_start : int64[B + 1], forms of each bin, its rate first.
    rate_start : int64[B + 1]; rate_functions : float64[R, 21, 8], the functions of the bins' rates once more.
    """

    form_start: np.ndarray
    panel_lo: np.ndarray
    panel_hi: np.ndarray
    functions: np.ndarray
    lepton: np.ndarray
    sm: np.ndarray
    bin_start: np.ndarray
    rate_start: np.ndarray
    rate_functions: np.ndarray


def fill_forms(tables: np.ndarray, mass: float, kappa: float, longitudinal: bool, forms: Forms) -> None:
    """Fill the tables float64[F, PER_FORM] of one mass; arguments as in kernels/tables/mass.py."""
    _fill(tables, mass, kappa, longitudinal, *forms)


@njit
def _fill(
    tables: np.ndarray,
    mass: float,
    kappa: float,
    longitudinal: bool,
    form_start: np.ndarray,
    panel_lo: np.ndarray,
    panel_hi: np.ndarray,
    functions: np.ndarray,
    lepton: np.ndarray,
    sm: np.ndarray,
    bin_start: np.ndarray,
    rate_start: np.ndarray,
    rate_functions: np.ndarray,
) -> None:
    lin0, lin1, residue, finite = local(LINEAR), local(LINEAR), local(OF_RATES), local(OF_RATES)
    for b in range(bin_start.shape[0] - 1):
        rate = bin_start[b]
        first, last = form_start[rate], form_start[rate + 1]
        lo, hi = panel_lo[first:last], panel_hi[first:last]
        of_rate = rate_functions[rate_start[b] : rate_start[b + 1]]
        row_law(lo, hi, of_rate, mass, kappa, lin0, lin1, residue, finite)
        limit = width_limit(lo, hi, of_rate, sm[rate], mass, kappa, longitudinal, lin0, lin1, residue, finite)
        for f in range(rate, bin_start[b + 1]):
            row = tables[f]
            first, last = form_start[f], form_start[f + 1]
            squares = row[2 * LINEAR : PER_FORM - 1]
            form_law(
                panel_lo[first:last],
                panel_hi[first:last],
                functions[first:last],
                mass,
                kappa,
                row[:LINEAR],
                row[LINEAR : 2 * LINEAR],
                squares[:QUADRATIC],
                squares[QUADRATIC:],
            )
            if limit == 0.0:  # the pole is an edge: only the closed form is finite there
                for k in range(PER_FORM - 1):
                    row[k] = 0.0
            row[PER_FORM - 1] = limit
