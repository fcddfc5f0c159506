"""Rates and quotients beyond the small-width law: exact tables by bands of the width, and chi2 row by row of them."""

from __future__ import annotations

import threading
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from zdscan.evaluation.broad import BandTables
from zdscan.evaluation.families import families_of
from zdscan.evaluation.monomials import Floats
from zdscan.kernels.fast import direct as _kernel
from zdscan.kernels.fast.direct import LANES, NODES, Counted
from zdscan.kernels.fast.families import DIRECTIONS
from zdscan.kernels.physics.bsll import LINEAR
from zdscan.kernels.physics.components import quadratic_products
from zdscan.kernels.reference.points import points_at
from zdscan.kernels.reference.rows import products_of
from zdscan.kernels.tables import bands as _bands
from zdscan.kernels.tables import mass as _mass
from zdscan.kernels.tables.form_bands import form_band_tables
from zdscan.kernels.tables.forms import TABLES
from zdscan.physics.rows import Likelihood

_PARTS = 4  # ranges of a band: factors of sqrt 2
_EDGES = np.sqrt(2.0) ** np.arange(_PARTS + 1) / 2.0  # Gamma/Gamma_c
_ANGLES = np.cos((2.0 * np.arange(NODES) + 1.0) * np.pi / (2.0 * NODES))
_HALF = (2.0**0.25 - 1.0) / (2.0**0.25 + 1.0)  # |x| at the ends of a range
_X = _HALF * _ANGLES
_LAGRANGE = 1.0 / np.array([np.prod(node - _X[node != _X]) for node in _X])


def _weights(x: Floats) -> Floats:
    """What each node of a range counts at x float64[n], Lagrange's polynomials: float64[n, NODES]."""
    out = np.empty((len(x), NODES))
    for node in range(NODES):
        out[:, node] = _LAGRANGE[node]
        for other in range(NODES):
            if other != node:
                out[:, node] *= x - _X[other]
    return out


