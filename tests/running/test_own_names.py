"""A grid over parameters of one's own, from the scan file to pictures and fits."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import zdscan
from tests.physics.test_case_table import MINE
from zdscan.analysis import open_grid, view
from zdscan.errors import UserError
from zdscan.grid.merge import merge
from zdscan.grid.pack import pack
from zdscan.scan.scanfile import load_scan, parse_scan

SCAN = """\
format = 2
case = "b_l"
[axes]
mass = { values = [0.02, 0.3] }
g = { min = 1e-8, max = 1e-2, n = 13, spacing = "log" }
[constraints]
use = ["a_mu", "k_pi_x", "coherent"]
"""


def run(folder: Path, text: str = SCAN, name: str = "grid.h5", **options) -> Path:
    path = folder / "scan.toml"
    path.write_text(text)
    zdscan.run(path, folder / name, threads=1, **options)
    return folder / name


def test_a_grid_has_the_names_of_its_case(tmp_path) -> None:
    path = run(tmp_path)
    with xr.open_dataset(path, engine="h5netcdf") as found:
        assert found.chi2.dims == ("mass", "g", "eps", "unused_3")
        assert found.chi2.shape == (2, 13, 1, 1)
        assert found.attrs["axes"] == "mass g eps unused_3"
        assert found.g.attrs["long_name"] == "gauge coupling of B - L"
        assert found.eps.values.tolist() == found.unused_3.values.tolist() == [0.0]
        assert "profile_mass_g" in found
        chi2 = found.chi2.values
    points = zdscan.evaluate("b_l", np.array([[0.02], [0.3]]), np.geomspace(1e-8, 1e-2, 13))
    np.testing.assert_allclose(chi2[:, :, 0, 0], points.chi2["all"], rtol=6e-7)
    assert zdscan.resume(path, threads=1).computed == 0
    assert list(zdscan.open_grid(path).axes) == ["mass", "g", "eps", "unused_3"]
    with open_grid(path) as grid:
        seen = view(grid, "mass", "g")
        assert np.array_equal(seen.chi2, chi2[:, :, 0, 0])
        assert list(seen.best)[:4] == ["mass", "g", "eps", "unused_3"]
        with pytest.raises(UserError, match="the grid does not know 'g_mu'"):
            view(grid, "mass", "g_mu")


def test_packed_and_merged(tmp_path) -> None:
    whole = run(tmp_path)
    pack(whole, tmp_path / "packed.h5")
    assert list(zdscan.open_grid(tmp_path / "packed.h5").axes) == ["mass", "g", "eps", "unused_3"]
    masses = [f"axes.mass={{ values = [{mass}] }}" for mass in (0.02, 0.3)]
    parts = [run(tmp_path, name=f"{k}.h5", overrides=[text]) for k, text in enumerate(masses)]
    merge(*parts, tmp_path / "merged.h5")
    with (
        xr.open_dataset(whole, engine="h5netcdf") as a,
        xr.open_dataset(tmp_path / "merged.h5", engine="h5netcdf") as b,
    ):
        for name in ("chi2", "excluded", "profile_mass_g", "profile_g_eps"):
            np.testing.assert_array_equal(a[name].values, b[name].values)
        assert a.g.attrs == b.g.attrs


def test_a_case_file_travels_in_the_grid(tmp_path) -> None:
    (tmp_path / "mine.toml").write_text(MINE)
    path = run(tmp_path, SCAN.replace('"b_l"', '"./mine.toml"'))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.move(path, elsewhere / "grid.h5")
    (tmp_path / "mine.toml").unlink()
    assert zdscan.resume(elsewhere / "grid.h5", threads=1).computed == 0
    with xr.open_dataset(elsewhere / "grid.h5", engine="h5netcdf") as found:
        assert found.attrs["case"] == "B minus L, mine"
    with pytest.raises(UserError, match=r"there is no such case file"):
        load_scan(tmp_path / "scan.toml")


def test_files_of_cases_a_b_c_stay_as_they_are(tmp_path) -> None:
    text = SCAN.replace('"b_l"', '"B"').replace("\ng =", "\ng_mu =")
    with xr.open_dataset(run(tmp_path, text), engine="h5netcdf") as found:
        assert found.chi2.dims == ("mass", "eps", "eps_z", "g_mu")
        assert "axes" not in found.attrs


@pytest.mark.slow
def test_fits_use_the_names(tmp_path) -> None:
    path = tmp_path / "scan.toml"
    path.write_text(SCAN.replace("0.02, 0.3", "0.3, 0.4").replace('"b_l"', '"muonphilic"').replace("\ng =", "\ng_mu ="))
    result = zdscan.analysis.fit(path, profiles=False).to_dict()
    assert "eps_z" not in str(result)
    assert "g_mu" in str(result)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (SCAN.replace('"b_l"', '"b_ll"'), "case does not know 'b_ll' (did you mean 'b_l'?)"),
        (SCAN.replace("format = 2", "format = 1"), "case = 'b_l' needs format = 2"),
        (SCAN.replace("g =", "h ="), "axes.h is not a known key; allowed here: mass, g, eps"),
        (SCAN.replace("mass =", "eps ="), "axes.mass is missing; every scan has an axis of masses"),
        (
            SCAN + "[model]\ndark_fermion = { mass = 0.01 }\n",
            "dark_fermion must be { mass = ..., coupling = ... }; coupling",
        ),
        (SCAN + "[model]\nmixing = 'loop'\n", "model.mixing = 'loop' does not fit Case b_l"),
        (
            SCAN + "[model]\ninvisible_width = 1.0\ninvisible_branching = 0.5\n",
            "line 10: model.invisible_branching cannot stand beside invisible_width",
        ),
    ],
)
def test_what_is_wrong_is_said(text, words) -> None:
    with pytest.raises(UserError) as refusal:
        parse_scan(text)
    assert any(words in message for message in refusal.value.messages), refusal.value.messages


def test_parameters_without_an_axis_are_zero() -> None:
    scan = parse_scan("format = 2\ncase = 'B'\n[axes]\nmass = { values = [0.1] }\n")
    assert {name: axis.tolist() for name, axis in scan.axes.items() if name != "mass"} == {
        name: [0.0] for name in ("eps", "eps_z", "g_mu")
    }
    again = parse_scan(scan.text)
    assert again == scan
