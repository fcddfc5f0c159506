"""The picture of a posterior says in which measure the priors are flat."""

from __future__ import annotations

from pathlib import Path

from zdscan.analysis.pictures import marginal
from zdscan.analysis.views import regions
from zdscan.analysis.views.grid import open_grid


def test_priors_in_words(gaussian: Path, tmp_path: Path) -> None:
    with open_grid(gaussian) as grid:
        posterior = regions.marginal(grid, ("mass", "eps_z"), {"mass": "log"})
        said = marginal.draw(grid, posterior, tmp_path / "out.png")
    assert said == ["Integrated with priors flat in mass (log), eps_z (axis), g_mu (axis)."]
    assert (tmp_path / "out.png").stat().st_size > 10_000
