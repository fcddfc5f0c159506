"""Grid files: what is opened, what is refused, masks by name."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np

from tests.analysis.support import complaint, write_grid
from zdscan.analysis.views.grid import Grid, open_grid


def test_masks_by_name(valley) -> None:
    path, data = valley
    with open_grid(path) as grid:
        assert grid.constraints == {"apv_cs": 1, "w_width": 2}
        assert grid.mask_of(["all"]) == 3
        np.testing.assert_array_equal(grid.excluded_by("w_width", mass=2).values, (data.excluded[2] & 2) != 0)
        np.testing.assert_array_equal(grid.axes["eps_z"], data.axes["eps_z"])
        assert grid.dataset["excluded"].dtype == np.uint32


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


def test_profiles_stand_beside_the_fields(tmp_path) -> None:
    data = write_grid(tmp_path / "grid.h5", stored=True)
    with open_grid(tmp_path / "grid.h5") as grid:
        assert set(grid.dataset.data_vars) == {"chi2", "excluded"}
        assert list(grid.dataset.to_dataframe()) == ["chi2", "excluded"]
        profiles = grid.profiles
    assert set(profiles) == {"_".join(pair) for pair in combinations(data.axes, 2)}
    found = profiles["mass_g_mu"]
    assert list(found.to_dataframe()) == ["chi2", "eps", "eps_z", "chi2_allowed", "eps_allowed", "eps_z_allowed"]
    free = np.where(data.excluded == 0, data.chi2, np.inf)
    for suffix, chi2 in (("", data.chi2), ("_allowed", free)):
        lowest = chi2.min(axis=(1, 2))
        np.testing.assert_array_equal(found[f"chi2{suffix}"], np.where(np.isfinite(lowest), lowest, np.nan))
    for i, j in [(0, 0), (3, 7), (6, 2)]:
        cell = found.isel(mass=i, g_mu=j)
        k, m = (int(np.flatnonzero(data.axes[name] == float(cell[name]))[0]) for name in ("eps", "eps_z"))
        assert data.chi2[i, k, m, j] == float(cell["chi2"])
    assert np.isnan(found["eps_allowed"].isel(g_mu=-1)).all()  # w_width excludes all of them


def test_a_grid_without_stored_profiles_has_none(tmp_path) -> None:
    write_grid(tmp_path / "grid.h5", stored=False)
    with open_grid(tmp_path / "grid.h5") as grid:
        assert grid.profiles == {}
