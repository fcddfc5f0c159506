"""The picture of limit curves: its areas, its fonts, and what cannot be drawn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

import zdscan
from tests.analysis.support import complaint
from zdscan.analysis import plot_limits
from zdscan.analysis.pictures.limits import draw
from zdscan.analysis.pictures.sheet import Options
from zdscan.edges.curves import LimitCurves
from zdscan.errors import UserError


@pytest.fixture(scope="module")
def curves() -> LimitCurves:
    names = ["a_mu", "apv_cs", "bs_mixing", "lhcb_dark_photon", "w_width"]
    return zdscan.limits("A", "eps", np.geomspace(0.01, 2.0, 12), parameters={"eps_z": 1e-5}, constraints=names)


@pytest.mark.parametrize("suffix", [".png", ".pdf"])
def test_a_picture_is_written(curves: LimitCurves, tmp_path: Path, suffix: str) -> None:
    target = tmp_path / f"limits{suffix}"
    said = draw(curves, target, Options(strongest=2))
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


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (Options(x_range=(0.001, 0.1)), "not within the masses, 0.01 to 2 GeV"),
        (Options(y_range=(-1.0, 1.0)), "sizes of a parameter above 0"),
        (Options(strongest=40), "40 limit curves cannot be told apart"),
        (Options("mev"), "did you mean 'MeV'"),
        (Options(size=(3.4, 1.5)), "no room for its legend"),
    ],
)
def test_options_that_cannot_be_met(curves: LimitCurves, options: Options, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=sentence):
        draw(curves, tmp_path / "limits.png", options)
    assert not list(tmp_path.iterdir())


def test_a_range_without_a_curve(tmp_path: Path) -> None:
    found = zdscan.limits("A", "eps", [0.05, 0.1], constraints=["a_mu"])
    asked = Options(y_range=(1e-12, 1e-11))
    assert "Nothing is excluded of eps in this range" in complaint(draw, found, tmp_path / "limits.png", asked)


def test_axes_of_the_caller(curves: LimitCurves) -> None:
    ax = Figure().add_subplot()
    drawn = plot_limits(curves, ax=ax, strongest=1, x_range=(0.02, 1.0), y_range=(1e-6, 1e-1))
    assert set(drawn) <= set(ax.get_children())
    assert (ax.get_xlim(), ax.get_ylim()) == (pytest.approx((0.02, 1.0)), pytest.approx((1e-6, 1e-1)))
    assert (len(drawn.handles), len(drawn.heading)) == (2, 2)
    assert "published" in drawn.handles[1].get_label()
    assert complaint(plot_limits, curves) == (
        "A picture goes into a file (output=) or into axes of yours (ax=); neither is given."
    )
