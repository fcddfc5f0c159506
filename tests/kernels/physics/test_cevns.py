"""Coherent neutrino scattering: a heavy copy of the Z doubles the amplitude, charges count as nucleons do."""

from __future__ import annotations

import math

import pytest

from tests.twins import cevns as cevns_twin
from zdscan.kernels.physics import cevns

GF, MZ, S2, GZ = 1.1663787e-5, 91.1876, 0.23122, 0.7407012373374


def test_coherent_heavy_copy_of_the_z():
    """eps_z = 1 at M = MZ doubles the amplitude: rate 4."""
    k_u, k_d = cevns.exchange_factors(MZ, GF, S2, 0.7507)
    v_u, v_d = GZ * (1 / 4 - 2 / 3 * S2), GZ * (-1 / 4 + S2 / 3)
    x = GZ / 2 * (k_u * v_u + k_d * v_d)
    r1, r2, _, _ = cevns_twin.responses(MZ)
    assert 1 - 2 * r1 * x + r2 * x * x == pytest.approx(4.0, abs=1e-5)


def test_a_universal_coupling_counts_nucleons():
    """g on every quark: the charge is 3 A, over the weak charge of CsI."""
    k_u, k_d = cevns.exchange_factors(0.05, GF, S2, 55 / 73.8684)
    assert (k_u + k_d) * GF * 0.05**2 / math.sqrt(2) == pytest.approx(3 * 133 / 73.8684, rel=1e-6)
