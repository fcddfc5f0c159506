"""Requests: pictures and tables that are written, options that are refused, texts of options."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.analysis.support import complaint, write_grid
from zdscan.analysis.pictures.plotting import Request, parse_sigmas, parse_slice, plot
from zdscan.analysis.pictures.sheet import Options
from zdscan.analysis.views.grid import open_grid
from zdscan.analysis.views.regions import (
    marginal,
)
from zdscan.analysis.views.view import view


@pytest.mark.parametrize(("suffix", "fixed"), [(".png", None), (".pdf", {"mass": 0.02, "eps": 0.0})])
def test_picture_is_written(tmp_path: Path, suffix: str, fixed: dict[str, float] | None) -> None:
    write_grid(tmp_path / "grid.h5")
    target = tmp_path / f"picture{suffix}"
    with open_grid(tmp_path / "grid.h5") as grid:
        plot(grid, Request("eps_z", "g_mu", fixed, constraints=("w_width",)), target, Options())
    assert target.read_bytes()[:4] in (b"\x89PNG", b"%PDF")
    assert target.stat().st_size > 10_000


def test_picture_where_nothing_is_allowed(tmp_path: Path) -> None:
    data = write_grid(tmp_path / "grid.h5")
    with open_grid(tmp_path / "grid.h5") as grid:
        grid.dataset["excluded"] = grid.dataset["excluded"].copy(data=np.ones_like(data.excluded))
        said = plot(grid, Request("mass", "g_mu", constraints=("all",)), tmp_path / "out.png", Options())
        assert view(grid, ("mass", "g_mu"), {}, ["all"]).best_allowed == {}
    assert any("No point is allowed" in sentence for sentence in said)
    assert (tmp_path / "out.png").exists()


def test_a_grid_of_other_code_is_drawn_from_its_cells(tmp_path: Path) -> None:
    write_grid(tmp_path / "grid.h5")
    fixed = {"eps": 0.0, "eps_z": 0.0}
    with open_grid(tmp_path / "grid.h5") as grid:
        assert grid.physics is None
        said = plot(grid, Request("mass", "g_mu", fixed), tmp_path / "out.png", Options())
        assert "was made by other code or data than this zdscan" in said[0]
        alone = plot(grid, Request("mass", "g_mu", fixed, exclusions=False), tmp_path / "out.png", Options())
    assert not any("other code" in sentence for sentence in alone)


def test_constraints_of_the_paper(tmp_path: Path) -> None:
    write_grid(tmp_path / "grid.h5")

    def cells(*names: str) -> str:
        table = tmp_path / "cells.csv"
        plot(grid, Request("mass", "g_mu", constraints=names, csv=table), tmp_path / "out.png", Options())
        return table.read_text()

    with open_grid(tmp_path / "grid.h5") as grid:
        grid.dataset["excluded"].attrs["flag_meanings"] = "k_pi_x w_width not_computed"
        assert cells("paper") == cells("w_width") != cells("all")
        grid.dataset["excluded"].attrs["flag_meanings"] = "k_pi_x b_k_x not_computed"
        assert "none of the paper's" in complaint(cells, "paper")


def test_slice_texts() -> None:
    assert parse_slice("eps=0, eps_z=-1e-3") == {"eps": 0.0, "eps_z": -1e-3}
    for text in ("eps", "eps=x", "eps=nan", "=3=4"):
        assert "--slice" in complaint(parse_slice, text)


@pytest.mark.parametrize(
    "request_",
    [
        Request("mass", "g_mu", constraints=("all",), csv=Path("cells.csv")),
        Request("mass", "g_mu", {"eps": 0.0, "eps_z": 1e-3}, summary=True),
        Request("eps_z", "g_mu", {"mass": 0.05}, profile=True, first=True),
        Request("mass", constraints=("w_width",), whole=True),
        Request("mass", "eps_z", prior="axis", csv=Path("cells.csv")),
    ],
    ids=["plane", "summary", "first", "curve", "marginal"],
)
def test_pictures_are_written(scattered, tmp_path: Path, request_: Request) -> None:
    csv = request_.csv and tmp_path / request_.csv
    asked = Request(**{**vars(request_), "csv": csv})
    with open_grid(scattered.path, partial=True) as grid:
        plot(grid, asked, tmp_path / "out.png", Options("MeV"))
    assert (tmp_path / "out.png").stat().st_size > 10_000
    if csv:
        assert csv.read_text().startswith("mass_GeV,")


def test_refused_pictures(scattered, gaussian: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.png"
    with open_grid(scattered.path, partial=True) as grid:
        for request, fragment in {
            Request("mass", summary=True): "need --y",
            Request("mass", "g_mu", prior="log", first=True): "--marginalise integrates",
            Request("mass", "mass"): "x and y are both mass",
            Request("mass", "g_nu"): "did you mean 'g_mu'?",
        }.items():
            assert fragment in complaint(plot, grid, request, target, Options())
        assert "cannot be shown and held" in complaint(view, grid, ("mass",), {"mass": 0.1})
        assert "outside the axis" in complaint(view, grid, ("g_mu",), {"mass": 3.0})
        assert "did you mean 'MeV'" in complaint(plot, grid, Request("mass"), target, Options("mev"))
    with open_grid(gaussian) as grid:
        assert "one value only" in complaint(plot, grid, Request("eps", "mass"), target, Options())
    for text in ("", "3,1", "0,1", "a", "9"):
        assert "--sigmas" in complaint(parse_sigmas, text)
    assert parse_sigmas("1,2.5") == (1.0, 2.5)
    assert not target.exists()


def test_a_table_replaces_no_grid(scattered, tmp_path: Path) -> None:
    before = scattered.path.read_bytes()
    with open_grid(scattered.path, partial=True) as grid:
        for csv in (scattered.path, tmp_path / "out.png", tmp_path / "cells"):
            request = Request("mass", "g_mu", csv=csv)
            assert "the table must end in .csv" in complaint(plot, grid, request, tmp_path / "out.png", Options())
        for request in (Request("mass"), Request("mass", "g_mu", summary=True), Request("mass", "g_mu", prior="axis")):
            assert "--colours" in complaint(plot, grid, request, tmp_path / "out.png", Options(colours=True))
        assert complaint(marginal, grid, ("mass",), "lag").count("'lag'") == 1
    assert scattered.path.read_bytes() == before
    assert not (tmp_path / "out.png").exists()


@pytest.mark.parametrize("text", ["", ",", "eps=0,eps=1e-3"])
def test_slices_that_hold_nothing_or_twice(text: str) -> None:
    assert "--slice" in complaint(parse_slice, text)
