"""Exact tables of forms at the nodes of a band of the width, as kernels/tables/bands.py has them of rows."""

from __future__ import annotations

import numpy as np

from zdscan.kernels.jit import njit
from zdscan.kernels.physics import resonance as _resonance
from zdscan.kernels.physics.bsll import LINEAR
from zdscan.kernels.physics.components import FUNCTIONS, fold, fold_squares
from zdscan.kernels.stack import local
from zdscan.kernels.tables.bands import NODE, NODES, centre_of, panel_weights_of_band
from zdscan.kernels.tables.forms import Forms

_REAL = 6  # functions that enter Re T1; the others enter T2
_SETS, _TWO_SETS = _resonance.NODES * NODES, 2 * _resonance.NODES * NODES


def form_band_tables(
    mass: float, kappa: float, forms: Forms, wanted: np.ndarray, band: int, tables: np.ndarray
) -> None:
    """Fill tables float64[NODES, F, 19] of the forms that are wanted, bool[F]; zero for the others."""
    most = int(np.diff(forms.bin_start).max(initial=0))
    tables[:] = 0.0
    _fill(
        *(mass, kappa, forms.form_start, forms.panel_lo, forms.panel_hi, forms.functions, forms.bin_start),
        *(wanted, band, np.empty((most, FUNCTIONS, NODES)), tables),
    )


@njit
def _fill(
    mass: float,
    kappa: float,
    form_start: np.ndarray,
    panel_lo: np.ndarray,
    panel_hi: np.ndarray,
    functions: np.ndarray,
    bin_start: np.ndarray,
    wanted: np.ndarray,
    band: int,
    integrals: np.ndarray,
    tables: np.ndarray,
) -> None:
    width, squares, real, absolute = local(NODES), local(_SETS), local(_SETS), local(_SETS)
    work, one = local(_TWO_SETS), local(FUNCTIONS)
    for n in range(NODES):
        width[n] = centre_of(band) * (1.0 + NODE[n]) / (1.0 - NODE[n])
    for m in range(_SETS):
        squares[m] = (mass * width[m % NODES]) * (mass * width[m % NODES])
    for b in range(bin_start.shape[0] - 1):
        first, last = bin_start[b], bin_start[b + 1]
        for f in range(last - first):
            for k in range(FUNCTIONS):
                for n in range(NODES):
                    integrals[f, k, n] = 0.0
        for p in range(form_start[first + 1] - form_start[first]):  # the forms of a bin have the same panels
            entry = form_start[first] + p
            panel_weights_of_band(panel_lo[entry], panel_hi[entry], mass, width, squares, work, real, absolute)
            for f in range(last - first):
                if not wanted[first + f]:
                    continue
                entry = form_start[first + f] + p
                for k in range(FUNCTIONS):
                    weights = real if k < _REAL else absolute
                    for j in range(_resonance.NODES):
                        value, at = functions[entry, k, j], np.uint64(j * NODES)
                        for n in range(NODES):
                            integrals[f, k, n] += value * weights[at + np.uint64(n)]
        for f in range(last - first):
            if not wanted[first + f]:
                continue
            for n in range(NODES):
                for k in range(FUNCTIONS):
                    one[k] = integrals[f, k, n]
                fold(one, 1.0, one, -mass * width[n], kappa, tables[n, first + f, :LINEAR])
                fold_squares(one, 1.0, kappa, tables[n, first + f, LINEAR:])
