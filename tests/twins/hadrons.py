"""Hadrons made by a light vector, from published amplitudes, by other means than zdscan and its tables.

Two pions: the tower of rho mesons of arXiv:1002.0279. Three pions: the amplitude of hep-ph/0512180; its width is of
explicit four-vectors, the current eps_{mu nu a b} p1^nu p2^a p3^b F being contracted with the Levi-Civita symbol.
pi0 gamma: the triangle of the anomaly, one polarisation after the other.
"""

from __future__ import annotations

import cmath
import math
import tomllib
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
from scipy.integrate import dblquad
from scipy.special import gamma

import zdscan

PION, NEUTRAL_PION = 0.13957039, 0.1349768  # GeV
ALPHA = 1 / 137.035999084


# ---- two pions ----------------------------------------------------------------------------------------------------

TOWER = 2000
RHO_MASSES = (0.77337, 1.490, 1.870, 2.12, 2.321, 2.567)
RHO_WIDTHS = (0.1471, 0.429, 0.357, 0.3, 0.444, 0.491)
RHO_STRENGTHS = (1.0, 0.59, 4.8e-2, 0.40, 0.43)  # of the excited ones
RHO_PHASES = (0.0, -2.2, -2.0, -2.9, 1.19)
MIXING = cmath.rect(0.00187, 0.106)
OMEGA = (0.7824, 0.00833)


def _velocity(s: float) -> float:
    return math.sqrt(max(1 - 4 * PION**2 / s, 0.0))


def _loop(s: float, mass: float, width: float) -> float:
    """Real part of the pion loop, before subtraction."""
    v, at = _velocity(s), _velocity(mass**2)
    return width / mass / math.pi * s * (v / at) ** 3 * math.log((1 + v) / (1 - v))


def gounaris_sakurai(s: float, mass: float, width: float) -> complex:
    """The propagator of a rho, 1 at s = 0."""
    pole, step = mass**2, 1e-5 * mass**2
    slope = (_loop(pole + step, mass, width) - _loop(pole - step, mass, width)) / (2 * step)
    at_pole = _loop(pole, mass, width)
    at_zero = -8 * PION**2 / math.pi * width / mass / _velocity(pole) ** 3 - at_pole + pole * slope
    real = _loop(s, mass, width) - at_pole - (s - pole) * slope
    running = math.sqrt(s) / mass * (_velocity(s) / _velocity(pole)) ** 3 * width
    return (pole + at_zero) / complex(pole - s + real, -math.sqrt(s) * running)


def pion_form_factors(mass: float) -> tuple[complex, complex]:
    """What the isovector current and the omega-like one make of pi+ pi-; their sum is the photon's form factor."""
    beta, s = 2.148, mass**2
    # Gamma(2 - beta + n)/Gamma(1 + n), by recursion: the arguments are large
    ratio, strengths = gamma(2 - beta), []
    for n in range(TOWER):
        ratio *= (1 - beta + n) / n if n else 1.0
        sign = -1 if n % 2 else 1
        strengths.append(
            sign
            * gamma(beta - 0.5)
            / (0.5 + n)
            / math.sqrt(math.pi)
            * math.sin(math.pi * (beta - 1 - n))
            / math.pi
            * ratio
        )
    masses = [*RHO_MASSES, *(RHO_MASSES[0] * math.sqrt(1 + 2 * n) for n in range(len(RHO_MASSES), TOWER))]
    widths = [*RHO_WIDTHS, *(RHO_WIDTHS[0] / RHO_MASSES[0] * m for m in masses[len(RHO_WIDTHS) :])]
    excited = [cmath.rect(c, p) for c, p in zip(RHO_STRENGTHS, RHO_PHASES, strict=True)]
    total = sum(strengths[1:6])
    strengths[1:6] = [c * total / sum(excited) for c in excited]
    parts = [c * gounaris_sakurai(s, m, w) for c, m, w in zip(strengths[1:], masses[1:], widths[1:], strict=True)]
    rho = 1.087633403691967 * gounaris_sakurai(s, RHO_MASSES[0], RHO_WIDTHS[0]) / (1 + MIXING)
    omega = OMEGA[0] ** 2 / complex(OMEGA[0] ** 2 - s, -OMEGA[0] * OMEGA[1])
    return rho + sum(parts), rho * MIXING * omega


