"""The minimum at one mass."""

from __future__ import annotations

import numpy as np

from tests.analysis.support import FIT_AXES, TRUE, Synthetic, quadratic
from zdscan.analysis.fits.minimise import minimise


def test_start_outside_the_axis_is_brought_in() -> None:
    block = Synthetic(quadratic).at_mass(0.1)
    found = minimise(block, 0.1, FIT_AXES, (1.0, -1e-9, 50.0), (1, -1, 1))
    np.testing.assert_allclose(found.couplings, TRUE, rtol=5e-3)
