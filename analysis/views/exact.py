"""Slices of a grid computed anew between its values, and the limits in them solved: what needs no cells.

A slice holds every axis that is not shown at one value, so that each point of the picture is one point of the model.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from zdscan.analysis.at_mass import Evaluator
from zdscan.analysis.explorer.scales import Scale
from zdscan.analysis.views.in_memory import MemoryGrid
from zdscan.analysis.views.points import Points
from zdscan.edges.lines import Found, on_line
from zdscan.evaluation.physics import Physics
from zdscan.physics.parameters import LARGEST_COUPLING

SOLVED = 120  # values across, at each of which limits are solved
_BEYOND = 1.3  # how far past the ends of an axis edges are looked for, so that curves leave the picture
_NEAR_ZERO = 1e-2  # of the linear part of an axis: sizes below have the place of 0
Array = NDArray[np.float64]
Interval = tuple[float, float]


def is_slice(points: Points, shown: Sequence[str], fixed: Mapping[str, float]) -> bool:
    """Whether every axis that is not shown is held, or has one value."""
    return all(name in shown or name in fixed or axis.size == 1 for name, axis in points.axes.items())


def refined(
    points: Points, physics: Physics, shown: Sequence[str], fixed: Mapping[str, float], count: int
) -> MemoryGrid:
    """The slice at the grid values nearest to `fixed`, at so many values of the axes shown, spaced as in the grid."""
    held = points.nearest(fixed)
    axes = {}
    for name, values in points.axes.items():
        if name in shown:
            axes[name] = Scale.of(values).spread(count)
            axes[name][0], axes[name][-1] = values[0], values[-1]
        else:
            axes[name] = values[held[name] : held[name] + 1] if name in held else values
    return MemoryGrid.compute(Evaluator(physics), axes)


def chosen_of(physics: Physics, names: Collection[str]) -> Physics:
    """The physics with these constraints alone, which are evaluated faster than all."""
    return replace(physics, constraints=tuple(item for item in physics.constraints if item.id in names))


@dataclass(frozen=True)
class SolvedLimits:
    """What each constraint excludes along one side of a slice, solved at values of the other side.

    Attributes
    ----------
    along : the parameter along which edges are solved.
    across : the other side; the mass where that is shown.
    at : float64[n], values of it.
    intervals : id -> at each of them the excluded intervals, ascending; infinite ends lie beyond the axis.
    """

    along: str
    across: str
    at: Array
    intervals: Mapping[str, list[list[Interval]]]


def solve(
    physics: Physics,
    shown: Sequence[str],
    values: Mapping[str, Array],
    fixed: Mapping[str, float],
    names: Sequence[str],
    count: int = SOLVED,
) -> SolvedLimits:
    """The limits in a slice.

    Parameters
    ----------
    shown : the two axes of the picture; values : of all axes, one each of those not shown or in `fixed`.
    names : constraints that are wanted.
    """
    across = "mass" if "mass" in shown else shown[0]
    along = shown[1] if shown[0] == across else shown[0]
    scale = Scale.of(values[along])
    at = Scale.of(values[across]).spread(count)
    held = {name: float(fixed.get(name, axis[0])) for name, axis in values.items() if name not in shown}
    parameters = physics.case.parameters.names
    physics = chosen_of(physics, names)
    of = {constraint.id: k for k, constraint in enumerate(physics.constraints)}
    intervals: dict[str, list[list[Interval]]] = {name: [] for name in names}
    tables = None if across == "mass" else physics.mass_tables(held["mass"])
    for value in at.tolist():
        here = held | {across: value, along: 0.0}
        start = np.array([here[name] for name in parameters])
        mass_tables = physics.mass_tables(value) if tables is None else tables
        sides = []
        for sign, within in _sides(scale):
            direction = np.array([sign * float(name == along) for name in parameters])
            sides.append((sign, on_line(physics, here["mass"], mass_tables, start, direction, within)))
        for name in names:
            intervals[name].append(_signed(sides, of[name], both=scale.low < 0.0 < scale.high))
    return SolvedLimits(along, across, at, intervals)


def _sides(scale: Scale) -> list[tuple[float, tuple[float, float]]]:
    """The signs that an axis has, with the least and the largest size of each."""
    near = _NEAR_ZERO * (scale.linear_below if scale.kind == "symlog" else max(-scale.low, scale.high))
    found = []
    for sign, low, high in ((-1.0, -scale.high, -scale.low), (1.0, scale.low, scale.high)):
        if high > 0.0:
            least = low / _BEYOND if low > 0.0 else min(near, high / 10.0)
            found.append((sign, (least, min(high * _BEYOND, LARGEST_COUPLING))))
    return found


def _signed(sides: Sequence[tuple[float, Found]], constraint: int, *, both: bool) -> list[Interval]:
    """The intervals of one constraint on the sides of 0 as values; what reaches 0 from both sides is one."""
    found: list[Interval] = []
    for sign, (of, low, high) in sides:
        for a, b in zip(low[of == constraint].tolist(), high[of == constraint].tolist(), strict=True):
            inner = a if a > 0.0 else (0.0 if both else -np.inf)
            if sign < 0.0:
                found.append((-b, -inner))
            elif found and inner == 0.0 and found[-1][1] == 0.0:
                found[-1] = found[-1][0], b
            else:
                found.append((inner, b))
    return sorted(found)
