"""Constraints: predictions against their formulas written out again here, and the rules every clause obeys."""

from __future__ import annotations

import math
import re
import sys

import numpy as np
import pytest
from hypothesis import strategies as st

from tests.support.drawn import drawn
from tests.support.paths import ROOT
from tests.support.verdicts import of, published
from zdscan import constraints
from zdscan.errors import UserError
from zdscan.physics.cases import CASES, COUPLINGS, Case
from zdscan.physics.parameters import PARAMETERS


@pytest.mark.parametrize(
    ("mass", "delta"), [(0.010, 0.662657), (0.030, 0.0736274), (0.100, 6.62528e-3), (1.0, 6.49e-5)]
)
def test_bs_mixing_spot_values(mass, delta):
    """Relative shift of Delta M_s at eps_z = 1e-3 from an independent calculation; its published digits."""
    entry = of(published("A", mass, 1e-3, 1e-3), "bs_mixing")
    assert entry["prediction"] == pytest.approx(delta, rel=1e-3 if mass == 1.0 else 2e-5)
    assert entry["limit"] == pytest.approx(2 * 1.2 / 18.4)
    assert entry["ratio"] == pytest.approx(entry["prediction"] / entry["limit"])
    assert entry["excluded"] == (mass < 0.0225)


def test_bs_mixing_does_not_depend_on_eps_and_scales_with_the_vertex():
    one = of(published("A", 0.05, 1e-3, 1e-3), "bs_mixing")["prediction"]
    assert of(published("A", 0.05, -1e-2, 1e-3), "bs_mixing")["prediction"] == pytest.approx(one, rel=1e-12)
    doubled = of(published("A", 0.05, 1e-3, 1e-3, fcnc_scale=2.0), "bs_mixing")["prediction"]
    assert doubled == pytest.approx(4.0 * one, rel=1e-3)
    for k, edge in ((1.0, 0.0225), (2.0, 0.0451), (2.75, 0.0619), (3.5, 0.0789)):
        for mass, expected in ((edge * 0.99, True), (edge * 1.01, False)):
            entry = of(published("A", mass, 0.0, 1e-3, fcnc_scale=k), "bs_mixing")
            assert entry["excluded"] is expected


# K+ -> pi+ Z_D branching ratio = ZZ eps_z^2 + AZ eps eps_z + AA eps^2
@pytest.mark.parametrize(
    ("mass", "zz", "az", "aa"),
    [(0.01, 5.72268e4, -0.31249, 5.796e-7), (0.1, 498.372, -0.28268, 5.450e-5), (0.2, 75.5238, -0.18949, 1.620e-4)],
)
def test_k_pi_x_spot_values(mass, zz, az, aa):
    def rate(eps, eps_z):
        # an invisible width that swamps all others makes BR_inv one
        return of(published("A", mass, eps, eps_z, invisible_width=1e6), "k_pi_x")["prediction"]

    z, a, both = rate(0.0, 1e-3), rate(1e-3, 0.0), rate(1e-3, 1e-6)
    assert z / 1e-6 == pytest.approx(zz, rel=1e-5)
    assert a / 1e-6 == pytest.approx(aa, rel=1e-3)
    assert (both - a - z * 1e-6) / 1e-9 == pytest.approx(az, rel=1e-3)


def test_k_pi_x_knows_its_gaps_and_its_branching_ratio():
    for mass, applies in ((0.1034, True), (0.108, False), (0.13, True), (0.153, False), (0.2, True), (0.26, False)):
        entry = of(published("C", mass, 0.0, 1e-6, 1e-3), "k_pi_x")
        assert entry["applies"] is applies
        assert (entry["prediction"] is None) is not applies
        assert entry["excluded"] is (applies and entry["ratio"] >= 1.0)
    visible = published("A", 0.05, 1e-3, 1e-6)
    hidden = published("A", 0.05, 1e-3, 1e-6, invisible_width=float(visible.widths["total"]))
    before, after = of(visible, "k_pi_x")["prediction"], of(hidden, "k_pi_x")["prediction"]
    nu = float(visible.widths["nunu"] / visible.widths["total"])
    assert after / before == pytest.approx((nu + 1.0) / 2.0 / nu, rel=1e-9)


