"""Kinetic mixing from lepton loops by direct integration of the Feynman parameter, at 30 digits: no code of zdscan."""

from __future__ import annotations

import mpmath as mp

MASSES = {"e": mp.mpf("0.00051099895"), "mu": mp.mpf("0.1056583755"), "tau": mp.mpf("1.77686")}
E = mp.sqrt(4 * mp.pi / mp.mpf("137.035999084"))


def vacuum_integral(mass: float, m: mp.mpf) -> mp.mpc:
    """int_0^1 x(1-x) ln(m^2 - x(1-x) M^2 - i0) dx, split where the argument is 0; below, the logarithm has -i pi."""
    big, points = mp.mpf(mass) ** 2, [mp.mpf(0), mp.mpf(0.5), mp.mpf(1)]
    if big > 4 * m**2:
        root = mp.sqrt(1 - 4 * m**2 / big)
        points = [mp.mpf(0), (1 - root) / 2, mp.mpf(0.5), (1 + root) / 2, mp.mpf(1)]

    def integrand(x: mp.mpf) -> mp.mpc:
        argument = m**2 - x * (1 - x) * big
        return x * (1 - x) * (mp.log(abs(argument)) - (mp.j * mp.pi if argument < 0 else 0))

    return mp.quad(integrand, points)


def mixing(mass: float, plus: str, minus: str) -> complex:
    """eps/g of a vector with charge +1 of lepton `plus` and -1 of `minus`.

    The photon couples to both with -e: the fermion loop with vector vertices a and b is
    -(a b/2 pi^2) int x(1-x) (2/epsilon - ln Delta) times (q^2 g - q q), and q^2 cancels the photon's propagator.
    """
    with mp.workdps(30):
        charges = {plus: 1, minus: -1}
        total = sum(q * (-1) * vacuum_integral(mass, MASSES[name]) for name, q in charges.items())
        return complex(E / (2 * mp.pi**2) * total)
