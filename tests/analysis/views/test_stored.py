"""Profiles of a file without its points are those of the open grid."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.analysis.support import complaint
from tests.package.test_cli import zdscan
from zdscan.analysis.views.grid import open_grid
from zdscan.analysis.views.refine import checked
from zdscan.analysis.views.stored import StoredProfiles
from zdscan.analysis.views.view import view
from zdscan.grid.open import open_grid as open_file

SCAN = """
format = 2
case = "B"
[axes]
mass = { values = [0.01, 0.02] }
eps = { values = [1e-4] }
eps_z = { min = -1e-2, max = 1e-2, n = 9, spacing = "symlog", linear_below = 1e-6 }
g_mu = { min = 1e-2, max = 1.0, n = 5, spacing = "log" }
"""


def test_profiles_without_points(tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text(SCAN)
    path = tmp_path / "s.h5"
    found = zdscan("run", tmp_path / "s.toml", "-o", path, "--threads", 1)
    assert found.code == 0, found.err
    stored = StoredProfiles(open_file(path))
    with open_grid(path) as grid:
        np.testing.assert_array_equal(view(stored, ("mass", "g_mu")).chi2, view(grid, ("mass", "g_mu")).chi2)
        said = checked(grid)
    assert said, "nine values of eps_z are too few"
    assert checked(stored) == said
    for sentence in said:
        assert sentence in found.out
        assert sentence in zdscan("info", path).out
    assert "only profiles are open" in complaint(stored.read, "chi2", slice(None), {})
