"""Measurements of the user in scan files: read beside the file, kept with the scan, and told where they are wrong."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from tests.inputs.test_own_measurements import MINE
from zdscan.errors import UserError
from zdscan.scan.scanfile import load_scan, parse_scan

SCAN = """\
format = 2
case = "A"
[axes]
mass = { values = [0.03] }
[data]
measurements = ["latest", "./data/mine.toml"]
[data.replace."B0->K*0mumu_4_6"]
value = 3.4
[data.replace."B0->K*0mumu_6_8"]
value = 3.4
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "mine.toml").write_text(MINE)
    (tmp_path / "scan.toml").write_text(SCAN)
    return tmp_path


def test_the_scan_has_what_was_read(folder: Path) -> None:
    scan = load_scan(folder / "scan.toml")
    assert scan.settings.measurements == ("latest", "./data/mine.toml")
    assert dict(scan.files) == {"./data/mine.toml": MINE}
    assert '"B0->K*0mumu_4_6": {"value": 3.4}' in str(scan.settings.replace)
    assert pickle.loads(pickle.dumps(scan)) == scan
    (folder / "data" / "mine.toml").write_text(MINE.replace("23.3", "24.3"))
    assert load_scan(folder / "scan.toml") != scan
    with pytest.raises(UserError, match=r"the grid file does not hold \./data/mine\.toml"):
        parse_scan(SCAN, files={})


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("data/mine", "data/mines", "line 6: data.measurements[1] cannot be used: "),
        ("data/mine", "data/mines", "there is no such file (did you mean 'mine.toml'?)"),
        ('"latest"', '"lates"', "line 6: data.measurements does not know 'lates' (did you mean 'latest'?)"),
        ("mumu_6_8", "mumu_6_9", "line 9: data.replace.B0->K*0mumu_6_9 names the row 'B0->K*0mumu_6_9', which is not"),
        (
            "value = 3.4",
            "valu = 3.4",
            "line 7: data.replace has for the row 'B0->K*0mumu_4_6', numbers that are wrong: field valu",
        ),
        ("value = 3.4", "note = 'x'", "the entry is not right: give value, stat, syst or quantity"),
        ("[data.replace", "theory_errors = 'table'\n[data.replace", "line 7: data.theory_errors cannot be 'table'"),
    ],
)
def test_mistakes_of_the_scan_file(folder: Path, old: str, new: str, told: str) -> None:
    assert old in SCAN
    (folder / "scan.toml").write_text(SCAN.replace(old, new, 1))
    with pytest.raises(UserError) as caught:
        load_scan(folder / "scan.toml")
    (message,) = caught.value.messages
    assert f"scan.toml, {told}" in message if told.startswith("line") else told in message


def test_mistakes_of_the_file_have_both_lines(folder: Path) -> None:
    (folder / "data" / "mine.toml").write_text(MINE.replace("stat = [1.6, 1.6]", "stat = [1.6, -1.6]"))
    with pytest.raises(UserError) as caught:
        load_scan(folder / "scan.toml")
    (message,) = caught.value.messages
    assert "scan.toml, line 6: data.measurements cannot be used: ./data/mine.toml, line 18, group my-kpmumu" in message
