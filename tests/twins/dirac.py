"""Explicit Dirac matrices, spinors and polarisation vectors (numpy): amplitudes squared by summing over every state."""

from __future__ import annotations

import numpy as np

_I2 = np.eye(2, dtype=complex)
_PAULI = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]], dtype=complex)

METRIC = np.diag([1.0, -1.0, -1.0, -1.0])
GAMMA = np.zeros((4, 4, 4), dtype=complex)  # gamma^mu, Dirac representation
GAMMA[0] = np.kron(np.diag([1, -1]), _I2)
for _k in range(3):
    GAMMA[_k + 1] = np.kron(np.array([[0, 1], [-1, 0]]), _PAULI[_k])
GAMMA5 = 1j * GAMMA[0] @ GAMMA[1] @ GAMMA[2] @ GAMMA[3]
LEFT, RIGHT = (np.eye(4) - GAMMA5) / 2, (np.eye(4) + GAMMA5) / 2


def dot(a: np.ndarray, b: np.ndarray) -> complex:
    """a.b with metric (+,-,-,-), without conjugation."""
    return complex(a @ METRIC @ b)


def slash(p: np.ndarray) -> np.ndarray:
    """gamma.p."""
    return np.einsum("mab,m->ab", GAMMA, METRIC @ p)


def momentum(mass: float, three: np.ndarray) -> np.ndarray:
    """On-shell four-momentum."""
    return np.array([np.sqrt(mass**2 + three @ three), *three])


def u_spinors(p: np.ndarray, mass: float) -> list[np.ndarray]:
    """Two particle spinors, ubar u = 2 m, sum u ubar = pslash + m."""
    rest = np.eye(4, dtype=complex)
    return [(slash(p) + mass * np.eye(4)) @ rest[s] / np.sqrt(p[0] + mass) for s in (0, 1)]


def v_spinors(p: np.ndarray, mass: float) -> list[np.ndarray]:
    """Two antiparticle spinors, sum v vbar = pslash - m."""
    rest = np.eye(4, dtype=complex)
    return [(mass * np.eye(4) - slash(p)) @ rest[s] / np.sqrt(p[0] + mass) for s in (2, 3)]


def bar(spinor: np.ndarray) -> np.ndarray:
    """Dirac adjoint."""
    return spinor.conj() @ GAMMA[0]


def polarisations(q: np.ndarray, mass: float) -> list[np.ndarray]:
    """Three real polarisation vectors of a massive vector with momentum q (two transverse, one longitudinal)."""
    three = q[1:]
    size = np.linalg.norm(three)
    direction = three / size if size > 0 else np.array([0.0, 0.0, 1.0])
    helper = np.array([1.0, 0.0, 0.0]) if abs(direction[0]) < 0.9 else np.array([0.0, 1.0, 0.0])
    first = np.cross(direction, helper)
    first /= np.linalg.norm(first)
    second = np.cross(direction, first)
    return [np.array([0.0, *first]), np.array([0.0, *second]), np.array([size, *(q[0] * direction)]) / mass]


def breakup_momentum(parent: float, one: float, two: float) -> float:
    """Momentum of either product in the rest frame of the parent; factorised, exact at threshold."""
    product = (parent - one - two) * (parent + one + two) * (parent - one + two) * (parent + one - two)
    return np.sqrt(product) / (2 * parent)


def two_body_width(parent: float, one: float, two: float, squared_amplitude: float) -> float:
    """Gamma = |p| sum|M|^2/(8 pi parent^2); squared_amplitude summed over final and averaged over initial states."""
    return breakup_momentum(parent, one, two) * squared_amplitude / (8 * np.pi * parent**2)
