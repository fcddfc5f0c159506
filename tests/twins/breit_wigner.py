"""Integrals over a Breit-Wigner of piecewise polynomials, exact to any number of digits (mpmath, complex logarithm).

Each panel carries the degree-7 polynomial f through its values at the eight Gauss-Legendre nodes. With the complex pole
s_p = M^2 - i M Gamma (the doubles M and Gamma are exact, M*M is not rounded)

    int_a^b f/(s - s_p) ds = f(s_p) [ln(b - s_p) - ln(a - s_p)] + int_a^b [f(s) - f(s_p)]/(s - s_p) ds,

the last integrand being a polynomial; T2 = -Im T1/(M Gamma). The number of digits covers the cancellation of panels far
from the pole and of the narrowest width.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from mpmath import mp, mpc, mpf

DIGITS = 120


@cache
def _nodes() -> list[mpf]:
    with mp.workdps(DIGITS):
        near = np.polynomial.legendre.leggauss(8)[0]
        return [mp.findroot(lambda u: mp.legendre(8, u), mpf(float(u))) for u in near]


@cache
def _to_powers() -> list[list[mpf]]:
    """Row k: coefficients on the eight node values of u^k, u in [-1, 1]."""
    with mp.workdps(DIGITS):
        vandermonde = mp.matrix([[u**k for k in range(8)] for u in _nodes()])
        inverse = vandermonde**-1
        return [[inverse[k, j] for j in range(8)] for k in range(8)]


def powers(values: Sequence[float]) -> list[mpf]:
    """Coefficients of the interpolant in u."""
    with mp.workdps(DIGITS):
        return [mp.fsum(c * mpf(float(v)) for c, v in zip(row, values, strict=True)) for row in _to_powers()]


def _divide(coefficients: Sequence[mpf | mpc], root: mpf | mpc) -> tuple[list[mpf | mpc], mpf | mpc]:
    """Quotient and remainder of the polynomial by (u - root)."""
    quotient: list[mpf | mpc] = []
    carry: mpf | mpc = mpf(0)
    for c in reversed(coefficients):
        quotient.append(carry)
        carry = carry * root + c
    return quotient[:0:-1], carry


def _area(coefficients: Sequence[mpf | mpc]) -> mpf | mpc:
    """Integral over -1 < u < 1."""
    return mp.fsum(2 * c / (k + 1) for k, c in enumerate(coefficients) if k % 2 == 0)


def integrate(
    lo: Sequence[float], hi: Sequence[float], values: Sequence[Sequence[float]], mass: float, width: float
) -> tuple[mpc, mpf]:
    """T1 = sum over panels of int f/(s - M^2 + i M Gamma) ds and T2 = int f/|s - M^2 + i M Gamma|^2 ds, width > 0."""
    with mp.workdps(DIGITS):
        mass, width = mpf(float(mass)), mpf(float(width))
        total = mpc(0)
        for a, b, v in zip(lo, hi, values, strict=True):
            a, b = mpf(float(a)), mpf(float(b))
            pole = (mpc(mass * mass, -mass * width) - (a + b) / 2) / ((b - a) / 2)
            rest, at_pole = _divide(powers(v), pole)
            total += at_pole * (mp.log(1 - pole) - mp.log(-1 - pole)) + _area(rest)
        return total, -total.imag / (mass * width)


@dataclass(frozen=True)
class Expansion:
    """Coefficients of the small-width law, see the kernel's docstring for the law itself."""

    principal_value: mpf
    at_pole: mpf
    slope: mpf
    finite_part: mpf


def expansion(lo: Sequence[float], hi: Sequence[float], values: Sequence[Sequence[float]], mass: float) -> Expansion:
    """Cauchy principal value of int f/(s - M^2), f and f' at M^2, Hadamard finite part of int f/(s - M^2)^2.

    M^2 must not be an edge of a panel (there the panels' finite parts do not exist one by one).
    """
    with mp.workdps(DIGITS):
        square = mpf(float(mass)) ** 2
        principal, finite, at_pole, slope = mpf(0), mpf(0), mpf(0), mpf(0)
        for a, b, v in zip(lo, hi, values, strict=True):
            a, b = mpf(float(a)), mpf(float(b))
            half = (b - a) / 2
            pole = (square - (a + b) / 2) / half
            rest, value = _divide(powers(v), pole)
            rest2, derivative = _divide(rest, pole)
            log = mp.log(abs(1 - pole) / abs(1 + pole))
            principal += value * log + _area(rest)
            finite += (value * (-1 / (1 - pole) - 1 / (1 + pole)) + derivative * log + _area(rest2)) / half
            if abs(pole) < 1:
                at_pole, slope = value, derivative / half
        return Expansion(principal, at_pole, slope, finite)


def magnitude(
    lo: Sequence[float], hi: Sequence[float], values: Sequence[Sequence[float]], mass: float, width: float
) -> float:
    """int |f|/|s - s_p|^2, roughly (f taken as its largest node value per panel): yardstick for sign-changing f."""
    largest = [[float(np.max(np.abs(v)))] * 8 for v in values]
    return float(integrate(lo, hi, largest, mass, width)[1])


def by_quadrature(f: Callable[[mpf], mpf], a: float, b: float, mass: float, width: float) -> mpc:
    """T1 of a smooth function by adaptive quadrature split at the pole: shares nothing with the polynomial route."""
    with mp.workdps(40):
        square, damping = mpf(float(mass)) ** 2, mpf(float(mass)) * mpf(float(width))
        cuts = {mpf(float(a)), mpf(float(b))}
        for k in range(-2, 40):
            for cut in (square - damping * 4**k, square + damping * 4**k):
                if a < cut < b:
                    cuts.add(cut)
        if a < square < b:
            cuts.add(square)
        return mp.quad(lambda s: f(s) / mpc(s - square, damping), sorted(cuts))


def sample(f: Callable[[float], float], lo: Sequence[float], hi: Sequence[float]) -> np.ndarray:
    """Values of f at the nodes of every panel, in double precision."""
    nodes = np.polynomial.legendre.leggauss(8)[0]
    lo, hi = np.asarray(lo, dtype=float), np.asarray(hi, dtype=float)
    s = (lo + hi)[:, None] / 2 + (hi - lo)[:, None] / 2 * nodes
    return np.array([[f(t) for t in row] for row in s])
