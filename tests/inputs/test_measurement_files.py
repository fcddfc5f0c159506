"""The data sets of today: against public transcriptions, their correlations and normalisations, and damaged files."""

from __future__ import annotations

import math
import re
from functools import cache
from importlib.util import find_spec
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.references import BIBLIOGRAPHY
from zdscan.errors import UserError
from zdscan.inputs import measurements, read_data
from zdscan.inputs.measurement_files import RowGroup, parse_groups
from zdscan.inputs.quantities import QUANTITIES

GROUPS = measurements.row_groups()
NEW = {name: group for name, group in GROUPS.items() if not name.startswith("rashed2024")}
TEXT = read_data("measurements_latest.toml").decode()

# HEPData record ins3094698, B0 -> K*0 mu+ mu-, typed from its tables: bins, value, statistical and systematic error
LHCB_2025 = ((0.06, 0.98, 10.42, 0.32, 0.51), (1.1, 2.5, 3.39, 0.15, 0.19), (2.5, 4.0, 2.72, 0.13, 0.18))
LHCB_2025 += ((4.0, 6.0, 3.36, 0.12, 0.17), (6.0, 8.0, 3.76, 0.12, 0.18))
# the correlations of the systematic errors alone, whose statistical companions are 0: upper triangle
SYSTEMATIC = ((0.79, 0.67, 0.89, 0.91), (0.65, 0.80, 0.81), (0.68, 0.69), (0.91,))


def test_sets_have_the_rows_they_should() -> None:
    lengths = {name: len(measurements.load(name).ids) for name in measurements.available()}
    rates = {"rashed2024-corrected": 26, "rashed2024": 26, "latest": 51, "electrons": 6, "narrow": 10}
    assert lengths == rates | {"lfu": 8, "angular": 32 + 32 + 12 + 3, "angular2025": 4 * 9}
    both = measurements.load(("latest", "electrons"))
    assert (len(both.ids), len(set(both.ids))) == (57, 57)
    assert int(both.muon.sum()) == 44
    assert both.name == "latest + electrons"
    assert both.theory_errors == "flavio-covariance"
    assert measurements.load("latest").ids == both.ids[:51]
    assert np.all(both.q2_max <= 8.12)


def test_lhcb_2025_as_published() -> None:
    group = GROUPS["lhcb2025-kst0mumu"]
    for row, (low, high, value, stat, syst) in zip(group.rows, LHCB_2025, strict=True):
        assert (row.q2_min, row.q2_max, row.value) == (low, high, value)
        assert (row.stat, row.syst) == ([stat, stat], [[syst, syst]])


def test_total_correlations_follow_from_the_systematic_ones() -> None:
    """The matrix of the total errors and that of the systematic errors are published apart, with two digits each."""
    matrix = GROUPS["lhcb2025-kst0mumu"].correlations[0]
    totals = [math.hypot(stat, syst) for *_, stat, syst in LHCB_2025]
    for i, j in combinations(range(5), 2):
        expected = SYSTEMATIC[i][j - i - 1] * LHCB_2025[i][4] * LHCB_2025[j][4] / (totals[i] * totals[j])
        assert matrix[i, j] == pytest.approx(expected, abs=0.011)


PUBLIC = {  # the title in flavio's collection -> our group
    "LHCb B+->Kmumu BR 2014": "lhcb2014-kpmumu",
    "LHCb B0->Kmumu BR 2014": "lhcb2014-k0mumu",
    "LHCb B+->K*mumu BR 2014": "lhcb2014-kstpmumu",
    "CMS B+->Kmumu BR 2024": "cms2024-kpmumu",
    "LHCb Bs->phimumu BR 2021": "lhcb2021-phimumu",
    "CMS B->K*mumu 2013 combined with 2015 BR": "cms2015-kst0mumu",
    "CMS B->K*mumu 2015 4.3-6 BR": "cms2015-kst0mumu",
    "BaBar B->Xll 2013": "babar2013-xs",
}


