"""Families of rows at neighbouring points of a line, eight and eight, from polynomials whose monomials are given.

The monomials are u^k, those divided by the width, or u^k times what a node of the width counts; what is here knows
their number alone. With D, z and Q as in kernels/fast/families.py, D and Q of five families and z of five directions
are added up at once, a monomial after the other (kernels/vectors.py).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from zdscan.kernels.jit import inner
from zdscan.kernels.vectors import POINTS, ROWS, add_products, lengths, multiply, products, squares

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

    A line has D [monomials, columns], z [monomials, directed, DIRECTIONS], partial D [partial, some_columns], partial
    z, then Q [squares, columns] and partial Q, one after the other.
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
    octets: int,
    c: np.ndarray,
    m: np.ndarray,
    of_squares: np.ndarray,
    y: np.ndarray,
    work: np.ndarray,
    z: np.ndarray,
    own: np.ndarray,
    common: np.ndarray,
) -> None:
    """The two parts of chi2, own - common, and 1/D of every family.

    Parameters
    ----------
    octets : how many times eight points.
    c : the polynomials of a line; m : float64[octets, monomials + partial, 8]; of_squares : of Q, likewise.
    y : float64[octets, families, 8], filled; work : float64[8 max(octets families, directed monomials)].
    z : float64[8 DIRECTIONS], work space; own, common : float64[octets, 8], filled.
    """
    of_z, partial, partial_z, square, partial_square, _ = places_of(s)
    size, rows, square_rows = s.families * POINTS, s.monomials + s.partial, s.squares + s.partial_squares
    for first in range(0, s.families, ROWS):
        for octet in range(octets):
            to, at, below = octet * size + first * POINTS, octet * rows * POINTS, octet * square_rows * POINTS
            products(c, first, s.columns, m, at, s.monomials, y, to)
            products(c, square + first, s.columns, of_squares, below, s.squares, work, to)
            if first < s.some:
                at += s.monomials * POINTS
                below += s.squares * POINTS
                add_products(c, partial + first, s.some_columns, m, at, s.partial, y, to)
                add_products(c, partial_square + first, s.some_columns, of_squares, below, s.partial_squares, work, to)
    for k in range(octets * size):
        inverse = 1.0 / y[np.uint64(k)]
        y[np.uint64(k)] = inverse
        work[np.uint64(k)] *= inverse
    for octet in range(octets):
        squares(y, work, octet * size, s.families, own, octet * POINTS)
    for octet in range(octets):
        begin, at = octet * size + s.first_directed * POINTS, octet * rows * POINTS
        for row in range(s.monomials):
            multiply(m, at + row * POINTS, y, begin, s.directed, work, row * s.directed * POINTS)
        for half in range(2):
            first = of_z + half * ROWS
            products(c, first, DIRECTIONS, work, 0, s.monomials * s.directed, z, half * ROWS * POINTS)
        if s.partial > 0:
            at += s.monomials * POINTS
            for row in range(s.partial):
                multiply(m, at + row * POINTS, y, begin, s.some_directed, work, row * s.some_directed * POINTS)
            for half in range(2):
                first = partial_z + half * ROWS
                add_products(c, first, DIRECTIONS, work, 0, s.partial * s.some_directed, z, half * ROWS * POINTS)
        squares(z, z, 0, DIRECTIONS, common, octet * POINTS)


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
def lengths_of(s: Shape, octets: int, bound: np.ndarray, y: np.ndarray, length: np.ndarray) -> None:
    """s = sum of |y| s_b at the points: length float64[octets, 8], filled."""
    for octet in range(octets):
        lengths(bound, y, octet * s.families * POINTS, s.families, length, octet * POINTS)
