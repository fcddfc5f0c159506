"""What another theory setting would give at the same points: the constraint or row that it changes most."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zdscan.neglected.effect import Points, Sizes

Array = NDArray[Any]
SAME = 0.01  # relative; a smaller difference is none
BEARING = (0.1, 10.0)  # ratios to a bound between which a verdict may change
SHIFTS = (0.1, 1e4)  # the same for shifts of rows, in standard deviations: on a resonance they are large


def constraints(points: Points, **settings: str | float) -> Sizes | None:
    """The ratio to its bound of the constraint that other settings change most, over the ratio that they give."""
    names = [constraint.id for constraint in points.physics.constraints]
    return _most_changed(points.found["ratios"], points.under(**settings)["ratios"], names, "of its bound", BEARING)


def rows(points: Points, **settings: str | float) -> Sizes | None:
    """The shift of the row that other settings change most, over the shift that they give; in standard deviations."""
    data = points.physics.likelihood
    here, there = (
        np.abs(item["predictions"] - data.sm) / data.sigma for item in (points.found, points.under(**settings))
    )
    return _most_changed(here, there, data.data.ids, "standard deviations", SHIFTS)


def width(points: Points, **settings: str | float) -> Sizes | None:
    """The total width over the one that other settings give."""
    here, there = (item["widths"].sum(axis=1) for item in (points.found, points.under(**settings)))
    present = np.abs(here - there) > SAME * np.minimum(here, there)
    return Sizes(here, there, present, weight=np.abs(here - there)) if present.any() else None


def _most_changed(
    here: Array, there: Array, names: Sequence[str], unit: str, bearing: tuple[float, float]
) -> Sizes | None:
    """Of the named columns of two tables [n, names] the one with the largest factor between them.

    Numbers below the range that bears on a verdict are passed over where they are so in both tables, and factors within
    that range count first.
    """
    low, high = bearing
    with np.errstate(invalid="ignore"):  # where both overflow there is no difference to tell
        present = (np.abs(here - there) > SAME * np.minimum(here, there)) & (np.maximum(here, there) >= low)
    if not present.any():
        return None
    inside = _factor(np.clip(here, low, high), np.clip(there, low, high))
    beyond = _factor(np.maximum(here, low), np.maximum(there, low))
    weight = np.where(present, inside + 1e-3 * beyond, 0.0)
    most, every = np.argmax(weight, axis=1), np.arange(len(here))
    detail = [
        f"{names[k]}, {here[i, k]:.2g} {unit} instead of {there[i, k]:.2g}" for i, k in zip(every, most, strict=True)
    ]
    return Sizes(here[every, most], there[every, most], present[every, most], detail, weight[every, most])


def _factor(here: Array, there: Array) -> Array:
    with np.errstate(invalid="ignore"):
        return np.asarray(np.nan_to_num(np.abs(np.log(here) - np.log(there)), nan=0.0, posinf=1e3))
