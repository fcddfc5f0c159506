"""Grids with a user's own curves, searches and measurements: the file alone is enough for all that is done with it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

import zdscan
from tests.inputs.test_own_measurements import MINE
from tests.support.launching import MPIEXEC, contents, environment
from tests.support.paths import ROOT
from zdscan.analysis import fit, open_grid, view
from zdscan.errors import UserError
from zdscan.evaluation.engine import Engine
from zdscan.grid.merge import merge
from zdscan.grid.verify import info, verify
from zdscan.scan.scanfile import scan_of
from zdscan.terminal.citations import bibtex
from zdscan.terminal.tally import evaluate_best

STARTS_PROCESSES = True  # one worker runs all such modules, one after the other (tests/conftest.py)

SCAN = """\
format = 2
case = "A"
[axes]
mass = { values = [0.02, 0.1] }
eps = { min = 1e-7, max = 1e-3, n = 5, spacing = "log" }
eps_z = { values = [-1e-5, 1e-5] }
[data]
measurements = ["rashed2024-corrected", "./data/mine.toml"]
[data.replace."B0->K*0mumu_4_6"]
value = 3.4
cite = ["A thesis"]
[constraints]
use = ["a_mu"]
[[constraints.curve]]
file = "data/decay.csv"
decay = "K+->pi+"
channel = "ee"
level = 0.9
citation = "N. Body, private communication"
[[constraints.curve]]
file = "data/dump.csv"
kind = "region"
production = "eta_gamma"
channel = "ee"
shield_m = 480.0
decay_m = 10.0
level = 0.9
citation = "A. Person, arXiv:2601.01234"
"""
FILES = {
    "mine.toml": MINE,
    "decay.csv": "0.015,1e-9\n0.15,1e-9\n",
    "dump.csv": "0.015,1e-7,1e-4\n0.2,1e-7,1e-6\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    for name, text in FILES.items():
        (tmp_path / "data" / name).write_text(text)
    (tmp_path / "scan.toml").write_text(SCAN)
    return tmp_path


def run(folder: Path, name: str = "grid.h5", *overrides: str) -> Path:
    zdscan.run(folder / "scan.toml", folder / name, overrides=overrides, threads=1, block_points=5)
    return folder / name


def moved(path: Path) -> Path:
    """The grid file in another folder, and nothing left of what it was made of."""
    elsewhere = path.parent / "elsewhere"
    elsewhere.mkdir()
    shutil.move(path, elsewhere / path.name)
    shutil.rmtree(path.parent / "data")
    (path.parent / "scan.toml").unlink()
    return elsewhere / path.name


def test_a_run_that_broke_off_is_resumed_where_the_files_are_not(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, evaluate, left = contents(run(folder, "whole.h5")), Engine.evaluate, iter(range(2))

    def broken(*arguments: object) -> None:
        if next(left, None) is None:
            raise RuntimeError("broken off")
        evaluate(*arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(Engine, "evaluate", broken)
        with pytest.raises(RuntimeError, match="broken off"):
            run(folder)
    path = moved(folder / "grid.h5")
    assert not zdscan.open_grid(path).complete
    assert zdscan.resume(path, threads=1).computed == 10
    assert contents(path) == whole
    assert verify(path).ok
    grid = zdscan.open_grid(path)
    assert set(grid.files) == {"./data/mine.toml", "data/decay.csv", "data/dump.csv"}
    assert {"measurements ./data/mine.toml", "constraint decay", "constraint dump", "replace"} <= grid.identity.keys()
    assert (grid.attributes["replaced_rows"], grid.ndof) == ("B0->K*0mumu_4_6", 28)
    told = bibtex(grid)
    for words in ("N. Body, private", "eprint = {2601.01234}", "A thesis", "my_kpmumu"):
        assert words in told


def test_pictures_and_fits_need_the_grid_file_alone(folder: Path) -> None:
    path = moved(run(folder))
    with open_grid(path) as grid:
        seen = view(grid, "mass", "eps")
        assert np.isfinite(seen.chi2).all()
        assert "dump" in grid.constraints
    scan = scan_of(zdscan.open_grid(path))
    found = fit(path, profiles=False).to_dict()
    assert "B+->K+mumu_1.1_2_mine" in str(found)
    best = evaluate_best(zdscan.open_grid(path), info(path).best)
    assert best is not None
    measured = {row["id"]: row["measured"] for row in best["rows"]}
    assert (measured["B0->K*0mumu_4_6"], measured["B+->K+mumu_1.1_2_mine"]) == (3.4, 23.3)
    assert [item.id for item in scan.own] == ["decay", "dump"]


def test_the_grid_has_the_numbers_of_points(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = run(folder)
    monkeypatch.chdir(folder)
    own = scan_of(zdscan.open_grid(path)).own
    axes = zdscan.open_grid(path).axes
    point = zdscan.evaluate(
        "A",
        axes["mass"][:, None, None],
        axes["eps"][:, None],
        axes["eps_z"],
        measurements=["rashed2024-corrected", "./data/mine.toml"],
        replace={"B0->K*0mumu_4_6": {"value": 3.4}},
        constraints=["a_mu", *own],
    )
    with h5py.File(path) as file:
        chi2, bits = file["chi2"][..., 0], file["excluded"][..., 0]
    np.testing.assert_allclose(chi2, point.chi2["all"], rtol=6e-7)
    assert np.array_equal(bits, point.excluded @ [1, 2, 4])
    assert point.excluded.any(axis=(0, 1, 2))[1:].all()


def test_profiles_alone(folder: Path) -> None:
    path = moved(run(folder, "grid.h5", "output.fields=[]"))
    assert zdscan.resume(path, threads=1).computed == 0
    with open_grid(path) as grid:
        assert np.isfinite(view(grid, "mass", "eps").chi2).all()


def test_parts_are_merged_and_those_of_other_files_are_not(folder: Path) -> None:
    whole = run(folder, "whole.h5")
    parts = [run(folder, f"{k}.h5", f"axes.mass={{ values = [{mass}] }}") for k, mass in enumerate((0.02, 0.1))]
    merge(*parts, folder / "merged.h5")
    merged = zdscan.open_grid(folder / "merged.h5")
    assert merged.files == zdscan.open_grid(whole).files
    for name in ("chi2", "excluded", "profile_mass_eps"):
        assert contents(folder / "merged.h5")[name] == contents(whole)[name]
    for name, told in (("dump.csv", "constraint dump"), ("mine.toml", "measurements ./data/mine.toml")):
        path = folder / "data" / name
        path.write_text(FILES[name] + "# another\n")
        other = run(folder, f"{name}.h5", "axes.mass={ values = [0.1] }")
        path.write_text(FILES[name])
        with pytest.raises(UserError) as caught:
            merge(parts[0], other, folder / "both.h5")
        assert f"{told}: " in str(caught.value)


@pytest.mark.slow
@pytest.mark.skipif(not MPIEXEC.exists(), reason="no mpiexec beside this Python")
def test_the_same_bytes_from_two_ranks(folder: Path) -> None:
    alone = contents(run(folder, "alone.h5"))
    job = [str(MPIEXEC), "-n", "2", sys.executable, "-m", "zdscan", "run", "scan.toml", "-o", "ranks.h5"]
    done = subprocess.run(
        [*job, "--block-points", "5"],
        cwd=folder,
        env=environment(PYTHONPATH=str(ROOT)),
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert contents(folder / "ranks.h5") == alone
