"""Why constraints say nothing: a reason wherever one does not apply, and none where it does."""

from __future__ import annotations

import numpy as np
import pytest

import zdscan
from tests.support.verdicts import of
from zdscan import constraints
from zdscan.evaluation.engine import build_physics
from zdscan.physics import silence
from zdscan.physics.cases import case_of

MUONS = {"v_mu": {"g_mu": 1.0}, "g_numu": {"g_mu": 1.0}}


def physics(case, **settings):
    return build_physics(case_of(case), **settings)


@pytest.mark.parametrize(
    ("case", "mass", "parameters", "name", "reason"),
    [
        # a current that the search does not share
        (MUONS, 0.3, {"g_mu": 1e-3}, "babar_visible", "no coupling to electrons, whose annihilation makes"),
        (MUONS, 0.1, {"g_mu": 1e-3}, "na48", "no vector coupling to u and d quarks"),
        (MUONS, 0.3, {"g_mu": 1e-3}, "lhcb_prompt", "no coupling to quarks"),
        ("axial", 0.1, {"g": 1e-3}, "na48", "without which pi0 -> gamma V is forbidden"),
        (
            *(MUONS, 0.3, {"g_mu": 1e-3}, "proton_dumps"),
            "no vector coupling to quarks, without which eta -> gamma V is forbidden (na62_dump_ee, na62_dump_mumu)",
        ),
        # the same at couplings that happen to be 0
        ("B", 0.3, {"g_mu": 1e-3}, "babar_visible", silence.NOT_MADE),
        ("l_mu_l_tau", 0.05, {"g": 1e-3}, "electron_dumps", silence.NOT_MADE),
        # what cannot be recast at all
        ("b_l", 0.05, {"g": 1e-9}, "sn1987a", "dark photon alone: it cannot be recast"),
        ("A", 0.05, {"eps": 1e-9}, "sn1987a", "dark photon alone"),
        # masses
        ("dark_photon", 0.55, {"eps": 1e-3}, "lhcb_prompt", "no numbers at this mass"),
        ("dark_photon", 0.7, {"eps": 1e-3}, "na48", "no numbers at this mass"),
        ("dark_photon", 0.5, {"eps": 1e-3}, "k_pi_x", "this mass is outside of what it covers: 10 to 103.5"),
        # couplings of other tests
        ("dark_photon", 0.5, {"eps": 1e-3}, "nu_e", "couplings that it tests are 0 in this model"),
        ("b_l", 0.5, {"g": 1e-3}, "z_gamma_x", "couplings that it tests are 0 in this model"),
        # widths
        ("B", 0.5, {"eps": 1e-2, "g_mu": 1.5}, "babar_visible", "too broad for a peak: the width is 0.059 of the mass"),
    ],
)
def test_reasons(
    case: str | dict[str, dict[str, float]], mass: float, parameters: dict[str, float], name: str, reason: str
) -> None:
    point = zdscan.evaluate(case, mass, constraints=[name], **parameters)
    entry = of(point, name)
    assert not entry["applies"]
    assert entry["prediction"] is None
    assert entry["ratio"] == 0.0
    assert reason in entry["reason"]


def test_prompt_decays_of_the_papers_theory() -> None:
    point = zdscan.evaluate("A", 0.3, 1e-9, constraints=["b_k_x_mumu"], theory="paper", limits="rashed2024")
    assert of(point, "b_k_x_mumu")["reason"].startswith("not prompt: the vector lives ")
    assert "longer than 10 ps" in of(point, "b_k_x_mumu")["reason"]


def test_a_reason_exactly_where_nothing_applies() -> None:
    """At random points of several models, alone and as an array."""
    rng = np.random.default_rng(5)
    for case, name in (("B", "g_mu"), ("b_l", "g"), ("axial", "g")):
        masses, sizes = rng.uniform(0.01, 2.0, 6), 10.0 ** rng.uniform(-9.0, -1.0, 6)
        many = zdscan.evaluate(case, masses, **{name: sizes})
        assert many.reasons.shape == many.applies.shape
        np.testing.assert_array_equal(many.reasons == "", many.applies)
        assert not many.excluded[~many.applies].any()
        one = zdscan.evaluate(case, masses[2], **{name: sizes[2]})
        assert one.reasons.tolist() == many.reasons[2].tolist()
        assert [item["reason"] for item in one.to_dict()["constraints"]] == one.reasons.tolist()


def test_reasons_are_clauses_without_a_full_stop() -> None:
    for case in ("B", "b_l", MUONS, "axial"):
        chosen = physics(case, constraints=list(constraints.available()))
        for mass in (0.01, 0.13, 0.55, 1.3):
            for item in chosen.constraints:
                said = silence.of_model(item, chosen.model_at(mass), mass)
                assert bool(said) is not bool(item.clauses(chosen.model_at(mass), mass)), (case, item.id)
                assert not said.endswith(".")
                assert "\n" not in said


def test_of_many_masses() -> None:
    """One mass at which a constraint applies is enough; else all reasons, of the masses together."""
    chosen = physics("dark_photon", constraints=["na48", "k_pi_x", "nu_e"])
    na48, k_pi_x, nu_e = chosen.constraints

    def said(item, masses, couplings=(1.0, 0.0, 0.0)):
        return silence.of_masses(item, chosen.model_at, masses, couplings)

    assert said(na48, [0.3, 0.1]) == ""
    assert said(na48, [0.3]) == "no numbers at this mass"
    assert said(na48, [0.3, 0.4]) == "no numbers at these masses"
    assert said(k_pi_x, [0.5, 0.6]).startswith("these masses are outside of what it covers: ")
    assert said(nu_e, [0.1, 1.0]).startswith("the couplings that it tests are 0")
    assert said(na48, [0.1, 0.3], (0.0, 0.0, 0.0)) == silence.NOT_MADE
    assert said(na48, np.linspace(0.3, 2.0, 3000).tolist()) == "no numbers at these masses"
