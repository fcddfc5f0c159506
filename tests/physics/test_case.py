"""Cases as coupling matrices, and users' own: numbers typed from the Lagrangian, refusals in words."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.support.tolerances import EXACT_ALGEBRA
from zdscan.errors import UserError
from zdscan.physics.cases import CASES, COUPLINGS, Case

E = 0.3028221208718
GZ = 0.7407012373374
S2 = 0.23122
POINT = {"eps": 3e-4, "eps_z": -2e-3, "g_mu": 0.01}


def expected_mixing(charge, isospin, eps, eps_z):
    """v, a of kinetic plus mass mixing: half the Z's T3 - 2 Q s2 and T3, since J_Z = fbar gamma (T3 P_L - Q s2) f."""
    left, right = isospin - charge * S2, -charge * S2
    return E * eps * charge + GZ * eps_z * (left + right) / 2, GZ * eps_z * (left - right) / 2


@pytest.mark.parametrize("name", ["A", "B", "C"])
def test_fermion_couplings(name):
    g_mu = 0.0 if name == "A" else POINT["g_mu"]
    c = CASES[name].couplings(POINT["eps"], POINT["eps_z"], g_mu)
    for fermion, charge, isospin in (("e", -1, -0.5), ("mu", -1, -0.5), ("u", 2 / 3, 0.5), ("d", -1 / 3, -0.5)):
        v, a = expected_mixing(charge, isospin, POINT["eps"], POINT["eps_z"])
        if fermion == "mu":
            v += g_mu
        if fermion == "e" and name == "C":
            v = a = 0.0
        assert c[f"v_{fermion}"] == pytest.approx(v, rel=1e-11, abs=1e-18)
        assert c[f"a_{fermion}"] == pytest.approx(a, rel=1e-11, abs=1e-18)
    assert c["v_s"] == c["v_d"]
    assert c["g_nue"] == c["g_numu"] == c["g_nutau"] == pytest.approx(GZ * POINT["eps_z"] / 2, rel=1e-11)


def test_gauge_couplings_satisfy_the_vertex_condition():
    """gpp = gR_u - gL_d (finite penguin), gWW = gL_u - gL_d (W couples to the doublet), for photon and Z."""
    m = dict(zip(COUPLINGS, CASES["A"].matrix, strict=True))
    left_up, right_up, left_down = m["v_u"] + m["a_u"], m["v_u"] - m["a_u"], m["v_d"] + m["a_d"]
    scale = np.max(np.abs(CASES["A"].matrix))
    np.testing.assert_allclose(m["gpp"], right_up - left_down, atol=EXACT_ALGEBRA * scale)
    np.testing.assert_allclose(m["gWW"], left_up - left_down, atol=EXACT_ALGEBRA * scale)
    # W+ phi- V: the photon's e MW, the Z's -gz sW2 MW
    np.testing.assert_allclose(m["gWp"], [E, -GZ * S2, 0.0], rtol=1e-11)


def test_axial_muon_coupling_follows_g_mu():
    plain = CASES["B"].couplings(**POINT)
    axial = CASES["B"].couplings(**POINT, axial_mu=-0.5)
    assert axial["a_mu"] - plain["a_mu"] == pytest.approx(-0.5 * POINT["g_mu"])
    assert {k: v for k, v in axial.items() if k != "a_mu"} == {k: v for k, v in plain.items() if k != "a_mu"}


def test_own_case_lmu_ltau():
    case = Case.from_couplings("Lmu-Ltau", {"v_mu": {"g_mu": 1.0}, "g_numu": {"g_mu": 1.0}, "g_nutau": {"g_mu": -1.0}})
    c = case.couplings(1.0, 1.0, 0.1)
    assert (c["v_mu"], c["g_numu"], c["g_nutau"], c["g_nue"]) == (0.1, 0.1, -0.1, 0.0)


def test_g_nu_is_all_three_neutrinos():
    c = Case.from_couplings("nu", {"g_nu": {"eps_z": 2.0}}).couplings(0.0, 0.5, 0.0)
    assert [c[f"g_nu{flavour}"] for flavour in ("e", "mu", "tau")] == [1.0, 1.0, 1.0]


@pytest.mark.parametrize(
    ("couplings", "fragments"),
    [
        ({"v_muon": {"g_mu": 1.0}}, ["no coupling 'v_muon'", "'v_mu'"]),
        ({"v_mu": {"gmu": 1.0}}, ["no parameter 'gmu'", "'g_mu'"]),
        ({"v_mu": {"g_mu": math.nan}}, ["v_mu per g_mu is nan", "finite"]),
        ({"v_mu": {"g_mu": math.inf}}, ["finite"]),
        ({"v_mu": {"g_mu": -1e300}}, ["v_mu per g_mu is -1e+300", "at most 100"]),
        ({"v_mu": {"g_mu": "1"}}, ["v_mu per g_mu is '1'", "finite number"]),
        ({"v_mu": 1.0}, ["coupling v_mu: 1.0 must be numbers by parameter"]),
        ({3: {"g_mu": 1.0}}, ["no coupling 3"]),
        ({"v_u": {"g_mu": 0.5}, "gpp": {"g_mu": 0}}, ["gpp per g_mu is 0", "gR_u - gL_d", "0.5", "not finite"]),
        ({"v_u": {"g_mu": 0.5}, "gWW": {"g_mu": 0.25}}, ["gWW per g_mu is 0.25", "gL_u - gL_d", "= 0.5,"]),
        ({"v_u": {"g_mu": 0.5}, "gWp": {"g_mu": -1}}, ["gWp per g_mu is -1", "2 gpp - gWW = 0.5,"]),
        ({"gWW": {"eps": 0.3}}, ["gWW per eps is 0.3", "= 0, or a quark"]),
        ({"a_u": {"g_mu": 0.5}, "gpp": {"g_mu": 0.5}}, ["gR_u - gL_d", "-0.5"]),
        ({"v_d": {"eps": 0.1}}, ["d and s couple differently per eps"]),
        ({"x": {"eps": 1.0}, "y": {"eps": 1.0}}, ["'x'", "'y'"]),
    ],
)
def test_refusals(couplings, fragments):
    with pytest.raises(UserError) as caught:
        Case.from_couplings("mine", couplings)
    text = "\n".join(caught.value.messages)
    assert text.count("mine") == len(caught.value.messages)
    for fragment in fragments:
        assert fragment in text