@cache
def collection() -> dict[str, Any]:
    """flavio's measurements; reading them takes seconds."""
    spec = find_spec("flavio")
    assert spec is not None
    assert spec.origin is not None
    text = (Path(spec.origin).parent / "data" / "measurements.yml").read_text()
    yaml = pytest.importorskip("yaml", reason="the copies are read with PyYAML, which comes with the extra [calibrate]")
    return yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def published(title: str) -> dict[tuple[str, float, float], tuple[float, list[tuple[float, float]]]]:
    """(lepton, bin) -> value and errors (plus, minus) of a measurement in flavio's collection, as quantities."""
    found = {}
    for item in collection()[title]["values"]:
        text = str(item["value"])
        exponent = re.search(r"1?e(-\d+)\s*$", text)
        assert exponent is not None
        unit, numbers = 10.0 ** int(exponent[1]), text[: exponent.start()]
        value, rest = re.match(r"\s*([+-]?[\d.]+)(.*)", numbers).groups()
        errors = []
        for plus, minus, both in re.findall(r"\+\s*([\d.]+)\s*-\s*([\d.]+)|±\s*([\d.]+)", rest):
            errors.append((float(both) * unit,) * 2 if both else (float(plus) * unit, float(minus) * unit))
        lepton = item["name"].removesuffix(")").split("B->Xs")[-1] if "Xs" in item["name"] else "mumu"
        found[{"ee": "e", "mumu": "mu"}.get(lepton, lepton), float(item["q2min"]), float(item["q2max"])] = (
            float(value) * unit,
            errors,
        )
    return found


@pytest.mark.parametrize(("title", "name"), PUBLIC.items())
def test_values_of_a_public_collection(title: str, name: str) -> None:
    """As published there, before a new normalisation."""
    pytest.importorskip("flavio")
    theirs, compared = published(title), 0
    raw = TEXT
    for group in (NEW[key] for key in NEW if key.startswith(name) and NEW[key].rows[0].quantity is None):
        as_published = next(g for g in parse_groups(without_normalisation(raw), "x.toml") if g.name == group.name)
        for row in as_published.rows:
            if (row.lepton, row.q2_min, row.q2_max) not in theirs:
                assert name == "cms2015-kst0mumu"  # its rows stand under two titles
                continue
            value, errors = theirs[row.lepton, row.q2_min, row.q2_max]
            assert row.value * row.factor == pytest.approx(value, rel=1e-12), row.id
            for ours, its in zip([row.stat, *row.syst], errors, strict=True):
                assert [side * row.factor for side in ours] == pytest.approx(list(its), rel=1e-12), row.id
            compared += 1
    assert compared >= 1


def without_normalisation(text: str) -> str:
    return re.sub(r"\[group\.normalisation\]\n(?:[^\n]+\n)*", "", text)


def test_a_new_normalisation_by_hand() -> None:
    """B+ -> K+ mu mu, 1.1 to 2 GeV^2: 23.3 +- 1.5 +- 1.2 with 0.998(14)(40)e-3, of which today's value is 1.019(19)."""
    row = GROUPS["lhcb2014-kpmumu"].rows[1]
    ratio, old = 1.019 / 0.998, math.hypot(0.014, 0.040) / 0.998
    assert row.value == pytest.approx(23.3 * ratio, rel=1e-12)
    assert row.stat == pytest.approx([1.5 * ratio] * 2, rel=1e-12)
    rest = math.sqrt(1.2**2 - (23.3 * old) ** 2) * ratio
    assert row.syst[0] == pytest.approx([rest] * 2, rel=2e-3)  # the old error is typed with three digits
    assert row.syst[1] == pytest.approx([23.3 * ratio * 0.019 / 1.019] * 2, rel=1e-12)
    assert "PDG:2026" in row.cite
    assert "Published 23.3 with B(B+ -> J/psi K+)" in row.note
    assert np.all(GROUPS["lhcb2014-kpmumu"].correlations[2] == 1.0)


