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
from zdscan.evaluation.monomials import QUARTICS, Floats, Ints
from zdscan.kernels.fast.families import Cells, FamilyTerms
from zdscan.kernels.fast.octets import DIRECTIONS, Shape, places_of
from zdscan.kernels.tables import mass as _mass
from zdscan.kernels.vectors import ROWS
from zdscan.physics.rows import Likelihood

_ALL = np.concatenate([REGULAR, QUARTICS])  # monomials of the small-width law; the quartics once more, over the width
_OVER = np.repeat(np.array([0, 1]), [len(REGULAR), len(QUARTICS)])
_PLACES_KEPT = 64  # of cells, for sets of monomials that occur
_FILLED = -1  # a family that is none, with D = 1 and no rows
_Layout = tuple[Ints, Ints, Ints, Ints, Ints, Ints]  # `Cells` without values


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
        out.denominator[0, 0] = 1.0
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
            self._places[key] = _Places(_ALL[live], _OVER[live], occurs, below, directions, of_u)
        return self._places[key]


def _times(tables: Floats, lepton: Ints, products: Floats) -> Floats:
    """Tables of rows or forms times what multiplies them for their lepton: float64[n, monomials]."""
    out = np.empty((len(tables), products.shape[2]))
    for kind in range(2):
        out[lepton == kind] = tables[lepton == kind] @ products[kind]
    return out


class _Places:
    """Where everything stands on a line and in the cells of `families.FamilyTerms`, given the monomials that occur.

    Parameters
    ----------
    exponents : int64[M, 3]; over : int64[M], 1 where a monomial is divided by the width.
    occurs : bool[F, M]; below : bool[F, M], in the denominator.
    directions : bool[F], which families have them.
    of_u : whether the width varies along a line.
    """

    def __init__(
        self,
        exponents: Ints,
        over: Ints,
        occurs: NDArray[np.bool_],
        below: NDArray[np.bool_],
        directions: NDArray[np.bool_],
        of_u: bool,
    ) -> None:
        self._fixed, self._exponents, self._over = not of_u, exponents, over
        count, monomials = occurs.shape
        varies = (exponents[:, 2] > 0) | ((over > 0) & of_u)
        settled = ~np.any(below & varies, axis=1) & ~directions
        settled[0] = False  # the others are added to it
        partial = np.any(occurs & (over > 0), axis=1) & of_u
        partial[0] = partial.any()
        # families with directions stand together, those with partial monomials come first
        place = np.where(partial, directions, 3 - directions.astype(np.int64))
        rank = np.lexsort((np.arange(count), place))
        families, self._settled = rank[~settled[rank]], np.flatnonzero(settled)
        some = int(partial[families].sum())
        self._families = np.append(families, np.full(-len(families) % ROWS, _FILLED))
        self._some = self._families[: some + (-some % ROWS)]
        self._directed = np.array([f for f in families if directions[f]], dtype=np.int64)
        self._some_directed = np.array([f for f in self._directed if partial[f]], dtype=np.int64)
        is_partial = (over > 0) & of_u
        self._rows = _Rows(exponents[:, 2], np.where(is_partial, over, 0))
        # where a number stands among all of a mass: D, z, Q, then 0 and 1
        self._pairs, self._starts, pairs, pair_over = self._squares(occurs)
        self._of_d = np.arange(count * monomials).reshape(count, monomials)
        self._of_z = self._of_d.size + np.arange(count * DIRECTIONS * monomials).reshape(count, DIRECTIONS, monomials)
        after = self._of_d.size + self._of_z.size
        self._of_q = after + np.arange(count * len(pairs)).reshape(count, len(pairs))
        self._zero = after + self._of_q.size
        square_partial = (pair_over > 0) & of_u
        self._square_rows = _Rows(pairs[:, 2], np.where(square_partial, pair_over, 0))
        self._shape = Shape(
            families=len(self._families),
            some=len(self._some) if is_partial.any() else 0,
            columns=len(self._families) + len(self._settled),
            some_columns=len(self._some) + len(self._settled),
            rates=int(np.flatnonzero(families == 0)[0]),
            first_directed=int(np.flatnonzero(directions[families])[0]) if len(self._directed) else 0,
            directed=len(self._directed),
            some_directed=len(self._some_directed),
            monomials=self._rows.whole,
            partial=self._rows.partial,
            squares=self._square_rows.whole,
            partial_squares=self._square_rows.partial,
        )
        self._cells, self._take = self._place_cells(below, pairs, pair_over)
        self._norms, self._take_norms = self._place_norms(occurs)

    def _squares(self, occurs: NDArray[np.bool_]) -> tuple[Ints, Ints, Ints, Ints]:
        """Pairs of monomials by what their product is, where each begins; exponents and powers of 1/Gamma of them."""
        together = (occurs.T.astype(np.int64) @ occurs.astype(np.int64)).ravel() > 0
        keys = np.concatenate(
            [
                (self._over[:, None] + self._over)[:, :, None],
                self._exponents[:, None] + self._exponents,
            ],
            axis=2,
        ).reshape(-1, 4)
        chosen = np.flatnonzero(together)
        distinct, place = np.unique(keys[chosen], axis=0, return_inverse=True)
        order = np.argsort(place.ravel(), kind="stable")
        starts = np.searchsorted(place.ravel()[order], np.arange(len(distinct)))
        return chosen[order], starts, distinct[:, 1:], distinct[:, 0]

    def _place_cells(self, below: NDArray[np.bool_], pairs: Ints, pair_over: Ints) -> tuple[_Layout, Ints]:
        s, rows, found = self._shape, self._rows, _CellList()
        z, partial, partial_z, square, partial_square, _ = places_of(s)
        columns = np.append(self._families, self._settled)
        some_columns = np.append(self._some, self._settled)
        is_one = (self._exponents.sum(axis=1) == 0) & (self._over == 0)
        for n in range(len(self._over)):
            key = (int(self._exponents[n, 1]), self._in_line(self._over[n]), int(self._exponents[n, 0]))
            row, is_partial = rows.of(n)
            of_d = self._column(self._of_d[:, n], some_columns if is_partial else columns, int(is_one[n]))
            if below[:, n].any() or is_one[n]:
                at = partial + row * s.some_columns if is_partial else row * s.columns
                found.add(at, *key, of_d)
            directed = self._some_directed if is_partial else self._directed
            if len(directed):
                at = (partial_z if is_partial else z) + row * len(directed) * DIRECTIONS
                found.add(at, *key, self._of_z[directed][:, :, n].ravel())
        for n in range(len(pairs)):
            key = (int(pairs[n, 1]), self._in_line(pair_over[n]), int(pairs[n, 0]))
            row, is_partial = self._square_rows.of(n)
            at = partial_square + row * s.some_columns if is_partial else square + row * s.columns
            found.add(at, *key, self._column(self._of_q[:, n], some_columns if is_partial else columns))
        return found.layout()

    def _place_norms(self, occurs: NDArray[np.bool_]) -> tuple[_Layout, Ints]:
        s, found = self._shape, _CellList()
        for n in range(len(self._over)):
            key = (int(self._exponents[n, 1]), self._in_line(self._over[n]), int(self._exponents[n, 0]))
            row, is_partial = self._rows.of(n)
            at = s.monomials * s.columns + row * s.some_columns if is_partial else row * s.columns
            columns = np.append(self._some if is_partial else self._families, self._settled)
            if occurs[:, n].any():
                found.add(at, *key, np.where(columns == _FILLED, occurs.size, self._of_d[columns, n]))
        return found.layout()

    def _in_line(self, over: np.int64) -> int:
        """Power of 1/Gamma that a line multiplies a cell by."""
        return int(over) if self._fixed else 0

    def _column(self, places: Ints, columns: Ints, filled: int = 0) -> Ints:
        """Numbers of these columns; those that fill up are `filled`, 0 or 1."""
        return np.where(columns == _FILLED, self._zero + filled, places[columns])

    def terms(self, found: _Polynomials, expander: Expander, width: Floats, limit: float) -> FamilyTerms:
        """The polynomials of a mass with these monomials; width float64[7], the total one."""
        squares = np.add.reduceat(found.squares.reshape(len(found.squares), -1)[:, self._pairs], self._starts, axis=1)
        parts = [found.denominator.ravel(), found.directions.ravel(), squares.ravel(), np.array([0.0, 1.0])]
        return FamilyTerms(
            roles=np.array(expander.roles),
            shift=expander.shift,
            width=width,
            limit=limit,
            fixed=self._fixed,
            shape=self._shape,
            powers=self._rows.powers,
            over=self._rows.over,
            square_powers=self._square_rows.powers,
            square_over=self._square_rows.over,
            settled=len(self._settled),
            cells=Cells(*self._cells, np.concatenate(parts)[self._take]),
            norms=Cells(*self._norms, np.append(found.lengths.ravel(), 0.0)[self._take_norms]),
        )


