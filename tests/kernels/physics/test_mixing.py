"""Meson mixing by tree-level exchange: operators, vacuum insertion and flavio's amplitudes against the kernel."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.late import late
from tests.twins import dirac
from zdscan.kernels.physics import mixing

flavio = late("flavio")
config = late("flavio.config", "config")
amplitude = late("flavio.physics.mesonmixing.amplitude")
running = late("flavio.physics.running.running")

E0 = 1.3e-4 * np.exp(0.4j)  # any complex number
QUARKS = {"Bs": ("b", "s"), "B0": ("b", "d"), "K0": ("s", "d")}


def inputs(meson: str) -> dict[str, float]:
    """Masses, decay constant, bag factors of flavio's defaults, at its matching scale."""
    par = flavio.default_parameters.get_central_all()
    scale = config["renormalization scale"][f"{meson} mixing"]
    heavy, light = QUARKS[meson]
    bags = {f"bag{i}": par[f"bag_{meson}_{i}"] for i in (1, 2, 4)}
    masses = {"m_heavy": running.get_mq(heavy, par, scale), "m_light": running.get_mq(light, par, scale)}
    return {"m_meson": par[f"m_{meson}"], "decay_constant": par[f"f_{meson}"], **masses, **bags}


def kernel(e0: complex, mass: float, data: dict[str, float]) -> complex:
    order = ("m_meson", "decay_constant", "m_heavy", "m_light", "bag1", "bag2", "bag4")
    return mixing.mixing_amplitude(complex(e0), mass, *(float(data[name]) for name in order))


def wilson_coefficients(e0: complex, mass: float, data: dict[str, float]) -> dict[str, complex]:
    """L = sum C_i O_i of tree exchange: (e0^2/2)/(m^2 - M^2) [J.J - (q.J)(-q.J)/M^2], J = qbar gamma PL Q.

    With momentum q into the second vertex, q.J = S there and -S at the first, S = m_h qbar PR Q - m_l qbar PL Q by
    the Dirac equation, so the bracket is J.J + S S/M^2.
    """
    tree = e0**2 / (2 * (data["m_meson"] ** 2 - mass**2))
    h, light = data["m_heavy"], data["m_light"]
    return {
        "CVLL": tree,
        "CSRR": tree * h**2 / mass**2,
        "CSLL": tree * light**2 / mass**2,
        "CSLR": -2 * tree * h * light / mass**2,
    }


@pytest.mark.parametrize("meson", list(QUARKS))
@pytest.mark.parametrize("mass", [0.01, 0.1, 1.0, 3.0, 20.0, 1e4])
def test_against_flavio_with_its_operators(meson: str, mass: float) -> None:
    par = flavio.default_parameters.get_central_all()
    data = inputs(meson)
    pair = 2 * amplitude.meson_quark[meson]
    wc = {f"{name}_{pair}": c for name, c in wilson_coefficients(E0, mass, data).items()}
    standard = amplitude.M12(par, {}, meson)
    # large coefficients, so that subtracting the Standard Model costs no digits
    boost = 1e10 * abs(standard) / abs(kernel(E0, mass, data))
    new = (amplitude.M12(par, {k: boost * c for k, c in wc.items()}, meson) - standard) / boost
    assert kernel(E0, mass, data) == pytest.approx(new, rel=1e-12, abs=0)


@pytest.mark.parametrize("meson", list(QUARKS))
def test_heavy_mediator_is_the_left_left_vector_operator(meson: str) -> None:
    data = inputs(meson)
    me = amplitude.matrixelements(flavio.default_parameters.get_central_all(), meson)
    for mass, accuracy in ((1e3, 1e-3), (1e5, 1e-6)):
        assert kernel(E0, mass, data) == pytest.approx(E0**2 / (2 * mass**2) * me["CVLL"], rel=accuracy, abs=0)


def test_light_mediator_grows_like_its_longitudinal_part() -> None:
    """M -> 0 at fixed E0: only S S/M^2 is left; sign opposite to the J.J part, and the 5/8 of the vacuum insertion."""
    data = inputs("Bs") | {"bag1": 1.0, "bag2": 1.0, "bag4": 1.0}
    r = (data["m_meson"] / (data["m_heavy"] + data["m_light"])) ** 2
    h, light = data["m_heavy"], data["m_light"]
    transverse = kernel(E0, 1e5, data) * (-(1e5**2)) / data["m_meson"] ** 2  # the J.J part with 1/m^2 for -1/M^2
    for mass in (1e-3, 1e-4):
        bracket = -(r / mass**2) * (5 / 8 * (h**2 + light**2) + 3 / 2 * h * light)
        assert kernel(E0, mass, data) == pytest.approx(transverse * bracket, rel=1e-3, abs=0)


