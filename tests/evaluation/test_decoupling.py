"""Couplings far below all others: the Standard Model, and never below it, from every evaluator."""

from __future__ import annotations

import numpy as np
import pytest

from zdscan.evaluation.engine import Engine, build_physics
from zdscan.physics.cases import CASES

SIZES = 10.0 ** -np.arange(20.0, 300.0, 2.5)


@pytest.mark.parametrize(("case", "mass"), [("A", 1.5), ("B", 0.1), ("C", 0.354)])
@pytest.mark.parametrize("invisible_width", [0.0, 1e-323, 1e-301])
def test_tiny_couplings_are_the_standard_model(case: str, mass: float, invisible_width: float) -> None:
    """Squares of 1e-39 to 1e-164 underflow in part of the terms; at 1e-20 nothing is left of the vector to 1e-9."""
    physics = build_physics(CASES[case], invisible_width=invisible_width)
    tables, direct = physics.mass_tables(mass), [0.0] if case == "A" else [-0.0212, 0.0]
    sizes = SIZES[::-1].copy()
    for along in ("eps", "eps_z"):
        axes = {"mass": np.array([mass]), "eps": np.zeros(1), "eps_z": np.zeros(1), "g_mu": np.array(direct)}
        axes[along] = sizes
        engine = Engine(physics, axes, ["chi2", "excluded"])
        count = sizes.size * len(direct)
        found = [np.empty(count, dtype=field.dtype) for field in engine.fields]
        engine.evaluate(engine.mass_tables(0), 0, count, found)
        _, *parameters = engine.axes.values()
        reference = physics.evaluate(tables, (parameters[0], parameters[1], parameters[2]))
        point = physics.chi2_at_mass(tables)
        alone = [point(a, b, c) for a in parameters[0] for b in parameters[1] for c in parameters[2]]
        sm = physics.sm_chi2["all"]
        np.testing.assert_allclose(reference["chi2"], sm, rtol=0, atol=1e-9)
        np.testing.assert_allclose(alone, sm, rtol=0, atol=1e-9)
        np.testing.assert_allclose(found[0], sm, rtol=1e-7)
        np.testing.assert_array_equal(found[1], reference["excluded"])