def test_no_open_channel_counts_as_invisible():
    result = published("C", 0.05, 1e-4, 0.0, 1e-3)
    assert result.widths["total"] == 0.0
    assert result.branching_ratios["invisible"] == 1.0
    assert of(result, "k_pi_x")["prediction"] > 0.0


def test_a_mu_both_sides():
    """Delta a_mu of a light vector is g^2/8pi^2 - and a^2 m^2/(4 pi^2 M^2) the other way."""
    light = published("B", 0.010, 0.0, 0.0, 3e-4)
    assert float(light.delta_a_mu) == pytest.approx(9e-8 / (8 * math.pi**2), rel=0.3)
    entry = of(light, "a_mu")
    assert entry["ratio"] == pytest.approx(abs(float(light.delta_a_mu) - 38e-11) / 126e-11, rel=1e-12)
    axial = published("A", 0.010, 0.0, 2e-3)
    a = float(axial.couplings["a_mu"])
    assert float(axial.delta_a_mu) == pytest.approx(-(a**2) * (0.10566 / 0.010) ** 2 / (4 * math.pi**2), rel=0.1)
    assert of(axial, "a_mu")["excluded"]


def test_zero_coupling_is_allowed_everywhere():
    for mass in (0.01, 0.05, 0.2, 0.5, 2.0):
        result = published("B", mass)
        assert not result.excluded.any()
        assert of(result, "a_mu")["ratio"] == pytest.approx(38 / 126)
        assert of(result, "bs_mixing")["ratio"] == pytest.approx(0.0, abs=1e-12)


@drawn(
    *(20, 60),
    st.sampled_from(["A", "B", "C"]),
    st.floats(0.01, 2.0),
    st.floats(-0.1, 0.1),
    st.floats(-0.1, 0.1),
    st.floats(-1.0, 1.0),
    st.sampled_from(["paper", "complete"]),
)
def test_ratios_are_numbers_and_bits_follow(case, mass, eps, eps_z, g_mu, theory):
    result = published(case, mass, eps, eps_z, 0.0 if case == "A" else g_mu, theory=theory)
    assert np.all(np.isfinite(result.ratios))
    assert np.all(result.ratios >= 0.0)
    assert np.isfinite(result.chi2["all"])
    np.testing.assert_array_equal(result.excluded, result.ratios >= 1.0)
    for k, entry in enumerate(result.to_dict()["constraints"]):
        if not entry["applies"]:
            assert result.ratios[k] == 0.0


def test_selection():
    every = constraints.select(constraints.available())
    assert [c.id for c in every] == list(constraints.available())
    assert [c.id for c in constraints.select("all")] == [c.id for c in every if not c.replaced_by]
    assert {c.id for c in constraints.select("paper")} == {c.id for c in every if c.in_paper}
    assert [c.id for c in constraints.select(["k_pi_x", "a_mu"])] == ["k_pi_x", "a_mu"]
    with pytest.raises(UserError, match=r"no constraint 'k_pi' \(did you mean 'k_pi_x'\?\); known are "):
        constraints.select(["k_pi"])


def test_all_of_the_first_scan_format_is_what_there_was_then():
    first = {c.id for c in constraints.select("all", 1)}
    assert first == {c.id for c in constraints.select(constraints.available()) if c.first_format == 1}
    assert len(first) == 28
    assert {c.id for c in constraints.select("paper", 1)} == {c.id for c in constraints.select("paper")} < first
    later = [c.id for c in constraints.select("all", 2) if c.first_format == 2]
    assert [c.id for c in constraints.select(later, 1)] == later  # named, a format has every constraint


