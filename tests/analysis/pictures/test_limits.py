"""The picture of limit curves: its areas, its fonts, and what cannot be drawn."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

import zdscan
from zdscan.analysis.pictures.limits import COLOURS, OTHERS, _coloured, _curves, draw
from zdscan.edges.curves import LimitCurves
from zdscan.errors import UserError
from zdscan.evaluation.engine import build_physics
from zdscan.physics.cases import CASES


@pytest.fixture(scope="module")
def curves() -> LimitCurves:
    names = ["a_mu", "apv_cs", "bs_mixing", "lhcb_dark_photon", "w_width"]
    return zdscan.limits("A", "eps", np.geomspace(0.01, 2.0, 12), parameters={"eps_z": 1e-5}, constraints=names)


def by_hand() -> LimitCurves:
    """Two masses: a closed region, one above it that a third constraint goes on from, and one inside of that."""
    names = ("a_mu", "apv_cs", "bs_mixing", "w_width")
    physics = build_physics(CASES["A"], constraints=names)
    found = [
        (np.array([0, 1, 2, 3]), np.array([1e-7, 1e-4, 1e-3, 1e-2]), np.array([1e-6, 2e-3, math.inf, math.inf])),
        (np.array([0, 2, 3]), np.array([1e-7, 1e-3, 1e-2]), np.array([1e-6, math.inf, math.inf])),
    ]
    return LimitCurves.of(physics, "eps", False, {}, np.array([0.1, 0.2]), found)


def test_what_bounds_the_excluded_comes_first() -> None:
    drawn = _curves(by_hand(), np.arange(2))
    assert [curve.name for curve in drawn] == ["a_mu", "apv_cs", "bs_mixing", "w_width"]
    assert [sum(outer for *_, outer in curve.edges) for curve in drawn] == [4, 1, 1, 0]
    assert drawn[2].edges == [(0, 1e-3, False, False), (1, 1e-3, False, True)]


def test_colours_stay_with_a_constraint() -> None:
    """Alone, it has its own; together all differ, up to the number of colours, and then dashes do."""
    drawn = _curves(by_hand(), np.arange(2))
    assert {curve.colour for curve in drawn} == {OTHERS}
    together = _coloured(drawn)
    assert len({curve.colour for curve in together}) == 4
    assert _coloured(drawn[:1])[0].colour == together[0].colour
    many = _coloured(drawn * 5)
    assert len({(curve.colour, curve.dashes) for curve in many}) == 20
    assert {curve.dashes for curve in many[: len(COLOURS)]} == {"solid"}


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
