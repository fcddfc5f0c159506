"""The measured rows: against the printed table, their errors, their provenance, and damaged files."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

from tests.support.references import BIBLIOGRAPHY
from tests.support.tolerances import EXACT_ALGEBRA
from zdscan.errors import UserError
from zdscan.inputs import measurements, read_data

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
    assert measurements.available()[:2] == ("rashed2024-corrected", "rashed2024")
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


def test_every_measurement_is_cited() -> None:
    for name in measurements.available():
        for row in measurements.load(name).rows:
            assert set(row.cite) <= BIBLIOGRAPHY, row.id
            assert re.fullmatch(r"\d{4}\.\d{4,5}", row.arxiv), row.id
            assert row.grade in "ABC"


def test_wrong_names_name_the_nearest() -> None:
    with pytest.raises(UserError, match=r"[Dd]id you mean '?rashed2024-corrected"):
        measurements.load("rashed2024-corected")
    data = measurements.load()
    with pytest.raises(UserError, match="known are symmetrised, facing, stat-facing"):
        data.sigma("none", data.sm_table)


def test_correlated_errors_of_table_1() -> None:
    """The last error of a row of Table 1 is common to the bins of its decay from one publication, where asked for."""
    data = measurements.load("rashed2024-corrected")
    sm = data.values
    plain, full = data.covariance("symmetrised", sm), data.covariance("symmetrised", sm, "true")
    assert not (plain - np.diag(np.diag(plain))).any()
    last = [np.mean(row.syst[-1]) for row in data.rows]
    for i, one in enumerate(data.rows):
        for j, other in enumerate(data.rows):
            together = i != j and (one.decay, one.arxiv) == (other.decay, other.arxiv)
            expected = plain[i, j] if i == j else last[i] * last[j] if together else 0.0
            assert full[i, j] == pytest.approx(expected, rel=1e-12)
    assert not (data.covariance("stat-facing", sm, "true") - np.diag(data.sigma("stat-facing", sm) ** 2)).any()


def test_no_correlations_where_none_are_wanted() -> None:
    data = measurements.load("latest")
    found = data.covariance("symmetrised", data.values, "false")
    np.testing.assert_allclose(found, np.diag(data.sigma("symmetrised", data.values) ** 2), rtol=EXACT_ALGEBRA)
    auto, true = (data.covariance("symmetrised", data.values, name) for name in ("auto", "true"))
    np.testing.assert_array_equal(auto, true)
    assert (auto - np.diag(np.diag(auto))).any()


def test_a_common_error_that_is_not_there_is_told() -> None:
    text = read_data("measurements.toml").decode()
    for change, sentence in (
        (('of = "systematic 2"', 'of = "systematic 3"'), "has no error systematic 3"),
        (('    "B0->K*0mumu_4_6",', '    "B0->K*0mumu_4_7",'), "no row 'B0->K\\*0mumu_4_7'"),
    ):
        with pytest.raises(UserError, match=sentence):
            measurements.parse(text.replace(*change, 1), "rashed2024")
