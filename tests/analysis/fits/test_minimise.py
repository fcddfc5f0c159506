"""The minimum at one mass."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tests.analysis.support import FIT_AXES, TRUE, Synthetic, quadratic
from zdscan.analysis.fits.minimise import lowest_of, minimise

Array = NDArray[np.float64]


def test_start_outside_the_axis_is_brought_in() -> None:
    block = Synthetic(quadratic).at_mass(0.1)
    found = minimise(block, 0.1, FIT_AXES, (1.0, -1e-9, 50.0), (1, -1, 1))
    np.testing.assert_allclose(found.couplings, TRUE, rtol=5e-3)


def test_a_chi2_beyond_all_measure_leaves_numbers() -> None:
    """1e38 and more, whose slopes have no finite square: what comes back is a point of the axes and its chi2."""

    def block(eps: Array, eps_z: Array, g_mu: Array) -> Array:
        with np.errstate(over="ignore", invalid="ignore"):
            steep = 1e300 * (eps[:, None, None] * eps_z[None, :, None] * g_mu[None, None, :]) ** 8
            return 1e38 + steep * steep - steep * steep  # inf - inf where it is largest

    axes = {"mass": np.array([0.1])} | {name: np.linspace(-100.0, 100.0, 5) for name in ("eps", "eps_z", "g_mu")}
    found = minimise(block, 0.1, axes, (100.0, -100.0, 50.0), (1, -1, 1), {"eps": 100.0})
    assert np.isfinite(found.couplings).all()
    assert found.couplings[0] == 100.0
    assert lowest_of([replace(found, chi2=np.nan), replace(found, chi2=5.0)]).chi2 == 5.0
