"""Anomalies and Wess-Zumino terms from explicit matrices, and by sums over every fermion of the Standard Model.

Nothing is taken from formulas of the documentation: the anomaly of a left-handed current follows from the trace with a
heavy regulator field, vertices from the field strengths of plane waves, the loop of two W from its integrand, widths
from polarisation vectors. Masses of the vector and its coupling are 1 where they are not given.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from mpmath import mp

from tests.twins import dirac

_EPS3 = np.zeros((3, 3, 3))
for _p in itertools.permutations(range(3)):
    _EPS3[_p] = np.linalg.det(np.eye(3)[list(_p)])


class Fermion(NamedTuple):
    """A two-component field: its coupling to the vector, charge, isospin, number of copies, and whether left-handed."""

    coupling: float
    charge: float
    isospin: float
    copies: int
    left: bool


def standard_model(c: Mapping[str, float]) -> Iterator[Fermion]:
    """Every field of three generations with the couplings of a column of the matrix; c and t as u, b as d."""
    for name, charge, isospin, copies in (("u", 2 / 3, 0.5, 9), ("d", -1 / 3, -0.5, 9)):
        yield Fermion(c[f"v_{name}"] + c[f"a_{name}"], charge, isospin, copies, True)
        yield Fermion(c[f"v_{name}"] - c[f"a_{name}"], charge, 0.0, copies, False)
    for name in ("e", "mu", "tau"):
        yield Fermion(c[f"v_{name}"] + c[f"a_{name}"], -1.0, -0.5, 1, True)
        yield Fermion(c[f"v_{name}"] - c[f"a_{name}"], -1.0, 0.0, 1, False)
        yield Fermion(c[f"g_nu{name}"], 0.0, 0.5, 1, True)


def weak_anomaly(c: Mapping[str, float]) -> float:
    """A as the trace of g T3^2 over left-handed fields."""
    return sum(f.coupling * f.isospin**2 * f.copies for f in standard_model(c))


def hypercharge_anomaly(c: Mapping[str, float]) -> float:
    """A' as the trace of g Y^2, right-handed minus left-handed."""
    return sum((-1 if f.left else 1) * f.coupling * (f.charge - f.isospin) ** 2 * f.copies for f in standard_model(c))


def axial_anomaly(electric: np.ndarray, magnetic: np.ndarray) -> complex:
    """d_mu (psibar gamma^mu gamma5 psi) for unit charge in constant fields, by a regulator of mass M -> infinity.

    It is -2iM <psibar gamma5 psi> of the regulator, and that is -iM tr[gamma5 (sigma F/2)^2] times the integral
    d4k/(2 pi)^4 (k^2 - M^2)^-3 = -i/(32 pi^2 M^2).
    """
    field = np.zeros((4, 4))
    field[0, 1:], field[1:, 0] = electric, -electric  # F_0i = E^i, F_ij = -eps_ijk B^k
    field[1:, 1:] = -np.einsum("ijk,k->ij", _EPS3, magnetic)
    spin = sum(
        0.25j * (dirac.GAMMA[m] @ dirac.GAMMA[n] - dirac.GAMMA[n] @ dirac.GAMMA[m]) * field[m, n]
        for m in range(4)
        for n in range(4)
    )
    trace = np.trace(dirac.GAMMA5 @ spin @ spin)
    return complex((-2j) * (-1j) * (-1j / (32 * np.pi**2)) * trace)


def fields(momentum: np.ndarray, potential: np.ndarray, outgoing: bool) -> tuple[np.ndarray, np.ndarray]:
    """E and B of a plane wave of momentum k with potential e^mu."""
    sign = 1j if outgoing else -1j
    k, a = dirac.METRIC @ momentum, dirac.METRIC @ potential
    strength = sign * (np.outer(k, a) - np.outer(a, k))
    return strength[0, 1:], -0.5 * np.einsum("ijk,ij->k", _EPS3, strength[1:, 1:])


def e_dot_b(one: tuple[np.ndarray, np.ndarray], other: tuple[np.ndarray, np.ndarray]) -> complex:
    """The part of E.B in which either wave is once."""
    return complex(one[0] @ other[1] + other[0] @ one[1])


