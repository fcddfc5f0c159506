"""Every effect at a point, or the largest sizes within the axes of a scan."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zdscan.evaluation.physics import Physics
from zdscan.neglected.effect import Effect, Neglected, Points
from zdscan.neglected.effects import available
from zdscan.physics.parameters import AXES

Array = NDArray[Any]


def at_point(physics: Physics, mass: float, eps: float, eps_z: float, g_mu: float) -> tuple[Neglected, ...]:
    """What is neglected at a point (mass in GeV) with its size, in the order of the effects' ids."""
    points = Points(physics, mass, np.array([[eps], [eps_z], [g_mu]], dtype=np.float64))
    found = []
    for effect in available().values():
        sizes = effect.sizes(points)
        if sizes is not None and sizes.present[0]:
            ratio = float(sizes.ratio[0])
            found.append(Neglected(effect, ratio, effect.sentence(ratio, sizes.detail_of(0))))
    return tuple(found)


@dataclass
class _Largest:
    """The largest finite size of an effect so far, where it is, and whether somewhere there was nothing beside it."""

    weight: float = -math.inf
    ratio: float = -math.inf
    detail: str = ""
    where: tuple[float, ...] = ()
    alone: bool = False

    def look(self, effect: Effect, points: Points) -> None:
        sizes = effect.sizes(points)
        if sizes is None:
            return
        ratio = sizes.ratio
        self.alone = self.alone or bool(np.any(np.isinf(ratio)))
        weight = np.where(np.isfinite(ratio), ratio if sizes.weight is None else sizes.weight, -math.inf)
        place = int(np.argmax(weight))
        if weight[place] > self.weight:
            self.weight, self.ratio, self.detail = float(weight[place]), float(ratio[place]), sizes.detail_of(place)
            self.where = (points.mass, *points.parameters[:, place].tolist())

    def sentences(self, effect: Effect) -> str:
        if not self.where:
            return effect.sentence(math.inf)
        place = ", ".join(f"{name} = {value:.3g}" for name, value in zip(AXES, self.where, strict=True))
        elsewhere = f"; there are points {effect.alone}" if self.alone else ""
        return f"{effect.sentence(self.ratio, self.detail)} Largest of the points tried: {place}{elsewhere}."


def within_axes(physics: Physics, axes: Mapping[str, NDArray[np.float64]]) -> list[str]:
    """In words, each effect that is there: its largest size among a few values of each axis, and where that is."""
    masses, *others = (_tried(axes[name]) for name in AXES)
    parameters = np.array(list(itertools.product(*others)), dtype=np.float64).T
    found = {effect: _Largest() for effect in available().values()}
    for mass in masses:
        points = Points(physics, mass, parameters)
        for effect, largest in found.items():
            largest.look(effect, points)
    return [largest.sentences(effect) for effect, largest in found.items() if largest.where or largest.alone]


def _tried(axis: NDArray[np.float64]) -> list[float]:
    """Ends and middle of an axis, and its value of least size that is not 0."""
    sizes = np.where(axis == 0.0, math.inf, np.abs(axis))
    places = {0, len(axis) // 2, len(axis) - 1, int(np.argmin(sizes))}
    return [float(axis[place]) for place in sorted(places)]
