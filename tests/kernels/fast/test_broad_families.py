"""Segments of a line, on which the width varies little, and interpolation on them."""

from __future__ import annotations

import numpy as np
import pytest

from zdscan.kernels.fast import broad_families as kernel
from zdscan.kernels.fast.broad_families import COUNTS, PLACES, REACH
from zdscan.kernels.tables.bands import NODE, band_of, centre_of


def segments_of(widths, limit=0.0):
    """As `evaluate_broad_families` finds them: (from, up to, band, kind, reach) in the order of the line."""
    narrowest, found = int(np.argmin(widths)), []
    for first, step, stop in ((narrowest, 1, len(widths)), (narrowest - 1, -1, -1)):
        at = first
        while at != stop:
            if not widths[at] > limit:
                at += step
                continue
            reach = np.empty(2)
            after, band, kind = kernel._segment(widths, at, step, stop, limit, reach)
            found.append((min(at, after - step), max(at, after - step) + 1, band, kind, reach))
            at = after
    return sorted(found, key=lambda segment: segment[0])


LINES = [
    1e-4 + 30.0 * np.linspace(-0.1, 0.1, 101) ** 2,
    1e-3 * (1.0 + 1e-4 * np.linspace(-1, 1, 57) ** 2),
    np.full(20, 0.01),
    0.2 * np.geomspace(1e-5, 1.0, 51) ** 2,
]


@pytest.mark.parametrize("widths", LINES)
def test_segments_are_all_of_a_line_once_and_as_narrow_as_their_nodes_ask(widths) -> None:
    limit = float(np.quantile(widths, 0.3)) * 0.999
    found = segments_of(widths, limit)
    covered = np.concatenate([np.arange(begin, end) for begin, end, *_ in found])
    assert covered.tolist() == np.flatnonzero(widths > limit).tolist()
    for begin, end, band, kind, (middle, half) in found:
        here = widths[begin:end]
        assert all(band_of(width) == band for width in here)
        assert half <= REACH[kind] * (1 + 1e-9)
        assert np.abs((here - middle) / (here + middle)).max() <= half + 1e-15


@pytest.mark.parametrize("kind", range(len(COUNTS)))
def test_nodes_of_a_segment_keep_nine_digits_of_a_resonance(kind: int) -> None:
    """1/(1 + i Gamma/d) has its singularity 1 away in x; so do all integrals over the propagator."""
    middle, half, nodes = 0.01, float(REACH[kind]), int(COUNTS[kind])
    x = np.linspace(-half, half, 41)
    widths, of_nodes = (middle * (1 + place) / (1 - place) for place in (x, half * PLACES[kind, :nodes]))
    weights = np.array(
        [
            np.prod([(x / half - PLACES[kind, k]) for k in range(nodes) if k != n], axis=0) * kernel.FACTORS[kind, n]
            if nodes > 1
            else np.ones_like(x)
            for n in range(nodes)
        ]
    )
    for distance in (0.003, 0.01, 0.04):
        exact, known = (1.0 / (1.0 + 1j * width / distance) for width in (widths, of_nodes))
        assert np.abs(known @ weights - exact).max() < 4e-9 * np.abs(exact).max()  # (2/x)^-n is 1e-9, times a few


def test_interpolation_from_a_band_to_a_segment_and_from_there_to_points() -> None:
    rng, band = np.random.default_rng(4), band_of(0.01)
    size, kind, nodes = 7, 3, int(COUNTS[3])
    centre = centre_of(band)
    slope = rng.uniform(0.1, 1.0, (2, size))

    def function(width, power):
        return slope[power] / (1.0 + (width[:, None] / (0.7 * centre)) ** 2)

    line = np.array([function(centre * (1 + NODE) / (1 - NODE), power).ravel() for power in range(2)])
    out = np.zeros(nodes * 2 * 3 + 5)
    middle, half = 1.1, 0.009
    of_nodes = middle * (1 + half * PLACES[kind, :nodes]) / (1 - half * PLACES[kind, :nodes])
    kernel._to_nodes(line, size, 2, 3, kind, nodes, of_nodes, out, 5)
    widths = centre * of_nodes
    expected = np.stack([function(widths, power)[:, 2:5] for power in range(2)], axis=1)
    np.testing.assert_allclose(out[5:].reshape(expected.shape), expected, 1e-8)  # as bands are good to
    assert not out[:5].any()


@pytest.mark.parametrize("count", [2, 3, 4])
def test_long_segments_are_polynomials_of_u(count: int) -> None:
    """With what the nodes have of u^k f(Gamma), the polynomial is u^k f(Gamma) wherever Gamma(u) is in the segment."""
    most, u = 0.08, np.linspace(-0.08, 0.08, 41)
    reach = float(kernel.MERGED[count - 2])
    # from (1 - x)/(1 + x) to (1 + x)/(1 - x) times the width in the middle
    least, largest = (0.01 * (1 + sign * reach) / (1 - sign * reach) for sign in (-1, 1))
    middle, radius = 0.5 * (least + largest), 0.5 * (largest - least)
    w2 = (largest - least) / most**2
    y = np.array([(least - middle) / radius, 0.0, w2 / radius])
    assert kernel._wanted(3, kernel.LONG, np.array([0.01, reach]), most, y) == count
    assert kernel._wanted(3, kernel.LONG - 1, np.array([0.01, reach]), most, y) == 0
    assert kernel._wanted(3, kernel.LONG, np.array([0.01, reach]), most, 4.0 * y) == 0
    nodes = middle + radius * np.cos((2 * np.arange(count) + 1) * np.pi / (2 * count))
    for distance in (0.003, 0.01, 0.04):
        found = np.array([[[value.real, value.imag]] * 3 for value in 1.0 / (1.0 + 1j * nodes / distance)])
        rows = 3 + 2 * (count - 1)
        out = np.full(rows * 2, np.nan)
        kernel._merge(found.ravel(), 0, count, 3, 2, y, out, 0)
        values = (u[:, None] ** np.arange(rows)) @ out.reshape(rows, 2)
        exact = (1.0 + u + u * u) / (1.0 + 1j * (least + w2 * u * u) / distance)
        assert np.abs(values @ [1.0, 1j] - exact).max() < 4e-9 * np.abs(exact).max()  # as with nodes


def test_squares_of_families() -> None:
    rng = np.random.default_rng(5)
    columns, start, monomials = rng.normal(size=(12, 6, 4)), np.array([0, 2, 2, 6]), 4
    first, second = np.triu_indices(monomials)
    place = (first + second).astype(np.int64)  # of powers of one variable
    squares, own = np.zeros((2 * monomials - 1, 12, 5)), np.zeros((12, 5, monomials))
    kernel.square_families(columns, start, place, squares, own)
    x = 0.7
    powers = x ** np.arange(monomials)
    for family in range(3):
        here = columns[:, start[family] : start[family + 1]]
        expected = ((here @ powers) ** 2).sum(axis=1)
        np.testing.assert_allclose(x ** np.arange(2 * monomials - 1) @ squares[:, :, family], expected, 1e-12)
        np.testing.assert_allclose(own[:, family], (here**2).sum(axis=1), 1e-12)
