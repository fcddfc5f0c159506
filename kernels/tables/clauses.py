"""Clauses: the one shape every constraint takes at a point. docs/constraints.md.

    value = transform(c + p(eps, eps_z, g_mu) * B) + offset
    ratio = max[(value - centre)/up, (centre - value)/down, 0]

B is 1 or a branching ratio Gamma_x/Gamma, p a polynomial of total degree four, transform the identity or the square
root. A clause that does not apply (mass outside its range, width below a least width) has ratio 0.
Branching ratios of a vector without open channel (Gamma = 0): invisible 1, all others 0.
"""

from __future__ import annotations

import numpy as np

from zdscan.kernels.jit import inner

CONSTRAINT, APPLIES, CONSTANT, OFFSET, ROOT, CHANNEL, CENTRE, UP, DOWN, MIN_WIDTH, POLYNOMIAL = range(11)
DEGREE = 4
# (i, j, k) of eps^i eps_z^j g_mu^k, all of one k together
EXPONENTS = np.array(
    [(i, j, k) for k in range(DEGREE + 1) for i in range(DEGREE + 1 - k) for j in range(DEGREE + 1 - k - i)]
)
_GROUP = np.searchsorted(EXPONENTS[:, 2], np.arange(DEGREE + 2))
MONOMIALS = len(EXPONENTS)
LENGTH = POLYNOMIAL + MONOMIALS
INVISIBLE_CHANNEL, ELECTRON_CHANNEL, MUON_CHANNEL, HADRON_CHANNEL = 0, 1, 2, 3
CHANNELS = 4


@inner
def line_products(eps: float, eps_z: float, products: np.ndarray) -> None:
    """eps^i eps_z^j of every monomial: products float64[35], the same for all clauses of a line."""
    for m in range(MONOMIALS):
        product = 1.0
        for _ in range(EXPONENTS[m, 0]):
            product *= eps
        for _ in range(EXPONENTS[m, 1]):
            product *= eps_z
        products[m] = product


@inner
def clause_polynomial(clauses: np.ndarray, c: int, products: np.ndarray, shift: float, out: np.ndarray) -> None:
    """p of clause c at fixed (eps, eps_z) as a polynomial in u = g_mu + shift: out float64[5], ascending."""
    for k in range(DEGREE + 1):
        total = 0.0
        for m in range(_GROUP[k], _GROUP[k + 1]):
            total += clauses[c, POLYNOMIAL + m] * products[m]
        out[k] = total
    if shift != 0.0:  # Taylor shift by repeated synthetic division
        for start in range(DEGREE):
            for k in range(DEGREE - 1, start - 1, -1):
                out[k] -= shift * out[k + 1]


@inner
def branching_fractions(
    channels: np.ndarray, u: np.ndarray, width: np.ndarray, inverse_width: np.ndarray, fractions: np.ndarray
) -> None:
    """Branching ratios along a line: fractions float64[4, n], in the order invisible, ee, mumu, hadrons.

    channels : float64[>=4, 3], partial widths in powers of u; inverse_width is 0 where the width is.
    """
    for k in range(CHANNELS):
        c0, c1, c2 = channels[k, 0], channels[k, 1], channels[k, 2]
        for i in range(u.shape[0]):
            fractions[k, i] = max((c2 * u[i] + c1) * u[i] + c0, 0.0) * inverse_width[i]
    for i in range(u.shape[0]):
        if width[i] == 0.0:
            fractions[INVISIBLE_CHANNEL, i] = 1.0


@inner
def clause_values(
    clause: np.ndarray,
    polynomial: np.ndarray,
    fractions: np.ndarray,
    u: np.ndarray,
    width: np.ndarray,
    value: np.ndarray,
    ratio: np.ndarray,
) -> None:
    """value and ratio of one clause along a line; `ratio` is raised to the clause's ratio where that is larger.

    One short loop per step, each without branches, so that every one of them vectorises.

    Parameters
    ----------
    fractions : of `branching_fractions`; u, width, value, ratio : float64[n].
    """
    n = u.shape[0]
    degree = DEGREE
    while degree > 0 and polynomial[degree] == 0.0:
        degree -= 1
    for i in range(n):
        value[i] = polynomial[degree]
    for k in range(degree - 1, -1, -1):
        c = polynomial[k]
        for i in range(n):
            value[i] = value[i] * u[i] + c
    channel = int(clause[CHANNEL])
    if channel >= 0:
        for i in range(n):
            value[i] *= fractions[channel, i]
    constant = clause[CONSTANT]
    if clause[ROOT] != 0.0:
        for i in range(n):
            value[i] = np.sqrt(max(value[i] + constant, 0.0))
        constant = 0.0
    constant += clause[OFFSET]
    centre, per_up, per_down = clause[CENTRE], 1.0 / clause[UP], 1.0 / clause[DOWN]
    least = clause[MIN_WIDTH]
    for i in range(n):
        value[i] += constant
        distance = value[i] - centre
        here = max(distance * per_up, -distance * per_down)
        here = here if width[i] >= least else 0.0
        ratio[i] = max(ratio[i], here)
