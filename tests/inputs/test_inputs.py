"""Data files: counts, provenance, numbers against independent sources, and what happens when a file is damaged."""

from __future__ import annotations

import hashlib
import math
import re
from importlib import resources

import numpy as np
import pytest
from scipy.optimize import brentq

from tests.support.tolerances import EXACT_ALGEBRA
from zdscan.errors import UserError
from zdscan.inputs import constants, curves, data_names, hashes, measurements, read_data, tables

BIBLIOGRAPHY = set(re.findall(r"^@\w+\{([^,]+),", read_data("references.bib").decode(), flags=re.MULTILINE))

# Table 1 of arXiv:2412.11438 typed again, independently of the data file: decay, bin, published numbers, SM column.
# Asymmetric errors are (plus, minus).
TABLE_1 = """
B0->K*0mumu  0.1 0.98    11.06 0.67 0.73 | 0.29 0.29 0.69 0.69 | 10.60 1.54
B0->K*0mumu  1.1 2.5     3.26 0.32 0.31  | 0.10 0.10 0.22 0.22 | 4.66 0.74
B0->K*0mumu  2.5 4.0     3.34 0.31 0.33  | 0.09 0.09 0.23 0.23 | 4.49 0.70
B0->K*0mumu  4.0 6.0     3.54 0.27 0.26  | 0.09 0.09 0.24 0.24 | 5.02 0.75
B+->K*+mumu  0.1 2.0     5.92 1.44 1.30  | 0.40 0.40           | 7.97 1.15
B+->K*+mumu  2.0 4.0     5.59 1.59 1.44  | 0.38 0.38           | 4.87 0.76
B+->K*+mumu  4.0 6.0     2.49 1.10 0.96  | 0.17 0.17           | 5.43 0.74
B+->K+mumu   0.1 0.98    3.32 0.18 0.18  | 0.17 0.17           | 3.53 0.64
B+->K+mumu   1.1 2.0     2.33 0.15 0.15  | 0.12 0.12           | 3.53 0.58
B+->K+mumu   2.0 3.0     2.82 0.16 0.16  | 0.14 0.14           | 3.51 0.52
B+->K+mumu   3.0 4.0     2.54 0.15 0.15  | 0.13 0.13           | 3.50 0.63
B+->K+mumu   4.0 5.0     2.21 0.14 0.14  | 0.11 0.11           | 3.47 0.60
B0->K0mumu   0.1 2.0     1.22 0.59 0.52  | 0.06 0.06           | 3.28 0.52
B0->K0mumu   2.0 4.0     1.87 0.55 0.49  | 0.09 0.09           | 3.25 0.56
B0->K0mumu   4.0 6.0     1.73 0.53 0.48  | 0.09 0.09           | 3.21 0.54
Bs->phimumu  0.1 0.98    7.74 0.53 0.53  | 0.12 0.12 0.37 0.37 | 11.31 1.34
Bs->phimumu  1.1 2.5     3.15 0.29 0.29  | 0.07 0.07 0.15 0.15 | 5.44 0.61
Bs->phimumu  2.5 4.0     2.34 0.26 0.26  | 0.05 0.05 0.11 0.11 | 5.14 0.73
Bs->phimumu  4.0 6.0     3.11 0.24 0.24  | 0.06 0.06 0.15 0.15 | 5.50 0.69
B+->K+ee     0.1 4.0     18.0 3.3 3.0    | 0.5 0.5             | 13.73 1.88
B+->K+ee     4.0 8.12    9.6 2.4 2.2     | 0.3 0.3             | 14.11 1.88
B0->K*0ee    0.0009 1.0  3.1 0.9 0.8     | 0.2 0.3 0.2 0.2     | 2.56 0.44
B->Xsmumu    1.0 6.0     0.66 0.82 0.76  | 0.30 0.24 0.07 0.07 | 1.67 0.15
B->Xsee      1.0 6.0     1.93 0.47 0.45  | 0.21 0.16 0.18 0.18 | 1.74 0.16
B+->K+ee     1.1 6.0     25.5 1.3 1.2    | 1.1 1.1             | 34.9 6.2
B0->K*0ee    1.1 6.0     33.3 2.7 2.6    | 2.2 2.2             | 47.7 7.5
"""


@pytest.fixture
def printed() -> measurements.MeasurementSet:
    return measurements.load("rashed2024")


