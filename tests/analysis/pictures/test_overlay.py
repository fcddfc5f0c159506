"""Several grids in one picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from tests.analysis.support import complaint
from zdscan.analysis import open_grid, plot
from zdscan.analysis.pictures.overlay import MOST


def test_each_grid_has_its_colour_and_label(valley, scattered) -> None:
    path, _ = valley
    ax = Figure().add_subplot()
    with open_grid(scattered.path, partial=True) as grid:
        drawn = plot({"valley": path, "scattered": grid}, "mass", "g_mu", ax=ax, sigmas=[1, 2])
    labels = [handle.get_label() for handle in drawn.handles]
    assert labels[:2] == ["valley", "scattered"]
    assert "edge of what is excluded" in labels
    assert len({handle.get_color() for handle in drawn.handles[:2]}) == 2
    assert [line.split(":")[0] for line in drawn.heading] == ["valley", "scattered"]
    assert ax.get_ylim() == (pytest.approx(1e-4), pytest.approx(1.0))  # of the wider of both
    assert any(sentence.startswith("scattered: Unfinished") for sentence in drawn.said)


def test_chi2_of_each_along_one_axis(valley, scattered) -> None:
    """The curves of both from their own best fits, as each is drawn alone, and the intervals by label."""
    path, _ = valley
    ax, alone = Figure().add_subplot(), Figure().add_subplot()
    with open_grid(scattered.path, partial=True) as grid:
        drawn = plot({"valley": path, "scattered": grid}, "mass", ax=ax, exclusions=False)
    plot(path, "mass", ax=alone, exclusions=False)
    lines = {line.get_label(): line for line in ax.get_lines()}
    assert lines["valley"].get_color() != lines["scattered"].get_color()
    (single,) = [line for line in alone.get_lines() if line.get_label() == "all points"]
    np.testing.assert_array_equal(lines["valley"].get_xydata(), single.get_xydata())
    assert any(sentence.startswith("valley: mass within 1 sigma, all points:") for sentence in drawn.said)


def test_what_is_not_drawn_over_each_other(valley, tmp_path: Path) -> None:
    path, _ = valley
    target = tmp_path / "out.png"

    def refused(*axes: str, count: int = 2, **options) -> str:
        return complaint(plot, {f"g{k}": path for k in range(count)}, *axes, output=target, **options)

    assert "as planes" in refused("mass", "g_mu", kind="first")
    assert "leave out --csv" in refused("mass", "g_mu", csv=tmp_path / "cells.csv")
    assert f"at most {MOST} can be told apart" in refused("mass", "g_mu", count=MOST + 1)
    assert "not within the axis g_mu of the grids" in refused("mass", "g_mu", y_range=(1e-9, 1.0))
    assert "would be empty" in refused("mass", "g_mu", regions=False, exclusions=False)
    assert not target.exists()
