r"""Kinetic mixing that loops of charged leptons make: finite where their charges sum to zero. docs/models.md.

A vector V with charges q_l of the charged leptons mixes with the photon through their vacuum polarisation,

    eps(M^2)/g = -(e/2 pi^2) sum_l q_l I(m_l),    I(m) = int_0^1 x (1-x) ln[m^2 - x (1-x) M^2 - i 0] dx,

as the amplitude of V -> photon* -> f is that of a coupling v_f = e Q_f eps. Above 2 m_l it is complex.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from zdscan.inputs.constants import Constants
from zdscan.kernels.physics.couplings import A_E, A_MU, A_TAU, G_WW, V_D, V_E, V_MU, V_S, V_TAU, V_U
from zdscan.physics.completion import TOLERANCE, Column

_CHARGED = ((V_E, "m_e"), (V_MU, "m_mu"), (V_TAU, "m_tau"))


def polarisation(mass: float, m: float) -> complex:
    """I(m) at q^2 = mass^2, without the logarithm of the unit of mass (GeV), which cancels in the sum."""
    r = (2.0 * m / mass) ** 2
    if r > 1.0:
        s = math.sqrt(r - 1.0)
        angle: complex = math.atan(1.0 / s)
    else:
        s = math.sqrt(1.0 - r)
        # (1 + s)/(1 - s) = (1 + s)^2/r, without cancellation for light leptons
        angle = complex(2.0 * math.log1p(s) - math.log(r), -math.pi) / 2.0
    return (2.0 * math.log(m) - 5.0 / 3.0 - r + (2.0 + r) * s * angle) / 6.0


def loops(column: Column) -> bool:
    """Whether the loops of a column of a coupling matrix are finite and those of leptons alone.

    They are where no quark and no W couples, no charged lepton axially, and the charges of e, mu and tau sum to zero.
    """
    charges = column[[place for place, _ in _CHARGED]]
    size = float(np.max(np.abs(charges)))
    others = column[[V_U, V_D, V_S, G_WW, A_E, A_MU, A_TAU]]
    neutral = abs(float(charges.sum())) <= TOLERANCE * size
    return size > 0.0 and neutral and not np.any(np.abs(others) > TOLERANCE * size)


def mixing(mass: float, column: Column, c: Constants) -> complex:
    """eps of a column per unit of its parameter at q^2 = mass^2 (GeV)."""
    charges = [(float(column[place]), c[m]) for place, m in _CHARGED]
    return -c["e"] / (2.0 * math.pi**2) * sum((q * polarisation(mass, m) for q, m in charges), 0j)


def real_mixing(mass: float, column: Column, c: Constants) -> float:
    """The modulus of `mixing` with the sign of its real part, which a real coupling matrix can have.

    Rates of what couples through mixing alone go with the modulus. Where the lepton of a tree-level charge radiates,
    the loop is a correction of e eps, below 1%.
    """
    value = mixing(mass, column, c)
    return math.copysign(abs(value), value.real)


def with_loops(matrix: NDArray[np.float64], photon: Column, mass: float, c: Constants) -> NDArray[np.float64]:
    """The matrix float64[18, 3] with what loops add to its columns; `photon`: the column of kinetic mixing."""
    out = matrix.copy()
    for column, given in zip(out.T, matrix.T, strict=True):  # views: what is added enters `out`
        if loops(given):
            column += real_mixing(mass, given, c) * photon
    return out
