"""Anomalous magnetic moment from a neutral vector boson: textbook integrals with mpmath."""

from __future__ import annotations

from functools import cache

from mpmath import mp, mpc, mpf

DIGITS = 25


@cache
def _integrals(lam: mpf) -> tuple[mpf, mpf]:
    """The two integrals over x, vector and axial, for m_F = m (eps = 1 and -1)."""

    def numerator(x: mpf, z: mpf, eps: int) -> mpf:
        return 2 * x * z * (x - 2 + 2 * eps) + lam**2 * x**2 * (1 - eps) ** 2 * (eps + z)

    def integrand(x: mpf, z: mpf) -> mpc:  # z = 1 - x, formed without cancellation
        return mpc(numerator(x, z, 1), numerator(x, z, -1)) / (z * (1 - lam**2 * x) + lam**2 * x)

    # The denominator, 1 - x + lam^2 x^2: small near x = 1 for heavy bosons, steep near x = 0 for light ones.
    scale = min(lam**2, 1 / lam)
    half = mpf(1) / 2
    cuts = [mpf(0), *(c for c in (scale / 10, scale, 10 * scale, scale**half, mpf(1) / 10) if c < half), half]
    low = mp.quad(lambda x: integrand(x, 1 - x), sorted(cuts))
    high = mp.quad(lambda z: integrand(1 - z, z), sorted(cuts))
    return (low + high).real, (low + high).imag


def leveille(mass: float, m: float, v: float, a: float) -> mpf:
    """Neutral vector boson exchange, Leveille, Nucl. Phys. B137 (1978) 63: internal fermion m_F, then m_F = m.

    a = lam^2/(8 pi^2) int_0^1 dx [v^2 P(eps) + a^2 P(-eps)] / [(1-x)(1 - lam^2 x) + eps^2 lam^2 x],
    P(eps) = 2x(1-x)(x - 2 + 2 eps) + lam^2 x^2 (1-eps)^2 (1 + eps - x),   lam = m/M, eps = m_F/m.
    """
    with mp.workdps(DIGITS):
        lam = mpf(float(m)) / mpf(float(mass))
        vector, axial = _integrals(lam)
        return lam**2 / (8 * mp.pi**2) * (mpf(float(v)) ** 2 * vector + mpf(float(a)) ** 2 * axial)


def vacuum_polarisation_kernel(mass: float, m: float) -> mpf:
    """Delta a per unit v^2 from the kernel function K(s = M^2), M > 2 m: v^2/(4 pi^2) K.

    Closed form of Brodsky and de Rafael (Phys. Rev. 168 (1968) 1620), as in Jegerlehner and Nyffeler, arXiv:0902.3360.
    """
    with mp.workdps(60):
        s = (mpf(float(mass)) / mpf(float(m))) ** 2
        beta = mp.sqrt(1 - 4 / s)
        x = (1 - beta) / (1 + beta)
        k = x**2 / 2 * (2 - x**2)
        k += (1 + x**2) * (1 + x) ** 2 / x**2 * (mp.log(1 + x) - x + x**2 / 2) + (1 + x) / (1 - x) * x**2 * mp.log(x)
        return k / (4 * mp.pi**2)
