"""Claims about the Standard Model's chi2 and best fits, against single points and minimisers."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from tests.support.verdicts import published
from zdscan.analysis.paper.claims import fits
from zdscan.analysis.paper.claims.record import evaluator
from zdscan.inputs import measurements


def test_standard_model_chi2_by_hand():
    data = measurements.load("rashed2024-corrected")
    variance = ((data.stat_plus + data.stat_minus) / 2.0) ** 2 + data.sm_table_error**2
    for plus, minus in data.syst:
        variance = variance + ((plus + minus) / 2.0) ** 2
    predicted = published("A", 0.5).predictions
    found = fits.t3()
    assert found.value == pytest.approx(float(np.sum((predicted - data.values) ** 2 / variance)), rel=1e-6)
    assert found.verdict == "partly"


def test_degenerate_fit_against_a_minimum_of_single_points():
    gains, products = fits.degeneracy("B", [0.0103], [1.0])

    def chi2(size: float) -> float:
        return float(published("B", 0.0103, 0.0, -(10.0**size), 1.0).chi2["all"])

    found = minimize_scalar(chi2, bracket=(-5.2, -5.0, -4.8))
    point = published("B", 0.0103)
    assert gains[0] == pytest.approx(float(point.chi2["sm_all"]) - found.fun, abs=1e-5)
    assert products[0] == pytest.approx(-(10.0**found.x), rel=1e-3)


def test_grid_minimum_is_the_minimum():
    """The zoom of a coarse grid ends within 0.01 of what a minimiser finds at the same mass."""
    fitted = evaluator("A")
    found = fits.lowest_point(fitted, [0.010, 0.015], np.array([0.0]), np.geomspace(1e-4, 1e-2, 9), np.zeros(1))
    best = minimize_scalar(
        lambda size: float(fitted.evaluate("chi2", 0.010, 0.0, 10.0**size, 0.0)[0]), bracket=(-2.6, -2.4, -2.2)
    )
    assert found.mass == 0.010
    assert found.gain == pytest.approx(fitted.physics.sm_chi2["all"] - best.fun, abs=0.01)


def test_fits_are_those_of_single_points():
    """What `lowest_point` reports is chi2 of zdscan.evaluate there; C beats B only where eps_z may be large."""
    fit = {(case, size): fits.fit_direct(case, size) for case in "BC" for size in (1e-5, 1e-1)}
    for (case, size), found in fit.items():
        point = published(case, found.mass, *found.couplings)
        assert float(point.chi2["sm_all"] - point.chi2["all"]) == pytest.approx(found.gain, abs=1e-6)
        assert abs(found.couplings[1]) <= size
    assert fits.b8().verdict == "not determined"
    # small eps_z: electrons see nothing in either case, so the two are one model there
    assert fit["B", 1e-5].gain == pytest.approx(fit["C", 1e-5].gain, abs=0.05)
