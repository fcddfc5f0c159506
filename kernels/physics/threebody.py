"""Dalitz integrals of B -> f(p) f'(k) V(q): the rule all three-body processes share. docs/constraints-charged.md.

    s = (p+q)^2, t = (k+q)^2, u = (p+k)^2,   y = s - m_f^2,  z = t - m_f'^2,  w = m_B^2 - u = y + z - M^2

y, z, w are the denominators of emission from f, f' and B. The squared amplitude is rational in them, with poles just
outside the Dalitz region when M is small. So the inner integral runs over ln y, whose next singularity is at an
imaginary part of pi. The outer one runs, in the lower half of its range, over the relative rapidity of V and f' (ln t
for massless f'), in the upper half over the rapidity of f in the rest frame of B: these absorb the square roots of the
limits. Gauss-Legendre panels throughout.
"""

from __future__ import annotations

import numpy as np

from kernels.jit import njit

_X12, _W12 = np.polynomial.legendre.leggauss(12)
_X16, _W16 = np.polynomial.legendre.leggauss(16)
_X24, _W24 = np.polynomial.legendre.leggauss(24)
_X36, _W36 = np.polynomial.legendre.leggauss(36)
_PANEL = 3.0  # width of an outer panel; singularities are at an imaginary part of pi/2


@njit
def _rapidity(gap: float, scale: float) -> float:
    """eta >= 0 with gap = 4 scale sinh^2(eta/2) = 2 scale (cosh eta - 1)."""
    return 2.0 * np.arcsinh(np.sqrt(max(gap, 0.0) / (4.0 * scale)))


@njit
def outer_rule(m_parent: float, m_f: float, m_other: float, mass: float, t_low: float, t_high: float) -> np.ndarray:
    """Nodes of the outer integral: rows (t, weight of dt, y_low, log(y_high/y_low)).

    Parameters
    ----------
    t_low, t_high : part of the range of t, inside (m_other + mass)^2 .. (m_parent - m_f)^2; GeV^2.
    """
    first, last = (m_other + mass) ** 2, (m_parent - m_f) ** 2
    middle = min(max(0.5 * (first + last), t_low), t_high)
    if m_other > 0.0:
        scale = m_other * mass
        low, low_end = _rapidity(t_low - first, scale), _rapidity(middle - first, scale)
    else:
        scale = 0.0
        low, low_end = np.log1p(max(t_low - first, 0.0) / first), np.log1p((middle - first) / first)
    high_end, high = _rapidity(last - middle, m_parent * m_f), _rapidity(last - t_high, m_parent * m_f)
    low_panels = int(np.ceil((low_end - low) / _PANEL))
    high_panels = int(np.ceil((high_end - high) / _PANEL))
    rule = np.empty((12 * (low_panels + high_panels), 4))
    for n in range(low_panels + high_panels):
        for i in range(12):
            if n < low_panels:
                step = (low_end - low) / low_panels
                x = low + step * (n + 0.5 + 0.5 * _X12[i])
                if m_other > 0.0:
                    above = 4.0 * scale * np.sinh(0.5 * x) ** 2
                    slope = 2.0 * scale * np.sinh(x)
                else:
                    above = first * np.expm1(x)
                    slope = first * np.exp(x)
                t = first + above
                below = last - t
            else:
                step = (high_end - high) / high_panels
                x = high + step * (n - low_panels + 0.5 + 0.5 * _X12[i])
                below = 4.0 * m_parent * m_f * np.sinh(0.5 * x) ** 2
                slope = 2.0 * m_parent * m_f * np.sinh(x)
                t = last - below
                above = t - first
            # energies and momenta of f and V where f' and V together are at rest, times 2 sqrt(t)
            e_f = m_parent * m_parent - t - m_f * m_f
            e_v = t + mass * mass - m_other * m_other
            p_f = np.sqrt(below * (below + 4.0 * m_parent * m_f))
            p_v = np.sqrt(above * (above + 4.0 * m_other * mass))
            forward = ((e_f * mass) ** 2 + (m_f * p_v) ** 2) / (e_f * e_v + p_f * p_v)  # e_f e_v - p_f p_v
            y_low = mass * mass + 2.0 * forward
            row = rule[12 * n + i]
            row[0], row[1], row[2] = t, 0.5 * step * _W12[i] * slope, y_low
            row[3] = np.log1p(p_f * p_v / (t * y_low))
    return rule


