"""Named models against charges written out here, and what is said of their currents."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.tolerances import CLOSED_FORM
from zdscan import evaluate
from zdscan.errors import UserError
from zdscan.physics import models
from zdscan.physics.cases import CASES, COUPLINGS, named_case
from zdscan.physics.currents import currents
from zdscan.physics.vertex import vertex

E, S2 = 0.3028221208718, 0.23122
GZ = 0.7407012373374
BARYON = {"u": 1 / 3, "d": 1 / 3, "s": 1 / 3}
Q = {"e": -1, "mu": -1, "tau": -1, "u": 2 / 3, "d": -1 / 3, "s": -1 / 3, "nue": 0, "numu": 0, "nutau": 0}


def lepton_number(e=0, mu=0, tau=0):
    return {"e": e, "mu": mu, "tau": tau, "nue": e, "numu": mu, "nutau": tau}


def minus(first, second, factor=1.0):
    return {name: first.get(name, 0) - factor * second.get(name, 0) for name in Q}


ALL_LEPTONS = lepton_number(1, 1, 1)
B_L = minus(BARYON, ALL_LEPTONS)
# name -> vector charges of the first parameter; neutrinos are left-handed
VECTORS = {
    "dark_photon": {name: E * q for name, q in Q.items()},
    "b_l": B_L,
    "b_3le": minus(BARYON, lepton_number(e=1), 3),
    "b_3lmu": minus(BARYON, lepton_number(mu=1), 3),
    "b_3ltau": minus(BARYON, lepton_number(tau=1), 3),
    "l_mu_l_tau": lepton_number(mu=1, tau=-1),
    "l_e_l_mu": lepton_number(e=1, mu=-1),
    "l_e_l_tau": lepton_number(e=1, tau=-1),
    "u1_r": minus({name: 2 * (1 - S2) * q for name, q in Q.items()}, B_L),
    "baryonic": {name: BARYON.get(name, 0) + E**2 / (16 * np.pi**2) * q for name, q in Q.items()},
}
PHOTON_SECOND = ("b_l", "b_3le", "b_3lmu", "b_3ltau", "l_mu_l_tau", "l_e_l_mu", "l_e_l_tau", "muonphilic")
CONSERVED = ("dark_photon", "b_l", "b_3le", "b_3lmu", "b_3ltau", "l_mu_l_tau", "l_e_l_mu", "l_e_l_tau", "u1_r")


def column(name, parameter):
    case = named_case(name)
    return dict(zip(COUPLINGS, case.matrix[:, case.parameters.index(parameter)].tolist(), strict=True))


def first(name):
    return column(name, named_case(name).parameters.used[0])


def test_the_models_asked_for_are_there() -> None:
    others = {"dark_z", "protophobic", "axial", "chiral", "muonphilic"}
    assert set(models.available()) == {*VECTORS, *others}
    assert not set(models.available()) & set(CASES)


@pytest.mark.parametrize("name", VECTORS)
def test_vector_models(name) -> None:
    """Charges of every fermion; no axial coupling; the W has the difference within a doublet. Data hold ten digits."""
    found = first(name)
    for fermion, charge in VECTORS[name].items():
        row = f"g_{fermion}" if fermion.startswith("nu") else f"v_{fermion}"
        assert found[row] == pytest.approx(charge, rel=1e-7, abs=1e-9), row
    assert all(found[f"a_{fermion}"] == pytest.approx(0.0, abs=1e-12) for fermion in ("e", "mu", "tau", "u", "d", "s"))
    w = VECTORS[name].get("u", 0) - VECTORS[name].get("d", 0)
    assert [found[row] for row in ("gWW", "gpp", "gWp")] == pytest.approx([w] * 3, rel=1e-7, abs=1e-9)


@pytest.mark.parametrize("name", PHOTON_SECOND)
def test_kinetic_mixing_is_that_of_case_a(name) -> None:
    case = named_case(name)
    assert case.parameters.used[1] == "eps"
    np.testing.assert_array_equal(case.matrix[:, 1], CASES["A"].matrix[:, 0])


def test_dark_z_is_case_a() -> None:
    np.testing.assert_array_equal(named_case("dark_z").matrix, CASES["A"].matrix)
    found = column("dark_z", "eps_z")
    assert (found["v_e"], found["a_e"]) == pytest.approx((GZ * (-0.25 + S2), -GZ / 4), rel=1e-9)
    assert found["g_numu"] == pytest.approx(GZ / 2, rel=1e-9)


def test_models_with_axial_couplings() -> None:
    axial, chiral, protophobic, muon = (first(name) for name in ("axial", "chiral", "protophobic", "muonphilic"))
    assert [axial[f"a_{f}"] for f in ("u", "d", "s", "e", "mu")] == [1, -1, -1, -1, -1]
    assert [axial[f"v_{f}"] for f in ("u", "d", "s", "e", "mu")] == [0] * 5
    assert axial["g_nue"] == axial["g_numu"] == axial["g_nutau"] == 0.5
    assert [chiral[f"v_{f}"] for f in ("u", "d", "s", "e", "mu")] == [1, 1, 1, -1, -1]
    assert [chiral[f"a_{f}"] for f in ("u", "d", "s", "e", "mu")] == [1, -1, -1, -1, -1]
    assert [protophobic[f"v_{f}"] for f in ("u", "d", "s", "e", "mu")] == pytest.approx([-1 / 3, 2 / 3, 2 / 3, -1, -1])
    assert 2 * protophobic["v_u"] + protophobic["v_d"] == pytest.approx(0.0, abs=1e-15)  # the proton
    assert {row: value for row, value in muon.items() if value} == {"v_mu": 1.0}


@pytest.mark.parametrize("name", CONSERVED)
def test_conserved_currents(name) -> None:
    """No anomaly, nothing that breaks them, and so no monopole: E0 = 0 for all three transitions."""
    case = named_case(name)
    for found in currents(case.matrix, case.parameters.names):
        assert found.broken_by == ()
        assert (found.anomaly, found.hypercharge) == (0.0, 0.0)
    for transition in ("bs", "bd", "sd"):
        unit = abs(vertex(CASES["A"].matrix, transition).e0[1])  # of mass mixing
        assert np.all(np.abs(vertex(case.matrix, transition).e0) <= 1e-9 * unit)
    assert case.verdict() == ("none", "conserved")


def test_currents_that_are_broken() -> None:
    def of(name):
        case = named_case(name)
        return currents(case.matrix, case.parameters.names)[0]

    # half the sum over doublets: nine quark doublets of charge 1/3; three times 1 - 1/3... of the chiral model below
    assert of("baryonic").anomaly == pytest.approx(1.5)
    assert of("chiral").anomaly == pytest.approx(0.5 * (9 * 1.0 + 3 * -1.0))  # means of (2, 0) and of (0, -2)
    assert of("protophobic").anomaly is None  # leptons do not fit the W: nothing is predicted
    assert "weak isospin" in of("protophobic").broken_by[0]
    assert any("masses" in reason for reason in of("axial").broken_by)
    assert "weak isospin" in of("muonphilic").broken_by[0]


def test_an_unknown_model_has_a_nearest_name() -> None:
    with pytest.raises(UserError, match=r"no case 'b_ll' \(did you mean 'b_l'\?\)"):
        named_case("b_ll")


# --- right-handed neutrinos ------------------------------------------------------------------------------------------


def test_light_right_handed_neutrinos_double_the_width() -> None:
    heavy, light = (evaluate("b_l", 0.05, g=1e-3, right_handed_neutrinos=which) for which in ("heavy", "light"))
    assert float(heavy.widths["nunu"]) == pytest.approx(3 * 0.05 * 1e-6 / (24 * np.pi), rel=CLOSED_FORM)
    assert float(light.widths["nunu"]) == pytest.approx(3 * 0.05 * 1e-6 / (12 * np.pi), rel=CLOSED_FORM)
    assert float(light.widths["ee"]) == float(heavy.widths["ee"])
    for name in ("A", "axial", "dark_photon"):
        with pytest.raises(UserError, match="right_handed_neutrinos = 'light' does not fit"):
            evaluate(name, 0.05, right_handed_neutrinos="light")
