"""Every shipped scan file is valid and as large as its comment says."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from zdscan.config import load_scan, parse_scan

ROOT = Path(__file__).parent.parent
JOBS = sorted((ROOT / "jobs").glob("*.toml"))


def test_there_are_jobs() -> None:
    assert {"quickstart", "case_a", "case_b", "case_c"} <= {path.stem for path in JOBS}


@pytest.mark.parametrize("path", JOBS, ids=lambda path: path.stem)
def test_job_is_valid(path: Path) -> None:
    scan = load_scan(path)
    stated = re.search(r"([\d.]+) million points", path.read_text())
    assert stated is not None
    assert scan.points / 1e6 == pytest.approx(float(stated[1]), rel=0.03)


@pytest.mark.parametrize("path", JOBS, ids=lambda path: path.stem)
def test_job_covers_the_mass_range_and_both_relative_signs(path: Path) -> None:
    axes = load_scan(path).axes
    assert (axes["mass"][0], axes["mass"][-1]) == (0.010, 2.0)
    np.testing.assert_array_equal(axes["eps_z"], -axes["eps_z"][::-1])
    assert 0.0 in axes["eps_z"]
    assert np.all(axes["g_mu"] >= 0.0)


def test_quickstart_reaches_the_improving_region() -> None:
    """eps_z about -9e-3 with g_mu about 1e-3 at 10 to 30 MeV is where Case C improves most: grid points lie near."""
    axes = load_scan(JOBS[[path.stem for path in JOBS].index("quickstart")]).axes
    for name, wanted in (("eps_z", -9e-3), ("g_mu", 1e-3), ("mass", 0.02)):
        nearest = axes[name][np.argmin(np.abs(axes[name] - wanted))]
        assert nearest == pytest.approx(wanted, rel=0.15)


DOCUMENTED = (ROOT / "docs" / "scan-file.md").read_text()


def test_documented_scan_file_is_valid_and_shows_the_defaults() -> None:
    example = re.search(r"```toml\n(format.*?)```", DOCUMENTED, re.DOTALL)
    assert example is not None
    whole = parse_scan(example[1])
    required = parse_scan(example[1].split("[model]")[0])
    assert whole == required


PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
EXAMPLES = [
    pytest.param(text, id=f"{page.name}-{k}")
    for page in PAGES
    for k, text in enumerate(re.findall(r"```toml\n(format = .*?)```", page.read_text(), re.DOTALL))
]


@pytest.mark.parametrize("text", EXAMPLES)
def test_scan_files_in_the_documentation_are_valid(text: str) -> None:
    assert parse_scan(text).points > 1


def test_documented_case_is_valid() -> None:
    axes = re.search(r"(\[axes\].*?)\[model\]", DOCUMENTED, re.DOTALL)
    case = re.search(r"```toml\n(\[case\].*?)```", DOCUMENTED, re.DOTALL)
    assert axes is not None
    assert case is not None
    assert parse_scan("format = 1\n" + case[1] + axes[1]).case_name == "muonphilic photon"
