"""Mass tables made ready for the fast evaluator: chi2 and the inequalities of constraints as polynomials.

The couplings of a mass are (a, b, u): two of (eps, eps_z, g_mu), and the third, t, shifted so that v_mu is proportional
to it where v_mu depends on g_mu. Predictions of the rows have degree four in them, chi2 has degree eight.

Expanding a sum of squares pays because a point then costs three polynomials and a division, whatever the number of
rows; it loses digits where the terms cancel. With the lengths |V_m| of the whitened columns, s = sum_m |V_m| |m| over
the monomials m bounds every partial sum by s^2, so that the error of chi2 is at most about 1e-15 s^2/chi2. Every point
evaluates s beside chi2, and the reference evaluator computes the points where that is not enough.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zdscan.evaluation.inequalities import ROUNDING, Excluder, Inequalities
from zdscan.evaluation.monomials import (
    ONE,
    QUADRATICS,
    QUARTICS,
    WIDTHS,
    Floats,
    Layout,
    SquareLayout,
    TermLayouts,
    fold,
    layout_of,
    places,
)
from zdscan.kernels.fast import tile as _tile
from zdscan.kernels.fast.broad import LENGTHS
from zdscan.kernels.fast.collapse import POWERS, Terms
from zdscan.kernels.fast.evaluate import Expansion
from zdscan.kernels.fast.gram import expand
from zdscan.kernels.physics.bsll import FUNCTIONS, LINEAR, linear_products, quadratic_products
from zdscan.kernels.physics.components import quadratic_products as quadratic_products_of_forms
from zdscan.kernels.physics.couplings import A_MU, V_E, V_MU
from zdscan.kernels.physics.widths import width_products
from zdscan.kernels.tables import clauses as _clauses
from zdscan.kernels.tables import mass as _mass
from zdscan.physics.rows import Likelihood

BUNDLE_COST = 12  # of a bundle of lines, in steps along them
OTHER_COST = 1.3  # of a point where lines do not run along g_mu
ACROSS_COST = 1.5  # of a point where lines run across blocks, which then cut them
_LINEARS = np.eye(3, dtype=np.int64)
REGULAR = np.concatenate([ONE, QUADRATICS, QUARTICS])  # of P in r = P + Q/Gamma; those of Q are the quartics
_TWO = places(QUADRATICS, _LINEARS, _LINEARS)
_FOUR = places(QUARTICS, QUADRATICS, QUADRATICS)
# what a width, over the quadratics, multiplies quadratics by to make quartics, flat: float64[6 x 15, 6]
_TO_QUARTICS = (_FOUR[:, None, :] == np.arange(len(QUARTICS))[:, None]).astype(np.float64).reshape(-1, len(QUADRATICS))
# of the header, for neutrinos, electrons, muons, hadrons by vector and by axial currents
_FACTORS = np.array([_mass.NEUTRINO, *range(_mass.ELECTRON, _mass.MUON + 2), *range(_mass.HADRONS, _mass.AXIAL + 3)])
_STARTS = (0, 1, 3, 5, 11)  # of each of them
_RHO_RHO = 5  # the first product of hadronic currents


def roles_of(lengths: Sequence[int]) -> tuple[int, int, int]:
    """Which of (eps, eps_z, g_mu) is a, b and t, so that it costs least: lines along t, bundles of them along b."""

    def cost(roles: tuple[int, ...]) -> float:
        a, b, t = (lengths[role] for role in roles)
        factor = (1.0 if roles[2] == 2 else OTHER_COST) * (ACROSS_COST if roles[2] < roles[1] else 1.0)
        return a * math.ceil(b / _tile.LANES) * (BUNDLE_COST + t) * factor

    a, b, t = min([(0, 1, 2), (1, 0, 2), (0, 2, 1), (2, 0, 1), (1, 2, 0), (2, 1, 0)], key=cost)
    return a, b, t


def broad_roles_of(roles: tuple[int, int, int]) -> tuple[int, int, int]:
    """The same for kernels/fast/broad.py, where lines run along b."""
    return roles[0], roles[2], roles[1]


class Expander:
    """What the expansion of a mass needs of a case and its axes, whatever the mass.

    Parameters
    ----------
    matrix : float64[18, 3], couplings per unit of (eps, eps_z, g_mu); penguin : float64[3, 3], E0, E2, M1 likewise.
    likelihood : the rows, of which the rates are expanded here; roles : of `roles_of`.
    longitudinal : whether the propagator keeps its longitudinal part.
    """

    def __init__(
        self, matrix: Floats, penguin: Floats, likelihood: Likelihood, roles: tuple[int, int, int], longitudinal: bool
    ) -> None:
        self.rows, self.roles = likelihood, roles
        turned, vertex = matrix[:, list(roles)], penguin[:, list(roles)]
        slope = turned[V_MU, 2] if roles[2] == 2 else 0.0
        self.shift = np.ascontiguousarray(turned[V_MU, :2] / slope if slope != 0.0 else np.zeros(2))
        self._excluder = Excluder(roles, self.shift)
        self.couplings, self.vertex = self._shifted(turned), self._shifted(vertex)
        self._longitudinal = longitudinal
        self._roles = np.array(roles)

    def _shifted(self, forms: Floats) -> Floats:
        """Linear forms in (a, b, t) as forms in (a, b, u)."""
        moved = forms[:, 2:] * self.shift
        out = forms.copy()
        out[:, :2] -= moved
        out[:, :2][np.abs(out[:, :2]) <= ROUNDING * (np.abs(forms[:, :2]) + np.abs(moved))] = 0.0
        return out

    def _square(self, x: Floats, y: Floats) -> Floats:
        return fold(_TWO, x, y, len(QUADRATICS))

    @cached_property
    def _linear(self) -> Floats:
        """What multiplies the five linear tables of each lepton: float64[2, 5, quadratics]."""
        return np.array([linear_products(*forms, times=self._square) for forms in self._forms])

    @property
    def _forms(self) -> list[tuple[Floats, ...]]:
        """v, a, E0, E2, M1 of each lepton as linear forms."""
        return [(*self.couplings[V_E + 2 * lepton : V_E + 2 * lepton + 2], *self.vertex) for lepton in range(2)]

    @cached_property
    def _quadratic(self) -> Floats:
        """What multiplies the nine quadratic tables of each lepton: float64[2, 9, quartics]."""
        return self._quadratic_of(quadratic_products)

    @cached_property
    def _quadratic_of_forms(self) -> Floats:
        """What multiplies the fourteen of a component: float64[2, 14, quartics]."""
        return self._quadratic_of(quadratic_products_of_forms)

    def _quadratic_of(self, products: Callable[..., list[Any]]) -> Floats:
        def times_squares(x: Floats, y: Floats) -> Floats:
            return fold(_FOUR, x, y, len(QUARTICS))

        return np.array([products(*forms, times=self._square, times_squares=times_squares) for forms in self._forms])

    @cached_property
    def touched_leptons(self) -> NDArray[np.bool_]:
        """Leptons, e and mu, of whose rows the vector does anything to: bool[2]."""
        active: NDArray[np.bool_] = np.any(self._linear != 0.0, axis=(1, 2))
        return active

    @cached_property
    def touched(self) -> NDArray[np.bool_]:
        """Rows that the vector does anything to: bool[rows]."""
        found: NDArray[np.bool_] = self.touched_leptons[self.rows.lepton]
        return found

    def law_products(self, width: Floats, *, of_forms: bool) -> Floats:
        """What multiplies the tables of rates or of components by the small-width law; width float64[7], the total."""
        return self._law_products(self._linear, width, self._quadratic_of_forms if of_forms else self._quadratic)

    def _law_products(self, linear: Floats, width: Floats, squares: Floats) -> Floats:
        """What multiplies the tables of the small-width law over `REGULAR` and, behind 1/Gamma, the quartics."""
        quadratic, quartic = slice(1, 1 + len(QUADRATICS)), slice(1 + len(QUADRATICS), len(REGULAR))
        count = 2 * LINEAR + squares.shape[1]
        out = np.zeros((2, count + squares.shape[1], len(REGULAR) + len(QUARTICS)))
        out[:, :LINEAR, quadratic] = linear
        out[:, LINEAR : 2 * LINEAR, quadratic] = width[0] * linear
        to_quartics = (_TO_QUARTICS @ width[1:]).reshape(len(QUADRATICS), len(QUARTICS))
        out[:, LINEAR : 2 * LINEAR, quartic] = linear @ to_quartics
        out[:, 2 * LINEAR : count, len(REGULAR) :] = squares
        out[:, count:, quartic] = squares
        return out

    @cached_property
    def _law(self) -> SquareLayout:
        """Of the small-width law, whatever channels are open."""
        live = np.any(
            self._law_products(np.abs(self._linear), np.ones(len(WIDTHS)), self._quadratic) != 0.0, axis=(0, 1)
        )
        live[0] = True  # measured - Standard Model
        over_width = np.repeat(np.array([0, 1]), [len(REGULAR), len(QUARTICS)])
        return SquareLayout.of(live, np.concatenate([REGULAR, QUARTICS]), over_width)

    @cached_property
    def exact_products(self) -> Floats:
        """What multiplies the 14 exact tables at a width, over `REGULAR`: float64[2, 14, 22]."""
        return self._exact_products(self._quadratic)

    @cached_property
    def exact_products_of_forms(self) -> Floats:
        """The same of the 19 tables of a component: float64[2, 19, 22]."""
        return self._exact_products(self._quadratic_of_forms)

    def _exact_products(self, squares: Floats) -> Floats:
        out = np.zeros((2, LINEAR + squares.shape[1], len(REGULAR)))
        out[:, :LINEAR, 1 : 1 + len(QUADRATICS)] = self._linear
        out[:, LINEAR:, 1 + len(QUADRATICS) :] = squares
        return out

    @cached_property
    def exact(self) -> SquareLayout:
        """Of the exact tables."""
        live = np.any(self.exact_products != 0.0, axis=(0, 1))
        live[0] = True
        return SquareLayout.of(live, REGULAR, np.zeros(len(REGULAR), dtype=np.int64))

    @cached_property
    def broad_terms(self) -> Layout:
        """Structure of the terms of `exact`."""
        return layout_of(self.exact.keys)

    @cached_property
    def broad_lengths(self) -> Layout:
        """The same of the lengths."""
        return layout_of(self.exact.lengths)

    @cached_property
    def wanted(self) -> NDArray[np.bool_]:
        """Functions of kernels/physics/bsll.py that the exact tables need: bool[21]."""
        vector = np.any(self.couplings[[V_E, V_MU]])
        axial = np.any(self.couplings[[V_E + 1, A_MU]])
        dipole = bool(np.any(self.vertex[2]))
        out = np.zeros(FUNCTIONS, dtype=np.bool_)
        out[[0, 1, 6, 7, 9, 10, 11]] = vector
        out[[2, 8, 12, 13, 14]] = vector and dipole
        out[[3, 5, 15, 18, 20]] = axial
        out[[4, 16, 17, 19]] = axial and self._longitudinal
        return out

    @cached_property
    def _squares(self) -> Floats:
        """The products of couplings that the width consists of (`width_products`): float64[14, quadratics]."""
        return np.array(width_products(self.couplings, self._square))

    def _channels(self, header: Floats) -> Floats:
        """Widths over 1 and the quadratics, GeV: float64[6, 7], rows invisible, ee, mumu, hadrons, pi+ pi-, total."""
        out = np.zeros((_clauses.CHANNELS + 1, len(WIDTHS)))
        out[0, 0] = header[_mass.INVISIBLE]
        parts = np.add.reduceat(header[_FACTORS, None] * self._squares, _STARTS, axis=0)
        separate = _clauses.SEPARATE
        out[:separate, 1:] = parts[:-1]
        out[_clauses.HADRON_CHANNEL, 1:] += parts[-1]
        if header[_mass.INVISIBLE_SHARE] != 0.0:
            out[0, 1:] += header[_mass.INVISIBLE_SHARE] * out[:separate, 1:].sum(axis=0)
        out[_clauses.PION_CHANNEL, 1:] = header[_mass.HADRONS] * self._squares[_RHO_RHO]
        out[-1] = out[:separate].sum(axis=0)
        return out

    def total_width(self, header: Floats) -> Floats:
        """The total width over 1 and the quadratics, GeV: float64[7]."""
        width: Floats = self._channels(header)[-1].copy()
        return width

    def expanded(
        self, expansion: SquareLayout, products: Floats, tables: Floats, whitening: Floats
    ) -> tuple[Floats, Floats]:
        """chi2 of N sets of tables: its terms float64[N, E], and lengths of the monomials' columns float64[N, M]."""
        rows = self.rows
        out, norms = np.empty((len(tables), len(expansion.keys))), np.empty((len(tables), len(expansion.live)))
        live = np.ascontiguousarray(products[:, :, expansion.live])
        expand(tables, rows.lepton, self._residual, whitening, live, expansion.pair, out, norms)
        return out, norms

    @cached_property
    def _residual(self) -> Floats:
        rates = self.rows.rates
        return self.rows.sm[rates] - self.rows.data.values[rates]

    @cached_property
    def _chi2_terms(self) -> tuple[TermLayouts, TermLayouts]:
        """Of chi2 and of the lengths of its monomials."""
        return TermLayouts(self._law.keys), TermLayouts(self._law.lengths)

    def inequalities(self, clauses: Floats, mass_tables: Floats) -> Inequalities:
        """The inequalities of clauses float64[n, LENGTH] at the mass of mass tables."""
        return self._excluder.inequalities(clauses, self._channels(mass_tables[: _mass.HEADER]))

    def expand(self, mass_tables: Floats, whitenings: Sequence[Floats]) -> list[Expansion]:
        """The expansion of mass tables of `Physics.mass_tables`, for each whitening float64[W, rates] of the rates."""
        rows, header = self.rows, mass_tables[: _mass.HEADER]
        tables = _mass.row_tables(mass_tables, len(rows.rates))
        channels = self._channels(header)
        products = self.law_products(channels[-1], of_forms=False)
        law = np.ascontiguousarray(tables[None, :, :-1])
        terms, length_terms = self._chi2_terms
        chi2, lengths = [], []
        for whitening in whitenings:
            values, norms = self.expanded(self._law, products, law, whitening)
            chi2.append(terms.terms(values[0]))
            lengths.append(length_terms.terms(norms[0][self._law.order]))
        found = self._excluder.inequalities(
            _mass.clause_tables(mass_tables, len(rows.rates), rows.form_count), channels
        )
        return [
            Expansion(
                roles=self._roles,
                shift=self.shift,
                width=channels[-1].copy(),
                chi2=terms_of_chi2,
                lengths=terms_of_length,
                inequalities=found.inside,
                closed=found.outside,
                inequality_end=found.inside_end,
                closed_end=found.outside_end,
                degree=found.degree,
                bit=found.bit,
                prompt=found.prompt,
                broadest=found.broadest,
                window=found.window,
                kind=_kind(channels[-1], terms_of_chi2, terms_of_length),
            )
            for terms_of_chi2, terms_of_length in zip(chi2, lengths, strict=True)
        ]


def _kind(width: Floats, chi2: Terms, lengths: Terms) -> int:
    """Which of the loops over points serves these polynomials."""
    largest = np.zeros(5, dtype=np.int64)
    np.maximum.at(largest, *np.divmod(chi2.row.astype(np.int64), POWERS))
    np.maximum.at(largest[3:], *np.divmod(lengths.row.astype(np.int64), LENGTHS))
    is_fixed = not np.any(width[4:]) and np.all(largest <= _tile.FIXED_POWERS)
    return _tile.FIXED if is_fixed else _tile.LONG
