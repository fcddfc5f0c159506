"""The parameters of a grid, one an axis: names, units, what they are, and the range in which zdscan computes.

A point is a mass and the values of up to three parameters, in which the couplings of a case are linear
(docs/model.md). A case names its own; those of Cases A, B and C are eps, eps_z and g_mu. Arrays, files and kernels
have three columns always: one that a case does not use is called unused_2 or unused_3, and its parameter is 0.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

MASS_RANGE = (0.010, 2.0)  # GeV: the range in which the tables, limits and formulas hold
FAR_ABOVE = 5.0  # GeV: where every mass lies above, the unit is another
LARGEST_COUPLING = 100.0  # far beyond perturbation theory; much more would overflow single precision
LARGEST_WIDTH = 1e12  # GeV, of the extra invisible width; swamps every other channel and is still far from overflow
LARGEST_BRANCHING = 0.9999  # of the extra invisible channel
COLUMNS = 3
_UNUSED = "unused_"
# What grid files, tables of cells and the arguments of functions call something else.
RESERVED = frozenset(
    [
        *(
            "mass",
            "case",
            "chi2",
            "excluded",
            "chi2_muon",
            "chi2_br",
            "chi2_lfu",
            "chi2_angular",
            "ratios",
            "predictions",
            "widths",
            "a_mu",
            "run",
            "row",
        ),
        *("constraint", "channel", "field", "block", "profile", "constraints", "theory", "emission", "mixing"),
        *("right_handed_neutrinos", "invisible_width", "invisible_branching", "dark_fermion", "axial_mu"),
        *(
            "fcnc_scale",
            "anomaly",
            "measurements",
            "replace",
            "errors",
            "theory_errors",
            "errors_correlated",
            "theory_errors_at",
            "limit_theory_errors",
            "limits",
            "parameters",
            "along",
        ),
        *("lower", "upper", "physics", "level", "chi2_constraints", "chi2_total"),
    ]
)
MASS = ("GeV", "mass of the light vector boson")


def masses_fault(ranges: Sequence[tuple[float, float]]) -> str | None:
    """What is wrong with ranges of masses (GeV) of numbers that are to be used, as a sentence."""
    if any(low < MASS_RANGE[1] and high > MASS_RANGE[0] for low, high in ranges):
        return None
    hint = ": in MeV? Give them in GeV" if min(ranges)[0] > FAR_ABOVE else ""
    return (
        f"all its masses lie outside the range that zdscan computes, {MASS_RANGE[0]:g} to {MASS_RANGE[1]:g} GeV{hint}."
    )


@dataclass(frozen=True)
class Parameter:
    """One parameter of a case: its name, what it is, and the range in which it may lie (without unit)."""

    name: str
    title: str
    low: float = -LARGEST_COUPLING
    high: float = LARGEST_COUPLING

    def fault(self, least: float, largest: float) -> str | None:
        """What is wrong with values from `least` to `largest`, as a predicate; None where they are allowed."""
        outside = [value for value in (least, largest) if not self.low <= value <= self.high]
        if not outside:
            return None
        worst = max(outside, key=abs)
        if (self.low, self.high) == (-LARGEST_COUPLING, LARGEST_COUPLING):
            return f"is {worst:g}; at most {LARGEST_COUPLING:g} in size is allowed, a finite number"
        return f"is {worst:g}; its range is {self.low:g} to {self.high:g}"


@dataclass(frozen=True)
class Parameters:
    """The parameters of a case, one to three, in the order of the columns of its coupling matrix."""

    declared: tuple[Parameter, ...]

    @cached_property
    def names(self) -> tuple[str, str, str]:
        """The three columns by name; those that the case does not use are called unused_2 and unused_3."""
        known = [item.name for item in self.declared]
        first, second, third = [*known, *(f"{_UNUSED}{k}" for k in range(len(known) + 1, COLUMNS + 1))]
        return first, second, third

    @property
    def used(self) -> tuple[str, ...]:
        """Names of the parameters that there are."""
        return self.names[: len(self.declared)]

    @property
    def axes(self) -> tuple[str, str, str, str]:
        """The axes of a grid."""
        return ("mass", *self.names)

    @cached_property
    def descriptions(self) -> Mapping[str, tuple[str, str]]:
        """Axis -> (unit, what it is)."""
        titles = dict.fromkeys(self.names, ("1", "not used by this case: 0"))
        return {"mass": MASS} | titles | {item.name: ("1", item.title) for item in self.declared}

    def __getitem__(self, name: str) -> Parameter:
        return next((item for item in self.declared if item.name == name), Parameter(name, "unused", 0.0, 0.0))

    def __contains__(self, name: object) -> bool:
        return name in self.used

    def index(self, name: str) -> int:
        """The column of a parameter."""
        return self.names.index(name)


MIXING = Parameters(
    (
        Parameter("eps", "kinetic mixing"),
        Parameter("eps_z", "mass mixing with the Z boson"),
        Parameter("g_mu", "direct gauge coupling to muons"),
    )
)
# Of Cases A, B and C, and of every case that declares none of its own:
DESCRIPTIONS: Mapping[str, tuple[str, str]] = MIXING.descriptions
AXES = MIXING.axes
PARAMETERS = MIXING.names
UNITS: Mapping[str, str] = {name: unit for name, (unit, _) in DESCRIPTIONS.items()}


def declaration_faults(parameters: Iterable[Parameter]) -> list[str]:
    """What is wrong with the parameters that a case declares, one sentence each without full stop."""
    declared = list(parameters)
    names = [item.name for item in declared]
    faults = []
    if not declared:
        faults.append("a case needs at least one parameter")
    if len(declared) > COLUMNS:
        faults.append(f"{len(declared)} parameters ({', '.join(names)}) are too many; at most three are allowed")
    for place, item in enumerate(declared):
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", item.name):
            faults.append(f"{item.name!r} cannot be the name of a parameter; use letters, digits and _")
        elif item.name in RESERVED or item.name.startswith((_UNUSED, "profile_")):
            faults.append(f"{item.name!r} cannot be the name of a parameter: zdscan calls something else so")
        if item.name in names[:place]:
            faults.append(f"{item.name!r} is declared twice; name every parameter once")
        if not (math.isfinite(item.low) and math.isfinite(item.high) and item.low < item.high):
            faults.append(f"the range of {item.name!r} is {item.low:g} to {item.high:g}; it must ascend")
        elif max(-item.low, item.high) > LARGEST_COUPLING:
            faults.append(
                f"the range of {item.name!r} is {item.low:g} to {item.high:g}; at most {LARGEST_COUPLING:g} in size "
                "is allowed"
            )
    return faults


def mass_fault(mass: float) -> str:
    """What is wrong with a mass in GeV outside of `MASS_RANGE`, in a sentence, and whether it is one in MeV."""
    low, high = MASS_RANGE
    asked = f"; in MeV? Write {mass / 1e3:g}" if 1e3 * low <= mass <= 1e3 * high else ""
    return f"mass is {mass!r} GeV; zdscan covers {low:g} to {high:g} GeV{asked}."
