"""Grids of modest size in memory: chi2 and the constraint mask on four axes, for the figures of fits."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zdscan.analysis.paper.figures.plate import Detail, html, mev
from zdscan.constraints import select
from zdscan.evaluation.engine import build_physics
from zdscan.evaluation.physics import Physics
from zdscan.physics.cases import named_case
from zdscan.physics.parameters import AXES, PARAMETERS

Array = NDArray[Any]


@dataclass(frozen=True)
class MiniGrid:
    """chi2 (float32) and excluded (uint64 bit mask), both [mass, eps, eps_z, g_mu]; masses in GeV."""

    physics: Physics
    axes: Mapping[str, NDArray[np.float64]]
    chi2: Array
    excluded: Array

    def mask(self, names: Iterable[str]) -> np.uint64:
        """The bits of constraints by id."""
        bits = {constraint.id: 1 << k for k, constraint in enumerate(self.physics.constraints)}
        return np.uint64(sum(bits[name] for name in names))

    def allowed(self, names: Iterable[str]) -> Array:
        """chi2 where none of these constraints excludes, infinity elsewhere."""
        result: Array = np.where(self.excluded & self.mask(names), np.float32(np.inf), self.chi2)
        return result

    def best(self, names: Iterable[str] = ()) -> dict[str, float]:
        """The point of lowest chi2 (coordinates and "chi2") that these constraints allow; empty if there is none."""
        chi2 = self.allowed(names)
        where = np.unravel_index(int(np.argmin(chi2)), chi2.shape)
        if not np.isfinite(chi2[where]):
            return {}
        point = {name: float(self.axes[name][k]) for name, k in zip(AXES, where, strict=True)}
        return point | {"chi2": float(chi2[where])}

    def profile(self, x: str, y: str, names: Iterable[str] = ()) -> Array:
        """Lowest chi2 over the other axes, [x, y] in the order of `zdscan.physics.parameters.AXES`."""
        hidden = tuple(k for k, name in enumerate(AXES) if name not in (x, y))
        result: Array = self.allowed(names).min(axis=hidden)
        return result

    def fraction_allowed(self, within: float, names: Iterable[str]) -> tuple[int, int]:
        """(points that these constraints allow, points in all) with chi2 at most `within` above the lowest."""
        good = self.chi2 <= self.chi2.min() + within
        return int(np.sum(good & ((self.excluded & self.mask(names)) == 0))), int(np.sum(good))


def compute(physics: Physics, axes: Mapping[str, NDArray[np.float64]]) -> MiniGrid:
    """Evaluate a grid on the threads of this machine, one mass at a time."""
    couplings = axes["eps"], axes["eps_z"], axes["g_mu"]
    shape = tuple(axes[name].size for name in AXES)
    chi2, excluded = np.empty(shape, np.float32), np.empty(shape, np.uint64)

    def one(index: int) -> None:
        found = physics.evaluate(physics.mass_tables(float(axes["mass"][index])), couplings)
        chi2[index].flat = found["chi2"]
        excluded[index].flat = found["excluded"]

    with ThreadPoolExecutor(
        max_workers=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    ) as pool:
        list(pool.map(one, range(shape[0])))
    return MiniGrid(physics, axes, chi2, excluded)


def both_signs(low: float, high: float, points: int) -> NDArray[np.float64]:
    """0 and logarithmic values of both signs, `points` each; end points exact."""
    positive = np.geomspace(low, high, points)
    positive[0], positive[-1] = low, high
    return np.concatenate([-positive[::-1], [0.0], positive])


@cache
def case_grid(case: str, detail: Detail) -> MiniGrid:
    """The grid of a case, theory "paper" and every constraint, from 10 MeV to 2 GeV.

    Case A: eps >= 0 and both signs of eps_z, which is all there is. Cases B and C: g_mu > 0, five values of eps.
    """
    physics = build_physics(named_case(case), constraints="all")
    if case == "A":
        axes = {
            "mass": _masses(detail, 110),
            "eps": np.concatenate([[0.0], np.geomspace(1e-7, 1e-2, detail.count(41))]),
            "eps_z": both_signs(1e-6, 1e-1, detail.count(76)),
            "g_mu": np.zeros(1),
        }
    else:
        axes = {
            "mass": _masses(detail, 66),
            "eps": np.array([-1e-3, -1e-4, 0.0, 1e-4, 1e-3]),
            "eps_z": both_signs(1e-7, 1e-1, detail.count(91)),
            "g_mu": np.geomspace(1e-4, 1.0, detail.count(61)),
        }
    return compute(physics, axes)


def _masses(detail: Detail, points: int) -> NDArray[np.float64]:
    """Masses of a grid in GeV; end points exact."""
    masses = np.geomspace(0.010, 2.0, detail.count(points))
    masses[0], masses[-1] = 0.010, 2.0
    return masses


def paper_constraints() -> tuple[str, ...]:
    """Ids of the constraints that the paper's analysis uses; not (g-2)_mu, which it leaves to further new physics."""
    return tuple(constraint.id for constraint in select("paper") if constraint.id != "a_mu")


def describe(point: Mapping[str, float]) -> str:
    """A point as HTML."""
    names = {"eps": "ε", "eps_z": "ε<sub>Z</sub>", "g_mu": "g<sub>μ</sub>"}
    if not point:
        return "no point"
    return ", ".join(
        [f"M = {mev(point['mass'])}", *(f"{names[name]} = {html(point[name])}" for name in PARAMETERS if point[name])]
    )