def test_rows_are_the_printed_table(printed: measurements.MeasurementSet) -> None:
    lines = TABLE_1.strip().splitlines()
    assert len(printed.ids) == len(lines) == 26
    for k, line in enumerate(lines):
        left, systematics, sm = (part.split() for part in line.split("|"))
        lo, hi, value, plus, minus = map(float, left[1:])
        assert printed.ids[k] == f"{left[0]}_{lo:g}_{hi:g}"
        assert (printed.q2_min[k], printed.q2_max[k], printed.values[k]) == (lo, hi, value)
        assert (printed.stat_plus[k], printed.stat_minus[k]) == (plus, minus)
        numbers = [*map(float, systematics), 0.0, 0.0][:4]
        assert [float(side[k]) for source in printed.syst for side in source] == numbers
        assert (printed.sm_table[k], printed.sm_table_error[k]) == tuple(map(float, sm))


def test_units_and_kinds_of_rows(printed: measurements.MeasurementSet) -> None:
    integrated = [20, 21, 22, 23, 24]
    assert [k + 1 for k in np.flatnonzero(printed.integrated)] == integrated
    assert [k + 1 for k in np.flatnonzero(printed.muon)] == [*range(1, 20), 23]
    exponents = [8] * 21 + [7] + [6] * 2 + [9] * 2
    for unit, factor, whole, exponent in zip(
        printed.units, printed.factors, printed.integrated, exponents, strict=True
    ):
        assert factor == pytest.approx(10.0**-exponent, rel=EXACT_ALGEBRA)
        assert unit == f"1e-{exponent}" + ("" if whole else " GeV^-2")


def test_data_sets_differ_in_row_one_only() -> None:
    corrected, as_printed = measurements.load("rashed2024-corrected"), measurements.load("rashed2024")
    assert measurements.available() == ("rashed2024-corrected", "rashed2024")
    assert measurements.load() is not as_printed
    assert (corrected.values[0], as_printed.values[0]) == (10.16, 11.06)
    assert np.array_equal(corrected.values[1:], as_printed.values[1:])
    assert corrected.rows[1:] == as_printed.rows[1:]


def test_error_treatments_by_hand(printed: measurements.MeasurementSet) -> None:
    # Row 22: 3.1 +0.9 -0.8 (+0.2 -0.3) (+-0.2), SM 2.56 below the measurement; row 23: 0.66, SM 1.67 above it.
    low, xs = 21, 22
    symmetrised = printed.sigma("symmetrised", printed.sm_table)
    facing = printed.sigma("facing", printed.sm_table)
    stat = printed.sigma("stat-facing", printed.sm_table)
    assert symmetrised[low] == pytest.approx(math.sqrt(0.85**2 + 0.25**2 + 0.2**2), rel=EXACT_ALGEBRA)
    assert facing[low] == pytest.approx(math.sqrt(0.8**2 + 0.3**2 + 0.2**2), rel=EXACT_ALGEBRA)
    assert stat[low] == 0.8
    assert symmetrised[xs] == pytest.approx(math.sqrt(0.79**2 + 0.27**2 + 0.07**2), rel=EXACT_ALGEBRA)
    assert facing[xs] == pytest.approx(math.sqrt(0.82**2 + 0.30**2 + 0.07**2), rel=EXACT_ALGEBRA)
    assert stat[xs] == 0.82


@pytest.mark.parametrize(
    ("errors", "everything", "muons"),
    [("symmetrised", 90.91, 81.71), ("facing", 89.47, 80.28), ("stat-facing", 93.50, 83.88)],
)
def test_standard_model_chi2_of_an_independent_calculation(
    printed: measurements.MeasurementSet, errors: str, everything: float, muons: float
) -> None:
    """With the table's own SM column; the reference values were obtained separately and are given to two digits."""
    sigma = printed.sigma(errors, printed.sm_table)
    terms = (printed.values - printed.sm_table) ** 2 / (sigma**2 + printed.sm_table_error**2)
    assert float(terms.sum()) == pytest.approx(everything, abs=0.0051)
    assert float(terms[printed.muon].sum()) == pytest.approx(muons, abs=0.0051)


