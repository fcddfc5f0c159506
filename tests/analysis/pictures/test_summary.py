"""The picture of the curves of all constraints."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from zdscan.analysis.pictures import summary
from zdscan.analysis.pictures.sheet import TWO_COLUMNS, Options
from zdscan.analysis.views.grid import open_grid
from zdscan.analysis.views.view import view


def test_it_is_two_columns_wide_and_says_what_no_curve_shows(valley, tmp_path: Path) -> None:
    path, _ = valley
    with open_grid(path) as grid:
        seen = view(grid, ("mass", "g_mu"), {"eps": 0.0, "eps_z": 0.0}, ["all"])
        said = summary.draw(grid, seen, tmp_path / "out.png", Options())
    assert said == ["Nothing of the picture is excluded alone by apv_cs."]
    assert Image.open(tmp_path / "out.png").width == round(300 * TWO_COLUMNS)