@pytest.mark.parametrize("name", NEW)
def test_correlations_are_correlations(name: str) -> None:
    group = NEW[name]
    for matrix in group.correlations.values():
        assert matrix.shape == (len(group.rows),) * 2
        assert np.array_equal(matrix, matrix.T)
        assert np.all(np.diag(matrix) == 1.0)
        assert np.all(np.abs(matrix) <= 1.0)
    for row in group.rows:
        assert set(row.cite) <= BIBLIOGRAPHY, row.id
        assert re.fullmatch(r"\d{4}\.\d{4,5}", row.arxiv)
        assert row.sm is None
        if row.quantity is not None:
            below = row.over or row.decay
            assert row.quantity in QUANTITIES
            assert (row.unit, row.factor, row.integrated) == ("1", 1.0, False)
            sides = [row.decay, below] if "/" in row.lepton else [row.decay]
            assert all(decay.endswith(2 * lepton) for decay, lepton in zip(sides, row.lepton.split("/"), strict=True))
            continue
        assert row.observable.count("->") == 1
        assert ("<dB/dq2>" in row.observable) is not row.integrated
        assert row.unit == (f"{row.factor:g}".replace("e-0", "e-") + ("" if row.integrated else " GeV^-2"))
        leptons = "e+ e-" if row.lepton == "e" else "mu+ mu-"
        assert leptons in row.observable
        assert row.decay.endswith(2 * row.lepton)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('quantity = "S3"', 'quantity = "S33"', "did you mean 'S3'"),
        ('quantity = "S3"', 'quantity = "R"', "`over`, belongs to the quantity R alone"),
        (
            "    [1],\n  ],\n",
            "    [1, 0],\n  ],\n",
            "a triangle of the correlation must have one number less in each line",
        ),
        ("triangles = [\n", "matrix = [[1.0]]\ntriangles = [\n", "the correlation has a matrix or triangles, not both"),
    ],
)
def test_damaged_quotients_are_refused(old: str, new: str, told: str) -> None:
    text = read_data("measurements_angular2025.toml").decode()
    assert old in text
    with pytest.raises(UserError) as caught:
        parse_groups(text.replace(old, new, 1), "own.toml")
    assert "own.toml, group lhcb2025-kst0mumu-angular" in str(caught.value)
    assert told in str(caught.value)


def test_the_angular_rows_as_published() -> None:
    """Some numbers of arXiv:2003.04831, 2107.13428 and 2512.18053, and correlations off the diagonal, typed again."""
    first = GROUPS["lhcb2020-kst0mumu-angular"]
    row = first.rows[27]
    assert (row.id, row.value, row.stat, row.syst) == ("B0->K*0mumu_4_6_S5", -0.204, [0.051, 0.051], [[0.013, 0.013]])
    assert first.correlations[0][0, 3] == 0.09  # F_L with S5, 0.1 to 0.98
    assert first.correlations[0][2, 4] == 0.15  # S4 with A_FB
    assert not first.correlations[0][:8, 8:].any()
    phi = GROUPS["lhcb2021-phimumu-angular"]
    assert [row.value for row in phi.rows[4:8]] == [0.723, -0.03, -0.11, -0.101]
    assert phi.correlations[0][4, 7] == -0.12  # F_L with S7, 1.1 to 4
    latest = GROUPS["lhcb2025-kst0mumu-angular"]
    assert [row.quantity for row in latest.rows[:3]] == ["S1c", "S2c", "S3"]
    assert latest.rows[1].value == -0.294
    assert latest.correlations[0][0, 1] == 0.67


def test_covariance_of_a_common_error() -> None:
    data = measurements.load("lhcb2021-phimumu")
    found = data.covariance("symmetrised", data.values)
    assert found[0, 1] == pytest.approx(0.37 * 0.15, rel=1e-12)
    assert found[0, 0] == pytest.approx(0.53**2 + 0.12**2 + 0.37**2, rel=1e-12)
    assert np.array_equal(data.covariance("stat-facing", data.values), np.diag(np.diag(found) * 0 + data.stat_plus**2))
    cms = measurements.load("cms2024-kpmumu")  # the total error stands in the place of the statistical one
    assert cms.covariance("stat-facing", cms.values)[0, 1] == pytest.approx(0.0092 * 2.745 * 2.205, rel=1e-12)