class _Rows:
    """The rows of a line that monomials of u and 1/Gamma are: first those that every family may have.

    powers, over : int64[rows], of u and 1/Gamma; whole, partial : how many there are of both.
    """

    def __init__(self, power: Ints, over: Ints) -> None:
        every = sorted({(0, 0), *zip(over.tolist(), power.tolist(), strict=True)})
        self.over, self.powers = (np.array(numbers, dtype=np.int64) for numbers in zip(*every, strict=True))
        self.whole = int((self.over == 0).sum())
        self.partial = len(every) - self.whole
        known = {key: row for row, key in enumerate(every)}
        self._row = [known[key] for key in zip(over.tolist(), power.tolist(), strict=True)]

    def of(self, monomial: int) -> tuple[int, bool]:
        """The row of a monomial among the whole or the partial ones, and whether it is one of the latter."""
        row = self._row[monomial]
        return (row - self.whole, True) if row >= self.whole else (row, False)


class _CellList:
    """Cells of `families.Cells` and the places of their numbers, one entry after the other."""

    def __init__(self) -> None:
        self._entries: list[tuple[tuple[int, int, int], int, Ints]] = []

    def add(self, to: int, power: int, over: int, power_of_a: int, take: Ints) -> None:
        """One vector: where it is added on a line, the powers of b, 1/Gamma and a, and the places of its numbers."""
        self._entries.append(((to, power, over), power_of_a, take))

    def layout(self) -> tuple[_Layout, Ints]:
        """`families.Cells` without their values, and the places of these."""
        # by what a line multiplies them by, so that neighbours on it are neighbours here
        entries = sorted(self._entries, key=lambda entry: (entry[0][1:], entry[0][0], entry[1]))
        keys = [key for key, _, _ in entries]
        starts = [n for n in range(len(keys)) if n == 0 or keys[n] != keys[n - 1]]
        to, power, over = (np.array(part, dtype=np.int64) for part in zip(*(keys[n] for n in starts), strict=True))
        length = np.array([len(entries[n][2]) for n in starts], dtype=np.int64)
        end = np.array([*starts[1:], len(keys)], dtype=np.int64)
        power_of_a = np.array([entry[1] for entry in entries], dtype=np.int64)
        return (to, length, power, over, end, power_of_a), np.concatenate([entry[2] for entry in entries])
