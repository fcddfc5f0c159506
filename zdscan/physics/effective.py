"""The effective Wilson coefficients of b -> s l l at one point and one q^2, for other codes. docs/rows.md#coefficients.

    C9 = E v/D,  C10 = -E a/D,  C7 = -k M1 v q^2/(2 D),  C_P = 2 m_l E0 a/(M^2 D)
    E = E0 + E2 q^2,  D = q^2 - M^2 + i M Gamma

with E0, E2, M1 divided by N. The names and the normalisation are those of flavio's basis of the exchange format WCxf:
H = -4 G_F/sqrt2 V_ts^* V_tb e^2/(16 pi^2) sum C O, with e at 4.8 GeV. The Standard Model is not in them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from zdscan.errors import UserError, describe, not_one_of
from zdscan.inputs.constants import Constants
from zdscan.physics.dipole import dipole_factor, photon_decay

SCALE = 4.8  # GeV, where the coefficients hold: that of the exclusive rows
LEPTONS: Mapping[str, str] = {"mu": "m_mu", "e": "m_e"}
# What the b quark decays to -> what the B meson and it are, by their names in the constants.
HADRONS: Mapping[str, tuple[str, str]] = {
    "K": ("m_Bplus", "m_Kplus"),
    "K*": ("m_B0", "m_Kst0"),
    "phi": ("m_Bs", "m_phi"),
}


_PLURAL: Mapping[str, str] = {"mu": "muons", "e": "electrons"}


@dataclass(frozen=True)
class VectorAtPoint:
    """What the coefficients of one lepton are made of.

    Attributes
    ----------
    mass, width : of the vector, GeV.
    v, a : its couplings to the lepton.
    e0, e2, m1 : of the b -> s vertex over lambda_t; 1, GeV^-2, GeV^-2.
    longitudinal : whether the q_mu q_nu/M^2 part of the propagator is kept.
    """

    mass: float
    width: float
    v: float
    a: float
    e0: float
    e2: float
    m1: float
    longitudinal: bool


def coefficients(vector: VectorAtPoint, q2: float, lepton: str, hadron: str, c: Constants) -> dict[str, complex]:
    """What the vector adds to C7, C9, C10 and CP at one q^2 (GeV^2), by their names in flavio's basis.

    Parameters
    ----------
    lepton, hadron : keys of `LEPTONS` and `HADRONS`; the size of C7 is that of the decay into the hadron and a photon.
    """
    normalisation = 4.0 * c["GF"] / math.sqrt(2.0) * c["alpha_e_48"] / (4.0 * math.pi)
    propagator = 1.0 / (normalisation * complex(q2 - vector.mass**2, vector.mass * vector.width))
    e, m1 = vector.e0 + vector.e2 * q2, dipole_factor(photon_decay(f"->{hadron}")) * vector.m1
    axial = 2.0 * c[LEPTONS[lepton]] * vector.e0 * vector.a / vector.mass**2 if vector.longitudinal else 0.0
    pair = f"bs{lepton}{lepton}"
    return {
        "C7_bs": -0.5 * m1 * vector.v * q2 * propagator,
        f"C9_{pair}": e * vector.v * propagator,
        f"C10_{pair}": -e * vector.a * propagator,
        f"CP_{pair}": axial * propagator,
    }


def wcxf(found: Mapping[str, complex], metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Coefficients as a document of the exchange format WCxf, its numbers plain."""
    values = {name: {"Re": value.real + 0.0, "Im": value.imag + 0.0} for name, value in found.items()}
    return {"eft": "WET", "basis": "flavio", "scale": SCALE, "values": values, "metadata": dict(metadata)}


def check(q2: object, lepton: str, hadron: str, c: Constants) -> float:
    """The q^2 as a number.

    Raises
    ------
    UserError
        It is not a number or outside the range of the decay, or a name is unknown.
    """
    if lepton not in LEPTONS:
        raise UserError(f"lepton {not_one_of(lepton, tuple(LEPTONS))}.")
    if hadron not in HADRONS:
        raise UserError(f"hadron {not_one_of(hadron, tuple(HADRONS))}.")
    try:
        value = float(q2)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise UserError(f"q2 must be a number in GeV^2, not {describe(q2)}.") from None
    parent, daughter = HADRONS[hadron]
    low, high = 4.0 * c[LEPTONS[lepton]] ** 2, (c[parent] - c[daughter]) ** 2
    if not low <= value <= high:
        raise UserError(
            f"q2 must be {low:.3g} to {high:.4g} GeV^2, which the decay into {hadron} and two {_PLURAL[lepton]} "
            f"reaches, not {value:g}."
        )
    return value