def two_pions(mass: float, c_rho: float, c_omega: float) -> float:
    """R of V -> pi+ pi-: the width over M/(12 pi)."""
    isovector, isoscalar = pion_form_factors(mass)
    return _velocity(mass**2) ** 3 / 4 * abs(c_rho * isovector + c_omega * isoscalar) ** 2


# ---- three pions --------------------------------------------------------------------------------------------------

PERMUTATIONS = {p: round(np.linalg.det(np.eye(4)[list(p)])) for p in permutations(range(4))}


def _fixed(s: float, mass: float, width: float) -> complex:
    return mass**2 / complex(mass**2 - s, -mass * width)


def _rho_pair(s: float, mass: float, width: float, m1: float, m2: float) -> complex:
    running = width * mass**2 / s * max((s - (m1 + m2) ** 2) / (mass**2 - (m1 + m2) ** 2), 0.0) ** 1.5
    return mass**2 / complex(s - mass**2, math.sqrt(s) * running)


def three_pion_amplitude(
    q2: float, s: float, t: float, u: float, c: tuple[float, float, float], charged: float, neutral: float
) -> complex:
    """F of eps(p+, p-, p0) for currents c = (c_rho, c_omega, c_phi); s of the charged pair."""

    def pairs(mass: float, width: float) -> complex:
        return (
            _rho_pair(s, mass, width, charged, charged)
            + _rho_pair(t, mass, width, charged, neutral)
            + _rho_pair(u, mass, width, charged, neutral)
        )

    rho, omega, phi = c
    lowest = (
        18.20 * omega * _fixed(q2, 0.7824, 0.00869)
        - 0.87 * phi * _fixed(q2, 1.01924, 0.00414)
        - 0.77 * omega * _fixed(q2, 1.375, 0.250)
        - 1.12 * omega * _fixed(q2, 1.631, 0.245)
    )
    isoscalar = lowest * pairs(0.77609, 0.14446)
    isoscalar += -0.72 * phi * _fixed(q2, 1.01924, 0.00414) * pairs(1.465, 0.31)
    isoscalar += -0.59 * omega * _fixed(q2, 1.631, 0.245) * pairs(1.7, 0.235)
    low = _rho_pair(s, 0.77609, 0.14446, charged, charged) / 0.77609**2
    high = _rho_pair(s, 1.7, 0.26, charged, charged) / 1.7**2
    strength = 3.768 * 0.77609**2 * 0.185 * _fixed(q2, 0.78259, 0.00849) / 0.78259**2
    return isoscalar + rho * strength * (low - 0.1 * high)


def _current_squared(mass: float, p1: np.ndarray, p2: np.ndarray, p3: np.ndarray) -> float:
    """-J.J of J_mu = eps_{mu nu a b} p1^nu p2^a p3^b."""
    current = np.zeros(4)
    for (mu, nu, a, b), sign in PERMUTATIONS.items():
        current[mu] += sign * p1[nu] * p2[a] * p3[b]
    return float(current[1:] @ current[1:] - current[0] ** 2)


