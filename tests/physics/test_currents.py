"""What breaks a current, its anomaly, and the Wess-Zumino vertex: against traces and loops written out."""

from __future__ import annotations

import itertools
import math
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import zdscan
from tests.support.tolerances import CLOSED_FORM, EXACT_ALGEBRA, GRID_CHI2, LOOP_SUM
from tests.support.verdicts import of
from tests.twins import wess_zumino as twin
from tests.twins.inputs import GF, LAMBDA, MW, QUARK_MASSES
from zdscan.errors import UserError
from zdscan.evaluation.engine import Engine
from zdscan.inputs import constants, tables
from zdscan.inputs.spline import Spline
from zdscan.physics.cases import CASES, COUPLINGS, Case
from zdscan.physics.clause import Model
from zdscan.physics.currents import coefficients, currents, resolved, setting_fault
from zdscan.physics.two_body import branching_ratio
from zdscan.physics.vertex import vertex
from zdscan.scan.scanfile import parse_scan

TRANSITIONS = ("bs", "bd", "sd")
CHARGES = st.floats(-2.0, 2.0)
QUARKS = ("v_u", "v_d", "v_s")


def charges(quarks: float = 0.0, e: float = 0.0, mu: float = 0.0, tau: float = 0.0) -> dict[str, dict[str, float]]:
    """A vector of these charges of quarks and leptons, neutrinos included, per unit of eps."""
    found = {name: {"eps": quarks} for name in QUARKS}
    for name, value in (("e", e), ("mu", mu), ("tau", tau)):
        found |= {f"v_{name}": {"eps": value}, f"g_nu{name}": {"eps": value}}
    return found


BARYON = Case.from_couplings("B", charges(1 / 3))
CONSERVED = {
    "dark photon": CASES["A"],
    "B - L": Case.from_couplings("B - L", charges(1 / 3, -1, -1, -1)),
    "B - 3 L_tau": Case.from_couplings("B - 3 L_tau", charges(1 / 3, tau=-3)),
    "L_mu - L_tau": Case.from_couplings("L_mu - L_tau", charges(mu=1, tau=-1)),
    "L_e - L_mu": Case.from_couplings("L_e - L_mu", charges(e=1, mu=-1)),
    "L_e - L_tau": Case.from_couplings("L_e - L_tau", charges(e=1, tau=-1)),
}


def column(case: Case, parameter: int = 0) -> dict[str, float]:
    return dict(zip(COUPLINGS, case.matrix[:, parameter].tolist(), strict=True))


def model(case: Case, anomaly: str = "wess-zumino") -> Model:
    return Model(case.matrix, "complete", "complete", 1.0, "rashed2024", anomaly)


# --- the anomaly


@pytest.mark.parametrize(("third", "share"), [(0.333, "0.0005"), (0.3333, "5e-05"), (0.33, "0.005")])
def test_a_third_with_few_digits_is_told(third: float, share: str) -> None:
    """B - L with rounded quarks: A = (9 third - 3)/2 beside terms of 3; a term that grows as 1/M, and a hint."""
    current, _, _ = currents(Case.from_couplings("rounded", charges(third, -1, -1, -1)).matrix)
    assert current.anomaly == pytest.approx((9 * third - 3) / 2)
    (why,) = current.broken_by
    assert f", {share} of its terms: if they should cancel, give the couplings more digits)" in why
    (plain,) = currents(BARYON.matrix)[0].broken_by
    assert plain == "anomaly (1.5)"


def test_the_regulator_of_the_twin_gives_the_pumping_of_the_lowest_landau_level() -> None:
    """E and B along z fill q B/(2 pi) x q E/(2 pi) right-handed states, and empty as many left-handed ones."""
    z = np.array([0.0, 0.0, 1.0])
    assert twin.axial_anomaly(0.7 * z, 1.3 * z) == pytest.approx(0.7 * 1.3 / (2 * math.pi**2), rel=EXACT_ALGEBRA)


@pytest.mark.parametrize(
    ("couplings", "expected"),
    [
        (charges(1 / 3), 1.5),
        (charges(mu=1), 0.5),
        (charges(e=1, mu=1, tau=1), 1.5),
        (charges(1 / 3, e=1), 2.0),
        (charges(0.1), 0.45),
    ],
)
def test_coefficients_of_baryon_and_lepton_number(couplings, expected) -> None:
    found, *_ = currents(Case.from_couplings("own", couplings).matrix)
    assert found.anomaly == pytest.approx(expected, rel=EXACT_ALGEBRA)
    assert found.hypercharge == pytest.approx(expected, rel=EXACT_ALGEBRA)
    assert found.broken_by == (f"anomaly ({expected:.4g})",)


