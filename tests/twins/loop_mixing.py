"""Kinetic mixing of L_i - L_j by lepton loops, by direct integration over the Feynman parameter."""

from __future__ import annotations

import math

import numpy as np

E, M_E, M_MU, M_TAU = 0.302822, 0.000510999, 0.10565837, 1.77686


def vacuum_polarisation(m: float, mass: float) -> complex:
    """I(m) = int x (1-x) ln(m^2 - x (1-x) M^2) dx, with the imaginary part of a positive width."""
    x = (np.arange(200_000) + 0.5) / 200_000
    y = x * (1.0 - x)
    inside = m * m - y * mass * mass
    return complex(np.mean(y * (np.log(np.abs(inside)) - 1j * np.pi * (inside < 0.0))))


def mixing(first: float, second: float, mass: float) -> float:
    """|eps|/g of a vector that couples to the lepton of mass `first` as +g and to that of mass `second` as -g."""
    difference = vacuum_polarisation(second, mass) - vacuum_polarisation(first, mass)
    return abs(E / (2.0 * math.pi**2) * difference)
