"""Planes of the explorer: chi2 and the ratios of all constraints over two quantities, by evaluators, not from a grid.

chi2 comes from the evaluator that fills grids, ratios from the reference. What belongs to a mass and to no coupling is
kept, so that another coupling costs evaluation alone.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from zdscan.analysis.explorer.scales import Scale
from zdscan.errors import UserError
from zdscan.evaluation.physics import Physics
from zdscan.evaluation.workspace import Workspace

Array = NDArray[np.float64]
POINTS = 200  # along each side
COARSE = 8  # while something is dragged, ratios are computed in every so many-th column
KEPT = 1200  # masses whose tables are kept, some 30 kB each with their expansions
Progress = Callable[[str, float], None]


class Superseded(Exception):
    """The plane is not wanted any more: another was asked for meanwhile."""


@dataclass(frozen=True)
class Request:
    """A plane that is wanted.

    Attributes
    ----------
    x, y : names of the quantities along the sides: "mass" or a parameter of the case.
    scales : of both, by name; their ends are the borders of the plane.
    held : values of the other quantities.
    points : along each side.
    coarse : whether ratios are computed in every `COARSE`-th column only.
    """

    x: str
    y: str
    scales: Mapping[str, Scale]
    held: Mapping[str, float]
    points: int = POINTS
    coarse: bool = False

    def axis(self, name: str) -> Array:
        """The values along a side."""
        return self.scales[name].spread(self.points)


@dataclass(frozen=True)
class Plane:
    """chi2 and ratios over two quantities. The first index of arrays runs along y, the second along x.

    Attributes
    ----------
    request : what was asked for.
    x, y : values along the sides.
    chi2 : float32[y, x].
    ratio_x, ratio_y : values at which there are ratios: those of x and y, or fewer where the plane is coarse.
    ratios : float32[ratio y, ratio x, constraints], prediction over limit; 1 or more is excluded.
    constraints : their ids.
    """

    request: Request
    x: Array
    y: Array
    chi2: NDArray[np.float32]
    ratio_x: Array
    ratio_y: Array
    ratios: NDArray[np.float32]
    constraints: tuple[str, ...]

    @property
    def best(self) -> tuple[float, float, float]:
        """x, y and chi2 where it is lowest."""
        j, i = np.unravel_index(int(np.argmin(self.chi2)), self.chi2.shape)
        return float(self.x[i]), float(self.y[j]), float(self.chi2[j, i])

    def best_allowed(self, shown: NDArray[np.bool_]) -> tuple[float, float, float] | None:
        """The same among points that none of the constraints `shown` excludes; None where there is none."""
        chi2 = self.chi2[np.ix_(np.searchsorted(self.y, self.ratio_y), np.searchsorted(self.x, self.ratio_x))]
        allowed = ~np.any(self.ratios[..., shown] >= 1.0, axis=2)
        if not allowed.any():
            return None
        j, i = np.unravel_index(int(np.argmin(np.where(allowed, chi2, np.inf))), chi2.shape)
        return float(self.ratio_x[i]), float(self.ratio_y[j]), float(chi2[j, i])


class Planes:
    """Computes planes of one physics; tables of masses are kept between them."""

    def __init__(self, physics: Physics) -> None:
        self.physics = physics
        self.names = physics.case.parameters.names
        self.constraints = tuple(constraint.id for constraint in physics.constraints)
        self._tables: OrderedDict[float, Array] = OrderedDict()
        self._workspaces: OrderedDict[tuple[float, tuple[int, ...]], Workspace] = OrderedDict()
        self._rows = replace(physics, constraints=())  # chi2 needs the rows alone
        self._bits = np.dtype(np.uint64)  # of no constraint; the kernels are compiled for grids of many

    def tables(self, mass: float) -> Array:
        """The mass tables of a mass (GeV)."""
        found = self._tables.get(mass)
        if found is None:
            found = self._tables[mass] = self.physics.mass_tables(mass)
            while len(self._tables) > KEPT:
                self._tables.popitem(last=False)
        return found

    def compute(
        self,
        request: Request,
        progress: Progress = lambda what, fraction: None,
        wanted: Callable[[], bool] = lambda: True,
    ) -> Plane:
        """The plane of a request.

        Parameters
        ----------
        progress : told what is done and the fraction of it.
        wanted : asked now and then whether to go on.

        Raises
        ------
        Superseded
            `wanted` said no.
        UserError
            x or y is unknown, or both are the same.
        """
        _check(request, self.names)
        x, y = request.axis(request.x), request.axis(request.y)
        if "mass" in (request.x, request.y):
            return self._over_masses(request, x, y, progress, wanted)
        return self._at_one_mass(request, x, y, progress, wanted)

    def _over_masses(
        self, request: Request, x: Array, y: Array, progress: Progress, wanted: Callable[[], bool]
    ) -> Plane:
        """A plane of which one side is the mass: columns of one mass each."""
        masses, along, other = (x, y, request.y) if request.x == "mass" else (y, x, request.x)
        axes = [along.copy() if name == other else np.array([request.held.get(name, 0.0)]) for name in self.names]
        points = np.stack(np.broadcast_arrays(*axes)).copy()
        computed = _columns(len(masses), request.coarse)
        place = {k: n for n, k in enumerate(computed)}
        chi2 = np.empty((len(masses), len(along)), dtype=np.float32)
        ratios = np.empty((len(computed), len(along), len(self.constraints)), dtype=np.float32)
        bits = np.empty(len(along), dtype=self._bits)
        for k, mass in enumerate(masses.tolist()):
            if k % 8 == 0:
                progress("masses", k / len(masses))
                if not wanted():
                    raise Superseded
            self._workspace(mass, axes).fill(self._axes(axes), 0, chi2[k], bits, chi2[k, :0])
            if k in place:
                ratios[place[k]] = self._ratios(mass, points)
        progress("masses", 1.0)
        if request.x == "mass":
            turned = np.ascontiguousarray(chi2.T)
            return Plane(request, x, y, turned, x[computed], y, ratios.transpose(1, 0, 2), self.constraints)
        return Plane(request, x, y, chi2, x, y[computed], ratios, self.constraints)

    def _at_one_mass(
        self, request: Request, x: Array, y: Array, progress: Progress, wanted: Callable[[], bool]
    ) -> Plane:
        """A plane of two couplings."""
        mass = float(request.held["mass"])
        sides = {request.x: x, request.y: y}
        axes = [sides[name].copy() if name in sides else np.array([request.held.get(name, 0.0)]) for name in self.names]
        chi2 = np.empty(len(x) * len(y), dtype=np.float32)
        bits = np.empty(chi2.size, dtype=self._bits)
        progress("points", 0.0)
        self._workspace(mass, axes).fill(self._axes(axes), 0, chi2, bits, chi2[:0])
        first, second = (name for name in self.names if name in sides)
        square = chi2.reshape(len(sides[first]), len(sides[second]))
        columns = x[_columns(len(x), request.coarse)]
        ratios = np.empty((len(y), len(columns), len(self.constraints)), dtype=np.float32)
        step = max(1, 8000 // len(y))
        for start in range(0, len(columns), step):
            progress("points", start / len(columns))
            if not wanted():
                raise Superseded
            part = columns[start : start + step]
            grid_y, grid_x = np.meshgrid(y, part, indexing="ij")
            points = np.stack(
                [
                    (grid_x if name == request.x else grid_y).ravel()
                    if name in sides
                    else np.full(grid_x.size, request.held.get(name, 0.0))
                    for name in self.names
                ]
            )
            ratios[:, start : start + step] = self._ratios(mass, points).reshape(*grid_x.shape, -1)
        progress("points", 1.0)
        turned = square.T if first == request.x else square
        return Plane(request, x, y, np.ascontiguousarray(turned), columns, y, ratios, self.constraints)

    def _ratios(self, mass: float, points: Array) -> NDArray[np.float32]:
        found = self.physics.quantities(self.tables(mass), points, ("ratios",))["ratios"]
        return np.minimum(found, np.finfo(np.float32).max).astype(np.float32)

    def _axes(self, axes: list[Array]) -> tuple[Array, Array, Array]:
        first, second, third = axes
        return first, second, third

    def _workspace(self, mass: float, axes: list[Array]) -> Workspace:
        """The expansions of a mass for axes of these lengths, on which alone they depend."""
        key = mass, tuple(len(axis) for axis in axes)
        found = self._workspaces.get(key)
        if found is None:
            of_rows = self.tables(mass)[: self._rows.mass_tables_size].copy()  # what follows are the clauses
            found = self._workspaces[key] = self._rows.workspace(of_rows, self._axes(axes))
            while len(self._workspaces) > KEPT:
                self._workspaces.popitem(last=False)
        return found


def _columns(count: int, coarse: bool) -> list[int]:
    """The columns of ratios: all, or every `COARSE`-th and the last."""
    return list(dict.fromkeys([*range(0, count, COARSE), count - 1])) if coarse else list(range(count))


def _check(request: Request, names: tuple[str, ...]) -> None:
    known = ("mass", *names)
    if unknown := [name for name in (request.x, request.y) if name not in known]:
        raise UserError(f"There is no axis {unknown[0]!r}; known are {', '.join(known)}.")
    if request.x == request.y:
        raise UserError(f"x and y are both {request.x}; choose two different axes.")