@settings(max_examples=100, deadline=None)
@given(
    quarks=st.tuples(CHARGES, CHARGES, CHARGES, CHARGES),
    neutrinos=st.tuples(CHARGES, CHARGES, CHARGES),
    right=st.tuples(CHARGES, CHARGES),
)
def test_coefficients_are_traces_over_the_standard_model(quarks, neutrinos, right) -> None:
    """Whatever respects weak isospin: A = tr g T3^2, A' = tr g Y^2, field by field."""
    left_up, right_up, left_down, right_down = quarks
    couplings = {
        "v_u": {"g_mu": (left_up + right_up) / 2},
        "a_u": {"g_mu": (left_up - right_up) / 2},
        **{f"v_{q}": {"g_mu": (left_down + right_down) / 2} for q in "ds"},
        **{f"a_{q}": {"g_mu": (left_down - right_down) / 2} for q in "ds"},
        **{f"g_nu{name}": {"g_mu": g} for name, g in zip(("e", "mu", "tau"), neutrinos, strict=True)},
    }
    for name, nu, singlet in zip(("e", "mu"), neutrinos[:2], right, strict=True):
        left = nu - (left_up - left_down)
        couplings |= {f"v_{name}": {"g_mu": (left + singlet) / 2}, f"a_{name}": {"g_mu": (left - singlet) / 2}}
    case = Case.from_couplings("own", couplings)
    found = currents(case.matrix)[2]
    scale = 40.0  # of the sums, for cancellation
    assert found.anomaly == pytest.approx(twin.weak_anomaly(column(case, 2)), abs=1e-8 * scale)
    assert found.hypercharge == pytest.approx(twin.hypercharge_anomaly(column(case, 2)), abs=1e-8 * scale)


@pytest.mark.parametrize("name", CONSERVED)
def test_conserved_currents_have_no_anomaly_at_all(name) -> None:
    found, *_ = currents(CONSERVED[name].matrix)
    assert found.couples
    assert found.broken_by == ()
    assert found.anomaly == found.hypercharge == 0.0
    assert found.told("wess-zumino") == "none"


def test_what_breaks_the_currents_of_the_built_in_cases() -> None:
    photon, z, muon = currents(CASES["B"].matrix)
    assert (photon.broken_by, photon.anomaly) == ((), 0.0)
    assert (z.broken_by, z.anomaly, z.hypercharge) == (("masses (axial couplings of e, mu, tau, u, d)",), 0.0, 0.0)
    assert muon.anomaly is None
    assert muon.broken_by == ("weak isospin (nu_mu - mu_L = -1, but the W has 0)",)
    assert not currents(CASES["A"].matrix)[2].couples
    for current in currents(CASES["C"].matrix):  # electrons that do not match the W
        assert current.anomaly is None
        assert not current.anomalous
    with_axial = currents(CONSERVED["L_mu - L_tau"].with_axial(0.3))
    assert with_axial[0].broken_by == ()
    assert with_axial[2].anomaly is None


def test_a_doublet_that_breaks_isospin_takes_the_term_from_its_column_alone() -> None:
    both = charges(1 / 3) | {"v_mu": {"eps": 0.0, "g_mu": 1.0}}
    found = currents(Case.from_couplings("own", both).matrix)
    assert found[0].anomaly == pytest.approx(1.5)
    assert found[2].anomaly is None
    one = currents(Case.from_couplings("own", charges(1 / 3) | {"v_mu": {"eps": 1.0}}).matrix)[0]
    assert one.anomaly is None
    assert "not predicted" in one.told("wess-zumino")


# --- the vertex


@pytest.mark.parametrize("mass", [0.002, 1.27, 80.377, 163.5, 1e4])
def test_the_loop_of_two_w_is_the_closed_form(mass) -> None:
    """Sign and size from Feynman rules with explicit matrices: 3 g^4 A/(16 pi^2)^2 F(x)."""
    g, x = 0.65, (mass / 80.377) ** 2
    expected = twin.monopole(g, 80.377, mass) / (3 * g**4 / (16 * math.pi**2) ** 2)
    closed = 0.5 if x == 1.0 else x * (1 + x * (math.log(x) - 1)) / (1 - x) ** 2
    assert closed == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("transition", TRANSITIONS)
