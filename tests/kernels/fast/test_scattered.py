"""chi2 at points anywhere in a mass against the reference."""

from __future__ import annotations

import numpy as np
import pytest

from zdscan.evaluation.engine import build_physics
from zdscan.physics.cases import CASES


@pytest.mark.parametrize(("case", "mass"), [("A", 0.05), ("B", 0.3), ("C", 0.02)])
def test_points_are_those_of_the_reference(case: str, mass: float) -> None:
    physics = build_physics(CASES[case])
    tables, rng = physics.mass_tables(mass), np.random.default_rng(3)
    size = np.exp(rng.uniform(np.log([[1e-7], [1e-7], [1e-5]]), np.log([[1e-2], [1e-2], [0.5]]), (3, 300)))
    points = size * rng.choice([-1.0, 0.0, 1.0], (3, 300))
    found = physics.chi2_at_points(tables)(points)
    exact = physics.quantities(tables, points, ("chi2",))["chi2"]
    np.testing.assert_allclose(found, exact, rtol=3e-7)  # where the law fails, an interpolation good to 1e-7 of a row


def test_ratios_are_left_to_the_reference() -> None:
    physics = build_physics(CASES["B"], measurements=["latest", "lfu"])
    tables, points = physics.mass_tables(0.05), np.array([[1e-4, 0.0], [-1e-4, 0.0], [0.03, 0.0]])
    exact = physics.quantities(tables, points, ("chi2",))["chi2"]
    np.testing.assert_allclose(physics.chi2_at_points(tables)(points), exact, rtol=1e-12)
