"""The penguin loop functions against Feynman-parameter integrals, textbook functions and exact identities."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from mpmath import mp, mpf

from tests.support.tolerances import LOOP_FUNCTION, LOOP_SUM
from tests.twins import dirac
from tests.twins import loop_integrals as twin
from tests.twins.inputs import CHARGE, GF, GZ, LAMBDA, MW, SW2, X
from zdscan.kernels.physics import loops

E0, E2, M1 = range(3)
KERNEL_ORDER = twin.COUPLINGS


def textbook(name: str, x: float | mpf) -> mpf:
    """Inami, Lim, Prog. Theor. Phys. 65 (1981) 297, in the form of the basic functions of Buras, hep-ph/9806471."""
    with mp.workdps(60):
        x = mpf(x)
        u, log = x - 1, mp.log(x)
        if name == "C0":
            return x / 8 * ((x - 6) / u + (3 * x + 2) / u**2 * log)
        if name == "D0":
            rational = (-19 * x**3 + 25 * x**2) / (36 * u**3)
            return -4 * log / 9 + rational + x**2 * (5 * x**2 - 2 * x - 6) / (18 * u**4) * log
        if name == "E0":
            rational = -x * (18 - 11 * x - x**2) / (12 * u**3)
            return -2 * log / 3 + rational + x**2 * (15 - 16 * x + 4 * x**2) / (6 * u**4) * log
        if name == "D0'":
            return (8 * x**3 + 5 * x**2 - 7 * x) / (12 * u**3) + x**2 * (2 - 3 * x) / (2 * u**4) * log
        if name == "E0'":
            return x * (x**2 - 5 * x - 2) / (4 * u**3) + 3 * x**2 / (2 * u**4) * log
        raise ValueError(name)


def kernel_sum(structure: int, couplings: dict[str, mpf], x: float) -> tuple[float, float]:
    """sum_c g_c F^c of the kernel and the sum of the moduli (the rounding yardstick)."""
    terms = [float(couplings[c]) * loops.loop_function(structure, k, x) for k, c in enumerate(KERNEL_ORDER)]
    return sum(terms), sum(abs(t) for t in terms)


def grid() -> list[float]:
    near = [10.0**k for k in np.linspace(-9, np.log10(0.3), 13)]
    seams = (0.7, 0.89999, 0.9, 1.0, 1.1, 1.10001, 1.3)
    return sorted({*np.geomspace(1e-12, 300.0, 20), *(1 + d for d in near), *(1 - d for d in near), *seams, *X})


# --- the twin itself


def test_on_shell_dirac_reduction_used_by_the_twin() -> None:
    rng = np.random.default_rng(1)
    mb = 1.3
    p1, three = dirac.momentum(mb, rng.normal(size=3)), rng.normal(size=3)
    p2 = dirac.momentum(0.0, three)
    q2 = dirac.dot(p1 - p2, p1 - p2)
    a1, a2, b1, b2 = rng.normal(size=4)
    a, b = a1 * p1 + a2 * p2, b1 * p1 + b2 * p2
    for sbar in (dirac.bar(s) for s in dirac.u_spinors(p2, 0.0)):
        for quark in dirac.u_spinors(p1, mb):
            for nu in range(4):
                gamma, scalar = sbar @ dirac.GAMMA[nu] @ dirac.LEFT @ quark, sbar @ dirac.RIGHT @ quark
                left = sbar @ dirac.slash(a) @ dirac.GAMMA[nu] @ dirac.slash(b) @ dirac.LEFT @ quark
                right = a1 * b1 * (2 * mb * p1[nu] * scalar - mb**2 * gamma)
                right += a1 * b2 * ((q2 - mb**2) * gamma + 2 * mb * p2[nu] * scalar)
                assert abs(left - right) < 1e-12 * (1 + abs(left))
                left = sbar @ dirac.GAMMA[nu] @ dirac.slash(p1) @ dirac.slash(p2) @ dirac.LEFT @ quark
                right = (mb**2 - q2) * gamma - 2 * mb * p2[nu] * scalar
                assert abs(left - right) < 1e-12 * (1 + abs(left))
                # the dipole: sbar i sigma^(nu mu) q_mu PR b = (p1+p2)^nu sbar PR b - m_b sbar gamma^nu PL b
                q = p1 - p2
                sigma = q[nu] * np.eye(4) - dirac.GAMMA[nu] @ dirac.slash(q)
                dipole = sbar @ sigma @ dirac.RIGHT @ quark
                assert abs(dipole - ((p1 + p2)[nu] * scalar - mb * gamma)) < 1e-12 * (1 + abs(left))


@pytest.mark.parametrize("x", ["1e-9", "0.03", "0.999999", "4.14", "250"])
def test_twin_satisfies_ward_identities_and_textbook_functions(x: str) -> None:
    with mp.workdps(twin.DIGITS):
        tiny = mpf(10) ** -35
        for couplings, functions in ((twin.photon(), ("D0", "D0'")), (twin.baryon_number(), ("E0", "E0'"))):
            assert abs(twin.combination("E0", couplings, x)) < tiny
            assert abs(twin.combination("E2", couplings, x) - textbook(functions[0], x)) < tiny
            assert abs(twin.combination("M1", couplings, x) + textbook(functions[1], x)) < tiny
        assert abs(twin.combination("E0", twin.z_boson(SW2), x) - 4 * textbook("C0", x)) < tiny


def test_twin_is_precise_to_its_digits() -> None:
    for x in (1e-12, 1 - 1e-9, 300.0):
        for structure, coupling in twin.TRIANGLES:
            value, better = (twin.loop_function(structure, coupling, x, digits) for digits in (twin.DIGITS, 70))
            assert abs(value - better) < mpf(10) ** -44


# --- kernels


@pytest.mark.parametrize("step", [4, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("structure", range(3), ids=twin.STRUCTURES)
@pytest.mark.parametrize("coupling", range(6), ids=twin.COUPLINGS)
def test_loop_function_everywhere(structure: int, coupling: int, step: int) -> None:
    names = twin.STRUCTURES[structure], twin.COUPLINGS[coupling]
    for x in grid()[::step]:
        value, exact = loops.loop_function(structure, coupling, float(x)), twin.loop_function(*names, float(x))
        assert abs(value - exact) <= LOOP_FUNCTION * twin.scale(*names, float(x)), (names, x, value, exact)


@settings(max_examples=30, deadline=None, phases=(Phase.generate,))
@given(x=st.floats(1e-12, 300.0), structure=st.integers(0, 2), coupling=st.integers(0, 5))
def test_loop_function_at_random(x: float, structure: int, coupling: int) -> None:
    names = twin.STRUCTURES[structure], twin.COUPLINGS[coupling]
    exact = twin.loop_function(*names, x)
    assert abs(loops.loop_function(structure, coupling, x) - exact) <= LOOP_FUNCTION * twin.scale(*names, x)


@pytest.mark.parametrize("coupling", range(6), ids=twin.COUPLINGS)
@pytest.mark.parametrize("structure", range(3), ids=twin.STRUCTURES)
def test_no_jump_where_the_evaluation_changes(structure: int, coupling: int) -> None:
    """Fourth differences on a fine mesh through x = 1 show a jump, if any: h^4 F'''' is below 1e-13 there."""
    x = np.linspace(0.6, 1.4, 4001)
    f = np.array([loops.loop_function(structure, coupling, t) for t in x])
    assert np.all(np.isfinite(f))
    assert np.abs(np.diff(f, 4)).max() < LOOP_FUNCTION * max(1.0, np.abs(f).max())


@pytest.mark.parametrize("x", [1e-10, 2.5e-4, 0.3, 1 - 1e-5, 1.0 + 1e-3, 4.137823, 90.0])
def test_photon_and_gluon_limits(x: float) -> None:
    for couplings, functions in ((twin.photon(), ("D0", "D0'")), (twin.baryon_number(), ("E0", "E0'"))):
        value, size = kernel_sum(E0, couplings, x)
        assert abs(value) < 1e-12 * size, "current conservation: no monopole at q = 0"
        value, size = kernel_sum(E2, couplings, x)
        assert abs(value - textbook(functions[0], x)) < 2e-12 * size
        value, size = kernel_sum(M1, couplings, x)
        assert abs(value + textbook(functions[1], x)) < 2e-12 * size


@pytest.mark.parametrize("x", [1e-10, 2.5e-4, 0.3, 1 - 1e-5, 1.0 + 1e-3, 4.137823, 90.0])
def test_z_limits(x: float) -> None:
    value, size = kernel_sum(E0, twin.z_boson(SW2), x)
    assert abs(value - 4 * textbook("C0", x)) < 2e-12 * size
    for structure in (E0, E2, M1):
        photon = kernel_sum(structure, twin.photon(), x)[0]
        reference, size = kernel_sum(structure, twin.z_boson(0), x)
        for sw2 in (0.1, SW2, 0.9):
            value, other = kernel_sum(structure, twin.z_boson(sw2), x)
            assert abs(value + sw2 * photon - reference) < 2e-12 * (size + other)


def test_only_yukawa_respecting_couplings_are_finite() -> None:
    """With the pole (x/2)(gR - gpp - gD)/eps of E0 goes -(x/2)(gR - gpp - gD) ln x for heavy quarks."""
    generic = np.array([0.3, -0.8, 0.7, 0.4, -0.2, 0.5])
    respecting = generic.copy()
    respecting[3] = respecting[1] - respecting[5]
    for couplings in (generic, respecting):
        pole = sum(g * float(twin.POLES[c][1]) for g, c in zip(couplings, KERNEL_ORDER, strict=True))
        over_x = [sum(g * loops.loop_function(E0, k, x) for k, g in enumerate(couplings)) / x for x in (1e8, 1e9)]
        assert (over_x[1] - over_x[0]) / np.log(10) == pytest.approx(-pole, abs=1e-6)
    assert pole == pytest.approx(0.0, abs=1e-15)
    for couplings in (twin.photon(), twin.z_boson(SW2), twin.baryon_number()):
        assert couplings["pp"] == pytest.approx(couplings["R"] - couplings["D"], abs=1e-15)


def test_small_mass_logarithm_is_the_quark_vacuum_polarisation() -> None:
    """E2 -> -(2/3) gL ln x: the mixing of the four-quark operator into the vector current, blind to the weak scale."""
    steps = [loops.loop_function(E2, k, 1e-11) - loops.loop_function(E2, k, 1e-10) for k in range(6)]
    expected = [2 / 3 * np.log(10), 0, 0, 0, 0, 0]
    assert np.allclose(steps, expected, atol=1e-8, rtol=0)


# --- sums over u, c, t

# The sums per unit eps (A: photon, factor e) or eps_Z (Z: factor g/cos), GeV^-2 (E0: 1), from a symbolic calculation
# with D-dimensional Dirac algebra and tensor reduction.
SUMS = {
    ("bs", "A", E2): 1.093465701985e-8 - 4.669025024499e-10j,
    ("bs", "A", M1): 9.783533851856e-10 - 1.771935066796e-11j,
    ("bs", "Z", E0): -1.266199156208e-4 + 2.291402485199e-6j,
    ("bs", "Z", E2): 1.283753496801e-8 - 5.736188202599e-10j,
    ("bs", "Z", M1): 1.85361048831e-9 - 3.361412137421e-11j,
    ("bd", "A", E2): -1.570332799854e-9 - 2.0237941459e-9j,
    ("bd", "A", M1): -1.895694780884e-10 - 7.680472467548e-11j,
    ("bd", "Z", E0): 2.453815430574e-5 + 9.932109832598e-6j,
    ("bd", "Z", E2): -1.791664657385e-9 - 2.486357225178e-9j,
    ("bd", "Z", M1): -3.590756567625e-10 - 1.457007869946e-10j,
    ("sd", "A", E2): 7.958020824779e-8 + 3.658309756149e-11j,
    ("sd", "A", M1): 9.778089413704e-12 + 3.30984726295e-12j,
    ("sd", "Z", E0): -7.152333446181e-7 - 4.28368075368e-7j,
    ("sd", "Z", E2): 1.00955931719e-7 + 4.29105793621e-11j,
    ("sd", "Z", M1): 3.112895648096e-11 + 6.270846633209e-12j,
}


def twin_sum(transition: str, couplings: dict[str, mpf], structure: int) -> complex:
    with mp.workdps(30):
        k = mpf(GF) * mpf(MW) ** 2 / (4 * mp.sqrt(2) * mp.pi**2)
        if structure != E0:
            k /= mpf(MW) ** 2
        functions = [twin.combination(twin.STRUCTURES[structure], couplings, x) for x in X]
        return complex(k * mp.fsum(mp.mpc(lam) * f for lam, f in zip(LAMBDA[transition], functions, strict=True)))


@pytest.mark.parametrize(("transition", "vector", "structure"), list(SUMS))
def test_sum_over_up_quarks(transition: str, vector: str, structure: int) -> None:
    couplings = {"A": twin.photon(), "Z": twin.z_boson(SW2)}[vector]
    unit = {"A": CHARGE, "Z": GZ}[vector]
    prefactor = GF * MW**2 / (4 * np.sqrt(2) * np.pi**2) / (1.0 if structure == E0 else MW**2)
    vectorised = np.array([float(couplings[c]) for c in KERNEL_ORDER])
    value = unit * loops.penguin(vectorised, np.array(LAMBDA[transition]), X, structure, prefactor)
    exact = unit * twin_sum(transition, couplings, structure)
    quoted = SUMS[transition, vector, structure]
    # real and imaginary parts on their own: the imaginary part of s -> d is a small remainder of large terms
    for part in (np.real, np.imag):
        assert abs(part(value) - part(exact)) <= LOOP_SUM * abs(part(exact)) + 1e-14 * abs(exact)
        assert abs(part(exact) - part(quoted)) <= LOOP_SUM * abs(part(quoted)) + 1e-12 * abs(quoted)


def test_penguin_is_linear_and_unitarity_removes_a_common_mass() -> None:
    rng = np.random.default_rng(7)
    lambdas = np.array(LAMBDA["bs"])
    one, two = rng.normal(size=6), rng.normal(size=6)
    for structure in range(3):
        both = loops.penguin(2 * one - 3 * two, lambdas, X, structure, 0.7)
        parts = [loops.penguin(g, lambdas, X, structure, 0.7) for g in (one, two)]
        assert both == pytest.approx(2 * parts[0] - 3 * parts[1], rel=1e-11, abs=0)
        equal = loops.penguin(one, lambdas, np.full(3, 2.0), structure, 1.0)
        assert abs(equal) < 1e-10, "equal masses: the sum over u, c, t vanishes with the sum of the CKM factors"
