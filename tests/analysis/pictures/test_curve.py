"""The picture of chi2 along one axis: its intervals in words."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from zdscan.analysis.pictures import curve
from zdscan.analysis.pictures.sheet import Options
from zdscan.analysis.views.grid import open_grid
from zdscan.analysis.views.view import view


def test_intervals_of_a_gaussian(gaussian: Path, tmp_path: Path) -> None:
    """At one mass chi2 is that of a Gaussian of width 0.1 around 0.1 log(mass/0.14)."""
    with open_grid(gaussian) as grid:
        seen = view(grid, ("eps_z",), {"mass": 0.14})
        said = curve.draw(grid, seen, tmp_path / "out.png", Options(sigmas=(1.0, 2.0)))
        allowed = curve.intervals(view(grid, ("eps_z",), {}, ["apv_cs"]), Options(sigmas=(1.0,)))
    assert len(said) == 2
    for sigmas, sentence in enumerate(said, 1):
        head, ends = sentence.rstrip(".").split(": ")
        assert head == f"eps_z within {sigmas} sigma, all points"
        middle = 0.1 * np.log(seen.fixed["mass"] / 0.14)
        expected = [middle - 0.1 * sigmas, middle + 0.1 * sigmas]
        np.testing.assert_allclose([float(end) for end in ends.split(" to ")], expected, atol=2e-3)  # steps of 0.02
    assert [sentence.split(":")[0] for sentence in allowed] == [
        "eps_z within 1 sigma, all points",
        "eps_z within 1 sigma, points allowed by the 1 constraint computed",
    ]
    assert (tmp_path / "out.png").stat().st_size > 10_000
