"""Two-body decays P -> P' V: explicit polarisation vectors, conserved currents, branching-ratio anchors."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import formulas
from tests.support.tolerances import PRINTED_SIX_DIGITS
from tests.twins import dirac
from tests.twins import loop_integrals as twin
from tests.twins.inputs import CHARGE, GF, GZ, LAMBDA, MW, SW2, X
from zdscan.kernels.physics import loops

M_B, M_K, M_PI = 5.27934, 0.493677, 0.13957039

# p -> f+(q^2), f0, fT: any smooth numbers do for the algebra
FORM_FACTORS = {
    "f+": lambda q2: 0.33 / (1 - q2 / 29),
    "f0": lambda q2: 0.33 / (1 - q2 / 37),
    "fT": lambda q2: 0.3 / (1 - q2 / 29),
}


def explicit_width(
    parent: float,
    daughter: float,
    mass: float,
    vector: complex,
    dipole: complex,
    form: dict[str, Callable[[float], float]],
) -> float:
    """Gamma for vector sbar gamma^nu PL b V_nu + dipole sbar i sigma^(nu mu) q_mu PR b V_nu.

    Matrix elements: <P'|sbar gamma^nu b|P> = f+ [(p+p')^nu - D/q^2 q^nu] + f0 D/q^2 q^nu, D = m^2 - m'^2, and
    <P'|sbar i sigma^(nu mu) q_mu b|P> = -fT/(m+m') [q^2 (p+p')^nu - D q^nu]; parity leaves half of PL, PR.
    """
    rng = np.random.default_rng(9)
    direction = rng.normal(size=3)
    three = dirac.breakup_momentum(parent, daughter, mass) * direction / np.linalg.norm(direction)
    p, k, q = np.array([parent, 0, 0, 0]), dirac.momentum(daughter, -three), dirac.momentum(mass, three)
    q2, difference = mass**2, parent**2 - daughter**2
    current = form["f+"](q2) * ((p + k) - difference / q2 * q) + form["f0"](q2) * difference / q2 * q
    tensor = -form["fT"](q2) / (parent + daughter) * (q2 * (p + k) - difference * q)
    amplitude = (vector * current + dipole * tensor) / 2
    squared = sum(abs(dirac.dot(amplitude, e)) ** 2 for e in dirac.polarisations(q, mass))
    return dirac.two_body_width(parent, daughter, mass, squared)


def reduced(parent: float, daughter: float, mass: float, vector: complex, dipole: complex) -> complex:
    """The one amplitude that is left: F = vector f+ - dipole M^2 fT/(m+m')."""
    q2 = mass**2
    return vector * FORM_FACTORS["f+"](q2) - dipole * q2 * FORM_FACTORS["fT"](q2) / (parent + daughter)


@pytest.mark.parametrize(("parent", "daughter"), [(M_B, M_K), (M_K, M_PI)])
def test_polarisation_sum_and_phase_space(parent: float, daughter: float) -> None:
    end = parent - daughter
    for mass in (0.01, 0.1, 0.3 * end, 0.9 * end, 0.9999 * end):
        for vector, dipole in ((1e-4 + 2e-5j, 0j), (0j, 1e-3 - 1e-3j), (1e-4 + 2e-5j, 1e-3 - 1e-3j)):
            exact = explicit_width(parent, daughter, mass, vector, dipole, FORM_FACTORS)
            value = formulas.pseudoscalar_width(parent, daughter, mass, reduced(parent, daughter, mass, vector, dipole))
            # the longitudinal vector of the twin cancels (E/M)^2 digits of the amplitude for light V
            assert value == pytest.approx(exact, rel=1e-11 + 4e-16 * (parent / mass) ** 2, abs=0)


@settings(max_examples=100, deadline=None)
@given(
    parent=st.floats(0.3, 6.0),
    share=st.floats(0.0, 0.8),
    fraction=st.floats(0.02, 0.999),
    re=st.floats(-1, 1),
    im=st.floats(-1, 1),
)
def test_width_at_random(parent: float, share: float, fraction: float, re: float, im: float) -> None:
    daughter = share * parent
    mass = fraction * (parent - daughter)
    one = {name: (lambda q2: 1.0) for name in ("f+", "f0", "fT")}
    value = formulas.pseudoscalar_width(parent, daughter, mass, complex(re, im))
    # 1 - fraction is what is left of the phase space: its rounding enters three times over two
    assert value == pytest.approx(
        explicit_width(parent, daughter, mass, complex(re, im), 0j, one), rel=1e-11 + 1e-14 / (1 - fraction), abs=1e-300
    )
    assert value >= 0
    doubled = formulas.pseudoscalar_width(2 * parent, 2 * daughter, 2 * mass, complex(re, im))
    assert doubled == pytest.approx(2 * value, rel=1e-9, abs=1e-300)  # F has no dimension


def test_closed_channel() -> None:
    for mass in (M_B - M_K, np.nextafter(M_B - M_K, 9), 5.0, 6.0, 100.0):
        assert formulas.pseudoscalar_width(M_B, M_K, mass, 1.0 + 0j) == pytest.approx(0.0, abs=1e-12)
    for mass in (5.0, 6.0, 100.0):  # also above m + m', where the phase-space polynomial is positive again
        assert formulas.pseudoscalar_width(M_B, M_K, mass, 1.0 + 0j) == 0


def test_conserved_current_has_no_longitudinal_growth() -> None:
    """E2 and dipole multiply q^2 gamma - q qslash and sigma q, transverse to q: the width falls with M."""
    masses = np.array([1e-3, 1e-2])
    q = dirac.momentum(masses[0], np.array([0.3, -0.2, 0.8]))
    total = np.array([4.0, 0.1, 0.2, -0.1])
    difference = dirac.dot(total, q).real
    assert abs(dirac.dot(masses[0] ** 2 * total - difference * q, q)) < 1e-12, "the tensor current is conserved"
    for vector_slope, dipole in ((1e-8, 0.0), (0.0, 1e-8), (2e-8, -1e-8)):
        widths = [
            formulas.pseudoscalar_width(M_B, M_K, m, reduced(M_B, M_K, m, vector_slope * m**2, dipole)) for m in masses
        ]
        assert widths[1] / widths[0] == pytest.approx(100.0, rel=1e-4, abs=0)
        explicit = explicit_width(M_B, M_K, masses[1], vector_slope * masses[1] ** 2, dipole, FORM_FACTORS)
        assert widths[1] == pytest.approx(explicit, rel=1e-9, abs=0)
    # not conserved: the 1/M^2 of the longitudinal polarisation, a Goldstone boson with coupling E0 D/(2 M)
    longitudinal = [formulas.pseudoscalar_width(M_B, M_K, m, reduced(M_B, M_K, m, 1e-6, 0j)) for m in masses]
    assert longitudinal[0] / longitudinal[1] == pytest.approx(100.0, rel=1e-4, abs=0)
    scalar = abs(1e-6 * FORM_FACTORS["f0"](0.0) * (M_B**2 - M_K**2) / (2 * masses[0])) ** 2
    assert longitudinal[0] == pytest.approx(dirac.two_body_width(M_B, M_K, 0.0, scalar), rel=1e-6, abs=0)


# --- BR = ZZ eps_Z^2 + AZ eps eps_Z + AA eps^2 from loop sums and flavio's form factors, lifetimes and masses

PREFACTOR = GF * MW**2 / (4 * np.sqrt(2) * np.pi**2)
SPOTS = {
    ("B+->K", 0.01): (3.13533e7, -0.508268, 2.06129e-9),
    ("B+->K", 0.1): (3.13534e5, -0.508268, 2.06129e-7),
    ("B+->K", 1.0): (3.13313e3, -0.507890, 2.05968e-5),
    ("K+->pi", 0.01): (5.72268e4, -0.31249, 5.796e-7),
    ("K+->pi", 0.1): (498.372, -0.28268, 5.450e-5),
    ("K+->pi", 0.2): (75.5238, -0.18949, 1.620e-4),
}
KL_SPOTS = {0.01: 6.20900e4, 0.1: 545.041, 0.2: 85.3032}


def coefficient(transition: str, vector: str, structure: int) -> complex:
    """E0, E2 or M1 per unit eps ("A") or eps_Z ("Z") from the kernel's loop functions."""
    couplings = {"A": twin.photon(), "Z": twin.z_boson(SW2)}[vector]
    numbers = np.array([float(couplings[c]) for c in twin.COUPLINGS])
    prefactor = PREFACTOR if structure == 0 else PREFACTOR / MW**2
    unit = CHARGE if vector == "A" else GZ
    return unit * loops.penguin(numbers, np.array(LAMBDA[transition]), X, structure, prefactor)


def amplitudes(channel: str, mass: float) -> tuple[complex, complex]:
    """F per unit eps_Z and per unit eps."""
    flavio = pytest.importorskip("flavio")
    par = flavio.default_parameters.get_central_all()
    q2 = mass**2
    if channel == "B+->K":
        transition, name, sum_of_masses, quark = "bs", "B->K form factor", par["m_B+"] + par["m_K+"], 4.09405
    else:
        transition, name, sum_of_masses, quark = "sd", "K->pi form factor", par["m_K+"] + par["m_pi+"], 0.092312
    form = flavio.classes.AuxiliaryQuantity[name].prediction(par, None, q2=q2)
    parts = []
    for vector in ("Z", "A"):
        e0 = coefficient(transition, vector, 0) if vector == "Z" else 0.0
        e2, m1 = coefficient(transition, vector, 1), coefficient(transition, vector, 2)
        if transition == "sd" and vector == "A":
            # the up and charm logarithms are not computable: |a+ + b+ z| of K+ -> pi+ l l, NA62 arXiv:2209.05076; real
            e2 = CHARGE * GF * abs(-0.575 - 0.722 * q2 / par["m_K+"] ** 2) / (8 * np.pi**2 * form["f+"])
        parts.append((e0 + e2 * q2) * form["f+"] - m1 * quark * q2 * form["fT"] / sum_of_masses)
    return parts[0], parts[1]


@pytest.mark.parametrize(("channel", "mass"), list(SPOTS))
def test_branching_ratio_anchors(channel: str, mass: float) -> None:
    flavio = pytest.importorskip("flavio")
    par = flavio.default_parameters.get_central_all()
    names = ("m_B+", "m_K+", "tau_B+") if channel == "B+->K" else ("m_K+", "m_pi+", "tau_K+")
    parent, daughter, lifetime = (par[n] for n in names)
    z, a = amplitudes(channel, mass)
    zz, aa = (lifetime * formulas.pseudoscalar_width(parent, daughter, mass, f) for f in (z, a))
    both = lifetime * formulas.pseudoscalar_width(parent, daughter, mass, z + 1e4 * a)
    az = (both - zz - 1e8 * aa) / 1e4
    printed = (PRINTED_SIX_DIGITS, PRINTED_SIX_DIGITS, PRINTED_SIX_DIGITS)
    if channel == "K+->pi":
        printed = (PRINTED_SIX_DIGITS, 3e-5, 3.2e-4)  # printed with fewer digits: half a last digit
    for value, spot, rounding in zip((zz, az, aa), SPOTS[channel, mass], printed, strict=True):
        assert value == pytest.approx(spot, rel=rounding, abs=0)


@pytest.mark.parametrize("mass", list(KL_SPOTS))
def test_long_lived_kaon_anchor(mass: float) -> None:
    """K_L -> pi0 V: CP odd, so only Im F counts (real lambda_u), with 1.0252 of pi0-eta mixing."""
    flavio = pytest.importorskip("flavio")
    par = flavio.default_parameters.get_central_all()
    z, _ = amplitudes("K+->pi", mass)
    width = formulas.pseudoscalar_width(par["m_K0"], par["m_pi0"], mass, complex(z.imag / 1.0252))
    assert par["tau_KL"] * width == pytest.approx(KL_SPOTS[mass], rel=3e-4, abs=0)
