"""The picture over two axes, of a plane whose best point and exclusions are known."""

from __future__ import annotations

from pathlib import Path

import pytest

from zdscan.analysis.pictures import plane
from zdscan.analysis.pictures.sheet import Options
from zdscan.analysis.views.grid import open_grid
from zdscan.analysis.views.view import view


@pytest.mark.parametrize("options", [Options("MeV"), Options(colours=True, sigmas=(1.0,))], ids=["regions", "colours"])
def test_nothing_is_left_to_be_said(valley, tmp_path: Path, options: Options) -> None:
    path, _ = valley
    with open_grid(path) as grid:
        seen = view(grid, ("mass", "g_mu"), {}, ["w_width"])
        assert plane.draw(grid, seen, tmp_path / "out.png", options) == []
    assert (tmp_path / "out.png").stat().st_size > 10_000
