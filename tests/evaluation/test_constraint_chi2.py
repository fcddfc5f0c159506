"""chi2 of constraints at points: hand-made ones in closed form, zdscan's own from its constants, what counts."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats

import zdscan
from tests.support.tolerances import FLOAT32_OUTPUT
from zdscan.evaluation.engine import Engine, build_physics
from zdscan.inputs import limit_sets
from zdscan.physics.cases import CASES
from zdscan.physics.clause import Clause, Constraint
from zdscan.physics.polynomial import Polynomial

C = limit_sets.load("latest").constants
EPS = Polynomial.linear((1.0, 0.0, 0.0))


def made(name: str, likelihood: str, cl: str, *clauses: Clause, **more: Any) -> Constraint:
    said = {"likelihood": likelihood, "because": "It is made up."} | more
    about = (name, "", ("PDG:2022",), cl, "1", "C", False, "all", max(1, len(clauses)))
    return Constraint(*about, lambda *_: clauses, **said)


def chi2(eps: Any, *constraints: Constraint, **settings: Any) -> zdscan.PointResult:
    return zdscan.evaluate("A", 0.1, eps, constraints=list(constraints), **settings)


NORMAL = made("n", "normal", "3 sigma", Clause(EPS, centre=1e-3, up=3 * 4e-4, down=3 * 2e-4))
HALF = made("h", "half-normal", "90%", Clause(EPS * EPS, up=4e-6))
COUNTING = made("c", "counting", "95%", Clause(EPS * EPS, up=1e-6))


def test_a_sum_in_closed_form() -> None:
    eps = np.linspace(0.0, 3e-3, 7)
    result = chi2(eps, NORMAL, HALF, COUNTING)
    normal = ((eps - 1e-3) / 2e-4) ** 2  # the error that faces the Standard Model is the lower one
    half = (stats.halfnorm.ppf(0.9) * eps**2 / 4e-6) ** 2
    counting = -2.0 * stats.poisson.logpmf(0, -math.log(0.05) * eps**2 / 1e-6)
    expected = np.stack([normal, half, counting], axis=1)
    np.testing.assert_allclose(result.chi2_by_constraint, expected, rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(result.sm_chi2_by_constraint, np.array([[25.0, 0.0, 0.0]] * 7), rtol=1e-12)
    np.testing.assert_allclose(result.chi2_constraints, expected.sum(axis=1), rtol=1e-11)
    np.testing.assert_allclose(result.chi2_total, result.chi2["all"] + result.chi2_constraints, rtol=1e-14)
    np.testing.assert_allclose(result.chi2["sm_total"], result.chi2["sm_all"] + 25.0, rtol=1e-12)


def test_it_does_not_depend_on_the_level() -> None:
    found = [
        chi2(2e-3, NORMAL, HALF, COUNTING, level=level).chi2_by_constraint for level in ("published", 0.6, "3 sigma")
    ]
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])


def test_of_the_same_data_the_strongest_counts() -> None:
    """A limit of 1e-6 at 90% is stronger than one of 2e-6 at 95%, in whatever order they stand."""
    strong = replace(made("strong", "half-normal", "90%", Clause(EPS * EPS, up=1e-6)), same_data="x")
    weak = replace(made("weak", "half-normal", "95%", Clause(EPS * EPS, up=2e-6)), same_data="x")
    for order in ((strong, weak), (weak, strong)):
        items = {item["id"]: item for item in chi2(1e-3, *order, HALF).to_dict()["constraints"]}
        assert items["strong"]["uncounted"] == items["h"]["uncounted"] == ""
        assert items["weak"]["uncounted"] == "made of the same data as strong, which is stronger at this mass"
        assert items["weak"]["chi2"] == 0.0
        assert items["strong"]["chi2"] == pytest.approx(stats.halfnorm.ppf(0.9) ** 2, rel=1e-11)


def test_splitting_a_measurement_over_two_constraints_changes_nothing() -> None:
    """Two measurements of the same quantity against their weighted mean, which has the error s/sqrt(2)."""
    one = made("one", "normal", "2 sigma", Clause(EPS, centre=1e-3, up=2 * 4e-4, down=2 * 4e-4))
    other = replace(one, id="other")
    s = 4e-4 / math.sqrt(2.0)
    mean = made("mean", "normal", "2 sigma", Clause(EPS, centre=1e-3, up=2 * s, down=2 * s))
    eps = np.linspace(-2e-3, 3e-3, 5)
    np.testing.assert_allclose(chi2(eps, one, other).chi2_constraints, chi2(eps, mean).chi2_constraints, rtol=1e-11)


def test_the_clause_with_the_largest_ratio_counts() -> None:
    both = made(
        "b", "half-normal", "2 sigma", Clause(EPS, up=1e-3), Clause(EPS, up=2e-3, likelihood="counting", cl="90%")
    )
    (found,) = chi2(1e-3, both).chi2_by_constraint
    assert found == pytest.approx(4.0, rel=1e-12)


def test_beyond_its_width_a_clause_adds_nothing() -> None:
    narrow = made("narrow", "counting", "90%", Clause(EPS, up=1e-3, max_width=1e-30))
    result = chi2(1e-3, narrow)
    assert not result.applies.any()
    assert not result.chi2_by_constraint.any()


def test_measurements_of_zdscan() -> None:
    """b_k_nunu, k_pi_nunu_plus and a_mu without a vector, by their constants; limits are nothing there."""
    result = zdscan.evaluate("A", 0.05, constraints=["a_mu", "k_pi_nunu_plus", "b_kst_nunu", "babar_visible", "a_e"])
    a_mu = (C["delta_a_mu"] / C.error("delta_a_mu")[0]) ** 2
    # the bound has one side, so it is the error of that side
    k_pi = ((C["BR_Kp_pip_nunu_SM"] - C["BR_Kp_pip_nunu"]) / C.error("BR_Kp_pip_nunu")[0]) ** 2
    for found in (result.chi2_by_constraint, result.sm_chi2_by_constraint):
        np.testing.assert_allclose(found, [a_mu, k_pi, 0.0, 0.0, 0.0], rtol=1e-9)
    excess = float(zdscan.evaluate("A", 0.05, constraints=["b_k_nunu"]).chi2_constraints)
    assert math.sqrt(excess) == pytest.approx(2.7, abs=0.15)  # standard deviations, as HFLAV has it
    reasons = {item["id"]: item["uncounted"] for item in result.to_dict()["constraints"]}
    assert [name for name, reason in reasons.items() if reason] == ["a_e"]


def test_tension_is_left_out_by_a_word() -> None:
    point = ("B", 0.05, 1e-4, 0.0, 1e-3)
    names = ["flavour", "low-energy"]
    whole, rest = (zdscan.evaluate(*point, constraints=use) for use in (names, [*names, "-tension"]))
    (a_mu,) = zdscan.evaluate(*point, constraints=["a_mu"]).chi2_by_constraint
    assert a_mu > 40.0
    # with b_k_x gone there is no other constraint on its data left either
    assert float(whole.chi2_constraints - rest.chi2_constraints) == pytest.approx(a_mu, rel=1e-6)
    assert float(rest.chi2_constraints) < 10.0


def test_fields_of_a_grid_are_those_of_points() -> None:
    axes = {"mass": [0.05, 0.3], "eps": [0.0, 1e-4], "eps_z": [-1e-5, 0.0], "g_mu": [1e-4, 1e-3]}
    physics = build_physics(CASES["B"])
    fields = ("chi2", "excluded", "chi2_constraints", "chi2_total")
    engine = Engine(physics, {name: np.array(values) for name, values in axes.items()}, fields)
    outputs = [np.empty(8, dtype=item.dtype) for item in engine.fields]
    for index, mass in enumerate(axes["mass"]):
        engine.evaluate(engine.mass_tables(index), 0, 8, outputs)
        values = np.meshgrid(*(axes[name] for name in ("eps", "eps_z", "g_mu")), indexing="ij")
        point = zdscan.evaluate("B", mass, *values)
        np.testing.assert_allclose(outputs[2], point.chi2_constraints.ravel(), rtol=FLOAT32_OUTPUT)
        np.testing.assert_allclose(outputs[3], point.chi2_total.ravel(), rtol=FLOAT32_OUTPUT)
    assert json.loads(engine.attributes["likelihoods"])["a_mu"] == "normal"
    assert "likelihoods" not in Engine(physics, engine.axes, fields[:2]).attributes
