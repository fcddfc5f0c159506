"""B -> V' V and b -> s V: explicit polarisation vectors and spinors, flavio's helicity amplitudes, and the kernels."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import formulas
from tests.support.tolerances import PRINTED_SIX_DIGITS
from tests.twins import dirac
from tests.twins import loop_integrals as couplings_of
from tests.twins.inputs import CHARGE, GF, GZ, LAMBDA, MW, SW2, X
from zdscan.kernels.physics import loops, twobody

M_B, M_KST = 5.27966, 0.89555

LEVI_CIVITA = np.zeros((4, 4, 4, 4))
for _p in itertools.permutations(range(4)):
    LEVI_CIVITA[_p] = np.linalg.det(np.eye(4)[list(_p)])

# any smooth numbers do for the algebra, but T1(0) = T2(0)
FORM = {"V": 0.36, "A0": 0.34, "A1": 0.27, "A2": 0.24, "T1": 0.31, "T2": 0.3, "T3": 0.2}


def helicity_form_factors(parent: float, daughter: float, q2: float, form: dict[str, float]) -> tuple[float, float]:
    """A12 and T23 from A1, A2, T2, T3, arXiv:1503.05534."""
    kallen = (parent**2 - (daughter**2 + q2)) ** 2 - 4 * daughter**2 * q2
    a12 = (parent + daughter) ** 2 * (parent**2 - daughter**2 - q2) * form["A1"] - kallen * form["A2"]
    t23 = (parent**2 - daughter**2) * (parent**2 + 3 * daughter**2 - q2) * form["T2"] - kallen * form["T3"]
    return (
        a12 / (16 * parent * daughter**2 * (parent + daughter)),
        t23 / (8 * parent * daughter**2 * (parent - daughter)),
    )


def lower(vector: np.ndarray) -> np.ndarray:
    return dirac.METRIC @ vector


def explicit_amplitudes(
    parent: float, daughter: float, mass: float, vector: complex, dipole: complex, form: dict[str, float]
) -> np.ndarray:
    """A[polarisation of V', of V] of L = V_nu sbar [vector gamma^nu PL + dipole i sigma^(nu mu) q_mu PR] b.

    Matrix elements in the convention of hep-ph/0412079, with A0 kept although V is transverse to its momentum.
    """
    direction = np.array([0.3, -0.5, 0.8]) / np.linalg.norm([0.3, -0.5, 0.8])
    three = dirac.breakup_momentum(parent, daughter, mass) * direction
    p, k, q = np.array([parent, 0, 0, 0]), dirac.momentum(daughter, -three), dirac.momentum(mass, three)
    q2, total = mass**2, parent + daughter
    a3 = ((parent + daughter) * form["A1"] - (parent - daughter) * form["A2"]) / (2 * daughter)
    result = np.zeros((3, 3), dtype=complex)
    for i, eps in enumerate(dirac.polarisations(k, daughter)):
        along = dirac.dot(eps, q)
        cross = np.einsum("mnrs,n,r,s->m", LEVI_CIVITA, eps, p, k)  # eps_(mu nu rho sigma) eps^nu p^rho k^sigma
        current = cross * 2 * form["V"] / total - 1j * lower(eps) * total * form["A1"]
        current = current + 1j * lower(p + k) * along * form["A2"] / total
        current = current + 1j * lower(q) * along * 2 * daughter / q2 * (a3 - form["A0"])
        tensor = 1j * cross * 2 * form["T1"]
        tensor = tensor + form["T2"] * (lower(eps) * (parent**2 - daughter**2) - along * lower(p + k))
        tensor = tensor + form["T3"] * along * (lower(q) - q2 / (parent**2 - daughter**2) * lower(p + k))
        amplitude = vector * current / 2 + 1j * dipole * tensor / 2
        for j, eps_v in enumerate(dirac.polarisations(q, mass)):
            result[i, j] = amplitude @ eps_v
    return result


def kernel_arguments(parent: float, daughter: float, mass: float, form: dict[str, float]) -> tuple[float, ...]:
    a12, t23 = helicity_form_factors(parent, daughter, mass**2, form)
    return form["A1"], a12, form["V"], form["T1"], form["T2"], t23


VERTICES = [(1e-4 + 2e-5j, 0j), (0j, 1e-3 - 1e-3j), (1e-4 + 2e-5j, 1e-3 - 1e-3j), (1e-4, -2e-4)]


@pytest.mark.parametrize(("vector", "dipole"), VERTICES)
def test_helicity_sum_is_the_sum_over_polarisation_vectors(vector: complex, dipole: complex) -> None:
    for mass in (0.01, 0.1, 1.0, 3.0, 4.38):
        explicit = explicit_amplitudes(M_B, M_KST, mass, vector, dipole, FORM)
        exact = dirac.two_body_width(M_B, M_KST, mass, float((abs(explicit) ** 2).sum()))
        width = formulas.vector_width(M_B, M_KST, mass, vector, dipole, *kernel_arguments(M_B, M_KST, mass, FORM))
        # the longitudinal vector of the twin cancels (E/M)^2 digits
        assert width == pytest.approx(exact, rel=1e-11 + 4e-16 * (M_B / mass) ** 2)


def test_each_helicity() -> None:
    """Longitudinal with longitudinal, transverse with transverse: the two circular polarisations have H_+-."""
    for mass, (vector, dipole) in itertools.product((0.1, 1.0, 3.0), VERTICES):
        explicit = explicit_amplitudes(M_B, M_KST, mass, vector, dipole, FORM)
        zero, plus, minus = twobody.vector_amplitudes(
            M_B, M_KST, mass, vector, dipole, *kernel_arguments(M_B, M_KST, mass, FORM)
        )
        scale = abs(explicit).max()
        assert abs(explicit[2, 2]) == pytest.approx(abs(zero), abs=1e-11 * scale)
        assert abs(explicit[2, :2]).max() < 1e-11 * scale > abs(explicit[:2, 2]).max()
        # V flies along `three`, V' against it, so the same transverse basis up to signs: diagonalise
        circular = np.linalg.svd(explicit[:2, :2], compute_uv=False)
        assert sorted(circular) == pytest.approx(sorted([abs(plus), abs(minus)]), abs=1e-11 * scale)


@pytest.mark.parametrize(("vector", "dipole"), VERTICES)
def test_against_flavio(vector: complex, dipole: complex) -> None:
    """flavio's amplitudes with its coefficients v = E and 7 = -M1 M^2/2."""
    angular = pytest.importorskip("flavio.physics.bdecays.angular")
    flavio = pytest.importorskip("flavio")
    par = flavio.default_parameters.get_central_all()
    m_b = 4.09
    for parent, daughter, name in (("B0", "K*0", "B->K*"), ("Bs", "phi", "Bs->phi")):
        m_parent, m_daughter = par[f"m_{parent}"], par[f"m_{daughter}"]
        for mass in (0.01, 0.3, 2.0):
            q2 = mass**2
            ff = flavio.classes.AuxiliaryQuantity[f"{name} form factor"].prediction(par, None, q2=q2)
            wc = dict.fromkeys(("v", "vp", "a", "ap", "7", "7p", "p", "pp", "s", "sp", "t", "tp"), 0.0)
            wc |= {"v": vector, "7": -dipole / m_b * q2 / 2}
            h = angular.helicity_amps_v(q2, m_parent, m_daughter, m_b, 0.0, 0.0, 0.0, ff, wc, 1.0)
            arguments = (ff["A1"], ff["A12"], ff["V"], ff["T1"], ff["T2"], ff["T23"])
            amplitudes = twobody.vector_amplitudes(m_parent, m_daughter, mass, vector, dipole, *arguments)
            exact = [abs(h[helicity, "V"]) for helicity in ("0", "pl", "mi")]
            assert [abs(a) for a in amplitudes] == pytest.approx(exact, rel=1e-12)
            width = formulas.vector_width(m_parent, m_daughter, mass, vector, dipole, *arguments)
            squared = sum(abs(h[helicity, "V"]) ** 2 for helicity in ("0", "pl", "mi"))
            assert width == pytest.approx(dirac.two_body_width(m_parent, m_daughter, mass, squared), rel=1e-12)


@settings(max_examples=50, deadline=None)
@given(
    daughter=st.floats(0.1, 2.0),
    fraction=st.floats(0.05, 0.99),
    re=st.floats(-1, 1),
    dipole=st.floats(-1, 1),
    values=st.tuples(*[st.floats(-1, 1)] * 7),
)
def test_width_at_random(daughter: float, fraction: float, re: float, dipole: float, values: tuple[float, ...]) -> None:
    form = dict(zip(FORM, values, strict=True))
    mass = fraction * (M_B - daughter)
    vector = complex(re, 0.3)
    explicit = explicit_amplitudes(M_B, daughter, mass, vector, dipole, form)
    exact = dirac.two_body_width(M_B, daughter, mass, float((abs(explicit) ** 2).sum()))
    width = formulas.vector_width(M_B, daughter, mass, vector, dipole, *kernel_arguments(M_B, daughter, mass, form))
    unit = sum(abs(v) for v in values) ** 2 * M_B**4 / mass**2 / daughter**2  # size of the terms that cancel
    assert width == pytest.approx(exact, rel=1e-9, abs=1e-12 * unit)


def test_threshold() -> None:
    for mass in (M_B - M_KST, 4.5, 8.0):
        assert formulas.vector_width(M_B, M_KST, mass, 1.0 + 0j, 1.0 + 0j, *[0.3] * 6) == pytest.approx(0.0, abs=1e-7)
    assert formulas.vector_width(M_B, M_KST, 5.0, 1.0 + 0j, 1.0 + 0j, *[0.3] * 6) == 0


def test_light_vector_couples_like_its_goldstone_boson() -> None:
    """vector only, M -> 0: H_0 -> vector A0(0) sqrt(lambda)/(2 M), the matrix element of q sbar gamma PL b."""
    mass = 1e-4
    kallen = (M_B**2 - M_KST**2) ** 2
    a0 = ((M_B + M_KST) * FORM["A1"] - (M_B - M_KST) * FORM["A2"]) / (2 * M_KST)  # A3(0) = A0(0)
    expected = dirac.two_body_width(M_B, M_KST, 0.0, kallen * (a0 / (2 * mass)) ** 2)
    arguments = kernel_arguments(M_B, M_KST, mass, FORM)
    assert formulas.vector_width(M_B, M_KST, mass, 1.0 + 0j, 0j, *arguments) == pytest.approx(expected, rel=1e-6)


# --- inclusive


def explicit_quark_width(m_quark: float, mass: float, vector: complex, m1: complex) -> float:
    """b -> s V, massless s: spin average over b, sum over s and V; sigma^(nu mu) = i/2 [gamma^nu, gamma^mu]."""
    three = dirac.breakup_momentum(m_quark, 0.0, mass) * np.array([0.6, 0.0, 0.8])
    p, k, q = np.array([m_quark, 0, 0, 0]), dirac.momentum(0.0, -three), dirac.momentum(mass, three)
    squared = 0.0
    for eps in dirac.polarisations(q, mass):
        sigma = 0.5j * (dirac.slash(eps) @ dirac.slash(q) - dirac.slash(q) @ dirac.slash(eps))
        vertex = vector * dirac.slash(eps) @ dirac.LEFT + m1 * m_quark * 1j * sigma @ dirac.RIGHT
        for bra, ket in itertools.product(dirac.u_spinors(k, 0.0), dirac.u_spinors(p, m_quark)):
            squared += abs(dirac.bar(bra) @ vertex @ ket) ** 2 / 2
    return dirac.two_body_width(m_quark, 0.0, mass, squared)


def test_inclusive_width() -> None:
    for mass in (0.01, 0.1, 1.0, 3.0, 4.7):
        for vector, m1 in ((1e-4 + 1e-5j, 0j), (0j, 1e-5 - 3e-5j), (1e-4 + 1e-5j, 1e-5 - 3e-5j), (1e-4, -3e-6)):
            exact = explicit_quark_width(4.75, mass, vector, m1)
            value = formulas.inclusive_width(4.75, mass, vector, m1)
            assert value == pytest.approx(exact, rel=1e-11 + 4e-16 * (4.75 / mass) ** 2)
    for mass in (4.75, 5.0):
        assert formulas.inclusive_width(4.75, mass, 1.0 + 0j, 1.0 + 0j) == 0


# --- BR = ZZ eps_Z^2 + AZ eps eps_Z + AA eps^2

PREFACTOR = GF * MW**2 / (4 * np.sqrt(2) * np.pi**2)
SPOTS = {
    ("B0", "K*0", "B->K*", 0.01): (3.38321e7, -0.414612, 9.67552e-6),
    ("B0", "K*0", "B->K*", 0.1): (3.38707e5, -0.415287, 9.78163e-6),
    ("B0", "K*0", "B->K*", 1.0): (3.77071e3, -0.482376, 2.33206e-5),
    ("Bs", "phi", "Bs->phi", 0.1): (4.53040e5, -0.608876, 9.34567e-6),
    ("Bs", "phi", "Bs->phi", 1.0): (4.81038e3, -0.658510, 3.03251e-5),
}


def coefficients(vector: str) -> tuple[complex, complex, complex]:
    """E0, E2, M1 of b -> s per unit eps ("A") or eps_Z ("Z")."""
    couplings = {"A": couplings_of.photon(), "Z": couplings_of.z_boson(SW2)}[vector]
    numbers = np.array([float(couplings[c]) for c in couplings_of.COUPLINGS])
    unit = CHARGE if vector == "A" else GZ
    e0, e2, m1 = (
        unit * loops.penguin(numbers, np.array(LAMBDA["bs"]), X, k, PREFACTOR if k == 0 else PREFACTOR / MW**2)
        for k in range(3)
    )
    return (0j if vector == "A" else e0), e2, m1


@pytest.mark.parametrize(("parent", "daughter", "name", "mass"), list(SPOTS))
def test_branching_ratio_anchors(parent: str, daughter: str, name: str, mass: float) -> None:
    flavio = pytest.importorskip("flavio")
    par = flavio.default_parameters.get_central_all()
    m_b = flavio.physics.running.running.get_mb(par, 4.8)
    form = flavio.classes.AuxiliaryQuantity[f"{name} form factor"].prediction(par, None, q2=mass**2)

    def rate(eps_z: float, eps: float) -> float:
        (z0, z2, z1), (a0, a2, a1) = coefficients("Z"), coefficients("A")
        vertex = eps_z * (z0 + z2 * mass**2) + eps * (a0 + a2 * mass**2)
        dipole = (eps_z * z1 + eps * a1) * m_b
        arguments = tuple(form[n] for n in ("A1", "A12", "V", "T1", "T2", "T23"))
        masses = (par[f"m_{parent}"], par[f"m_{daughter}"], mass)
        return par[f"tau_{parent}"] * formulas.vector_width(*masses, vertex, dipole, *arguments)

    zz, aa = rate(1, 0), rate(0, 1)
    az = (rate(1, 1e4) - rate(1, -1e4)) / 2e4
    assert (zz, aa) == pytest.approx(
        (SPOTS[parent, daughter, name, mass][0], SPOTS[parent, daughter, name, mass][2]), rel=PRINTED_SIX_DIGITS
    )
    assert az == pytest.approx(SPOTS[parent, daughter, name, mass][1], rel=PRINTED_SIX_DIGITS)


def test_inclusive_anchors() -> None:
    flavio = pytest.importorskip("flavio")
    par = flavio.default_parameters.get_central_all()
    lifetime = (par["tau_B+"] + par["tau_B0"]) / 2
    for mass, spot in ((0.1, (4.1005e6, -5.186, 1.118e-4)), (1.0, (4.0766e4, -5.308, 2.576e-4))):
        parts = [(e0 + e2 * mass**2, m1) for e0, e2, m1 in (coefficients("Z"), coefficients("A"))]

        def rate(eps_z: float, eps: float, parts: list = parts, mass: float = mass) -> float:
            (z, z1), (a, a1) = parts
            return lifetime * formulas.inclusive_width(4.75, mass, eps_z * z + eps * a, eps_z * z1 + eps * a1)

        az = (rate(1, 1e4) - rate(1, -1e4)) / 2e4
        assert (rate(1, 0), az, rate(0, 1)) == pytest.approx(spot, rel=5e-4)
