"""The picture of which constraint excludes first: its sentence lists them, those of most cells at the beginning."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from zdscan.analysis.pictures import first
from zdscan.analysis.views.grid import open_grid
from zdscan.analysis.views.regions import first_excluding
from zdscan.analysis.views.view import view


def test_constraints_in_the_order_of_their_areas(valley, tmp_path: Path) -> None:
    path, _ = valley
    with open_grid(path) as grid:
        seen = view(grid, ("mass", "g_mu"), {"eps": 0.0, "eps_z": 1e-3}, ["all"])
        (said,) = first.draw(grid, seen, tmp_path / "out.png")
        nothing = view(grid, ("mass", "g_mu"), {"eps": 0.0, "eps_z": 0.0}, ["apv_cs"])
        assert first.draw(grid, nothing, tmp_path / "none.png") == ["No constraint excludes a whole cell."]
    cells = first_excluding(seen, "g_mu")
    counts = {name: int(np.sum(cells == k)) for k, name in enumerate(seen.chosen)}
    order = [name for name in sorted(counts, key=lambda name: -counts[name]) if counts[name]]
    assert len(order) == 2
    assert said == f"First along g_mu: {', '.join(order)}."
