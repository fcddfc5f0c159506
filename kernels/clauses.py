"""Clauses: the one shape every constraint takes at a point. docs/constraints.md.

    value = transform(c + p(eps, eps_z, g_mu) * B) + offset
    ratio = max[(value - centre)/up, (centre - value)/down, 0]

B is 1 or a branching ratio Gamma_x/Gamma, p a polynomial of total degree four, transform the identity or the square
root. A clause that does not apply (mass outside its range, width below a least width) has ratio 0.
Branching ratios of a vector without open channel (Gamma = 0): invisible 1, all others 0.
"""

from __future__ import annotations

import numpy as np

from kernels.jit import njit

CONSTRAINT, APPLIES, CONSTANT, OFFSET, ROOT, CHANNEL, CENTRE, UP, DOWN, MIN_WIDTH, POLYNOMIAL = range(11)
DEGREE = 4
EXPONENTS = np.array(
    [(i, j, k) for i in range(DEGREE + 1) for j in range(DEGREE + 1 - i) for k in range(DEGREE + 1 - i - j)]
)
MONOMIALS = len(EXPONENTS)
LENGTH = POLYNOMIAL + MONOMIALS
INVISIBLE_CHANNEL, ELECTRON_CHANNEL, MUON_CHANNEL, HADRON_CHANNEL = 0, 1, 2, 3
CHANNELS = 4


@njit
def clause_polynomial(clause: np.ndarray, eps: float, eps_z: float, shift: float, out: np.ndarray) -> None:
    """p at fixed (eps, eps_z) as a polynomial in u = g_mu + shift: out float64[5], ascending."""
    eps_power = np.empty(DEGREE + 1)
    eps_z_power = np.empty(DEGREE + 1)
    eps_power[0] = eps_z_power[0] = 1.0
    for k in range(1, DEGREE + 1):
        eps_power[k] = eps_power[k - 1] * eps
        eps_z_power[k] = eps_z_power[k - 1] * eps_z
    out[:] = 0.0
    for m in range(MONOMIALS):
        i, j, k = EXPONENTS[m]
        out[k] += clause[POLYNOMIAL + m] * eps_power[i] * eps_z_power[j]
    if shift != 0.0:  # Taylor shift by repeated synthetic division
        for start in range(DEGREE):
            for k in range(DEGREE - 1, start - 1, -1):
                out[k] -= shift * out[k + 1]


@njit
def clause_values(
    clause: np.ndarray,
    polynomial: np.ndarray,
    channels: np.ndarray,
    u: np.ndarray,
    width: np.ndarray,
    inverse_width: np.ndarray,
    value: np.ndarray,
    ratio: np.ndarray,
) -> None:
    """value and ratio of one clause along a line; `ratio` is raised to the clause's ratio where that is larger.

    Parameters
    ----------
    channels : float64[4, 3], partial widths as polynomials in u: invisible, ee, mumu, hadrons.
    u, width, inverse_width, value, ratio : float64[n]; inverse_width is 0 where the width is.
    """
    channel = int(clause[CHANNEL])
    for i in range(u.shape[0]):
        x = u[i]
        p = (((polynomial[4] * x + polynomial[3]) * x + polynomial[2]) * x + polynomial[1]) * x + polynomial[0]
        if channel >= 0:
            partial = (channels[channel, 2] * x + channels[channel, 1]) * x + channels[channel, 0]
            fraction = partial * inverse_width[i]
            if width[i] == 0.0 and channel == INVISIBLE_CHANNEL:
                fraction = 1.0
            p *= fraction
        p += clause[CONSTANT]
        if clause[ROOT] != 0.0:
            p = np.sqrt(max(p, 0.0))
        p += clause[OFFSET]
        value[i] = p
        distance = p - clause[CENTRE]
        here = max(distance / clause[UP], -distance / clause[DOWN])
        if width[i] < clause[MIN_WIDTH]:
            here = 0.0
        ratio[i] = max(ratio[i], here)
