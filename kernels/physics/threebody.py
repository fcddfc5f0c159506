"""Dalitz integrals of B -> f(p) f'(k) V(q): the rule all three-body processes share. docs/constraints-charged.md.

    s = (p+q)^2, t = (k+q)^2, u = (p+k)^2,   y = s - m_f^2,  z = t - m_f'^2,  w = m_B^2 - u = y + z - M^2

y, z, w are the denominators of emission from f, f' and B. The squared amplitude is rational in them, with poles just
outside the Dalitz region when M is small. So the inner integral runs over ln y, whose next singularity is at an
imaginary part of pi. The outer one runs, in the lower half of its range, over the relative rapidity of V and f' (ln t
for massless f'), in the upper half over the rapidity of f in the rest frame of B: these absorb the square roots of the
limits. Gauss-Legendre panels throughout.
"""

from __future__ import annotations

import math

import numpy as np

_RULES = {n: np.polynomial.legendre.leggauss(n) for n in (12, 16, 24, 36)}
_ENOUGH = ((12, 0.0, 4.0), (16, 4.0, 7.0), (24, 7.0, 10.0), (36, 10.0, math.inf))  # nodes for a range of ln y
_PANEL = 3.0  # width of an outer panel; singularities are at an imaginary part of pi/2


def _rapidity(gap: float, scale: float) -> float:
    """eta >= 0 with gap = 4 scale sinh^2(eta/2) = 2 scale (cosh eta - 1)."""
    return 2.0 * math.asinh(math.sqrt(max(gap, 0.0) / (4.0 * scale)))


def _panels(start: float, stop: float, widest: float) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights of twelve-point panels from start to stop; none where these are equal."""
    count = math.ceil((stop - start) / widest)
    x, weight = _RULES[12]
    step = (stop - start) / max(count, 1)
    nodes = start + step * (np.arange(count)[:, None] + 0.5 + 0.5 * x)
    return nodes.ravel(), np.tile(0.5 * step * weight, count)


def dalitz_rule(
    m_parent: float, m_f: float, m_other: float, mass: float, t_low: float, t_high: float, fine: bool = False
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Nodes (y, z) and weights of dy dz over the part t_low..t_high of the Dalitz region: float64[n] each.

    Parameters
    ----------
    m_parent, m_f, m_other, mass : masses of B, f, f' and V in GeV.
    t_low, t_high : part of the range of t, inside (m_other + mass)^2 .. (m_parent - m_f)^2; GeV^2.
    fine : halve the panels and return extended precision, in which integrands keep what the 1/M^2 of currents that are
        not conserved costs in the others. For tables (zdscan/physics/radiation.py), where time does not matter.
    """
    widest = 0.5 * _PANEL if fine else _PANEL
    first, last = (m_other + mass) ** 2, (m_parent - m_f) ** 2
    middle = min(max(0.5 * (first + last), t_low), t_high)
    if m_other > 0.0:
        scale = m_other * mass
        x, weight = _panels(_rapidity(t_low - first, scale), _rapidity(middle - first, scale), widest)
        above, weight = 4.0 * scale * np.sinh(0.5 * x) ** 2, weight * 2.0 * scale * np.sinh(x)
    else:
        start, stop = math.log1p(max(t_low - first, 0.0) / first), math.log1p((middle - first) / first)
        x, weight = _panels(start, stop, widest)
        above, weight = first * np.expm1(x), weight * first * np.exp(x)
    scale = m_parent * m_f
    x, upper_weight = _panels(_rapidity(last - t_high, scale), _rapidity(last - middle, scale), widest)
    below, upper_weight = 4.0 * scale * np.sinh(0.5 * x) ** 2, upper_weight * 2.0 * scale * np.sinh(x)
    t = np.concatenate([first + above, last - below])
    above, below = np.concatenate([above, t[len(above) :] - first]), np.concatenate([last - t[: len(above)], below])
    weight = np.concatenate([weight, upper_weight])
    # energies and momenta of f and V where f' and V together are at rest, times 2 sqrt(t)
    e_f = m_parent * m_parent - t - m_f * m_f
    e_v = t + mass * mass - m_other * m_other
    p_f = np.sqrt(below * (below + 4.0 * m_parent * m_f))
    p_v = np.sqrt(above * (above + 4.0 * m_other * mass))
    forward = ((e_f * mass) ** 2 + (m_f * p_v) ** 2) / (e_f * e_v + p_f * p_v)  # e_f e_v - p_f p_v
    y_low = mass * mass + 2.0 * forward
    log_range = np.log1p(p_f * p_v / (t * y_low))
    ys, zs, weights = [], [], []
    for count, least, most in _ENOUGH:
        here = (log_range >= least) & (log_range < most)
        x, inner = _RULES[count]
        half = 0.5 * log_range[here, None]
        y = y_low[here, None] * np.exp(half * (1.0 + x))
        ys.append(y.ravel())
        zs.append(np.repeat(t[here] - m_other * m_other, count))
        weights.append((weight[here, None] * half * inner * y).ravel())
    y, z, weight = (np.concatenate(parts) for parts in (ys, zs, weights))
    kind = np.longdouble if fine else np.float64
    return y.astype(kind, copy=False), z.astype(kind, copy=False), weight.astype(kind, copy=False)


