"""Mass tables made ready for the grid's kernels: chi2 and the tests of constraints as polynomials. docs/performance.md.

The couplings of a mass are (a, b, u): two of (eps, eps_z, g_mu), and the third, t, shifted so that v_mu is proportional
to it where v_mu depends on g_mu. Predictions of the rows have degree four in them, chi2 has degree eight.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zdscan.evaluation.inequalities import ROUNDING, Excluder
from zdscan.evaluation.monomials import (
    ONE,
    QUADRATICS,
    QUARTICS,
    WIDTHS,
    Expansion,
    Floats,
    Layout,
    Terms,
    fold,
    layout_of,
    places,
)
from zdscan.evaluation.points import rows_of
from zdscan.kernels.fast import broad as _wide
from zdscan.kernels.fast import tile as _tile
from zdscan.kernels.fast.broad import LENGTHS
from zdscan.kernels.fast.collapse import POWERS, Cells
from zdscan.kernels.fast.evaluate import Prepared
from zdscan.kernels.fast.gram import expand
from zdscan.kernels.physics.bsll import FUNCTIONS, LINEAR, QUADRATIC, linear_products, quadratic_products
from zdscan.kernels.physics.couplings import A_MU, V_E, V_MU
from zdscan.kernels.physics.widths import width_products
from zdscan.kernels.reference.rows import closed_form
from zdscan.kernels.tables import bands as _bands
from zdscan.kernels.tables import clauses as _clauses
from zdscan.kernels.tables import mass as _mass
from zdscan.physics.rows import Likelihood

BUNDLE_COST = 12  # of a bundle of lines, in steps along them
OTHER_COST = 1.3  # of a point where lines do not run along g_mu
ACROSS_COST = 1.5  # of a point where lines run across blocks, which then cut them
_AT_ONCE = 32  # widths whose tables stay in a cache
_LINEARS = np.eye(3, dtype=np.int64)
REGULAR = np.concatenate([ONE, QUADRATICS, QUARTICS])  # of P in r = P + Q/Gamma; those of Q are the quartics
_TWO = places(QUADRATICS, _LINEARS, _LINEARS)
_FOUR = places(QUARTICS, QUADRATICS, QUADRATICS)
# what a width, over the quadratics, multiplies quadratics by to make quartics, flat: float64[6 x 15, 6]
_TO_QUARTICS = (_FOUR[:, None, :] == np.arange(len(QUARTICS))[:, None]).astype(np.float64).reshape(-1, len(QUADRATICS))
# of the header, for neutrinos, electrons, muons, hadrons
_FACTORS = np.array([_mass.NEUTRINO, *range(_mass.ELECTRON, _mass.MUON + 2), *range(_mass.HADRONS, _mass.HADRONS + 6)])
# from values at the nodes of a band to coefficients of powers of x/HALF
_TO_POWERS = np.linalg.inv(np.vander(_bands.NODE / _bands.HALF, increasing=True))


def roles_of(lengths: Sequence[int]) -> tuple[int, int, int]:
    """Which of (eps, eps_z, g_mu) is a, b and t, so that it costs least: lines along t, bundles of them along b."""

    def cost(roles: tuple[int, ...]) -> float:
        a, b, t = (lengths[role] for role in roles)
        factor = (1.0 if roles[2] == 2 else OTHER_COST) * (ACROSS_COST if roles[2] < roles[1] else 1.0)
        return a * math.ceil(b / _tile.LANES) * (BUNDLE_COST + t) * factor

    a, b, t = min([(0, 1, 2), (1, 0, 2), (0, 2, 1), (2, 0, 1), (1, 2, 0), (2, 1, 0)], key=cost)
    return a, b, t


def wide_roles_of(roles: tuple[int, int, int]) -> tuple[int, int, int]:
    """The same for kernels/fast/broad.py, where lines run along b."""
    return roles[0], roles[2], roles[1]


class Frame:
    """What a digest needs of a case and its axes at every mass.

    Parameters
    ----------
    matrix : float64[16, 3], couplings per unit of (eps, eps_z, g_mu); penguin : float64[3, 3], E0, E2, M1 likewise.
    likelihood : the rows; roles : of `roles_of`; kappa : whether the propagator keeps its longitudinal part.
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

        def times_squares(x: Floats, y: Floats) -> Floats:
            return fold(_FOUR, x, y, len(QUARTICS))

        return np.array(
            [quadratic_products(*forms, times=self._square, times_squares=times_squares) for forms in self._forms]
        )

    @cached_property
    def touched(self) -> NDArray[np.bool_]:
        """Rows that the vector does anything to: bool[rows]."""
        active: NDArray[np.bool_] = np.any(self._linear != 0.0, axis=(1, 2))
        return active[self.rows.lepton]

    def _law_products(self, linear: Floats, width: Floats) -> Floats:
        """What multiplies the 28 tables of the small-width law over `REGULAR` and, behind 1/Gamma, the quartics."""
        quadratic, quartic = slice(1, 1 + len(QUADRATICS)), slice(1 + len(QUADRATICS), len(REGULAR))
        out = np.zeros((2, 2 * LINEAR + 2 * QUADRATIC, len(REGULAR) + len(QUARTICS)))
        out[:, :LINEAR, quadratic] = linear
        out[:, LINEAR : 2 * LINEAR, quadratic] = width[0] * linear
        to_quartics = (_TO_QUARTICS @ width[1:]).reshape(len(QUADRATICS), len(QUARTICS))
        out[:, LINEAR : 2 * LINEAR, quartic] = linear @ to_quartics
        out[:, 2 * LINEAR : 2 * LINEAR + QUADRATIC, len(REGULAR) :] = self._quadratic
        out[:, 2 * LINEAR + QUADRATIC :, quartic] = self._quadratic
        return out

    @cached_property
    def _law(self) -> Expansion:
        """Of the small-width law, whatever channels are open."""
        live = np.any(self._law_products(np.abs(self._linear), np.ones(len(WIDTHS))) != 0.0, axis=(0, 1))
        live[0] = True  # measured - Standard Model
        over_width = np.repeat(np.array([0, 1]), [len(REGULAR), len(QUARTICS)])
        return Expansion.of(live, np.concatenate([REGULAR, QUARTICS]), over_width)

    @cached_property
    def exact_products(self) -> Floats:
        """What multiplies the 14 exact tables at a width, over `REGULAR`: float64[2, 14, 22]."""
        out = np.zeros((2, LINEAR + QUADRATIC, len(REGULAR)))
        out[:, :LINEAR, 1 : 1 + len(QUADRATICS)] = self._linear
        out[:, LINEAR:, 1 + len(QUADRATICS) :] = self._quadratic
        return out

    @cached_property
    def exact(self) -> Expansion:
        """Of the exact tables."""
        live = np.any(self.exact_products != 0.0, axis=(0, 1))
        live[0] = True
        return Expansion.of(live, REGULAR, np.zeros(len(REGULAR), dtype=np.int64))

    @cached_property
    def wide_terms(self) -> Layout:
        """Structure of the terms of `exact`."""
        return layout_of(self.exact.keys)

    @cached_property
    def wide_lengths(self) -> Layout:
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
        """The products of couplings that the width consists of (`width_products`): float64[11, quadratics]."""
        return np.array(width_products(self.couplings, self._square))

    def _channels(self, header: Floats) -> Floats:
        """Widths over 1 and the quadratics, GeV: float64[5, 7], rows invisible, ee, mumu, hadrons, total."""
        out = np.zeros((_clauses.CHANNELS + 1, len(WIDTHS)))
        out[0, 0] = header[_mass.INVISIBLE]
        np.add.reduceat(header[_FACTORS, None] * self._squares, (0, 1, 3, 5), axis=0, out=out[:-1, 1:])
        out[-1] = out[:-1].sum(axis=0)
        return out

    def total_width(self, header: Floats) -> Floats:
        """The total width over 1 and the quadratics, GeV: float64[7]."""
        width: Floats = self._channels(header)[-1].copy()
        return width

    def expanded(
        self, expansion: Expansion, products: Floats, tables: Floats, whitening: Floats
    ) -> tuple[Floats, Floats]:
        """chi2 of N sets of tables: its terms float64[N, E], and lengths of the monomials' columns float64[N, M]."""
        rows = self.rows
        out, norms = np.empty((len(tables), len(expansion.keys))), np.empty((len(tables), len(expansion.live)))
        live = np.ascontiguousarray(products[:, :, expansion.live])
        expand(tables, rows.lepton, self._residual, whitening, live, expansion.pair, out, norms)
        return out, norms

    @cached_property
    def _residual(self) -> Floats:
        return self.rows.sm - self.rows.data.values

    @cached_property
    def _chi2_terms(self) -> tuple[Terms, Terms]:
        """Of chi2 and of the lengths of its monomials."""
        return Terms(self._law.keys), Terms(self._law.lengths)

    def prepare(self, mass_tables: Floats, whitenings: Sequence[Floats]) -> list[Prepared]:
        """Digest mass tables of `Physics.mass_tables`, for each whitening float64[W, rows] of the rows."""
        rows, header = self.rows, mass_tables[: _mass.HEADER]
        tables = _mass.row_tables(mass_tables, len(rows.sm))
        channels = self._channels(header)
        products = self._law_products(self._linear, channels[-1])
        law = np.ascontiguousarray(tables[None, :, :-1])
        terms, length_terms = self._chi2_terms
        chi2, lengths = [], []
        for whitening in whitenings:
            values, norms = self.expanded(self._law, products, law, whitening)
            chi2.append(terms.cells(values[0]))
            lengths.append(length_terms.cells(norms[0][self._law.order]))
        tests = self._excluder.tests(_mass.clause_tables(mass_tables, len(rows.sm)), channels)
        return [
            Prepared(
                self._roles,
                self.shift,
                channels[-1].copy(),
                terms_of_chi2,
                terms_of_length,
                tests.inside,
                tests.outside,
                tests.inside_end,
                tests.outside_end,
                tests.degree,
                tests.bit,
                tests.prompt,
                _kind(channels[-1], terms_of_chi2, terms_of_length),
            )
            for terms_of_chi2, terms_of_length in zip(chi2, lengths, strict=True)
        ]


