"""Grid files: what is opened, what is refused, masks by name."""

from __future__ import annotations

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