def three_pions(
    mass: float, c: tuple[float, float, float], charged: float = PION, neutral: float = NEUTRAL_PION
) -> float:
    """R of V -> pi+ pi- pi0, over the energies of the charged pions; Gamma = 1/(2M) 1/3 sum |M|^2 dPhi_3."""

    def integrand(plus: float, minus: float) -> float:
        zero = mass - plus - minus
        k1, k2 = math.sqrt(max(plus**2 - charged**2, 0.0)), math.sqrt(max(minus**2 - charged**2, 0.0))
        k3_squared = zero**2 - neutral**2
        if k1 == 0 or k2 == 0 or k3_squared <= 0:
            return 0.0
        cosine = (k3_squared - k1**2 - k2**2) / (2 * k1 * k2)
        if abs(cosine) >= 1:
            return 0.0
        p1 = np.array([plus, 0, 0, k1])
        p2 = np.array([minus, k2 * math.sqrt(1 - cosine**2), 0, k2 * cosine])
        p3 = np.array([mass, 0, 0, 0]) - p1 - p2
        s = mass**2 + neutral**2 - 2 * mass * zero
        t, u = (mass**2 + charged**2 - 2 * mass * energy for energy in (plus, minus))
        amplitude = three_pion_amplitude(mass**2, s, t, u, c, charged, neutral)
        return abs(amplitude) ** 2 * _current_squared(mass, p1, p2, p3)

    def lowest(minus: float) -> float:
        return ends(minus)[0]

    def highest(minus: float) -> float:
        return ends(minus)[1]

    def ends(minus: float) -> tuple[float, float]:
        """Energies of the positive pion in the decay of the pair with the neutral one."""
        pair = mass**2 + charged**2 - 2 * mass * minus
        root = math.sqrt(pair)
        own = (pair + charged**2 - neutral**2) / (2 * root)
        momentum = math.sqrt(max(own**2 - charged**2, 0.0))
        boost, energy = math.sqrt(max(minus**2 - charged**2, 0.0)) / root, (mass - minus) / root
        return energy * own - boost * momentum, energy * own + boost * momentum

    top = (mass**2 + charged**2 - (charged + neutral) ** 2) / (2 * mass)
    total, _ = dblquad(integrand, charged, top, lowest, highest, epsrel=2e-3)
    # dPhi_3 = dE+ dE-/(32 pi^3) after the angles
    return 12 * math.pi / mass * total / (6 * mass) / (32 * math.pi**3)


# ---- pi0 and a photon ---------------------------------------------------------------------------------------------


def quark_trace(v_u: float, v_d: float) -> float:
    """tr(tau_3 Q V)/tr(tau_3 Q Q): the coupling of V in the triangle of pi0 -> gamma V over a photon's, over e."""
    tau3, charges = np.diag([1.0, -1.0]), np.diag([2 / 3, -1 / 3])
    return float(np.trace(tau3 @ charges @ np.diag([v_u, v_d])) / np.trace(tau3 @ charges @ charges))


def pion_to_photons(f: float, m: float = NEUTRAL_PION) -> float:
    """Gamma(pi0 -> gamma gamma) of the anomaly, GeV."""
    return ALPHA**2 * m**3 / (64 * math.pi**3 * f**2)


def vector_to_pion_photon(mass: float, v_u: float, v_d: float, f: float, m: float = NEUTRAL_PION) -> float:
    """Gamma(V -> pi0 gamma) of the anomaly for a pointlike vector: polarisations summed one by one, GeV.

    The amplitude A eps(k1, e1, k2, e2) has A = alpha/(pi f) for two photons.
    """
    amplitude = ALPHA / (math.pi * f) * quark_trace(v_u, v_d) / math.sqrt(4 * math.pi * ALPHA)
    momentum = (mass**2 - m**2) / (2 * mass)
    photon, vector = np.array([momentum, 0, 0, momentum]), np.array([mass, 0, 0, 0])
    total = 0.0
    for e1 in np.eye(4)[1:3]:
        for e2 in np.eye(4)[1:4]:
            pseudoscalar = sum(
                sign * photon[i] * e1[j] * vector[k] * e2[n] for (i, j, k, n), sign in PERMUTATIONS.items()
            )
            total += (amplitude * pseudoscalar) ** 2
    return total / 3 * momentum / (8 * math.pi * mass**2)


