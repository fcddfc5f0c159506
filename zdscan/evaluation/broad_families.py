"""Rates and quotients beyond the small-width law: exact tables by bands of the width, and families expanded from them.

docs/performance.md.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zdscan.evaluation.broad import BandTables
from zdscan.evaluation.expansion import REGULAR, Expander
from zdscan.evaluation.families import families_of
from zdscan.evaluation.monomials import Floats, Ints, order_of
from zdscan.kernels.fast import broad_families as _kernel
from zdscan.kernels.fast.octets import DIRECTIONS, Shape
from zdscan.kernels.tables import bands as _bands
from zdscan.kernels.tables import mass as _mass
from zdscan.kernels.tables.form_bands import form_band_tables
from zdscan.kernels.tables.forms import TABLES
from zdscan.kernels.vectors import ROWS
from zdscan.physics.rows import Likelihood


class ExactForms:
    """Rates and components at the nodes of bands of the width, as polynomials: one mass, whatever is counted.

    Parameters
    ----------
    expander : of the case with `broad_roles_of` its axes; mass_tables : of the mass; rates : exact tables of the rates.
    """

    def __init__(self, expander: Expander, mass_tables: Floats, rates: BandTables) -> None:
        self.expander, self._mass_tables, self._rates = expander, mass_tables, rates
        self._lock = threading.Lock()
        self._known: dict[int, Floats] = {}

    def of(self, band: int) -> Floats:
        """Rates, then components, over the monomials of `live_monomials`: float64[NODES, n, M]."""
        with self._lock:
            if band not in self._known:
                self._known[band] = self._polynomials(band)
            return self._known[band]

    def _polynomials(self, band: int) -> Floats:
        expander, rows = self.expander, self.expander.rows
        assert rows.quotients is not None
        forms, count = rows.quotients.forms, len(rows.rates)
        tables = np.zeros((_bands.NODES, count + len(forms.sm), TABLES))
        of_rates = self._rates.of(band)
        tables[:, :count, : of_rates.shape[2]] = of_rates
        of_forms = np.empty((_bands.NODES, len(forms.sm), TABLES))
        form_band_tables(
            float(self._mass_tables[_mass.MASS]),
            float(self._mass_tables[_mass.KAPPA]),
            forms,
            expander.touched_leptons[forms.lepton],
            band,
            of_forms,
        )
        tables[:, count:] = of_forms
        products = expander.exact_products_of_forms[:, :, live_monomials(expander)]
        lepton = np.concatenate([rows.lepton, forms.lepton])
        out = np.empty((_bands.NODES, len(lepton), products.shape[2]))
        for kind in range(2):
            out[:, lepton == kind] = tables[:, lepton == kind] @ products[kind]
        out[:, :, 0] += np.concatenate([rows.sm[rows.rates], forms.sm])
        return out


def live_monomials(expander: Expander) -> Ints:
    """Which of `REGULAR` occur in exact tables, the first of them 1."""
    live = np.any(expander.exact_products_of_forms != 0.0, axis=(0, 1))
    live[0] = True
    return np.flatnonzero(live)


class BroadFamilyLayout:
    """Where the polynomials of the families of a choice of rows stand, whatever the mass.

    Parameters
    ----------
    expander : of the case with `broad_roles_of` its axes; counted : bool[rows], which are counted.
    """

    def __init__(self, expander: Expander, counted: NDArray[np.bool_]) -> None:
        likelihood = expander.rows
        self.families = families_of(likelihood, counted)
        exponents = REGULAR[live_monomials(expander)]
        self.order, self.terms = _layout(exponents)
        first, second = np.triu_indices(len(exponents))
        distinct, place = np.unique(exponents[first] + exponents[second], axis=0, return_inverse=True)
        order, self.square_terms = _layout(distinct)
        rank = np.empty(len(order), dtype=np.int64)
        rank[order] = np.arange(len(order))
        self._in_terms = rank[place.ravel()]
        with_directions = np.array([bool(family.directions.any()) for family in self.families])
        self.families = [self.families[n] for n in np.argsort(~with_directions, kind="stable")]
        directed, count = int(with_directions.sum()), len(self.families)
        self._filled = count + (-count % ROWS)
        self.shape = Shape(self._filled, 0, self._filled, 0, 0, 0, directed, 0, 0, 0, 0, 0)
        self.polynomials = self._filled + DIRECTIONS * directed
        self._residuals = _Residuals.of(likelihood, np.concatenate([family.rows for family in self.families]))
        self._start = np.cumsum([0, *(len(family.rows) for family in self.families)])
        self._divides = np.zeros(self._filled, dtype=np.bool_)
        self._divides[:count] = [family.denominator >= 0 for family in self.families]

    def polynomials_of(self, found: Floats) -> tuple[Floats, Floats, Floats]:
        """D and z, Q, and lengths, of what `ExactForms` has of a band.

        float64[M, NODES, P], float64[S, NODES, F], float64[M, F], the monomials in the order of the kernel's.
        """
        nodes, _, monomials = found.shape
        below, residual = self._residuals.at(found)
        values = np.zeros((nodes, self.polynomials, monomials))
        values[:, : self._filled, 0] = 1.0
        columns = np.empty_like(residual)
        for n, family in enumerate(self.families):
            here = slice(self._start[n], self._start[n + 1])
            if family.denominator >= 0:
                values[:, n] = below[:, self._start[n]]
            if n < self.shape.directed:
                first = self._filled + DIRECTIONS * n
                values[:, first : first + len(family.directions)] = family.directions @ residual[:, here]
            np.matmul(family.whitening, residual[:, here], out=columns[:, here])
        squares = np.zeros((int(self._in_terms.max()) + 1, nodes, self._filled))
        own = np.zeros((nodes, self._filled, monomials))
        _kernel.square_families(columns, self._start, self._in_terms, squares, own)
        # the denominator, too, is a sum of terms that may cancel
        of_denominator = np.where(self._divides[:, None], values[:, : self._filled], 0.0)
        lengths = np.sqrt(own + of_denominator**2).max(axis=0)
        return values[:, :, self.order].transpose(2, 0, 1), squares, lengths[:, self.order].T


def _layout(exponents: Ints) -> tuple[Ints, tuple[Ints, Ints, Ints, Ints]]:
    """The order of monomials in which those of one power of t and u are together; end, power_t, power_u, power_a."""
    order = order_of(exponents[:, [2, 1, 0]])
    a, t, u = exponents[order].T
    new = np.append(True, (u[1:] != u[:-1]) | (t[1:] != t[:-1]))
    starts = np.flatnonzero(new)
    end = np.append(starts, len(order))[1:]
    return order, (end, t[starts], u[starts], np.ascontiguousarray(a))


class _Residuals:
    """N - R D of some rows over the rates and the components."""

    def __init__(self, numerator: Ints, denominator: Ints, factor: Floats, scale: Floats, measured: Floats) -> None:
        self._numerator, self._denominator, self._scale = numerator, denominator, scale
        self._factor, self._measured = (factor * scale)[:, None], measured

    @classmethod
    def of(cls, likelihood: Likelihood, rows: Ints) -> _Residuals:
        """Of these rows; everything over the Standard Model's denominator."""
        quotients, which = likelihood.quotients, likelihood.quotient_number[rows]
        assert quotients is not None
        is_rate, count = which < 0, len(likelihood.rates)
        below = np.where(is_rate, -1, quotients.denominator[which])
        return cls(
            numerator=np.where(is_rate, likelihood.rate_number[rows], count + quotients.numerator[which]),
            denominator=np.where(is_rate, -1, count + below),
            factor=np.where(is_rate, 1.0, quotients.factor[which]),
            scale=np.where(is_rate, 1.0, 1.0 / quotients.forms.sm[below]),
            measured=likelihood.data.values[rows],
        )

    def at(self, found: Floats) -> tuple[Floats, Floats]:
        """Denominators and residuals of the rows: float64[NODES, rows, M] each."""
        one = np.zeros((len(found), 1, found.shape[2]))
        one[:, :, 0] = 1.0
        below = np.concatenate([found, one], axis=1)[:, self._denominator] * self._scale[:, None]
        return below, found[:, self._numerator] * self._factor - below * self._measured[:, None]


