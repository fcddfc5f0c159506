"""The four axes of a grid: how a scan file spells one, and the exact values it stands for."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from zdscan.physics.parameters import LARGEST_COUPLING, MASS_RANGE
from zdscan.scan.spacing import asinh, linear, logarithmic, sinh

LEAST_LINEAR = 1e-30  # an axis that is logarithmic over more decades has no use
MOST_POINTS = 1_000_000  # along one axis; a larger n is a slip of the pen
RANGE_KEYS = ("min", "max", "n", "spacing", "linear_below")


class AxisSpec(BaseModel):
    """One axis as written: either ``values``, or ``min``, ``max``, ``n`` and ``spacing``."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    values: list[float] | None = None
    min: float | None = None
    max: float | None = None
    n: int | None = None
    spacing: Literal["log", "linear", "symlog"] | None = None
    linear_below: float | None = None


def build_axis(spec: AxisSpec) -> tuple[NDArray[np.float64] | None, list[tuple[str, str]]]:
    """The axis values, float64 and strictly ascending, with both end points exactly as written.

    Returns
    -------
    (values, faults)
        ``faults`` lists (key, what is wrong) and is empty exactly when ``values`` is not None.
    """
    if spec.values is not None:
        return _from_values(spec)
    faults = range_faults(spec)
    if faults:
        return None, faults
    assert spec.min is not None
    assert spec.max is not None
    assert spec.n is not None
    axis = spaced(spec.min, spec.max, spec.n, spec.spacing or "linear", spec.linear_below)
    if np.any(np.diff(axis) <= 0):
        return None, [("n", f"asks for more points ({spec.n}) than double precision can tell apart here")]
    return axis, []


def spaced(low: float, high: float, n: int, spacing: str, linear_below: float | None = None) -> NDArray[np.float64]:
    """n points from low to high, end points exact.

    ``symlog`` is uniform in t = asinh(x / linear_below): linear where |x| is well below ``linear_below``,
    logarithmic well above it. It contains 0 exactly; the two sides of 0 share the points in proportion to
    their length in t, and are mirror images of each other when low = -high. The same bits on every processor.
    """
    if n == 1:
        return np.array([low + 0.0])
    if spacing == "log":
        sign = math.copysign(1.0, low)
        axis = sign * logarithmic(abs(low), abs(high), n)
    elif spacing == "symlog":
        assert linear_below is not None
        axis = _symlog(low, high, n, linear_below)
    else:
        axis = linear(low, high, n)
    axis[0], axis[-1] = low, high
    return axis + 0.0  # no negative zero


def _symlog(low: float, high: float, n: int, linear_below: float) -> NDArray[np.float64]:
    below, above = asinh(-low / linear_below), asinh(high / linear_below)
    n_below = round((n - 1) * below / (below + above))
    if low < 0.0 < high:
        n_below = min(max(n_below, 1), n - 2)
    sides = [
        linear_below * sinh(linear(0.0, length, count + 1)[1:]) if count else np.zeros(0)
        for length, count in ((below, n_below), (above, n - 1 - n_below))
    ]
    return np.concatenate([-sides[0][::-1], [0.0], sides[1]])


def physics_faults(
    name: str, spec: AxisSpec, within: tuple[float, float] = (-LARGEST_COUPLING, LARGEST_COUPLING)
) -> list[tuple[str, str]]:
    """What the physics forbids for this axis, whatever else is wrong with it: (key, what is wrong).

    within : the range of a parameter that is not the mass.
    """
    numbers = spec.values if spec.values is not None else [x for x in (spec.min, spec.max) if x is not None]
    low, high = MASS_RANGE if name == "mass" else within
    outside = [x for x in numbers if not low <= x <= high]
    if not outside:
        return []
    reached = " and ".join(f"{x:.10g}" for x in dict.fromkeys((min(outside), max(outside))))
    if name == "mass":
        return [("", f"reaches {reached} GeV, outside {low:g} to {high:g} GeV, where the formulas and limits hold")]
    if (low, high) != (-LARGEST_COUPLING, LARGEST_COUPLING):
        return [("", f"reaches {reached}; the range of {name} is {low:g} to {high:g}")]
    return [("", f"reaches {reached}; at most {high:g} in size is allowed, far beyond perturbation theory")]


def _from_values(spec: AxisSpec) -> tuple[NDArray[np.float64] | None, list[tuple[str, str]]]:
    assert spec.values is not None
    faults = [
        (key, "cannot stand beside values; give either values, or min, max, n and spacing")
        for key in RANGE_KEYS
        if getattr(spec, key) is not None
    ]
    axis = np.asarray(spec.values, dtype=np.float64) + 0.0
    if axis.size == 0:
        faults.append(("values", "is empty; an axis needs at least one value"))
    for before, after in pairwise(axis):
        if after == before:
            faults.append(("values", f"holds {after:g} twice; every value may appear once"))
            break
        if after < before:
            faults.append(("values", f"must ascend, but {after:g} follows {before:g}"))
            break
    return (None, faults) if faults else (axis, [])


def range_faults(spec: AxisSpec) -> list[tuple[str, str]]:
    """What is wrong with a range as written, without computing its points: (key, what is wrong)."""
    given = [key for key in RANGE_KEYS if getattr(spec, key) is not None]
    if not given:
        return [("", 'is empty; write { values = [...] } or { min = ..., max = ..., n = ..., spacing = "log" }')]
    faults = [
        (key, "is missing; a range needs min, max and n") for key in ("min", "max", "n") if getattr(spec, key) is None
    ]
    low, high, n = spec.min, spec.max, spec.n
    spacing = spec.spacing or "linear"
    if n is not None and not 1 <= n <= MOST_POINTS:
        faults.append(("n", f"must be a whole number from 1 to {MOST_POINTS}, not {n}"))
    if low is not None and high is not None:
        if low > high:
            faults.append(("min", f"({low:g}) must lie below max ({high:g})"))
        elif low == high and n is not None and n > 1:
            faults.append(("n", f"must be 1 when min = max = {low:g}, not {n}"))
        elif low < high and n == 1:
            faults.append(("n", "= 1 puts one point between different min and max; write values = [...] instead"))
        if spacing == "log" and (low == 0.0 or high == 0.0 or low < 0.0 < high):
            faults.append(
                ("spacing", '= "log" needs min and max of one sign and not 0; use "symlog" to pass through zero')
            )
        if spacing == "symlog" and not low <= 0.0 <= high:
            faults.append(("spacing", '= "symlog" needs zero between min and max; use "log" for one sign'))
        if spacing == "symlog" and low < 0.0 < high and n is not None and n > 1 and n % 2 == 0:
            faults.append(("n", f"must be odd on a symlog axis, so that 0 is a point; write {n + 1} instead of {n}"))
    faults += _linear_below_faults(spec, spacing)
    return faults


def _linear_below_faults(spec: AxisSpec, spacing: str) -> list[tuple[str, str]]:
    value = spec.linear_below
    if spacing != "symlog":
        return [] if value is None else [("linear_below", 'belongs to spacing = "symlog" only; remove it')]
    if value is None:
        return [("linear_below", "is missing; a symlog axis needs the size below which it is linear, such as 1e-6")]
    largest = max(abs(spec.min or 0.0), abs(spec.max or 0.0))
    if value <= 0.0 or (largest > 0.0 and value >= largest):
        return [("linear_below", f"must lie between 0 and the larger of |min| and |max| ({largest:g}), not {value:g}")]
    if value < LEAST_LINEAR:
        return [("linear_below", f"must be at least {LEAST_LINEAR:g}, not {value:g}")]
    return []
