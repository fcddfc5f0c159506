"""Measured quantities that are quotients of binned rates: angular coefficients of a decay, ratios of two leptons.

A decay's angular distribution in a bin is known by its *components*: the rate G and the CP-averaged coefficients X_i of
the angles in LHCb's convention, each integrated over the bin (docs/angular.md). A quantity divides one component by
another, of the same decay or, for a ratio, the rate of one decay by that of another.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

RATE = "G"
RATIO = "R"  # the quantity that divides the rates of two decays
# what a measured F_L may be compared with: the same for massless leptons, and within errors above 1 GeV^2
READINGS = ("F_L", "F_L_hat")
MASSLESS_ABOVE = 1.0


class Part(NamedTuple):
    """A number times a component of the angular distribution in a bin."""

    factor: float
    component: str


class Quantity(NamedTuple):
    """One component over another, each with a factor."""

    numerator: Part
    denominator: Part


_TOTAL = Part(1.0, RATE)

QUANTITIES: Mapping[str, Quantity] = {
    RATIO: Quantity(_TOTAL, _TOTAL),
    "F_L": Quantity(Part(-1.0, "2c"), _TOTAL),
    # the same for massless leptons: what an analysis measures whose distribution neglects their mass
    "F_L_hat": Quantity(Part(1.0, "1c"), _TOTAL),
    "S1c": Quantity(Part(1.0, "1c"), _TOTAL),
    "S2c": Quantity(Part(1.0, "2c"), _TOTAL),
    **{f"S{i}": Quantity(Part(1.0, str(i)), _TOTAL) for i in (3, 4, 5, 7, 8, 9)},
    "A_FB": Quantity(Part(0.75, "6s"), _TOTAL),  # 6c is zero without scalar and tensor amplitudes
    "P1": Quantity(Part(1.0, "3"), Part(2.0, "2s")),
    "P2": Quantity(Part(1.0, "6s"), Part(8.0, "2s")),
}
