"""Curvature and flat stretches in closed form."""

from __future__ import annotations

import numpy as np
import pytest

from zdscan.analysis.fits.degeneracy import Combination, FlatStretch, curvature, distinct, flat_stretches, hessian


def test_hessian_is_exact_for_a_parabola() -> None:
    matrix = np.array([[4.0, 1.0, 0.5], [1.0, 3.0, -0.2], [0.5, -0.2, 2.0]])
    at = np.array([1.0, -2.0, 0.3])
    found = hessian(lambda t: 7.0 + 0.5 * (t - at) @ matrix @ (t - at), at)
    np.testing.assert_allclose(found, matrix, atol=1e-9)
    assert curvature(lambda t: 1.0, np.empty(0), (), ()).errors == {}


def test_flat_stretches_need_a_decade_and_an_improvement() -> None:
    values = np.geomspace(1e-4, 1.0, 41)
    shelf = np.where((values > 9e-4) & (values < 0.11), 60.0, 80.0)
    others = {"eps_z": -1e-5 / values}
    (found,) = flat_stretches("g_mu", values, shelf, others, 79.0)
    assert (found.low, found.high) == pytest.approx((1e-3, 0.1))
    assert found.constant == Combination({"eps_z": 1.0, "g_mu": 1.0})
    assert flat_stretches("g_mu", values, shelf, others, 59.0) == []
    short = np.where((values > 9e-4) & (values < 5e-3), 60.0, 80.0)
    assert flat_stretches("g_mu", values, short, others, 79.0) == []


def test_a_degeneracy_is_told_once() -> None:
    product, linear = Combination({"eps_z": 1.0, "g_mu": 1.0}), Combination({"eps": -0.3, "g_mu": 1.0}, is_sum=True)
    long = FlatStretch("g_mu", 1e-3, 1.0, 60.0, product, -1e-5, 3.0)
    short = FlatStretch("eps_z", -1e-3, -1e-5, 60.5, Combination({"eps_z": 1.05, "g_mu": 1.0}), -1e-5, 2.0)
    higher = FlatStretch("eps_z", -1e-3, -1e-5, 65.0, product, -2e-5, 2.0)
    alone = FlatStretch("eps_z", 1e-3, 1e-1, 60.2, None, None, 2.0)
    elsewhere = FlatStretch("eps", 1e-3, 1e-1, 60.2, None, None, 2.0)
    assert distinct([short, long, higher, alone, elsewhere]) == [long, elsewhere, higher]
    assert linear.text == "g_mu - 0.3 eps"
    assert linear.value({"eps": 1.0, "g_mu": 2.0}) == pytest.approx(1.7)
    assert Combination({"eps_z": -1.0, "g_mu": 1.0}).text == "g_mu / eps_z"
    assert Combination({"eps": 0.5, "g_mu": 1.0}).value({"eps": -4.0, "g_mu": -3.0}) == pytest.approx(6.0)
