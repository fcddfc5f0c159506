"""What follows from the couplings that are given: W, Goldstone boson and tau of users' own matrices."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.twins.loop_integrals import POLES
from tests.twins.wess_zumino import higgs_coupling
from zdscan import evaluate
from zdscan.errors import UserError
from zdscan.inputs import constants
from zdscan.physics.cases import CASES, COUPLINGS, Case
from zdscan.physics.currents import currents
from zdscan.physics.parameters import PARAMETERS

NUMBER = st.floats(-2.0, 2.0)


def quarks_of(left_up, right_up, left_down, right_down, parameter="eps"):
    """Rows of quarks with these chiral couplings."""
    v_u, a_u, v_d, a_d = (
        (left_up + right_up) / 2,
        (left_up - right_up) / 2,
        (left_down + right_down) / 2,
        (left_down - right_down) / 2,
    )
    return {
        "v_u": {parameter: v_u},
        "a_u": {parameter: a_u},
        **{f"v_{q}": {parameter: v_d} for q in "ds"},
        **{f"a_{q}": {parameter: a_d} for q in "ds"},
    }


@settings(max_examples=60, deadline=None)
@given(left_up=NUMBER, right_up=NUMBER, left_down=NUMBER, right_down=NUMBER)
def test_derived_gauge_couplings_keep_the_charge_and_one_higgs_doublet(left_up, right_up, left_down, right_down):
    """The W takes d_L to u_L, the Goldstone boson d_L to u_R; W and Goldstone boson by |D H|^2 written out."""
    c = Case.from_couplings("own", quarks_of(left_up, right_up, left_down, right_down)).couplings(1.0, 0.0, 0.0)
    assert c["gWW"] == pytest.approx(left_up - left_down, abs=1e-14)
    assert c["gpp"] == pytest.approx(right_up - left_down, abs=1e-14)
    neutral = c["gpp"] - c["gWW"]  # what the W adds takes the neutral to the charged component
    assert c["gWp"] == pytest.approx(higgs_coupling(0.65, 246.0, c["gpp"], neutral), abs=1e-11)


@settings(max_examples=60, deadline=None)
@given(left_up=NUMBER, right_up=NUMBER, left_down=NUMBER, right_down=NUMBER)
def test_derived_gauge_couplings_make_the_vertex_finite(left_up, right_up, left_down, right_down):
    """The part of the pole of E0 that grows with the quark's mass vanishes, the other drops out by unitarity."""
    c = Case.from_couplings("own", quarks_of(left_up, right_up, left_down, right_down)).couplings(1.0, 0.0, 0.0)
    found = {"L": left_up, "R": right_up, "WW": c["gWW"], "pp": c["gpp"], "Wp": c["gWp"], "D": left_down}
    assert sum(found[name] * float(pole) for name, (_, pole) in POLES.items()) == pytest.approx(0.0, abs=1e-14)


def test_built_in_gauge_couplings_are_the_derived_ones():
    m = dict(zip(COUPLINGS, CASES["A"].matrix, strict=True))
    fermions = {name: dict(zip(PARAMETERS, row, strict=True)) for name, row in m.items() if not name.startswith("g")}
    neutrinos = {name: dict(zip(PARAMETERS, m[name], strict=True)) for name in ("g_nue", "g_numu", "g_nutau")}
    for left_out in (set(), {"v_tau", "a_tau"}):
        given = {name: row for name, row in (fermions | neutrinos).items() if name not in left_out}
        np.testing.assert_allclose(Case.from_couplings("own", given).matrix, CASES["A"].matrix, atol=2e-16)


def test_a_coupling_that_is_given_as_zero_is_given():
    with pytest.raises(UserError, match=r"gWW per eps is 0 but must be .* = 0.5"):
        Case.from_couplings("own", {"v_u": {"eps": 0.5}, "gWW": {"eps": 0.0}})
    quarkless = {"g_nutau": {"eps": 1.0, "g_mu": 1.0}, "v_tau": {"eps": 0.0}}
    c = dict(zip(COUPLINGS, Case.from_couplings("own", quarkless).matrix, strict=True))
    assert (c["v_tau"].tolist(), c["a_tau"].tolist()) == ([0.0, 0.0, 1.0], [0.0, 0.0, 0.0])


def test_leptons_do_not_speak_for_the_w():
    """Couplings of leptons alone: W and Goldstone boson stay neutral, and the current breaks weak isospin."""
    case = Case.from_couplings("own", {"g_nu": {"eps": 1.0}})
    c = case.couplings(1.0, 0.0, 0.0)
    assert (c["gWW"], c["gpp"], c["gWp"], c["v_tau"]) == (0.0, 0.0, 0.0, 1.0)
    assert "nu_e - e_L = 1, nu_mu - mu_L = 1" in currents(case.matrix)[0].broken_by[0]


