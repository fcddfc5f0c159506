"""Constraints by name, slices and nearest values, of any points."""

from __future__ import annotations

from pathlib import Path

from tests.analysis.support import complaint
from zdscan.analysis.pictures.plotting import Request, plot
from zdscan.analysis.pictures.sheet import Options
from zdscan.analysis.views.grid import open_grid
from zdscan.analysis.views.view import view


def test_refused_requests(valley, tmp_path: Path) -> None:
    path, _ = valley
    with open_grid(path) as grid:
        shown = ("mass", "g_mu")
        assert "'g_nu' (did you mean 'g_mu'?)" in complaint(view, grid, ("mass", "g_nu"))
        assert "The axis mass is asked for twice" in complaint(view, grid, ("mass", "mass"))
        assert "'apv' (did you mean 'apv_cs'?)" in complaint(view, grid, shown, {}, ["apv"])
        assert "add eps=VALUE" in complaint(grid.slice_values, shown, {"eps_z": 0.0})
        assert "outside the axis" in complaint(grid.slice_values, shown, {"eps_z": 3.0, "eps": 0.0})
        assert "'mass'" in complaint(grid.slice_values, shown, {"eps_z": 0.0, "eps": 0.0, "mass": 1.0})
        asked = Request("mass", "g_mu")
        assert "x and y are both mass" in complaint(
            plot, grid, Request("mass", "mass"), tmp_path / "out.png", Options()
        )
        assert ".png" in complaint(plot, grid, asked, tmp_path / "out.jpeg2", Options())
        assert "cannot be written" in complaint(plot, grid, asked, tmp_path / "absent" / "out.png", Options())


def test_constraints_of_the_paper_by_name(valley) -> None:
    path, _ = valley
    with open_grid(path) as grid:
        assert grid.named(("w_width", "apv_cs")) == ["w_width", "apv_cs"]
        assert grid.named(["all"]) == ["all"]
        assert set(grid.named(["paper"])) == {"w_width", "apv_cs"}
        assert grid.nearest({"eps": 1.1e-4}) == {"eps": 1}
