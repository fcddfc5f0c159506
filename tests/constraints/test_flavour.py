"""Flavour-changing two-body decays: anchors of an independent calculation, limits, scaling, mass ranges."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import zdscan
from tests.support import formulas
from tests.support.tolerances import EXACT_ALGEBRA, PRINTED_SIX_DIGITS
from zdscan import constraints
from zdscan.errors import UserError
from zdscan.evaluation.engine import build_physics
from zdscan.inputs import constants, curves, intervals, tables
from zdscan.kernels.physics import twobody
from zdscan.physics.cases import CASES, COUPLINGS, Case
from zdscan.physics.clause import Theory
from zdscan.physics.two_body import MODES, branching_ratio

FLAVOUR = (
    *("bs_mumu", "b_k_nunu", "b_kst_nunu", "k_pi_nunu_plus", "k_pi_nunu_long", "k_mixing"),
    *("b_k_x", "b_k_x_mumu", "b_kst_x_mumu", "b_k_x_ee", "b_kst_x_ee", "k_pi_x_mumu"),
)
MODE_OF = {
    **dict.fromkeys(("b_k_nunu", "b_k_x", "b_k_x_mumu", "b_k_x_ee"), "B+->K+"),
    **dict.fromkeys(("b_kst_nunu", "b_kst_x_mumu", "b_kst_x_ee"), "B0->K*0"),
    **dict.fromkeys(("k_pi_nunu_plus", "k_pi_x_mumu"), "K+->pi+"),
    "k_pi_nunu_long": "KL->pi0",
}


def theory(case: str | Case = "A", **options) -> Theory:
    chosen = case if isinstance(case, Case) else CASES[case]
    return build_physics(chosen, constraints=["a_mu"], **options).setting


def of(result, name):
    return next(entry for entry in result.to_dict()["constraints"] if entry["id"] == name)


def at(name, mass, eps=0.0, eps_z=0.0, g_mu=0.0, case="A", **options):
    return of(zdscan.evaluate(case, mass, eps, eps_z, g_mu, constraints=[name], **options), name)


def coefficients(mode, mass, **options):
    """ZZ, AZ, AA of BR = ZZ eps_z^2 + AZ eps eps_z + AA eps^2."""
    terms = branching_ratio(mode, theory(**options), mass).terms
    return tuple(terms.get(key, 0j).real for key in ((0, 2, 0), (1, 1, 0), (2, 0, 0)))


# --- branching ratios on shell: calculated separately with flavio's form factors; printed digits ------------

SIX = PRINTED_SIX_DIGITS
SPOTS = [
    ("B+->K+", 0.01, (3.13533e7, -0.508268, 2.06129e-9), (SIX, SIX, SIX)),
    ("B+->K+", 0.1, (3.13534e5, -0.508268, 2.06129e-7), (SIX, SIX, SIX)),
    ("B+->K+", 1.0, (3.13313e3, -0.507890, 2.05968e-5), (SIX, SIX, SIX)),
    ("B0->K*0", 0.01, (3.38321e7, -0.414612, 9.67552e-6), (SIX, SIX, SIX)),
    ("B0->K*0", 0.1, (3.38707e5, -0.415287, 9.78163e-6), (SIX, SIX, SIX)),
    ("B0->K*0", 1.0, (3.77071e3, -0.482376, 2.33206e-5), (SIX, SIX, SIX)),
    ("Bs->phi", 0.1, (4.53040e5, -0.608876, 9.34567e-6), (SIX, SIX, SIX)),
    ("Bs->phi", 1.0, (4.81038e3, -0.658510, 3.03251e-5), (SIX, SIX, SIX)),
    ("B->Xs", 0.1, (4.1005e6, -5.186, 1.118e-4), (1.3e-5, 1e-4, 5e-4)),
    ("B->Xs", 1.0, (4.0766e4, -5.308, 2.576e-4), (1.3e-5, 1e-4, 2e-4)),
    # The anchor for AZ was made without Im E2, which adds 8e-4.
    ("K+->pi+", 0.01, (5.72268e4, -0.31249, 5.796e-7), (SIX, 1e-3, 1e-4)),
    ("K+->pi+", 0.1, (498.372, -0.28268, 5.450e-5), (SIX, 1e-3, 1e-4)),
    ("K+->pi+", 0.2, (75.5238, -0.18949, 1.620e-4), (SIX, 1e-3, 4e-4)),
    ("KL->pi0", 0.01, (6.20900e4, -1.05e-3, 0.0), (SIX, 5e-3, 0.0)),
    ("KL->pi0", 0.1, (545.041, -9.26e-4, 0.0), (SIX, 1e-3, 0.0)),
    ("KL->pi0", 0.2, (85.3032, -5.80e-4, 0.0), (SIX, 1e-3, 0.0)),
]


@pytest.mark.parametrize(("mode", "mass", "expected", "rounding"), SPOTS)
def test_branching_ratio_anchors(mode, mass, expected, rounding):
    for value, spot, tolerance in zip(coefficients(mode, mass), expected, rounding, strict=True):
        assert value == pytest.approx(spot, rel=tolerance, abs=1e-9 if spot == 0.0 else 0.0)


def test_light_vector_is_a_goldstone_boson():
    """M -> 0: Gamma of the scalar current with coupling E0/M; for K* with A0(0), a form factor not used otherwise."""
    c, mass = constants.load(), 1e-5
    e0 = theory().vertex("bs").e0[1]
    m_b, m_k, m_v = c["m_B0"], c["m_Kplus"], c["m_Kst0"]
    a0 = tables.form_factor("B->K*", "A0")[1][0]
    momentum = (m_b**2 - m_v**2) / (2 * m_b)
    width = momentum / (8 * math.pi * m_b**2) * abs(e0 / mass * m_b * momentum * a0) ** 2
    assert coefficients("B0->K*0", mass)[0] == pytest.approx(c["tau_B0"] * width, rel=1e-5)
    f0 = tables.form_factor("B->K", "f0")[1][0]
    momentum = (c["m_Bplus"] ** 2 - m_k**2) / (2 * c["m_Bplus"])
    width = momentum / (8 * math.pi * c["m_Bplus"] ** 2) * abs(e0 / (2 * mass) * 2 * c["m_Bplus"] * momentum * f0) ** 2
    assert coefficients("B+->K+", mass)[0] == pytest.approx(c["tau_Bplus"] * width, rel=1e-5)
    # b -> s phi with the Yukawa coupling E0 m_b/M to a right-handed b: Gamma = |y|^2 m_b/(32 pi)
    lifetime = (c["tau_Bplus"] + c["tau_B0"]) / 2
    width = abs(e0 * 4.75 / mass) ** 2 * 4.75 / (32 * math.pi)
    assert coefficients("B->Xs", mass)[0] == pytest.approx(lifetime * width, rel=1e-5)


def test_dipole_has_no_longitudinal_growth_and_needs_a_transverse_vector():
    """A conserved current: B -> K* gamma-like rate stays finite for M -> 0, B -> K vanishes like M^2."""
    form_factors = (0.3, 0.25, 0.35, 0.29, 0.29, 0.6)
    light, lighter = (formulas.vector_width(5.28, 0.9, m, 0j, 1e-9 + 0j, *form_factors) for m in (1e-3, 1e-4))
    assert light == pytest.approx(lighter, rel=1e-5)
    # Gamma(B -> K* gamma) = (m_B^2 - m_V^2)^3/(64 pi m_B^3) x 2 |d|^2 T1^2 for T1(0) = T2(0)
    photon = (5.28**2 - 0.9**2) ** 3 / (32 * math.pi * 5.28**3) * (1e-9 * 0.29) ** 2
    assert lighter == pytest.approx(photon, rel=1e-6)
    zero, plus, minus = twobody.vector_amplitudes(5.28, 0.9, 1e-4, 0j, 1e-9 + 0j, *form_factors)
    assert abs(zero) < 1e-4 * max(abs(minus), abs(plus))
    quark = [formulas.inclusive_width(4.75, m, 0j, 1e-9 + 0j) for m in (1e-3, 1e-4)]
    assert quark[0] == pytest.approx(quark[1], rel=1e-6)
    assert quark[1] == pytest.approx(4.75**5 * 1e-18 / (16 * math.pi), rel=1e-6)


@settings(max_examples=60, deadline=None)
@given(
    fraction=st.floats(0.01, 0.999),
    vector=st.complex_numbers(max_magnitude=1.0),
    dipole=st.complex_numbers(max_magnitude=1.0),
    factors=st.lists(st.floats(-1.0, 1.0), min_size=6, max_size=6),
)
def test_helicity_amplitudes_are_linear_and_parity_related(fraction, vector, dipole, factors):
    mass = fraction * (5.28 - 0.9)
    both = twobody.vector_amplitudes(5.28, 0.9, mass, vector, dipole, *factors)
    one = twobody.vector_amplitudes(5.28, 0.9, mass, vector, 0j, *factors)
    two = twobody.vector_amplitudes(5.28, 0.9, mass, 0j, dipole, *factors)
    for total, a, b in zip(both, one, two, strict=True):
        assert total == pytest.approx(a + b, rel=1e-12, abs=1e-10)
    a1, a12, v, t1, t2, t23 = factors
    mirrored = twobody.vector_amplitudes(5.28, 0.9, mass, vector, dipole, a1, a12, -v, -t1, t2, t23)
    assert mirrored == pytest.approx((both[0], both[2], both[1]), rel=1e-12, abs=1e-12)
    width = formulas.vector_width(5.28, 0.9, mass, vector, dipole, *factors)
    squares = sum(abs(h) ** 2 for h in both)
    assert width == pytest.approx(twobody.vector_factor(5.28, 0.9, mass) * squares, rel=1e-12)


def test_closed_channels():
    form_factors = (0.3, 0.25, 0.35, 0.29, 0.29, 0.6)
    for mass in (4.38, 5.0, 7.0):
        assert formulas.vector_width(5.28, 0.9, mass, 1 + 0j, 1 + 0j, *form_factors) == 0.0
    assert formulas.inclusive_width(4.75, 4.75, 1 + 0j, 0j) == formulas.inclusive_width(4.75, 5.0, 1 + 0j, 0j) == 0.0
    for mode in ("K+->pi+", "KL->pi0"):
        assert branching_ratio(mode, theory(), 0.4).terms == {}
        below, above = (sum(map(abs, branching_ratio(mode, theory(), m).terms.values())) for m in (0.25, 0.35))
        assert 0.0 < above < below


def test_fcnc_scale_multiplies_the_monopole_alone():
    for mode in MODES:
        (zz, az, aa), (zz2, az2, aa2) = coefficients(mode, 0.1), coefficients(mode, 0.1, fcnc_scale=2.0)
        assert zz2 == pytest.approx(4.0 * zz, rel=2e-3)
        assert az2 == pytest.approx(2.0 * az, rel=2e-3)
        assert aa2 == pytest.approx(aa, rel=EXACT_ALGEBRA)


def test_any_coupling_matrix():
    """A case whose g_mu couples like eps of Case A, and eps like nothing: the same rates, parameters renamed."""
    a = CASES["A"].matrix
    renamed = {
        name: {"g_mu": float(row[0]), "eps_z": float(row[1])}
        for name, row in zip(COUPLINGS, a, strict=True)
        if any(row)
    }
    other = theory(Case.from_couplings("renamed", renamed))
    for mode in MODES:
        terms = branching_ratio(mode, other, 0.1).terms
        expected = branching_ratio(mode, theory(), 0.1).terms
        assert {(k, j, i): c for (i, j, k), c in terms.items()} == pytest.approx(expected, rel=1e-12)
    baryonic = {q: {"g_mu": 1 / 3} for q in ("v_u", "v_d", "v_s")}
    conserved = branching_ratio("B+->K+", theory(Case.from_couplings("baryon", baryonic)), 0.1).terms
    assert set(conserved) == {(0, 0, 2)}
    assert conserved[(0, 0, 2)].real > 0.0


# --- decays with a neutrino pair, and B -> K X --------------------------------------------------------------

INVISIBLE = {
    # id: mass, Standard Model, limit
    "b_k_nunu": (0.5, 4.4e-6, 4.1e-5),
    "b_kst_nunu": (0.5, 11.6e-6, 1.8e-5),
    "k_pi_nunu_plus": (0.2, 8.4e-11, (10.6 + 1.645 * math.hypot(4.0, 0.9)) * 1e-11),
    "k_pi_nunu_long": (0.2, 3.4e-11, 4.9e-9),
    "b_k_x": (0.1, 0.0, 1.28 * (8.82e-7 + (8.79e-7 - 8.82e-7) * 0.1 / 0.195)),
}
ZERO_COUPLING = {
    "bs_mumu": 0.400,
    "b_k_nunu": 0.107,
    "b_kst_nunu": 0.644,
    "k_pi_nunu_plus": 0.484,
    "k_pi_nunu_long": 0.007,
}


@pytest.mark.parametrize("name", FLAVOUR)
@pytest.mark.parametrize("setting", ["paper", "complete"])
def test_zero_coupling(name, setting):
    for case in "ABC":
        entry = at(name, 0.05, case=case, theory=setting)
        assert entry["ratio"] == pytest.approx(ZERO_COUPLING.get(name, 0.0), abs=0.0005)
        assert not entry["excluded"]


@pytest.mark.parametrize("name", INVISIBLE)
def test_invisible_prediction_and_limit(name):
    mass, sm, limit = INVISIBLE[name]
    zz, az, aa = coefficients(MODE_OF[name], mass)
    for eps, eps_z in ((0.0, 1e-6), (1e-3, 1e-6), (1e-3, -1e-6)):
        result = zdscan.evaluate("A", mass, eps, eps_z, constraints=[name])
        on_shell = zz * eps_z**2 + az * eps * eps_z + aa * eps**2
        invisible = float(result.widths["nunu"] / result.widths["total"])
        entry = of(result, name)
        assert entry["prediction"] == pytest.approx(sm + on_shell * invisible, rel=1e-9)
        assert entry["limit"] == pytest.approx(limit, rel=1e-9)
        assert entry["ratio"] == pytest.approx(entry["prediction"] / limit, rel=1e-9)
        assert entry["excluded"] is (entry["ratio"] >= 1.0)
        dark = at(name, mass, eps, eps_z, invisible_width=1e6)
        assert dark["prediction"] == pytest.approx(sm + on_shell, rel=1e-9)


@pytest.mark.parametrize(
    ("name", "inside", "outside"),
    [
        ("k_pi_nunu_plus", (0.01, 0.0999, 0.1611, 0.2609), (0.1, 0.13, 0.161, 0.261, 0.5, 2.0)),
        ("k_pi_nunu_long", (0.01, 0.135, 0.2599), (0.26, 0.4, 2.0)),
        ("b_k_nunu", (0.01, 2.0), ()),
        ("b_kst_nunu", (0.01, 2.0), ()),
        ("b_k_x", (0.01, 2.0), ()),
        ("bs_mumu", (0.01, 2.0), ()),
        ("k_mixing", (0.01, 0.487, 0.508, 2.0), (0.488, 0.4976, 0.507)),
        ("b_k_x_mumu", (0.2622, 1.001, 1.954), (0.01, 0.262, 1.955)),
        ("b_kst_x_mumu", (0.2253, 0.7727, 1.947), (0.225, 1.948)),
        ("b_k_x_ee", (0.02763, 1.855), (0.0276, 1.856)),
        ("b_kst_x_ee", (0.02763, 1.855), (0.0276, 1.856)),
        ("k_pi_x_mumu", (0.2196, 0.3203), (0.2195, 0.3204, 0.354, 1.0)),
    ],
)
def test_mass_ranges(name, inside, outside):
    for mass in inside:
        assert at(name, mass, 1e-2, 1e-2)["applies"], mass
    for mass in outside:
        entry = at(name, mass, 1e-2, 1e-2)
        assert not entry["applies"], mass
        assert entry["prediction"] is None
        assert entry["ratio"] == 0.0


@pytest.mark.parametrize(
    ("name", "mass", "limit", "digits"),
    # eps = 0, all of the 2.1e-7 (10 MeV), 2.1e-6 (100), 4e-6 (200) of an independent calculation
    [("b_k_x", 0.01, 2.1e-7, 0.03), ("b_k_x", 0.1, 2.1e-6, 0.03), ("b_k_x", 0.2, 4e-6, 0.03)],
)
def test_reach_in_eps_z(name, mass, limit, digits):
    assert not at(name, mass, 0.0, limit * (1 - digits - 0.01))["excluded"]
    assert at(name, mass, 0.0, limit * (1 + digits))["excluded"]


def test_two_body_fit_of_belle_ii():
    fit = intervals.load("b_k_x")
    assert fit.upper(1.95, 1.28) == pytest.approx(5.9e-6 + 1.28 * 2.89e-6, rel=1e-12)
    assert fit.upper((1.56 + 1.76) / 2, 0.0) == pytest.approx(3.05e-6, rel=1e-12)
    assert fit.upper(0.0, 1.0) == 8.82e-7
    assert math.isnan(fit.upper(2.6, 1.0))
    assert math.isnan(fit.upper(-0.1, 1.0))
    assert fit.grade == "B"


INTERVAL = """
name = "test"
title = "t"
quantity = "q"
unit = "1"
cite = ["PDG:2022"]
source = "s"
grade = "B"
note = ""
columns = ["mass", "central", "low", "high"]
interpolation = "linear"
rows = [[0.0, 1.0, 0.5, 2.0], [1.0, 2.0, 1.0, 3.0]]
"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[1.0, 2.0, 1.0, 3.0]", "[0.0, 2.0, 1.0, 3.0]", "row 2: the mass does not ascend"),
        ("[1.0, 2.0, 1.0, 3.0]", "[1.0, 4.0, 1.0, 3.0]", "row 2: the central value is outside"),
        ("[1.0, 2.0, 1.0, 3.0]", "[1.0, 2.0, 1.0]", "rows.1"),
        ('"central", "low"', '"low", "central"', "columns must be mass, central, low, high"),
        ('grade = "B"', 'grade = "D"', "grade"),
        ("rows", "row", "rows"),
    ],
)
def test_damaged_interval_files(old, new, message):
    assert intervals.parse(INTERVAL, "interval_test.toml").upper(0.5, 1.0) == pytest.approx(2.5)
    with pytest.raises(UserError, match=message) as caught:
        intervals.parse(INTERVAL.replace(old, new), "interval_test.toml")
    assert "interval_test.toml" in str(caught.value)


