"""The vectors that searches quote their limits for: how often one is made and what it decays to, per unit coupling.

A recast compares a model with the one of the publication (zdscan/physics/search.py). docs/constraints-direct.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from zdscan.inputs.constants import Constants, load
from zdscan.kernels.physics.widths import lepton_factors, neutrino_factor
from zdscan.physics.clause import Channel, Model
from zdscan.physics.hadrons import response


@dataclass(frozen=True)
class Reference:
    """A vector at one mass with its coupling set to 1.

    Attributes
    ----------
    produced : its production over that of a dark photon of eps = 1.
    widths : partial widths in GeV; pi+ pi- is a part of the hadrons.
    """

    produced: float
    widths: Mapping[Channel, float]

    @property
    def width(self) -> float:
        """The total width, GeV."""
        return sum(width for channel, width in self.widths.items() if channel != "pipi")

    def fraction(self, channels: Sequence[Channel]) -> float:
        """The sum of the branching ratios of some channels."""
        return sum(self.widths.get(channel, 0.0) for channel in channels) / self.width


def _dark_photon(c: Constants, theory: str, mass: float) -> Reference:
    """It couples to charge: electrons, muons, and hadrons as e+ e- annihilation has them."""
    squared = c["e"] ** 2
    ratios = response(theory, mass).tolist()
    return Reference(
        1.0,
        {
            "ee": squared * lepton_factors(mass, c["m_e"])[0],
            "mumu": squared * lepton_factors(mass, c["m_mu"])[0],
            "hadrons": squared * mass / (12.0 * math.pi) * sum(ratios),
            "pipi": squared * mass / (12.0 * math.pi) * ratios[0],
        },
    )


def _leptonic_dark_photon(c: Constants, theory: str, mass: float) -> Reference:
    """A dark photon that decays to electrons and muons alone."""
    widths = _dark_photon(c, theory, mass).widths
    return Reference(1.0, {"ee": widths["ee"], "mumu": widths["mumu"]})


def _mu_minus_tau(c: Constants, theory: str, mass: float) -> Reference:
    """L_mu - L_tau with the coupling g' and left-handed neutrinos; tau pairs are out of reach."""
    return Reference(
        1.0 / c["e"] ** 2,
        {"mumu": lepton_factors(mass, c["m_mu"])[0], "invisible": 2.0 * neutrino_factor(mass)},
    )


def _invisible(c: Constants, theory: str, mass: float) -> Reference:
    """A dark photon that decays to nothing visible; its width does not matter."""
    return Reference(1.0, {"invisible": 1.0})


REFERENCES: Mapping[str, Callable[[Constants, str, float], Reference]] = {
    "dark photon": _dark_photon,
    "dark photon without hadrons": _leptonic_dark_photon,
    "L_mu - L_tau": _mu_minus_tau,
    "invisible": _invisible,
}


@lru_cache(maxsize=64)  # the searches at one mass ask for the same few
def _kept(name: str, theory: str, mass: float) -> Reference:
    return REFERENCES[name](load(), theory, mass)


def reference(name: str, model: Model, mass: float) -> Reference:
    """The reference of this name in `REFERENCES` at a mass in GeV, with the hadronic width of the model's theory."""
    return _kept(name, model.theory, mass)
