"""Decays into a real photon from explicit amplitudes: covariant form factors in mpmath, quarks by Dirac matrices."""

from __future__ import annotations

import itertools

import mpmath
import numpy as np

from tests.twins import dirac

_METRIC = (1, -1, -1, -1)


def _sign(permutation: tuple[int, ...]) -> int:
    """Sign of a permutation of 0..3."""
    inversions = sum(a > b for a, b in itertools.combinations(permutation, 2))
    return -1 if inversions % 2 else 1


def _dot(a: list[mpmath.mpf], b: list[mpmath.mpf]) -> mpmath.mpf:
    return sum(g * x * y for g, x, y in zip(_METRIC, a, b, strict=True))


def _levi_civita(*vectors: list[mpmath.mpf]) -> mpmath.mpf:
    """epsilon(a, b, c, d) of four contravariant vectors, epsilon_0123 = 1 (the sign does not enter a rate)."""
    return sum(
        _sign(p) * vectors[0][p[0]] * vectors[1][p[1]] * vectors[2][p[2]] * vectors[3][p[3]]
        for p in itertools.permutations(range(4))
    )


def vector_width(m_parent: float, m_daughter: float, dipole: float, t1: float) -> mpmath.mpf:
    """Gamma(B -> V' gamma) of dipole x V'bar i sigma^(nu mu) q_mu P_R b, T1(0) = T2(0), summed over all polarisations.

    With p = k + q and q^2 = 0: <V'|sbar sigma_(mu nu) q^nu (1 + gamma5) b|B> = 2 i T1 eps(mu, eta, p, k)
    + T2 [eta_mu (m_B^2 - m_V^2) - (eta.q)(p + k)_mu], up to a phase; T3 multiplies q^2 and q_mu. P_R is
    half of 1 + gamma5.
    """
    with mpmath.workdps(40):
        big, small = mpmath.mpf(m_parent), mpmath.mpf(m_daughter)
        difference = big**2 - small**2
        momentum = difference / (2 * big)
        energy = (big**2 + small**2) / (2 * big)
        zero, one = mpmath.mpf(0), mpmath.mpf(1)
        p, q, k = [big, zero, zero, zero], [momentum, zero, zero, momentum], [energy, zero, zero, -momentum]
        total = mpmath.mpf(0)
        photon = ([zero, one, zero, zero], [zero, zero, one, zero])
        vector = (*photon, [momentum / small, zero, zero, -energy / small])
        for e, eta in itertools.product(photon, vector):
            odd = 2 * _levi_civita(e, eta, p, k)
            both = [x + y for x, y in zip(p, k, strict=True)]
            even = _dot(e, eta) * difference - _dot(eta, q) * _dot(e, both)
            total += (mpmath.mpf(dipole) * mpmath.mpf(t1) / 2) ** 2 * (odd**2 + even**2)
        return momentum / (8 * mpmath.pi * big**2) * total


def inclusive_width(m_quark: float, dipole: float) -> float:
    """Gamma(b -> s gamma) for a massless s: mean over the spins of b, sum over those of s and two photons."""
    half = m_quark / 2
    direction = np.array([0.48, 0.6, 0.64])
    p, k, q = (dirac.momentum(m, x * direction) for m, x in ((m_quark, 0.0), (0.0, -half), (0.0, half)))
    across = np.cross(direction, [1.0, 0.0, 0.0])
    across /= np.linalg.norm(across)
    total = 0.0
    for three in (across, np.cross(direction, across)):
        e = dirac.slash(np.array([0.0, *three]))
        # i sigma^(nu mu) q_mu e_nu = -(e q - q e)/2 with slashed vectors
        operator = -0.5 * (e @ dirac.slash(q) - dirac.slash(q) @ e) @ dirac.RIGHT
        for s in dirac.u_spinors(k, 0.0):
            for b in dirac.u_spinors(p, m_quark):
                total += abs(dipole * (dirac.bar(s) @ operator @ b)) ** 2
    return dirac.two_body_width(m_quark, 0.0, 0.0, total / 2)