# --- decays with a visible Z_D ------------------------------------------------------------------------------

VISIBLE = {
    # id: channel, longest lifetime (ps), a mass half way between two points, their limits
    "b_k_x_mumu": ("mumu", 10.0, (1.001 + 1.101) / 2, (6.75e-10, 1.55e-9)),
    "b_kst_x_mumu": ("mumu", 10.0, (0.6972 + 0.7727) / 2, (1.74e-9, 1.25e-9)),
    "b_k_x_ee": ("ee", 10.0, (0.2048 + 0.2502) / 2, (9.55e-8, 9.06e-8)),
    "b_kst_x_ee": ("ee", 10.0, (0.2048 + 0.2502) / 2, (1.70e-7, 1.74e-7)),
    "k_pi_x_mumu": ("mumu", 100.0, (0.249 + 0.2597) / 2, (2.75e-10, 2.63e-10)),
}


@pytest.mark.parametrize("name", VISIBLE)
def test_visible_prediction_limit_and_lifetime(name):
    channel, longest, mass, (first, second) = VISIBLE[name]
    zz, az, aa = coefficients(MODE_OF[name], mass)
    prompt, late = 0, 0
    for eps_z in np.geomspace(1e-9, 1e-2, 25):
        result = zdscan.evaluate("A", mass, 1e-8, eps_z, constraints=[name])
        total = float(result.widths["total"])
        entry = of(result, name)
        if 6.582119569e-13 / total > longest:
            late += 1
            assert not entry["applies"]
            assert entry["ratio"] == 0.0
            continue
        prompt += 1
        rate = zz * eps_z**2 + az * 1e-8 * eps_z + aa * 1e-16
        assert entry["prediction"] == pytest.approx(rate * float(result.widths[channel]) / total, rel=1e-9)
        assert entry["limit"] == pytest.approx(math.sqrt(first * second), rel=1e-9)
        assert entry["ratio"] == pytest.approx(entry["prediction"] / entry["limit"], rel=1e-9)
    assert prompt
    assert late


