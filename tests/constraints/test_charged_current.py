"""The constraints from K, pi, W -> l nu Z_D and Z -> mu mu Z_D: limits, ranges, scaling, settings of the emission."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import zdscan
from tests.support.tolerances import CLOSED_FORM, THREE_DIGITS
from tests.support.verdicts import of
from zdscan.inputs import constants
from zdscan.kernels.physics.electroweak import z_factors
from zdscan.kernels.physics.meson_leptonic import meson_factors
from zdscan.physics.cases import Case

M_PI, M_MU, M_Z, S2 = 0.13957039, 0.1056583755, 91.1876, 0.23122
IDS = ("k_mu_inv", "k_mu_nu_ee", "pi_mu_nu_x", "w_width", "z_4l")


def _point(case, mass, eps=0.0, eps_z=0.0, g_mu=0.0, **settings_):
    chosen = {"theory": "paper", "constraints": IDS, "limits": "rashed2024", "level": "published"} | settings_
    return zdscan.evaluate(case, mass, eps, eps_z, g_mu, **chosen)


@pytest.mark.parametrize(("mass", "limit"), [(0.01, 3.3e-4), (0.03, 1.0e-3), (0.1, 4.0e-3), (0.2, 1.3e-2)])
def test_k_mu_inv_limits_of_case_b(mass, limit):
    """Largest g_mu for an invisible Z_D."""
    entry = of(_point("B", mass, g_mu=limit, invisible_width=1e3), "k_mu_inv")
    assert math.sqrt(1.0 / entry["ratio"]) == pytest.approx(1.0, rel=0.05)


def test_k_mu_inv_limits_of_case_a():
    for emission, limit in (("lepton", 1.8e-3), ("complete", 5.5e-4)):
        entry = of(_point("A", 0.01, 0.0, limit, emission=emission), "k_mu_inv")
        assert math.sqrt(entry["ratio"]) == pytest.approx(1.0, rel=0.01)
    assert of(_point("A", 0.01, 0.0, 1e-3), "k_mu_inv") == of(
        _point("A", 0.01, 0.0, 1e-3, emission="lepton"), "k_mu_inv"
    )
    complete = of(_point("A", 0.01, 0.0, 1e-3, theory="complete"), "k_mu_inv")
    assert complete == of(_point("A", 0.01, 0.0, 1e-3, emission="complete"), "k_mu_inv")


def test_best_fits_of_the_paper():
    """C: BR(K) = 1.05e-3 and 2.07 GeV of W width; B: 0.68 and 1.3 TeV; A: a W width of 2.8 MeV or 0.7 keV."""
    c = _point("C", 0.0302, g_mu=0.033)
    assert of(c, "k_mu_inv")["prediction"] == pytest.approx(1.05e-3, rel=THREE_DIGITS)
    assert of(c, "w_width")["prediction"] == pytest.approx(2.07, rel=THREE_DIGITS)
    assert of(c, "w_width")["excluded"]
    assert of(_point("C", 0.0302, g_mu=6.6e-3), "w_width")["ratio"] == pytest.approx(1.0, rel=0.02)
    assert not of(c, "k_mu_nu_ee")["applies"]
    b = _point("B", 0.0103, g_mu=0.28, invisible_width=1e3)
    assert of(b, "k_mu_inv")["prediction"] == pytest.approx(0.68, rel=THREE_DIGITS)
    assert of(b, "w_width")["prediction"] == pytest.approx(1.3e3, rel=0.02)
    for emission, width in (("lepton", 2.8e-3), ("complete", 0.7e-6)):
        a = of(_point("A", 0.01007, 1.6e-5, 0.002, emission=emission), "w_width")
        assert a["prediction"] == pytest.approx(width, rel=0.015)


def test_k_mu_nu_ee_limits_and_range():
    for mass, limit in ((0.1451, 6.7e-4), (0.2, 1.29e-3)):
        # a tiny eps opens ee; what it adds to the muon's coupling is negligible
        point = _point("B", mass, 1e-6, 0.0, limit)
        assert float(point.branching_ratios["ee"]) == pytest.approx(1.0)
        assert math.sqrt(of(point, "k_mu_nu_ee")["ratio"]) == pytest.approx(1.0, rel=0.01)
    for mass, applies in ((0.144, False), (0.146, True), (0.387, True), (0.389, False)):
        assert of(_point("B", mass, 1e-4, 0.0, 1e-3), "k_mu_nu_ee")["applies"] is applies
    silent = of(_point("C", 0.16, 1e-4, 1e-5, 1e-2), "k_mu_nu_ee")
    assert silent["prediction"] == 0.0


def test_k_mu_nu_ee_needs_a_vertex_of_three_tracks():
    """A vector that lives for microseconds decays nowhere near the kaon; half an hbar/30 ps of width is 39% prompt."""
    half = math.sqrt(0.5 * 6.582119569e-13 / 30 / (0.302822**2 / (12 * math.pi) * 0.2))  # Gamma_ee in GeV, GeV ps
    for eps, share in ((1e-8, 0.0), (half, -math.expm1(-0.5)), (1e-4, 1.0)):
        paper, complete = (
            of(_point("B", 0.2, eps, 0.0, 2e-3, theory=theory, emission="complete"), "k_mu_nu_ee")
            for theory in ("paper", "complete")
        )
        assert paper["ratio"] > 1.0
        assert complete["ratio"] == pytest.approx(share * paper["ratio"], rel=1e-4, abs=1e-4)


def test_pi_mu_nu_x_takes_the_worse_sample():
    # claims of the paper's figure 6: g = 0.1 at eps_z = eps is at the limit near 15 MeV, far below it if eps_z << eps
    point, muon = _point("B", 0.015, 1e-4, 1e-4, 0.1), np.array([1, 1, 0, 0, 0])
    br = float(point.branching_ratios["nunu"])
    assert br == pytest.approx(0.61, abs=0.01)
    assert of(point, "pi_mu_nu_x")["ratio"] == pytest.approx(6.6e-6 / 1e-5, rel=0.01)
    assert muon @ meson_factors(M_PI, M_MU, M_MU, 0.015, 0.0, np.inf) @ muon * 0.01 * br == pytest.approx(
        1.0e-5, rel=0.06
    )
    # R BR_inv of the whole spectrum, 2.2e-8 at eps_z/eps = 0.01: 71% of it in the upper sample
    hidden = of(_point("B", 0.010, 1e-4, 1e-6, 0.1), "pi_mu_nu_x")
    assert hidden["prediction"] == pytest.approx(0.71 * 2.2e-8, rel=0.01)
    slow = of(_point("C", 0.030, g_mu=0.1), "pi_mu_nu_x")
    assert slow["prediction"] == pytest.approx(6.6e-9, rel=THREE_DIGITS)
    for mass, applies in ((0.0339, True), (0.0340, False)):
        assert of(_point("C", mass, g_mu=0.1), "pi_mu_nu_x")["applies"] is applies


def test_z_width_counts_the_muon_couplings_only():
    entry = of(_point("B", 0.01, g_mu=0.1), "z_4l")
    assert entry["prediction"] == pytest.approx(0.08398 * 3.2104 * 0.01, rel=1e-4)
    assert entry["ratio"] == pytest.approx(entry["prediction"] / 0.0062)
    with_axial = of(_point("B", 0.01, g_mu=0.1, axial_mu=1.0), "z_4l")
    vv, aa, va = z_factors(M_Z, M_MU, 0.01, S2 - 0.5, S2)
    assert with_axial["prediction"] == pytest.approx(0.08398 * 0.01 * (vv + aa + va), rel=1e-6)


def test_a_gauged_muon_number_needs_its_neutrino():
    """With g_numu = g_mu the current is conserved: `complete` knows, `lepton` does not."""
    case = Case.from_couplings("L_mu", {"v_mu": {"g_mu": 1.0}, "g_numu": {"g_mu": 1.0}})
    whole, bare = (
        of(zdscan.evaluate(case, 0.01, 0.0, 0.0, 1e-3, constraints=IDS, emission=emission), "w_width")["prediction"]
        for emission in ("complete", "lepton")
    )
    assert bare / whole > 1e4
    assert bare == pytest.approx(0.2265 * 7.67e4 * 1e-6, rel=1e-3)


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(["A", "B", "C"]),
    st.floats(0.01, 2.0),
    st.floats(-0.1, 0.1),
    st.floats(-0.1, 0.1),
    st.floats(-1.0, 1.0),
    st.sampled_from(["lepton", "complete"]),
)
def test_ratios_scale_as_the_square(case, mass, eps, eps_z, g_mu, emission):
    """Branching ratios of Z_D do not change if all couplings do, so every ratio here is homogeneous of degree two."""
    g_mu = 0.0 if case == "A" else g_mu
    one, three = (_point(case, mass, k * eps, k * eps_z, k * g_mu, emission=emission) for k in (1.0, 3.0))
    assert np.all(np.isfinite(one.ratios))
    assert np.all(one.ratios >= 0.0)
    np.testing.assert_allclose(three.ratios, 9.0 * one.ratios, rtol=CLOSED_FORM, atol=1e-300)


def test_zero_coupling():
    for mass in (0.01, 0.03, 0.16, 0.5, 2.0):
        assert not _point("B", mass).ratios.any()


# ---- electrons -----------------------------------------------------------------------------------------------------


ELECTRONS = {"theory": "complete", "constraints": ("pi_e_nu_x", "k_e_nu_x", "w_width")}


def test_electrons_of_case_c_do_not_match_the_w():
    """Largest eps of an invisible Z_D at 10 MeV: 1.9e-3 from the pion, from the kaon and the W what the rates say."""
    for name, limit in (
        ("pi_e_nu_x", 1.9e-3),
        ("k_e_nu_x", math.sqrt(6e-5 / 0.90)),
        ("w_width", math.sqrt(0.084 / 1.6e3)),
    ):
        for theory in ("complete", "paper") if name != "w_width" else ("complete",):
            point = _point("C", 0.01, limit, **ELECTRONS | {"theory": theory}, invisible_width=1.0)
            assert math.sqrt(of(point, name)["ratio"]) == pytest.approx(1.0, rel=0.01)
    paper = of(_point("C", 0.01, 1e-3, **ELECTRONS | {"theory": "paper", "emission": "complete"}), "w_width")
    assert paper["prediction"] < 1e-6 < of(_point("C", 0.01, 1e-3, **ELECTRONS), "w_width")["prediction"]


@pytest.mark.parametrize("theory", ["paper", "complete"])
def test_matching_electrons_are_not_constrained(theory):
    """Kinetic mixing in Case A, and a gauged electron number: no matter what radiates in decays to muons."""
    number = {"v_e": {"eps": -0.3}, "g_nue": {"eps": -0.3}}
    for case in ("A", number):
        for mass in (0.01, 0.05):
            point = _point(
                case, mass, 1e-2, **ELECTRONS | {"theory": theory, "invisible_width": 1.0, "emission": "lepton"}
            )
            assert of(point, "pi_e_nu_x")["ratio"] < 0.01
            assert of(point, "k_e_nu_x")["ratio"] < 1e-4


@pytest.mark.parametrize(("name", "end"), [("pi_e_nu_x", 0.050), ("k_e_nu_x", 0.180)])
def test_electrons_have_a_range_and_need_an_invisible_vector(name, end):
    for mass, applies in ((0.01, True), (end, True), (end * 1.001, False), (1.0, False)):
        assert of(_point("C", mass, 1e-3, **ELECTRONS), name)["applies"] is applies
    seen, unseen = (of(_point("C", 0.03, 1e-3, 1e-4, **ELECTRONS | {"invisible_width": w}), name) for w in (0.0, 1.0))
    assert seen["ratio"] == pytest.approx(unseen["ratio"], rel=1e-6)  # neutrinos alone
    muon = {"v_e": {"eps": 0.1, "g_mu": 0.1}, "g_nue": {"g_mu": 0.1}, "v_u": {"eps": 0.0}}
    half = of(_point(muon, 0.03, 1e-3, 0.0, 1e-3, **ELECTRONS), name)
    full = of(_point(muon, 0.03, 1e-3, 0.0, 1e-3, **ELECTRONS | {"invisible_width": 1.0}), name)
    assert 0.0 < half["ratio"] < 0.5 * full["ratio"]


def _hardness(parent, mass):
    """Mean energy of a massless lepton in P -> l nu V from p.k + 2 k.q p.q/M^2, and the rate without constants."""
    x, weight = np.polynomial.legendre.leggauss(60)
    p2, v2 = parent**2, mass**2
    log_range = math.log(p2 / v2)
    t = v2 * np.exp(0.5 * log_range * (1 + x))  # (k+q)^2, which fixes the lepton's energy
    outer = 0.5 * log_range * weight * t
    low, high = v2 * p2 / t, p2 + v2 - t
    y = 0.5 * (low + high) + 0.5 * (high - low) * x[:, None]
    squared = 0.5 * (p2 + v2 - t - y) + (t - v2) * (y - v2) / (2 * v2)
    spectrum = outer * 0.5 * (high - low) * (weight[:, None] * squared).sum(axis=0)
    return float(spectrum @ ((p2 - t) / (2 * parent)) / spectrum.sum()), float(spectrum.sum())


@pytest.mark.parametrize(
    ("parent", "end", "four_body"), [(M_PI, "m_most_pi_e_nu_X", 0.0349), (0.493677, "m_most_K_e_nu_X", 0.1234)]
)
def test_positrons_are_harder_than_those_of_four_bodies_up_to_the_end(parent, end, four_body):
    """P -> e nu nu nubar as a superposition of vectors of all masses: dM^2 M^2 of each."""
    x, weight = np.polynomial.legendre.leggauss(60)
    masses = 0.5 * (1 + x) * parent
    energies, rates = np.array([_hardness(parent, mass) for mass in masses]).T
    share = weight * masses**3 * rates
    mean = float(share @ energies / share.sum())
    assert mean == pytest.approx(four_body, rel=0.005)
    most = constants.load()[end]
    assert _hardness(parent, most)[0] > mean > _hardness(parent, 1.1 * most)[0]
    # a light vector: dN/dx = 12 x^2 (1 - x)
    assert _hardness(parent, 0.01 * parent)[0] == pytest.approx(0.6 * parent / 2, rel=0.01)


def test_room_of_the_z_width():
    c = constants.load()
    error = math.hypot(c.error("Gamma_Z_exp")[0], c.error("Gamma_Z_SM")[0])
    assert c["Gamma_Z_room"] == pytest.approx(c["Gamma_Z_exp"] - c["Gamma_Z_SM"] + 2 * error, abs=5e-5)
