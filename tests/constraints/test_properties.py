"""What must hold for every constraint at once: extra invisible decays, thresholds, electrons that couple to nothing."""

from __future__ import annotations

import math

import pytest
from hypothesis import example
from hypothesis import strategies as st

import zdscan
from tests.support.drawn import drawn
from tests.support.verdicts import model
from zdscan import constraints
from zdscan.inputs import against_mass, constants, limit_sets
from zdscan.physics.cases import Case
from zdscan.physics.search import groups

# Limit curves say in their file what they search for; other searches are entered here.
CURVES = {name: against_mass.load(name).constraint["channel"] for name in against_mass.available("constraint")}
RECASTS_INVISIBLE = {"babar_invisible", "na62_pi0_invisible", "na64_invisible"}
RECASTS = set(groups())
# Limits of today that depend on the lifetime.
LIFETIMES = {
    name
    for name, change in limit_sets.load(limit_sets.NEWEST).changes.items()
    if change.curve and "windows_ps" in against_mass.load(change.curve).constraint
}
# Searches that do not see what decays at once, in theory complete.
DISPLACED = {name for name in CURVES if "displaced" in against_mass.load(name).constraint}
WINDOWED = RECASTS | LIFETIMES  # behind windows in both theory settings: exponentials of the width
INVISIBLE = {
    *RECASTS_INVISIBLE,
    *("b_k_nunu", "b_kst_nunu", "k_pi_nunu_plus", "k_pi_nunu_long", "k_mu_inv", "pi_mu_nu_x", "belle2_zprime"),
    *("pi_e_nu_x", "k_e_nu_x", "z_gamma_x"),
    *(name for name, channel in CURVES.items() if channel == "invisible"),
}
VISIBLE = {
    *("k_mu_nu_ee", "lhcb_dark_photon"),
    *(RECASTS - RECASTS_INVISIBLE - {"sn1987a"}),
    *(name for name, channel in CURVES.items() if channel != "invisible"),
}
ALL = set(constraints.available())
# observables that need an electron coupling of the Z_D
ELECTRONS = {
    *("apv_cs", "apv_p", "a_e", "k_mu_nu_ee", "nu_e"),
    *(
        "babar_visible",
        "babar_invisible",
        "besiii",
        "kloe",
        "electron_targets",
        "na48",
        "na64_invisible",
        "na64_visible",
    ),
    *("electron_dumps", "lsnd"),
    *(name for name, channel in CURVES.items() if channel == "ee"),
}

_C = constants.load()
THRESHOLDS = (
    2 * _C["m_mu"],
    0.28,
    _C["m_piplus"] - _C["m_mu"],
    _C["m_Kplus"] - _C["m_mu"],
    _C["m_Kplus"] - _C["m_piplus"],
    _C["m_K0"] - _C["m_pi0"],
)
COUPLINGS = {
    "case": st.sampled_from("ABC"),
    "eps": st.floats(-1e-2, 1e-2),
    "eps_z": st.floats(-1e-2, 1e-2),
    "g_mu": st.floats(-1.0, 1.0),
}


def entries(case, mass, eps, eps_z, g_mu, **options):
    result = zdscan.evaluate(
        case, mass, eps, eps_z, 0.0 if case == "A" else g_mu, **{"constraints": sorted(ALL)} | options
    )
    return {entry["id"]: entry for entry in result.to_dict()["constraints"]}, result


@drawn(
    *(12, 40),
    mass=st.floats(0.01, 2.0),
    extra=st.floats(-3.0, 6.0),
    theory=st.sampled_from(["paper", "complete"]),
    **COUPLINGS,
)
@example(mass=0.25, extra=0.0, theory="complete", case="A", eps=0.0, eps_z=8e-4, g_mu=0.0)  # displaced: 1e-127
def test_an_extra_invisible_width_moves_what_it_should(mass, extra, theory, case, eps, eps_z, g_mu):
    """Searches for an invisible Z_D gain what searches for a visible one lose; nothing else notices.

    In theory complete what escapes before it decays counts as well, and what decays late is lost: the larger of the
    invisible share b and the escaping share e stands for b + (1 - b) e, which never falls and is at most twice that.
    """
    before, result = entries(case, mass, eps, eps_z, g_mu, theory=theory)
    total = float(result.widths["total"])
    width = total * 10**extra if total > 0.0 else 10 ** (extra - 9)
    after, wider = entries(case, mass, eps, eps_z, g_mu, invisible_width=width, theory=theory)
    total = total + width
    assert float(wider.widths["total"]) == pytest.approx(total, rel=1e-12)
    visible = width / total  # what is taken from every other channel, if any was open
    for name in ALL - VISIBLE - INVISIBLE:
        assert after[name] == before[name], name
    for name in INVISIBLE:
        if name in RECASTS and before[name]["applies"] and not after[name]["applies"]:
            assert total > 0.0099 * mass, name  # no narrow peak any more
            continue
        assert after[name]["applies"] == before[name]["applies"], name
        least = before[name]["ratio"] * (1.0 if theory == "paper" and name not in RECASTS else 0.5)
        assert after[name]["ratio"] >= least * (1 - 1e-12), name
    for name in VISIBLE:
        if name in WINDOWED or (name in DISPLACED and theory == "complete"):
            # E/Gamma falls with the width; a broad vector is no peak; so does the share behind a least distance
            assert after[name]["ratio"] <= before[name]["ratio"] * (1 + 1e-9), name
        elif before[name]["applies"]:
            assert after[name]["applies"], name  # a wider Z_D is more prompt
            shrunk = before[name]["ratio"] * (1 - visible)
            if theory == "paper":
                assert after[name]["ratio"] == pytest.approx(shrunk, rel=1e-6, abs=1e-300), name
            else:  # more of what is left decays early enough
                assert shrunk * (1 - 1e-6) - 1e-300 <= after[name]["ratio"], name
                assert after[name]["ratio"] <= before[name]["ratio"] * (1 + 1e-12), name


