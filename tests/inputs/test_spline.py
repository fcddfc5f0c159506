"""The splines of tables against scipy's, and against what a cubic spline must reproduce."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from zdscan.inputs.spline import Spline


@pytest.mark.parametrize("n", [2, 3, 4, 5, 40, 300])
def test_spline_is_that_of_scipy(n: int) -> None:
    rng = np.random.default_rng(n)
    x = np.cumsum(rng.uniform(0.1, 1.0, n))
    columns = rng.normal(size=(n, 3))
    ours, scipys = Spline(x, columns), CubicSpline(x, columns)
    single = Spline(x, columns[:, 1])
    for at in (*rng.uniform(x[0] - 0.3, x[-1] + 0.3, 200), *x):
        np.testing.assert_allclose(ours(at), scipys(at), rtol=0, atol=1e-10)
        assert single(at) == pytest.approx(ours(at)[1], rel=1e-12, abs=1e-12)


@pytest.mark.parametrize(("n", "degree"), [(2, 1), (3, 2), (4, 3), (30, 3)])
def test_polynomials_up_to_the_third_degree_are_exact(n: int, degree: int) -> None:
    x = np.geomspace(0.1, 3.0, n)
    c = np.array([0.3, -1.2, 0.7, 0.4])[: degree + 1]
    spline = Spline(x, np.polynomial.polynomial.polyval(x, c))
    for at in np.linspace(0.1, 3.0, 57):
        assert spline(at) == pytest.approx(np.polynomial.polynomial.polyval(at, c), rel=1e-11)
