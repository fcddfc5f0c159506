"""What loops of fermions induce, from explicit Dirac matrices and two-body widths; no formula of the program enters.

Triangle: the part of the loop with W+, W- and V that grows with ln(cut-off), as a tensor. With every propagator
expanded for large loop momentum l, S(l + a) = lslash/l^2 + aslash/l^2 - 2 l.a lslash/l^4, what is of first order in the
external momenta falls as 1/l^4, and

    integral d^4l/(2 pi)^4 f(l)/l^4 = i/(16 pi^2) ln(Lambda^2/m^2) <f>,    <f> the mean over directions of Euclidean l.

The mean of a polynomial of degree 4 is that over the 24 corners of the 24-cell, a spherical 5-design.

Self-energy: its logarithm is the integral of the spectral density, which is a width:
Z = (1/pi) integral ds/s Gamma(sqrt s)/sqrt s.
"""

from __future__ import annotations

import itertools

import numpy as np

from tests.twins.dirac import (
    GAMMA,
    LEFT,
    METRIC,
    bar,
    momentum,
    polarisations,
    slash,
    two_body_width,
    u_spinors,
    v_spinors,
)


def _corners() -> list[np.ndarray]:
    """The 24 corners (+-1, +-1, 0, 0)/sqrt 2 and permutations, as Minkowski vectors with l0 = i l4."""
    found = []
    for a, b in itertools.combinations(range(4), 2):
        for signs in itertools.product((1.0, -1.0), repeat=2):
            corner = np.zeros(4, dtype=complex)
            corner[[a, b]] = signs
            corner[0] *= 1j
            found.append(corner / np.sqrt(2.0))
    return found


def _propagator(loop: np.ndarray, added: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """S(l) and the part of S(l + a) of first order in a, without the factors i; l^2 = -1."""
    square, product = loop @ METRIC @ loop, loop @ METRIC @ added
    return slash(loop) / square, slash(added) / square - 2.0 * product * slash(loop) / square**2


def _first_order(vertices: list[np.ndarray], added: list[np.ndarray]) -> complex:
    """Mean over directions of Tr[v1 S(l+a1) v2 S(l+a2) v3 S(l+a3)] of first order in the a, times l^4."""
    total = 0.0 + 0.0j
    for loop in _corners():
        lines = [_propagator(loop, a) for a in added]
        for changed in range(3):
            product = np.eye(4, dtype=complex)
            for place, (vertex, line) in enumerate(zip(vertices, lines, strict=True)):
                product = product @ vertex @ line[place == changed]
            total += np.trace(product)
    return total / 24.0


def triangle(g_up: float, g_down: float, p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """M[alpha, beta, mu]/(g^2/(16 pi^2) ln) of W+ (p, alpha), W- (q, beta), V (-p-q, mu), all coming in.

    W+ ubar gamma PL d g/sqrt2 + h.c., V (g_up ubar gamma PL u + g_down dbar gamma PL d): i^6 from vertices and
    propagators, -1 from the loop and i from the integral leave the amplitude i M = + i g^2/2 [...].
    """
    zero = np.zeros(4)
    out = np.zeros((4, 4, 4), dtype=complex)
    current = [GAMMA[mu] @ LEFT for mu in range(4)]
    for alpha, beta, mu in itertools.product(range(4), repeat=3):
        # against the arrows: after W+ the line is u with l + p; V on u leaves l - q; W- turns u back into d
        on_up = _first_order([current[beta], current[mu], current[alpha]], [-q, p, zero])
        on_down = _first_order([current[mu], current[beta], current[alpha]], [p + q, p, zero])
        out[alpha, beta, mu] = 0.5 * (g_up * on_up + g_down * on_down)
    return out


def yang_mills(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """The tree vertex for gWW = 1 of the Lagrangian in docs/penguin.md, the momenta coming in, d_mu -> -i p_mu."""
    k = -p - q
    inverse = np.linalg.inv(METRIC)
    return (
        np.einsum("ab,m->abm", inverse, q - p)
        + np.einsum("bm,a->abm", inverse, k - q)
        + np.einsum("am,b->abm", inverse, p - k)
    )


def spectral_logarithm(left: float, right: float, left_2: float, right_2: float) -> float:
    """Coefficient of ln(Lambda^2/m^2) in the self-energy between two vectors, from spinors of light fermions.

    The vectors couple to fbar gamma (left PL + right PR) f and (left_2, right_2); for equal ones it is Gamma/(pi M).
    """
    mass, light = 10.0, 1e-4
    energy = np.sqrt(mass**2 / 4.0 - light**2)
    p1, p2 = momentum(light, np.array([0.0, 0.0, energy])), momentum(light, np.array([0.0, 0.0, -energy]))
    right_handed = np.eye(4) - LEFT
    total = 0.0
    for e in polarisations(np.array([mass, 0.0, 0.0, 0.0]), mass):
        for u, v in itertools.product(u_spinors(p1, light), v_spinors(p2, light)):
            first, second = (
                bar(u) @ slash(e) @ (a * LEFT + b * right_handed) @ v for a, b in ((left, right), (left_2, right_2))
            )
            total += (first * np.conj(second)).real / 3.0
    return float(two_body_width(mass, light, light, total)) / (np.pi * mass)
