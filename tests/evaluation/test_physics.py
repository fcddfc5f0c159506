"""The physics of a scan: couplings and vertex of its settings, points in runs of any length, its identity."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from tests.support.tolerances import EXACT_ALGEBRA
from zdscan.evaluation.engine import build_physics
from zdscan.evaluation.physics import OPTIONAL
from zdscan.evaluation.points import AT_ONCE
from zdscan.kernels.physics.couplings import A_MU
from zdscan.physics.cases import CASES, Case
from zdscan.physics.clause import Clause, Constraint
from zdscan.physics.polynomial import Polynomial


def test_settings_enter_couplings_and_vertex() -> None:
    plain, changed = (
        build_physics(CASES["B"], theory="complete", constraints=(), **settings)
        for settings in ({}, {"axial_mu": 0.25, "fcnc_scale": 3.0})
    )
    difference = changed.matrix - plain.matrix
    assert np.argwhere(difference).tolist() == [[A_MU, 2]]
    assert difference[A_MU, 2] == 0.25
    assert plain.penguin[0].any()
    np.testing.assert_allclose(changed.penguin[0], 3.0 * plain.penguin[0], rtol=1e-12)  # the monopole alone
    np.testing.assert_array_equal(changed.penguin[1:], plain.penguin[1:])
    paper = build_physics(CASES["B"], theory="paper", constraints=())
    assert plain.penguin[2].any()
    assert not paper.penguin[2].any()  # no dipole
    np.testing.assert_array_equal(paper.penguin[:2], plain.penguin[:2])


def test_emission_is_complete_for_all_but_the_papers_own_cases() -> None:
    """By name and by every coupling; what the settings add to the matrix does not make a case another."""
    turned = Case("A", "title", CASES["A"].matrix * 2.0)
    renamed = Case("mine", "title", CASES["A"].matrix)
    assert [case.built_in for case in (*CASES.values(), turned, renamed)] == [True, True, True, False, False]
    for case, theory, emission in (
        *((CASES[name], "paper", "lepton") for name in "ABC"),
        *((CASES[name], "complete", "complete") for name in "ABC"),
        *((case, theory, "complete") for case in (turned, renamed) for theory in ("paper", "complete")),
    ):
        assert build_physics(case, theory=theory, constraints=()).model.emission == emission
        assert build_physics(case, theory=theory, constraints=(), emission="lepton").model.emission == "lepton"
    assert build_physics(CASES["B"], theory="paper", constraints=(), axial_mu=0.5).model.emission == "lepton"


@pytest.mark.parametrize("theory", ["paper", "complete"])
def test_a_conserved_current_is_not_excluded_by_growth(theory: str) -> None:
    """L_mu - L_tau at 10 MeV: g' < 2.2e-3 from K -> mu + invisible and 0.34 from the W, in either theory."""
    couplings = {name: {"g_mu": 1.0} for name in ("v_mu", "g_numu")} | {"g_nutau": {"g_mu": -1.0}}
    case = Case.from_couplings("L_mu - L_tau", couplings)
    for name, limit in (("k_mu_inv", 2.2e-3), ("w_width", 0.34)):
        physics = build_physics(case, theory=theory, constraints=[name], limits="rashed2024", level="published")
        axes = (np.zeros(1), np.zeros(1), np.array([limit]))
        (ratio,) = physics.evaluate(physics.mass_tables(0.01), axes, want=("ratios",))["ratios"][0]
        assert np.sqrt(ratio) == pytest.approx(1.0, rel=0.03)


def test_a_run_is_what_the_axes_say_by_default() -> None:
    physics = build_physics(CASES["C"], constraints=["a_mu", "k_pi_x"])
    axes = (np.array([0.0, 1e-3]), np.array([-1e-4, 1e-4]), np.array([1e-3, 1e-2, 0.1]))
    tables = physics.mass_tables(0.3)
    whole = physics.evaluate(tables, axes)
    assert set(whole) == {"chi2", "excluded"}
    part = physics.evaluate(tables, axes, 5, 4, want=OPTIONAL)
    assert set(part) == {"chi2", "excluded", *OPTIONAL}
    np.testing.assert_array_equal(part["chi2"], whole["chi2"][5:9])
    assert len(physics.evaluate(tables, axes, 5)["chi2"]) == 7
    for n, point in enumerate(((0.0, 1e-4, 0.1), (1e-3, -1e-4, 1e-3))):  # the sixth and the seventh
        assert physics.chi2(0.3, *point) == pytest.approx(part["chi2"][n], rel=100 * EXACT_ALGEBRA)