class BroadFamilyTables:
    """chi2 of one mass and one choice of rows beyond the small-width law, by bands; threads may share it.

    Parameters
    ----------
    layout : of the choice; exact : of the mass.
    width : float64[7], the total one; limit : up to which the small-width law holds, GeV.
    """

    def __init__(self, layout: BroadFamilyLayout, exact: ExactForms, width: Floats, limit: float) -> None:
        self._layout, self._exact = layout, exact
        self._lock = threading.Lock()
        self._ready = np.zeros(_bands.BANDS, dtype=np.bool_)
        count, terms, squares = layout.shape.families, len(layout.order), len(layout.square_terms[3])
        expander = exact.expander
        # memory is touched where a band is filled alone
        self.tables = _kernel.BroadFamilies(
            np.array(expander.roles),
            np.ascontiguousarray(expander.shift),
            width,
            limit,
            *layout.terms,
            np.empty((_bands.BANDS, terms, _bands.NODES * layout.polynomials)),
            *layout.square_terms,
            np.empty((_bands.BANDS, squares, _bands.NODES * count)),
            np.empty((_bands.BANDS, terms, count)),
            layout.shape,
        )

    def evaluate(
        self, axes: tuple[Floats, Floats, Floats], first: int, largest: float, chi2: NDArray[Any], lost: NDArray[Any]
    ) -> None:
        """`broad_families.evaluate_broad_families`; bands are filled as they are needed."""
        space = _kernel.work_space(self.tables, max(len(axis) for axis in axes))
        while True:
            ready, needed = self._ready.copy(), np.zeros(_bands.BANDS, dtype=np.bool_)
            _kernel.evaluate_broad_families(
                self.tables, *axes, first, len(chi2), largest, ready, needed, chi2, lost, *space
            )
            if not np.any(needed):
                return
            self._fill(needed)

    def warm_up(self) -> None:
        """Compile what filling a band needs, or load it."""
        needed = np.zeros(_bands.BANDS, dtype=np.bool_)
        needed[_bands.BANDS // 2] = True
        self._fill(needed)

    def _fill(self, needed: NDArray[np.bool_]) -> None:
        with self._lock:
            for band in np.flatnonzero(needed & ~self._ready):
                values, squares, lengths = self._layout.polynomials_of(self._exact.of(int(band)))
                of_width = ((1.0 + _bands.NODE) / (1.0 - _bands.NODE))[:, None]  # Gamma/Gamma_c at the nodes
                tables = self.tables
                tables.value[band] = values.reshape(len(values), -1)
                tables.square[band] = (squares * of_width).reshape(len(squares), -1)
                tables.norm[band] = lengths
                self._ready[band] = True