def measured_pion_photon(mass: float, c_rho: float, c_omega: float, c_phi: float) -> float:
    """Gamma(V -> pi0 gamma) of SND's fit (arXiv:1601.08061) as DeLiVeR has it, with the mass of a charged pion, GeV."""
    q2, charged = mass**2, 0.13957061
    momentum = (q2 - charged**2) / (2 * mass)
    running = 0.1491 * 0.77526**2 / q2 * (max(q2 - 4 * charged**2, 0.0) / (0.77526**2 - 4 * charged**2)) ** 1.5
    total = 0j
    for c, m, gamma_m, strength, degrees in (
        (c_rho, 0.77526, running, 0.0426, -12.7),
        (c_omega, 0.78284, 0.00868, 0.0434, 0.0),
        (c_phi, 1.01952, 0.00421, 0.00303, 158.0),
        (c_omega, 1.45, 0.40, 0.00523, 180.0),
    ):
        total += c * cmath.rect(strength, math.radians(degrees)) * m**2 / complex(m**2 - q2, -mass * gamma_m)
    return momentum**3 * abs(total) ** 2 / (12 * math.pi)


# ---- the whole width, from the data files -------------------------------------------------------------------------


def _data(name: str) -> dict[str, Any]:
    return tomllib.loads((Path(zdscan.__file__).parent / "inputs" / "data" / name).read_text())


def _interpolated(name: str, mass: float) -> dict[str, float]:
    document = _data(name)
    rows = np.array(document["segment"][0]["rows"])
    return {
        column: float(np.interp(mass, rows[:, 0], rows[:, k], left=0.0)) for k, column in enumerate(document["columns"])
    }


def _line_shape(mass: float, meson: dict[str, Any]) -> complex:
    def momentum_cubed(s: float, masses: list[float]) -> float:
        plus, minus = (masses[0] + masses[1]) ** 2, (masses[0] - masses[1]) ** 2
        return ((s - plus) * (s - minus) / (4 * s)) ** 1.5 if s > plus else 0.0

    m, width = meson["mass"], meson["width"]
    running = sum(
        channel["share"] * momentum_cubed(mass**2, channel["masses"]) / momentum_cubed(m**2, channel["masses"])
        for channel in meson["channels"]
    )
    return m**2 / complex(m**2 - mass**2, -(m**2) * running * width / mass)


def complete_width(
    mass: float, vector: tuple[float, float, float], axial: tuple[float, float, float], f: float = 0.1302 / math.sqrt(2)
) -> float:
    """Gamma(hadrons) of the setting `complete` for couplings of u, d, s, GeV."""
    rho, omega, phi = vector[0] - vector[1], 3 * (vector[0] + vector[1]), -3 * vector[2]
    r = _interpolated("table_hadronic_R_fine.toml", mass)
    ratio = rho**2 * r["rr"] + omega**2 * r["oo"] + phi**2 * r["pp"]
    ratio += rho * omega * r["ro"] + rho * phi * r["rp"] + omega * phi * r["op"]
    width = mass / (12 * math.pi) * ratio
    if mass > NEUTRAL_PION:
        mesons = _data("vector_mesons.toml")
        screened = rho * _line_shape(mass, mesons["rho"]) + omega * _line_shape(mass, mesons["omega"])
        width += abs(screened / 2) ** 2 * vector_to_pion_photon(mass, 0.0, 1.0, f)
    a_u, a_d, a_s = axial
    s = _interpolated("table_axial_spectral.toml", mass)
    of_quarks = (a_u - a_d) ** 2 * s["ud"] + (a_u + a_d) ** 2 * s["0"]
    if mass > 2 * 0.493677:
        of_quarks += a_s**2 * (s["ud"] / 4 + s["s"] + 0.66 * math.sqrt(s["ud"] * s["s"]))
    return width + mass / (4 * math.pi) * of_quarks
