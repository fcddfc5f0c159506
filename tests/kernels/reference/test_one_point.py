"""chi2 of single points, for minimisers, against the evaluator of arrays of points."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.tolerances import CLOSED_FORM
from zdscan.evaluation.engine import build_physics
from zdscan.evaluation.points import rows_of
from zdscan.kernels.reference.one_point import Chi2AtMass
from zdscan.physics.cases import CASES


@pytest.mark.parametrize("theory", ["paper", "complete"])
@pytest.mark.parametrize("case", ["A", "B", "C"])
@pytest.mark.parametrize("mass", [0.012, 0.15, 0.25, 0.8, 1.6])
def test_it_agrees_with_arrays_of_points(case: str, theory: str, mass: float) -> None:
    """Points on both sides of the small-width law, cancelling couplings, and no vector at all."""
    physics = build_physics(CASES[case], theory=theory, constraints=())
    mass_tables = physics.mass_tables(mass)
    chi2 = physics.chi2_at_mass(mass_tables)
    values = np.array([-1e-1, -1e-3, 0.0, 1e-6, 1e-4, 3e-2])
    direct = np.zeros(1) if case == "A" else np.array([0.0, 1e-5, 1e-3, 0.3])
    expected = physics.evaluate(mass_tables, (values, values, direct))["chi2"].reshape(6, 6, -1)
    found = [[[chi2(a, b, g) for g in direct.tolist()] for b in values.tolist()] for a in values.tolist()]
    np.testing.assert_allclose(found, expected, rtol=CLOSED_FORM)


def test_it_says_where_the_law_does_not_hold() -> None:
    physics = build_physics(CASES["B"], constraints=())
    rows = physics.likelihood
    quick = Chi2AtMass(physics.mass_tables(0.8), physics.matrix, rows_of(rows), rows.data.values, rows.whitening)
    assert np.isnan(quick(0.0, 0.0, 50.0))
    assert quick(0.0, 0.0, 0.0) == pytest.approx(physics.sm_chi2["all"], rel=CLOSED_FORM)
