"""chi2 beyond the small-width law (with tests of all points in test_evaluate.py)."""

from __future__ import annotations

import numpy as np

from tests.support.tolerances import FLOAT32_OUTPUT
from zdscan.evaluation.engine import build_physics
from zdscan.kernels.tables.mass import HEADER, PER_ROW
from zdscan.physics.cases import CASES


def test_widths_beyond_every_band_leave_the_others_of_their_line_alone():
    """A line whose largest width is in no band: its other points still have their tables."""
    physics = build_physics(CASES["C"], measurements="rashed2024-corrected")
    axes = (np.array([0.0]), np.array([1e-9]), np.geomspace(1e-3, 1e9, 40))
    mass_tables = physics.mass_tables(0.5)
    chi2, bits, none = np.empty(40, np.float32), np.empty(40, np.uint64), np.empty(0, np.float32)
    physics.workspace(mass_tables, axes).fill(axes, 0, chi2, bits, none)
    exact = mass_tables.copy()
    exact[HEADER : HEADER + PER_ROW * 26].reshape(26, PER_ROW)[:, -1] = 0.0
    expected = np.minimum(physics.evaluate(exact, axes)["chi2"], np.finfo(np.float32).max)
    np.testing.assert_allclose(chi2[20:], expected[20:], rtol=FLOAT32_OUTPUT)
