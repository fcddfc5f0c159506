"""chi2 beyond the small-width law: exact tables of the rows by bands of the width, and what is expanded from them."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zdscan.evaluation.expansion import Expander
from zdscan.evaluation.monomials import Floats
from zdscan.evaluation.points import rows_of
from zdscan.kernels.fast import broad as _broad
from zdscan.kernels.physics.bsll import LINEAR
from zdscan.kernels.reference.rows import closed_form
from zdscan.kernels.tables import bands as _bands
from zdscan.kernels.tables import mass as _mass

_AT_ONCE = 32  # widths whose tables stay in a cache
# from values at the nodes of a band to coefficients of powers of x/HALF
_TO_POWERS = np.linalg.inv(np.vander(_bands.NODE / _bands.HALF, increasing=True))


class BandTables:
    """Exact tables of the rows at the nodes of bands of the width: one mass, whatever the errors.

    Parameters
    ----------
    expander : of the case; header : of the mass tables.
    """

    def __init__(self, expander: Expander, header: Floats) -> None:
        self._expander, self._header = expander, header
        self._lock = threading.Lock()
        self._known: dict[int, Floats] = {}

    def of(self, band: int) -> Floats:
        """Tables of a band: float64[NODES, rows, TABLES]."""
        expander, rows = self._expander, self._expander.rows
        with self._lock:
            if band not in self._known:
                tables = np.empty((_bands.NODES, len(rows.rates), _bands.TABLES))
                _bands.band_tables(
                    self._header[_mass.MASS],
                    self._header[_mass.KAPPA],
                    rows.row_start,
                    rows.sm_tables.panel_lo,
                    rows.sm_tables.panel_hi,
                    rows.functions,
                    expander.wanted,
                    expander.touched,
                    band,
                    tables,
                )
                self._known[band] = tables
            return self._known[band]

    def at(self, widths: Floats) -> Floats:
        """The tables at n widths in GeV, interpolated between the nodes: float64[n, TABLES, rows]. Rows keep 1e-7.

        Tables that multiply squares are interpolated times the width. In closed form where a width is in no band.
        """
        rows = self._expander.rows
        out = np.zeros((len(widths), _bands.TABLES, len(rows.rates)))
        flat = out.reshape(len(widths), -1)
        places = np.array([_bands.band_of(width) for width in widths.tolist()])
        for band in np.unique(places).tolist():
            mine = np.flatnonzero(places == band)
            if band < 0:
                out[mine] = closed_form(self._header, rows_of(rows))(widths[mine])
                continue
            centre = _bands.centre_of(band)
            tables = np.ascontiguousarray(self.of(band).transpose(0, 2, 1))
            tables[:, LINEAR:] *= _bands.node_widths(band)[:, None, None]
            tables = tables.reshape(_bands.NODES, -1)
            live = np.flatnonzero(tables.any(axis=0))
            tables = np.ascontiguousarray(tables[:, live])
            for some in np.split(mine, range(_AT_ONCE, len(mine), _AT_ONCE)):
                width = widths[some]
                weights = _bands.node_weights((width - centre) / (width + centre))[:, :, None]
                total, work = np.empty((2, len(some), tables.shape[1]))
                np.multiply(weights[0], tables[0], out=total)
                for weight, of_node in zip(weights[1:], tables[1:], strict=True):
                    total += np.multiply(weight, of_node, out=work)
                flat[some[:, None], live] = total
        out[:, LINEAR:] /= np.where(places >= 0, widths, 1.0)[:, None, None]
        return out


class BroadTables:
    """chi2 of one mass and one set of errors beyond the small-width law, by bands of the width; threads may share it.

    Parameters
    ----------
    expander : of the case with `broad_roles_of` its axes; header : of the mass tables.
    limits : width limits of the rows in GeV, float64[rows].
    exact : tables of its bands; whitening : float64[W, rows].
    """

    def __init__(
        self, expander: Expander, header: Floats, limits: Floats, exact: BandTables, whitening: Floats
    ) -> None:
        self._expander, self._exact, self._whitening = expander, exact, whitening
        self._lock = threading.Lock()
        self._ready = np.zeros(_bands.BANDS, dtype=np.bool_)
        terms, touched = expander.exact, limits[expander.touched]
        # memory is touched where a band is filled alone
        value = np.empty((_bands.BANDS, len(terms.keys), _bands.NODES))
        norm = np.empty((_bands.BANDS, len(terms.lengths)))
        self.tables = _broad.Broad(
            np.array(expander.roles),
            np.ascontiguousarray(expander.shift),
            expander.total_width(header),
            float(touched.min()) if touched.size else np.inf,
            *expander.broad_terms,
            value,
            *expander.broad_lengths,
            norm,
        )

    def evaluate(
        self, axes: tuple[Floats, Floats, Floats], first: int, largest: float, chi2: NDArray[Any], lost: NDArray[Any]
    ) -> int:
        """`broad.evaluate_broad`; bands are filled as they are needed."""
        space = _broad.work_space(self.tables, max(len(axis) for axis in axes))
        while True:
            ready, needed = self._ready.copy(), np.zeros(_bands.BANDS, dtype=np.bool_)
            count = _broad.evaluate_broad(
                self.tables, *axes, first, len(chi2), largest, ready, needed, chi2, lost, *space
            )
            if not np.any(needed):
                return count
            self.fill(needed)

    def warm_up(self, axes: tuple[Floats, Floats, Floats]) -> None:
        """Compile what this needs, or load it."""
        needed = np.zeros(_bands.BANDS, dtype=np.bool_)
        needed[_bands.BANDS // 2] = True
        self.fill(needed)
        self.evaluate(axes, 0, 0.0, np.empty(1, dtype=np.float32), np.empty(1, dtype=np.uint8))

    def fill(self, needed: NDArray[np.bool_]) -> None:
        """Make sure of the bands that are needed: bool[BANDS]."""
        with self._lock:
            for band in np.flatnonzero(needed & ~self._ready):
                self._fill(int(band))
                self._ready[band] = True

    def _fill(self, band: int) -> None:
        expander = self._expander
        values, norms = expander.expanded(
            expander.exact, expander.exact_products, self._exact.of(band), self._whitening
        )
        values *= ((1.0 + _bands.NODE) / (1.0 - _bands.NODE))[:, None]  # Gamma/Gamma_c at the nodes
        self.tables.value[band] = (_TO_POWERS[:, :, None] * values).sum(axis=1).T
        self.tables.norm[band] = norms.max(axis=0)[expander.exact.order]