@pytest.mark.parametrize("count", [0, 1, AT_ONCE, AT_ONCE + 1])
def test_points_of_any_number(count: int) -> None:
    physics = build_physics(CASES["B"], constraints=["a_mu"])
    tables, parameters = physics.mass_tables(0.3), np.full((3, count), 1e-4)
    found = physics.quantities(tables, parameters, ("chi2", "widths", "ratios"))
    assert [found[name].shape for name in found] == [(count,), (count, 5), (count, 1)]
    assert len(np.unique(found["chi2"])) == min(count, 1)


def test_points_follow_the_couplings_that_cause_them() -> None:
    """Everything is even in the couplings: all signs turned give the same point, the sign of g_mu alone another."""
    physics, tables = build_physics(CASES["C"]), build_physics(CASES["C"]).mass_tables(0.4)
    parameters = np.array([[1e-3, -1e-3, 1e-3], [1e-4, -1e-4, 1e-4], [1e-2, -1e-2, -1e-2]])
    found = physics.quantities(tables, parameters, ("chi2", "predictions", "ratios"))
    for values in found.values():
        np.testing.assert_array_equal(values[0], values[1])
    assert found["chi2"][0] != found["chi2"][2]


def test_chi2_of_the_standard_model() -> None:
    physics = build_physics(CASES["A"], measurements="rashed2024-corrected", theory_errors="table")
    rows = physics.likelihood
    pulls = ((rows.sm - rows.data.values) / rows.sigma) ** 2
    assert physics.sm_chi2["all"] == pytest.approx(pulls.sum(), rel=1e-12)
    assert physics.sm_chi2["muon"] == pytest.approx(pulls[rows.data.muon].sum(), rel=1e-12)
    assert physics.chi2(0.3, 0.0, 0.0, 0.0) == pytest.approx(physics.sm_chi2["all"], rel=1e-12)


def test_more_clauses_than_slots_are_an_error_of_the_program() -> None:
    physics = build_physics(CASES["B"], constraints=["a_mu"])
    first = physics.constraints[0]
    clause = Clause(Polynomial.constant(1.0), up=1.0)
    made = Constraint(**{**vars(first), "slots": 1, "clauses": lambda model, mass: [clause, clause]})
    broken = type(physics)(physics.case, physics.likelihood, (made,), physics.settings)
    with pytest.raises(ValueError, match="a_mu returned more clauses than its slots"):
        broken.mass_tables(0.3)


def test_identity_names_what_makes_the_numbers() -> None:
    physics = build_physics(CASES["B"], constraints=["k_pi_x", "a_mu"], axial_mu=0.5)
    identity = physics.identity
    assert identity["case"] == "B"
    assert identity["constraints"] == "k_pi_x a_mu"
    couplings = json.loads(identity["couplings"])
    assert couplings["a_mu"]["g_mu"] == physics.matrix[A_MU, 2]
    assert all(any(row.values()) for row in couplings.values())  # zeros are left out
    # a hash of what the covariance is made of: processors factorise it with other last digits
    rounded = dataclasses.replace(physics.likelihood, whitening=physics.likelihood.whitening * (1.0 + 1e-15))
    assert type(physics)(physics.case, rounded, physics.constraints, physics.settings).identity == identity
    facing = build_physics(CASES["B"], constraints=["k_pi_x", "a_mu"], axial_mu=0.5, errors="facing").identity
    assert len(identity["covariance"]) == 64
    assert facing["covariance"] != identity["covariance"]
    assert all(isinstance(text, str) for text in identity.values())
    other = build_physics(CASES["B"], constraints=["k_pi_x", "a_mu"]).identity
    assert {name for name in identity if identity[name] != other[name]} >= {"couplings"}