class DirectRows:
    """All rows of one mass beyond the small-width law; threads may share it.

    Parameters
    ----------
    likelihood : rates and quotients; fields : which will be asked for.
    matrix : couplings at the mass; mass_tables : of it; touched : bool[2], leptons whose rows the vector touches.
    rates : exact tables of the rates.
    """

    def __init__(
        self,
        likelihood: Likelihood,
        fields: tuple[str, ...],
        matrix: Floats,
        mass_tables: Floats,
        touched: NDArray[np.bool_],
        rates: BandTables,
    ) -> None:
        assert likelihood.quotients is not None
        self._forms = likelihood.quotients.forms
        self._matrix, self._mass_tables, self._touched, self._rates = matrix, mass_tables, touched, rates
        lepton = np.concatenate([likelihood.lepton, self._forms.lepton])
        self._by_lepton = [np.flatnonzero(lepton == kind) for kind in range(2)]
        order = np.concatenate(self._by_lepton)
        self._sm = np.concatenate([likelihood.sm[likelihood.rates], self._forms.sm])[order]
        place = np.empty(len(order), dtype=np.int64)
        place[order] = np.arange(len(order))
        self.counted = {name: _counted(likelihood, name, place) for name in fields}
        self._lock = threading.Lock()
        self._known: dict[tuple[int, int], tuple[list[NDArray[np.int64]], list[Floats]]] = {}

    def chi2(self, parameters: Floats, names: tuple[str, ...]) -> Mapping[str, Floats]:
        """Some fields at points with these parameters float64[3, n]; NaN where the width is outside of every band."""
        points = points_at(self._mass_tables, self._matrix, parameters)
        out = {name: np.full(len(points.width), np.nan) for name in names}
        exponent = np.frexp(points.width)[1].astype(np.int64) - 1 - _bands.LOWEST
        inside = (points.width > 0.0) & (exponent >= 0) & (exponent < 2 * _bands.BANDS)
        band = np.where(inside, exponent // 2, -1)  # as `bands.band_of`
        centre = np.where(inside, np.ldexp(1.0, 2 * band + 1 + _bands.LOWEST), 1.0)
        part = np.searchsorted(_EDGES[1:-1], points.width / centre, side="right")
        middle = centre * np.sqrt(_EDGES[part] * _EDGES[part + 1])
        weights = _weights((points.width - middle) / (points.width + middle))
        products = [products_of(points, lepton, quadratic_products).T for lepton in range(2)]
        work = np.empty(
            (3, LANES * max(len(self._sm), *(len(rows.factor) for rows in self.counted.values()), DIRECTIONS))
        )
        key = np.where(band >= 0, _PARTS * band + part, -1)
        for which in np.unique(key[key >= 0]).tolist():
            mine = np.flatnonzero(key == which)
            live, tables = self._tables(*divmod(which, _PARTS))
            # whole bundles of points, the last filled up with its last point
            whole = np.append(mine, np.repeat(mine[-1:], -len(mine) % LANES))
            factors = [_bundles(products[k][whole][:, live[k]]) for k in range(2)]
            for name in names:
                found = np.empty((len(whole) // LANES, LANES))
                _kernel.evaluate_direct(
                    *(_bundles(weights[whole]), factors[0], tables[0], factors[1], tables[1]),
                    *(self._sm, self.counted[name], work, found),
                )
                out[name][mine] = found.ravel()[: len(mine)]
        return out

    def _tables(self, band: int, part: int) -> tuple[list[NDArray[np.int64]], list[Floats]]:
        """The tables that are not zero of each lepton's forms, and their values at the nodes of a range."""
        with self._lock:
            if (band, part) not in self._known:
                exact = self._exact(band)
                middle = np.sqrt(_EDGES[part] * _EDGES[part + 1])
                width = middle * (1.0 + _X) / (1.0 - _X)  # over the centre of the band
                scaled = exact.copy()
                scaled[:, :, LINEAR:] *= ((1.0 + _bands.NODE) / (1.0 - _bands.NODE))[:, None, None]
                lagrange = _bands.node_weights((width - 1.0) / (width + 1.0))
                local = np.array([(lagrange[:, n, None, None] * scaled).sum(axis=0) for n in range(NODES)])
                local[:, :, LINEAR:] /= width[:, None, None]
                live, tables = [], []
                for kind, mine in enumerate(self._by_lepton):
                    of_kind = local[:, mine]
                    there = np.flatnonzero(of_kind.any(axis=(0, 1))) if self._touched[kind] else np.empty(0, np.int64)
                    live.append(there)
                    tables.append(np.ascontiguousarray(of_kind[:, :, there].transpose(2, 1, 0)))
                self._known[band, part] = live, tables
            return self._known[band, part]

    def _exact(self, band: int) -> Floats:
        """Tables of the rates, then of the forms, at the nodes of a band: float64[NODES, n, 19]."""
        of_rates = self._rates.of(band)
        count = of_rates.shape[1]
        out = np.zeros((_bands.NODES, count + len(self._forms.sm), TABLES))
        out[:, :count, : of_rates.shape[2]] = of_rates
        of_forms = np.empty((_bands.NODES, len(self._forms.sm), TABLES))
        form_band_tables(
            float(self._mass_tables[_mass.MASS]),
            float(self._mass_tables[_mass.KAPPA]),
            self._forms,
            self._touched[self._forms.lepton],
            band,
            of_forms,
        )
        out[:, count:] = of_forms
        return out


def _bundles(numbers: Floats) -> Floats:
    """float64[n, k] of whole bundles as float64[bundles, k, LANES]."""
    return np.ascontiguousarray(numbers.reshape(len(numbers) // LANES, LANES, numbers.shape[1]).transpose(0, 2, 1))


def _counted(likelihood: Likelihood, field: str, place: NDArray[np.int64]) -> Counted:
    """The rows of a field; place : int64[rates and forms], where each stands."""
    quotients = likelihood.quotients
    assert quotients is not None
    families = families_of(likelihood, likelihood.counted(field))
    rows = np.concatenate([family.rows for family in families])
    which = likelihood.quotient_number[rows]
    is_rate = which < 0
    forms = place[len(likelihood.rates) :]
    numerator = np.where(is_rate, place[likelihood.rate_number[rows]], forms[quotients.numerator[which]])
    return Counted(
        numerator=numerator,
        denominator=np.where(is_rate, -1, forms[quotients.denominator[which]]),
        factor=np.where(is_rate, 1.0, quotients.factor[which]),
        measured=likelihood.data.values[rows],
        start=np.concatenate([[0], np.cumsum([len(family.rows) for family in families])]),
        whitening=np.concatenate([family.whitening.T.ravel() for family in families]),
        directions=np.concatenate([family.directions.T for family in families]),
    )
