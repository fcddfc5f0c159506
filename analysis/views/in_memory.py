"""Grids of modest size in memory, computed when they are asked for; seen through `zdscan.analysis.views.view`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zdscan.analysis.at_mass import Evaluator
from zdscan.analysis.views.points import Points
from zdscan.analysis.views.strongest import Bounds
from zdscan.analysis.views.view import view
from zdscan.evaluation.physics import Physics
from zdscan.physics.statistics import level_text


class MemoryGrid(Points):
    """chi2 and exclusion bits of a case on four axes.

    Attributes
    ----------
    evaluator : the case, its settings and constraints.
    axes : mass (GeV), eps, eps_z, g_mu.
    chi2 : float32[mass, eps, eps_z, g_mu].
    excluded : uint32 or uint64 of the same shape, bit k for constraint k.
    """

    def __init__(
        self,
        evaluator: Evaluator,
        axes: Mapping[str, NDArray[np.float64]],
        chi2: NDArray[np.float32],
        excluded: NDArray[np.unsignedinteger[Any]],
    ) -> None:
        self.evaluator = evaluator
        self._axes = {name: axes[name] for name in evaluator.physics.case.parameters.axes}
        self.chi2 = chi2
        self.excluded = excluded

    @classmethod
    def compute(cls, evaluator: Evaluator, axes: Mapping[str, NDArray[np.float64]]) -> MemoryGrid:
        """Fill a grid by the fast evaluator on the threads of this machine, one mass at a time."""
        couplings = [axes[name] for name in evaluator.physics.case.parameters.names]

        def at_mass(mass: float) -> tuple[NDArray[Any], NDArray[Any]]:
            return evaluator.fill(mass, *couplings)

        with ThreadPoolExecutor(
            max_workers=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
        ) as pool:
            chi2, excluded = zip(*pool.map(at_mass, axes["mass"].tolist()), strict=True)
        return cls(evaluator, axes, np.stack(chi2), np.stack(excluded))

    @property
    def path(self) -> Path:
        """What stands for a file in messages."""
        return Path("the grid in memory")

    @cached_property
    def attributes(self) -> Mapping[str, Any]:
        """Case, theory, number of rows and chi2 of the Standard Model, as in a grid file."""
        physics = self.evaluator.physics
        return {
            "case": physics.case.name,
            "theory": physics.settings.theory,
            "limits": physics.settings.limits,
            "level": level_text(physics.level),
            "ndof": len(physics.likelihood.sm),
            "sm_chi2_all": physics.sm_chi2["all"],
        }

    @property
    def physics(self) -> Physics:
        """Case, settings and constraints."""
        return self.evaluator.physics

    @property
    def axes(self) -> Mapping[str, NDArray[np.float64]]:
        """Axis values in the order of the dimensions; mass in GeV."""
        return self._axes

    @property
    def constraints(self) -> dict[str, int]:
        """Constraint id -> its bit in `excluded`."""
        return {constraint.id: 1 << k for k, constraint in enumerate(self.evaluator.physics.constraints)}

    @cached_property
    def bounds(self) -> Bounds:
        """What finds bounds of single constraints between the values of the axes."""
        return Bounds(self.evaluator.physics)

    @property
    def bits_type(self) -> np.dtype[Any]:
        """Type of `excluded`."""
        return self.excluded.dtype

    def read(self, field: str, masses: slice, held: Mapping[str, int]) -> NDArray[Any]:
        """Values of ``chi2`` or ``excluded`` for a range of masses, some coupling axes held at an index."""
        values: NDArray[Any] = {"chi2": self.chi2, "excluded": self.excluded}[field]
        return values[(masses, *(held.get(name, slice(None)) for name in list(self._axes)[1:]))]

    def lowest(self, constraints: Iterable[str] = ()) -> dict[str, float]:
        """The point of lowest chi2 (coordinates and "chi2") that these constraints allow; empty if there is none."""
        return view(self, ("mass",), {}, constraints).best_allowed

    def within(self, above: float) -> Region:
        """The points with chi2 at most `above` higher than the lowest."""
        where = np.nonzero(self.chi2 <= self.chi2.min() + above)
        return Region(self.axes["mass"][where[0]], self.excluded[where], self.constraints)


@dataclass(frozen=True)
class Region:
    """Points of a grid near the minimum of chi2.

    Attributes
    ----------
    mass : float64[n], GeV.
    excluded : exclusion bits of each point.
    constraints : constraint id -> its bit.
    """

    mass: NDArray[np.float64]
    excluded: NDArray[np.unsignedinteger[Any]]
    constraints: Mapping[str, int]

    @property
    def size(self) -> int:
        """Number of points."""
        return self.mass.size

    def lighter_than(self, mass: float) -> Region:
        """The points below a mass (GeV)."""
        light = self.mass < mass
        return Region(self.mass[light], self.excluded[light], self.constraints)

    def excluded_by(self, *names: str) -> NDArray[np.bool_]:
        """Which points at least one of these constraints excludes."""
        bits = self.excluded.dtype.type(sum(self.constraints[name] for name in names))
        excluded: NDArray[np.bool_] = (self.excluded & bits) != 0
        return excluded

    def allowed(self, names: Iterable[str]) -> int:
        """How many points none of these constraints excludes."""
        return int(np.sum(~self.excluded_by(*names)))
