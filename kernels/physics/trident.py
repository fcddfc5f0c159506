"""Neutrino trident production nu A -> nu mu mu A with exchange of the light vector. docs/constraints-low-energy.md.

sigma/SM = 1 + F1V x_v + F1A x_a + F2V x_v^2 + F2A x_a^2,   x_i = g_nu i/(sqrt2 GF M^2)   (setting of arXiv:1406.2332)
"""

from __future__ import annotations

import math


def trident_coefficients(
    mass: float, gf: float, f1v: float, f1a: float, f2v: float, f2a: float
) -> tuple[float, float, float, float]:
    """(c1v, c1a, c2v, c2a): sigma/SM = 1 + c1v g v + c1a g a + c2v (g v)^2 + c2a (g a)^2.

    g is the coupling of the beam's neutrino, v and a those of the muon; f1v.. the responses F1V, F1A, F2V, F2A at this
    mass (GeV); gf in GeV^-2. Vector and axial parts do not interfere in the total cross section.
    """
    unit = 1.0 / (math.sqrt(2.0) * gf * mass * mass)
    return f1v * unit, f1a * unit, f2v * unit * unit, f2a * unit * unit
