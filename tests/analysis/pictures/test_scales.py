"""Ticks and looks."""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure

from tests.analysis.support import complaint
from zdscan.analysis.pictures.plotting import Request, plot
from zdscan.analysis.pictures.scales import decades, looks
from zdscan.analysis.pictures.sheet import Options
from zdscan.analysis.views.grid import open_grid
from zdscan.scan.axes import spaced


@pytest.mark.parametrize("linear_below", [1e-8, 1e-5, 1e-3, 0.05])
@pytest.mark.parametrize("ends", [(-0.1, 0.1), (0.0, 0.1), (-1e-3, 0.2)])
def test_ticks_keep_their_distance(ends: tuple[float, float], linear_below: float) -> None:
    axis = spaced(*ends, 101, "symlog", linear_below)
    ticks = np.array(decades(axis, linear_below))
    assert 0.0 in ticks
    assert ticks.min() >= ends[0]
    assert ticks.max() <= ends[1]
    places = np.sort(np.arcsinh(ticks / linear_below))
    assert np.all(np.diff(places) >= 0.12 * np.ptp(np.arcsinh(axis / linear_below)))


def test_styles(scattered, tmp_path: Path) -> None:
    with open_grid(scattered.path, partial=True) as grid:
        target = tmp_path / "out.png"
        assert "did you mean 'ATLAS'?" in complaint(plot, grid, Request("mass"), target, Options(style="ATLS"))
        pytest.importorskip("mplhep")
        plot(grid, Request("mass", "g_mu", constraints=("w_width",)), target, Options(style="ATLAS"))
    assert target.stat().st_size > 10_000


def test_a_style_without_its_package(scattered, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mplhep", None)
    with open_grid(scattered.path, partial=True) as grid:
        said = complaint(plot, grid, Request("mass"), tmp_path / "out.png", Options(style="CMS"))
    assert "pip install mplhep" in said


def test_labels_need_no_latex(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a matplotlibrc of the user's says."""
    monkeypatch.setitem(mpl.rcParams, "text.usetex", True)
    with mpl.rc_context(looks()):
        assert not Figure().suptitle("mass").get_usetex()