MASS_MIXING_ALONE = {"nu_e"}
DARK_PHOTON_ALONE = {"sn1987a"}  # for a model that is one whatever its parameters, which Case A is not
DARK_PHOTON = {"v_u": 2 / 3, "v_d": -1 / 3, "v_s": -1 / 3, "v_e": -1.0, "v_mu": -1.0}


@pytest.mark.parametrize("mass", [0.011, 0.3, 1.9])
@pytest.mark.parametrize("with_tau", [False, True])
def test_a_dark_photon_by_its_fermions_is_the_built_in_one(mass, with_tau):
    """Every output, theory complete, to rounding."""
    e = constants.load()["e"]
    charges = DARK_PHOTON | ({"v_tau": -1.0} if with_tau else {})
    own = Case.from_couplings("own", {name: {"eps": e * charge} for name, charge in charges.items()})
    options = {"theory": "complete", "emission": "complete"}
    one, other, photon = (evaluate(case, mass, 1e-3, **options).to_dict() for case in (own, "A", "dark_photon"))
    # what only mass mixing could do applies in Case A, with a prediction of 0, and to no dark photon
    for entry in other["constraints"]:
        if entry["id"] in MASS_MIXING_ALONE:
            assert entry["prediction"] == 0.0
    for result in (one, other, photon):
        result["constraints"] = [entry for entry in result["constraints"] if entry["id"] not in MASS_MIXING_ALONE]
    of_both = [
        result | {"constraints": [item for item in result["constraints"] if item["id"] not in DARK_PHOTON_ALONE]}
        for result in (one, other)
    ]
    numbers(*of_both, "")
    one["parameters"] = photon["parameters"]  # by another name
    one["currents"], photon["currents"] = [], []
    numbers(one, photon, "")


def numbers(one, other, path):
    """Assert that two results are the same, numbers to 1e-12."""
    assert type(one) is type(other), path
    if isinstance(one, dict):
        assert one.keys() == other.keys(), path
        for key in one:
            numbers(one[key], other[key], f"{path}.{key}")
    elif isinstance(one, list):
        assert len(one) == len(other), path
        for k, (first, second) in enumerate(zip(one, other, strict=True)):
            if first != {} and path == ".currents" and k:
                continue  # eps_z and g_mu mean nothing in the own matrix
            numbers(first, second, f"{path}[{k}]")
    elif isinstance(one, float):
        # what the Standard Model predicts is subtracted from rows and constraints: relative to these numbers
        assert one == pytest.approx(other, rel=1e-12, abs=1e-12 if path.endswith("pull") else 1e-300), path
    else:
        assert one == other, path


def test_format_1_has_no_tau_and_may_contradict_itself():
    assert Case.from_couplings("own", {"v_tau": {"eps": 1.0}}).couplings(1, 0, 0)["v_tau"] == 1.0
    with pytest.raises(UserError) as refusal:
        Case.from_couplings("own", {"v_tau": {"eps": 1.0}}, scan_format=1)
    assert refusal.value.messages == (
        "Case own: v_tau needs format = 2; in format 1 the tau follows from its neutrino and the W.",
    )
    contradictory = {**quarks_of(0.2, 0.2, -0.1, -0.1), "gWW": {"eps": 0.25}, "gWp": {"eps": 0.1}}
    with pytest.raises(UserError, match=r"gWW per eps is 0.25 but .* = 0.3"):
        Case.from_couplings("own", contradictory, scan_format=2)
    c = Case.from_couplings("own", contradictory, scan_format=1).couplings(1.0, 0.0, 0.0)
    assert (c["gWW"], c["gWp"]) == (0.25, 0.1)
    assert c["gpp"] == pytest.approx(0.3)
    with pytest.raises(UserError, match=r"gpp per eps is 0\.1"):
        Case.from_couplings("own", {**contradictory, "gpp": {"eps": 0.1}}, scan_format=1)


def test_a_matrix_that_contradicts_itself_has_no_wess_zumino_term():
    """As format 1 computed it before there was one, in every column."""
    baryonic = quarks_of(0.1, 0.1, 0.1, 0.1, "eps_z")
    contradictory = {**quarks_of(0.2, 0.2, -0.1, -0.1), "gWW": {"eps": 0.25}}
    both = {name: contradictory.get(name, {}) | baryonic.get(name, {}) for name in {*contradictory, *baryonic}}
    found = currents(Case.from_couplings("own", both, scan_format=1).matrix)
    assert [current.anomaly for current in found] == [None, None, None]
    assert "another coupling than its quarks need" in found[1].broken_by[0]
