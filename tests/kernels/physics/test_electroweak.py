"""W -> mu nu V and Z -> mu mu V: the integrands against Dirac matrices, the integrals done otherwise, anchors."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.tolerances import THREE_BODY, THREE_DIGITS
from tests.twins.dirac import LEFT, RIGHT, dot, polarisations, slash
from tests.twins.radiated import kinematics, other_order, spin_sum
from zdscan.kernels.physics.electroweak import w_factors, w_integrand, z_factors, z_integrand

M_MU, M_W, M_Z, S2 = 0.1056583755, 80.377, 91.1876, 0.23122
Z_LEFT, Z_RIGHT = S2 - 0.5, S2
UNIT = np.eye(4)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6))
def test_w_integrand_is_thespin_sum(seed):
    rng, m, mass, p, k, q, parent, m_w, y, z = kinematics(seed, 0.0)
    c = left, right, neutrino, charge = rng.normal(size=4)
    w = y + z - mass**2
    operators = []
    for e in polarisations(q, mass):
        for big in polarisations(parent, m_w):
            triple = 2 * dot(parent, e) * slash(big) + 2 * dot(q, big) * slash(e)
            triple = triple - dot(e, big) * slash(2 * q + (mass / m_w) ** 2 * (parent - q))
            lepton = slash(big) @ LEFT @ (m * UNIT - slash(p + q)) @ slash(e) @ (left * LEFT + right * RIGHT) / y
            other = neutrino * slash(e) @ slash(k + q) @ slash(big) @ LEFT / z
            operators.append(lepton + other - charge / w * triple @ LEFT)
    form = w_integrand(np.ones(1), m_w, m, mass, np.array([y]), np.array([z]))
    assert c @ form @ c == pytest.approx(spin_sum(operators, k, 0.0, p, m), rel=1e-10)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6))
def test_z_integrand_is_thespin_sum(seed):
    rng, m, mass, p, k, q, parent, m_z, y, z = kinematics(seed, 1.0)
    left, right, c_left, c_right = rng.normal(size=4)
    g, c = left * LEFT + right * RIGHT, c_left * LEFT + c_right * RIGHT
    operators = [
        slash(big) @ c @ (m * UNIT - slash(p + q)) @ slash(e) @ g / y
        + slash(e) @ g @ (slash(k + q) + m * UNIT) @ slash(big) @ c / z
        for e in polarisations(q, mass)
        for big in polarisations(parent, m_z)
    ]
    value = z_integrand(m_z, m, mass, np.array([y]), np.array([z]), c_left, c_right, left, right)
    assert value[0] == pytest.approx(spin_sum(operators, k, m, p, m), rel=1e-10)


@pytest.mark.parametrize("mass", [0.010, 0.2])
def test_conserved_currents_against_the_other_order_of_integration(mass):
    """The single entries cancel to 1 part in 56000 at 10 MeV."""
    c = np.array([-1.0, -1.0, 0.0, 1.0])
    y, z, weight = other_order(M_W, M_MU, 0.0, mass)
    expected = c @ w_integrand(weight, M_W, M_MU, mass, y, z) @ c
    two_body = 32 * math.pi**2 * (M_W**2 - M_MU**2) ** 2 * (1 + M_MU**2 / (2 * M_W**2))
    assert c @ w_factors(M_W, M_MU, mass) @ c == pytest.approx(expected / two_body, rel=THREE_BODY)


@pytest.mark.parametrize("mass", [0.010, 0.1, 2.0])
def test_z_against_the_other_order_of_integration(mass):
    y, z, weight = other_order(M_Z, M_MU, M_MU, mass)
    s2_two_body = 2 * (Z_LEFT**2 + Z_RIGHT**2) * (M_Z**2 - M_MU**2) + 12 * M_MU**2 * Z_LEFT * Z_RIGHT
    norm = 16 * math.pi**2 * M_Z**2 * math.sqrt(1 - 4 * M_MU**2 / M_Z**2) * s2_two_body
    for value, couplings in zip(
        z_factors(M_Z, M_MU, mass, Z_LEFT, Z_RIGHT)[:2], ((1.0, 1.0), (1.0, -1.0)), strict=True
    ):
        expected = np.sum(weight * z_integrand(M_Z, M_MU, mass, y, z, Z_LEFT, Z_RIGHT, *couplings))
        assert value == pytest.approx(expected / norm, rel=THREE_BODY)


def test_conserved_currents_do_not_grow():
    """A broken current grows as 1/M^2, a conserved one only logarithmically."""
    w_photon, w_lepton_number = np.array([-1.0, -1.0, 0.0, 1.0]), np.array([1.0, 1.0, 1.0, 0.0])
    light, heavy = w_factors(M_W, M_MU, 0.01), w_factors(M_W, M_MU, 0.02)
    for c in (w_photon, w_lepton_number):
        assert 1.0 < (c @ light @ c) / (c @ heavy @ c) < 1.3
    assert light[0, 0] / heavy[0, 0] == pytest.approx(4.0, rel=1e-3)


def test_longitudinal_limit_of_the_w():
    """3 m_W^2/(256 pi^2 M^2) for a muon alone."""
    for mass in (0.01, 0.03):
        c = np.array([1.0, 1.0, 0.0, 0.0])
        leading = 3 * M_W**2 / (256 * math.pi**2 * mass**2)
        assert c @ w_factors(M_W, M_MU, mass) @ c == pytest.approx(leading, rel=2e-5)


def test_w_and_z_anchors():
    def rate(c, mass=0.01):
        return np.array(c) @ w_factors(M_W, M_MU, mass) @ np.array(c)

    assert rate((1, 1, 0, 0)) == pytest.approx(7.67e4, rel=1e-3)
    assert rate((1, 1, 0, 0), 0.03) == pytest.approx(8.52e3, rel=1e-3)
    assert rate((-1, -1, 0, 1)) == pytest.approx(1.37, rel=1e-3)
    mixing = (S2 - 0.5, S2, 0.5, 1 - S2)
    assert rate(mixing) == pytest.approx(1.41, rel=THREE_DIGITS)
    assert rate((*mixing[:3], 0)) == pytest.approx(4.53e4, rel=1e-3)
    assert rate((*mixing[:2], 0, 0)) == pytest.approx(5.54e3, rel=1e-3)
    vv, aa, va = z_factors(M_Z, M_MU, 0.01, Z_LEFT, Z_RIGHT)
    found = ((vv + aa + va) / 4, (vv + aa - va) / 4, (vv - aa) / 2)
    assert found == pytest.approx((9.2128, 8.7184, -14.7208), rel=1e-5)
    assert (vv, aa) == pytest.approx((3.2104, 32.652), rel=1e-5)


def test_factors_vanish_above_threshold():
    assert not w_factors(1.0, M_MU, 0.9).any()
    assert z_factors(1.0, M_MU, 0.9, Z_LEFT, Z_RIGHT) == (0.0, 0.0, 0.0)
