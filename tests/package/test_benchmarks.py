"""Every benchmark script runs to its end and gives tables; how fast things are is not tested here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.paths import ROOT

STARTS_PROCESSES = True  # one worker runs all such modules, one after the other (tests/conftest.py)

FOLDER = ROOT / "benchmarks"
SCRIPTS = ("hardware", "throughput", "growth", "against_flavio", "against_eos", "scaling", "explorer")


def run(script: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, str(FOLDER / f"{script}.py"), "--quick", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def tables(script: str, *arguments: str) -> dict[str, list[dict[str, Any]]]:
    """Title -> rows by column."""
    content = json.loads(run(script, "--json", *arguments))
    assert content["name"] == script
    return {
        table["title"]: [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]]
        for table in content["tables"]
    }


@pytest.mark.slow
def test_hardware_prints_markdown() -> None:
    text = run("hardware")
    assert "| multiply-adds, float32 |" in text
    assert "NumPy" in text


@pytest.mark.slow
def test_explorer() -> None:
    (rows,) = tables("explorer").values()
    assert all(0.0 < row["CPU s a frame"] < row["CPU s when still"] for row in rows)


@pytest.mark.slow
def test_throughput(tmp_path: Path) -> None:
    found = tables("throughput", "--disk", str(tmp_path))
    assert {row["output"] for row in found["Points in memory"]} >= {"chi2", "chi2, excluded"}
    assert all(row["ns/point"] > 0 for row in found["Points in memory"])
    assert [row["file"] for row in found["A job of one core, chi2 and excluded written, profiles kept"]][-1] == "disk"
    assert "Stages" in found
    assert "Time to the first block" in found


@pytest.mark.slow
def test_growth(tmp_path: Path) -> None:
    found = tables("growth", "--folder", str(tmp_path))
    (run_,) = found["A whole run against the points of its grid"]
    assert run_["points"] == 63_000
    assert [row["rows"] for row in found["Against the number of rows"]] == [1, 26]


@pytest.mark.slow
def test_against_flavio() -> None:
    pytest.importorskip("flavio")
    found = tables("against_flavio")
    points = [row for row in found["Agreement of the rows"] if row["eps, eps_z, g_mu"] != "Standard Model"]
    assert points
    for row in points:
        assert row["largest shift from the SM"] > 0.1
        assert row["largest"] < 2e-4  # of row/SM; the coefficients are constant to 1.3e-4


@pytest.mark.slow
def test_against_eos() -> None:
    """With EOS where its environment is there already, else its sentence."""
    found = tables("against_eos")
    if "EOS could not be run" in found:
        assert "run without --quick" in found["EOS could not be run"][0]["reason"]
    else:
        for row in found["Rows of zdscan over rows of EOS"]:
            assert 0.5 < row["SM, least"] < 2.0


@pytest.mark.slow
def test_scaling(tmp_path: Path) -> None:
    plot = tmp_path / "scaling.svg"
    found = tables("scaling", "--plot", str(plot))
    assert {row["on"] for row in found["Strong scaling: the same job"]} >= {"1 core", "2 threads"}
    assert all(0 < row["efficiency"] <= 1 + 1e-9 for row in found["Modelled jobs"])
    assert plot.read_text().startswith("<?xml")


def test_every_script_is_tested_and_documented() -> None:
    readme = (FOLDER / "README.md").read_text()
    for path in FOLDER.glob("*.py"):
        if "common import" in path.read_text() and "parser(__doc__)" in path.read_text():
            assert path.stem in SCRIPTS, path
            assert f"`{path.name}`" in readme, path


def test_sections_are_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))
    import common

    page = tmp_path / "page.md"
    page.write_text("before\n<!-- one -->\nold\n<!-- /one -->\nafter\n")
    common.replace_section(page, "one", "new \\1")
    assert page.read_text() == "before\n<!-- one -->\nnew \\1\n<!-- /one -->\nafter\n"
    with pytest.raises(SystemExit, match="0 sections two"):
        common.replace_section(page, "two", "")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (1.0, "1.00"),
        (12.345, "12.3"),
        (1234.5, "1,234"),
        (1.2345e-5, "1.23e-05"),
        (2.5e7, "2.50e+07"),
        (1234567, "1,234,567"),
        (None, "–"),
        ("text", "text"),
    ],
)
def test_numbers_in_tables(value: object, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))
    import common

    assert common.number(value) == text