@pytest.mark.parametrize("case", ["B", "C"])
def test_gap_of_the_tables_above_two_muons(case):
    """No visible search below 219.6 MeV: only (g-2) excludes a point whose K -> pi Z_D exceeds all of K -> pi mu mu."""
    couplings = (0.0, -1.1e-4, 0.045)
    result = zdscan.evaluate(case, 0.215, *couplings).to_dict()
    assert [entry["id"] for entry in result["constraints"] if entry["excluded"]] == ["a_mu"]
    assert result["chi2"]["all"] - result["chi2"]["sm_all"] < -15.0
    assert result["branching_ratios"]["mumu"] > 0.99
    assert coefficients("K+->pi+", 0.215)[0] * couplings[1] ** 2 == pytest.approx(7.0e-7, rel=0.02)
    assert of(zdscan.evaluate(case, 0.2197, *couplings), "k_pi_x_mumu")["excluded"]


def test_visible_curves_say_what_they_are():
    for name in VISIBLE:
        curve = curves.load(name)
        assert curve.cl == (0.90 if name == "k_pi_x_mumu" else 0.95)
        assert curve.grade == "B"
        assert np.all(curve.segments[0].limit > 1e-11)
        assert np.all(curve.segments[0].limit < 1e-5)


@settings(max_examples=40, deadline=None)
@given(st.floats(0.02, 2.0), st.floats(-0.1, 0.1), st.floats(-0.1, 0.1), st.floats(-1.0, 1.0))
def test_electrophobic_vector_has_no_electron_signal(mass, eps, eps_z, g_mu):
    for name in ("b_k_x_ee", "b_kst_x_ee"):
        assert at(name, mass, eps, eps_z, g_mu, case="C")["ratio"] == 0.0


