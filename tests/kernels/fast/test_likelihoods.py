"""chi2 of hand-made constraints of every kind against single points, and how a mass may be cut."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.likelihoods import ABSOLUTE, AXES, EPS, HAND_MADE, RELATIVE, both, made
from zdscan.evaluation.engine import Engine, build_physics
from zdscan.physics.cases import CASES
from zdscan.physics.clause import Clause


@pytest.mark.parametrize("what", HAND_MADE)
def test_one_of_each_kind(what: str) -> None:
    for case, mass in (("B", 0.05), ("A", 0.3)):
        found, exact = both(build_physics(CASES[case], constraints=[HAND_MADE[what]]), mass, AXES)
        assert exact.max() > 1.0, "the constraint says nothing on these axes"
        np.testing.assert_allclose(found, exact, rtol=RELATIVE, atol=ABSOLUTE)


def test_pieces_of_a_mass_have_the_same_bytes() -> None:
    axes = {"mass": np.array([0.05]), **dict(zip(("eps", "eps_z", "g_mu"), AXES, strict=True))}
    engine = Engine(build_physics(CASES["B"]), axes, ("chi2_total",))
    tables, count = engine.mass_tables(0), AXES[0].size * AXES[1].size * AXES[2].size
    whole = [np.empty(count, dtype=np.float32)]
    engine.evaluate(tables, 0, count, whole)
    pieces = [np.empty(count, dtype=np.float32)]
    for first in range(0, count, 101):
        here = [pieces[0][first : first + 101]]
        engine.evaluate(tables, first, len(here[0]), here)
    np.testing.assert_array_equal(whole[0], pieces[0])


def test_numbers_beyond_float32_are_its_largest() -> None:
    huge = made("x", "half-normal", "90%", Clause(EPS * EPS * EPS * EPS, up=1e-40))
    engine = Engine(
        build_physics(CASES["A"], constraints=[huge]),
        {"mass": np.array([0.05]), "eps": np.array([0.0, 1.0]), "eps_z": np.zeros(1), "g_mu": np.zeros(1)},
        ("chi2_constraints", "chi2_total"),
    )
    outputs = [np.empty(2, dtype=np.float32), np.empty(2, dtype=np.float32)]
    engine.evaluate(engine.mass_tables(0), 0, 2, outputs)
    largest = np.finfo(np.float32).max
    assert outputs[0].tolist() == [0.0, largest]
    assert outputs[1][1] == largest
