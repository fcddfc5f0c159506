"""Rates and quotients beyond the small-width law: interpolated tables against the closed form at each width."""

from __future__ import annotations

import numpy as np

from zdscan.evaluation.engine import build_physics
from zdscan.physics.cases import CASES

FIELDS = ("chi2", "chi2_lfu", "chi2_angular")
INTERPOLATED = 5e-7  # of chi2, as docs/performance.md says of points beyond the law; rows keep 1e-7


def test_broad_points_are_those_of_the_reference_whatever_their_company() -> None:
    physics = build_physics(CASES["B"], measurements=("latest", "lfu", "angular"), constraints=())
    mass_tables = physics.mass_tables(0.7)
    rng = np.random.default_rng(2)
    points = np.array([rng.uniform(-1e-2, 1e-2, 18), rng.uniform(-0.1, 0.1, 18), 10 ** rng.uniform(-1, 0, 18)])
    axes = tuple(np.unique(row) for row in points)
    direct = physics.workspace(mass_tables, axes, kinds=FIELDS[1:]).direct
    assert direct is not None
    found = direct.chi2(points, FIELDS)
    exact = physics.quantities(mass_tables, points, FIELDS)
    for name in FIELDS:
        np.testing.assert_allclose(found[name], exact[name], INTERPOLATED)
        alone = [direct.chi2(points[:, n : n + 1], (name,))[name][0] for n in (0, 7, 17)]
        assert alone == found[name][[0, 7, 17]].tolist()


def test_a_width_outside_of_every_band_is_not_computed() -> None:
    physics = build_physics(CASES["C"], measurements=("lfu",), constraints=())
    axes = (np.zeros(1), np.zeros(1), np.zeros(1))
    direct = physics.workspace(physics.mass_tables(0.7), axes).direct
    assert direct is not None
    assert np.isnan(direct.chi2(np.zeros((3, 1)), ("chi2",))["chi2"][0])
