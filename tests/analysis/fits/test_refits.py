"""Refits: the same data give the same minimum, other data that of a minimiser of their own."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

import zdscan


def test_the_same_data_are_fitted_as_before(line: SimpleNamespace) -> None:
    found = line.refits.lowest(line.surface)
    assert found.chi2 == pytest.approx(line.result.best.chi2, abs=1e-3)  # MIGRAD stops so near to a minimum
    assert found.couplings == pytest.approx(line.result.best.couplings, rel=1e-2)


def test_other_data_against_scipy(line: SimpleNamespace) -> None:
    rows = line.engine.physics.likelihood
    values = rows.data.values + 0.3 * rows.sigma * np.cos(np.arange(26))
    found = line.refits.lowest(line.surface.variant(rows.measured_otherwise(values)))
    inverse = np.linalg.inv(rows.covariance)

    def chi2(logarithm: float) -> float:
        settings = {"theory": "paper", "measurements": "rashed2024-corrected", "constraints": ["a_mu"]}
        residual = zdscan.evaluate("C", 0.0302, 0.0, -np.exp(logarithm), 0.033, **settings).predictions - values
        return float(residual @ inverse @ residual)

    expected = minimize_scalar(chi2, bounds=(-9.5, -7.2), method="bounded", options={"xatol": 1e-5})
    assert found.chi2 == pytest.approx(expected.fun, abs=1e-5)
