"""Anomalous magnetic moments against the integrals of the literature."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.support.thinning import every
from tests.support.tolerances import MAGNETIC_MOMENT
from tests.twins import moments as twin
from zdscan.kernels.physics import moments

M_MU, M_E = 0.1056583755, 0.51099895e-3
RATIOS = [*every(3, np.geomspace(1e-6, 1e3, 28)), 0.3, 0.49999, 0.5, 0.50001, 1.0, 2.0]  # m/M; special: 1/2


@pytest.mark.parametrize("ratio", RATIOS)
def test_vector_and_axial(ratio: float) -> None:
    for v, a in ((1.0, 0.0), (0.0, 1.0)):
        mass = M_MU / ratio
        exact = float(twin.leveille(mass, M_MU, v, a))
        assert moments.anomalous_moment(mass, M_MU, v, a) == pytest.approx(exact, rel=MAGNETIC_MOMENT, abs=0)


@settings(max_examples=30, deadline=None, phases=(Phase.generate,))
@given(log_ratio=st.floats(-6, 3), v=st.floats(-1, 1), a=st.floats(-1, 1))
def test_any_couplings(log_ratio: float, v: float, a: float) -> None:
    mass = M_MU / 10.0**log_ratio
    scale = abs(float(twin.leveille(mass, M_MU, v, 0.0))) + abs(float(twin.leveille(mass, M_MU, 0.0, a)))
    value = moments.anomalous_moment(mass, M_MU, v, a)
    assert abs(value - float(twin.leveille(mass, M_MU, v, a))) <= MAGNETIC_MOMENT * scale
    assert value == moments.anomalous_moment(mass, M_MU, -v, a) == moments.anomalous_moment(mass, M_MU, v, -a)
    # only the ratio of masses counts
    assert abs(moments.anomalous_moment(7 * mass, 7 * M_MU, v, a) - value) <= MAGNETIC_MOMENT * scale


@pytest.mark.parametrize("mass", [0.2114, 0.25, 0.5, 2.0, 20.0])
def test_vector_part_is_the_vacuum_polarisation_kernel(mass: float) -> None:
    exact = float(twin.vacuum_polarisation_kernel(mass, M_MU))
    assert moments.anomalous_moment(mass, M_MU, 1.0, 0.0) == pytest.approx(exact, rel=MAGNETIC_MOMENT, abs=0)


def test_limits() -> None:
    alpha = 1 / 137.035999
    photon = np.sqrt(4 * np.pi * alpha)
    schwinger = alpha / (2 * np.pi)
    assert moments.anomalous_moment(1e-9, M_MU, photon, 0.0) == pytest.approx(schwinger, rel=1e-6, abs=0)
    # light axial vector: its longitudinal part couples like a pseudoscalar of strength 2 a m/M
    for mass in (1e-4, 1e-5):
        expected = -((M_MU / (2 * np.pi * mass)) ** 2)
        assert moments.anomalous_moment(mass, M_MU, 0.0, 1.0) == pytest.approx(expected, rel=1e-4, abs=0)
    for mass in (1e3, 1e4):
        expected = (M_MU / mass) ** 2 / (12 * np.pi**2)
        assert moments.anomalous_moment(mass, M_MU, 1.0, 0.0) == pytest.approx(expected, rel=1e-4, abs=0)
        assert moments.anomalous_moment(mass, M_MU, 0.0, 1.0) == pytest.approx(-5 * expected, rel=1e-4, abs=0)


def test_standard_model_z() -> None:
    """a_mu(Z, one loop) = -193.9e-11 with the on-shell weak angle: Czarnecki, Marciano, hep-ph/0102122."""
    sw2, gz = 0.2231, np.sqrt(4 * np.sqrt(2) * 1.16637e-5) * 91.1875
    value = moments.anomalous_moment(91.1875, M_MU, gz * (-1 / 4 + sw2), -gz / 4)
    assert value == pytest.approx(-193.9e-11, abs=0.6e-11)


def test_electron_scales_like_the_muon() -> None:
    ratio = M_E / M_MU
    value = moments.anomalous_moment(0.03, M_E, 1e-3, 2e-4)
    assert value == pytest.approx(moments.anomalous_moment(0.03 / ratio, M_MU, 1e-3, 2e-4), rel=1e-10, abs=0)
