"""Reading a grid: profiles, slices and masks against plain numpy on the whole array, refusals, the picture."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.typing import NDArray

from zdscan.analysis.pictures.picture import Options
from zdscan.analysis.pictures.plotting import Request, parse_slice, plot
from zdscan.analysis.pictures.scales import decades, spacing_of
from zdscan.analysis.views import view
from zdscan.analysis.views.grid import Grid, open_grid
from zdscan.analysis.views.regions import levels
from zdscan.errors import UserError
from zdscan.evaluation.fields import Field
from zdscan.grid.blocks import Plan
from zdscan.grid.create import create
from zdscan.grid.layout import GridIO
from zdscan.grid.profiles import read_minima
from zdscan.physics.parameters import AXES
from zdscan.ranks.mpi import Alone
from zdscan.scan.axes import spaced

NOT_COMPUTED = 1 << 31


class FakeEngine:
    """Just enough of an engine for `zdscan.grid.create.create`."""

    mass_tables_size = 1
    ndof = 26
    sm_chi2 = {"all": 89.4, "muon": 80.2}  # noqa: RUF012
    identity = {"fake": "1"}  # noqa: RUF012
    attributes = {"case": "C", "theory": "paper"}  # noqa: RUF012
    fields = (
        Field("chi2", "<f4", float("nan"), "chi2", "1"),
        Field(
            "excluded",
            "<u4",
            0xFFFFFFFF,
            "bits",
            "1",
            attributes={"flag_masks": [1, 2, NOT_COMPUTED], "flag_meanings": "apv_cs w_width not_computed"},
        ),
    )

    def __init__(self, axes: dict[str, NDArray[np.float64]]) -> None:
        self.axes = axes
        self.shape = tuple(axis.size for axis in axes.values())


def write_grid(path: Path, finished: bool = True, stored: bool = False) -> SimpleNamespace:
    """A grid file with a valley along eps_z g_mu = const, with `stored` profiles or without; returns its arrays."""
    axes = {
        "mass": np.geomspace(0.01, 2.0, 7),
        "eps": np.array([0.0, 1e-4, 1e-3]),
        "eps_z": spaced(-1e-1, 1e-1, 31, "symlog", 1e-6),
        "g_mu": np.geomspace(1e-4, 1.0, 20),
    }
    mass, eps, eps_z, g_mu = np.meshgrid(*axes.values(), indexing="ij")
    chi2 = (61.4 + 28 * (1 + eps_z * g_mu / (1e-5 * (1 + mass**2))) ** 2 + eps + mass / 10).astype("<f4")
    excluded = ((np.abs(eps_z) > 2e-3 * mass).astype("<u4")) | ((g_mu > 0.1).astype("<u4") << 1)
    store_grid(path, axes, chi2, excluded, finished, stored)
    return SimpleNamespace(axes=axes, chi2=chi2, excluded=excluded)


def store_grid(path: Path, axes, chi2, excluded, finished: bool = True, stored: bool = False, missing=()) -> None:
    """Write arrays as a grid file; unfinished ones lack the last block, or the blocks `missing`."""
    engine = FakeEngine(axes)
    plan = Plan.default(engine.shape)
    layout = create(path, engine, plan, scan_text="", overrides=(), profiles=stored, history=[], overwrite=True)
    absent = set(missing) if finished else {plan.blocks - 1}
    with GridIO(layout, write=True) as io:
        for number in range(plan.blocks):
            if number in absent:
                continue
            block = plan.block(number)
            part = slice(block.start, block.start + block.count)
            io.write_field("chi2", block, chi2.reshape(-1)[part])
            io.write_field("excluded", block, excluded.reshape(-1)[part])
            io.write_done(number, 1)
        if stored:
            found = read_minima(layout, Alone(), 1)
            every, allowed = found.every, found.allowed
            for suffix, minima in (("", every), ("_allowed", allowed)):
                for name, (values, at) in minima.by_pair().items():
                    io.write_profile(name + suffix, values)
                    io.write_profile(f"{name}{suffix}_at", at)


@pytest.fixture(scope="module", params=[False, True], ids=["computed", "stored"])
def made(request, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SimpleNamespace]:
    path = tmp_path_factory.mktemp("grid") / "grid.h5"
    return path, write_grid(path, stored=request.param)


def whole_profile(chi2: NDArray[np.float32], x: str, y: str) -> NDArray[np.float32]:
    others = tuple(AXES.index(name) for name in AXES if name not in (x, y))
    with np.errstate(all="ignore"):
        lowest = np.nanmin(np.where(np.isnan(chi2), np.inf, chi2), axis=others)
    lowest = np.where(np.isinf(lowest), np.nan, lowest)
    return lowest if AXES.index(x) < AXES.index(y) else lowest.T


@pytest.mark.parametrize("pair", [("mass", "g_mu"), ("g_mu", "mass"), ("eps_z", "g_mu"), ("eps", "eps_z")])
@pytest.mark.parametrize(("names", "mask"), [((), 0), (("apv_cs",), 1), (("all",), 3)])
def test_profile(made, pair: tuple[str, str], names: tuple[str, ...], mask: int) -> None:
    path, data = made
    allowed = np.where(data.excluded & mask, np.nan, data.chi2).astype("f4")
    with open_grid(path) as grid:
        found = grid.profile(*pair, names)
    np.testing.assert_array_equal(found.chi2, whole_profile(allowed, *pair))
    flat = int(np.nanargmin(allowed))
    at = np.unravel_index(flat, allowed.shape)
    assert found.best["chi2"] == allowed.flat[flat]
    assert [found.best[name] for name in AXES] == [data.axes[name][k] for name, k in zip(AXES, at, strict=True)]


def test_stored_profiles_are_used_where_they_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_grid(tmp_path / "grid.h5", stored=True)
    monkeypatch.setattr(view, "_minimised", None)
    with open_grid(tmp_path / "grid.h5") as grid:
        grid.profile("mass", "g_mu")
        grid.profile("mass", "g_mu", ["all"])
        with pytest.raises(TypeError):
            grid.profile("mass", "g_mu", ["apv_cs"])


def test_slice_takes_the_nearest_values(made) -> None:
    path, data = made
    with open_grid(path) as grid:
        found = grid.slice("g_mu", "mass", {"eps": 1.1e-4, "eps_z": 0.0}, ["w_width"])
    expected = np.where(data.excluded[:, 1, 15] & 2, np.nan, data.chi2[:, 1, 15]).T
    np.testing.assert_array_equal(found.chi2, expected)
    assert found.fixed == {"eps": 1e-4, "eps_z": 0.0}
    i, j = np.unravel_index(int(np.nanargmin(expected)), expected.shape)
    assert found.best["g_mu"] == data.axes["g_mu"][i]
    assert found.best["mass"] == data.axes["mass"][j]


def test_masks_by_name(made) -> None:
    path, data = made
    with open_grid(path) as grid:
        assert grid.constraints == {"apv_cs": 1, "w_width": 2}
        assert grid.mask_of(["all"]) == 3
        np.testing.assert_array_equal(grid.excluded_by("w_width", mass=2).values, (data.excluded[2] & 2) != 0)
        np.testing.assert_array_equal(grid.axes["eps_z"], data.axes["eps_z"])
        assert grid.dataset["excluded"].dtype == np.uint32


def complaint(action, *args, **kwargs) -> str:
    with pytest.raises(UserError) as refusal:
        action(*args, **kwargs)
    return "\n".join(refusal.value.messages)


def test_refused_requests(made, tmp_path: Path) -> None:
    path, _ = made
    with open_grid(path) as grid:
        assert "'g_nu' (did you mean 'g_mu'?)" in complaint(grid.profile, "mass", "g_nu")
        assert "x and y are both mass" in complaint(grid.profile, "mass", "mass")
        assert "'apv' (did you mean 'apv_cs'?)" in complaint(grid.profile, "mass", "g_mu", ["apv"])
        assert "add eps=VALUE" in complaint(grid.slice, "mass", "g_mu", {"eps_z": 0.0})
        assert "outside the axis" in complaint(grid.slice, "mass", "g_mu", {"eps_z": 3.0, "eps": 0.0})
        assert "'mass'" in complaint(grid.slice, "mass", "g_mu", {"eps_z": 0.0, "eps": 0.0, "mass": 1.0})
        asked = Request("mass", "g_mu")
        assert ".png" in complaint(plot, grid, asked, tmp_path / "out.jpeg2", Options())
        assert "cannot be written" in complaint(plot, grid, asked, tmp_path / "absent" / "out.png", Options())


def test_refused_files(tmp_path: Path) -> None:
    def opened(path: Path, **options: bool) -> Grid:
        with open_grid(path, **options) as grid:
            return grid

    assert "absent.h5" in complaint(opened, tmp_path / "absent.h5")
    (tmp_path / "text.h5").write_text("no grid")
    assert "text.h5" in complaint(opened, tmp_path / "text.h5")
    write_grid(tmp_path / "partial.h5", finished=False)
    assert "zdscan resume" in complaint(opened, tmp_path / "partial.h5")
    with open_grid(tmp_path / "partial.h5", partial=True) as grid:
        assert np.isnan(grid.dataset["chi2"].values).any()


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
        assert grid.profile("mass", "g_mu", ["all"]).best == {}
    assert any("No point is allowed" in sentence for sentence in said)
    assert (tmp_path / "out.png").exists()


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


def test_levels_of_two_parameters() -> None:
    # For two parameters the probability inside delta chi2 is 1 - exp(-delta/2).
    inside = [0.682689492137086, 0.954499736103642, 0.997300203936740]
    np.testing.assert_allclose(levels(2), [-2 * np.log1p(-p) for p in inside], rtol=1e-12)


def test_spacing_is_recognised() -> None:
    assert spacing_of(np.linspace(0.0, 1.0, 11))[0] == "linear"
    assert spacing_of(np.geomspace(1e-3, 1.0, 11))[0] == "log"
    kind, width = spacing_of(spaced(-0.1, 0.1, 201, "symlog", 1e-6))
    assert kind == "asinh"
    assert width == pytest.approx(1e-6, rel=1e-9)
    kind, width = spacing_of(np.array([0.0, 1e-5, 1e-4, 1e-3]))
    assert (kind, width) == ("asinh", 1e-5)


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


def test_slice_texts() -> None:
    assert parse_slice("eps=0, eps_z=-1e-3") == {"eps": 0.0, "eps_z": -1e-3}
    for text in ("eps", "eps=x", "eps=nan", "=3=4"):
        assert "--slice" in complaint(parse_slice, text)
