"""The tables of fits with today's data, against single points evaluated without the report."""

from __future__ import annotations

import html
import re

import pytest

import zdscan
from zdscan.analysis.paper import today
from zdscan.analysis.paper.figures.case_grids import case_grid
from zdscan.analysis.paper.figures.plate import Detail
from zdscan.analysis.views.in_memory import MemoryGrid

DETAIL = Detail(curve=8, grid=0.06)
SETTINGS = {
    "paper": {"theory": "paper", "measurements": "rashed2024-corrected", "limits": "rashed2024"},
    "today": {"theory": "paper", "measurements": "latest", "limits": "latest"},
}


@pytest.fixture(scope="module")
def grids() -> dict[str, tuple[MemoryGrid, MemoryGrid]]:
    """Coarse grids of Case C."""
    return {"C": (case_grid("C", DETAIL), case_grid("C", DETAIL, today=True))}


def plain(cell: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", cell)).replace("−", "-")


def best(grid: MemoryGrid, data: str) -> zdscan.PointResult:
    """The point of lowest chi2 among all of the grid, evaluated alone."""
    lowest = grid.lowest()
    assert lowest["chi2"] == grid.chi2.min()
    return zdscan.evaluate("C", *(lowest[name] for name in ("mass", "eps", "eps_z", "g_mu")), **SETTINGS[data])


def test_fits(grids: dict[str, tuple[MemoryGrid, MemoryGrid]]) -> None:
    table = today.fits_table(grids)
    assert [row[:3] for row in table.rows] == [("C", "paper", "26"), ("C", "today", "51")]
    for row, grid in zip(table.rows, grids["C"], strict=True):
        assert len(row) == len(table.columns)
        found = best(grid, row[1])
        sm = float(found.chi2["sm_all"])
        assert float(row[3]) == pytest.approx(sm, abs=0.051)
        assert float(plain(row[5])) == pytest.approx(float(found.chi2["all"]) - sm, abs=0.0051)
        ids = [c.id for c, out in zip(found.physics.constraints, found.excluded, strict=True) if out]
        assert sorted(re.findall(r"[a-z]\w+(?= \(|,|$)", row[6].replace(" (not in the paper)", ""))) == sorted(ids)
        left, total = map(int, row[8].split(" of "))
        assert 0 <= left <= total == int((grid.chi2 <= grid.chi2.min() + 6.18).sum())
    assert "“latest”" in table.note


def test_verdicts(grids: dict[str, tuple[MemoryGrid, MemoryGrid]]) -> None:
    table = today.verdicts_table(grids)
    assert table.columns == ("constraint", "C, paper", "C, today")
    listed = {row[0].partition(" ")[0]: row[1:] for row in table.rows}
    for column, (data, grid) in enumerate(zip(SETTINGS, grids["C"], strict=True)):
        found = best(grid, data)
        for k, constraint in enumerate(found.physics.constraints):
            cell = listed.get(constraint.id, ("–", "–"))[column]
            assert (cell == "–") == (not found.applies[k]), constraint.id
            assert ("contradicted" in cell) == bool(found.excluded[k]), constraint.id
    assert listed["bs_mumu"][0] != listed["bs_mumu"][1]