def test_constants_match_independent_values() -> None:
    c = constants.load()
    assert c["e"] == pytest.approx(0.3028221208718, abs=1e-13)
    assert c["gz"] == pytest.approx(0.7407012373374, abs=1e-13)
    # One-loop prefactor and loop variables: GF MW^2/(4 sqrt2 pi^2), (m/MW)^2.
    prefactor = c["GF"] * c["MW"] ** 2 / (4 * math.sqrt(2) * math.pi**2)
    assert prefactor == pytest.approx(1.349672597837e-3, rel=1e-12)
    assert (c["m_t_loop"] / c["MW"]) ** 2 == pytest.approx(4.137823, abs=1e-6)
    assert (c["m_c_loop"] / c["MW"]) ** 2 == pytest.approx(2.49657e-4, abs=1e-9)
    assert (c["m_u_loop"] / c["MW"]) ** 2 == pytest.approx(6.1915e-10, abs=1e-14)
    # 4 GF/sqrt2 e^2/(16 pi^2) at 4.8 GeV.
    assert 4 * c["GF"] / math.sqrt(2) * c["alpha_e_48"] / (4 * math.pi) == pytest.approx(1.987093e-8, abs=1e-14)
    assert c.error("DeltaM_Bs_SM") == (0.7, 1.2)
    assert c.error("delta_a_mu") == (63e-11, 63e-11)
    # The quoted difference of experiment and theory is rounded to 1e-11.
    assert c["a_mu_exp"] - c["a_mu_SM"] == pytest.approx(c["delta_a_mu"], abs=0.6e-11)


def test_lifetimes_in_seconds() -> None:
    """Rounded PDG lifetimes, in seconds."""
    c = constants.load()
    seconds = {"Bs": 1.52e-12, "B0": 1.519e-12, "Bplus": 1.638e-12, "Kplus": 1.238e-8, "KL": 5.116e-8, "pi0": 8.43e-17}
    for meson, lifetime in seconds.items():
        assert c[f"tau_{meson}"] * c["hbar"] * 1e-12 == pytest.approx(lifetime, rel=3e-3)


@pytest.mark.parametrize("transition", ["bs", "bd", "sd"])
def test_ckm_products_are_unitary(transition: str) -> None:
    c = constants.load()
    products = [c.complex(f"lambda_{transition}_{quark}") for quark in "uct"]
    assert abs(sum(products)) < 1e-13 * max(map(abs, products)) * 10


def _ckm(delta: float) -> np.ndarray:
    """Standard parametrisation for V_us = 0.2248, V_cb = 0.04197, |V_ub| = 0.00364 and the Dirac phase delta."""
    s13 = 0.00364
    c13 = math.sqrt(1 - s13**2)
    s12, s23 = 0.2248 / c13, 0.04197 / c13
    c12, c23 = math.sqrt(1 - s12**2), math.sqrt(1 - s23**2)
    phase = complex(math.cos(delta), math.sin(delta))
    return np.array(
        [
            [c12 * c13, s12 * c13, s13 / phase],
            [-s12 * c23 - c12 * s23 * s13 * phase, c12 * c23 - s12 * s23 * s13 * phase, s23 * c13],
            [s12 * s23 - c12 * c23 * s13 * phase, -c12 * s23 - s12 * c23 * s13 * phase, c23 * c13],
        ]
    )


def test_ckm_products_follow_from_the_parameters() -> None:
    """An independent construction of the matrix, its phase fixed by gamma = arg(-V_ud V_ub^* / V_cd V_cb^*) = 1.15."""

    def excess(delta: float) -> float:
        v = _ckm(delta)
        return float(np.angle(-v[0, 0] * np.conj(v[0, 2]) / (v[1, 0] * np.conj(v[1, 2])))) - 1.15

    v = _ckm(brentq(excess, 1.0, 1.3, xtol=1e-15, rtol=1e-14))
    c = constants.load()
    for name, (start, end) in {"bs": (2, 1), "bd": (2, 0), "sd": (1, 0)}.items():
        for i, quark in enumerate("uct"):
            expected = np.conj(v[i, end]) * v[i, start]
            assert abs(c.complex(f"lambda_{name}_{quark}") - expected) < 1e-12


def test_constants_agree_with_the_standard_model_tables() -> None:
    """The tables carry flavio's own normalisation; flavio's GF differs from ours by 9e-8."""
    c, sm_tables = constants.load(), tables.load()
    assert sm_tables.row_id == measurements.load().ids
    for row, identifier in enumerate(sm_tables.row_id):
        inclusive = identifier.startswith("B->Xs")
        alpha = c["alpha_e_5" if inclusive else "alpha_e_48"]
        expected = 4 * c["GF"] / math.sqrt(2) * alpha / (4 * math.pi)
        assert sm_tables.normalisation[row] == pytest.approx(expected, rel=1e-7)
        assert sm_tables.cp_factor[row] == pytest.approx(c["m_b_pole"] / c["m_b_5"] if inclusive else 1.0, rel=1e-12)
        assert sm_tables.lepton_mass[row] == c["m_e" if identifier.split("_")[0].endswith("ee") else "m_mu"]


