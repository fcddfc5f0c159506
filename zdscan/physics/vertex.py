"""The flavour-changing vertices b -> s, b -> d and s -> d per unit of each parameter. docs/penguin.md."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from zdscan.inputs import constants
from zdscan.kernels.physics.loops import E0, E2, M1, WW, penguin
from zdscan.physics import currents
from zdscan.physics.cases import COUPLINGS
from zdscan.physics.polynomial import Polynomial

Transition = Literal["bs", "bd", "sd"]


@dataclass(frozen=True, eq=False)
class Vertex:
    """The vertex of a transition per unit of (eps, eps_z, g_mu), complex128[3] each: e0, and e2 and m1 in GeV^-2.

    L = Z_nu qbar [(E0 + E2 q^2) gamma^nu P_L + M1 m_Q i sigma^(nu mu) q_mu P_R] Q. A vertex is equal to itself alone,
    so that what follows from it can be cached.
    """

    e0: NDArray[np.complex128]
    e2: NDArray[np.complex128]
    m1: NDArray[np.complex128]
    lambda_t: complex

    @cached_property
    def rows(self) -> tuple[list[complex], list[complex], list[complex]]:
        """The coefficients e0, e2 and m1 as lists of Python's numbers, which are quicker than short arrays."""
        return self.e0.tolist(), self.e2.tolist(), self.m1.tolist()

    @cached_property
    def e0_polynomial(self) -> Polynomial:
        """E0 as a polynomial in the parameters."""
        return Polynomial.linear(self.e0)

    @cached_property
    def e0_squared(self) -> Polynomial:
        """E0^2 as a polynomial in the parameters."""
        return self.e0_polynomial * self.e0_polynomial


def vertex(
    matrix: NDArray[np.float64],
    transition: Transition,
    fcnc_scale: float = 1.0,
    anomaly: currents.Term = "wess-zumino",
) -> Vertex:
    """The one-loop vertex of a transition, summed over u, c and t, for a coupling matrix float64[18, 3].

    fcnc_scale multiplies E0 of these loops, which without a Higgs sector is uncertain at 50-100% (docs/penguin.md). E0
    of the Wess-Zumino term is added to it where a column has one: it is a loop of two W alone, without Higgs sector.
    """
    c = constants.load()
    lambdas = np.array([c.complex(f"lambda_{transition}_{quark}") for quark in "uct"])
    x = np.array([(c[f"m_{quark}_loop"] / c["MW"]) ** 2 for quark in "uct"])
    scale = c["GF"] / (4.0 * math.sqrt(2.0) * math.pi**2)
    g = dict(zip(COUPLINGS, matrix, strict=True))
    couplings = np.ascontiguousarray(
        [g["v_u"] + g["a_u"], g["v_u"] - g["a_u"], g["gWW"], g["gpp"], g["gWp"], g["v_d"] + g["a_d"]]
    ).T

    def column(structure: int, prefactor: float) -> NDArray[np.complex128]:
        return np.array([penguin(np.ascontiguousarray(row), lambdas, x, structure, prefactor) for row in couplings])

    e0 = column(E0, scale * c["MW"] ** 2)
    # Where gauge invariance cancels E0 (any photon-like column), rounding leaves 1e-16 of the single terms.
    terms = scale * c["MW"] ** 2 * np.sum(np.abs(lambdas)) * np.max(np.abs(couplings), axis=1)
    e0[np.abs(e0) < 1e-13 * terms] = 0.0
    e0 *= fcnc_scale
    kept, _ = currents.coefficients(matrix, anomaly)
    if np.any(kept):
        one = np.zeros(6)
        one[WW] = 1.0
        k = scale * c["MW"] ** 2
        e0[kept != 0.0] += 4.0 * k * k * kept[kept != 0.0] * penguin(one, lambdas, x, E0, 1.0)
    return Vertex(
        e0=e0,
        e2=column(E2, scale),
        m1=column(M1, scale),
        lambda_t=complex(lambdas[2]),
    )