@njit
def inner_count(log_range: float) -> int:
    """Number of Gauss-Legendre nodes that a range of ln y needs."""
    if log_range < 4.0:
        return 12
    if log_range < 7.0:
        return 16
    return 24 if log_range < 10.0 else 36


@njit
def inner_node(j: int, count: int, y_low: float, log_range: float) -> tuple[float, float]:
    """(y, weight) of inner node j < count; the weight is that of dy."""
    if count == 12:
        x, weight = _X12[j], _W12[j]
    elif count == 16:
        x, weight = _X16[j], _W16[j]
    elif count == 24:
        x, weight = _X24[j], _W24[j]
    else:
        x, weight = _X36[j], _W36[j]
    y = y_low * np.exp(0.5 * log_range * (1.0 + x))
    return y, 0.5 * log_range * weight * y


@njit
def scalar_products(
    b: np.ndarray, m_f2: float, m_other2: float, p2: float, v2: float, y: float, z: float
) -> tuple[float, float, float, float]:
    """(p.k, p.q, k.q, w); b float64[3, 5] gets the products of 2p+q, 2k+q, 2P-q (rows) with k, p and one another.

    The products of the rows with q are y, z and w. p2 and v2 are the squared masses of the parent and of V.
    """
    w = y + z - v2
    pk = 0.5 * (p2 + v2 - m_f2 - m_other2 - y - z)
    pq = 0.5 * (y - v2)
    kq = 0.5 * (z - v2)
    b[0, 0] = 2.0 * pk + kq
    b[0, 1] = 2.0 * m_f2 + pq
    b[1, 0] = 2.0 * m_other2 + kq
    b[1, 1] = 2.0 * pk + pq
    b[2, 0] = b[0, 0] + 2.0 * m_other2
    b[2, 1] = b[1, 1] + 2.0 * m_f2
    b[0, 2] = 4.0 * m_f2 + 4.0 * pq + v2
    b[1, 3] = 4.0 * m_other2 + 4.0 * kq + v2
    b[2, 4] = 4.0 * p2 - 2.0 * w - v2
    b[0, 3] = b[1, 2] = 4.0 * pk + 2.0 * pq + 2.0 * kq + v2
    b[0, 4] = b[2, 2] = b[0, 2] + 2.0 * b[0, 0]
    b[1, 4] = b[2, 3] = b[1, 3] + 2.0 * b[1, 1]
    return pk, pq, kq, w


@njit
def add_current(
    out: np.ndarray,
    weight: float,
    m2: float,
    v2: float,
    products: tuple[float, float, float],
    b: np.ndarray,
    current: np.ndarray,
    legs: np.ndarray,
) -> None:
    """Add weight x (spin-summed |ubar(k) J.eps v(p)|^2)/2 to the upper triangle of out, for a massless f'.

        J.eps = a epsslash P_L + m_f [ W.eps + h (qslash epsslash - q.eps) ] P_R

    with a, h and W linear in the couplings; out float64[n, n] is the quadratic form in them.

    Parameters
    ----------
    m2, v2 : squared masses of f and V.
    products, b : (p.k, p.q, k.q) and table of `scalar_products`.
    current : float64[6, n], for each coupling a, h, its part of W along one row of b, q.W, and two rows of work space.
    legs : int64[n], that row of b, or -1 for a coupling without part in W.
    """
    pk, pq, kq = products
    spin_one = pk + 2.0 * kq * pq / v2
    magnetic = 4.0 * pq * kq - v2 * pk
    n = legs.shape[0]
    for i in range(n):
        leg_i, a_i, h_i, c_i, d_i = legs[i], current[0, i], current[1, i], current[2, i], current[3, i]
        on_k = c_i * b[leg_i, 0] if leg_i >= 0 else 0.0
        on_p = c_i * b[leg_i, 1] if leg_i >= 0 else 0.0
        turn_i = on_k * pq - kq * on_p
        axial_i = on_k - kq * d_i / v2 + 3.0 * kq * h_i
        current[4, i] = turn_i
        current[5, i] = axial_i
        for j in range(i + 1):
            h_j = current[1, j]
            scalar = pk * d_i * current[3, j] / v2 + magnetic * h_i * h_j + h_i * current[4, j] + h_j * turn_i
            if leg_i >= 0 and legs[j] >= 0:
                scalar -= pk * c_i * current[2, j] * b[leg_i, 2 + legs[j]]
            mixed = a_i * current[5, j] + current[0, j] * axial_i
            out[j, i] += weight * (spin_one * a_i * current[0, j] + m2 * (scalar + mixed))