@pytest.mark.parametrize("fcnc_scale", [1.0, 2.7])
def test_monopole_of_baryon_number(transition, fcnc_scale) -> None:
    """E0 of U(1)_B is the Wess-Zumino term alone, summed over quarks by the twin; fcnc_scale leaves it alone."""
    g = math.sqrt(4 * math.sqrt(2) * GF * MW**2)
    found = vertex(BARYON.matrix, transition, fcnc_scale)
    terms = [complex(v) * 1.5 * twin.monopole(g, MW, m) for v, m in zip(LAMBDA[transition], QUARK_MASSES, strict=True)]
    assert found.e0[0] == pytest.approx(sum(terms), rel=LOOP_SUM)
    assert vertex(BARYON.matrix, transition, fcnc_scale, "cancelled").e0[0] == 0.0


@pytest.mark.parametrize("name", [*CONSERVED, "B", "C"])
def test_currents_without_anomaly_keep_every_bit(name) -> None:
    case = CONSERVED.get(name) or CASES[name]
    for transition in TRANSITIONS:
        one, other = (vertex(case.matrix, transition, 1.0, term) for term in ("wess-zumino", "cancelled"))
        for part in ("e0", "e2", "m1"):
            assert getattr(one, part).tobytes() == getattr(other, part).tobytes()


@settings(max_examples=30, deadline=None)
@given(scale=st.floats(-3.0, 3.0), admixture=st.floats(-1.0, 1.0))
def test_the_vertex_is_linear_in_the_charges(scale, admixture) -> None:
    """A dark Z in the same column adds its own E0, and scaling the baryon number scales its term."""
    both = {name: {"eps": scale / 3} for name in QUARKS}
    mixed = {
        name: {"eps": both.get(name, {"eps": 0.0})["eps"] + admixture * float(row[1])}
        for name, row in zip(COUPLINGS, CASES["A"].matrix, strict=True)
    }
    case = Case.from_couplings("mixed", mixed)
    for transition in TRANSITIONS:
        expected = scale * vertex(BARYON.matrix, transition).e0[0]
        expected += admixture * vertex(CASES["A"].matrix, transition).e0[1]
        room = 1e-9 * (abs(vertex(CASES["A"].matrix, transition).e0[1]) + 1e-6)
        assert vertex(case.matrix, transition).e0[0] == pytest.approx(expected, rel=1e-9, abs=room)


# --- rates


@pytest.mark.parametrize(
    ("mode", "mass", "published"),
    [("B+->K+", 0.01, 4.6e3), ("B+->K+", 0.1, 46.0)],
)
def test_rate_of_b_to_k(mode, mass, published) -> None:
    assert branching_ratio(mode, model(BARYON), mass).terms[(2, 0, 0)].real == pytest.approx(published, rel=0.1)


@pytest.mark.parametrize(("mass", "top_alone"), [(0.01, 14.0), (0.1, 0.13)])
def test_rate_of_k_to_pi(mass, top_alone) -> None:
    """14 and 0.13 are met by the top alone; charm adds a quarter, and E2 interferes at 100 MeV."""
    c = constants.load()
    g = math.sqrt(4 * math.sqrt(2) * GF * MW**2)
    terms = [complex(v) * 1.5 * twin.monopole(g, MW, m) for v, m in zip(LAMBDA["sd"], QUARK_MASSES, strict=True)]
    parent, daughter = c["m_Kplus"], c["m_piplus"]
    momentum = math.sqrt((parent**2 - (daughter + mass) ** 2) * (parent**2 - (daughter - mass) ** 2))
    f_plus = float(Spline(*tables.form_factor("K->pi", "f+"))(mass**2))
    rate = c["tau_Kplus"] * momentum**3 * f_plus**2 / (64 * math.pi * parent**3 * mass**2)
    assert rate * abs(terms[2]) ** 2 == pytest.approx(top_alone, rel=0.1)
    found = branching_ratio("K+->pi+", model(BARYON), mass).terms[(2, 0, 0)].real
    assert found == pytest.approx(rate * abs(sum(terms)) ** 2, rel=0.005 if mass < 0.05 else 0.2)


