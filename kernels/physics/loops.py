r"""One-loop vertex d_i -> d_j V for a vector V with arbitrary couplings, 't Hooft-Feynman gauge.

    L = V_nu dbar_j [ (E0 + E2 q^2) gamma^nu P_L + M1 m_i i sigma^{nu mu} q_mu P_R ] d_i + h.c.
    E0 = K sum_k lambda_k sum_c g_c F_E0^c(x_k),      E2, M1 = K/MW^2 sum_k lambda_k sum_c g_c F^c(x_k)

with K = GF MW^2/(4 sqrt2 pi^2), x_k = m_k^2/MW^2, k = u, c, t. Derivation and conventions: docs/penguin.md; limits:
Inami, Lim, Prog. Theor. Phys. 65 (1981) 297 (photon: E2 = D0, M1 = -D0'; Z: E0 = 4 C0).

Every function has the form F = [A(x) (x-1) + B(x) ln x]/(x-1)^n, constants that cancel by the GIM mechanism removed.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.polynomial import polynomial as _poly

E0, E2, M1 = 0, 1, 2
LEFT_UP, RIGHT_UP, WW, GOLDSTONE, W_GOLDSTONE, LEFT_DOWN = 0, 1, 2, 3, 4, 5

# (A, B, n) by structure and coupling; polynomials in ascending powers of x.
_FORMS: dict[tuple[int, int], tuple[list[float], list[float], int]] = {
    (E0, LEFT_UP): ([0, 1], [0, -2], 1),
    (E0, RIGHT_UP): ([0, 7 / 4, -1 / 4], [0, -2, 1, -1 / 2], 2),
    (E0, WW): ([0, -3], [0, 0, 3], 2),
    (E0, GOLDSTONE): ([0, 1 / 4, -3 / 4], [0, 0, 0, 1 / 2], 2),
    (E0, W_GOLDSTONE): ([0, 2], [0, 0, -2], 2),
    (E0, LEFT_DOWN): ([0, -3 / 4, -3 / 4], [0, 0, 1, 1 / 2], 2),
    (E2, LEFT_UP): ([0, -10 / 36, 5 / 36, 11 / 36], [-4 / 6, 12 / 6, -9 / 6], 4),
    (E2, RIGHT_UP): ([0, -11 / 9, 7 / 9, -2 / 9], [0, 2 / 3], 4),
    (E2, WW): ([0, 7 / 9, 10 / 9, -5 / 9], [0, 0, -2, 2 / 3], 4),
    (E2, GOLDSTONE): ([0, 2 / 36, -7 / 36, 11 / 36], [0, 0, 0, 0, -1 / 6], 4),
    (E2, W_GOLDSTONE): ([0, 1 / 6, -5 / 6, -2 / 6], [0, 0, 0, 1], 4),
    (E2, LEFT_DOWN): ([0], [0], 4),
    (M1, LEFT_UP): ([0, -5 / 12, 22 / 12, -5 / 12], [0, 1 / 2, -3 / 2], 4),
    (M1, RIGHT_UP): ([0, 11 / 12, -7 / 12, 2 / 12], [0, -1 / 2], 4),
    (M1, WW): ([0, 5 / 12, -10 / 12, -7 / 12], [0, 0, -1 / 2, 3 / 2], 4),
    (M1, GOLDSTONE): ([0, -5 / 12, -5 / 12, 4 / 12], [0, 0, 1, -1 / 2], 4),
    (M1, W_GOLDSTONE): ([0, -1 / 4, -1 / 4], [0, 0, 1 / 2], 3),
    (M1, LEFT_DOWN): ([0], [0], 4),
}
_DEGREE = 5
_TERMS = 48  # 0.4^48 < 1e-19
_SERIES_RADIUS = 0.4  # outside, the closed form keeps 13 digits


def _tabulate() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Coefficient arrays A, B, powers n, and the Taylor coefficients about x = 1 that follow from them.

    With d = x - 1 and ln x = sum_j (-1)^(j+1) d^j/j the numerator's terms below d^n vanish identically.
    """
    a, b = np.zeros((3, 6, _DEGREE)), np.zeros((3, 6, _DEGREE))
    power, taylor = np.ones((3, 6), dtype=np.int64), np.zeros((3, 6, _TERMS))
    for (structure, coupling), (first, second, n) in _FORMS.items():
        a[structure, coupling, : len(first)] = first
        b[structure, coupling, : len(second)] = second
        power[structure, coupling] = n
        # A and B in powers of d, by Horner's rule with x = 1 + d
        a_d: np.ndarray = np.zeros(1)
        b_d: np.ndarray = np.zeros(1)
        for c in first[::-1]:
            a_d = _poly.polyadd(_poly.polymul(a_d, [1.0, 1.0]), [c])
        for c in second[::-1]:
            b_d = _poly.polyadd(_poly.polymul(b_d, [1.0, 1.0]), [c])
        for term in range(_TERMS):
            m = term + n
            c = a_d[m - 1] if m - 1 < len(a_d) else 0.0
            for k in range(min(len(b_d), m)):
                c += b_d[k] * (-1.0) ** (m - k + 1) / (m - k)
            taylor[structure, coupling, term] = c
    return a, b, power, taylor


_A, _B, _POWER, _TAYLOR = _tabulate()


def loop_function(structure: int, coupling: int, x: float) -> float:
    """F^c(x) of docs/penguin.md for x > 0; relative accuracy 1e-12 from 1e-12 to 300, x = 1 included.

    Parameters
    ----------
    structure : 0 E0, 1 E2, 2 M1.
    coupling : 0 gL of up quarks, 1 gR of up quarks, 2 gWW, 3 g_phi_phi, 4 gW_phi, 5 gL of down quarks.
    x : (m/MW)^2.
    """
    d = x - 1.0
    total: float = 0.0
    if abs(d) < _SERIES_RADIUS:
        for k in range(_TERMS - 1, -1, -1):
            total = total * d + _TAYLOR[structure, coupling, k]
        return total
    rational = 0.0
    logarithmic = 0.0
    for k in range(_DEGREE - 1, -1, -1):
        rational = rational * x + _A[structure, coupling, k]
        logarithmic = logarithmic * x + _B[structure, coupling, k]
    total = rational * d + logarithmic * math.log(x)
    for _ in range(_POWER[structure, coupling]):
        total /= d
    return total


def penguin(couplings: np.ndarray, lambdas: np.ndarray, x: np.ndarray, structure: int, prefactor: float) -> complex:
    """prefactor x sum over u, c, t of lambda_k sum_c g_c F^c(x_k).

    Parameters
    ----------
    couplings : float64[6], (gL_u, gR_u, gWW, gpp, gWp, gL_d).
    lambdas : complex128[3], V_kj^* V_ki for k = u, c, t.
    x : float64[3], (m_k/MW)^2.
    structure : 0 E0 (dimensionless), 1 E2, 2 M1 (GeV^-2).
    prefactor : K for E0, K/MW^2 for E2 and M1.
    """
    total = 0.0 + 0.0j
    for k in range(3):
        inner = 0.0
        for c in range(6):
            inner += couplings[c] * loop_function(structure, c, x[k])
        total += lambdas[k] * inner
    return prefactor * total
