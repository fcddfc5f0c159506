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
    relative_widths : partial widths over `strength`, in GeV; pi+ pi- is a part of the hadrons.
    strength : the square of what multiplies the charges. It stands apart because branching ratios do not know it: that
        of a dark photon rounds as it does for one that couples to charges of 1.
    """

    produced: float
    relative_widths: Mapping[Channel, float]
    strength: float = 1.0

    @property
    def widths(self) -> dict[Channel, float]:
        """Partial widths in GeV."""
        return {channel: self.strength * width for channel, width in self.relative_widths.items()}

    def _total(self) -> float:
        return sum(width for channel, width in self.relative_widths.items() if channel != "pipi")

    @property
    def width(self) -> float:
        """The total width, GeV."""
        return self.strength * self._total()

    def fraction(self, channels: Sequence[Channel]) -> float:
        """The sum of the branching ratios of some channels."""
        return sum(self.relative_widths.get(channel, 0.0) for channel in channels) / self._total()


def _dark_photon(c: Constants, theory: str, mass: float) -> Reference:
    """It couples to charge: electrons, muons, and hadrons as e+ e- annihilation has them."""
    ratios = response(theory, mass).tolist()
    return Reference(
        1.0,
        {
            "ee": lepton_factors(mass, c["m_e"])[0],
            "mumu": lepton_factors(mass, c["m_mu"])[0],
            "hadrons": mass / (12.0 * math.pi) * sum(ratios),
            "pipi": mass / (12.0 * math.pi) * ratios[0],
        },
        c["e"] ** 2,
    )


def _leptonic_dark_photon(c: Constants, theory: str, mass: float) -> Reference:
    """A dark photon that decays to electrons and muons alone."""
    whole = _dark_photon(c, theory, mass)
    return Reference(1.0, {channel: whole.relative_widths[channel] for channel in ("ee", "mumu")}, whole.strength)


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
