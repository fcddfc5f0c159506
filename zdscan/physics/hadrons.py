"""The hadronic width of the light vector in each theory setting, per product of couplings. docs/model.md#widths."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from zdscan.inputs import against_mass, constants, hadronic, mesons
from zdscan.kernels.physics.mesons import pion_photon_response
from zdscan.kernels.physics.widths import axial_factors, hadron_response

Array = NDArray[np.float64]


def response(theory: str, mass: float) -> Array:
    """R of the vector currents per product of two of them: float64[6]; rr, oo, pp, ro, rp, op.

    `paper` is the coarse table of R, without anything below two pions; `complete` the fine one, and pi0 gamma.
    """
    if theory == "paper":
        return np.array(hadron_response(mass, hadronic.table()))
    c, vectors = constants.load(), mesons.load()
    f_pion = c["f_pi0"] / math.sqrt(2.0)
    mesonic = hadron_response(mass, hadronic.table(hadronic.FINE), least=0.0)
    photon = pion_photon_response(mass, c["m_pi0"], f_pion, c["alpha_0"], vectors["rho"], vectors["omega"])
    out: Array = np.array(mesonic) + photon
    return out


def factors(theory: str, mass: float) -> Array:
    """Gamma(hadrons) per product of couplings in the order of the mass tables: six of vectors, three of axial ones."""
    if theory == "paper":
        axial = np.zeros(3)
    else:
        isovector, strange, isoscalar = (_spectral(name, mass) for name in ("ud", "s", "0"))
        c = constants.load()
        interference = c["axial_strange_interference"]
        axial = axial_factors(mass, isovector, strange, isoscalar, 2.0 * c["m_Kplus"], interference)
    return np.concatenate([mass / (12.0 * math.pi) * response(theory, mass), axial])


def _spectral(column: str, mass: float) -> float:
    """An axial spectral function, 0 below its table."""
    value = against_mass.load(hadronic.AXIAL).at(column, mass)
    return 0.0 if math.isnan(value) else value