def monopole(g: float, m_w: float, quark_mass: float) -> float:
    """E0 of one quark, lambda = 1, for A = 1: the loop of two W with the vertex of a longitudinal vector.

    A vector of mass 1 is X = d(phi), which multiplies -phi on the divergence of the current: -2A doublets of g/2 tau^a
    with -1/2 of the axial anomaly each.
    """
    unit = float(axial_anomaly(np.array([0, 0, 1.0]), np.array([0, 0, 1.0])).real)  # per E.B
    strength = -(-0.5 * unit) * 2.0 * g**2 / 2.0  # L = strength phi E^a.B^a
    q = np.array([0.3, 0.1, -0.2, 0.7])
    average = np.zeros((4, 4), dtype=complex)  # over directions of the Euclidean momentum, |k| = 1
    basis = np.eye(4)
    for direction in range(4):
        k = np.zeros(4, dtype=complex)
        k[direction] = 1j if direction == 0 else 1.0
        for nu, sigma in itertools.product(range(4), repeat=2):
            # W^- with momentum k arrives, with k - q leaves; W1 W1 + W2 W2 = 2 W+ W-, and E.B counts a pair twice
            pair = e_dot_b(fields(k, basis[sigma], False), fields(k - q, basis[nu], True))
            numerator = dirac.GAMMA[nu] @ (-dirac.slash(k)) @ dirac.GAMMA[sigma] @ dirac.LEFT
            average += 0.25 * 1j * strength * pair * numerator
    structure = dirac.slash(q) @ dirac.LEFT
    n = np.trace(structure.conj().T @ average) / np.trace(structure.conj().T @ structure)
    assert np.allclose(average, n * structure, atol=1e-12)
    # vertices, quark and W propagators; d4k = i d4k_E, three denominators of one sign each; GIM: minus a massless quark
    factor = (1j * g / np.sqrt(2)) ** 2 * 1j * (-1j) ** 2 * 1j * (-1.0) / (16 * np.pi**2)
    m2, w2 = mp.mpf(quark_mass) ** 2, mp.mpf(m_w) ** 2
    cuts = [*sorted({mp.mpf(0), m2, w2}), mp.inf]
    radial = mp.quad(lambda t: -m2 * t / ((t + m2) * (t + w2) ** 2), cuts)
    amplitude = factor * n * float(radial)  # i M = amplitude qslash P_L, and E0 d(phi) gives -E0 qslash P_L
    assert abs(amplitude.imag) < 1e-12 * abs(amplitude)
    return -float(amplitude.real)


def z_to_gamma(c: Mapping[str, float], mass: float, m_z: float, e: float, gz: float, sw2: float) -> float:
    """Gamma(Z -> gamma V): the anomaly of every field in photon and Z, and a sum over polarisations."""
    unit = float(axial_anomaly(np.array([0, 0, 1.0]), np.array([0, 0, 1.0])).real)
    divergence = sum(
        (-0.5 if f.left else 0.5) * unit * f.coupling * f.copies * e * f.charge * gz * (f.isospin - f.charge * sw2)
        for f in standard_model(c)
    )
    energy = (m_z**2 - mass**2) / (2 * m_z)
    at_rest, photon = np.array([m_z, 0, 0, 0]), energy * np.array([1.0, 0, 0, 1.0])
    total = 0.0
    for first in np.eye(4)[1:]:
        for second in np.eye(4)[1:3]:
            pair = e_dot_b(fields(at_rest, first, False), fields(photon, second, True))
            total += abs(divergence * pair / mass) ** 2
    return dirac.two_body_width(m_z, 0.0, mass, total / 3)


def higgs_coupling(g: float, vev: float, charged: float, neutral: float) -> float:
    """Coupling to W and Goldstone boson over MW, from |(g/2 tau W + V Q) H|^2 with Q = diag(charged, neutral).

    The derivative is the second one with respect to the fields V, W+ and phi-, by finite differences that are exact for
    a polynomial of these degrees.
    """
    m_w = g * vev / 2

    def kinetic(v: float, w: float, phi: float) -> float:
        doublet = np.array([phi, vev / np.sqrt(2)])  # real fields: W+ = W- = w, phi+ = phi- = phi
        operator = g / np.sqrt(2) * np.array([[0, w], [w, 0]]) + v * np.diag([charged, neutral])
        return float(operator @ doublet @ (operator @ doublet))

    signs: Sequence[int] = (1, -1)
    mixed = sum(a * b * d * kinetic(a, b, d) for a in signs for b in signs for d in signs) / 8
    return mixed / 2 / m_w  # W+ phi- and W- phi+
