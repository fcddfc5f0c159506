"""Lines on constraints that do not apply."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from typer.testing import CliRunner

import zdscan
from zdscan.cli import app
from zdscan.scan.scanfile import parse_scan
from zdscan.terminal.silence import silent_in, silent_lines

SCAN = """
format = 2
case = "l_mu_l_tau"
constraints.use = ["a_mu", "na48", "babar_visible", "sn1987a"]
[axes]
mass = { values = [0.3, 0.5] }
g = { values = [1e-4, 1e-3] }
"""


def test_one_line_for_each_reason() -> None:
    assert silent_lines({"a": "far", "b": "", "c": "far", "d": "near"}) == [
        "Does not apply: a, c: far.",
        "Does not apply: d: near.",
    ]
    assert silent_lines({"a": ""}) == []


def test_of_a_scan() -> None:
    found = silent_in(parse_scan(SCAN, "scan.toml"))
    assert found["a_mu"] == ""
    assert found["na48"] == "no numbers at these masses"
    assert found["babar_visible"] == "at these couplings nothing makes the vector as the search assumes"
    assert "dark photon alone" in found["sn1987a"] or "no numbers" in found["sn1987a"]


@pytest.mark.parametrize(
    "line",
    [
        "point --case b_l --mass 0.05 -p g=1e-4 --constraints na48,sn1987a",
        "limits --case b_l --along g --mass 0.05 --constraints na48,sn1987a",
        "limits --case b_l --along g --mass 0.03:0.2:3 --constraints na48,sn1987a",
    ],
)
def test_commands_say_why(line: str) -> None:
    printed = CliRunner().invoke(app, line.split()).output
    assert (
        "Does not apply: sn1987a: a limit for a dark photon alone: it cannot be recast for other couplings." in printed
    )
    assert "Does not apply: na48" not in printed


def test_check_says_why(tmp_path: Path) -> None:
    (tmp_path / "scan.toml").write_text(SCAN)
    printed = CliRunner().invoke(app, ["check", str(tmp_path / "scan.toml")]).output
    assert "Does not apply: na48" in printed
    assert "Does not apply: a_mu" not in printed


def test_a_table_says_why_below_its_rows(tmp_path: Path) -> None:
    curves = zdscan.limits("b_l", "g", [0.05, 0.1], constraints=["na48", "sn1987a"])
    assert curves.silent == {"sn1987a": "a limit for a dark photon alone: it cannot be recast for other couplings"}
    curves.write_csv(tmp_path / "limits.csv")
    *rows, last = (tmp_path / "limits.csv").read_text().splitlines()
    assert last == f"# sn1987a does not apply: {curves.silent['sn1987a']}"
    assert {row["constraint"] for row in csv.DictReader(rows)} == {"na48", "sn1987a"}
