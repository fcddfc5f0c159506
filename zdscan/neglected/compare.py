"""What another theory setting would give at the same points: the constraint or row that it changes most."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zdscan.neglected.effect import Points, Sizes

Array = NDArray[Any]
SAME = 0.01  # relative; a smaller difference is none
BEARING = (0.1, 10.0)  # parts of a bound between which a verdict changes; the same for a row's error


def constraints(points: Points, **settings: str) -> Sizes | None:
    """The ratio to its bound of the constraint that other settings change most, over the ratio that they give."""
    names = [constraint.id for constraint in points.physics.constraints]
    return _most_changed(points.found["ratios"], points.under(**settings)["ratios"], names, "of its bound")


def rows(points: Points, **settings: str) -> Sizes | None:
    """The shift of the row that other settings change most, over the shift that they give; in standard deviations."""
    data = points.physics.likelihood
    here, there = (
        np.abs(item["predictions"] - data.sm) / data.sigma for item in (points.found, points.under(**settings))
    )
    return _most_changed(here, there, data.data.ids, "standard deviations")


def width(points: Points, **settings: str) -> Sizes | None:
    """The total width over the one that other settings give."""
    here, there = (item["widths"].sum(axis=1) for item in (points.found, points.under(**settings)))
    present = np.abs(here - there) > SAME * np.minimum(here, there)
    return Sizes(here, there, present) if present.any() else None


def _most_changed(here: Array, there: Array, names: Sequence[str], unit: str) -> Sizes | None:
    """Of the named columns of two tables [n, names] the one with the largest factor between them.

    What lies below the range that bears on a verdict in both tables is passed over, and within that range factors
    count first.
    """
    low, high = BEARING
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
    return Sizes(here[every, most], there[every, most], present[every, most], detail)


def _factor(here: Array, there: Array) -> Array:
    return np.asarray(np.abs(np.log(here / there)))