def test_which_choices_hold_the_same_data() -> None:
    """Every pair of sets; what may be combined is what the documentation says."""
    allowed = {
        (one, other)
        for one, other in combinations(measurements.available(), 2)
        if measurements.fault((one, other)) is None
    }
    rates = ("rashed2024-corrected", "rashed2024", "electrons", "latest", "narrow")
    angular = {frozenset((one, other)) for one in ("angular", "angular2025") for other in (*rates, "lfu")}
    others = {frozenset(("electrons", "latest")), frozenset(("electrons", "narrow"))}
    ratios = {frozenset(("lfu", "latest")), frozenset(("lfu", "narrow"))}
    assert {frozenset(pair) for pair in allowed} == others | angular | ratios
    assert measurements.fault(("rashed2024", "cms2024-kpmumu")) is None
    assert measurements.load(("rashed2024", "cms2024-kpmumu")).theory_errors == "flavio-covariance"
    told = measurements.fault(("rashed2024", "lhcb2025-kst0mumu"))
    assert told is not None
    assert "B0->K*0mumu_0.1_0.98 (arXiv:1606.04731) and B0->K*0mumu_0.06_0.98 (arXiv:2512.18053)" in told
    assert told.endswith("the analysis of 2025 contains the data of 2016")
    with pytest.raises(UserError, match=r"The choice of measurements cannot have both 'latest' and 'narrow'"):
        measurements.load(("latest", "narrow"))


def damaged(old: str, new: str) -> tuple[RowGroup, ...]:
    assert old in TEXT
    return parse_groups(TEXT.replace(old, new, 1), "own.toml")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("[1, 0.53,", "[1, 0.54,", "the correlation matrix must be symmetric with ones on its diagonal"),
        ("[1, 0.53,", "[1.1, 0.53,", "the correlation matrix must be symmetric with ones on its diagonal"),
        ("  [0.65, 0.53, 0.47, 0.61, 1],\n", "", "the correlation matrix must be 5 lines of 5 numbers"),
        ('of = "total"', 'of = "statistical"', "field correlation.of"),
        (
            'of = "systematic 2"',
            'of = "systematic 3"',
            "the correlation is of systematic 3, an error that not every row",
        ),
        ("q2 = [1.1, 2.5], ", "", "row 2: field q2 must be [lower, upper] in GeV^2"),
        ("q2 = [1.1, 2.5]", "q2 = [2.5, 1.1]", "row 2: the bin 2.5 to 1.1 has no width"),
        ("value = 3.39", "value = nan", "row 2 (B0->K*0mumu_1.1_2.5): field value"),
        ("stat = [0.15, 0.15]", "stat = [0.15]", "row 2 (B0->K*0mumu_1.1_2.5): field stat"),
        ("q2 = [2.5, 4]", "q2 = [1.1, 2.5]", "the row B0->K*0mumu_1.1_2.5 is given twice"),
        ('name = "lhcb2014-kpmumu"', 'name = "lhcb2014-kstpmumu"', "the group lhcb2014-kstpmumu is given twice"),
        ("syst = [[1.7, 1.7]]", "syst = [[0.1, 0.1]]", "is smaller than that of B(B+ -> J/psi K"),
        ('theory_errors = "flavio-covariance"', 'theory_errors = "none"', "field theory_errors"),
        ("[[group]]", "[[groups]]", "not valid TOML"),
        ("title = ", "titel = ", "file: field title"),
    ],
)
def test_a_damaged_file_is_refused(old: str, new: str, told: str) -> None:
    with pytest.raises(UserError) as caught:
        damaged(old, new)
    assert str(caught.value).startswith("own.toml")
    assert told in str(caught.value)


def test_a_correlation_matrix_that_is_none() -> None:
    """Three errors cannot all be anticorrelated by 0.9."""
    text = TEXT[: TEXT.index("[[group]]")] + (
        '[[group]]\nname = "own"\ntitle = "Own"\ndecay = "B0->K0mumu"\nobservable = "B"\nlepton = "mu"\n'
        'integrated = true\nunit = "1"\nfactor = 1.0\ncite = ["PDG:2022"]\narxiv = "1"\ngrade = "C"\nsource = "own"\n'
        'note = ""\nrows = [\n'
        + "".join(f"{{ q2 = [{k}, {k + 1}], value = 1.0, stat = [1.0, 1.0], syst = [] }},\n" for k in range(1, 4))
        + ']\n[group.correlation]\nof = "total"\nmatrix = [[1, -0.9, -0.9], [-0.9, 1, -0.9], [-0.9, -0.9, 1]]\n'
    )
    with pytest.raises(UserError, match=r"own\.toml, group own: the correlation matrix is not positive definite"):
        parse_groups(text, "own.toml")