def scalar_products(
    m_f2: float, m_other2: float, p2: float, v2: float, y: np.ndarray, z: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(p.k, p.q, k.q, w, b) at y, z float64[n]; b float64[3, 5, n]: 2p+q, 2k+q, 2P-q (rows) with k, p and one another.

    The products of the rows with q are y, z and w. p2 and v2 are the squared masses of the parent and of V.
    """
    w = y + z - v2
    pk = 0.5 * (p2 + v2 - m_f2 - m_other2 - y - z)
    pq = 0.5 * (y - v2)
    kq = 0.5 * (z - v2)
    b = np.empty((3, 5, len(y)), dtype=y.dtype)
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
    return pk, pq, kq, w, b


def form(weight: np.ndarray, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """sum_n weight_n (left_in right_jn + right_in left_jn)/2, symmetric to the last bit: float64[i, j]."""
    half = 0.5 * np.einsum("in,jn->ij", weight * left, right)
    return half + half.T


def along_legs(weight: np.ndarray, b: np.ndarray, along: np.ndarray, legs: np.ndarray) -> np.ndarray:
    """sum_n weight_n W_i.W_j for W_i = along_i times row legs[i] of b, symmetric; legs of zeros do not matter."""
    out = np.empty((len(legs), len(legs)), dtype=b.dtype)
    for i in range(len(legs)):
        weighted = weight * along[i]
        for j in range(i + 1):
            out[i, j] = out[j, i] = np.sum(weighted * b[legs[i], 2 + legs[j]] * along[j])
    return out


def current_form(
    weight: np.ndarray,
    m2: float,
    v2: float,
    products: tuple[np.ndarray, np.ndarray, np.ndarray],
    b: np.ndarray,
    current: np.ndarray,
    legs: np.ndarray,
    basis: np.ndarray | None = None,
) -> np.ndarray:
    """sum_n weight_n (spin-summed |ubar(k) J.eps v(p)|^2)/2 for a massless f', as a quadratic form: float64[c, c].

        J.eps = a epsslash P_L + m_f [ W.eps + h (qslash epsslash - q.eps) ] P_R

    with a, h and W linear in the couplings.

    Parameters
    ----------
    m2, v2 : squared masses of f and V.
    products, b : (p.k, p.q, k.q) and table of `scalar_products`.
    current : float64[4, c, n], for each coupling a, h, its part of W along one row of b, and q.W.
    legs : int64[c], that row of b; any for a coupling without part in W.
    basis : float64[c, g], couplings in terms of others, g, for which the form is wanted. Amplitudes are turned, so that
        nothing is lost where they cancel, as the squares of a light lepton's would be.
    """
    pk, pq, kq = products
    a, h, along, divergence = current
    spin_one = pk + 2.0 * kq * pq / v2
    magnetic = 4.0 * pq * kq - v2 * pk
    on_k, on_p = along * b[legs, 0], along * b[legs, 1]
    turn = on_k * pq - kq * on_p
    axial = on_k - kq * divergence / v2 + 3.0 * kq * h
    on_legs = along_legs(weight * pk, b, along, legs)
    if basis is not None:
        a, h, divergence, turn, axial = (basis.T @ part for part in (a, h, divergence, turn, axial))
        on_legs = basis.T @ on_legs @ basis
    scalar = form(weight * pk / v2, divergence, divergence) + form(weight * magnetic, h, h)
    scalar += form(2.0 * weight, h, turn) - on_legs
    return form(weight * spin_one, a, a) + m2 * (scalar + form(2.0 * weight, a, axial))
