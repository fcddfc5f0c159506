"""The flavour-changing vertex: linear in the couplings, zero charge radius of a photon, scale of the monopole."""

from __future__ import annotations

import numpy as np
import pytest

from zdscan.physics.cases import CASES
from zdscan.physics.polynomial import Polynomial
from zdscan.physics.vertex import vertex

TRANSITIONS = ("bs", "bd", "sd")


@pytest.mark.parametrize("transition", TRANSITIONS)
def test_columns_are_linear_in_the_couplings(transition) -> None:
    matrix = CASES["A"].matrix
    mixed = matrix @ np.array([[2.0, 0.5, 0.0], [-1.0, 3.0, 0.0], [0.0, 0.0, 1.0]])
    one, other = vertex(matrix, transition), vertex(mixed, transition)
    for name in ("e0", "e2", "m1"):
        a, z, _ = getattr(one, name)
        size = abs(a) + abs(z)
        assert getattr(other, name)[0] == pytest.approx(2.0 * a - z, abs=1e-12 * size)
        assert getattr(other, name)[1] == pytest.approx(0.5 * a + 3.0 * z, abs=1e-12 * size)


@pytest.mark.parametrize("transition", TRANSITIONS)
def test_a_photon_has_no_monopole_and_muons_have_no_vertex(transition) -> None:
    """Gauge invariance: E0 of eps vanishes exactly, E2 and M1 do not; a coupling to muons alone makes nothing."""
    found = vertex(CASES["B"].matrix, transition)
    assert found.e0[0] == 0.0
    assert abs(found.e0[1]) > 0.0
    assert abs(found.e2[0]) > 0.0
    assert abs(found.m1[0]) > 0.0
    assert found.e0[2] == found.e2[2] == found.m1[2] == 0.0


@pytest.mark.parametrize("transition", TRANSITIONS)
def test_fcnc_scale_multiplies_the_monopole_alone(transition) -> None:
    one, two = (vertex(CASES["A"].matrix, transition, scale) for scale in (1.0, 2.0))
    np.testing.assert_array_equal(two.e0, 2.0 * one.e0)
    np.testing.assert_array_equal(two.e2, one.e2)
    np.testing.assert_array_equal(two.m1, one.m1)
    assert one.lambda_t == two.lambda_t


def test_forms_of_the_coefficients_agree() -> None:
    found = vertex(CASES["A"].matrix, "bs")
    assert found.rows == (found.e0.tolist(), found.e2.tolist(), found.m1.tolist())
    assert found.e0_polynomial == Polynomial.linear(found.e0)
    assert found.e0_squared.terms[(0, 2, 0)] == found.e0[1] ** 2
