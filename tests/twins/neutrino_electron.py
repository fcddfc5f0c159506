"""Neutrino-electron scattering with a light vector, by integration over recoils and spectra."""

from __future__ import annotations

import math

import numpy as np

GF, M_E, S2 = 1.1663787e-5, 0.000510999, 0.23122  # GeV^-2, GeV, sin^2 of the weak angle
# of the logarithm of the spectrum of 235U over the energy in MeV, arXiv:1101.2663
URANIUM = (3.217, -3.111, 1.395, -0.3690, 0.04445, -0.002053)


def _rate(
    energy: float,
    recoils: tuple[float, float],
    is_electron: bool,
    antineutrino: bool,
    left: float,
    right: float,
    mass: float,
) -> float:
    """The cross section in a range of recoils (GeV), in units of 2 GF^2 m_e/pi.

    left, right : g_nu (v_e +- a_e) of the vector.
    """
    largest = 2 * energy**2 / (M_E + 2 * energy)
    low, high = recoils[0], min(recoils[1], largest)
    if high <= low:
        return 0.0
    nodes, weights = np.polynomial.legendre.leggauss(48)
    t = np.exp(0.5 * (math.log(high) + math.log(low)) + 0.5 * math.log(high / low) * nodes)
    weights = weights * 0.5 * math.log(high / low) * t
    propagator = 1 / (2 * math.sqrt(2) * GF * (2 * M_E * t + mass**2))
    g_left = -0.5 + S2 + (1.0 if is_electron else 0.0) + left * propagator
    g_right = S2 + right * propagator
    if antineutrino:
        g_left, g_right = g_right, g_left
    shape = g_left**2 + g_right**2 * (1 - t / energy) ** 2 - g_left * g_right * M_E * t / energy**2
    return float(np.sum(weights * shape))


def borexino(left: dict[str, float], right: dict[str, float], mass: float) -> float:
    """rate/SM - 1 of beryllium neutrinos, of which 0.51 are left as electron neutrinos; couplings by flavour."""
    shares = {"g_nue": 0.51, "g_numu": 0.245, "g_nutau": 0.245}

    def rate(scale: float) -> float:
        return sum(
            share
            * _rate(862e-6, (270e-6, 665e-6), name == "g_nue", False, scale * left[name], scale * right[name], mass)
            for name, share in shares.items()
        )

    return rate(1.0) / rate(0.0) - 1.0


def texono(left: float, right: float, mass: float) -> float:
    """rate/SM - 1 of the antineutrinos of a reactor, recoils of 3 to 8 MeV."""
    energies = np.linspace(3.0, 10.0, 100)
    flux = np.exp(np.polynomial.polynomial.polyval(energies, URANIUM))

    def rate(scale: float) -> float:
        rates = [_rate(1e-3 * e, (3e-3, 8e-3), True, True, scale * left, scale * right, mass) for e in energies]
        return float(np.sum(flux * np.array(rates)))

    return rate(1.0) / rate(0.0) - 1.0


def charm2(left: float, right: float, mass: float) -> float:
    """rate/SM - 1 of antineutrinos of the muon at 19.1 GeV, recoils of 3 to 24 GeV."""
    rates = [_rate(19.1, (3.0, 24.0), False, True, scale * left, scale * right, mass) for scale in (1.0, 0.0)]
    return rates[0] / rates[1] - 1.0
