"""The picture of limit curves: its areas, its fonts, and what cannot be drawn."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

import zdscan
from zdscan.analysis.pictures.limits import _chains, draw
from zdscan.edges.curves import LimitCurves
from zdscan.errors import UserError


@pytest.fixture(scope="module")
def curves() -> LimitCurves:
    names = ["a_mu", "apv_cs", "bs_mixing", "lhcb_dark_photon", "w_width"]
    return zdscan.limits("A", "eps", np.geomspace(0.01, 2.0, 12), parameters={"eps_z": 1e-5}, constraints=names)


def test_areas_join_what_overlaps() -> None:
    """A closed region that splits in two, and an open one beside it."""
    found = [[(1.0, 4.0)], [(1.0, 2.0), (3.0, 5.0)], [(8.0, math.inf)], [(7.0, math.inf)]]
    areas = sorted(_chains(found))
    assert areas == [
        [(0, 1.0, 4.0), (1, 1.0, 2.0)],
        [(1, 3.0, 5.0)],
        [(2, 8.0, math.inf), (3, 7.0, math.inf)],
    ]


@pytest.mark.parametrize("suffix", [".png", ".pdf"])
def test_a_picture_is_written(curves: LimitCurves, tmp_path: Path, suffix: str) -> None:
    target = tmp_path / f"limits{suffix}"
    said = draw(curves, target, labels=2)
    assert len(said) == 1
    assert said[0].startswith("Thin grey lines: ")
    written = target.read_bytes()
    assert len(written) > 5000
    if suffix == ".pdf":  # letters that can be edited and searched: TrueType, not Type 3
        assert b"/Type3" not in written
        assert b"/TrueType" in written or b"/CIDFontType2" in written


@pytest.mark.parametrize(
    ("mass", "name", "sentence"),
    [
        ([0.1], "limits.png", "needs at least two masses"),
        ([0.1, 0.2], "limits.gif", "must end in .png, .pdf, .svg"),
        ([0.1, 0.2], "nowhere.png", "No constraint limits eps"),
    ],
)
def test_what_cannot_be_drawn(mass: list[float], name: str, sentence: str, tmp_path: Path) -> None:
    chosen = ["bs_mixing"] if name == "nowhere.png" else ["a_mu"]
    with pytest.raises(UserError, match=sentence):
        draw(zdscan.limits("A", "eps", mass, constraints=chosen), tmp_path / name)
