"""A plane of a case without a grid: mass and coupling of the literature, computed where it is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from zdscan.analysis.at_mass import Evaluator
from zdscan.analysis.explorer.scales import Scale
from zdscan.analysis.explorer.start import of_case
from zdscan.analysis.views.in_memory import MemoryGrid
from zdscan.errors import UserError, not_one_of
from zdscan.physics.cases import Case
from zdscan.physics.parameters import LARGEST_COUPLING, MASS_RANGE

COARSE = 41  # values of each axis; a picture of a slice computes its own
Range = tuple[float, float]


def plane_of(
    case: str | Case, x: str, y: str | None, held: Mapping[str, float], ranges: Mapping[str, Range], **settings: Any
) -> MemoryGrid:
    """The points of a plane, or of a line, of a case.

    Parameters
    ----------
    x, y : ``"mass"`` or a parameter of the case. A coupling is logarithmic where its range lies above 0.
    held : values of the others, 0 where not given; the mass is needed where it is not shown.
    ranges : of the axes shown, by name; by default the usual ones of the explorer.
    settings : of `zdscan.evaluate`.

    Raises
    ------
    UserError
        A name is unknown, a value is outside its range, or the mass is missing.
    """
    start = of_case(case, **settings)
    names = start.case.parameters.axes
    shown = [x] if y is None else [x, y]
    faults = [f"Case {start.case.name} {not_one_of(name, names)}." for name in (*shown, *held) if name not in names]
    faults += [f"The axis {name} cannot be shown and held at {held[name]:g}." for name in shown if name in held]
    if "mass" not in (*shown, *held):
        faults.append("The mass is neither shown nor held; add --slice mass=VALUE.")
    limits = {name: MASS_RANGE if name == "mass" else (-LARGEST_COUPLING, LARGEST_COUPLING) for name in names}
    for name, values in (*ranges.items(), *((name, (value,)) for name, value in held.items())):
        low, high = limits.get(name, (-np.inf, np.inf))
        faults += [
            f"{name} = {value:g} is outside {low:g} to {high:g}." for value in values if not low <= value <= high
        ]
    if faults:
        raise UserError(*dict.fromkeys(faults))
    axes = {}
    for name in names:
        if name in shown:
            axes[name] = _scale(start.scales.get(name), ranges.get(name)).spread(COARSE)
        else:
            axes[name] = np.array([held.get(name, 0.0)])
    return MemoryGrid.compute(Evaluator(start.physics()), axes)


def _scale(usual: Scale | None, wanted: Range | None) -> Scale:
    scale = usual or Scale("symlog", -1.0, 1.0, 1e-7)
    if wanted is None:
        return scale
    if wanted[0] > 0.0:
        return Scale("log", *wanted)
    return Scale("symlog", *wanted, scale.linear_below) if scale.kind == "symlog" else Scale("linear", *wanted)
