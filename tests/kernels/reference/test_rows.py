"""chi2 of given residuals; predictions by the law and beyond it, whoever gives the tables beyond."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.tolerances import EXACT_ALGEBRA
from zdscan.evaluation.engine import build_physics
from zdscan.evaluation.points import run_of
from zdscan.kernels.reference.rows import chi2
from zdscan.physics.cases import CASES

BANDS = 1e-7  # of a prediction: rows from tables interpolated in the width, 3e-8 at worst, against the closed form


@pytest.mark.parametrize("zeros", ["none", "above the diagonal", "off the diagonal"])
def test_chi2_is_the_square_of_the_whitened_residuals(zeros: str) -> None:
    rng = np.random.default_rng(4)
    whitening, residuals = rng.normal(size=(5, 7)), rng.normal(size=(7, 40))
    if zeros != "none":
        whitening = np.tril(whitening) if zeros.startswith("above") else np.eye(5, 7, 2) * whitening
    expected = ((whitening @ residuals) ** 2).sum(axis=0)
    np.testing.assert_allclose(chi2(whitening, residuals), expected, rtol=EXACT_ALGEBRA)


@pytest.mark.parametrize("case", ["A", "B", "C"])
@pytest.mark.parametrize("mass", [0.3, 0.7, 1.99])
def test_interpolated_tables_against_the_closed_form(case: str, mass: float) -> None:
    physics = build_physics(CASES[case], theory="complete")
    axes = (np.array([0.0, 1e-3]), np.array([-0.1, 0.0, 1e-4]), np.geomspace(1e-3, 3.0, 40))
    if case == "A":
        axes = (np.geomspace(1e-4, 1.0, 15), np.geomspace(1e-3, 1.0, 16), np.array([0.0]))
    mass_tables = physics.mass_tables(mass)
    mass_tables[25 : 25 + 29 * 26].reshape(26, 29)[:, -1] = 0.0  # the law is good for no width
    points = run_of(axes, 0, 240)
    bands = physics.workspace(mass_tables, axes).bands
    exact, interpolated = (
        physics.quantities(mass_tables, points, ("predictions", "chi2"), at) for at in (None, bands.at)
    )
    for name, values in exact.items():
        np.testing.assert_allclose(interpolated[name], values, rtol=BANDS)
