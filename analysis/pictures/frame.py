"""The frame of a picture over two axes: where values lie on its sides, as fractions, and what is drawn there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.path import Path as Outline
from numpy.typing import NDArray

from zdscan.analysis.explorer.scales import Scale

Array = NDArray[np.float64]
Line = Sequence[tuple[float, float]]
BEYOND = 0.06  # of a side: curves are cut off so far outside
LETTER, LINE, APART = 0.052, 0.115, 0.03  # inches: width and height of the letters of a name, and its distance


@dataclass(frozen=True)
class Side:
    """One side of a frame: its scale, the part of it that is shown, and the factor of its unit in the picture."""

    scale: Scale
    low: float
    high: float
    factor: float = 1.0

    def fractions(self, values: object) -> Array:
        """Where values lie, from 0 to 1 within the picture."""
        first, last = self.scale.places([self.low, self.high])
        found = np.asarray(values, dtype=np.float64)
        if self.scale.kind == "log":
            found = np.maximum(found, 1e-300)
        fractions: Array = (self.scale.places(found) - first) / (last - first)
        return fractions

    def within(self, intervals: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
        """Intervals of values as fractions, cut off a little beyond the picture."""
        if not intervals:
            return []
        places = np.clip(self.fractions(np.array(intervals)), -BEYOND, 1.0 + BEYOND).tolist()
        return [(a, b) for a, b in places if b > -BEYOND and a < 1.0 + BEYOND]

    def shown(self, fractions: object) -> Array:
        """Values in the unit of the picture at fractions."""
        first, last = self.scale.places([self.low, self.high])
        found: Array = self.scale.values(first + np.asarray(fractions, dtype=np.float64) * (last - first))
        return found * self.factor


@dataclass(frozen=True)
class Frame:
    """The axes of a picture with both sides; lines are in fractions of the sides.

    Attributes
    ----------
    inches : width and height of the axes, about.
    """

    axes: Axes
    x: Side
    y: Side
    inches: tuple[float, float]

    def path(self, lines: Sequence[Line], *, closed: bool) -> Outline:
        """One path of many lines; a filled one is filled once where polygons overlap."""
        vertices: list[tuple[float, float]] = []
        codes: list[int] = []
        for line in lines:
            vertices += [*line, line[0]] if closed else line
            codes += [int(Outline.MOVETO)] + [int(Outline.LINETO)] * (len(line) - 1)
            codes += [int(Outline.CLOSEPOLY)] if closed else []
        points = np.array(vertices, dtype=np.float64).reshape(-1, 2)
        return Outline(np.stack([self.x.shown(points[:, 0]), self.y.shown(points[:, 1])], axis=1), codes)
