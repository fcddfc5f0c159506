"""Neutrino trident production: the contact interaction of a heavy vector."""

from __future__ import annotations

import pytest
from scipy.optimize import brentq

from tests.twins import trident as trident_twin
from zdscan.kernels.physics import trident

GF = 1.1663787e-5


@pytest.mark.slow
def test_heavy_muon_minus_tau_number_limit():
    """M/g' > 540 to 550 GeV at CCFR (arXiv:1406.2332): contact interaction."""
    mass = 1000.0
    c1v, _, c2v, _ = trident.trident_coefficients(mass, GF, *trident_twin.responses(mass, trident_twin.CCFR))
    g = brentq(lambda g: c1v * g**2 + c2v * g**4 - (0.82 + 1.96 * 0.28 - 1.0), 0.0, 10.0)
    assert mass / g == pytest.approx(545.0, rel=0.015)
