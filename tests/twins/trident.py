"""Neutrino trident production nu A -> nu mu+ mu- A in the equivalent-photon approximation, by brute force.

The muon tensor of gamma V* -> mu+ mu- comes from explicit Dirac matrices at every angle; nothing is shared with the
response tables of the package. Setting: Altmannshofer, Gori, Pospelov, Yavin, arXiv:1406.2332.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

M_MU, SW2, HBARC = 0.1056583755, 0.23122, 0.1973269804  # GeV; HBARC in GeV fm
G_VECTOR, G_AXIAL = 0.5 + 2.0 * SW2, 0.5
# neutrino energy (GeV) and nuclei (number, Z, A) of a target molecule
CCFR = (160.0, ((1, 26, 56),))
CHARM_II = (20.0, ((1, 14, 28), (2, 8, 16)))

_GAMMA = np.zeros((4, 4, 4), dtype=complex)
_GAMMA[0] = np.diag([1, 1, -1, -1])
_PAULI = (np.array([[0, 1], [1, 0]]), np.array([[0, -1j], [1j, 0]]), np.array([[1, 0], [0, -1]]))
for _k, _sigma in enumerate(_PAULI, start=1):
    _GAMMA[_k, :2, 2:], _GAMMA[_k, 2:, :2] = _sigma, -_sigma
_GAMMA5 = 1j * _GAMMA[0] @ _GAMMA[1] @ _GAMMA[2] @ _GAMMA[3]
_METRIC = np.array([1.0, -1.0, -1.0, -1.0])


def _slash(p: Array) -> NDArray[np.complex128]:
    return np.einsum("...m,m,mab->...ab", p, _METRIC, _GAMMA)


def helm(q: Array, nucleons: int) -> Array:
    """Helm form factor of a nucleus at momentum transfer q (GeV), with the parameters of Lewin and Smith (1996)."""
    skin, spread = 0.9, 0.52
    half = 1.23 * nucleons ** (1 / 3) - 0.60
    radius = np.sqrt(half**2 + 7 / 3 * np.pi**2 * spread**2 - 5 * skin**2)
    x = np.maximum(q * radius / HBARC, 1e-4)
    return 3 * (np.sin(x) - x * np.cos(x)) / x**3 * np.exp(-((q * skin / HBARC) ** 2) / 2)


def muon_tensor(w2: Array, big_q2: Array, axial: bool, angles: int = 14) -> tuple[Array, Array]:
    """(W1, W2) of gamma(q) V*(k) -> mu+ mu- with W^{mn} = -g W1 + q q W2 + terms in k, summed over muon spins.

    k^2 = -big_q2, (q + k)^2 = w2; averaged over the muon angle, summed over photon polarisations; times the muon
    velocity (two-body phase space). In the frame of the muon pair, q along +z.
    """
    energy = np.sqrt(w2) / 2
    beta = np.sqrt(1 - 4 * M_MU**2 / w2)
    omega = (w2 + big_q2) / (4 * energy)
    zero = np.zeros_like(omega)
    q = np.stack([omega, zero, zero, omega], -1)
    k = np.stack([2 * energy - omega, zero, zero, -omega], -1)
    qk = (w2 + big_q2) / 2
    n = q + (qk / big_q2)[..., None] * k
    n2 = qk**2 / big_q2
    one = np.eye(4)
    ex, ey = np.array([0.0, 1, 0, 0]), np.array([0.0, 0, 1, 0])
    transverse, along = np.zeros_like(w2), np.zeros_like(w2)
    # cos = tanh(rapidity)/beta: flattens the poles of the propagators along the photon
    nodes, weights = np.polynomial.legendre.leggauss(angles)
    top = np.arctanh(beta)
    chiral = _GAMMA5 if axial else one
    for node, weight in zip((nodes + 1) / 2, weights, strict=True):  # exchanging the muons changes no sum: cos > 0
        cos = np.tanh(top * node) / beta
        jacobian = weight * top / beta / np.cosh(top * node) ** 2
        sin = np.sqrt(np.maximum(1 - cos**2, 0.0))
        minus = np.stack([energy, energy * beta * sin, zero, energy * beta * cos], -1)
        plus = np.stack([energy, -energy * beta * sin, zero, -energy * beta * cos], -1)
        emit = [(_slash(p - q), omega * (energy - sign * energy * beta * cos)) for p, sign in ((minus, 1), (plus, -1))]
        first = (emit[0][0] + M_MU * one) / (-2 * emit[0][1])[..., None, None]
        second = (-emit[1][0] + M_MU * one) / (-2 * emit[1][1])[..., None, None]
        u_bar, v = _slash(minus) + M_MU * one, _slash(plus) - M_MU * one
        for photon in (ex, ey):
            light = _slash(photon)
            for vector, share, out in ((ex, 0.5, transverse), (ey, 0.5, transverse), (n, 1.0, along)):
                current = _slash(vector) @ chiral
                m = light @ first @ current + current @ second @ light
                bar = _GAMMA[0] @ np.conj(np.swapaxes(m, -1, -2)) @ _GAMMA[0]
                out += share * jacobian * np.einsum("...ab,...bc,...cd,...da->...", u_bar, m, v, bar).real
    w1 = transverse * beta
    return w1, (along * beta + n2 * w1) / n2**2


@cache
def _flux_moments(energy: float, nuclei: tuple[tuple[int, int, int], ...]) -> tuple[Array, Array, Array, Array]:
    """ln s and the integrals from s of ds s^-k Phi(s), k = 1, 2, 3; Phi = sum Z^2 int_(s/2E)^2 dq^2/q^2 F^2(q^2)."""
    log_s = np.linspace(np.log(4 * M_MU**2), np.log(2 * energy * 3.0), 6001)
    q = np.exp(log_s) / (2 * energy)
    density = 2 * sum(count * z**2 * helm(q, a) ** 2 for count, z, a in nuclei)  # dq^2/q^2 = 2 d ln q
    step = log_s[1] - log_s[0]

    def from_here(values: Array) -> Array:
        # trapezoidal with the first Euler-Maclaurin correction: fourth order in the step
        slope = np.gradient(values, step, edge_order=2)
        pieces = step * (values[1:] + values[:-1]) / 2 - step**2 / 12 * (slope[1:] - slope[:-1])
        return np.append(np.cumsum(pieces[::-1])[::-1], 0.0)

    flux = from_here(density)
    s = np.exp(log_s)
    return log_s, from_here(flux), from_here(flux / s), from_here(flux / s**2)


def _nodes(cuts: Array, order: int) -> tuple[Array, Array]:
    x, w = np.polynomial.legendre.leggauss(order)
    half = np.diff(cuts) / 2
    return (cuts[:-1, None] + half[:, None] * (x + 1)).ravel(), (half[:, None] * w).ravel()


@cache
def _tensor() -> tuple[Array, ...]:
    """Nodes of the integral over W^2 and Q^2: W^2, Q^2, weight, and (W1, W2) for vector and axial current."""
    threshold, top = 4 * M_MU**2, 400.0
    r, wr = _nodes(np.linspace(np.log(1e-5), np.log(top / threshold - 1), 9), 6)
    t, wt = _nodes(np.linspace(np.log(1e-8), np.log(top), 14), 6)
    w2, q2, measure = np.broadcast_arrays(
        threshold * (1 + np.exp(r))[:, None],
        np.exp(t)[None, :],
        (wr * threshold * np.exp(r))[:, None] * (wt * np.exp(t))[None, :],
    )
    inside = w2 + q2 < top
    w2, q2, measure = w2[inside], q2[inside], measure[inside]
    return w2, q2, measure, *muon_tensor(w2, q2, axial=False), *muon_tensor(w2, q2, axial=True)


@cache
def _weights(energy: float, nuclei: tuple[tuple[int, int, int], ...]) -> tuple[Array, Array, Array]:
    """Q^2 at the nodes, and what each adds to the vector and the axial part of the cross section."""
    log_s, *moments = _flux_moments(energy, nuclei)
    w2, q2, measure, *tensor = _tensor()
    s0 = w2 + q2
    a1, a2, a3 = (np.interp(np.log(s0), log_s, m, right=0.0) for m in moments)
    # L.W/s^3 = [8 Q^2 W1 + 4 s (s - W^2 - Q^2) W2]/s^3 integrated over s
    vector, axial = (measure * (8 * q2 * w_1 * a3 + 4 * w_2 * (a1 - s0 * a2)) for w_1, w_2 in (tensor[:2], tensor[2:]))
    return q2, vector, axial


def responses(mass: float, beam: tuple[float, tuple[tuple[int, int, int], ...]]) -> tuple[float, float, float, float]:
    """(F1V, F1A, F2V, F2A): sigma/SM = 1 + F1V x_v + F1A x_a + F2V x_v^2 + F2A x_a^2; mass in GeV.

    x_v = g_nu v/(sqrt2 GF M^2), x_a = g_nu a/(sqrt2 GF M^2).
    """
    q2, vector, axial = _weights(*beam)
    propagator = mass**2 / (mass**2 + q2)
    standard = G_VECTOR**2 * vector.sum() + G_AXIAL**2 * axial.sum()
    return (
        2 * G_VECTOR * float((propagator * vector).sum()) / standard,
        2 * G_AXIAL * float((propagator * axial).sum()) / standard,
        float((propagator**2 * vector).sum()) / standard,
        float((propagator**2 * axial).sum()) / standard,
    )