# --- all of them --------------------------------------------------------------------------------------------


def test_membership():
    chosen = {c.id: c for c in constraints.select("all")}
    for name in FLAVOUR:
        assert chosen[name].in_paper is (name in FLAVOUR[:6])
        assert chosen[name].citations


def test_settings_that_do_not_matter():
    for name in FLAVOUR:
        mass = 0.25 if name in ("k_pi_x_mumu", "b_kst_x_mumu") else 0.3 if name == "b_k_x_mumu" else 0.05
        reference = at(name, mass, 1e-3, 1e-4)["ratio"]
        assert at(name, mass, 1e-3, 1e-4, emission="complete")["ratio"] == reference
        if name not in ("bs_mumu", "k_mixing"):
            assert at(name, mass, 1e-3, 1e-4, theory="complete")["ratio"] == reference


@settings(max_examples=40, deadline=None)
@given(
    case=st.sampled_from(["A", "B", "C"]),
    mass=st.one_of(st.floats(0.01, 2.0), st.sampled_from([0.01, 0.1, 0.161, 0.26, 0.261, 0.497611, 2.0])),
    eps=st.floats(-0.1, 0.1),
    eps_z=st.floats(-1.0, 1.0),
    g_mu=st.floats(-1.0, 1.0),
    setting=st.sampled_from(["paper", "complete"]),
)
def test_always_a_number(case, mass, eps, eps_z, g_mu, setting):
    g = 0.0 if case == "A" else g_mu
    result = zdscan.evaluate(case, mass, eps, eps_z, g, theory=setting, constraints=FLAVOUR)
    assert np.all(np.isfinite(result.ratios))
    assert np.all(result.ratios >= 0.0)
    flipped = zdscan.evaluate(case, mass, -eps, -eps_z, -g, theory=setting, constraints=FLAVOUR)
    np.testing.assert_allclose(flipped.ratios, result.ratios, rtol=1e-9, atol=1e-12)
