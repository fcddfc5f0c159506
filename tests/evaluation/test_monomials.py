"""Monomials of three couplings and where their products stand, against polynomials evaluated at points."""

from __future__ import annotations

import math

import numpy as np
import pytest

from zdscan.evaluation import monomials
from zdscan.evaluation.monomials import SquareLayout, TermLayouts
from zdscan.kernels.fast.collapse import POWERS

POINTS = np.random.default_rng(1).normal(size=(20, 3))  # a, b, u


def worth(exponents: np.ndarray) -> np.ndarray:
    """Monomials at the points: float64[points, monomials]."""
    return np.prod(POINTS[:, None, :] ** exponents, axis=2)


@pytest.mark.parametrize("degree", range(7))
def test_all_monomials_of_a_degree_once(degree: int) -> None:
    found = monomials.monomials(degree)
    assert len(found) == len({tuple(row) for row in found.tolist()}) == math.comb(degree + 2, 2)
    assert np.all(found.sum(axis=1) == degree)
    assert np.all(found >= 0)


def test_degrees_stand_one_after_the_other() -> None:
    assert monomials.monomials(0, 2, 4).sum(axis=1).tolist() == [0] + [2] * 6 + [4] * 15
    assert monomials.WIDTHS.tolist() == monomials.monomials(0, 2).tolist()


def test_products_of_polynomials_stand_at_their_places() -> None:
    x, y = np.random.default_rng(2).normal(size=(2, 6))
    places = monomials.places(monomials.QUARTICS, monomials.QUADRATICS, monomials.QUADRATICS)
    product = monomials.fold(places, x, y, len(monomials.QUARTICS))
    separate = (worth(monomials.QUADRATICS) @ x) * (worth(monomials.QUADRATICS) @ y)
    np.testing.assert_allclose(worth(monomials.QUARTICS) @ product, separate, rtol=1e-12, atol=1e-12)


def test_a_product_that_has_no_place_is_marked() -> None:
    places = monomials.places(monomials.QUADRATICS, monomials.WIDTHS, monomials.QUADRATICS)
    assert places[0].tolist() == list(range(6))
    assert np.all(places[1:] == -1)


def test_keys_in_order_and_their_layout() -> None:
    """The terms of one row and power of b lie together, and their ends are counted."""
    exponents = monomials.monomials(0, 1, 2)
    keys = monomials.keys_of(exponents, 5)
    assert keys.tolist() == [[5 + k, j, i] for i, j, k in exponents.tolist()]
    keys = keys[monomials.order_of(keys)]
    assert keys.tolist() == sorted(keys.tolist())
    row, power, end, entry_power = monomials.layout_of(keys)
    lines = np.repeat(np.stack([row, power], axis=1), np.diff(end, prepend=0), axis=0)
    np.testing.assert_array_equal(np.column_stack([lines, entry_power]), keys)
    assert len({(r, p) for r, p in zip(row.tolist(), power.tolist(), strict=True)}) == len(row)


def test_terms_of_one_set_of_values_after_the_other():
    """Layouts are kept by the set of zeros: each set of values gets the terms it would get alone."""
    keys = np.array([(row, b, a) for row in range(3) for b in range(4) for a in range(3)])
    terms, rng = TermLayouts(keys), np.random.default_rng(9)
    for _ in range(40):
        values = rng.normal(size=len(keys)) * (rng.uniform(size=len(keys)) < rng.choice([0.0, 0.3, 0.9, 1.0]))
        for made in (terms.terms(values), terms.terms(2.0 * values)):
            found = []
            starts = [0, *made.end.tolist()]
            for row, power, first, last in zip(made.row, made.power, starts, made.end, strict=False):
                entries = zip(made.entry_power[first:last], made.entry_value[first:last], strict=True)
                found += [(row, power, a, v) for a, v in entries]
            scale = 1.0 if made.entry_value.tolist() == values[values != 0.0].tolist() else 2.0
            assert found == [(*key, scale * v) for key, v in zip(keys.tolist(), values, strict=True) if v != 0.0]


def test_pairs_of_monomials_have_the_key_of_their_product() -> None:
    exponents = monomials.monomials(0, 2)
    over_width = np.array([0, 1, 0, 1, 0, 1, 0])
    occurs = np.array([True, True, False, True, True, False, True])
    layout = SquareLayout.of(occurs, exponents, over_width)
    assert layout.live.tolist() == [0, 1, 3, 4, 6]
    assert layout.keys.tolist() == sorted(layout.keys.tolist())
    assert np.unique(layout.pair).tolist() == list(range(len(layout.keys)))
    live, divided = exponents[layout.live], over_width[layout.live]
    for m, n in np.ndindex(5, 5):
        i, j, k = live[m] + live[n]
        rows_apart, u_power = divmod(int(layout.keys[layout.pair[m, n], 0]), POWERS)
        assert (rows_apart, u_power) == (divided[m] + divided[n], k)
        assert layout.keys[layout.pair[m, n], 1:].tolist() == [j, i]
    assert layout.lengths.tolist() == sorted(layout.lengths.tolist())
    assert live[layout.order, 1].tolist() == layout.lengths[:, 1].tolist()
