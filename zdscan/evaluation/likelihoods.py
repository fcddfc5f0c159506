"""The constraints with a likelihood at one mass, ready for kernels/fast/likelihoods.py.

The polynomials are those of inequalities (zdscan/evaluation/inequalities.py): of a clause that is stripped of centre,
offset, root and constant, and has the bound 0, the inequality is y > 0. What is stripped comes back as numbers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np

from zdscan.evaluation.constraint_chi2 import ConstraintChi2
from zdscan.evaluation.expansion import Expander
from zdscan.evaluation.inequalities import CLAUSES
from zdscan.evaluation.monomials import Floats, Ints, SquareLayout, TermLayouts, keys_of, order_of
from zdscan.kernels.fast.bounds import DEGREES
from zdscan.kernels.fast.broad import LENGTHS
from zdscan.kernels.fast.collapse import POWERS, Terms
from zdscan.kernels.fast.likelihoods import Likelihoods
from zdscan.kernels.tables import clauses as _clauses
from zdscan.kernels.tables import mass as _mass
from zdscan.physics.clause import Clause
from zdscan.physics.statistics import Slopes, slopes, statistics_of

_PLACE = np.zeros((5, 5, 5), dtype=np.int64)  # of a monomial in `CLAUSES`, by its exponents
_PLACE[tuple(CLAUSES.T)] = np.arange(len(CLAUSES))
SEMIDEFINITE = -1e-12  # an eigenvalue, over the largest, that is none below zero


def expand_likelihoods(expander: Expander, mass_tables: Floats, found: ConstraintChi2) -> Likelihoods:
    """The constraints that count at the mass of mass tables."""
    squares, clauses, numbers, last = [], [], [], []
    grouped: list[int] = []
    groups: tuple[list[tuple[Clause, Slopes]], ...] = ([], [])
    for item, there in zip(found.constraints, found.clauses, strict=True):
        if item.id in found.left_out:
            continue
        known = [(clause, slopes(clause, statistics_of(item, clause))) for clause in there]
        alone, of_alone = known[0]
        if len(known) == 1 and of_alone is not None and of_alone.power == 2 and _is_square(alone, of_alone):
            constant = alone.constant + alone.offset - of_alone.start
            squares.append((of_alone.up, constant, alone))
            continue
        # where all clauses are alike, the ones with tiny values differ by nothing
        alike = len({(of, clause.constant, clause.offset, clause.root) for clause, of in known}) == 1
        grouped.append(_group_of(alone, of_alone) if alike and of_alone is not None else 0)
        if of_alone is not None and grouped[-1]:
            groups[grouped[-1] - 1].append((alone, of_alone))
        for clause, of in known:
            clauses.append(clause)
            # a clause without a likelihood among others with one can be the one that counts, and adds nothing
            start, up, down, power = (0.0, 0.0, 0.0, 2) if of is None else (of.start, of.up, of.down, of.power)
            window = clause.window[0], clause.window[1] - clause.window[0] if clause.window[1] > 0.0 else math.inf
            numbers.append(
                [
                    *(*window, float(bool(clause.channels)), clause.min_width, clause.max_width),
                    *(clause.constant, float(clause.root), clause.offset, start, up, down, float(power == 1)),
                    *(clause.centre, 1.0 / clause.up, 1.0 / clause.down, _at_nothing(clause, of)),
                ]
            )
        last.append(len(clauses))
    packed = np.array([_stripped(clause) for clause in clauses]).reshape(-1, _clauses.LENGTH)
    terms = expander.inequalities(packed, mass_tables)
    inside, inside_end = _without_zeros(terms.inside, terms.inside_end)
    outside, outside_end = _without_zeros(terms.outside, terms.outside_end)
    degree = np.zeros(len(clauses), dtype=np.int64)
    for some in (inside, outside):
        np.maximum.at(degree, *(part.astype(np.int64) for part in np.divmod(some.row, np.uint64(DEGREES))))
    summed, lengths = _squared(expander, mass_tables, squares)
    sums = [_together(expander, mass_tables, group) for group in groups]
    return Likelihoods(
        roles=np.array(expander.roles),
        shift=expander.shift,
        width=expander.total_width(mass_tables[: _mass.HEADER]),
        inside=inside,
        outside=outside,
        inside_end=inside_end,
        outside_end=outside_end,
        degree=degree,
        numbers=np.array(numbers, dtype=np.float64).T.ravel(),
        last=np.array(last, dtype=np.int64),
        squares=summed,
        lengths=lengths,
        grouped=np.array(grouped, dtype=np.uint8),
        group=_joined([terms for terms, _, _ in sums], POWERS + LENGTHS),
        group_lengths=_joined([terms for _, terms, _ in sums], LENGTHS),
        constant=np.array([constant for _, _, constant in sums]),
    )


def _stripped(clause: Clause) -> list[float]:
    """A clause whose inequality is y > 0, as the kernels read it."""
    return replace(clause, centre=0.0, offset=0.0, constant=0.0, root=False, up=0.0, down=math.inf).packed(0)


def _at_nothing(clause: Clause, of: Slopes | None) -> float:
    """What a clause adds where its polynomial is 0."""
    value = math.sqrt(max(clause.constant, 0.0)) if clause.root else clause.constant
    return 0.0 if of is None else float(of.chi2(np.array(value + clause.offset)))


def _without_zeros(terms: Terms, ends: Ints) -> tuple[Terms, Ints]:
    """Terms without entries that are zero, and the ends of the polynomials in them: a bound of 0 leaves such."""
    kept = terms.entry_value != 0.0
    count = np.concatenate([[0], np.cumsum(kept)])
    end = count[terms.end]
    there = np.diff(end, prepend=0) > 0
    new = Terms(terms.row[there], terms.power[there], end[there], terms.entry_power[kept], terms.entry_value[kept])
    return new, np.concatenate([[0], np.cumsum(there)])[ends]


def _columns(expander: Expander, mass_tables: Floats, clauses: Sequence[Clause]) -> Floats:
    """The polynomials y of clauses where a channel is open, over `CLAUSES` of (a, b, u): float64[n, 35]."""
    packed = np.array([_stripped(replace(clause, window=(0.0, 0.0))) for clause in clauses])
    packed = packed.reshape(-1, _clauses.LENGTH)
    found = expander.inequalities(packed, mass_tables)
    terms, _ = _without_zeros(found.inside, found.inside_end)
    out = np.zeros((len(clauses), len(CLAUSES)))
    of_term = np.repeat(np.arange(len(terms.end)), np.diff(terms.end, prepend=0))
    clause, power = np.divmod(terms.row[of_term].astype(np.int64), DEGREES)
    place = _PLACE[terms.entry_power.astype(np.int64), terms.power[of_term].astype(np.int64), power]
    out[clause, place] = terms.entry_value
    return out


def _squared(
    expander: Expander, mass_tables: Floats, squares: Sequence[tuple[float, float, Clause]]
) -> tuple[Terms, Terms]:
    """The sum of squares of slope (constant + polynomial), and the lengths of the columns of its monomials."""
    columns = _columns(expander, mass_tables, [clause for _, _, clause in squares])
    for row, (slope, constant, _) in zip(columns, squares, strict=True):
        row[0] += constant
        row *= slope
    layout, square_terms, length_terms, _, _ = _layout((columns != 0.0).any(axis=0).tobytes())
    columns = columns[:, layout.live]
    whole = columns.T @ columns
    return square_terms.terms(_paired(layout, whole)), length_terms.terms(np.sqrt(np.diagonal(whole))[layout.order])


def _together(
    expander: Expander, mass_tables: Floats, group: Sequence[tuple[Clause, Slopes]]
) -> tuple[Terms, Terms, float]:
    """The sum over a group of constraints behind branching ratios: terms of C and B, lengths, and the constant."""
    columns = _columns(expander, mass_tables, [clause for clause, _ in group])
    slope = np.array([of.up for _, of in group])
    away = np.array([clause.constant + clause.offset - of.start for clause, of in group])
    is_square = np.array([of.power == 2 for _, of in group], dtype=np.bool_)
    layout, _, length_terms, order, both = _layout((columns != 0.0).any(axis=0).tobytes())
    columns = columns[:, layout.live]
    scaled = slope[:, None] * columns
    whole = scaled[is_square].T @ scaled[is_square]
    mixed = 2.0 * (slope * away)[is_square] @ scaled[is_square] + scaled[~is_square].sum(axis=0)
    # of what is linear every term is its own partial sum
    lengths = np.sqrt(np.diagonal(whole))[layout.order]
    constant = float(((slope * away)[is_square] ** 2).sum())
    return both.terms(np.concatenate([_paired(layout, whole), mixed[order]])), length_terms.terms(lengths), constant


def _joined(parts: Sequence[Terms], rows: int) -> Terms:
    """Terms one after the other, each with as many rows."""
    ends = np.cumsum([0, *(len(part.entry_value) for part in parts)])
    return Terms(
        np.concatenate([part.row + np.uint64(k * rows) for k, part in enumerate(parts)]),
        np.concatenate([part.power for part in parts]),
        np.concatenate([part.end + end for part, end in zip(parts, ends, strict=False)]),
        np.concatenate([part.entry_power for part in parts]),
        np.concatenate([part.entry_value for part in parts]),
    )


def _paired(layout: SquareLayout, whole: Floats) -> Floats:
    """The values of the terms of a square, from what pairs of monomials multiply: float64[M, M]."""
    return np.bincount(layout.pair.ravel(), whole.ravel(), len(layout.keys)).astype(np.float64, copy=False)


@lru_cache(maxsize=64)
def _layout(there: bytes) -> tuple[SquareLayout, TermLayouts, TermLayouts, Ints, TermLayouts]:
    """Where the terms stand for polynomials with these monomials, bool[35].

    Terms of the square, of the lengths, the order of the monomials in rows of their own, and terms of the square with
    these rows behind it.
    """
    layout = SquareLayout.of(np.frombuffer(there, dtype=np.bool_), CLAUSES, np.zeros(len(CLAUSES), dtype=np.int64))
    own = keys_of(CLAUSES[layout.live], POWERS)
    order = order_of(own)
    keys = layout.keys.reshape(-1, 3)
    both = TermLayouts(np.concatenate([keys, own[order]]))
    return layout, TermLayouts(keys), TermLayouts(layout.lengths), order, both


def _is_square(clause: Clause, of: Slopes) -> bool:
    """Whether chi2 of a clause is the square of a polynomial in the couplings, for all of them."""
    if clause.channels or clause.root or clause.window != (0.0, 0.0):
        return False
    if clause.min_width > 0.0 or math.isfinite(clause.max_width):
        return False
    return of.up == of.down or (
        of.down == 0.0 and clause.constant == clause.offset == of.start == 0.0 and _is_rate(clause)
    )


def _group_of(clause: Clause, of: Slopes) -> int:
    """1 where chi2 is a polynomial in a branching ratio, 2 where it is if all decay in the window; else 0."""
    start, end = clause.window
    if not clause.channels or clause.root or start > 0.0 or not _is_rate(clause):
        return 0
    starts_at_0 = clause.constant + clause.offset == of.start
    if not starts_at_0 and (of.power == 1 or of.up != of.down):
        return 0
    return 1 if end == 0.0 and clause.min_width == 0.0 and math.isinf(clause.max_width) else 2


def _is_rate(clause: Clause) -> bool:
    """Whether the polynomial is a quadratic form that is nowhere below zero."""
    form = np.zeros((3, 3))
    for exponents, value in clause.polynomial.terms.items():
        if sum(exponents) != 2:
            return False
        i, j = (place for place, power in enumerate(exponents) for _ in range(power))
        form[i, j] += 0.5 * value.real
        form[j, i] += 0.5 * value.real
    values: Sequence[float] = np.linalg.eigvalsh(form).tolist()
    return values[0] >= SEMIDEFINITE * max(values[-1], 0.0)
