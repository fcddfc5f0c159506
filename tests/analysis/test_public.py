"""The four functions of `zdscan.analysis`: the same as what stands behind them, described, and light to import."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from tests.analysis.support import CASE_A, complaint
from tests.support.paths import ROOT
from tests.support.thinning import only
from zdscan import analysis
from zdscan.analysis.fits.fitting import Fit, fit_scan
from zdscan.analysis.views.view import view
from zdscan.errors import UserError
from zdscan.scan.scanfile import parse_scan

STARTS_PROCESSES = True  # one worker runs all such modules, one after the other (tests/conftest.py)


def test_importing_the_package_loads_no_picture() -> None:
    code = (
        "import sys, zdscan.analysis as a\n"
        "heavy = lambda: {'matplotlib', 'xarray', 'scipy', 'iminuit', 'numpy'} & set(sys.modules)\n"
        "assert not heavy(), heavy()\n"
        "assert set(a.__all__) <= set(dir(a))\n"
        "a.open_grid, a.view, a.plot, a.fit\n"
        "assert 'matplotlib' not in sys.modules and 'iminuit' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=120)
    assert analysis.__all__ == ["fit", "open_grid", "plot", "plot_limits", "sample", "view"]
    with pytest.raises(AttributeError, match="'vieww'"):
        getattr(analysis, "vieww")  # noqa: B009


@pytest.mark.parametrize("name", analysis.__all__)
def test_every_argument_is_described(name: str) -> None:
    function = getattr(analysis, name)
    text = inspect.getdoc(function)
    for heading in ("Parameters", "Returns", "Raises"):
        assert f"{heading}\n{'-' * len(heading)}\n" in text
    parameters = text[text.index("Parameters") : text.index("Returns")]
    for argument in inspect.signature(function).parameters:
        assert any(argument in line.split(" : ")[0].split(", ") for line in parameters.splitlines() if " : " in line)


def test_views_of_files_and_of_open_grids(scattered) -> None:
    with analysis.open_grid(scattered.path, partial=True) as grid:
        expected = view(grid, ("mass", "g_mu"), {"eps": 1e-4}, ["w_width"])
        found = analysis.view(grid, "mass", "g_mu", fixed={"eps": 1e-4}, constraints="w_width")
        grid.dataset["chi2"].load()  # still open
    by_name = analysis.view(str(scattered.path), x="mass", y="g_mu", fixed={"eps": 1e-4}, constraints=["w_width"])
    for seen in (found, by_name):
        np.testing.assert_array_equal(seen.allowed, expected.allowed)
        assert seen.best == expected.best
    assert analysis.view(scattered.path, "g_mu").chi2.shape == (5,)
    assert set(analysis.view(scattered.path, "g_mu", constraints="paper").chosen) == {"apv_cs", "w_width"}
    with pytest.raises(UserError, match="blocks are not computed yet"):
        analysis.open_grid(scattered.path)


@pytest.mark.parametrize(
    ("y", "options"),
    [
        *only(
            [("g_mu", {"constraints": "all", "unit": "MeV"})],
            [
                ("g_mu", {"kind": "summary"}),  # written by a request: pictures/test_plotting.py
                ("g_mu", {"kind": "first", "fixed": {"eps": 0.0}}),
            ],
        ),
        ("eps_z", {"prior": "axis"}),
        (None, {"global_best": True, "sigmas": [1, 2]}),
    ],
    ids=["plane", "summary", "first", "marginal", "curve"],
)
def test_pictures_by_keywords(scattered, tmp_path: Path, y: str | None, options) -> None:
    target, table = tmp_path / "out.png", tmp_path / "cells.csv"
    said = analysis.plot(scattered.path, x="mass", y=y, output=target, csv=table, **options)
    assert target.stat().st_size > 10_000
    assert table.read_text().startswith("mass_GeV,")
    assert said[0].startswith("Unfinished, ")


@pytest.mark.parametrize(
    ("y", "options"),
    [
        ("g_mu", {"constraints": "all", "unit": "MeV"}),
        ("g_mu", {"colours": True}),
        ("g_mu", {"kind": "summary"}),
        ("g_mu", {"kind": "first", "fixed": {"eps": 0.0}}),
        ("eps_z", {"prior": "axis"}),
        (None, {"constraints": "w_width"}),
    ],
    ids=["plane", "colours", "summary", "first", "marginal", "curve"],
)
def test_pictures_in_axes_of_the_caller(scattered, tmp_path: Path, y: str | None, options, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    figure = Figure()
    ax, other = figure.subplots(1, 2)
    (line,) = ax.plot([0.02, 0.1], [1e-3, 1e-3])
    drawn = analysis.plot(scattered.path, x="mass", y=y, ax=ax, **options)
    assert line not in drawn
    assert set(drawn) | {line} <= set(ax.get_children())
    assert len(drawn) == len(set(map(id, drawn))) > 0
    assert "m_{Z_D}" in ax.get_xlabel()
    assert len(figure.axes) == 2 + ("colours" in options)
    assert not other.has_data()
    assert ax.get_legend() is None
    assert drawn.heading[0].startswith("Case C")
    assert drawn.said[0].startswith("Unfinished, ")
    ax.legend(handles=drawn.handles)
    figure.savefig(tmp_path / "mine.png", dpi=50)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.png"]
    for artist in list(drawn):
        artist.remove()
    assert list(ax.collections) == []


def test_axes_that_no_picture_goes_into(scattered, tmp_path: Path) -> None:
    figure = Figure()
    ax = figure.add_subplot()

    def refused(**options) -> str:
        return complaint(analysis.plot, scattered.path, "mass", "g_mu", **options)

    assert refused() == ("A picture goes into a file (output=) or into axes of yours (ax=); neither is given.")
    assert "both are given" in refused(ax=ax, output=tmp_path / "out.png")
    assert "not an object of type Figure" in refused(ax=figure)
    assert "not an object of type ndarray" in refused(ax=Figure().subplots(2, 2))
    assert "not polar axes" in refused(ax=figure.add_subplot(projection="polar"))
    assert "axes that are given have theirs" in refused(ax=ax, style="CMS")
    assert "did you mean 'summary'?" in refused(ax=ax, kind="sumary")
    assert not ax.has_data()
    assert list(tmp_path.iterdir()) == []


def test_refused_keywords(scattered, tmp_path: Path) -> None:
    def refused(*axes: str, **options) -> str:
        return complaint(analysis.plot, scattered.path, *axes, output=tmp_path / "out.png", **options)

    assert "did you mean 'summary'?" in refused("mass", "g_mu", kind="sumary")
    assert "A curve shows one axis" in refused("mass", "g_mu", kind="curve")
    assert "A marginal needs a prior" in refused("mass", "g_mu", kind="marginal")
    assert "only a marginal has one" in refused("mass", "g_mu", kind="first", prior="axis")
    assert "need --y as well" in refused("mass", kind="plane")
    assert "sigmas (3, 1)" in refused("mass", sigmas=(3, 1))
    assert not (tmp_path / "out.png").exists()


def test_fits_of_scans_and_files(case_a: Fit, tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text(CASE_A)
    for source in (path, str(path), parse_scan(CASE_A)):
        found = analysis.fit(source, profiles=False)
        assert found.result.best == case_a.result.best
    few = analysis.fit(path, profiles=False, overrides=["axes.mass.values=[0.05]"])
    assert (
        few.to_dict()["best"]
        == fit_scan(parse_scan(CASE_A, overrides=["axes.mass.values=[0.05]"]), profiles=False).to_dict()["best"]
    )
    assert "already read" in complaint(analysis.fit, parse_scan(CASE_A), overrides=["theory=complete"])
