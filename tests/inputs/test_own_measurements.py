"""Measurements of the user: numbers that are used, what may stand beside others, and a sentence for what is wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import zdscan
from zdscan.errors import UserError
from zdscan.inputs import measurements
from zdscan.inputs.own_measurements import kept, read

MINE = """\
title = "Mine"
theory_errors = "flavio-covariance"

[[group]]
name = "my-kpmumu"
title = "B+ -> K+ mu+ mu-, mine"
decay = "B+->K+mumu"
observable = "<dB/dq2>(B+ -> K+ mu+ mu-)"
lepton = "mu"
integrated = false
unit = "1e-9 GeV^-2"
factor = 1e-9
suffix = "mine"
cite = ["N. Body, private communication"]
independent = true
rows = [
  { q2 = [1.1, 2.0], value = 23.3, stat = [1.5, 1.5], syst = [[1.2, 1.2]] },
  { q2 = [2.0, 3.0], value = 28.2, stat = [1.6, 1.6], syst = [[1.4, 1.4]] },
]
[group.correlation]
of = "total"
matrix = [[1.0, 0.5], [0.5, 1.0]]
"""
ROW = "B0->K*0mumu_4_6"


def test_a_file_is_a_data_set_among_others() -> None:
    data = measurements.load(("latest", "./mine.toml"), {"./mine.toml": MINE})
    assert data.ids[51:] == ("B+->K+mumu_1.1_2_mine", "B+->K+mumu_2_3_mine")
    assert data.values[51:].tolist() == [23.3, 28.2]
    assert data.citations[51] == ("my_kpmumu",)
    assert "N. Body" in data.references["my_kpmumu"]
    assert dict(data.files) == {"./mine.toml": MINE}
    totals = np.hypot([1.5, 1.6], [1.2, 1.4])
    found = data.covariance("symmetrised", data.values)[51:, 51:]
    np.testing.assert_allclose(found, np.outer(totals, totals) * [[1.0, 0.5], [0.5, 1.0]], rtol=1e-12)
    assert measurements.load("./mine.toml", {"./mine.toml": MINE}).ids == data.ids[51:]


def test_a_file_is_read_where_its_text_is_not_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=r"mine\.toml: there is no such file"):
        measurements.load("./mine.toml")
    (tmp_path / "mine.toml").write_text(MINE)
    assert measurements.load("./mine.toml").values[0] == 23.3
    (tmp_path / "mine.toml").write_text(MINE.replace("23.3", "24.3"))
    assert measurements.load("./mine.toml").values[0] == 24.3


def test_numbers_of_a_row_are_replaced() -> None:
    """Value, errors or both; the rest of the row and all other rows stay."""
    plain = measurements.load("latest")
    place = plain.ids.index(ROW)
    entry = {"value": 3.4, "stat": [0.2, 0.1], "syst": [], "cite": ["A thesis"]}
    data = measurements.load("latest", replace=kept({ROW: entry}))
    assert (data.values[place], data.stat_plus[place], data.stat_minus[place]) == (3.4, 0.2, 0.1)
    assert data.syst[0][0][place] == 0.0
    assert data.replaced == (ROW,)
    assert "A thesis" in data.references[data.citations[place][0]]
    others = np.arange(len(plain.ids)) != place
    assert np.array_equal(data.values[others], plain.values[others])
    assert np.array_equal(data.syst[0][0][others], plain.syst[0][0][others])
    value = measurements.load("latest", replace=kept({ROW: {"value": 3.4}}))
    assert value.stat_plus[place] == plain.stat_plus[place]
    mine = measurements.load("./m.toml", {"./m.toml": MINE}, kept({"B+->K+mumu_2_3_mine": {"value": 1.0}}))
    assert mine.values[1] == 1.0


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "stat = [1.6, 1.6]",
            "stat = [1.6, -1.6]",
            "line 18, group my-kpmumu, row 2 (B+->K+mumu_2_3_mine): field",
        ),
        ("value = 28.2", "value = nan", "field value must be a finite number, not nan"),
        (
            "value = 28.2",
            "valu = 28.2",
            "line 18, group my-kpmumu, row 2: field valu is not known (did you",
        ),
        ('suffix = "mine"', 'sufix = "mine"', "line 13, group 1 (my-kpmumu): field sufix is not known (did you mean"),
        ("B+->K+mumu", "B+->Kmumu", "there is no decay 'B+->Kmumu' (did you mean 'B+->K+mumu'?)"),
        ('lepton = "mu"', 'lepton = "e"', "the lepton of B+->K+mumu is not 'e'"),
        ("[2.0, 3.0]", "[2.0, 3.5]", "line 18, group my-kpmumu, row 2 (B+->K+mumu_2_3.5_mine): there are no tables"),
        ("[2.0, 3.0]", "[2.0, 3.5]", "those of B+->K+mumu are 0.1-0.98, 1.1-2, 2-3, 3-4"),
        ("[2.0, 3.0]", "[2.0, 3.5]", "and `zdscan calibrate --add` makes others"),
        ("[2.0, 3.0]", "[3.0, 2.0]", "row 2: the bin 3 to 2 has no width"),
        ("[2.0, 3.0]", "[0.1, 4.0]", "overlap; leave one out"),
        ("stat = [1.6, 1.6], syst = [[1.4, 1.4]]", "stat = [0, 0], syst = []", "the row has no error"),
        ("[0.5, 1.0]]", "[0.4, 1.0]]", "line 20, group my-kpmumu: the correlation matrix must be symmetric"),
        ("[[group]]", "[[groups]]", "is not known"),
        ("title =", "title", "is not valid TOML"),
    ],
)
def test_what_is_wrong_with_a_file(old: str, new: str, told: str) -> None:
    assert old in MINE
    with pytest.raises(UserError) as caught:
        read("./mine.toml", MINE.replace(old, new, 1 if old.startswith("title") else -1))
    assert all(message.startswith("./mine.toml") for message in caught.value.messages)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            MINE.replace("independent = true\n", ""),
            "the bins of B+->K+mumu_1.1_2 (arXiv:1403.8044) and B+->K+mumu_1.1_2_mine (./mine.toml) overlap; leave one "
            "out, or say independent = true",
        ),
        (MINE.replace('suffix = "mine"\n', ""), "have the same name; give the group a suffix"),
        (MINE.replace('suffix = "mine"\n', 'suffix = "mine"\narxiv = "1403.8044"\n'), "they are of one publication"),
    ],
)
def test_what_cannot_stand_together(text: str, told: str) -> None:
    with pytest.raises(UserError) as caught:
        measurements.load(("latest", "./mine.toml"), {"./mine.toml": text})
    (message,) = caught.value.messages
    assert message.startswith("measurements cannot have both 'latest' and './mine.toml': ")
    assert told in message


LOW = "B0->K*0mumu_0.1_0.98_F_L"


def test_a_measured_f_l_may_be_read_as_for_massless_leptons() -> None:
    """The other reading has another prediction, the golden one, and the same measured value; other rows stay."""
    sets = ("latest", "lfu", "angular")
    plain = zdscan.evaluate("C", 0.03, theory="complete", measurements=sets).to_dict()["rows"]
    other = zdscan.evaluate(
        "C", 0.03, theory="complete", measurements=sets, replace={LOW: {"quantity": "F_L_hat"}}
    ).to_dict()["rows"]
    ((place, first),) = [(k, row) for k, row in enumerate(plain) if row["id"] == LOW]
    assert other[place]["measured"] == first["measured"]
    assert first["sm"] == pytest.approx(0.294, abs=5e-4)
    assert other[place]["sm"] == pytest.approx(0.369, abs=5e-4)
    assert [row["sm"] for k, row in enumerate(other) if k != place] == [
        row["sm"] for k, row in enumerate(plain) if k != place
    ]


def test_numbers_of_a_quotient_are_replaced() -> None:
    data = measurements.load(("latest", "lfu"), replace=kept({"R_K_1.1_6": {"value": 0.9}}))
    assert data.values[data.ids.index("R_K_1.1_6")] == 0.9


@pytest.mark.parametrize("name", ["B0->K*0mumu_4_6_F_L", "Bs->phimumu_4_6_F_L"])
def test_readings_of_f_l_differ_only_at_low_q2(name: str) -> None:
    with pytest.raises(UserError, match="there are no tables of F_L_hat in this bin"):
        measurements.load(("latest", "angular"), replace=kept({name: {"quantity": "F_L_hat"}}))


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ({"B0->K*0mumu_4_7": {"value": 1.0}}, "names the row 'B0->K*0mumu_4_7', which is not among those"),
        ({"B0->K*0mumu_4_7": {"value": 1.0}}, "(did you mean 'B0->K*0mumu_4_6'?)"),
        ({ROW: {"values": 1.0}}, "field values is not known (did you mean 'value'?)"),
        ({ROW: {"stat": [1.0, -1.0]}}, "field stat.1 must be at least 0, not -1"),
        ({ROW: {"note": "x"}}, "give value, stat, syst or quantity"),
        ({ROW: {"quantity": "F_L_hat"}}, "only a row of F_L or F_L_hat may be compared with the other of the two"),
        ({ROW: {"stat": [0.0, 0.0], "syst": []}}, "the row has no error"),
        ({ROW: 3.0}, "must be tables of rows"),
    ],
)
def test_what_is_wrong_with_a_replaced_row(table: dict[str, object], told: str) -> None:
    with pytest.raises(UserError) as caught:
        measurements.load("latest", replace=kept(table))
    assert str(caught.value).startswith("replace ")
    assert told in str(caught.value)