def _kind(width: Floats, chi2: Cells, lengths: Cells) -> int:
    """Which of the loops over points serves these polynomials."""
    largest = np.zeros(5, dtype=np.int64)
    np.maximum.at(largest, *np.divmod(chi2.row.astype(np.int64), POWERS))
    np.maximum.at(largest[3:], *np.divmod(lengths.row.astype(np.int64), LENGTHS))
    is_fixed = not np.any(width[4:]) and np.all(largest <= _tile.FIXED_POWERS)
    return _tile.FIXED if is_fixed else _tile.LONG


class BandTables:
    """Exact tables of the rows at the nodes of bands of the width: one mass, whatever the errors.

    Parameters
    ----------
    frame : of the case; header : of the mass tables.
    """

    def __init__(self, frame: Frame, header: Floats) -> None:
        self._frame, self._header = frame, header
        self._lock = threading.Lock()
        self._known: dict[int, Floats] = {}

    def of(self, band: int) -> Floats:
        """Tables of a band: float64[NODES, rows, TABLES]."""
        frame, rows = self._frame, self._frame.rows
        with self._lock:
            if band not in self._known:
                tables = np.empty((_bands.NODES, len(rows.sm), _bands.TABLES))
                _bands.band_tables(
                    self._header[_mass.MASS],
                    self._header[_mass.KAPPA],
                    rows.row_start,
                    rows.sm_tables.panel_lo,
                    rows.sm_tables.panel_hi,
                    rows.functions,
                    frame.wanted,
                    frame.touched,
                    band,
                    tables,
                )
                self._known[band] = tables
            return self._known[band]

    def at(self, widths: Floats) -> Floats:
        """The tables at n widths in GeV, interpolated between the nodes to 1e-9: float64[n, TABLES, rows].

        Tables that multiply squares are interpolated times the width. In closed form where a width is in no band.
        """
        rows = self._frame.rows
        out = np.zeros((len(widths), _bands.TABLES, len(rows.sm)))
        flat = out.reshape(len(widths), -1)
        places = np.array([_bands.band_of(width) for width in widths.tolist()])
        for band in np.unique(places).tolist():
            mine = np.flatnonzero(places == band)
            if band < 0:
                out[mine] = closed_form(self._header, rows_of(rows))(widths[mine])
                continue
            centre = _bands.centre_of(band)
            tables = np.ascontiguousarray(self.of(band).transpose(0, 2, 1))
            tables[:, LINEAR:] *= (centre * (1.0 + _bands.NODE) / (1.0 - _bands.NODE))[:, None, None]
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


