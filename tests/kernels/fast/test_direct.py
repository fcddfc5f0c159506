"""Parameters, couplings and widths of points side by side against the reference, and sums of any number of terms."""

from __future__ import annotations

import numpy as np
import pytest

from zdscan.evaluation.engine import build_physics
from zdscan.evaluation.points import run_of
from zdscan.kernels.fast import direct as _direct
from zdscan.kernels.fast.direct import INVERSE, OF_WIDTHS, POINTS, TO_HADRONS, TO_PIONS, UNSEEN, WIDTH
from zdscan.kernels.reference.points import points_at
from zdscan.physics.cases import CASES

AXES = (np.array([-1e-3, 0.0, 2e-2]), np.array([-3e-2, 1e-5, 4e-4, 0.1]), np.array([0.0, 1e-4, 1e-3, 0.01, 0.3, 0.7]))
COUNT = 3 * 4 * 6


@pytest.mark.parametrize(("first", "count"), [(0, COUNT), (17, 40), (COUNT - 1, 1)])
def test_parameters(first: int, count: int) -> None:
    """Those of a run, its last point repeated; and of points in any order."""
    x, y = np.empty(3 * POINTS), np.empty(3 * POINTS)
    _direct.parameters_of(*AXES, first, count, x)
    expected = run_of(AXES, first, count)
    np.testing.assert_array_equal(x.reshape(3, POINTS)[:, :count], expected)
    np.testing.assert_array_equal(x.reshape(3, POINTS)[:, count:], np.repeat(expected[:, -1:], POINTS - count, axis=1))
    order = np.random.default_rng(1).permutation(count)
    _direct.parameters_at(*AXES, order, first, count, y)
    np.testing.assert_array_equal(y.reshape(3, POINTS)[:, :count], expected[:, order])


@pytest.mark.parametrize("setting", [{}, {"invisible_width": 1e-9}, {"invisible_branching": 0.3}])
@pytest.mark.parametrize(("case", "mass"), [("A", 0.05), ("B", 0.5), ("C", 1.3)])
def test_couplings_and_widths(case: str, mass: float, setting: dict[str, float]) -> None:
    physics = build_physics(CASES[case], theory="complete", constraints=(), **setting)
    tables, matrix = physics.mass_tables(mass), physics.matrix_at(mass)
    x, couplings, widths = np.empty(3 * POINTS), np.zeros(18 * POINTS), np.empty(OF_WIDTHS * POINTS)
    _direct.parameters_of(*AXES, 0, COUNT, x)
    _direct.couplings_of(matrix, x, couplings)
    with np.errstate(divide="ignore"):
        _direct.widths_of(tables, couplings, widths)
    points = points_at(tables, matrix, run_of(AXES, 0, COUNT))
    found = widths.reshape(OF_WIDTHS, POINTS)[:, :COUNT]
    np.testing.assert_array_equal(couplings.reshape(18, POINTS)[:15, :COUNT], points.couplings[:15])
    np.testing.assert_array_equal(found[WIDTH], points.width)
    np.testing.assert_array_equal(found[INVERSE], points.inverse_width)
    np.testing.assert_array_equal(found[TO_PIONS], points.pions)
    np.testing.assert_array_equal(found[TO_HADRONS], points.channels[3])
    np.testing.assert_array_equal(found[UNSEEN], points.channels[2] + points.channels[4])


@pytest.mark.parametrize("terms", range(9))
def test_sums(terms: int) -> None:
    rng = np.random.default_rng(terms)
    x, term, factor = rng.normal(size=5 * POINTS), rng.integers(0, 5, 9), rng.normal(size=9)
    value = np.full(POINTS, np.nan)
    _direct.sum_of_terms(term, factor, 0, terms, x, value)
    expected = np.zeros(POINTS)
    for row, by in zip(term[:terms], factor[:terms], strict=True):
        expected += by * x.reshape(5, POINTS)[row]
    np.testing.assert_array_equal(value, expected)


def test_store() -> None:
    x, out = np.arange(3 * POINTS, dtype=np.float32), np.zeros((7, 3), dtype=np.float32)
    _direct.store(x, 3, 4, 2, out)
    np.testing.assert_array_equal(out[2:6], x.reshape(3, POINTS)[:, :4].T)
    assert not out[[0, 1, 6]].any()
