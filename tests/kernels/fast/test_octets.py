"""Families at some points against the formula with NumPy, for made up polynomials."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from zdscan.kernels.fast.octets import DIRECTIONS, Shape, add_up, bounds_of, lengths_of, places_of
from zdscan.kernels.jit import njit
from zdscan.kernels.vectors import POINTS

SHAPES = (
    Shape(10, 5, 12, 7, 1, 1, 6, 3, 3, 2, 5, 6),  # with partial monomials, and two families settled
    Shape(5, 0, 5, 0, 0, 0, 2, 0, 4, 0, 9, 0),
    Shape(5, 0, 6, 1, 0, 0, 0, 0, 1, 0, 1, 0),  # without directions
)


@njit
def compiled(s, octets, c, m, squares, y, work, z, own, common):
    add_up(s, octets, c, m, squares, y, work, z, own, common)


@njit
def bounded(s, octets, norms, sizes, bound, y, length):
    bounds_of(s, norms, sizes, bound)
    lengths_of(s, octets, bound, y, length)


@pytest.mark.parametrize("s", SHAPES)
def test_sums_of_made_up_families(s: Shape) -> None:
    rng, octets = np.random.default_rng(2), 3
    starts = (0, *places_of(s))
    c = rng.uniform(0.5, 1.5, starts[-1])
    m, squares = (rng.uniform(0.5, 1.5, (octets, rows, POINTS)) for rows in _rows(s))
    y, own, common = (np.empty(octets * n * POINTS) for n in (s.families, 1, 1))
    work = np.empty(max(len(y), POINTS * s.directed * s.monomials))
    compiled(s, octets, c, m.ravel(), squares.ravel(), y, work, np.empty(DIRECTIONS * POINTS), own, common)

    d, z, part_d, part_z, q, part_q = (c[i:j] for i, j in itertools.pairwise(starts))
    below = np.einsum("mf,omi->ofi", d.reshape(s.monomials, s.columns)[:, : s.families], m[:, : s.monomials])
    above = np.einsum("mf,omi->ofi", q.reshape(s.squares, s.columns)[:, : s.families], squares[:, : s.squares])
    if s.partial:
        partial = part_d.reshape(s.partial, s.some_columns)[:, : s.some]
        below[:, : s.some] += np.einsum("mf,omi->ofi", partial, m[:, s.monomials :])
        partial = part_q.reshape(s.partial_squares, s.some_columns)[:, : s.some]
        above[:, : s.some] += np.einsum("mf,omi->ofi", partial, squares[:, s.squares :])
    directed = 1.0 / below[:, s.first_directed : s.first_directed + s.directed]
    sums = np.einsum("mfk,omi,ofi->oki", z.reshape(s.monomials, s.directed, DIRECTIONS), m[:, : s.monomials], directed)
    if s.partial:
        of_some = part_z.reshape(s.partial, s.some_directed, DIRECTIONS)
        sums += np.einsum("mfk,omi,ofi->oki", of_some, m[:, s.monomials :], directed[:, : s.some_directed])
    rounding = 1e-13  # of sums of a hundred terms
    np.testing.assert_allclose(y, (1.0 / below).ravel(), rounding)
    np.testing.assert_allclose(own, (above / below**2).sum(axis=1).ravel(), rounding)
    np.testing.assert_allclose(common, (sums**2).sum(axis=1).ravel(), rounding)


def _rows(s: Shape) -> tuple[int, int]:
    return s.monomials + s.partial, s.squares + s.partial_squares


@pytest.mark.parametrize("s", SHAPES)
def test_bounds_of_made_up_families(s: Shape) -> None:
    rng, octets = np.random.default_rng(3), 2
    whole, partial = s.monomials * s.columns, s.partial * s.some_columns
    norms, sizes = rng.uniform(0, 1, whole + partial), rng.uniform(0, 1, _rows(s)[0])
    y, bound, length = rng.normal(size=(octets, s.families, POINTS)), np.empty(s.families), np.empty(octets * POINTS)
    bounded(s, octets, norms, sizes, bound, y.ravel(), length)
    expected = sizes[: s.monomials] @ norms[:whole].reshape(s.monomials, s.columns)[:, : s.families]
    if s.partial:
        expected[: s.some] += sizes[s.monomials :] @ norms[whole:].reshape(s.partial, s.some_columns)[:, : s.some]
    np.testing.assert_allclose(length, np.einsum("f,ofi->oi", expected, np.abs(y)).ravel(), 1e-13)