@pytest.mark.parametrize("mode", ["B+->K+", "B0->K*0", "Bs->phi", "B->Xs", "K+->pi+"])
def test_rates_grow_as_one_over_the_mass_squared(mode) -> None:
    """Longitudinal: M^2 times the rate stays as M falls; without the term it is far smaller and falls as well."""
    on = [m**2 * branching_ratio(mode, model(BARYON), m).terms[(2, 0, 0)].real for m in (0.01, 0.02)]
    off = [m**2 * branching_ratio(mode, model(BARYON, "cancelled"), m).terms[(2, 0, 0)].real for m in (0.01, 0.02)]
    assert on[0] == pytest.approx(on[1], rel=0.03)
    assert off[0] < off[1] < 1e-4 * on[0]


def test_the_term_of_a_heavy_vector_is_no_larger_than_the_square_of_its_loop() -> None:
    """M = 2 GeV: no 1/M^2 is left; E0^2 against E2^2 M^4 decides, and both are small."""
    on, off = (branching_ratio("B+->K+", model(BARYON, term), 2.0).terms[(2, 0, 0)].real for term in _TERMS)
    assert 0.0 < off < on < 1.0


_TERMS = ("wess-zumino", "cancelled")


def test_the_printed_example_is_excluded_ninefold_by_b_to_k_mu_mu() -> None:
    own = {name: {"eps": 0.1} for name in QUARKS} | {"v_mu": {"g_mu": 1.0}}
    entry = of(zdscan.evaluate(own, 0.3, 1e-4, 0.0, 1e-4, limits="rashed2024"), "b_k_x_mumu")
    assert entry["prediction"] == pytest.approx(4.6e-9, rel=0.05)
    assert entry["ratio"] == pytest.approx(9.5, rel=0.06)
    cancelled = zdscan.evaluate(own, 0.3, 1e-4, 0.0, 1e-4, anomaly="cancelled")
    assert of(cancelled, "b_k_x_mumu")["ratio"] < 1e-3
    assert not cancelled.excluded.any()


# --- Z -> gamma Z_D


@settings(max_examples=25, deadline=None)
@given(quark=st.floats(0.05, 1.0), leptons=st.tuples(CHARGES, CHARGES, CHARGES), mass=st.floats(0.01, 2.0))
def test_z_to_gamma_against_a_sum_over_fields_and_polarisations(quark, leptons, mass) -> None:
    c = constants.load()
    case = Case.from_couplings("own", charges(quark, *leptons))
    expected = twin.z_to_gamma(column(case), mass, c["MZ"], c["e"], c["gz"], c["sin2_theta_w"]) / c["Gamma_Z_exp"]
    entry = of(zdscan.evaluate(case, mass, 1e-2, invisible_width=1e9, constraints=["z_gamma_x"]), "z_gamma_x")
    if currents(case.matrix)[0].anomalous:
        assert entry["prediction"] == pytest.approx(1e-4 * expected, rel=CLOSED_FORM, abs=1e-18 * quark)
    else:
        assert not entry["applies"]


def test_z_to_gamma_of_left_handed_charges() -> None:
    """A and A' differ: left-handed quarks alone."""
    c = constants.load()
    left = {f"{kind}_{q}": {"eps": 0.5} for kind in "va" for q in "uds"} | {"v_tau": {"eps": 0.0}}
    case = Case.from_couplings("left", left)
    assert coefficients(case.matrix, "wess-zumino")[0][0] == pytest.approx(4.5)
    assert coefficients(case.matrix, "wess-zumino")[1][0] == pytest.approx(-0.5)
    expected = twin.z_to_gamma(column(case), 0.02, c["MZ"], c["e"], c["gz"], c["sin2_theta_w"]) / c["Gamma_Z_exp"]
    entry = of(zdscan.evaluate(case, 0.02, 1e-2, invisible_width=1e9, constraints=["z_gamma_x"]), "z_gamma_x")
    assert entry["prediction"] == pytest.approx(1e-4 * expected, rel=CLOSED_FORM)


def test_limit_on_baryon_number_from_single_photons() -> None:
    at_limit = of(zdscan.evaluate(BARYON, 0.01, 3.70e-5, constraints=["z_gamma_x"]), "z_gamma_x")
    assert at_limit["ratio"] == pytest.approx(1.0, rel=0.01)
    for case in CASES.values():
        assert not of(zdscan.evaluate(case, 0.05, 1e-3, 1e-3), "z_gamma_x")["applies"]
    cancelled = zdscan.evaluate(BARYON, 0.01, 1e-3, constraints=["z_gamma_x"], anomaly="cancelled")
    assert not of(cancelled, "z_gamma_x")["applies"]


