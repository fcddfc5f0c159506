"""The parameters of a grid, one an axis: names, units, what they are, and the range in which zdscan computes.

A point is (mass, eps, eps_z, g_mu). The couplings of a case are linear in the last three (docs/model.md).
"""

from __future__ import annotations

from collections.abc import Mapping

MASS_RANGE = (0.010, 2.0)  # GeV: the range in which the tables, limits and formulas hold
LARGEST_COUPLING = 100.0  # far beyond perturbation theory; much more would overflow single precision
LARGEST_WIDTH = 1e12  # GeV, of the extra invisible width; swamps every other channel and is still far from overflow

# name -> (unit, what it is), in the order of the axes of a grid
DESCRIPTIONS: Mapping[str, tuple[str, str]] = {
    "mass": ("GeV", "mass of the light vector boson"),
    "eps": ("1", "kinetic mixing"),
    "eps_z": ("1", "mass mixing with the Z boson"),
    "g_mu": ("1", "direct gauge coupling to muons"),
}
AXES = tuple(DESCRIPTIONS)
PARAMETERS = AXES[1:]  # the columns of a coupling matrix
UNITS: Mapping[str, str] = {name: unit for name, (unit, _) in DESCRIPTIONS.items()}