def _opening(mass, step, couplings):
    """What the width may gain within `step` of a mass: the root of the distance for mu mu, R at 0.28 GeV."""
    muon = couplings["v_mu"] ** 2 + couplings["a_mu"] ** 2
    quarks = (couplings["v_u"] - couplings["v_d"]) ** 2
    root = math.sqrt(2 * step) if abs(mass - 2 * _C["m_mu"]) < 1e-9 else 0.0
    return mass / (12 * math.pi) * (2 * root * muon + (2e-4 if abs(mass - 0.28) < 1e-9 else 0.0) * quarks)


@drawn(
    *(15, 50),
    mass=st.one_of(st.floats(0.0101, 1.99), st.sampled_from(THRESHOLDS)),
    theory=st.sampled_from(["paper", "complete"]),
    **COUPLINGS,
)
def test_ratios_are_continuous_in_the_mass(mass, theory, case, eps, eps_z, g_mu):
    """Two masses 1e-10 apart, on both sides of every threshold: steps only where a limit or a range steps.

    Branching ratios may move by as much as the width does where a channel opens, and by all they have where it is the
    only one.
    """
    step = 1e-10
    below, first = entries(case, mass * (1 - step), eps, eps_z, g_mu, theory=theory)
    above, second = entries(case, mass * (1 + step), eps, eps_z, g_mu, theory=theory)
    low, high = float(first.widths["total"]), float(second.widths["total"])
    gain = _opening(mass, 2 * step, {name: float(value) for name, value in first.couplings.items()})
    assert abs(high - low) <= 1e-6 * low + 1.01 * gain
    for name in ALL:
        one, two = below[name], above[name]
        if one["applies"] != two["applies"] or not one["applies"]:
            continue
        if name == "lhcb_dark_photon" and one["limit"] != two["limit"]:
            continue  # its limit is constant within a bin
        assert one["limit"] == pytest.approx(two["limit"], rel=1e-6), name
        tolerance = 1e-6
        if name in INVISIBLE | VISIBLE:
            if low == 0.0 < high:
                continue
            if name in WINDOWED | DISPLACED and gain > 1e-8 * low:
                continue  # a channel opens, and lifetimes stand in exponents: all may be lost
            tolerance += 2 * gain / low if gain else 0.0
            tolerance += 2e-4 if name == "lhcb_dark_photon" and mass == 0.28 else 0.0  # the pions of its A'
            tolerance *= 100.0 if name in WINDOWED | DISPLACED else 1.0
        assert one["ratio"] == pytest.approx(two["ratio"], rel=tolerance, abs=1e-9), name


@drawn(
    *(6, 20),
    mass=st.floats(0.01, 2.0),
    eps=st.floats(-0.1, 0.1),
    eps_z=st.floats(-0.1, 0.1),
    g_mu=st.floats(-1.0, 1.0),
)
def test_electrons_of_case_c_are_those_of_the_standard_model(mass, eps, eps_z, g_mu):
    found, result = entries("C", mass, eps, eps_z, g_mu)
    nothing, _ = entries("C", mass, 0.0, 0.0, 0.0)
    for name in ELECTRONS:
        assert found[name]["ratio"] == nothing[name]["ratio"], name
    assert float(result.widths["ee"]) == 0.0
    assert float(result.delta_a_e) == 0.0
    for theory in ("paper", "complete"):
        for row in zdscan.evaluate("C", mass, eps, eps_z, g_mu, theory=theory).to_dict()["rows"]:
            if "ee" in row["id"]:
                assert row["prediction"] == row["sm"]


def test_no_constraint_is_forgotten_in_the_two_lists():
    """A new search for decays of the Z_D has to be entered in one of the lists above."""
    baryonic = Case.from_couplings("baryonic", {name: {"eps": 1 / 3} for name in ("v_u", "v_d", "v_s")})
    models = [model(case, "complete", "complete") for case in ("B", baryonic)]  # without and with an anomaly
    for constraint in constraints.select(constraints.available()):
        clauses = [
            clause
            for m in models
            for mass in (0.02, 0.05, 0.25, 0.3, 0.6, 1.7)
            for clause in constraint.clauses(m, mass)
        ]
        channels = {channel for clause in clauses for channel in clause.channels}
        assert ("invisible" in channels) is (constraint.id in INVISIBLE), constraint.id
        assert bool(channels & {"ee", "mumu", "hadrons", "pipi"}) is (constraint.id in VISIBLE), constraint.id


def test_curves_search_for_what_they_are_known_for():
    """The channels of the shipped curves, typed in again."""
    invisible, electrons = {"b_k_x", "k_pi_x"}, {"b_k_x_ee", "b_kst_x_ee"}
    muons = {"b_k_x_mumu", "b_kst_x_mumu", "k_pi_x_mumu"}
    for channel, names in (("invisible", invisible), ("ee", electrons), ("mumu", muons)):
        assert {CURVES[name] for name in names} == {channel}