def test_every_constant_says_where_it_comes_from() -> None:
    for name, entry in constants.load().entries.items():
        assert entry.unit, name
        assert entry.source, name
        assert entry.grade in "ABC", name
        assert set(entry.cite) <= BIBLIOGRAPHY, name


def test_every_measurement_and_curve_is_cited() -> None:
    for name in measurements.available():
        for row in measurements.load(name).rows:
            assert set(row.cite) <= BIBLIOGRAPHY, row.id
            assert re.fullmatch(r"\d{4}\.\d{4,5}", row.arxiv), row.id
            assert row.grade in "ABC"
    for name in curves.available():
        curve = curves.load(name)
        assert curve.citations
        assert set(curve.citations) <= BIBLIOGRAPHY, name
        assert curve.unit
        assert curve.grade in "ABC"


def test_hadronic_table_and_spot_values() -> None:
    table = curves.hadronic_table()
    assert table.shape == (69, 7)
    assert table.dtype == np.float64
    assert table.flags.c_contiguous
    total = table[:, 1:].sum(axis=1)

    def photon(root_s: float) -> float:
        return float(np.interp(root_s, table[:, 0], total))

    # Medians of measured R over the table lie between 0.97 and 1.04; R at a rho, omega and phi peak and the continuum.
    assert photon(0.46) == pytest.approx(0.344, rel=3e-3)
    assert photon(0.7815) == pytest.approx(19.44, rel=3e-3)
    assert photon(1.0192) == pytest.approx(49.1, rel=3e-3)
    assert photon(1.59) == pytest.approx(2.269 + (2.502 - 2.269) / 8, rel=3e-3)
    assert table[0, 0] == 0.15
    assert not table[0, 1:].any()
    assert table[-1, 0] == 1.99
    # The free-quark limit is (3/2) rho + (1/6) omega + (1/3) phi = 2 with QCD corrections of about ten per cent.
    assert 2.0 < total[-1] < 2.3


def test_k_pi_x_curve_and_its_gaps() -> None:
    curve = curves.load("k_pi_x")
    assert "k_pi_x" in curves.available()
    assert curve.cl == 0.90
    assert curve.grade == "B"
    assert curve.ranges == ((0.001697, 0.1035), (0.1118, 0.1513), (0.155, 0.2583))
    assert [len(segment.mass) for segment in curve.segments] == [24, 12, 24]
    # Geometric mean half way between two points: log10 of the limit is linear in the mass.
    assert curve.at((0.1035 + 0.09899) / 2) == pytest.approx(math.sqrt(3.49e-11 * 7.83e-11), rel=1e-12)
    assert curve.at((0.1297 + 0.1332) / 2) == pytest.approx(math.sqrt(9.52e-10 * 9.24e-10), rel=1e-12)
    assert curve.at(0.155) == pytest.approx(1.69e-10, rel=1e-12)
    assert curve.at(0.2583) == pytest.approx(6.57e-12, rel=1e-12)
    for mass in (0.001, 0.1036, 0.11, 0.1514, 0.1549, 0.26, 1.0):
        assert math.isnan(curve.at(mass))
        assert curve.segment_at(mass) is None


LINEAR_CURVE = """
name = "test"
title = "t"
quantity = "BR"
unit = "1"
cl = 0.95
interpolation = "limit linear in mass"
[[segment]]
title = "one"
cite = ["PDG:2022"]
source = "s"
grade = "A"
note = ""
points = [[1.0, 2.0], [3.0, 6.0]]
"""


def test_a_new_curve_is_a_new_file() -> None:
    curve = curves.parse(LINEAR_CURVE, "limits_test.toml")
    assert curve.at(2.5) == 5.0
    assert math.isnan(curve.at(0.9))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "points = [[1.0, 2.0], [3.0, 6.0]]",
            "points = [[3.0, 2.0], [1.0, 6.0]]",
            "segment 1: the mass does not ascend",
        ),
        ("points = [[1.0, 2.0], [3.0, 6.0]]", "points = [[1.0, 2.0], [3.0]]", "segment.0.points.1"),
        ("points = [[1.0, 2.0], [3.0, 6.0]]", "points = [[1.0, 2.0], [3.0, -6.0]]", "segment.0.points.1.1"),
        ('grade = "A"\n', "", "segment.0.grade"),
        ("cl = 0.95", "cl = 95", "field cl"),
        ('unit = "1"\n', 'unit = "1"\nunits = "1"\n', "field units"),
        ("cl = 0.95", "cl =", "not valid TOML"),
    ],
)
def test_a_damaged_curve_is_refused(old: str, new: str, told: str) -> None:
    assert old in LINEAR_CURVE
    with pytest.raises(UserError) as caught:
        curves.parse(LINEAR_CURVE.replace(old, new), "limits_test.toml")
    assert "limits_test.toml" in str(caught.value)
    assert told in str(caught.value)


