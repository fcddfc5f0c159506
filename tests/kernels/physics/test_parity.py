"""Parity violation: signs and size of the weak charge of a vector, and the response of a point."""

from __future__ import annotations

import math

import pytest

from tests.support.tolerances import EXACT_ALGEBRA
from zdscan.kernels.physics import parity

GF, MZ, S2, GZ = 1.1663787e-5, 91.1876, 0.23122, 0.7407012373374


def test_weak_charge_kernel_signs():
    """A heavy copy of the Z (eps_z = 1 at M = MZ) doubles the weak charge -N + Z (1 - 4 s2) of its own exchange."""
    k_u, k_d = parity.weak_charge_factors(MZ, 1.0, 55.0, 78.0, GF)
    a_e, v_u, v_d = -GZ / 4, GZ * (1 / 4 - 2 / 3 * S2), GZ * (-1 / 4 + S2 / 3)
    assert a_e * (k_u * v_u + k_d * v_d) == pytest.approx(-78 + 55 * (1 - 4 * S2), rel=1e-12)
    assert parity.point_response(math.sqrt(0.0248), 0.0248) == pytest.approx(0.5, rel=EXACT_ALGEBRA)
