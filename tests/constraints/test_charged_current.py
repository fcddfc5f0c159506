"""K, pi, W -> mu nu Z_D and Z -> mu mu Z_D: kernels against Dirac matrices and other integrals, then the ratios."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp, mpf

import zdscan
from tests.support.tolerances import CLOSED_FORM, THREE_BODY, THREE_DIGITS
from tests.support.verdicts import of
from tests.twins.dirac import GAMMA5, LEFT, RIGHT, bar, dot, momentum, polarisations, slash, u_spinors, v_spinors
from zdscan.inputs import constants
from zdscan.kernels.physics.electroweak import w_factors, w_integrand, z_factors, z_integrand
from zdscan.kernels.physics.meson_leptonic import meson_factors, meson_integrand
from zdscan.physics.cases import Case

M_K, M_PI, M_MU, M_E = 0.493677, 0.13957039, 0.1056583755, 0.51099895e-3
M_W, M_Z, S2 = 80.377, 91.1876, 0.23122
Z_LEFT, Z_RIGHT = S2 - 0.5, S2
UNIT = np.eye(4)
KINETIC = np.array([1.0, 1.0, 0.0, -1.0, -1.0])  # a dark photon: conserved
IDS = ("k_mu_inv", "k_mu_nu_ee", "pi_mu_nu_x", "w_width", "z_4l")


# The integrands, against spinors and polarisation vectors.


def _kinematics(seed: int, m_other: float):
    rng = np.random.default_rng(seed)
    m, mass = 0.02 + 0.2 * rng.random(2)
    p, k, q = (momentum(x, 0.15 * rng.normal(size=3)) for x in (m, m_other * m, mass))
    parent = p + k + q
    y, z = 2 * dot(p, q).real + mass**2, 2 * dot(k, q).real + mass**2
    return rng, m, mass, p, k, q, parent, math.sqrt(dot(parent, parent).real), y, z


def _spin_sum(operators, k, m_k, p, m):
    return sum(abs(bar(u) @ o @ v) ** 2 for o in operators for u in u_spinors(k, m_k) for v in v_spinors(p, m))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6))
def test_meson_integrand_is_the_spin_sum(seed):
    rng, m, mass, p, k, q, parent, m_parent, y, z = _kinematics(seed, 0.0)
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
    assert 8 * c @ form @ c == pytest.approx(_spin_sum(operators, k, 0.0, p, m), rel=1e-10)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6))
def test_w_integrand_is_the_spin_sum(seed):
    rng, m, mass, p, k, q, parent, m_w, y, z = _kinematics(seed, 0.0)
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
    assert c @ form @ c == pytest.approx(_spin_sum(operators, k, 0.0, p, m), rel=1e-10)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6))
def test_z_integrand_is_the_spin_sum(seed):
    rng, m, mass, p, k, q, parent, m_z, y, z = _kinematics(seed, 1.0)
    left, right, c_left, c_right = rng.normal(size=4)
    g, c = left * LEFT + right * RIGHT, c_left * LEFT + c_right * RIGHT
    operators = [
        slash(big) @ c @ (m * UNIT - slash(p + q)) @ slash(e) @ g / y
        + slash(e) @ g @ (slash(k + q) + m * UNIT) @ slash(big) @ c / z
        for e in polarisations(q, mass)
        for big in polarisations(parent, m_z)
    ]
    value = z_integrand(m_z, m, mass, np.array([y]), np.array([z]), c_left, c_right, left, right)
    assert value[0] == pytest.approx(_spin_sum(operators, k, m, p, m), rel=1e-10)


# The integrals: one-dimensional closed form, and the other order of integration.


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
    [(M_K, 0.010), (M_K, 0.05), (M_K, 0.2), (M_K, 0.38), (M_PI, 0.010), (M_PI, 0.025), (M_PI, 0.0338)],
)
def test_meson_factors_against_one_dimensional_closed_form(parent, mass):
    exact = _one_dimensional(parent, M_MU, mass)
    factors = meson_factors(parent, M_MU, M_MU, mass, 0.0, np.inf)
    np.testing.assert_allclose(factors[:3, :3], exact, rtol=THREE_BODY)


def _other_order(m_parent: float, m: float, m_other: float, mass: float):
    """Nodes y, z and weights of int ds dt: t inside (logarithm), s outside, far more than the kernels take."""
    x, weight = np.polynomial.legendre.leggauss(48)
    panels, log_range = 10, math.log(((m_parent - m_other) ** 2 - m**2) / ((m + mass) ** 2 - m**2))
    found = []
    for panel in range(panels):
        for x_s, weight_s in zip(x, weight, strict=True):
            # sin^2 makes the square roots at both ends of ln y smooth
            angle = 0.25 * math.pi * (2 * panel + 1 + x_s) / panels
            y = ((m + mass) ** 2 - m**2) * math.exp(log_range * math.sin(angle) ** 2)
            s = y + m**2
            jacobian = y * log_range * math.sin(2 * angle) * 0.25 * math.pi / panels * weight_s
            e_v, e_k = s + mass**2 - m**2, m_parent**2 - s - m_other**2  # times 2 sqrt(s)
            p_v = math.sqrt(max(e_v**2 - 4 * s * mass**2, 0.0))
            p_k = math.sqrt(max(e_k**2 - 4 * s * m_other**2, 0.0))
            forward = ((e_v * m_other) ** 2 + (mass * p_k) ** 2) / (e_v * e_k + p_v * p_k)
            low = mass**2 + 2 * forward if m_other else mass**2 + 2 * (mass * e_k) ** 2 / (e_k * (e_v + p_v))
            t_range = math.log1p(p_v * p_k / (s * low))
            z = low * np.exp(0.5 * t_range * (1 + x))
            found.append((np.full_like(z, y), z, jacobian * 0.5 * t_range * weight * z))
    return np.concatenate(found, axis=1)


@pytest.mark.parametrize("mass", [0.010, 0.2])
def test_conserved_currents_against_the_other_order_of_integration(mass):
    """The single entries cancel to 1 part in 240 (K) and 56000 (W) at 10 MeV."""
    y, z, weight = _other_order(M_K, M_MU, 0.0, mass)
    expected = KINETIC @ meson_integrand(weight, M_K, M_MU, mass, y, z) @ KINETIC
    expected /= 8 * math.pi**2 * M_MU**2 * (M_K**2 - M_MU**2) ** 2
    factors = meson_factors(M_K, M_MU, M_MU, mass, 0.0, np.inf)
    assert KINETIC @ factors @ KINETIC == pytest.approx(expected, rel=THREE_BODY)

    c = np.array([-1.0, -1.0, 0.0, 1.0])
    y, z, weight = _other_order(M_W, M_MU, 0.0, mass)
    expected = c @ w_integrand(weight, M_W, M_MU, mass, y, z) @ c
    two_body = 32 * math.pi**2 * (M_W**2 - M_MU**2) ** 2 * (1 + M_MU**2 / (2 * M_W**2))
    assert c @ w_factors(M_W, M_MU, mass) @ c == pytest.approx(expected / two_body, rel=THREE_BODY)


@pytest.mark.parametrize("mass", [0.010, 0.1, 2.0])
def test_z_against_the_other_order_of_integration(mass):
    y, z, weight = _other_order(M_Z, M_MU, M_MU, mass)
    s2_two_body = 2 * (Z_LEFT**2 + Z_RIGHT**2) * (M_Z**2 - M_MU**2) + 12 * M_MU**2 * Z_LEFT * Z_RIGHT
    norm = 16 * math.pi**2 * M_Z**2 * math.sqrt(1 - 4 * M_MU**2 / M_Z**2) * s2_two_body
    for value, couplings in zip(
        z_factors(M_Z, M_MU, mass, Z_LEFT, Z_RIGHT)[:2], ((1.0, 1.0), (1.0, -1.0)), strict=True
    ):
        expected = np.sum(weight * z_integrand(M_Z, M_MU, mass, y, z, Z_LEFT, Z_RIGHT, *couplings))
        assert value == pytest.approx(expected / norm, rel=THREE_BODY)


# Physics: conservation, limits, anchors.


def test_conserved_currents_do_not_grow():
    """A broken current grows as 1/M^2, a conserved one only logarithmically."""
    gluing = np.array([1.0, 1.0, 1.0, 0.0, 0.0])  # L_mu: conserved without any meson leg
    w_photon, w_lepton_number = np.array([-1.0, -1.0, 0.0, 1.0]), np.array([1.0, 1.0, 1.0, 0.0])
    for parent in (M_K, M_PI):
        light, heavy = (meson_factors(parent, M_MU, M_MU, mass, 0.0, np.inf) for mass in (0.002, 0.004))
        for c in (KINETIC, gluing):
            assert 1.0 < (c @ light @ c) / (c @ heavy @ c) < 2.0
        assert light[0, 0] / heavy[0, 0] == pytest.approx(4.0, rel=0.1)
    light, heavy = w_factors(M_W, M_MU, 0.01), w_factors(M_W, M_MU, 0.02)
    for c in (w_photon, w_lepton_number):
        assert 1.0 < (c @ light @ c) / (c @ heavy @ c) < 1.3
    assert light[0, 0] / heavy[0, 0] == pytest.approx(4.0, rel=1e-3)


def test_longitudinal_limits():
    """P with a light lepton: (gn-gL-gC)^2 m_P^8/[384 pi^2 M^2 m_l'^2 (m_P^2-m_l'^2)^2]; W: 3 m_W^2/(256 pi^2 M^2)."""
    leading = M_K**8 / (384 * math.pi**2 * 0.002**2 * M_MU**2 * (M_K**2 - M_MU**2) ** 2)
    factors = meson_factors(M_K, M_E, M_MU, 0.002, 0.0, np.inf)
    for c in ((1.0, 1.0, 0.0, 0.0, 0.0), (0.3, 0.3, 1.3, 0.0, 0.0), (0.0, 0.0, 0.0, 0.0, 1.0)):
        current = c[2] - c[0] - c[4]
        assert np.array(c) @ factors @ np.array(c) == pytest.approx(current**2 * leading, rel=2e-3, abs=1e-4 * leading)
    for mass in (0.01, 0.03):
        c = np.array([1.0, 1.0, 0.0, 0.0])
        leading = 3 * M_W**2 / (256 * math.pi**2 * mass**2)
        assert c @ w_factors(M_W, M_MU, mass) @ c == pytest.approx(leading, rel=2e-5)


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


def test_factors_vanish_smoothly_at_threshold():
    c = np.array([1.0, 1.0, 0.0, 0.0, 0.0])
    rates = [c @ meson_factors(M_K, M_MU, M_MU, M_K - M_MU - gap, 0.0, np.inf) @ c for gap in (4e-4, 2e-4, 1e-4)]
    # relativistic neutrino, slow muon and Z_D: three-body phase space times the neutrino's energy
    slopes = np.diff(np.log(rates)) / math.log(0.5)
    assert np.all(np.abs(slopes - slopes[0]) < 0.02)
    assert not meson_factors(M_K, M_MU, M_MU, M_K - M_MU, 0.0, np.inf).any()
    assert not w_factors(1.0, M_MU, 0.9).any()
    assert z_factors(1.0, M_MU, 0.9, Z_LEFT, Z_RIGHT) == (0.0, 0.0, 0.0)


# The constraints.


def _point(case, mass, eps=0.0, eps_z=0.0, g_mu=0.0, **settings_):
    return zdscan.evaluate(case, mass, eps, eps_z, g_mu, constraints=IDS, **settings_)


@pytest.mark.parametrize(("mass", "limit"), [(0.01, 3.3e-4), (0.03, 1.0e-3), (0.1, 4.0e-3), (0.2, 1.3e-2)])
def test_k_mu_inv_limits_of_case_b(mass, limit):
    """Largest g_mu for an invisible Z_D."""
    entry = of(_point("B", mass, g_mu=limit, invisible_width=1e3), "k_mu_inv")
    assert math.sqrt(1.0 / entry["ratio"]) == pytest.approx(1.0, rel=0.05)


def test_k_mu_inv_limits_of_case_a():
    for emission, limit in (("lepton", 1.8e-3), ("complete", 5.5e-4)):
        entry = of(_point("A", 0.01, 0.0, limit, emission=emission), "k_mu_inv")
        assert math.sqrt(entry["ratio"]) == pytest.approx(1.0, rel=0.01)
    assert of(_point("A", 0.01, 0.0, 1e-3), "k_mu_inv") == of(
        _point("A", 0.01, 0.0, 1e-3, emission="lepton"), "k_mu_inv"
    )
    complete = of(_point("A", 0.01, 0.0, 1e-3, theory="complete"), "k_mu_inv")
    assert complete == of(_point("A", 0.01, 0.0, 1e-3, emission="complete"), "k_mu_inv")


def test_best_fits_of_the_paper():
    """C: BR(K) = 1.05e-3 and 2.07 GeV of W width; B: 0.68 and 1.3 TeV; A: a W width of 2.8 MeV or 0.7 keV."""
    c = _point("C", 0.0302, g_mu=0.033)
    assert of(c, "k_mu_inv")["prediction"] == pytest.approx(1.05e-3, rel=THREE_DIGITS)
    assert of(c, "w_width")["prediction"] == pytest.approx(2.07, rel=THREE_DIGITS)
    assert of(c, "w_width")["excluded"]
    assert of(_point("C", 0.0302, g_mu=6.6e-3), "w_width")["ratio"] == pytest.approx(1.0, rel=0.02)
    assert not of(c, "k_mu_nu_ee")["applies"]
    b = _point("B", 0.0103, g_mu=0.28, invisible_width=1e3)
    assert of(b, "k_mu_inv")["prediction"] == pytest.approx(0.68, rel=THREE_DIGITS)
    assert of(b, "w_width")["prediction"] == pytest.approx(1.3e3, rel=0.02)
    for emission, width in (("lepton", 2.8e-3), ("complete", 0.7e-6)):
        a = of(_point("A", 0.01007, 1.6e-5, 0.002, emission=emission), "w_width")
        assert a["prediction"] == pytest.approx(width, rel=0.015)


def test_k_mu_nu_ee_limits_and_range():
    for mass, limit in ((0.1451, 6.7e-4), (0.2, 1.29e-3)):
        # a tiny eps opens ee; what it adds to the muon's coupling is negligible
        point = _point("B", mass, 1e-6, 0.0, limit)
        assert float(point.branching_ratios["ee"]) == pytest.approx(1.0)
        assert math.sqrt(of(point, "k_mu_nu_ee")["ratio"]) == pytest.approx(1.0, rel=0.01)
    for mass, applies in ((0.144, False), (0.146, True), (0.387, True), (0.389, False)):
        assert of(_point("B", mass, 1e-4, 0.0, 1e-3), "k_mu_nu_ee")["applies"] is applies
    silent = of(_point("C", 0.16, 1e-4, 1e-5, 1e-2), "k_mu_nu_ee")
    assert silent["prediction"] == 0.0


def test_pi_mu_nu_x_takes_the_worse_sample():
    # claims of the paper's figure 6: g = 0.1 at eps_z = eps is at the limit near 15 MeV, far below it if eps_z << eps
    point = _point("B", 0.015, 1e-4, 1e-4, 0.1)
    br = float(point.branching_ratios["nunu"])
    assert br == pytest.approx(0.61, abs=0.01)
    assert of(point, "pi_mu_nu_x")["ratio"] == pytest.approx(6.6e-6 / 1e-5, rel=0.01)
    assert _ratio(M_PI, 0.015, (1, 1, 0, 0, 0)) * 0.01 * br == pytest.approx(1.0e-5, rel=0.06)
    # R BR_inv of the whole spectrum, 2.2e-8 at eps_z/eps = 0.01: 71% of it in the upper sample
    hidden = of(_point("B", 0.010, 1e-4, 1e-6, 0.1), "pi_mu_nu_x")
    assert hidden["prediction"] == pytest.approx(0.71 * 2.2e-8, rel=0.01)
    slow = of(_point("C", 0.030, g_mu=0.1), "pi_mu_nu_x")
    assert slow["prediction"] == pytest.approx(6.6e-9, rel=THREE_DIGITS)
    for mass, applies in ((0.0339, True), (0.0340, False)):
        assert of(_point("C", mass, g_mu=0.1), "pi_mu_nu_x")["applies"] is applies


def test_z_width_counts_the_muon_couplings_only():
    entry = of(_point("B", 0.01, g_mu=0.1), "z_4l")
    assert entry["prediction"] == pytest.approx(0.08398 * 3.2104 * 0.01, rel=1e-4)
    assert entry["ratio"] == pytest.approx(entry["prediction"] / 0.0062)
    with_axial = of(_point("B", 0.01, g_mu=0.1, axial_mu=1.0), "z_4l")
    vv, aa, va = z_factors(M_Z, M_MU, 0.01, Z_LEFT, Z_RIGHT)
    assert with_axial["prediction"] == pytest.approx(0.08398 * 0.01 * (vv + aa + va), rel=1e-6)


def test_a_gauged_muon_number_needs_its_neutrino():
    """With g_numu = g_mu the current is conserved: `complete` knows, `lepton` does not."""
    case = Case.from_couplings("L_mu", {"v_mu": {"g_mu": 1.0}, "g_numu": {"g_mu": 1.0}})
    whole, bare = (
        of(zdscan.evaluate(case, 0.01, 0.0, 0.0, 1e-3, constraints=IDS, emission=emission), "w_width")["prediction"]
        for emission in ("complete", "lepton")
    )
    assert bare / whole > 1e4
    assert bare == pytest.approx(0.2265 * 7.67e4 * 1e-6, rel=1e-3)


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(["A", "B", "C"]),
    st.floats(0.01, 2.0),
    st.floats(-0.1, 0.1),
    st.floats(-0.1, 0.1),
    st.floats(-1.0, 1.0),
    st.sampled_from(["lepton", "complete"]),
)
def test_ratios_scale_as_the_square(case, mass, eps, eps_z, g_mu, emission):
    """Branching ratios of Z_D do not change if all couplings do, so every ratio here is homogeneous of degree two."""
    g_mu = 0.0 if case == "A" else g_mu
    one, three = (_point(case, mass, k * eps, k * eps_z, k * g_mu, emission=emission) for k in (1.0, 3.0))
    assert np.all(np.isfinite(one.ratios))
    assert np.all(one.ratios >= 0.0)
    np.testing.assert_allclose(three.ratios, 9.0 * one.ratios, rtol=CLOSED_FORM, atol=1e-300)


def test_zero_coupling():
    for mass in (0.01, 0.03, 0.16, 0.5, 2.0):
        assert not _point("B", mass).ratios.any()


def test_room_of_the_z_width():
    c = constants.load()
    error = math.hypot(c.error("Gamma_Z_exp")[0], c.error("Gamma_Z_SM")[0])
    assert c["Gamma_Z_room"] == pytest.approx(c["Gamma_Z_exp"] - c["Gamma_Z_SM"] + 2 * error, abs=5e-5)