def test_overlapping_segments_are_refused() -> None:
    part = LINEAR_CURVE[LINEAR_CURVE.index("[[segment]]") :]
    with pytest.raises(UserError, match="overlap"):
        curves.parse(LINEAR_CURVE + part, "limits_test.toml")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("value = 3.26\n", "", "row 2 (B0->K*0mumu_1.1_2.5): field value"),
        ("value = 3.26\n", 'value = "3.26"\n', "row 2 (B0->K*0mumu_1.1_2.5): field value"),
        ("value = 3.26\n", "value = nan\n", "row 2 (B0->K*0mumu_1.1_2.5): field value"),
        ("stat = [0.32, 0.31]", "stat = [0.32, -0.31]", "row 2 (B0->K*0mumu_1.1_2.5): field stat.1"),
        ("stat = [0.32, 0.31]", "stat = [0.32]", "row 2 (B0->K*0mumu_1.1_2.5): field stat"),
        ("q2_max = 2.5", "q2_max = 2.6", "row 2 (B0->K*0mumu_1.1_2.5): the id does not match"),
        ('[sets.rashed2024.replace."B0->K*0mumu_0.1_0.98"]', '[sets.rashed2024.replace."nothing"]', "replaces nothing"),
        ("[[row]]", "[[rows]]", "field row"),
    ],
)
def test_a_damaged_measurement_is_refused(old: str, new: str, told: str) -> None:
    text = read_data(measurements.FILE).decode()
    assert old in text
    with pytest.raises(UserError) as caught:
        measurements.parse(text.replace(old, new), "rashed2024")
    assert measurements.FILE in str(caught.value)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('source = "PDG 2022 (muon lifetime)", ', "", "constant GF: field source"),
        ("value = 80.377", "value = inf", "constant MW: field value"),
        ("[leptons]", "[leptons]\nGF = { value = 1.0 }", "GF is given twice"),
        ("MZ  ", "MZZ ", "MZ are missing"),
    ],
)
def test_a_damaged_constant_is_refused(old: str, new: str, told: str) -> None:
    text = read_data(constants.FILE).decode()
    assert old in text
    with pytest.raises(UserError) as caught:
        constants.parse(text.replace(old, new))
    assert constants.FILE in str(caught.value)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("[0.46, 0.3439,", "[0.46, 0.3539,", "row 8: the six parts do not add up"),
        ("[0.46, 0.3439,", "[0.40, 0.3439,", "row 8: sqrt_s does not ascend"),
        ("[0.46, 0.3439,", "[0.46,", "row 8: 7 numbers where 8 are due"),
        ('"rr", ', "", "the columns must be"),
    ],
)
def test_a_damaged_hadronic_table_is_refused(old: str, new: str, told: str) -> None:
    text = read_data(curves.HADRONIC_FILE).decode()
    assert old in text
    with pytest.raises(UserError) as caught:
        curves.parse_hadronic(text.replace(old, new))
    assert curves.HADRONIC_FILE in str(caught.value)
    assert told in str(caught.value)


def test_wrong_names_name_the_nearest() -> None:
    with pytest.raises(UserError, match="did you mean 'rashed2024-corrected'"):
        measurements.load("rashed2024-corected")
    with pytest.raises(UserError, match="did you mean 'k_pi_x'"):
        curves.load("k_pix")
    with pytest.raises(UserError, match="did you mean 'sin2_theta_w'"):
        constants.load()["sin2_theta"]
    with pytest.raises(UserError, match="complex"):
        constants.load()["lambda_bs_t"]
    data = measurements.load()
    with pytest.raises(UserError, match="known are symmetrised, facing, stat-facing"):
        data.sigma("none", data.sm_table)
    with pytest.raises(UserError, match=r"nothing\.toml is missing"):
        read_data("nothing.toml")


def test_hashes_cover_every_data_file() -> None:
    folder = resources.files("zdscan.inputs")
    found = {entry.name for entry in folder.iterdir() if entry.name.endswith((".toml", ".h5"))}
    assert set(hashes()) == set(data_names()) == found
    assert {"constants.toml", "measurements.toml", "hadronic_R.toml", "limits_k_pi_x.toml"} <= found
    for name, digest in hashes().items():
        assert digest == hashlib.sha256((folder / name).read_bytes()).hexdigest()
