"""A change of anything that makes numbers changes the identity of a grid, and a resume with it is refused."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import h5py
import pytest

from tests.support.paths import ROOT
from tests.support.thinning import only
from zdscan.compiled import cache
from zdscan.errors import UserError
from zdscan.evaluation.physics import NUMERIC_FOLDERS
from zdscan.grid.open import open_grid
from zdscan.running import driver
from zdscan.scan.scanfile import parse_scan

STARTS_PROCESSES = True  # one worker runs all such modules, one after the other (tests/conftest.py)

SCAN = """
format = 1
case = "B"
[axes]
mass = { values = [0.02, 0.05] }
eps = { values = [0.0, 1e-4] }
eps_z = { values = [-1e-4, 1e-4] }
g_mu = { values = [1e-4, 1e-2] }
"""
FOLDERS = {name: (ROOT / "zdscan" / name).resolve() for name in NUMERIC_FOLDERS}
MODULES = [
    (name, path.relative_to(folder)) for name, folder in FOLDERS.items() for path in sorted(folder.rglob("*.py"))
]


@pytest.fixture(scope="module")
def unfinished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A grid file one of whose blocks is not done."""
    path = tmp_path_factory.mktemp("identity") / "grid.h5"
    driver.run(parse_scan(SCAN), path)
    with h5py.File(path, "r+") as file:
        file["run/done"][-1] = 0
    return path


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the sources, in which the identity is looked up."""
    for name, folder in FOLDERS.items():
        shutil.copytree(folder, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "*.h5"))
    monkeypatch.setattr(cache, "PACKAGE", tmp_path)
    cache.source_hash.cache_clear()
    yield tmp_path
    cache.source_hash.cache_clear()


def test_the_copy_alone_changes_nothing(unfinished: Path, copied: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.h5"
    shutil.copy(unfinished, again)
    assert driver.resume(again).computed > 0


def test_every_folder_has_modules() -> None:
    assert {name for name, _ in MODULES} == set(NUMERIC_FOLDERS)
    assert len(MODULES) > 50


@pytest.mark.parametrize("step", only([4], [1]))
def test_one_line_in_any_module_that_makes_numbers_is_noticed(unfinished: Path, copied: Path, step: int) -> None:
    """Every module of the folders in turn, the empty ones included; one in four where there is little time."""
    before = unfinished.read_bytes()
    for folder, relative in MODULES[::step]:
        changed = copied / folder / relative
        text = changed.read_text()
        changed.write_text(f"{text}NOTHING = 0\n")
        cache.source_hash.cache_clear()
        with pytest.raises(UserError, match="would compute other numbers") as refusal:
            driver.resume(unfinished)
        assert f"sources {folder}" in str(refusal.value), relative
        changed.write_text(text)
    assert unfinished.read_bytes() == before


def test_a_module_more_or_less_is_noticed(unfinished: Path, copied: Path) -> None:
    (copied / "constraints" / "another.py").write_text("")
    with pytest.raises(UserError, match="sources constraints"):
        driver.resume(unfinished)


@pytest.mark.slow  # compiles the kernels of the copy
def test_a_changed_rule_of_interpolation_is_refused_by_the_command(tmp_path: Path) -> None:
    """The whole way: limits that an edited reader makes a hundred times smaller do not get into an older file."""
    home = tmp_path / "changed"
    shutil.copytree(ROOT / "zdscan", home / "zdscan", ignore=shutil.ignore_patterns("__pycache__"))
    environment = {**os.environ, "PYTHONPATH": str(home)}
    scan, grid = tmp_path / "scan.toml", tmp_path / "grid.h5"
    scan.write_text(SCAN)

    def zdscan(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "zdscan", *map(str, arguments)]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300)

    assert zdscan("run", scan, "-o", grid).returncode == 0
    with h5py.File(grid, "r+") as file:
        file["run/done"][-1] = 0
    reader = home / "zdscan" / "inputs" / "against_mass.py"
    text = reader.read_text()
    rule = "return float(10.0 ** np.interp("
    assert rule in text
    reader.write_text(text.replace(rule, "return 0.01 * float(10.0 ** np.interp("))
    refused = zdscan("resume", grid)
    assert refused.returncode == 2
    assert "sources inputs" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert open_grid(grid).identity["sources inputs"] != ""
