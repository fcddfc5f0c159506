"""Pictures of a grid whose run has not ended: finished blocks are shown, all else is missing, and both are said."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
from typer.testing import CliRunner

from tests.support.fake_engine import FakeEngine, FakeScan, stop_after, whole
from tests.support.thinning import only
from zdscan.analysis.pictures.sheet import Options, view_lines
from zdscan.analysis.views.grid import open_grid
from zdscan.analysis.views.regions import marginal
from zdscan.analysis.views.view import view
from zdscan.cli import app
from zdscan.errors import Stopped, UserError
from zdscan.grid import checkpoint
from zdscan.running import driver

SETTINGS = {"threads": 1, "progress": False, "block_points": 50}
BLOCKS = 9  # of 25; of each mass four of 50 points and one of 40
DONE_POINTS = 440  # of 1200
SAID = "36.6 % of the points are computed"


class Engine(FakeEngine):
    """With the attributes that pictures read."""

    def __init__(self, **options):
        super().__init__(**options)
        self.attributes |= {"case": "C", "constraints": "k_mu_inv apv"}


def stopped(path, stored, blocks=BLOCKS):
    made = stop_after(Engine(stored=stored), blocks)
    with pytest.raises(Stopped):
        driver.run(FakeScan(), path, engine=made, **SETTINGS)


@pytest.fixture(scope="module")
def unfinished(tmp_path_factory):
    """Three files with the same finished blocks: stopped; finished, with blocks that only seem not to be; minima."""
    folder = tmp_path_factory.mktemp("unfinished")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checkpoint, "CHECKPOINT_SECONDS", 0.0)
        patch.setattr(checkpoint, "CHECKPOINT_RATIO", 0.0)
        stopped(folder / "stopped.h5", stored=True)
        stopped(folder / "minima.h5", stored=False)
    driver.run(FakeScan(), folder / "unmarked.h5", engine=Engine(), **SETTINGS)
    with h5py.File(folder / "unmarked.h5", "r+") as file:
        file["run/done"][BLOCKS:] = 0  # all numbers are there, and the profiles of all of them
    return folder


def expected(axes, allowed):
    """Minima by numpy over the points of the finished blocks; NaN where there is none."""
    numbers = whole(Engine())
    chi2 = np.where(np.isfinite(numbers["chi2"]), numbers["chi2"], np.inf).astype(np.float32)
    chi2.reshape(-1)[DONE_POINTS:] = np.inf
    if allowed:
        chi2[numbers["excluded"] != 0] = np.inf
    names = ("mass", "eps", "eps_z", "g_mu")
    lowest = chi2.min(axis=tuple(k for k, name in enumerate(names) if name not in axes))
    lowest = lowest if len(axes) == 1 or names.index(axes[0]) < names.index(axes[1]) else lowest.T
    return np.where(np.isinf(lowest), np.nan, lowest)


@pytest.mark.parametrize("name", ["stopped", "unmarked", "minima"])
@pytest.mark.parametrize("axes", [("mass", "g_mu"), ("g_mu", "eps"), ("eps_z", "g_mu"), ("mass",)])
def test_a_view_holds_the_finished_blocks_alone(unfinished, name, axes):
    with open_grid(unfinished / f"{name}.h5", partial=True) as grid:
        seen = view(grid, axes, {}, ["all"])
        assert grid.progress() == SAID
        assert f"unfinished: {SAID}" in view_lines(grid, seen, Options())
    np.testing.assert_array_equal(seen.chi2, expected(axes, False))
    np.testing.assert_array_equal(seen.allowed, expected(axes, True))
    assert seen.missing.any() == ("mass" in axes or bool(np.isnan(expected(axes, False)).any()))


def test_a_slice_of_an_unfinished_mass(unfinished):
    masses = FakeEngine().axes["mass"]
    with open_grid(unfinished / "unmarked.h5", partial=True) as grid:
        seen = view(grid, ("eps_z", "g_mu"), {"mass": masses[1], "eps": 1e-3})  # the last 60 of 240 points, 20 finished
        assert not seen.missing[0].all()
        assert seen.missing[2:].all()
        none = view(grid, ("eps_z", "g_mu"), {"mass": masses[2], "eps": 0.0})
        assert none.missing.all()
        assert none.best == {}
        with pytest.raises(UserError, match="No point is computed yet"):
            marginal(grid, ("eps_z", "g_mu"), "axis", {"mass": masses[2], "eps": 0.0})


def test_progress_is_rounded_down(unfinished, tmp_path):
    path = tmp_path / "grid.h5"
    path.write_bytes((unfinished / "stopped.h5").read_bytes())
    with h5py.File(path, "r+") as file:
        file["run/done"][:] = 0
    with open_grid(path, partial=True) as grid:
        assert grid.progress() == "none of the points is computed"
        assert not grid.complete


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("stopped", ["--x", "mass", "--y", "g_mu", "--constraints", "all"]),
        ("minima", ["--x", "mass", "--y", "g_mu"]),
        *only(
            (),
            [
                ("stopped", ["--x", "mass", "--y", "g_mu", "--first"]),
                ("stopped", ["--x", "mass"]),
                ("stopped", ["--x", "mass", "--y", "g_mu", "--summary"]),
                ("stopped", ["--x", "mass", "--y", "g_mu", "--marginalise", "axis"]),
                ("stopped", ["--x", "mass", "--y", "g_mu", "--slice", "eps=0,eps_z=0.1", "--colours"]),
                ("minima", ["--x", "g_mu"]),
            ],
        ),
    ],
)
def test_every_picture_says_how_much_is_computed(unfinished, tmp_path, name, options):
    target = tmp_path / "picture.png"
    done = CliRunner().invoke(app, ["plot", str(unfinished / f"{name}.h5"), *options, "-o", str(target)])
    assert (done.exit_code, done.exception) == (0, None), done.output
    assert f"Unfinished, {SAID}" in done.output
    assert "zdscan resume" in done.output
    assert target.stat().st_size > 5_000


def test_minima_that_wait_to_be_written_are_shown(tmp_path, monkeypatch):
    """Killed between the last block and the profiles: a file of profiles only is seen as if it had them."""
    path, whole_path = tmp_path / "grid.h5", tmp_path / "whole.h5"
    driver.run(FakeScan(), whole_path, engine=Engine(stored=False), **SETTINGS)

    def killed(layout):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "finish", killed)
        with pytest.raises(KeyboardInterrupt):
            driver.run(FakeScan(), path, engine=Engine(stored=False), **SETTINGS)
    seen = []
    for name in (path, whole_path):
        with open_grid(name) as grid:
            seen.append(view(grid, ("eps", "g_mu"), {}, ["all"]))
    np.testing.assert_array_equal(seen[0].chi2, seen[1].chi2)
    np.testing.assert_array_equal(seen[0].allowed_at, seen[1].allowed_at)
    with h5py.File(whole_path, "r+") as file:
        file["profile_eps_g_mu"][0, 0] = 0.5
    with open_grid(whole_path) as grid, pytest.raises(UserError, match=r"profiles are damaged.*zdscan resume"):
        view(grid, ("eps", "g_mu"))


def test_a_file_cut_short_is_refused_with_what_mends_it(unfinished, tmp_path):
    for name in ("unmarked", "minima"):
        path = tmp_path / f"{name}.h5"
        path.write_bytes((unfinished / path.name).read_bytes()[:-7])
        with pytest.raises(UserError, match=r"cut short by 7 bytes; `zdscan resume"), open_grid(path, partial=True):
            pass
