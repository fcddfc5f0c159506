"""Points of the reference evaluator: the same bits in whatever company, and widths that vanish with their coupling."""

from __future__ import annotations

import numpy as np
import pytest

from zdscan.evaluation.engine import build_physics
from zdscan.evaluation.physics import OPTIONAL
from zdscan.evaluation.points import AT_ONCE, run_of
from zdscan.kernels.reference.points import points_at
from zdscan.physics.cases import CASES


@pytest.mark.parametrize("case", ["A", "B", "C"])
def test_a_point_has_the_same_bits_in_every_run(case: str) -> None:
    rng = np.random.default_rng(12)
    physics = build_physics(CASES[case], theory="complete", theory_errors="flavio-covariance")
    g_mu = np.geomspace(1e-4, 1.0, 30) if case != "A" else np.array([0.0])
    axes = (np.array([0.0, 1e-6, 1e-3]), np.sort(rng.uniform(-0.1, 0.1, 3000 // len(g_mu))), g_mu)
    mass_tables, names = physics.mass_tables(0.7), ("chi2", "excluded", *OPTIONAL)
    points, at = run_of(axes, 0, 3 * AT_ONCE), physics.workspace(mass_tables, axes).bands.at
    whole = physics.quantities(mass_tables, points, names, at)
    for _ in range(12):
        first, last = np.sort(rng.integers(0, points.shape[1], 2))
        part = physics.quantities(mass_tables, points[:, first : last + 1], names, at)
        for name in names:
            np.testing.assert_array_equal(part[name], whole[name][first : last + 1])
    for place in rng.integers(0, points.shape[1], 20):
        alone = physics.quantities(mass_tables, points[:, place : place + 1], names, at)
        for name in names:
            np.testing.assert_array_equal(alone[name][0], whole[name][place])


def test_width_and_coupling_cancel_together() -> None:
    """Where mixing cancels the direct coupling the muonic width is that of what is left, to the last digits."""
    physics = build_physics(CASES["C"])
    mixing = physics.matrix[2, 0]
    g_mu = -mixing * 1e-3 * (1.0 + np.array([0.0, 1e-12, 1e-6, 1.0]))
    parameters = np.stack([np.full(4, 1e-3), np.zeros(4), g_mu])
    points = points_at(physics.mass_tables(0.5), physics.matrix, parameters)
    v = points.couplings[2]
    assert v[0] == 0.0 == points.channels[1, 0]
    np.testing.assert_allclose(points.channels[1, 1:] / v[1:] ** 2, points.channels[1, 3] / v[3] ** 2, rtol=1e-14)
