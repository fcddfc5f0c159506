"""Numbers against the mass: rules of interpolation, gaps and bins, provenance, and what is said of damaged files."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.support.paths import ROOT
from tests.support.references import BIBLIOGRAPHY
from tests.support.tolerances import EXACT_ALGEBRA
from zdscan.errors import UserError
from zdscan.inputs import against_mass, read_data

LINEAR = """
title = "t"
quantity = "BR"
unit = "1"
cl = 0.95
interpolation = "value linear in mass"
columns = ["mass", "limit"]
[[segment]]
title = "one"
cite = ["PDG:2022"]
source = "s"
grade = "A"
note = ""
rows = [[1.0, 2.0], [3.0, 6.0]]
"""
INTERVAL = """
title = "t"
quantity = "q"
unit = "1"
interpolation = "value linear in mass"
columns = ["mass", "central", "low", "high"]
values = "not negative"
[[segment]]
title = "one"
cite = ["PDG:2022"]
source = "s"
grade = "B"
note = ""
rows = [[0.0, 1.0, 0.5, 2.0], [1.0, 2.0, 1.0, 3.0]]
"""
VISIBLE = ("b_k_x_mumu", "b_kst_x_mumu", "b_k_x_ee", "b_kst_x_ee", "k_pi_x_mumu")


def refused(text: str, old: str, new: str, told: str, source: str = "table_test.toml") -> None:
    assert old in text
    with pytest.raises(UserError) as caught:
        against_mass.parse(text.replace(old, new), source)
    assert source in str(caught.value)
    assert told in str(caught.value)


def test_every_file_is_cited_and_graded() -> None:
    names = against_mass.available()
    assert set(names) == {name for kind in ("constraint", "search", "table") for name in against_mass.available(kind)}
    assert {"trident_ccfr", "trident_charm", "cevns_csi", "caesium", "lhcb_dark_photon", "hadronic_R"} <= set(names)
    for name in names:
        numbers = against_mass.load(name)
        assert numbers.name == name
        assert numbers.citations
        assert set(numbers.citations) <= BIBLIOGRAPHY, name
        assert numbers.unit
        assert numbers.grade in "ABC"
        assert all(segment.source for segment in numbers.segments)


# ---- limit curves -------------------------------------------------------------------------------------------------


def test_k_pi_x_curve_and_its_gaps() -> None:
    curve = against_mass.load("k_pi_x")
    assert "k_pi_x" in against_mass.available()
    assert curve.cl == 0.90
    assert curve.grade == "B"
    assert curve.ranges == ((0.001697, 0.1035), (0.1118, 0.1513), (0.155, 0.2583))
    assert [len(segment.columns["mass"]) for segment in curve.segments] == [24, 12, 24]

    def at(mass: float) -> float:
        return curve.at("limit", mass)

    # Geometric mean half way between two points: log10 of the limit is linear in the mass.
    assert at((0.1035 + 0.09899) / 2) == pytest.approx(math.sqrt(3.49e-11 * 7.83e-11), rel=1e-12)
    assert at((0.1297 + 0.1332) / 2) == pytest.approx(math.sqrt(9.52e-10 * 9.24e-10), rel=1e-12)
    assert at(0.155) == pytest.approx(1.69e-10, rel=1e-12)
    assert at(0.2583) == pytest.approx(6.57e-12, rel=1e-12)
    for mass in (0.001, 0.1036, 0.11, 0.1514, 0.1549, 0.26, 1.0):
        assert math.isnan(at(mass))
        assert curve.segment_at(mass) is None


def test_visible_curves_say_what_they_are() -> None:
    for name in VISIBLE:
        curve = against_mass.load(name)
        assert curve.cl == (0.90 if name == "k_pi_x_mumu" else 0.95)
        assert curve.grade == "B"
        assert np.all(curve.segments[0].columns["limit"] > 1e-11)
        assert np.all(curve.segments[0].columns["limit"] < 1e-5)


def test_a_straight_line() -> None:
    curve = against_mass.parse(LINEAR, "table_test.toml")
    assert curve.name == "test"
    assert curve.columns == ("limit",)
    assert curve.at("limit", 2.5) == 5.0
    assert math.isnan(curve.at("limit", 0.9))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("[[1.0, 2.0], [3.0, 6.0]]", "[[3.0, 2.0], [1.0, 6.0]]", "segment 1, row 2: the mass does not ascend"),
        ("[[1.0, 2.0], [3.0, 6.0]]", "[[1.0, 2.0], [3.0]]", "segment 1, row 2: 1 numbers where 2 are due"),
        ("[[1.0, 2.0], [3.0, 6.0]]", "[[1.0, 2.0], [3.0, -6.0]]", "row 2: limit is -6 and must be positive"),
        ("[[1.0, 2.0], [3.0, 6.0]]", "[[1.0, 2.0], [3.0, 0.0]]", "row 2: limit is 0 and must be positive"),
        ("[[1.0, 2.0], [3.0, 6.0]]", "[[-1.0, 2.0], [3.0, 6.0]]", "row 1: mass is -1 and must be positive"),
        ("[[1.0, 2.0], [3.0, 6.0]]", '[[1.0, 2.0], [3.0, "6"]]', "segment.0.rows.1.1"),
        ("[[1.0, 2.0], [3.0, 6.0]]", "[[1.0, 2.0], [3.0, inf]]", "segment.0.rows.1.1"),
        ("[[1.0, 2.0], [3.0, 6.0]]", "[[1.0, 2.0]]", "segment.0.rows"),
        ('grade = "A"\n', "", "segment.0.grade"),
        ("cl = 0.95", "cl = 95", "field cl"),
        ('unit = "1"\n', 'unit = "1"\nunits = "1"\n', "field units"),
        ("cl = 0.95", "cl =", "not valid TOML"),
        ("value linear in mass", "linear", "no interpolation 'linear'; the rules are: value linear in mass; log10"),
        ('columns = ["mass", "limit"]', 'columns = ["mass", "mass"]', "must differ and begin with mass"),
        ("value linear in mass", "constant in every bin", "begin with mass_low, mass_high"),
        ("cl = 0.95", 'values = "some"', "field values"),
    ],
)
def test_a_damaged_curve_is_refused(old: str, new: str, told: str) -> None:
    refused(LINEAR, old, new, told)


def test_logarithms_need_positive_numbers() -> None:
    for rule, parameters in against_mass.RULES.items():
        if parameters.logarithms:
            text = LINEAR.replace("cl = 0.95", 'values = "any"')
            refused(text, "value linear in mass", rule, f"the rule {rule!r} needs positive values")


def test_a_file_needs_a_column_of_numbers() -> None:
    text = LINEAR.replace("value linear in mass", "constant in every bin")
    refused(text, 'columns = ["mass", "limit"]', 'columns = ["mass_low", "mass_high"]', "no column of numbers")


def test_overlapping_segments_are_refused() -> None:
    part = LINEAR[LINEAR.index("[[segment]]") :]
    with pytest.raises(UserError, match="overlap"):
        against_mass.parse(LINEAR + part, "table_test.toml")


def test_unknown_names_name_the_nearest() -> None:
    with pytest.raises(UserError, match=r"[Dd]id you mean '?k_pi_x"):
        against_mass.load("k_pix")
    with pytest.raises(UserError, match=r"[Dd]id you mean '?trident_ccfr"):
        against_mass.load("trident_cfr")


# ---- best values with intervals -----------------------------------------------------------------------------------


def test_two_body_fit_of_belle_ii() -> None:
    fit = against_mass.load("b_k_x")

    def upper(mass: float, deviations: float) -> float:
        return fit.with_limit(deviations).at("limit", mass)

    assert upper(1.95, 1.28) == pytest.approx(5.9e-6 + 1.28 * 2.89e-6, rel=1e-12)
    assert upper((1.56 + 1.76) / 2, 0.0) == pytest.approx(3.05e-6, rel=1e-12)
    assert upper(0.0, 1.0) == 8.82e-7
    assert math.isnan(upper(2.6, 1.0))
    assert math.isnan(upper(-0.1, 1.0))
    assert fit.grade == "B"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("[1.0, 2.0, 1.0, 3.0]", "[0.0, 2.0, 1.0, 3.0]", "row 2: the mass does not ascend"),
        ("[1.0, 2.0, 1.0, 3.0]", "[1.0, 4.0, 1.0, 3.0]", "row 2: the central value is outside"),
        ("[1.0, 2.0, 1.0, 3.0]", "[1.0, 2.0, 1.0]", "row 2: 3 numbers where 4 are due"),
        ("[1.0, 2.0, 1.0, 3.0]", "[1.0, 2.0, -1.0, 3.0]", "row 2: low is -1 and must be 0 or more"),
        ('"central", "low"', '"low", "central"', "row 1: the central value is outside"),
        ('grade = "B"', 'grade = "D"', "grade"),
        ("rows", "row", "rows"),
    ],
)
def test_damaged_intervals_are_refused(old: str, new: str, told: str) -> None:
    whole = against_mass.parse(INTERVAL, "table_test.toml")
    assert whole.with_limit(1.0).at("limit", 0.5) == pytest.approx(2.5)
    refused(INTERVAL, old, new, told)


# ---- responses and bins -------------------------------------------------------------------------------------------


def test_rules_of_tables() -> None:
    spline = against_mass.load("cevns_csi")
    assert spline.at("R1", 0.05) == pytest.approx(0.420606, rel=EXACT_ALGEBRA)
    assert math.isnan(spline.at("R1", 0.0099))
    assert math.isnan(spline.at("R1", 2.01))
    straight = against_mass.load("caesium")
    assert straight.at("K", math.sqrt(0.01 * 0.02)) == pytest.approx((0.742 + 0.839) / 2, rel=EXACT_ALGEBRA)
    assert math.isnan(straight.at("K", 0.00009))
    bins = against_mass.load("lhcb_dark_photon")
    assert bins.at("eps_median", 0.225) == 0.0002081  # common edge: the lower bin
    assert bins.at("eps_max", 0.2251) == 0.0003476
    assert math.isnan(bins.at("eps_median", 1.0))


def test_tables_span_the_allowed_masses() -> None:
    for name in ("trident_ccfr", "trident_charm", "cevns_csi"):
        table = against_mass.load(name)
        assert table.ranges == ((0.01, 2.0),)
        for mass in (0.01, 2.0, np.nextafter(0.01, 0), np.nextafter(2.0, 3)):
            assert all(math.isfinite(table.at(column, mass)) for column in table.columns)


def test_bins_that_touch_are_one_range() -> None:
    assert against_mass.load("lhcb_dark_photon").ranges == (
        (0.2141, 0.5237),
        (0.5727, 0.7402),
        (0.8275, 0.96),
        (1.162, 2.05),
    )


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("table_caesium.toml", "[0.005, 0.633]", "[0.0005, 0.633]", "row 6: the mass does not ascend"),
        ("table_caesium.toml", "[0.005, 0.633]", "[0.005]", "row 6: 1 numbers where 2 are due"),
        ("table_caesium.toml", "[0.005, 0.633]", "[0.005, -0.633]", "row 6: K is -0.633 and must be positive"),
        ("table_caesium.toml", '"mass", "K"', '"energy", "K"', "begin with mass"),
        ("table_caesium.toml", '"mass", "K"', '"mass", "mass"', "must differ"),
        ("table_caesium.toml", 'grade = "B"\n', "", "segment.0.grade"),
        ("table_lhcb_dark_photon.toml", "[0.2141, 0.225,", "[0.2141, 0.226,", "row 2: the mass does not ascend"),
        ("table_lhcb_dark_photon.toml", "[0.2141, 0.225,", "[0.2141, 0.2141,", "row 1: the bin ends before it begins"),
        ("table_lhcb_dark_photon.toml", '"mass_high"', '"up_to"', "begin with mass_low, mass_high"),
    ],
)
def test_a_damaged_table_is_refused(file: str, old: str, new: str, told: str) -> None:
    refused(read_data(file).decode(), old, new, told, file)


def test_the_documentation_lists_the_rules() -> None:
    page = (ROOT / "docs" / "data.md").read_text()
    for rule, parameters in against_mass.RULES.items():
        assert f"| `{rule}` | {', '.join(f'`{key}`' for key in parameters.keys)} |" in page