class WideTables:
    """chi2 of one mass and one set of errors beyond the small-width law, by bands of the width; threads may share it.

    Parameters
    ----------
    frame : of the case with `wide_roles_of` its axes; header : of the mass tables; limits : width limits of the rows in
        GeV, float64[rows].
    exact : tables of its bands; whitening : float64[W, rows].
    """

    def __init__(self, frame: Frame, header: Floats, limits: Floats, exact: BandTables, whitening: Floats) -> None:
        self._frame, self._exact, self._whitening = frame, exact, whitening
        self._lock = threading.Lock()
        self._ready = np.zeros(_bands.BANDS, dtype=np.bool_)
        terms, touched = frame.exact, limits[frame.touched]
        # memory is touched where a band is filled alone
        value = np.empty((_bands.BANDS, len(terms.keys), _bands.NODES))
        norm = np.empty((_bands.BANDS, len(terms.lengths)))
        self.tables = _wide.Wide(
            np.array(frame.roles),
            np.ascontiguousarray(frame.shift),
            frame.total_width(header),
            float(touched.min()) if touched.size else np.inf,
            *frame.wide_terms,
            value,
            *frame.wide_lengths,
            norm,
        )

    def evaluate(
        self, axes: tuple[Floats, Floats, Floats], first: int, largest: float, chi2: NDArray[Any], lost: NDArray[Any]
    ) -> int:
        """`wide.evaluate_wide`; bands are filled as they are needed."""
        space = _wide.work_space(self.tables, max(len(axis) for axis in axes))
        while True:
            ready, needed = self._ready.copy(), np.zeros(_bands.BANDS, dtype=np.bool_)
            count = _wide.evaluate_wide(
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
        frame = self._frame
        values, norms = frame.expanded(frame.exact, frame.exact_products, self._exact.of(band), self._whitening)
        values *= ((1.0 + _bands.NODE) / (1.0 - _bands.NODE))[:, None]  # Gamma/Gamma_c at the nodes
        self.tables.value[band] = (_TO_POWERS[:, :, None] * values).sum(axis=1).T
        self.tables.norm[band] = norms.max(axis=0)[frame.exact.order]
