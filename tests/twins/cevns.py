"""Coherent neutrino scattering on CsI of neutrinos from pions at rest: response to a light vector, by quadrature.

Setting: COHERENT, arXiv:1708.01294 and 2110.07730. Nothing is shared with the response tables of the package.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tests.twins.trident import helm

Array = NDArray[np.float64]

M_MU, M_PI, SW2, GF = 0.1056583755, 0.13957039, 0.23122, 1.1663787e-5
ATOMIC_MASS = 0.93149410242
NUCLEI = ((55, 78, 132.905452), (53, 74, 126.904473))  # caesium, iodine: Z, N, mass in u
LINE = (M_PI**2 - M_MU**2) / (2 * M_PI)


def acceptance(recoil: Array) -> Array:
    """Share of recoils (GeV) that are counted: scintillation yield, then the efficiency of the 2021 analysis."""
    t = recoil * 1e3
    light = 0.0554628 * t + 4.30681 * t**2 - 111.707 * t**3 + 840.384 * t**4
    n = 13.35e3 * light
    efficiency = 1.32045 / (1 + np.exp(-0.285979 * (n - 10.8646))) - 0.333322
    return np.where(n < 60, np.maximum(efficiency, 0.0), 0.0)


def spectrum(nucleus: tuple[int, int, float], recoil: Array, sin2: float = SW2, muonic: bool | None = None) -> Array:
    """d sigma/dT (GeV^-3) in the Standard Model, for a flux of one neutrino of each kind; recoil in GeV.

    muonic restricts it to nu_mu and nubar_mu (True) or to nu_e (False).
    """
    z, n, mass = nucleus
    m = mass * ATOMIC_MASS
    charge = n - z * (1 - 4 * sin2)

    def kernel(e: Array) -> Array:
        return np.maximum(1 - recoil[:, None] / e - m * recoil[:, None] / (2 * e**2), 0.0)

    x, w = np.polynomial.legendre.leggauss(120)
    lowest = np.sqrt(m * recoil / 2)
    half = np.maximum(M_MU / 2 - lowest, 0.0)[:, None] / 2
    e = lowest[:, None] + half * (x + 1)
    y = e / M_MU
    antimuon = half * w * 64 / M_MU * y**2 * (3 / 4 - y)
    electron = half * w * 192 / M_MU * y**2 * (1 / 2 - y)
    flux = np.zeros_like(recoil)
    if muonic is not False:
        flux += (antimuon * kernel(e)).sum(axis=1) + kernel(np.array([LINE]))[:, 0]
    if muonic is not True:
        flux += (electron * kernel(e)).sum(axis=1)
    form = helm(np.sqrt(2 * m * recoil), round(mass)) ** 2
    return GF**2 * m / (4 * np.pi) * charge**2 * form * flux


def recoils(nucleus: tuple[int, int, float], steps: int = 4000) -> tuple[Array, float]:
    """Midpoints (GeV) of equal steps up to the largest recoil, and the step."""
    top = 2 * (M_MU / 2) ** 2 / (nucleus[2] * ATOMIC_MASS)
    return (np.arange(steps) + 0.5) * top / steps, top / steps


def cross_section(sin2: float) -> float:
    """Cross section (cm^2) averaged over the three neutrinos and the two nuclei."""
    total = 0.0
    for nucleus in NUCLEI:
        recoil, step = recoils(nucleus)
        total += float(spectrum(nucleus, recoil, sin2).sum()) * step / 6
    return total * 0.3893793721e-27


def responses(mass: float, muonic: bool | None = None) -> tuple[float, float, float, float]:
    """(R1, R2, mean of Z/Q_W, accepted rate): rate/SM = 1 - 2 R1 x + R2 x^2, R_n = <(M^2/(Q^2 + M^2))^n>; GeV."""
    total = first = second = charges = 0.0
    for nucleus in NUCLEI:
        z, n, u = nucleus
        recoil, step = recoils(nucleus)
        rate = spectrum(nucleus, recoil, muonic=muonic) * acceptance(recoil) * step
        p = mass**2 / (mass**2 + 2 * u * ATOMIC_MASS * recoil)
        total += float(rate.sum())
        first += float((rate * p).sum())
        second += float((rate * p * p).sum())
        charges += float(rate.sum()) * z / (n - z * (1 - 4 * SW2))
    return first / total, second / total, charges / total, total
