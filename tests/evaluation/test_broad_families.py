"""Rates and quotients beyond the small-width law: interpolated families against the closed form at each width."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.thinning import every
from zdscan.evaluation.engine import build_physics
from zdscan.evaluation.points import run_of
from zdscan.physics.cases import CASES

FIELDS = ("chi2", "chi2_lfu", "chi2_angular")
INTERPOLATED = 1e-7  # of chi2: nodes of a band and of a segment keep 1e-8 or so, 5e-8 at worst where it was tried


@pytest.mark.parametrize(("case", "theory", "mass"), every(2, [("C", "complete", 0.7), ("B", "paper", 1.9)]))
def test_broad_points_are_those_of_the_reference(case: str, theory: str, mass: float) -> None:
    physics = build_physics(CASES[case], theory=theory, measurements=("latest", "lfu", "angular"), constraints=())
    mass_tables = physics.mass_tables(mass)
    # along eps_z the width hardly varies where it is small, and by decades where it is large
    eps_z = np.concatenate([-np.geomspace(0.2, 1e-4, 13), np.geomspace(1e-4, 0.2, 13)])
    axes = np.array([-3e-3, 1e-2]), eps_z, np.array([0.03, 0.3, 1.0])
    n = int(np.prod([len(axis) for axis in axes]))
    workspace = physics.workspace(mass_tables, axes, kinds=FIELDS[1:])
    for name in FIELDS:
        chi2, lost = np.full(n, np.nan), np.full(n, 2, dtype=np.uint8)
        workspace.families[name][1].evaluate(axes, 0, np.inf, chi2, lost)
        there = np.flatnonzero(lost == 0)[:: 1 if name == "chi2" else 5]
        assert len(there) > 10
        exact = physics.quantities(mass_tables, run_of(axes, 0, n)[:, there], (name,))[name]
        np.testing.assert_allclose(chi2[there], exact, INTERPOLATED)


def test_a_width_outside_of_every_band_is_left_to_the_reference() -> None:
    physics = build_physics(CASES["C"], measurements=("lfu",), constraints=())
    axes = np.array([0.0]), np.array([0.0]), np.array([1e9])
    workspace = physics.workspace(physics.mass_tables(0.7), axes)
    lost = np.full(1, 2, dtype=np.uint8)
    workspace.families["chi2"][1].evaluate(axes, 0, 1.0, np.zeros(1), lost)
    assert lost[0] == 1