def test_neutrino_width_beside_a_large_invisible_width():
    alone = published("A", 0.1, 0.0, 1e-9)
    beside = published("A", 0.1, 0.0, 1e-9, invisible_width=1e-2)
    assert float(beside.widths["nunu"]) == float(alone.widths["nunu"]) > 0.0


def test_kaon_rates_do_not_depend_on_how_the_mixing_is_parametrised():
    """The same couplings written with another basis of parameters: photon + Z in one column."""
    mixing = {
        name: dict(zip(PARAMETERS, row, strict=True)) for name, row in zip(COUPLINGS, CASES["A"].matrix, strict=True)
    }
    turned = {name: {"eps": c["eps"] + 0.3 * c["eps_z"], "eps_z": c["eps_z"]} for name, c in mixing.items()}
    other = published(Case.from_couplings("turned", turned), 0.05, 1e-3, -0.3e-3 + 1e-8)
    assert of(other, "k_pi_x")["ratio"] == pytest.approx(
        of(published("A", 0.05, 1e-3, 1e-8), "k_pi_x")["ratio"], rel=1e-6
    )


def test_widths_of_cancelling_couplings_are_not_negative():
    case = Case.from_couplings(
        "cancel", {"v_e": {"eps": 1.0, "g_mu": 1.0}, "g_nu": {"eps": 1e-3, "g_mu": 1e-3}, "v_mu": {"g_mu": 1.0}}
    )
    for offset in (0.0, 1e-12, 1e-9):
        result = published(case, 0.05, -1e-3, 0.0, 1e-3 * (1 + offset))
        assert all(width >= 0.0 for width in result.widths.values())


def test_mistakes_in_python_get_a_sentence():
    for arguments, sentence in (
        ({"mass": 0.1, "g_mu": 1e200}, "at most 100 in size"),
        ({"mass": 0.1, "axial_mu": 1e100}, "axial_mu must be at most 100, not 1e[+]100"),
        ({"mass": 0.1, "axial_mu": -1e100}, "axial_mu must be at least -100, not -1e[+]100"),
        ({"mass": 0.1, "invisible_width": -1.0}, "invisible_width must be at least 0, not -1"),
        ({"mass": []}, "an argument is empty"),
        ({"mass": [0.1, 0.2], "eps": [0.0, 1e-3, 1e-2]}, "matching shapes"),
        ({"mass": 2.0000001}, "2.0000001 GeV"),
    ):
        with pytest.raises(UserError, match=sentence):
            published("B", **arguments)
    with pytest.raises(TypeError):
        published("B")


@pytest.mark.filterwarnings("error")
def test_arrays_broadcast_without_a_warning():
    """One number beside an array of one, or of many."""
    for g_mu in ([1e-3], [1e-3, 2e-3], [[1e-3], [2e-3]]):
        result = published("B", 0.1, 1e-4, [1e-5], g_mu, constraints=["a_mu"])
        assert result.chi2["all"].shape == np.shape(g_mu)
        assert float(result.ratios.flat[0]) == float(published("B", 0.1, 1e-4, 1e-5, 1e-3).ratios[1])


def test_a_mapping_is_a_case_and_a_result_is_short_to_print():
    result = published({"v_mu": {"g_mu": 1.0}}, 0.1, g_mu=1e-3)
    assert float(result.couplings["v_mu"]) == 1e-3
    assert len(repr(result).splitlines()) < 20
    assert max(map(len, repr(result).splitlines())) < 120


def test_modules_name_the_page_that_derives_them():
    for item in constraints.select(constraints.available()):
        if not item.file.endswith(".py"):
            continue
        text = sys.modules[item.clauses.__module__].__doc__
        page = ROOT / re.search(r"docs/[\w-]+\.md", text)[0]
        headings = re.findall(r"^##+ (.*)$", page.read_text(), flags=re.MULTILINE)
        assert any(item.id in re.split(r"[ ,`]+", heading) for heading in headings), item.id
