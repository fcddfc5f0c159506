"""Limit curves of the user in scan files: they are read, told of, and travel in the grid file."""

from __future__ import annotations

import pickle
from pathlib import Path

import h5py
import pytest

import zdscan
from zdscan.errors import UserError
from zdscan.grid.pack import pack
from zdscan.scan.scanfile import load_scan, parse_scan, scan_of
from zdscan.terminal.citations import bibtex
from zdscan.terminal.tally import evaluate_best

SCAN = """\
format = 2
case = "A"
[axes]
mass = { values = [0.03, 0.2] }
eps = { values = [1e-4] }
eps_z = { values = [-1e-5, 1e-5] }
g_mu = { values = [0.0] }
[constraints]
use = ["low-energy", "-a_mu"]
[[constraints.curve]]
file = "curves/mine.csv"
decay = "K+->pi+"
channel = "ee"
level = 0.9
citation = "N. Body, private communication"
"""
CURVE = "0.02, 1e-9\n0.1, 1e-9\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "curves").mkdir()
    (tmp_path / "curves" / "mine.csv").write_text(CURVE)
    (tmp_path / "scan.toml").write_text(SCAN)
    return tmp_path


def faults(folder: Path, text: str, curve: str = CURVE) -> tuple[str, ...]:
    (folder / "curves" / "mine.csv").write_text(curve)
    (folder / "scan.toml").write_text(text)
    with pytest.raises(UserError) as caught:
        load_scan(folder / "scan.toml")
    return caught.value.messages


def test_a_curve_is_read_beside_the_scan_file(folder: Path) -> None:
    scan = load_scan(folder / "scan.toml")
    assert [item.id for item in scan.own] == ["mine"]
    assert dict(scan.files) == {"curves/mine.csv": CURVE}
    assert pickle.loads(pickle.dumps(scan)) == scan
    (folder / "curves" / "mine.csv").write_text("0.02, 1e-9\n0.1, 2e-9\n")
    assert load_scan(folder / "scan.toml") != scan


def test_a_grid_does_without_the_file(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """It resumes, and tells what it cites, where the curve is gone; the text and what it made are in the file."""
    zdscan.run(folder / "scan.toml", folder / "grid.h5", threads=1)
    for path in (folder / "scan.toml", folder / "curves" / "mine.csv"):
        path.unlink()
    grid = zdscan.open_grid(folder / "grid.h5")
    assert grid.files == {"curves/mine.csv": CURVE}
    assert grid.attributes["constraints"].split()[-1] == "mine"
    assert len(grid.identity["constraint mine"]) == 64
    assert scan_of(grid).own[0].id == "mine"
    assert "note = {N. Body, private communication}" in bibtex(grid)
    assert zdscan.resume(folder / "grid.h5", threads=1).computed == 0
    pack(folder / "grid.h5", folder / "packed.h5")
    assert zdscan.open_grid(folder / "packed.h5").files == grid.files
    with h5py.File(folder / "grid.h5", "r+") as file:
        file["run/own_files"][()] = "{}"
    assert not zdscan.open_grid(folder / "grid.h5").header_ok


def test_the_best_point_is_evaluated_with_it(folder: Path) -> None:
    summary = zdscan.run(folder / "scan.toml", folder / "grid.h5", threads=1)
    found = evaluate_best(zdscan.open_grid(folder / "grid.h5"), summary.best)
    assert found is not None
    assert found["constraints"][-1]["id"] == "mine"


def test_another_curve_is_another_grid(folder: Path) -> None:
    zdscan.run(folder / "scan.toml", folder / "grid.h5", threads=1)
    (folder / "curves" / "mine.csv").write_text("0.02, 1e-9\n0.1, 2e-9\n")
    zdscan.run(folder / "scan.toml", folder / "other.h5", threads=1)
    one, other = (zdscan.open_grid(folder / name).identity for name in ("grid.h5", "other.h5"))
    assert {key for key in one if one[key] != other[key]} == {"constraint mine"}


def test_a_grid_without_own_files_is_what_it_was(folder: Path) -> None:
    text = SCAN[: SCAN.index("[[")]
    (folder / "scan.toml").write_text(text)
    zdscan.run(folder / "scan.toml", folder / "grid.h5", threads=1)
    with h5py.File(folder / "grid.h5") as file:
        assert "own_files" not in file["run"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"curves/mine.csv"', '"curves/nine.csv"', "line 10: constraints.curve[0] cannot be used: "),
        ('channel = "ee"', 'channel = "tautau"', "line 13: constraints.curve[0].channel does not know 'tautau'"),
        ('channel = "ee"', 'chanel = "ee"', "line 13: constraints.curve[0].chanel is not a known key"),
        ("level = 0.9", 'level = "90%"', "line 14: constraints.curve[0].level must be a number"),
        (
            "level = 0.9\n",
            "",
            "line 10: constraints.curve[0] cannot be used: curves/mine.csv: of a curve in columns level",
        ),
        ('"-a_mu"]', '"-a_nu"]', "line 9: constraints.use[1] does not know 'a_nu' (did you mean 'a_mu'?)"),
        ('["low-energy", "-a_mu"]', '["-a_mu"]', "line 9: constraints.use cannot be used: '-a_mu' comes first"),
        (
            '["low-energy", "-a_mu"]',
            '["a_mu", "-a_mu", "-mine"]',
            "line 9: constraints.use takes away every constraint",
        ),
        (
            "[[constraints.curve]]\n",
            '[[constraints.curve]]\nid = "a_mu"\n',
            "line 10: constraints.curve cannot be used: the id",
        ),
    ],
)
def test_mistakes_of_the_scan_file(folder: Path, old: str, new: str, words: str) -> None:
    assert old in SCAN
    (message,) = faults(folder, SCAN.replace(old, new))
    assert words in message


def test_mistakes_of_the_curve_have_both_lines(folder: Path) -> None:
    """Its id may stand in the list all the same: one fault is one sentence."""
    (message,) = faults(folder, SCAN.replace('"-a_mu"]', '"-a_mu", "mine"]'), "20, 1e-9\n100, 1e-9\n")
    assert "scan.toml, line 10: constraints.curve[0] cannot be used: curves/mine.csv, line 1: all masses" in message
    assert "in MeV?" in message


def test_a_second_table_is_told_by_its_own_line(folder: Path) -> None:
    second = '\n[[constraints.curve]]\nfile = "curves/mine.csv"\nid = "two"\nchannel = "e"\n'
    (message,) = faults(folder, SCAN + second)
    assert "line 20: constraints.curve[1].channel does not know 'e'" in message


def test_a_curve_that_is_no_table(folder: Path) -> None:
    text = SCAN[: SCAN.index("[[")] + 'curve = "mine.csv"\n'
    (message,) = faults(folder, text)
    assert "constraints.curve must be tables; begin each with [[constraints.curve]]" in message


def test_a_text_without_a_file_looks_in_the_folder_it_is_given(folder: Path) -> None:
    assert parse_scan(SCAN, folder=folder).own[0].id == "mine"
    with pytest.raises(UserError, match="the grid file does not hold curves/mine"):
        parse_scan(SCAN, files={})
