"""Clauses of mass tables as inequalities D > 0, without division and without ratio: part of expansion.py.

Each bounded side of a clause is an inequality. In the couplings (a, b, u), with side +-1,

    D = side (P - bound),    or behind a branching ratio    D = side P Gamma_x - side bound Gamma.

Behind a window (kernels/fast/window.py) the share E of decays in it is no polynomial. Then D = y E - bound h, with
h = Gamma behind a branching ratio and else 1: the terms are those of y = side P Gamma_x or side P alone, and the bound
is kept as a number. Where no channel is open the terms are all of D, but for the bound of a clause without channel.

Which monomials of P and of the widths make which term of D hardly changes from mass to mass: it is worked out once for
each pattern of zeros, and what is left for a mass is to gather, multiply and add.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zdscan.evaluation.monomials import WIDTHS, Floats, Ints, Layout, layout_of, monomials, places
from zdscan.kernels.fast import window as _window
from zdscan.kernels.fast.bounds import DEGREES
from zdscan.kernels.fast.collapse import Terms
from zdscan.kernels.tables import clauses as _clauses

ROUNDING = 1e-12  # what is left of a cancellation in a coefficient and no more than this is zero
CLAUSES = monomials(*range(_clauses.DEGREE + 1))
INEQUALITIES = monomials(*range(_clauses.DEGREE + 3))
INEQUALITIES = INEQUALITIES[np.lexsort(INEQUALITIES.T)]  # in the order of terms
_ALONE = places(INEQUALITIES, CLAUSES, WIDTHS[:1])
_TIMES_WIDTH = places(INEQUALITIES, CLAUSES, WIDTHS)
_OF_WIDTH = places(INEQUALITIES, WIDTHS, WIDTHS[:1])[:, 0]
_SIDES = np.array([1.0, -1.0])  # above, below
_PATTERNS_KEPT = 256
_NO_WINDOW, _WITHIN, _ESCAPE = 0, 1, 2  # kinds of windows: that end at a finite proper time, and at infinity


@dataclass(frozen=True)
class Inequalities:
    """The inequalities of one mass: of T inequalities the terms of D where a channel is open and where none is.

    inside_end, outside_end : int64[T], end of the terms of each inequality.
    degree : int64[T], of D in u; bit : uint64[T], of the constraint.
    prompt, broadest : float64[T], least and largest width in GeV; broadest is infinite where there is none.
    window : float64[T * window.NUMBERS], see kernels/fast/window.py.
    """

    inside: Terms
    outside: Terms
    inside_end: Ints
    outside_end: Ints
    degree: Ints
    bit: NDArray[np.uint64]
    prompt: Floats
    broadest: Floats
    window: Floats


@dataclass(frozen=True)
class _Recipe:
    """How the inequalities of a pattern are made: entry e of all terms is the sum of left[i] right[j] from start[e] on.

    left : polynomials of the clauses, and bounds of the inequalities; right : 1, the widths of all channels and the
    total one, and all of these negative. The first `split` entries are those where a channel is open.
    """

    clause: Ints
    left: Ints
    right: Ints
    start: Ints
    split: int
    inside: Layout
    outside: Layout
    inside_end: Ints
    outside_end: Ints
    degree: Ints
    bit: NDArray[np.uint64]


class Excluder:
    """Turns clauses into inequalities.

    Parameters
    ----------
    roles, shift : of the couplings (a, b, u), see `zdscan.kernels.fast.evaluate.Expansion`.
    """

    def __init__(self, roles: tuple[int, int, int], shift: Floats) -> None:
        self._turn = _turn(roles, shift)
        self._sizes = np.abs(self._turn)
        self._recipes: dict[tuple[bytes, ...], _Recipe] = {}

    def inequalities(self, clauses: Floats, channels: Floats) -> Inequalities:
        """Of clauses float64[n, LENGTH]; channels float64[6, 7], widths over `WIDTHS`, the last the total."""
        applied = clauses[clauses[:, _clauses.APPLIES] != 0.0]
        numbers, given = applied[:, : _clauses.POLYNOMIAL].T, applied[:, _clauses.POLYNOMIAL :]
        polynomials = given @ self._turn
        polynomials[np.abs(polynomials) <= ROUNDING * (np.abs(given) @ self._sizes)] = 0.0
        # undo offset, root and constant
        distance = applied[:, [_clauses.UP, _clauses.DOWN]]
        edge = (numbers[_clauses.CENTRE] - numbers[_clauses.OFFSET])[:, None] + _SIDES * distance
        kept = np.isfinite(edge)
        root = np.flatnonzero(numbers[_clauses.ROOT])
        if root.size:  # a root is never below zero and always above
            under = edge[root]
            kept[root, 1] &= under[:, 1] >= 0.0
            edge[root] = np.where((_SIDES > 0.0) & (under <= 0.0), -1e300, under * under)
        bound = (_SIDES * (edge - numbers[_clauses.CONSTANT, :, None]))[kept]

        windows = numbers[[_clauses.WINDOW_FROM, _clauses.WINDOW_TO]]
        behind = np.select([np.isinf(windows[1]), windows[1] > 0.0], [_ESCAPE, _WITHIN], _NO_WINDOW)
        labels = np.concatenate([numbers[[_clauses.CONSTRAINT, _clauses.CHANNEL]], behind[None, :]])
        there, open_ = polynomials != 0.0, channels != 0.0
        pattern = tuple(x.tobytes() for x in (labels, kept, there, open_))
        recipe = self._recipes.get(pattern)
        if recipe is None:
            if len(self._recipes) == _PATTERNS_KEPT:
                self._recipes.clear()
            recipe = self._recipes[pattern] = _recipe(labels.astype(np.int64), kept, there, open_)
        left = np.concatenate([polynomials.ravel(), bound])
        factors = np.concatenate([[1.0], channels.ravel()])
        right = np.concatenate([factors, -factors])
        largest = numbers[_clauses.MAX_WIDTH, recipe.clause]
        values = np.add.reduceat(left[recipe.left] * right[recipe.right], recipe.start)
        return Inequalities(
            Terms(*recipe.inside, values[: recipe.split]),
            Terms(*recipe.outside, values[recipe.split :]),
            recipe.inside_end,
            recipe.outside_end,
            recipe.degree,
            recipe.bit,
            numbers[_clauses.MIN_WIDTH, recipe.clause],
            np.where(largest > 0.0, largest, np.inf),
            _window_numbers(windows[:, recipe.clause], numbers[_clauses.CHANNEL, recipe.clause] >= 0.0, bound),
        )


def _window_numbers(windows: Floats, of_channel: NDArray[np.bool_], bound: Floats) -> Floats:
    """What kernels/fast/window.py reads of the windows of inequalities, float64[2, T]."""
    start, end = windows
    out = np.zeros((len(bound), _window.NUMBERS))
    out[:, _window.START], out[:, _window.LENGTH] = start, end - start
    out[:, _window.ALONE], out[:, _window.OF_WIDTH] = np.where(of_channel, 0.0, bound), np.where(of_channel, bound, 0.0)
    out[end == 0.0] = 0.0
    return out.ravel()


def _recipe(labels: Ints, kept: NDArray[np.bool_], there: NDArray[np.bool_], open_: NDArray[np.bool_]) -> _Recipe:
    """The recipe of a pattern.

    labels : int64[3, n], constraint, channel and kind of window of the clauses.
    kept : bool[n, 2], sides that are inequalities.
    there : bool[n, 35], coefficients that are not zero; open_ : bool[6, 7], widths that are not.
    """
    clauses, monomials_, widths = len(kept), there.shape[1], open_.shape[1]
    clause, below = np.nonzero(kept)
    negative, total = 1 + open_.size, len(open_) - 1
    inside: list[tuple[int, int, int, int]] = []  # inequality, place in `INEQUALITIES`, places in left and right
    outside: list[tuple[int, int, int, int]] = []
    for inequality, (c, side) in enumerate(zip(clause.tolist(), (negative * below).tolist(), strict=True)):
        channels, window = _clauses.channels_of(int(labels[1, c])), int(labels[2, c])
        bound = clauses * monomials_ + inequality
        live = np.flatnonzero(there[c]).tolist()
        alone = [(inequality, int(_ALONE[m, 0]), c * monomials_ + m, side) for m in live]
        if not channels:
            inside += alone if window else [*alone, (inequality, 0, bound, negative)]
        else:
            of_total = np.flatnonzero(open_[total]).tolist()
            inside += [
                (inequality, int(_TIMES_WIDTH[m, w]), c * monomials_ + m, side + 1 + channel * widths + w)
                for channel in channels
                for m, w in itertools.product(live, np.flatnonzero(open_[channel]).tolist())
            ]
            if not window:
                inside += [(inequality, int(_OF_WIDTH[w]), bound, negative + 1 + total * widths + w) for w in of_total]
        # without an open channel the invisible branching ratio is 1 and all others are 0; nothing decays in a window
        if (not channels or _clauses.INVISIBLE_CHANNEL in channels) and window != _WITHIN:
            outside += alone
        if channels or not window:
            outside.append((inequality, 0, bound, negative))
    start, keys = [], []
    for entries in (inside, outside):
        table = np.array(sorted(entries), dtype=np.int64).reshape(-1, 4)
        new = np.ones(len(table), dtype=bool)
        new[1:] = np.any(table[1:, :2] != table[:-1, :2], axis=1)
        start.append(np.flatnonzero(new))
        inequality, place = table[new, :2].T
        keys.append(
            np.stack(
                [DEGREES * inequality + INEQUALITIES[place, 2], INEQUALITIES[place, 1], INEQUALITIES[place, 0]], axis=1
            )
        )
    degree = np.zeros(len(clause), dtype=np.int64)
    for rows in keys:
        np.maximum.at(degree, rows[:, 0] // DEGREES, rows[:, 0] % DEGREES)
    every = np.array([entry[2:] for entries in (inside, outside) for entry in sorted(entries)], dtype=np.int64)
    left, right = np.ascontiguousarray(every.reshape(-1, 2).T)
    layouts = [layout_of(rows) for rows in keys]
    next_rows = DEGREES * np.arange(1, len(clause) + 1, dtype=np.uint64)
    return _Recipe(
        clause,
        left,
        right,
        np.concatenate([start[0], len(inside) + start[1]]),
        len(start[0]),
        layouts[0],
        layouts[1],
        np.searchsorted(layouts[0][0], next_rows),
        np.searchsorted(layouts[1][0], next_rows),
        degree,
        np.uint64(1) << labels[0, clause].astype(np.uint64),
    )


def _turn(roles: tuple[int, int, int], shift: Floats) -> Floats:
    """Turns the coefficients of clauses (rows) into those over `CLAUSES` of (a, b, u): float64[35, 35]."""
    known: dict[tuple[int, ...], int] = {tuple(row): place for place, row in enumerate(CLAUSES.tolist())}
    out = np.zeros((len(CLAUSES), len(CLAUSES)))
    line = {(1, 0, 0): -shift[0], (0, 1, 0): -shift[1], (0, 0, 1): 1.0}
    for column, exponents in enumerate(_clauses.EXPONENTS.tolist()):
        i, j, k = (exponents[role] for role in roles)
        terms: dict[tuple[int, ...], float] = {(i, j, 0): 1.0}
        for _ in range(k):
            grown: dict[tuple[int, ...], float] = {}
            for (x, c), (y, d) in itertools.product(terms.items(), line.items()):
                product = (x[0] + y[0], x[1] + y[1], x[2] + y[2])
                grown[product] = grown.get(product, 0.0) + c * d
            terms = grown
        for term, c in terms.items():
            out[column, known[term]] = c
    return out