def vacuum_insertion(first: np.ndarray, second: np.ndarray, data: dict[str, float]) -> float:
    """<M|(qbar first Q)(qbar second Q)|Mbar>/(2 m) with |0><0| between all colour-singlet bilinears, Nc = 3.

    The meson is the matrix X = (c_A pslash + c_P) gamma5 with <0|qbar Gamma Q|Mbar> = tr(Gamma X), fixed by
    <0|qbar gamma^mu gamma5 Q|Mbar> = i f p^mu and <0|qbar gamma5 Q|Mbar> = -i f m^2/(m_h + m_l). Either bilinear
    annihilates it, or the Fierzed ones do (one trace through both, -1/3).
    """
    m, f = data["m_meson"], data["decay_constant"]
    p = np.array([m, 0.0, 0.0, 0.0])
    slash = dirac.slash(p)

    def state(direction: int) -> np.ndarray:  # +1 annihilated, -1 created: p changes sign
        axial = -1j * f * direction / 4
        pseudoscalar = -1j * f * m**2 / (data["m_heavy"] + data["m_light"]) / 4
        return axial * slash @ dirac.GAMMA5 + pseudoscalar * dirac.GAMMA5

    incoming, outgoing = state(+1), state(-1)
    mu = [dirac.GAMMA[k] @ dirac.GAMMA5 for k in range(4)]
    assert np.allclose([np.trace(g @ incoming) for g in mu], 1j * f * p), "normalisation of the axial current"

    def contraction(a: np.ndarray, b: np.ndarray) -> complex:
        singlet = np.trace(a @ incoming) * np.trace(b @ outgoing) + np.trace(b @ incoming) * np.trace(a @ outgoing)
        exchanged = np.trace(a @ incoming @ b @ outgoing) + np.trace(b @ incoming @ a @ outgoing)
        return singlet - exchanged / 3

    total = sum(contraction(a, b) for a, b in zip(np.atleast_3d(first), np.atleast_3d(second), strict=True))
    return complex(total / (2 * m))


def test_vacuum_insertion_factors() -> None:
    """1/3, -5/24 and 1/4 are vacuum insertion; bag factors multiply the leading term in r."""
    data = inputs("Bs")
    m, f = data["m_meson"], data["decay_constant"]
    r = (m / (data["m_heavy"] + data["m_light"])) ** 2
    upper = np.array([dirac.GAMMA[k] @ dirac.LEFT for k in range(4)])
    lower = np.array([dirac.METRIC[k, k] * upper[k] for k in range(4)])
    vll = vacuum_insertion(upper, lower, data)
    srr = vacuum_insertion(dirac.RIGHT[None], dirac.RIGHT[None], data)
    slr = vacuum_insertion(dirac.RIGHT[None], dirac.LEFT[None], data)
    assert vll == pytest.approx(m * f**2 / 3, rel=1e-12, abs=0)
    assert srr == pytest.approx(-5 / 24 * r * m * f**2, rel=1e-12, abs=0)
    assert slr == pytest.approx((r / 4 + 1 / 24) * m * f**2, rel=1e-12, abs=0)  # 1/24: no r, left out by convention
    # the kernel from these numbers: unit bag factors, H = -L
    mass = 0.3
    wc = wilson_coefficients(E0, mass, data)
    expected = -(wc["CVLL"] * vll + (wc["CSRR"] + wc["CSLL"]) * srr + wc["CSLR"] * (slr - m * f**2 / 24))
    unit = data | {"bag1": 1.0, "bag2": 1.0, "bag4": 1.0}
    assert kernel(E0, mass, unit) == pytest.approx(expected, rel=1e-12, abs=0)


@settings(max_examples=60, deadline=None)
@given(mass=st.floats(0.01, 2.0), size=st.floats(1e-8, 1.0), phase=st.floats(-3.14, 3.14))
def test_quadratic_in_the_vertex(mass: float, size: float, phase: float) -> None:
    data = inputs("Bs")
    e0 = size * np.exp(1j * phase)
    assert kernel(e0, mass, data) == pytest.approx(e0**2 * kernel(1.0, mass, data), rel=1e-12, abs=0)
    assert kernel(1.0, mass, data).imag == 0
    # below the meson's mass the longitudinal part wins: Delta M_s is increased for a real vertex
    assert kernel(1.0, mass, data).real > 0


def test_pole_changes_the_sign() -> None:
    data = inputs("Bs")
    m = data["m_meson"]
    below, above = (kernel(1.0, m * (1 + d), data).real for d in (-1e-6, 1e-6))
    assert below == pytest.approx(-above, rel=1e-4, abs=0)


@pytest.mark.parametrize(("mass", "delta"), [(0.01, 0.662657), (0.03, 0.0736274), (0.1, 6.62528e-3)])
def test_size_for_the_minimal_vertex(mass: float, delta: float) -> None:
    """|1 + 2 M12/(DeltaM lambda_t^2/|lambda_t|^2)| - 1 at eps_Z = 1e-3, evaluated once with flavio's operators."""
    e0 = 1e-3 * (-1.266199156208e-4 + 2.291402485199e-6j)
    lambda_t = -4.119293936909e-02 + 7.457752431333e-04j
    delta_m = 18.4 * 6.582119569e-13
    ratio = 2 * kernel(e0, mass, inputs("Bs")) / (delta_m * lambda_t**2 / abs(lambda_t) ** 2)
    assert abs(1 + ratio) - 1 == pytest.approx(delta, rel=2e-6, abs=0)
