"""Polynomials in the parameters: their algebra against numbers put in, and the places of their coefficients."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zdscan.physics.polynomial import Polynomial

NUMBER = st.floats(-2.0, 2.0)
POLYNOMIAL = st.dictionaries(
    st.tuples(*[st.integers(0, 2)] * 3), st.complex_numbers(max_magnitude=2.0), max_size=4
).map(Polynomial)
POINT = (0.3, -0.7, 1.1)


def at(polynomial: Polynomial) -> complex:
    x, y, z = POINT
    return sum((c * x**i * y**j * z**k for (i, j, k), c in polynomial.terms.items()), start=0j)


def close(value: complex) -> object:
    return pytest.approx(value, rel=1e-12, abs=1e-12)


@given(POLYNOMIAL, POLYNOMIAL, NUMBER)
def test_algebra_is_that_of_the_values(p: Polynomial, q: Polynomial, number: float) -> None:
    assert at(p + q) == close(at(p) + at(q))
    assert at(p - q) == close(at(p) - at(q))
    assert at(p * q) == close(at(p) * at(q))
    assert at(number * p) == close(number * at(p)) == at(p * number)
    assert at(p.real) == close(at(p).real)
    assert at(p.imag) == close(at(p).imag)
    assert at(p.abs2()) == close(abs(at(p)) ** 2)
    assert at(Polynomial.combination((2.0, p), (number, q))) == close(2.0 * at(p) + number * at(q))


@given(st.tuples(NUMBER, NUMBER, NUMBER), st.lists(NUMBER, min_size=6, max_size=6), NUMBER)
def test_rows_and_forms(row: tuple[float, ...], upper: list[float], number: float) -> None:
    linear = sum(c * x for c, x in zip(row, POINT, strict=True))
    assert at(Polynomial.linear(row)) == close(linear)
    a, ab, ac, b, bc, c = upper
    form = [[a, ab, ac], [ab, b, bc], [ac, bc, c]]
    expected = sum(form[i][j] * POINT[i] * POINT[j] for i in range(3) for j in range(3))
    assert at(Polynomial.quadratic([x for line in form for x in line])) == close(expected)
    assert at(Polynomial.constant(number)) == close(number)


def test_zeros_are_no_terms() -> None:
    assert Polynomial.linear([0.0, 2.0, 0.0]).terms == {(0, 1, 0): 2.0}
    assert Polynomial.constant(0.0).terms == Polynomial.quadratic([0.0] * 9).terms == {}


def test_coefficients_go_to_their_places() -> None:
    places, out = {(1, 0, 0): 2, (0, 0, 1): 0}, [0.0, 0.0, 0.0]
    Polynomial({(1, 0, 0): 3.0, (0, 0, 1): -1.0, (0, 5, 0): 0.0}).pack(places, out)
    assert out == [-1.0, 0.0, 3.0]
    for wrong in ({(0, 1, 0): 1.0}, {(1, 0, 0): 1j}):
        with pytest.raises(ValueError, match="does not fit a clause"):
            Polynomial(wrong).pack(places, out)


def test_values_at_numbers_and_at_rows_of_numbers() -> None:
    p = Polynomial({(2, 0, 1): 3.0 + 1.0j, (0, 1, 0): -2.0})
    assert p.at((2.0, 5.0, 0.5)) == pytest.approx((3.0 + 1.0j) * 4.0 * 0.5 - 10.0)
    rows = np.array([[2.0, 0.0], [5.0, 1.0], [0.5, 7.0]])
    assert p.at(rows).tolist() == [p.at((2.0, 5.0, 0.5)), -2.0]
    assert Polynomial({}).at(rows).tolist() == [0.0, 0.0]
