"""Rates and quotients of one mass as polynomials by families, for kernels/fast/families.py. docs/angular.md.

Which rows are counted is a choice: all, those of one kind, those of muons. The errors of a choice are the errors of all
rows without the others, so that each family keeps its own and the directions are whitened anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from zdscan.evaluation.expansion import REGULAR, Expander
from zdscan.evaluation.monomials import QUARTICS, Floats, Ints, TermLayouts, order_of
from zdscan.kernels.fast import families as _kernel
from zdscan.kernels.fast.collapse import POWERS
from zdscan.kernels.fast.families import CHUNK, DIRECTIONS, IN_LINE, MONOMIALS, FamilyTerms
from zdscan.kernels.tables import mass as _mass
from zdscan.physics.rows import Likelihood

_ALL = np.concatenate([REGULAR, QUARTICS])  # monomials of the small-width law; the quartics once more, over the width
_OVER = np.repeat(np.array([0, 1]), [len(REGULAR), len(QUARTICS)])
_PLACES_KEPT = 64  # of terms, for sets of monomials that occur


@dataclass(frozen=True)
class Family:
    """The rows of one denominator that are counted.

    rows : int64[r], places among all rows; denominator : form, -1 for rates.
    whitening : float64[r, r]; directions : float64[K, r], what adds a row to a direction.
    """

    rows: Ints
    denominator: int
    whitening: Floats
    directions: Floats


def families_of(likelihood: Likelihood, counted: NDArray[np.bool_]) -> list[Family]:
    """The families of a choice of rows, the rates first, whether they are counted or not."""
    errors, quotients = likelihood.families, likelihood.quotients
    assert errors is not None
    assert quotients is not None
    place = likelihood.quotient_number
    kept, whitenings = [np.empty(0, dtype=np.int64)], [np.empty((0, 0))]
    for rows, within in zip(errors.rows, errors.within, strict=True):
        here = counted[rows]
        if not here.any():
            continue
        whitening = np.linalg.inv(np.linalg.cholesky(within[np.ix_(here, here)]))
        if place[rows[0]] < 0:
            kept[0], whitenings[0] = rows[here], whitening
        else:
            kept.append(rows[here])
            whitenings.append(whitening)
    # covariance^-1 = W^T W - Z^T Z with W by families, Z = S^-1 (W t)^T W and S S^T = 1 + |W t|^2
    common = [whitening @ errors.common[rows] for rows, whitening in zip(kept, whitenings, strict=True)]
    metric = np.eye(errors.common.shape[1]) + sum(part.T @ part for part in common)
    inverse = np.linalg.inv(np.linalg.cholesky(metric))
    return [
        Family(
            rows,
            int(quotients.denominator[place[rows[0]]]) if len(rows) and place[rows[0]] >= 0 else -1,
            whitening,
            inverse @ part.T @ whitening,
        )
        for rows, whitening, part in zip(kept, whitenings, common, strict=True)
    ]


@dataclass(frozen=True)
class _Polynomials:
    """What the families of a mass are, over the monomials that occur.

    denominator : float64[F, M]; directions : float64[F, K, M]; squares : float64[F, M, M]; lengths : float64[F, M].
    """

    denominator: Floats
    directions: Floats
    squares: Floats
    lengths: Floats


class FamilyExpander:
    """The families of a choice of rows, for any mass.

    Parameters
    ----------
    expander : of the case and its axes; counted : bool[rows], which are.
    """

    def __init__(self, expander: Expander, counted: NDArray[np.bool_]) -> None:
        self._expander, self._likelihood = expander, expander.rows
        self._families = families_of(expander.rows, counted)
        self._places: dict[bytes, _Places] = {}
        assert expander.rows.quotients is not None
        quotients, rows = expander.rows.quotients, np.concatenate([family.rows for family in self._families])
        of_quotients = expander.rows.quotient_number[rows]
        of_quotients = of_quotients[of_quotients >= 0]
        self._used_forms = np.unique(
            np.concatenate([quotients.numerator, quotients.denominator]).reshape(2, -1)[:, of_quotients]
        )
        self._used_rates = np.flatnonzero(np.isin(expander.rows.rates, rows))

    def expand(self, mass_tables: Floats) -> FamilyTerms:
        """The polynomials of mass tables of `Physics.mass_tables`."""
        expander, rows = self._expander, self._likelihood
        assert rows.quotients is not None
        width = expander.total_width(mass_tables[: _mass.HEADER])
        of_rates = _mass.row_tables(mass_tables, len(rows.rates))
        of_forms = _mass.form_tables(mass_tables, len(rows.rates), rows.form_count)
        rates = _times(of_rates[:, :-1], rows.lepton, expander.law_products(width, of_forms=False))
        forms = _times(of_forms[:, :-1], rows.quotients.forms.lepton, expander.law_products(width, of_forms=True))
        rates[:, 0] += rows.sm[rows.rates]
        forms[:, 0] += rows.quotients.forms.sm
        live = np.flatnonzero(rates.any(axis=0) | forms.any(axis=0))
        found = self._polynomials(rates[:, live], forms[:, live])
        places = self._places_of(live, found, bool(np.any(width[4:])))
        limits = np.concatenate(
            [
                of_rates[self._used_rates, -1][expander.touched[self._used_rates]],
                of_forms[self._used_forms, -1][self._touched_forms],
            ]
        )
        return places.terms(found, expander, width, float(limits.min(initial=np.inf)))

    @cached_property
    def _touched_forms(self) -> NDArray[np.bool_]:
        """Of the forms that are used, those that the vector does anything to."""
        assert self._likelihood.quotients is not None
        found: NDArray[np.bool_] = self._expander.touched_leptons[
            self._likelihood.quotients.forms.lepton[self._used_forms]
        ]
        return found

    def _polynomials(self, rates: Floats, forms: Floats) -> _Polynomials:
        """rates, forms : float64[rates or forms, M], predictions over monomials, of which the first is 1."""
        rows, monomials = self._likelihood, rates.shape[1]
        assert rows.quotients is not None
        count = len(self._families)
        out = _Polynomials(
            np.zeros((count, monomials)),
            np.zeros((count, DIRECTIONS, monomials)),
            np.empty((count, monomials, monomials)),
            np.empty((count, monomials)),
        )
        for n, family in enumerate(self._families):
            measured = rows.data.values[family.rows]
            if family.denominator < 0:
                residual = rates[rows.rate_number[family.rows]]
                residual[:, 0] -= measured
            else:
                which = rows.quotient_number[family.rows]
                sm = rows.quotients.forms.sm[family.denominator]
                out.denominator[n] = forms[family.denominator] / sm
                factor = rows.quotients.factor[which, None]
                residual = factor * forms[rows.quotients.numerator[which]] / sm - measured[:, None] * out.denominator[n]
            columns = family.whitening @ residual
            out.squares[n] = columns.T @ columns
            # the denominator, too, is a sum of terms that may cancel
            out.lengths[n] = np.sqrt(np.diagonal(out.squares[n]) + out.denominator[n] ** 2)
            out.directions[n, : len(family.directions)] = family.directions @ residual
        return out

    def _places_of(self, live: Ints, found: _Polynomials, of_u: bool) -> _Places:
        """Where the terms stand; worked out once for each set of monomials in each family."""
        occurs = (found.lengths != 0.0) | found.directions.any(axis=1)
        below = found.denominator != 0.0
        key = live.tobytes() + occurs.tobytes() + below.tobytes() + bytes([of_u])
        if key not in self._places:
            if len(self._places) == _PLACES_KEPT:
                self._places.clear()
            directions = np.array([bool(family.directions.any()) for family in self._families])
            directions[0] = directions.any()  # those that are added to it may have them
            denominators = np.array([family.denominator >= 0 for family in self._families])
            self._places[key] = _Places(_ALL[live], _OVER[live], occurs, below, denominators, directions, of_u)
        return self._places[key]


def _times(tables: Floats, lepton: Ints, products: Floats) -> Floats:
    """Tables of rows or forms times what multiplies them for their lepton: float64[n, monomials]."""
    out = np.empty((len(tables), products.shape[2]))
    for kind in range(2):
        out[lepton == kind] = tables[lepton == kind] @ products[kind]
    return out


class _Places:
    """Where the terms of all families stand, given the monomials that occur in each.

    Parameters
    ----------
    exponents : int64[M, 3]; over : int64[M], 1 where a monomial is divided by the width.
    occurs : bool[F, M]; below : bool[F, M], in the denominator.
    denominators, directions : bool[F], which families have them.
    of_u : whether the width varies along a line.
    """

    def __init__(
        self,
        exponents: Ints,
        over: Ints,
        occurs: NDArray[np.bool_],
        below: NDArray[np.bool_],
        denominators: NDArray[np.bool_],
        directions: NDArray[np.bool_],
        of_u: bool,
    ) -> None:
        in_line = exponents[:, 2]
        self.fixed = not of_u and int(in_line.max(initial=0)) < CHUNK
        power = in_line if self.fixed else in_line + IN_LINE * over
        count = len(occurs)
        lists = [np.union1d([0], power[here]) for here in occurs]
        if self.fixed:
            lists = [np.arange(CHUNK)] * count
        self.chunks = np.array([-(-len(some) // CHUNK) for some in lists])
        self.monomial = np.zeros((count, MONOMIALS + CHUNK), dtype=np.int64)
        for n, some in enumerate(lists):
            self.monomial[n, : len(some)] = some
        squares, lengths = _kernel.FIXED_ROWS if self.fixed else _kernel.LONG_ROWS
        before = np.array([_kernel.squares_after(*some) for some in zip(self.chunks, directions, strict=True)])
        rows = before + squares + lengths
        self.rows_of = np.concatenate([[0], np.cumsum(rows)])[:-1]
        self.rows = int(rows.sum())
        self.denominators, self.directions = denominators, directions
        constant = np.array([not np.any(power[here]) for here in below])
        self.settled = constant & denominators & self.fixed
        self._occurs = occurs
        divided = self.rows * over if self.fixed else 0 * over  # rows that wait for the width of a line
        keys, length_keys, self._pairs = [], [], []
        for n in range(count):
            first, here = self.rows_of[n], np.flatnonzero(occurs[n])
            at = np.searchsorted(lists[n], power[here])
            chunk, within = np.divmod(at, CHUNK)
            base = divided[here]
            keys.append(_keys(first + at + base, exponents[here]))
            for direction in range(DIRECTIONS) if directions[n] else ():
                place = CHUNK * self.chunks[n] + (chunk * DIRECTIONS + direction) * CHUNK + within
                keys.append(_keys(first + place + base, exponents[here]))
            first += before[n]
            i, j = (grid.ravel() for grid in np.meshgrid(here, here, indexing="ij"))
            u = exponents[i, 2] + exponents[j, 2]
            row = first + u + (divided[i] + divided[j] if self.fixed else POWERS * (over[i] + over[j]))
            distinct, pair = np.unique(_keys(row, exponents[i] + exponents[j]), axis=0, return_inverse=True)
            keys.append(distinct)
            self._pairs.append((pair.ravel(), len(distinct)))
            first += squares
            row = first + exponents[here, 2] + (base if self.fixed else IN_LINE * over[here])
            length_keys.append(_keys(row, exponents[here]))
        every, lengths_of = np.concatenate(keys), np.concatenate(length_keys)
        self._order, self._length_order = order_of(every), order_of(lengths_of)
        self._terms, self._length_terms = TermLayouts(every[self._order]), TermLayouts(lengths_of[self._length_order])

    def terms(self, found: _Polynomials, expander: Expander, width: Floats, limit: float) -> FamilyTerms:
        """The polynomials of a mass with these monomials; width float64[7], the total one."""
        values, lengths = [], []
        for n, (pair, size) in enumerate(self._pairs):
            here = self._occurs[n]
            values.append(found.denominator[n, here] if self.denominators[n] else np.zeros(int(here.sum())))
            if self.directions[n]:
                values.append(found.directions[n][:, here].ravel())
            values.append(np.bincount(pair, found.squares[n][np.ix_(here, here)].ravel(), size))
            lengths.append(found.lengths[n, here])
        return FamilyTerms(
            roles=np.array(expander.roles),
            shift=expander.shift,
            width=width,
            limit=limit,
            terms=self._terms.terms(np.concatenate(values)[self._order]),
            lengths=self._length_terms.terms(np.concatenate(lengths)[self._length_order]),
            rows=self.rows,
            fixed=self.fixed,
            rows_of=self.rows_of,
            chunks=self.chunks,
            monomial=self.monomial,
            has_directions=self.directions,
            settled=self.settled,
        )


def _keys(row: Ints, exponents: Ints) -> Ints:
    """(row, power of b, power of a) of terms in these rows: int64[n, 3]."""
    return np.stack([row, exponents[:, 1], exponents[:, 0]], axis=1)