# --- the setting


def test_the_setting_is_resolved_and_refused_where_there_is_no_anomaly() -> None:
    assert [resolved(setting, BARYON.matrix) for setting in ("auto", *_TERMS)] == ["wess-zumino", *_TERMS]
    assert resolved("auto", CASES["B"].matrix) == "none"
    assert setting_fault("auto", "A", CASES["A"].matrix) is None
    assert setting_fault("cancelled", "B", BARYON.matrix) is None
    with pytest.raises(UserError, match="anomaly = 'cancelled' does not fit Case A, whose currents have no anomaly"):
        zdscan.evaluate("A", 0.1, 1e-4, anomaly="cancelled")
    with pytest.raises(UserError, match="what g_mu induces is not predicted"):
        zdscan.evaluate("B", 0.1, 1e-4, anomaly="wess-zumino")
    with pytest.raises(UserError, match="anomaly does not know 'wess'"):
        zdscan.evaluate(BARYON, 0.1, 1e-4, anomaly="wess")


def test_a_point_tells_of_its_currents() -> None:
    told = zdscan.evaluate(BARYON, 0.1, 1e-4).to_dict()
    assert told["anomaly"] == "wess-zumino"
    assert told["currents"][0] == {
        "parameter": "eps",
        "conserved": False,
        "broken_by": ["anomaly (1.5)"],
        "anomaly": pytest.approx(1.5),
        "wess_zumino": "Wess-Zumino term",
    }
    assert [item["wess_zumino"] for item in told["currents"][1:]] == ["nothing couples"] * 2
    off = zdscan.evaluate(BARYON, 0.1, 1e-4, anomaly="cancelled").to_dict()
    assert (off["anomaly"], off["currents"][0]["wess_zumino"]) == ("cancelled", "cancelled: no term")


def test_every_parameter_has_its_own_term() -> None:
    """The same charges in any column give the same vertex there."""
    for place, parameter in itertools.product(range(3), ("eps", "eps_z", "g_mu")):
        moved = {name: {parameter: row["eps"]} for name, row in charges(1 / 3).items()}
        e0 = vertex(Case.from_couplings("moved", moved).matrix, "bs").e0
        assert (e0[place] != 0.0) == (("eps", "eps_z", "g_mu")[place] == parameter)


SCAN = """\
format = 1
[case]
name = "baryonic with muons"
[case.couplings]
v_u = { eps = 0.1 }
v_d = { eps = 0.1 }
v_s = { eps = 0.1 }
v_mu = { g_mu = 1.0 }
[axes]
mass = { values = [0.02, 0.3] }
eps = { min = 1e-7, max = 1e-2, n = 30, spacing = "log" }
eps_z = { values = [0.0] }
g_mu = { min = 1e-7, max = 1e-2, n = 20, spacing = "log" }
[constraints]
use = ["b_k_x", "b_k_x_mumu", "bs_mixing", "k_mixing", "k_pi_x", "z_gamma_x"]
"""


def test_a_grid_has_the_term_as_points_have_it() -> None:
    """chi2 and bits of the fast evaluator, from a scan file of format 1, against points."""
    scan = parse_scan(SCAN)
    engine = Engine.from_scan(scan)
    size = scan.points // 2
    for place, mass in enumerate((0.02, 0.3)):
        chi2, excluded = np.empty(size, np.float32), np.empty(size, np.uint64)
        engine.evaluate(engine.mass_tables(place), 0, size, [chi2, excluded])
        eps, g_mu = np.meshgrid(scan.axes["eps"], scan.axes["g_mu"], indexing="ij")
        chosen = asdict(scan.settings)
        points = zdscan.evaluate(scan.coupling_case, mass, eps, 0.0, g_mu, **chosen)
        bits = (points.excluded.reshape(size, -1) << np.arange(6)).sum(axis=1)
        np.testing.assert_array_equal(excluded, bits)
        np.testing.assert_allclose(chi2, points.chi2["all"].ravel(), rtol=GRID_CHI2)
        assert len(set(bits.tolist())) >= 2
