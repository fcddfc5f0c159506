"""Monomials of three couplings, and where products of polynomials stand: bookkeeping of expansion.py."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zdscan.kernels.fast.broad import LENGTHS
from zdscan.kernels.fast.collapse import POWERS, Terms

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Layout = tuple[NDArray[np.uint64], NDArray[np.uint64], Ints, NDArray[np.uint64]]  # `Terms` without values
_SETS_KEPT = 256


def monomials(*degrees: int) -> Ints:
    """Exponents (i, j, k) of a^i b^j u^k of the degrees, degree by degree: int64[n, 3]."""
    found = [(n - j - k, j, k) for n in degrees for k in range(n + 1) for j in range(n + 1 - k)]
    return np.array(found, dtype=np.int64)


ONE, QUADRATICS, QUARTICS = monomials(0), monomials(2), monomials(4)
WIDTHS = np.concatenate([ONE, QUADRATICS])


def places(of: Ints, x: Ints, y: Ints) -> Ints:
    """Where the product of monomials x and y stands in `of`: int64[len(x), len(y)]; -1 where it does not."""
    known = {tuple(row): place for place, row in enumerate(of.tolist())}
    return np.array([[known.get(tuple(p + q), -1) for q in y] for p in x], dtype=np.int64)


def fold(places: Ints, x: Floats, y: Floats, size: int) -> Floats:
    """Product of two polynomials whose terms' products stand at `places`: float64[size]."""
    return np.bincount(places.ravel(), np.outer(x, y).ravel(), size).astype(np.float64, copy=False)


def order_of(keys: Ints) -> Ints:
    """The order of keys (row, power of b, power of a) in which terms stand."""
    return np.lexsort((keys[:, 2], keys[:, 1], keys[:, 0]))


def layout_of(keys: Ints) -> Layout:
    """Terms without their values, of terms with keys int64[n, 3] in order."""
    new = np.ones(len(keys), dtype=bool)
    new[1:] = np.any(keys[1:, :2] != keys[:-1, :2], axis=1)
    starts = np.flatnonzero(new)
    end = np.append(starts, len(keys))[1:]
    row, power, entry_power = np.ascontiguousarray(keys.T).astype(np.uint64)
    return row[starts], power[starts], end, entry_power


class TermLayouts:
    """Terms of terms with keys int64[n, 3] in order, for one set of values after the other.

    What stands where depends only on which values are zero, and is worked out once for each such set.
    """

    def __init__(self, keys: Ints) -> None:
        self._keys = keys
        self._known: dict[bytes, Layout] = {}

    def terms(self, values: Floats) -> Terms:
        """Terms of the values float64[n] that are not zero."""
        there = np.flatnonzero(values)
        which = there.tobytes()
        layout = self._known.get(which)
        if layout is None:
            if len(self._known) == _SETS_KEPT:
                self._known.clear()
            layout = self._known[which] = layout_of(self._keys[there])
        return Terms(*layout, values[there])


def keys_of(exponents: Ints, row: Ints | int) -> Ints:
    """(row, power of b, power of a) of terms whose power of u is counted from `row`."""
    return np.stack([row + exponents[:, 2], exponents[:, 1], exponents[:, 0]], axis=1)


@dataclass(frozen=True)
class SquareLayout:
    """Where the terms of chi2 = |sum_m V_m m|^2 stand.

    live : int64[M], monomials that can occur; pair : int64[M, M], see `gram.expand`.
    keys : int64[E, 3], (row, power of b, power of a) of the terms, in order.
    order : int64[M], live monomials in the order of their own keys, which are lengths : int64[M, 3].
    """

    live: Ints
    pair: Ints
    keys: Ints
    order: Ints
    lengths: Ints

    @classmethod
    def of(cls, occurs: NDArray[np.bool_], exponents: Ints, over_width: Ints) -> SquareLayout:
        """occurs : bool[all], monomials that can; over_width : int64[all], 1 where they are divided by the width."""
        live = np.flatnonzero(occurs)
        exponents, over_width = exponents[live], over_width[live]
        found: dict[tuple[int, ...], list[tuple[int, int]]] = {}
        for m, n in itertools.product(range(len(live)), repeat=2):
            i, j, k = exponents[m] + exponents[n]
            key = (int(POWERS * (over_width[m] + over_width[n]) + k), int(j), int(i))
            found.setdefault(key, []).append((m, n))
        keys = sorted(found)
        pair = np.empty((len(live), len(live)), dtype=np.int64)
        for place, here in enumerate(keys):
            for m, n in found[here]:
                pair[m, n] = place
        own = keys_of(exponents, LENGTHS * over_width)
        order = order_of(own)
        return cls(live, pair, np.array(keys, dtype=np.int64), order, own[order])
