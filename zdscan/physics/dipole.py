"""The b -> s dipole at the size that decays with a real photon show. docs/penguin.md.

The one-loop M1 leaves out QCD, which more than doubles the amplitude of b -> s gamma. With theory `complete` M1 is
therefore multiplied by sqrt(BR measured/BR computed) of a decay into a real photon, for each final hadron its own.
`paper` keeps the loop.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from zdscan.inputs import constants, tables
from zdscan.kernels.physics.twobody import photon_inclusive_width, photon_vector_width
from zdscan.physics.cases import CASES
from zdscan.physics.parameters import PARAMETERS
from zdscan.physics.vertex import vertex


@dataclass(frozen=True)
class PhotonDecay:
    """A measured decay H -> H' gamma; everything by its name in the constants.

    Attributes
    ----------
    measured : the branching ratio.
    parent, daughter : masses; no daughter for the inclusive decay.
    lifetimes : their mean is used.
    heavy_quark : mass that multiplies M1.
    form_factors : name of the table, empty for the inclusive decay.
    """

    measured: str
    parent: str
    daughter: str
    lifetimes: tuple[str, ...]
    heavy_quark: str
    form_factors: str


PHOTON_DECAYS: Mapping[str, PhotonDecay] = {
    "K*": PhotonDecay("BR_B0_Kst0_gamma", "m_B0", "m_Kst0", ("tau_B0",), "m_b_48", "B->K*"),
    "phi": PhotonDecay("BR_Bs_phi_gamma", "m_Bs", "m_phi", ("tau_Bs",), "m_b_48", "Bs->phi"),
    "Xs": PhotonDecay("BR_B_Xs_gamma", "m_b_Xs", "", ("tau_Bplus", "tau_B0"), "m_b_Xs", ""),
}
# A pseudoscalar cannot take up the spin of a real photon: B -> K Z_D takes the factor of K*, found with the same m_b.
_BY_HADRON: Mapping[str, str] = {"K*": "K*", "K": "K*", "phi": "phi"}


def photon_decay(decay: str) -> str:
    """The key of `PHOTON_DECAYS` that normalises a decay such as B+->K*+mumu; other hadrons take the inclusive one."""
    final = decay.partition("->")[2]
    return next((name for hadron, name in _BY_HADRON.items() if final.startswith(hadron)), "Xs")


@cache
def dipole_factor(name: str) -> float:
    """The factor on the one-loop M1 of b -> s: sqrt(BR measured/BR computed) of a key of `PHOTON_DECAYS`."""
    decay, c = PHOTON_DECAYS[name], constants.load()
    loop = abs(vertex(CASES["A"].matrix, "bs").m1[PARAMETERS.index("eps")])  # the photon's, per unit eps
    dipole = float(loop) * c[decay.heavy_quark]
    if decay.form_factors:
        _, t1 = tables.form_factor(decay.form_factors, "T1")  # the first node is q^2 = 0
        width = photon_vector_width(c[decay.parent], c[decay.daughter], dipole, float(t1[0]))
    else:
        width = photon_inclusive_width(c[decay.parent], dipole)
    lifetime = sum(c[name] for name in decay.lifetimes) / len(decay.lifetimes)
    return math.sqrt(c[decay.measured] / (lifetime * width))
