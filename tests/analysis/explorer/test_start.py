"""Where the explorer starts, what it tells of a point, and what is taken away from it."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from zdscan import cli, load_scan, run
from zdscan.analysis.explorer import exports, points
from zdscan.analysis.explorer.planes import Planes, Request
from zdscan.analysis.explorer.start import of_case, start_of
from zdscan.errors import UserError
from zdscan.evaluation.settings import Settings
from zdscan.scan.scanfile import parse_scan

SCAN = """\
format = 2
case = "C"
theory = "complete"
[axes]
mass = { min = 0.02, max = 0.3, n = 4, spacing = "log" }
eps = { values = [0.0, 1e-4] }
eps_z = { min = -1e-2, max = 1e-2, n = 5, spacing = "symlog", linear_below = 1e-6 }
g_mu = { min = 1e-4, max = 1e-1, n = 4, spacing = "log" }
[data]
errors = "facing"
[constraints]
use = ["a_mu", "k_mu_inv"]
"""


@pytest.fixture(scope="module")
def scan(tmp_path_factory):
    path = tmp_path_factory.mktemp("explorer") / "scan.toml"
    path.write_text(SCAN)
    return path


@pytest.fixture(scope="module")
def grid(scan):
    path = scan.with_suffix(".h5")
    run(load_scan(scan), path, threads=1)
    return path


def test_a_scan_file_gives_axes_and_settings(scan):
    start = start_of(scan)
    assert (start.x, start.y) == ("mass", "g_mu")
    assert start.settings.errors == "facing"
    assert [item.id for item in start.physics().constraints] == ["a_mu", "k_mu_inv"]
    assert start.scales["eps_z"].kind == "symlog"
    assert (start.scales["mass"].low, start.scales["mass"].high) == (0.02, 0.3)
    assert start.reference is None


@pytest.mark.slow
def test_a_grid_gives_its_best_fit(grid):
    import xarray as xr

    start = start_of(grid)
    with xr.open_dataset(grid, engine="h5netcdf") as dataset:
        chi2 = dataset["chi2"].values
        axes = {name: dataset[name].values for name in ("mass", "eps", "eps_z", "g_mu")}
    where = np.unravel_index(chi2.argmin(), chi2.shape)
    assert start.reference == float(chi2.min())
    assert start.best == {name: float(axis[k]) for (name, axis), k in zip(axes.items(), where, strict=True)}
    assert start.held == start.best
    assert start.notes == ()


def test_a_stale_grid_is_told(grid, monkeypatch):
    from zdscan.evaluation.physics import Physics

    monkeypatch.setattr(Physics, "identity", {"sources kernels": "others"})
    (note,) = start_of(grid).notes
    assert "was made by other code or data than this zdscan" in note


def test_what_cannot_be_opened_is_a_sentence(tmp_path):
    with pytest.raises(UserError, match="no such scan file"):
        start_of(tmp_path / "none.toml")
    with pytest.raises(UserError, match=r"none\.h5"):
        start_of(tmp_path / "none.h5")
    with pytest.raises(UserError, match="no case 'dark_foton'"):
        start_of(case="dark_foton")
    with pytest.raises(UserError, match="not two of them"):
        start_of(tmp_path / "a.toml", "C")


@pytest.mark.parametrize("case", ["C", "dark_photon", "l_mu_l_tau"])
def test_a_case_has_usual_axes(case):
    start = of_case(case)
    assert start.x == "mass"
    assert start.y in start.scales
    assert set(start.held) == set(start.scales)
    text = exports.scan_text(start, start.settings, Request(start.x, start.y, start.scales, start.held, points=11))
    assert parse_scan(text).case_name == case


def test_the_scan_file_of_a_plane_makes_its_points(scan):
    """What `zdscan run` would compute is the plane: axes to the digits written, settings and constraints."""
    start = start_of(scan)
    view = start.scales | {"mass": start.scales["mass"].within(-1.5, -1.0)}
    request = Request("mass", "eps_z", view, start.held, points=9)
    made = parse_scan(exports.scan_text(start, start.settings, request, ["a_mu"]))
    np.testing.assert_allclose(made.axes["mass"], request.axis("mass"), rtol=1e-5)
    np.testing.assert_allclose(made.axes["eps_z"], request.axis("eps_z"), rtol=1e-9, atol=1e-18)
    assert made.axes["g_mu"].tolist() == [start.held["g_mu"]]
    assert made.settings.errors == "facing"
    assert made.settings.constraints == ("a_mu",)


def test_the_command_prints_the_same_point(scan):
    start = start_of(scan)
    values = {"mass": 0.12, "eps": 1e-4, "eps_z": -2e-3, "g_mu": 3e-3}
    line = points.command(start, start.settings, values)
    assert line.startswith("zdscan point --case C --mass 0.12 -p eps=0.0001")
    done = CliRunner().invoke(cli.app, [*line.split()[1:], "--json"])
    assert done.exit_code == 0, done.output
    printed = json.loads(done.stdout)
    planes = Planes(start.physics())
    seen = points.glance(planes, values, np.ones(2, dtype=bool))
    assert seen.chi2 == pytest.approx(printed["chi2"]["all"], rel=1e-12)
    assert dict(seen.constraints) == {
        item["id"]: pytest.approx(item["ratio"]) for item in printed["constraints"] if item["ratio"] > 0.0
    }
    assert seen.width == pytest.approx(printed["widths"]["total"], rel=1e-12)
    assert points.whole(start.physics(), values).to_dict() == printed


def test_a_case_that_is_a_table_has_no_command():
    text = SCAN.replace('case = "C"', '[case]\nname = "mine"\n[case.couplings]\nv_mu = { g_mu = 1.0 }').split("\n")
    own = "\n".join([text[0], "theory = 'complete'", *(line for line in text[1:] if not line.startswith("theory"))])
    start = start_of(parse_scan(own))
    with pytest.raises(UserError, match="keep it in a file of its own"):
        points.command(start, start.settings, start.held)
    assert (
        parse_scan(
            exports.scan_text(start, start.settings, Request("mass", "g_mu", start.scales, start.held, points=5))
        ).case_name
        == "mine"
    )


def test_a_cut_runs_through_the_point(scan):
    start = start_of(scan)
    planes = Planes(start.physics())
    values = {"mass": 0.12, "eps": 1e-4, "eps_z": -2e-3, "g_mu": 3e-3}
    request = Request("mass", "g_mu", start.scales, values, points=9)
    for along in ("mass", "g_mu"):
        found = points.cut(planes, request, values, along)
        k = 3
        there = points.glance(planes, values | {along: float(found.values[k])}, np.ones(2, dtype=bool))
        assert found.chi2[k] == pytest.approx(there.chi2, rel=1e-12)
        assert found.ratios[k].max() == pytest.approx(there.constraints[0][1], rel=1e-12)


def test_tables_and_figures(scan):
    start = start_of(scan)
    physics = start.physics()
    request = Request("mass", "g_mu", start.scales, start.held, points=6)
    plane = Planes(physics).compute(request)
    lines = exports.plane_csv(plane, np.ones(2, dtype=bool), plane.best[2]).splitlines()
    assert lines[0] == "mass_GeV,g_mu,chi2,delta_chi2,strongest,ratio,excluded_by"
    assert len(lines) == 37
    mass, g_mu, chi2, *_, ratio, excluding = lines[1 + 6 * 5 + 2].split(",")
    assert float(mass) == pytest.approx(plane.x[2], rel=1e-8)
    assert float(g_mu) == pytest.approx(plane.y[5], rel=1e-8)
    assert float(chi2) == pytest.approx(plane.chi2[5, 2], rel=1e-6)
    assert (float(ratio) >= 1.0) == bool(excluding)
    solved = exports.limits_csv(physics, Request("mass", "eps_z", start.scales, start.held, points=6), masses=2)
    assert {line.split(",")[2] for line in solved.splitlines()[1:]} == {"1", "-1"}
    with pytest.raises(UserError, match="put the mass along one side"):
        exports.limits_csv(physics, Request("eps", "eps_z", start.scales, start.held))
    assert exports.figure(physics, request, "summary", "svg").startswith(b"<?xml")


def test_a_new_setting_needs_no_line_here():
    """Everything that `Settings` declares reaches the command: none is named in the explorer but the constraints."""
    start = of_case("C")
    line = points.command(
        start, Settings.of(theory="paper", invisible_branching=0.5, measurements="rashed2024"), start.held
    )
    assert "--theory paper" in line
    assert "--invisible-branching 0.5" in line
    assert "--measurements rashed2024" in line
