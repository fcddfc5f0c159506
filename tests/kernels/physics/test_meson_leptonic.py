"""K, pi -> l nu V: the integrand against Dirac matrices, the integral done otherwise, limits and anchors."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp, mpf

from tests.support.thinning import every
from tests.support.tolerances import THREE_BODY, THREE_DIGITS
from tests.twins.dirac import GAMMA5, dot, polarisations, slash
from tests.twins.radiated import kinematics, other_order, spin_sum
from zdscan.kernels.physics.meson_leptonic import meson_factors, meson_integrand

M_K, M_PI, M_MU, M_E = 0.493677, 0.13957039, 0.1056583755, 0.51099895e-3
S2 = 0.23122
UNIT = np.eye(4)
KINETIC = np.array([1.0, 1.0, 0.0, -1.0, -1.0])  # a dark photon: conserved


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6))
def test_meson_integrand_is_thespin_sum(seed):
    rng, m, mass, p, k, q, parent, m_parent, y, z = kinematics(seed, 0.0)
    c = left, right, neutrino, charge, contact = rng.normal(size=5)
    w = y + z - mass**2
    operators = [
        (neutrino - left - contact - left * m**2 / y) * slash(e) @ (UNIT - GAMMA5)
        + m
        * (
            right * slash(p + q) @ slash(e) / y
            - neutrino * slash(e) @ slash(k + q) / z
            + charge * 2 * dot(parent, e) / w * UNIT
        )
        @ (UNIT + GAMMA5)
        for e in polarisations(q, mass)
    ]
    form = meson_integrand(np.ones(1), m_parent, m, mass, np.array([y]), np.array([z]))
    assert 8 * c @ form @ c == pytest.approx(spin_sum(operators, k, 0.0, p, m), rel=1e-10)


def _one_dimensional(m_parent: float, m_lepton: float, mass: float):
    """I over (gL, gR, gn), integrated over t by hand: the off-diagonal entries are those of the quadratic form."""
    with mp.workdps(25):
        pp, mm, vv = mpf(m_parent) ** 2, mpf(m_lepton) ** 2, mpf(mass) ** 2

        def integrand(s):
            y = s - mm
            r = mp.sqrt(abs((s - (mpf(m_lepton) + mass) ** 2) * (s - (mpf(m_lepton) - mass) ** 2)))
            high = vv + (pp - s) * ((s + vv - mm) + r) / (2 * s)
            low = vv + 2 * vv * (pp - s) / ((s + vv - mm) + r)
            j0, j1, j_1, j_2 = high - low, (high**2 - low**2) / 2, mp.log(high / low), 1 / low - 1 / high
            ll = 4 * s**2 / y**2 * ((2 * vv + pp + mm - 2 * s) * j0 + (s - mm - 2 * vv) / vv * j1)
            rr = pp * y**2 - s * y**2 + vv * (s**2 - 2 * mm * s + pp * mm) - 2 * vv**2 * pp
            rr = 4 * mm / (vv * y**2) * (rr * j0 - s * (s - mm - 2 * vv) * j1)
            lr = -24 * mm * s * (pp - s) / y**2 * j0
            ln = 8 * s / y * (2 * vv * mm * j_1 + (2 * s - 2 * mm - pp - 2 * vv) * j0 - (s - 2 * vv) / vv * j1)
            rn = 2 * vv * (pp - mm) * (pp - s) * j_1 + ((s - pp) * y + vv * (pp - 2 * s)) * j0 + s * j1
            rn = 8 * mm / (vv * y) * rn
            nn = -8 * vv * mm * (pp - mm) * j_2 + 8 * mm * (s - mm - 2 * vv) * j_1
            nn += 4 * (2 * vv**2 + vv * (pp + 4 * mm - 2 * s) + mm * (pp - s)) / vv * j0 + 4 * (s - 2 * vv) / vv * j1
            return mp.matrix([ll, rr, lr, ln, rn, nn])

        start, end = (mpf(m_lepton) + mass) ** 2, pp
        cuts = [start, start + (end - start) / 1000, start + (end - start) / 30, (start + end) / 2, end]
        values = [mp.quad(lambda s, k=k: integrand(s)[k], cuts) for k in range(6)]
        ll, rr, lr, ln, rn, nn = (float(v / (64 * mp.pi**2 * mm * (pp - mm) ** 2)) for v in values)
        return np.array([[ll, lr / 2, ln / 2], [lr / 2, rr, rn / 2], [ln / 2, rn / 2, nn]])


@pytest.mark.parametrize(
    ("parent", "mass"),
    every(3, [(M_K, 0.010), (M_K, 0.05), (M_K, 0.2), (M_K, 0.38), (M_PI, 0.010), (M_PI, 0.025), (M_PI, 0.0338)]),
)
def test_meson_factors_against_one_dimensional_closed_form(parent, mass):
    exact = _one_dimensional(parent, M_MU, mass)
    factors = meson_factors(parent, M_MU, M_MU, mass, 0.0, np.inf)
    np.testing.assert_allclose(factors[:3, :3], exact, rtol=THREE_BODY)


@pytest.mark.parametrize("mass", [0.010, 0.2])
def test_conserved_currents_against_the_other_order_of_integration(mass):
    """The single entries cancel to 1 part in 240 at 10 MeV."""
    y, z, weight = other_order(M_K, M_MU, 0.0, mass)
    expected = KINETIC @ meson_integrand(weight, M_K, M_MU, mass, y, z) @ KINETIC
    expected /= 8 * math.pi**2 * M_MU**2 * (M_K**2 - M_MU**2) ** 2
    factors = meson_factors(M_K, M_MU, M_MU, mass, 0.0, np.inf)
    assert KINETIC @ factors @ KINETIC == pytest.approx(expected, rel=THREE_BODY)


def test_conserved_currents_do_not_grow():
    """A broken current grows as 1/M^2, a conserved one only logarithmically."""
    gluing = np.array([1.0, 1.0, 1.0, 0.0, 0.0])  # L_mu: conserved without any meson leg
    for parent in (M_K, M_PI):
        light, heavy = (meson_factors(parent, M_MU, M_MU, mass, 0.0, np.inf) for mass in (0.002, 0.004))
        for c in (KINETIC, gluing):
            assert 1.0 < (c @ light @ c) / (c @ heavy @ c) < 2.0
        assert light[0, 0] / heavy[0, 0] == pytest.approx(4.0, rel=0.1)


def test_longitudinal_limits():
    """P with a light lepton: (gn-gL-gC)^2 m_P^8/[384 pi^2 M^2 m_l'^2 (m_P^2-m_l'^2)^2]."""
    leading = M_K**8 / (384 * math.pi**2 * 0.002**2 * M_MU**2 * (M_K**2 - M_MU**2) ** 2)
    factors = meson_factors(M_K, M_E, M_MU, 0.002, 0.0, np.inf)
    for c in ((1.0, 1.0, 0.0, 0.0, 0.0), (0.3, 0.3, 1.3, 0.0, 0.0), (0.0, 0.0, 0.0, 0.0, 1.0)):
        current = c[2] - c[0] - c[4]
        assert np.array(c) @ factors @ np.array(c) == pytest.approx(current**2 * leading, rel=2e-3, abs=1e-4 * leading)


def _ratio(parent, mass, c, **other):
    c = np.array(c)
    lepton = other.get("lepton", M_MU)
    return c @ meson_factors(parent, lepton, M_MU, mass, other.get("low", 0.0), other.get("high", np.inf)) @ c


# BR(K -> mu nu X)/g^2 with BR(K -> mu nu) = 0.6356: vector and axial on the muon, from an independent trace
@pytest.mark.parametrize(
    ("mass", "vector", "axial"),
    [
        (0.01, 9.19, 9.325),
        (0.05, 0.327, 0.3837),
        (0.1, 0.06266, 0.08763),
        (0.145, 0.020711, None),
        (0.2, 0.005596, 0.009722),
        (0.3, 0.000228, 0.0004609),
        (0.37, 6.12e-7, 1.404e-6),
    ],
)
def test_kaon_anchors(mass, vector, axial):
    assert 0.6356 * _ratio(M_K, mass, (1, 1, 0, 0, 0)) == pytest.approx(vector, rel=1e-3)
    if axial is not None:
        assert 0.6356 * _ratio(M_K, mass, (1, -1, 0, 0, 0)) == pytest.approx(axial, rel=1e-3)


@pytest.mark.parametrize(
    ("mass", "rate", "fraction"),
    [
        (0.005, 0.07889, 0.77),
        (0.01, 0.009853, 0.71),
        (0.015, 0.00172, 0.635),
        (0.024, 4.64e-5, 0.273),
        (0.03, 6.6e-7, 0),
    ],
)
def test_pion_anchors_and_energy_cut(mass, rate, fraction):
    c = (1, 1, 0, 0, 0)
    whole = _ratio(M_PI, mass, c)
    fast, slow = _ratio(M_PI, mass, c, low=0.0012), _ratio(M_PI, mass, c, high=0.0012)
    assert whole == pytest.approx(rate, rel=1e-3)
    assert fast / whole == pytest.approx(fraction, abs=1e-3)
    assert fast + slow == pytest.approx(whole, rel=THREE_BODY)


def test_effect_of_completion():
    """Muon alone over the complete sum for kinetic mixing; and for mass mixing the sum over the muon alone."""
    for parent, numbers in (
        (M_K, {0.002: 3200, 0.01: 238, 0.03: 53, 0.1: 18, 0.2: 16}),
        (M_PI, {0.002: 430, 0.01: 45, 0.02: 14, 0.03: 4.2}),
    ):
        for mass, expected in numbers.items():
            value = _ratio(parent, mass, (1, 1, 0, 0, 0)) / _ratio(parent, mass, KINETIC)
            assert value == pytest.approx(expected, rel=0.025)
    for parent, over_muon, over_leptons in ((M_K, 10.9, 1.44), (M_PI, 6.6, 0.99)):
        full = _ratio(parent, 0.01, (S2 - 0.5, S2, 0.5, 0.5 - S2, -S2))
        assert full / _ratio(parent, 0.01, (S2 - 0.5, S2, 0, 0, 0)) == pytest.approx(over_muon, rel=1e-2)
        assert full / _ratio(parent, 0.01, (S2 - 0.5, S2, 0.5, 0, 0)) == pytest.approx(over_leptons, rel=THREE_DIGITS)
    electron = [_ratio(M_K, 0.01, c, lepton=M_E) for c in ((1, 1, 0, 0, 0), KINETIC)]
    assert electron[0] / electron[1] == pytest.approx(3.0e6, rel=0.02)


def test_factors_vanish_smoothly_at_threshold():
    c = np.array([1.0, 1.0, 0.0, 0.0, 0.0])
    rates = [c @ meson_factors(M_K, M_MU, M_MU, M_K - M_MU - gap, 0.0, np.inf) @ c for gap in (4e-4, 2e-4, 1e-4)]
    # relativistic neutrino, slow muon and Z_D: three-body phase space times the neutrino's energy
    slopes = np.diff(np.log(rates)) / math.log(0.5)
    assert np.all(np.abs(slopes - slopes[0]) < 0.02)
    assert not meson_factors(M_K, M_MU, M_MU, M_K - M_MU, 0.0, np.inf).any()
