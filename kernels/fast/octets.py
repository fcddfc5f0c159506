"""Families of rows at eight neighbouring points of a line, from polynomials whose monomials are given.

The monomials are u^k, those divided by the width, or u^k times what a node of the width counts; what is here knows
their number alone. With D, z and Q as in kernels/fast/families.py, D and Q of five families and z of five directions
are added up at once, a monomial after the other (kernels/vectors.py).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from zdscan.kernels.jit import inner
from zdscan.kernels.vectors import POINTS, ROWS, add_products, add_squares, add_weighted, multiply

DIRECTIONS = 2 * ROWS  # at most; fewer are filled up with zeros
_SUMS = DIRECTIONS * POINTS


class Shape(NamedTuple):
    """How many there are of what. Some monomials, the last, occur in some families, the first, alone: *partial* ones.

    families : those that are divided at every point, filled up to a multiple of five by some with D = 1 and Q = 0;
        some : of the first, to a multiple of five.
    columns, some_columns : the same with those whose D is constant on a line, which come last.
    rates : the column of the rates, whose D is 1.
    first_directed, directed : the families that have directions stand together; some_directed : those of them that
        have partial monomials, which come first.
    monomials, partial : of D and z; squares, partial_squares : of Q.

    A line has D [monomials, columns], z [monomials, directed, DIRECTIONS], partial D [partial, some_columns], partial z,
    then Q [squares, columns] and partial Q, one after the other.
    """

    families: int
    some: int
    columns: int
    some_columns: int
    rates: int
    first_directed: int
    directed: int
    some_directed: int
    monomials: int
    partial: int
    squares: int
    partial_squares: int


@inner
def places_of(s: Shape) -> tuple[int, int, int, int, int, int]:
    """Where z, partial D, partial z, Q, partial Q begin, and where they end."""
    z = s.monomials * s.columns
    partial = z + s.monomials * s.directed * DIRECTIONS
    partial_z = partial + s.partial * s.some_columns
    square = partial_z + s.partial * s.some_directed * DIRECTIONS
    partial_square = square + s.squares * s.columns
    return z, partial, partial_z, square, partial_square, partial_square + s.partial_squares * s.some_columns


@inner
def add_up(
    s: Shape,
    c: np.ndarray,
    m: np.ndarray,
    squares: np.ndarray,
    y: np.ndarray,
    work: np.ndarray,
    z: np.ndarray,
    own: np.ndarray,
    common: np.ndarray,
) -> None:
    """The two parts of chi2, own - common, and 1/D of every family.

    Parameters
    ----------
    c : the polynomials of a line; m : float64[8 (monomials + partial)]; squares : of Q, likewise.
    y : float64[8 families], filled; work : float64[8 max(families, directed monomials)].
    z : float64[8 DIRECTIONS], work space; own, common : float64[8], filled.
    """
    of_z, partial, partial_z, square, partial_square, _ = places_of(s)
    size = s.families * POINTS
    for k in range(size):
        y[np.uint64(k)], work[np.uint64(k)] = 0.0, 0.0
    for first in range(0, s.families, ROWS):
        add_products(c, first, s.columns, m, 0, s.monomials, y, first * POINTS)
        add_products(c, square + first, s.columns, squares, 0, s.squares, work, first * POINTS)
    for first in range(0, s.some, ROWS):
        at = s.squares * POINTS
        add_products(c, partial + first, s.some_columns, m, s.monomials * POINTS, s.partial, y, first * POINTS)
        add_products(
            c, partial_square + first, s.some_columns, squares, at, s.partial_squares, work, first * POINTS
        )
    for k in range(size):
        inverse = 1.0 / y[np.uint64(k)]
        y[np.uint64(k)] = inverse
        work[np.uint64(k)] *= inverse
    for k in range(_SUMS):
        z[np.uint64(k)] = 0.0
    for i in range(POINTS):
        own[np.uint64(i)], common[np.uint64(i)] = 0.0, 0.0
    add_squares(y, work, s.families, own)
    begin = s.first_directed * POINTS
    for row in range(s.monomials):
        multiply(m, row * POINTS, y, begin, s.directed, work, row * s.directed * POINTS)
    for half in range(2):
        add_products(c, of_z + half * ROWS, DIRECTIONS, work, 0, s.monomials * s.directed, z, half * ROWS * POINTS)
    if s.partial > 0:
        for row in range(s.partial):
            at = (s.monomials + row) * POINTS
            multiply(m, at, y, begin, s.some_directed, work, row * s.some_directed * POINTS)
        for half in range(2):
            rows = s.partial * s.some_directed
            add_products(c, partial_z + half * ROWS, DIRECTIONS, work, 0, rows, z, half * ROWS * POINTS)
    add_squares(z, z, DIRECTIONS, common)


@inner
def bounds_of(s: Shape, norms: np.ndarray, m: np.ndarray, bound: np.ndarray) -> None:
    """s_b of each family, a bound of the length of its residuals times D: bound float64[families], filled.

    norms : of the line, [monomials, columns] and [partial, some_columns]; m : float64[monomials + partial], positive.
    """
    for f in range(s.families):
        bound[np.uint64(f)] = 0.0
    at = np.uint64(0)
    for row in range(s.monomials):
        for f in range(s.families):
            bound[np.uint64(f)] += norms[at + np.uint64(f)] * m[row]
        at += np.uint64(s.columns)
    for row in range(s.monomials, s.monomials + s.partial):
        for f in range(s.some):
            bound[np.uint64(f)] += norms[at + np.uint64(f)] * m[row]
        at += np.uint64(s.some_columns)


@inner
def lengths_of(s: Shape, bound: np.ndarray, y: np.ndarray, size: np.ndarray, length: np.ndarray) -> None:
    """s = sum of |y| s_b at the eight points: length float64[8], filled; size float64[8 families], work space."""
    for k in range(s.families * POINTS):
        size[np.uint64(k)] = abs(y[np.uint64(k)])
    for i in range(POINTS):
        length[np.uint64(i)] = 0.0
    add_weighted(bound, 0, size, 0, s.families, length)
