"""Parity violation, trident, coherent scattering, Belle II, LHCb and electron g-2.

Anchors: published curves and cross sections, and numbers of independent calculations, with the digits they were given.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from tests.support.thinning import every
from tests.support.tolerances import CEVNS_RESPONSE, CLOSED_FORM, NUCLEAR_OVERLAP, TRIDENT_RESPONSE
from tests.support.verdicts import model, of, published
from tests.twins import caesium as caesium_twin
from tests.twins import cevns as cevns_twin
from tests.twins import trident as trident_twin
from zdscan import constraints
from zdscan.constraints.lhcb_dark_photon import longest_lifetime
from zdscan.inputs import against_mass
from zdscan.kernels.physics import cevns
from zdscan.physics.cases import CASES, Case
from zdscan.physics.clause import Clause
from zdscan.physics.reference_models import reference

GROUP = (*("apv_cs", "apv_p", "trident_ccfr", "trident_charm", "coherent", "belle2_zprime", "lhcb_dark_photon", "a_e"),)
GF, MZ, S2, E, GZ = 1.1663787e-5, 91.1876, 0.23122, 0.3028221208718, 0.7407012373374
MUON_NUMBER = Case.from_couplings(
    "Lmu-Ltau", {"v_mu": {"g_mu": 1.0}, "g_numu": {"g_mu": 1.0}, "g_nutau": {"g_mu": -1.0}}
)


def clause(name: str, case: str | Case, mass: float) -> Clause:
    (found,) = constraints.select([name])[0].clauses(model(case), mass)
    return found


def value(name, case, mass, eps=0.0, eps_z=0.0, g_mu=0.0):
    """Value of the only clause, its branching ratio taken as one."""
    one = clause(name, case, mass)
    terms = one.polynomial.terms.items()
    return one.constant + sum((c * eps**i * eps_z**j * g_mu**k).real for (i, j, k), c in terms)


def ratio(name, case, mass, eps=0.0, eps_z=0.0, g_mu=0.0):
    return clause(name, case, mass).ratio(value(name, case, mass, eps, eps_z, g_mu))


def edge(excess, low, high):
    """Where a ratio of one is crossed."""
    return brentq(lambda x: excess(x) - 1.0, low, high, xtol=1e-14)


# ---- response tables against integrals done another way -----------------------------------------------------------


@pytest.mark.parametrize("mass", every(3, [0.010, 0.012, 0.030, 0.085, 0.1, 0.25, 0.6, 1.0, 1.7, 2.0]))
@pytest.mark.parametrize(
    ("table", "beam"), [("trident_ccfr", trident_twin.CCFR), ("trident_charm", trident_twin.CHARM_II)]
)
def test_trident_response(table, beam, mass):
    expected = trident_twin.responses(mass, beam)
    found = [against_mass.load(table).at(name, mass) for name in ("F1V", "F1A", "F2V", "F2A")]
    assert found == pytest.approx(expected, rel=TRIDENT_RESPONSE)


@pytest.mark.parametrize("mass", [0.010, 0.012, 0.017, 0.03, 0.04, 0.085, 0.17, 0.4, 1.2, 2.0])
def test_coherent_response(mass):
    r1, r2, z_per_charge, _ = cevns_twin.responses(mass)
    table = against_mass.load("cevns_csi")
    assert table.at("R1", mass) == pytest.approx(r1, rel=CEVNS_RESPONSE)
    assert table.at("R2", mass) == pytest.approx(r2, rel=CEVNS_RESPONSE)
    assert model("A").constants["Z_per_QW_CsI"] == pytest.approx(z_per_charge, abs=1e-4)


def test_coherent_neutrinos_count_alike():
    """Two thirds of the accepted events are muon neutrinos, and the responses differ by less than a per cent."""
    for mass in (0.01, 0.05, 0.5):
        both, muonic, electronic = (cevns_twin.responses(mass, kind) for kind in (None, True, False))
        assert muonic[3] / both[3] == pytest.approx(2 / 3, abs=0.01)
        assert electronic[0] == pytest.approx(muonic[0], rel=0.01)


def test_coherent_cross_section_of_the_standard_model():
    """COHERENT quotes (189 +- 6)e-40 cm^2, which uses the weak angle at low energy."""
    assert cevns_twin.cross_section(0.2386) == pytest.approx(189e-40, abs=6e-40)
    assert cevns_twin.cross_section(S2) == pytest.approx(179.3e-40, rel=1e-3)


@pytest.mark.parametrize("mass", [1.0, 2.4, 5.0, 10.0, 14.0, 20.0, 40.0, 100.0, 200.0])
def test_caesium_response(mass):
    """The published curve passes through 0.5 at 2.4 MeV and is one at 100 MeV (hep-ph/0410260)."""
    found = against_mass.load("caesium").at("K", mass * 1e-3)
    between = 0.004 if mass in (14.0, 40.0) else 0.0  # straight line in ln M between tabulated masses
    assert found == pytest.approx(caesium_twin.overlap(mass), abs=NUCLEAR_OVERLAP + between)
    published = {2.4: 0.5, 100.0: 1.0}
    assert found == pytest.approx(published.get(mass, found), abs=0.03)


def test_heavy_vectors_do_not_see_the_nucleus():
    assert against_mass.load("caesium").at("K", 1.0) == against_mass.load("caesium").at("K", 2.0) == 1.0


# ---- parity violation ---------------------------------------------------------------------------------------------


@settings(max_examples=50, deadline=None)
@given(st.floats(0.01, 2.0), st.floats(-0.1, 0.1), st.floats(-0.1, 0.1))
def test_weak_charges_as_rotation_of_the_weak_angle(mass, eps, eps_z):
    """eps_z^2 (MZ/M)^2 f [Z (1 - 4 s2) - N] + 4 Z (e/gz) eps eps_z (MZ/M)^2 f, the form of arXiv:1203.2947."""
    k = against_mass.load("caesium").at("K", mass)
    for name, z, n, f in (("apv_cs", 55, 78, k), ("apv_p", 1, 0, mass**2 / (mass**2 + 0.0248))):
        shift = value(name, "B", mass, eps, eps_z, 0.3) - value(name, "B", mass)
        unit = (MZ / mass) ** 2 * f
        terms = (unit * eps_z**2 * (z * (1 - 4 * S2) - n), unit * eps_z * eps * 4 * z * E / GZ)
        # the value is -73 plus the shift
        assert abs(shift - sum(terms)) <= CLOSED_FORM * sum(map(abs, terms)) + 1e-13


@pytest.mark.parametrize(("mass", "limit"), [(0.01, 1.365e-5), (0.03, 3.746e-5), (0.1, 1.190e-4), (1.0, 1.176e-3)])
def test_caesium_limits_at_eps_zero(mass, limit):
    found = edge(lambda x: ratio("apv_cs", "A", mass, 0.0, x), 1e-7, 1e-1)
    assert found == pytest.approx(limit, rel=1e-3)
    # the proton is weaker at every mass
    assert ratio("apv_p", "A", mass, 0.0, found) < 0.1


def test_window_where_the_weak_charge_does_not_move():
    """Delta Q_W(Cs) vanishes at eps_z = 1.217 eps; at eps = 1e-4 a window opens around it."""
    eps = 1e-4
    for mass in (0.01, 0.03, 0.5):
        zero = brentq(lambda x, mass=mass: value("apv_cs", "A", mass, eps, x) + 73.23, 1.1 * eps, 1.3 * eps)
        assert zero / eps == pytest.approx(1.217, abs=1e-3)
    edges = [
        edge(lambda x: ratio("apv_cs", "A", 0.03, eps, x), *box)
        for box in ((1e-5, 5e-5), (6e-5, 1.2e-4), (1.22e-4, 1e-3))
    ]
    assert edges == pytest.approx([3.0e-5, 9.2e-5, 1.32e-4], rel=5e-3)
    assert edge(lambda x: ratio("apv_cs", "A", 0.1, eps, x), 1.3e-4, 1e-3) == pytest.approx(1.95e-4, rel=5e-3)


# ---- neutrino scattering ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("mass", "limit"), [(0.01, 9.4e-4), (0.03, 1.04e-3), (0.1, 1.23e-3), (0.5, 2.0e-3)])
def test_published_muon_minus_tau_number_limit(mass, limit):
    """CCFR curve of arXiv:1406.2332, two or three digits."""
    found = edge(lambda g: ratio("trident_ccfr", MUON_NUMBER, mass, g_mu=g), 1e-5, 1e-1)
    assert found == pytest.approx(limit, rel=6e-3)
    assert ratio("trident_charm", MUON_NUMBER, mass, g_mu=found) < 1.0


def test_trident_at_large_direct_coupling():
    """|g_nu| < 3.3e-5, or 7.0e-5 for the other sign, at v_mu = 0.033 and 30.2 MeV."""
    for sign, limit in ((1.0, 8.8e-5), (-1.0, 1.9e-4)):
        found = edge(
            lambda x, sign=sign: ratio("trident_ccfr", "C", 0.0302, 0.0, sign * x, 0.033),
            1e-6,
            6e-4 if sign > 0 else 2.5e-4,
        )
        assert found == pytest.approx(limit, rel=6e-3)
    # without the direct coupling the bound is thirty times weaker
    assert edge(lambda x: ratio("trident_ccfr", "A", 0.0302, 0.0, x), 1e-6, 1e-1) > 2e-3


@settings(max_examples=50, deadline=None)
@given(st.floats(0.01, 2.0), st.floats(-0.1, 0.1), st.floats(-0.1, 0.1), st.floats(-1, 1))
def test_trident_from_the_couplings(mass, eps, eps_z, g_mu):
    g = CASES["B"].couplings(eps, eps_z, g_mu)
    for name in ("trident_ccfr", "trident_charm"):
        f1v, f1a, f2v, f2a = (against_mass.load(name).at(c, mass) for c in ("F1V", "F1A", "F2V", "F2A"))
        unit = math.sqrt(2) * GF * mass**2
        x_v, x_a = g["g_numu"] * g["v_mu"] / unit, g["g_numu"] * g["a_mu"] / unit
        expected = 1 + f1v * x_v + f1a * x_a + f2v * x_v**2 + f2a * x_a**2
        size = 1 + abs(f1v * x_v) + abs(f1a * x_a) + f2v * x_v**2 + f2a * x_a**2
        # expanding the square of a sum cancels where the sum does
        room = f2v * ((E * abs(eps) + GZ * abs(eps_z) + abs(g_mu)) * g["g_numu"] / unit) ** 2
        assert abs(value(name, "B", mass, eps, eps_z, g_mu) - expected) <= CLOSED_FORM * (size + room)


def test_coherent_universal_coupling_interferes_destructively():
    """g on every quark and neutrino: Q_v/Q_W = 3 A/Q_W > 0, so that the rate falls first."""
    universal = Case.from_couplings("universal", {n: {"eps": 1.0} for n in ("v_u", "v_d", "v_s", "g_nu")})
    k_u, k_d = cevns.exchange_factors(0.05, GF, S2, 55 / 73.8684)
    assert (k_u + k_d) * GF * 0.05**2 / math.sqrt(2) == pytest.approx(3 * 133 / 73.8684, rel=1e-6)
    assert value("coherent", universal, 0.05, 1e-5) < 1.0
    assert value("coherent", universal, 0.05, 1e-3) > 1.0


def test_coherent_weights_of_the_neutrinos():
    quarks = {"v_u": {"eps": 1.0}, "v_d": {"eps": 1.0}, "v_s": {"eps": 1.0}}
    shares = {}
    for name in ("g_nu", "g_nue", "g_numu", "g_nutau"):
        case = Case.from_couplings(name, {**quarks, name: {"eps": 1.0}})
        shares[name] = value("coherent", case, 0.02, 1e-4) - 1.0
    assert shares["g_nue"] == pytest.approx(shares["g_nu"] / 3, rel=1e-9)
    assert shares["g_numu"] == pytest.approx(2 * shares["g_nu"] / 3, rel=1e-9)
    assert shares["g_nutau"] == 0.0


def test_coherent_limits_at_ten_mev():
    """eps_z < 8.6e-5 and 1.9e-4 at one and two standard deviations, eps = 0."""
    for sigmas, limit in ((1.0, 8.6e-5), (2.0, 1.9e-4)):
        found = brentq(lambda x, n=sigmas: value("coherent", "A", 0.01, 0.0, x) - 0.897 - n * 0.140, 1e-6, 1e-2)
        assert found == pytest.approx(limit, rel=0.025)
    assert clause("coherent", "A", 0.01).up == pytest.approx(1.96 * 0.140)
    # no direct muon coupling enters
    assert value("coherent", "B", 0.01, 1e-4, 1e-4, 0.5) == value("coherent", "B", 0.01, 1e-4, 1e-4, 0.0)


# ---- colliders ----------------------------------------------------------------------------------------------------


def test_belle_ii():
    for mass, limit in ((0.01, 0.051), (1.0, 0.051), (1.3975, 0.0605), (1.988, 0.086)):
        result = published("B", mass, 0.0, 0.0, limit, invisible_width=1e9)
        assert of(result, "belle2_zprime")["ratio"] == pytest.approx(1.0, rel=1e-6)
    visible = published("B", 0.5, 0.0, 1e-3, 0.4)
    fraction = float(visible.widths["nunu"] / visible.widths["total"])
    g = visible.couplings
    entry = of(visible, "belle2_zprime")
    assert entry["prediction"] == pytest.approx(float(g["v_mu"] ** 2 + g["a_mu"] ** 2) * fraction, rel=1e-9)
    assert not entry["excluded"]


@pytest.mark.parametrize(
    ("mass", "limit"),
    [(0.22, 2.1e-4), (0.28, 2.4e-4), (0.46, 3.8e-4), (0.64, 5.8e-4), (0.87, 8.9e-4), (1.2, 9.2e-4), (1.93, 1.6e-3)],
)
def test_lhcb_dark_photon_is_its_own_recast(mass, limit):
    """Pure kinetic mixing: the ratio is (eps/limit)^2, with the published limits to two digits."""
    entry = of(published("A", mass, limit, 0.0), "lhcb_dark_photon")
    assert entry["prediction"] == pytest.approx(limit**2, rel=1e-9)
    assert math.sqrt(entry["limit"]) == pytest.approx(limit, rel=0.03)


def test_lhcb_segments_and_bins():
    gaps = (0.2140, 0.5238, 0.55, 0.5726, 0.7403, 0.8, 0.8274, 0.9601, 1.1, 1.1619)
    inside = (0.2142, 0.5237, 0.5727, 0.7402, 0.8275, 0.96, 1.162, 2.0)
    for masses, applies in ((gaps, False), (inside, True)):
        for mass in masses:
            entry = of(published("C", mass, 0.01, 0.0, 0.01), "lhcb_dark_photon")
            assert entry["applies"] is applies
            assert entry["excluded"] is applies
    limits = {mass: clause("lhcb_dark_photon", "A", mass).up for mass in (0.2255, 0.23, 0.2364, 0.2366)}
    assert limits[0.2255] == limits[0.23] == limits[0.2364] != limits[0.2366]


def test_lhcb_direct_coupling_acts_through_the_branching_ratio_only():
    """However large g_mu, the ratio stays below eps^2/(limit^2 BR of a dark photon)."""
    mass, eps = 0.6, 1e-4
    plain = published("A", mass, eps, 0.0)
    fraction = float(plain.widths["mumu"] / plain.widths["total"])
    ratios = [of(published("B", mass, eps, 0.0, g), "lhcb_dark_photon")["ratio"] for g in (0.0, 1e-4, 1e-3, 1e-2, 1.0)]
    assert ratios == sorted(ratios)
    assert ratios[-1] == pytest.approx(ratios[0] / fraction, rel=1e-4)
    assert of(published("B", mass, 0.0, 0.0, 1.0), "lhcb_dark_photon")["ratio"] == 0.0


def test_lhcb_production_below_two_pions_is_isovector():
    for mass in (0.25, 0.2799, 0.2801, 0.3):
        eps_z = of(published("B", mass, 0.0, 1e-3, 10.0), "lhcb_dark_photon")
        eps = of(published("B", mass, 1e-3, 0.0, 10.0), "lhcb_dark_photon")
        assert eps_z["prediction"] / eps["prediction"] == pytest.approx((GZ * (0.5 - S2) / E) ** 2, rel=1e-3)


@pytest.mark.parametrize("mass", [0.3, 0.6, 0.9, 1.3, 1.9])
def test_lhcb_production_goes_like_the_hadronic_width(mass):
    """Crossing: the same currents with the same weights make and are made by the vector."""
    value_over_width = []
    for eps, eps_z in ((1e-3, 0.0), (0.0, 1e-3), (1e-3, -3e-3)):
        result = published("B", mass, eps, eps_z, 0.01)
        production = of(result, "lhcb_dark_photon")["prediction"] * float(
            result.widths["total"] / result.widths["mumu"]
        )
        value_over_width.append(production / float(result.widths["hadrons"]))
    assert value_over_width == pytest.approx([value_over_width[0]] * 3, rel=1e-9)


@pytest.mark.parametrize("theory", ["paper", "complete"])
@pytest.mark.parametrize("mass", [0.22, 0.3, 0.46, 0.7, 0.87, 1.2, 1.93])
def test_lhcb_of_a_dark_photon_is_the_published_limit_in_both_settings(theory, mass):
    entry = of(published("A", mass, 3e-4, 0.0, theory=theory), "lhcb_dark_photon")
    assert entry["prediction"] == pytest.approx(9e-8, rel=1e-9)


# B-L with the production of LHCb's acceptance as Darkcast has it
@pytest.mark.parametrize(
    ("mass", "produced", "paper_is_weaker_by"),
    [(0.4818, 1.558, 12.5), (0.5904, 2.254, 10.9), (0.7244, 7.680, 4.2), (0.887, 7.767, 2.2)],
)
def test_lhcb_sees_isoscalar_couplings_through_their_production(mass, produced, paper_is_weaker_by):
    """The weights of the width made the limit on g of B-L too weak by these factors of the coupling (10%)."""
    rows = {"v_e": -1.0, "v_mu": -1.0, "v_u": 1 / 3, "v_d": 1 / 3, "v_s": 1 / 3}
    rows |= {"g_nue": -1.0, "g_numu": -1.0, "g_nutau": -1.0, "gpp": 0.0, "gWW": 0.0, "gWp": 0.0}
    g = 1e-4
    case, found = Case.from_couplings("B-L", {name: {"eps": value} for name, value in rows.items()}), {}
    for theory in ("paper", "complete"):
        result = published(case, mass, g, 0.0, theory=theory)
        found[theory] = of(result, "lhcb_dark_photon")["prediction"]
    muons = float(result.widths["mumu"] / result.widths["total"])
    dark = reference("dark photon", model("A", "complete"), mass).fraction(["mumu"])
    assert found["complete"] == pytest.approx(produced * g**2 * muons / dark, rel=0.013)
    assert math.sqrt(found["complete"] / found["paper"]) == pytest.approx(paper_is_weaker_by, rel=0.1)


def test_lhcb_prompt_decays_only():
    mass = 0.2142
    assert longest_lifetime(model("A"), 0.2142) == pytest.approx(1.487, rel=1e-3)
    for eps in np.geomspace(3e-6, 3e-4, 9):
        result = published("A", mass, eps, 0.0)
        lifetime = 6.582119569e-13 / float(result.widths["total"])
        found = of(result, "lhcb_dark_photon")["ratio"]
        assert (found == 0.0) == (lifetime > longest_lifetime(model("A"), mass))


# ---- electron -----------------------------------------------------------------------------------------------------


def test_electron_moment():
    """Light vector on the electron: -1.48e-11 at M = 10.07 MeV, eps = 1.6e-5, eps_z = 0.002."""
    assert value("a_e", "A", 0.01007, 1.6e-5, 0.002) == pytest.approx(-1.48e-11, rel=5e-3)
    heavy = (0.51099895e-3 / 1.0) ** 2 / (12 * math.pi**2) * (E * 0.01) ** 2
    assert value("a_e", "A", 1.0, 0.01) == pytest.approx(heavy, rel=1e-3)
    assert ratio("a_e", "A", 0.01007, 1.6e-5, 0.002) == pytest.approx(14.8, rel=5e-3)


# ---- all of them --------------------------------------------------------------------------------------------------


def test_zero_coupling():
    expected = {"apv_cs": 0.325, "apv_p": 0.059, "trident_ccfr": 0.328, "trident_charm": 0.519, "coherent": 0.374}
    for case in "ABC":
        for mass in (0.01, 0.3, 2.0):
            result = published(case, mass, constraints=GROUP)
            for name in GROUP:
                assert of(result, name)["ratio"] == pytest.approx(expected.get(name, 0.0), abs=6e-4), name


@pytest.mark.parametrize("mass", [0.01, 0.05, 0.3, 1.5])
def test_no_electron_couplings_no_electron_observables(mass):
    """Case C: parity violation and electron g-2 stay at the Standard Model for any couplings."""
    at_zero = published("C", mass, constraints=GROUP)
    result = published("C", mass, 0.1, 0.1, 1.0, constraints=GROUP)
    for name in ("apv_cs", "apv_p", "a_e"):
        assert of(result, name)["prediction"] == of(at_zero, name)["prediction"]
        assert clause(name, "C", mass).polynomial.terms == {}
    for name in ("trident_ccfr", "trident_charm", "coherent"):
        assert of(result, name)["prediction"] != of(at_zero, name)["prediction"]
    # a vector coupling of the electron alone does not help: parity violation is a_e v_q
    vector_only = Case("vector", "", CASES["C"].matrix.copy())
    vector_only.matrix[1] = CASES["A"].matrix[1]
    assert value("apv_cs", vector_only, mass, 0.0, 1e-2) == value("apv_cs", "A", mass, 0.0, 1e-2)


@pytest.mark.parametrize("setting", [("complete", "lepton"), ("paper", "complete"), ("complete", "complete")])
def test_settings_of_the_theory_do_not_matter(setting):
    """Except to the search whose production and reference width are those of the setting, and to what escapes."""
    for entry in constraints.select([name for name in GROUP if name != "lhcb_dark_photon"]):
        for mass in (0.02, 0.25, 1.9):
            found, of_paper = (list(entry.clauses(model("B", *s), mass)) for s in (setting, ("paper", "lepton")))
            escaping = [clause for clause in found if clause.window != (0.0, 0.0)]
            assert [clause for clause in found if clause not in escaping] == of_paper
            assert len(escaping) == (entry.id == "belle2_zprime" and setting[0] == "complete")


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(["A", "B", "C"]),
    st.floats(0.01, 2.0),
    st.floats(-0.1, 0.1),
    st.floats(-0.1, 0.1),
    st.floats(-1.0, 1.0),
    st.sampled_from([0.0, 1e-15, 1e-3]),
)
def test_ratios_are_numbers_and_overall_signs_do_not_matter(case, mass, eps, eps_z, g_mu, invisible):
    g_mu = 0.0 if case == "A" else g_mu
    plus = published(case, mass, eps, eps_z, g_mu, constraints=GROUP, invisible_width=invisible)
    minus = published(case, mass, -eps, -eps_z, -g_mu, constraints=GROUP, invisible_width=invisible)
    assert np.all(np.isfinite(plus.ratios))
    np.testing.assert_allclose(plus.ratios, minus.ratios, rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(plus.excluded, plus.ratios >= 1.0)
