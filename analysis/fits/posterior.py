"""The posterior that is sampled: exp(-statistic/2) times a prior flat in the scale of each axis. docs/sampling.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from zdscan.analysis.fits.seeds import coarse
from zdscan.analysis.fits.statistic import Statistic
from zdscan.analysis.views.spacing import spacing_of
from zdscan.errors import UserError
from zdscan.evaluation.engine import Engine
from zdscan.scan.scanfile import Scan

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Scale:
    """The coordinate of a parameter in which its prior is flat: x, ln|x| or asinh(x/width), between two ends.

    Attributes
    ----------
    name, kind : of the parameter; "linear", "log" or "symlog".
    low, high : ends of the axis; width : of the linear part of a symlog scale.
    """

    name: str
    kind: str
    low: float
    high: float
    width: float = 1.0

    @classmethod
    def of(cls, name: str, axis: Array) -> Scale:
        """That in which the values of an axis are evenly spaced."""
        low, high = float(axis[0]), float(axis[-1])
        kind, width = spacing_of(axis)
        if high < 0.0 and kind == "asinh":  # an axis of negative values alone has no linear part
            kind = "log"
        return cls(name, "symlog" if kind == "asinh" else kind, low, high, width)

    def coordinate(self, values: Array) -> Array:
        """The coordinate of values."""
        if self.kind == "log":
            return np.asarray(np.sign(self.high) * np.log(np.abs(values)))
        return np.asarray(np.arcsinh(values / self.width) if self.kind == "symlog" else values)

    def value(self, coordinates: Array) -> Array:
        """The values at coordinates, within the ends whatever the rounding."""
        if self.kind == "log":
            found = np.sign(self.high) * np.exp(np.sign(self.high) * coordinates)
        else:
            found = self.width * np.sinh(coordinates) if self.kind == "symlog" else coordinates
        inside: Array = np.clip(found, self.low, self.high)
        return inside

    @property
    def ends(self) -> tuple[float, float]:
        """Of the coordinate."""
        low, high = self.coordinate(np.array([self.low, self.high])).tolist()
        return low, high

    @property
    def words(self) -> str:
        """The prior as a phrase."""
        flat = {"linear": "", "log": " of the logarithm", "symlog": f" of asinh(value/{self.width:.6g})"}[self.kind]
        return (
            f"flat{' in the value' if not flat else flat.replace(' of', ' in')} from {self.low:.6g} to {self.high:.6g}"
        )


class Posterior:
    """The logarithm of the posterior density of a scan, up to a constant, at points in the coordinates of the scales.

    It can be given to other processes, which read the scan again.

    Parameters
    ----------
    scan : its axes are the ends and scales of the priors; one of a single value is held there.
    statistic : what stands in the exponent.
    """

    def __init__(self, scan: Scan, statistic: str) -> None:
        self.scan, self.statistic = scan, statistic
        engine = Engine.from_scan(scan)
        self.axes: Mapping[str, Array] = engine.axes
        self.surface = Statistic(engine.physics, statistic)
        self.scales = tuple(Scale.of(name, axis) for name, axis in self.axes.items() if len(axis) > 1)
        if not self.scales:
            raise UserError(f"{scan.source}: every axis has one value, so there is nothing to sample.")
        self._ends = np.array([scale.ends for scale in self.scales])

    def __reduce__(self) -> tuple[type[Posterior], tuple[Scan, str]]:
        return Posterior, (self.scan, self.statistic)

    def values(self, points: Array) -> dict[str, Array]:
        """The parameters at points float64[..., d], those that are held included."""
        free = {scale.name: scale.value(points[..., k]) for k, scale in enumerate(self.scales)}
        held = {name: np.full(points.shape[:-1], axis[0]) for name, axis in self.axes.items() if name not in free}
        return {name: free[name] if name in free else held[name] for name in self.axes}

    def __call__(self, points: Array) -> Array:
        """The logarithm at points float64[n, d]: minus half the statistic, and -inf outside of the axes."""
        inside = ((points >= self._ends[:, 0]) & (points <= self._ends[:, 1])).all(axis=1)
        found = np.full(len(points), -np.inf)
        mass, *couplings = (values[inside] for values in self.values(points).values())
        chi2 = [self._at(float(m), *point) for m, *point in zip(mass, *couplings, strict=True)]
        found[inside] = -0.5 * np.nan_to_num(np.array(chi2, dtype=np.float64), nan=np.inf)
        return found

    def _at(self, mass: float, *point: float) -> float:
        first, second, third = (np.array([value]) for value in point)
        return float(self.surface.at_mass(mass)(first, second, third).reshape(-1)[0])

    @cached_property
    def _grid(self) -> tuple[dict[str, Array], Array]:
        """A coarse grid of the axes and the statistic on it."""
        few = coarse(self.axes)
        mass, *couplings = few.values()
        found = [self.surface.block(float(m), *couplings) for m in mass]
        return few, np.array(found)

    def starts(self, count: int, rng: np.random.Generator) -> Array:
        """Points drawn from the posterior on a coarse grid and spread over its cells: float64[count, d].

        Walkers then begin in every region that the data allow, in proportion to its weight.
        """
        few, chi2 = self._grid
        weights = np.exp(-0.5 * np.nan_to_num(chi2 - np.nanmin(chi2), nan=np.inf, posinf=np.inf))
        for axis, (name, values) in enumerate(few.items()):  # what each value stands for in its scale
            if len(values) > 1:
                scale = next(s for s in self.scales if s.name == name)
                shape = [-1 if k == axis else 1 for k in range(weights.ndim)]
                weights = weights * np.gradient(scale.coordinate(values)).reshape(shape)
        places = rng.choice(weights.size, size=count, p=weights.ravel() / weights.sum())
        drawn = dict(zip(few, np.unravel_index(places, weights.shape), strict=True))
        points = np.empty((count, len(self.scales)))
        for k, scale in enumerate(self.scales):
            coordinates = scale.coordinate(few[scale.name])
            steps = np.gradient(coordinates)[drawn[scale.name]]
            points[:, k] = coordinates[drawn[scale.name]] + 0.5 * steps * rng.uniform(-1.0, 1.0, count)
        low, high = self._ends.T
        margin = 1e-9 * (high - low)
        return np.clip(points, low + margin, high - margin)
