"""Limit curves over two axes: which of them matter, their colours, and names written on them.

A curve comes with its lines and areas in fractions of the frame, from limits that are solved (`of_intervals`) or from
the cells of a profile (`of_excess`). Which are strongest is counted on a raster: the share of the edge of all that is
excluded that each of them draws.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any
from zlib import crc32

import matplotlib.patheffects as effects
import numpy as np
from contourpy import FillType, LineType, contour_generator
from matplotlib.patches import PathPatch
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion

from zdscan.analysis.pictures.areas import Interval, outlines, polygons
from zdscan.analysis.pictures.frame import APART, LETTER, LINE, Frame
from zdscan.errors import UserError

Array = NDArray[np.float64]
Line = list[tuple[float, float]]
# Dark enough for letters on white, and apart for colour-blind readers; a second round is dashed.
COLOURS = (
    *("#0072b2", "#d55e00", "#009e73", "#aa4499", "#332288", "#b07a00"),
    *("#882255", "#117733", "#cc6677", "#3a9bd0", "#6b6b2f", "#000000"),
)
DASHES: tuple[Any, ...] = ("solid", (0, (5, 1.5)), (0, (1.5, 1.2)))
MOST_NAMED = len(COLOURS) * len(DASHES)  # curves that colours and dashes can tell apart
OTHERS = "0.72"
PALE = 0.11  # opacity of the areas of constraints with a name
_RASTER = 140  # points of the raster along each side
_AREA = 1e-3  # weight of the area beside that of the edge
_PLACES = 90  # on a curve at which its name may stand


@dataclass(frozen=True)
class Curve:
    """What one constraint excludes.

    Attributes
    ----------
    lines : its edge; area : closed polygons of the inside, holes the other way round. Both in fractions of the frame.
    mask : bool[_RASTER, _RASTER] over x and y, what it excludes.
    weight : how much it matters.
    """

    name: str
    lines: list[Line]
    area: list[Line]
    mask: NDArray[np.bool_]
    weight: float = 0.0
    colour: str = OTHERS
    dashes: Any = "solid"

    @property
    def is_seen(self) -> bool:
        """Whether some of its edge is in the picture."""
        points = np.array([point for line in self.lines for point in _dense(line)]).reshape(-1, 2)
        return bool(np.any(np.all((points > 0.0) & (points < 1.0), axis=1)))


def check_strongest(count: int) -> int:
    """The number of curves with a name. Raises `UserError` for more than can be told apart."""
    if not 0 <= count <= MOST_NAMED:
        raise UserError(
            f"{count} limit curves cannot be told apart; 0 to {MOST_NAMED} can have a name, the others are grey."
        )
    return count


def of_intervals(
    across: Array, found: Mapping[str, Sequence[Sequence[Interval]]], *, upright: bool = True
) -> list[Curve]:
    """Curves of intervals that are solved at places across.

    Parameters
    ----------
    across : ascending fractions; found : id -> intervals at each of them, in fractions, cut off beyond the frame.
    upright : whether across is the x axis.
    """
    curves = []
    raster = np.linspace(0.0, 1.0, _RASTER)
    nearest = np.abs(across[:, None] - raster).argmin(axis=0)
    for name, intervals in found.items():
        if not any(intervals):
            continue
        # areas are made of positive numbers, whose logarithms are what is straight
        positive = [[(float(np.exp(a)), float(np.exp(b))) for a, b in here] for here in intervals]
        turn = _upright if upright else _lying
        lines = [turn(line) for line in outlines(across.tolist(), positive)]
        area = [turn(line) for line in polygons(across.tolist(), positive)]
        mask = np.zeros((_RASTER, _RASTER), dtype=bool)
        for i, place in enumerate(nearest.tolist()):
            for a, b in intervals[place]:
                mask[i] |= (raster >= a) & (raster <= b)
        curves.append(Curve(name, lines, area, mask if upright else mask.T))
    return _weighed(curves)


def of_excess(x: Array, y: Array, found: Mapping[str, Array]) -> list[Curve]:
    """Curves where values over places x and y (fractions) are 0, with what is at least 0 inside."""
    curves = []
    raster = np.linspace(0.0, 1.0, _RASTER)
    i, j = (np.abs(side[:, None] - raster).argmin(axis=0) for side in (x, y))
    for name, values in found.items():
        if not np.any(values >= 0.0):
            continue
        lines, area = contours(x, y, values)
        curves.append(Curve(name, lines, area, (values >= 0.0)[np.ix_(i, j)]))
    return _weighed(curves)


def contours(x: Array, y: Array, values: Array, level: float = 0.0) -> tuple[list[Line], list[Line]]:
    """The lines on which values over x and y are at a level, and closed polygons of what lies above."""
    masked = np.ma.masked_invalid(values.T)
    options: dict[str, Any] = {"line_type": LineType.Separate, "fill_type": FillType.OuterOffset, "corner_mask": False}
    generator = contour_generator(x, y, masked, **options)
    segments: Any = generator.lines(level)
    filled: Any = generator.filled(level, 1e30)
    lines = [_line(line) for line in segments if len(line) > 1]
    area = []
    points, offsets = filled
    for outline, where in zip(points, offsets, strict=True):
        area += [_line(outline[a:b]) for a, b in pairwise(where)]
    return lines, area


def _weighed(curves: Sequence[Curve]) -> list[Curve]:
    """Curves in the order in which they matter: by the share of the edge of all that is excluded, then by area."""
    if not curves:
        return []
    masks = np.stack([curve.mask for curve in curves])
    excluded = masks.any(axis=0)
    edge = excluded & ~binary_erosion(excluded, border_value=1)
    many = np.maximum(masks.sum(axis=0), 1)
    edges = max(1, np.count_nonzero(edge))
    weights = (masks / many)[:, edge].sum(axis=1) / edges
    weights += _AREA * (masks / many**2).sum(axis=(1, 2)) / max(1, np.count_nonzero(excluded))
    found = [replace(curve, weight=float(weight)) for curve, weight in zip(curves, weights, strict=True)]
    return sorted(found, key=lambda curve: (not curve.is_seen, -curve.weight))


def coloured(curves: Sequence[Curve]) -> list[Curve]:
    """Curves with colours and dashes: a constraint has its own colour in all pictures, unless another has taken it."""
    taken: set[int] = set()
    found = []
    for number, curve in enumerate(curves):
        turn = number // len(COLOURS)
        if number % len(COLOURS) == 0:
            taken = set()
        place = crc32(curve.name.encode()) % len(COLOURS)
        while place in taken:
            place = (place + 1) % len(COLOURS)
        taken.add(place)
        found.append(replace(curve, colour=COLOURS[place], dashes=DASHES[turn % len(DASHES)]))
    return found


def draw_curves(frame: Frame, curves: Sequence[Curve], strongest: int, *, fill: bool = True) -> list[Curve]:
    """Draw curves, the strongest with colours and names and the others thin and grey; returns those with a name.

    Parameters
    ----------
    curves : in the order in which they matter.
    fill : whether the areas of curves with a name are tinted.
    """
    seen = [curve for curve in curves if curve.is_seen]
    named = coloured(seen[:strongest])
    for curve in seen[strongest:]:
        outline(frame, curve.lines, {"edgecolor": OTHERS, "linewidth": 0.5, "zorder": 3.2})
    for curve in named:
        if fill and curve.area:
            area_of(frame, curve.area, {"facecolor": curve.colour, "alpha": PALE, "zorder": 3.1})
        outline(frame, curve.lines, look_of(curve, edge=True) | {"zorder": 5})
    _write_names(frame, named, curves)
    return named


def look_of(curve: Curve, *, edge: bool = False) -> dict[str, Any]:
    """Colour, dashes and width of a curve with a name, for a line, or for the edge of a patch."""
    return {"edgecolor" if edge else "color": curve.colour, "linestyle": curve.dashes, "linewidth": 1.1}


def outline(frame: Frame, lines: Sequence[Line], look: dict[str, Any]) -> None:
    """Draw open lines."""
    if lines:
        patch = PathPatch(frame.path(lines, closed=False), facecolor="none", joinstyle="round", **look)
        frame.axes.add_patch(patch)


def area_of(frame: Frame, area: Sequence[Line], look: dict[str, Any]) -> PathPatch | None:
    """Fill closed polygons together; returns what was drawn."""
    if not area:
        return None
    patch = PathPatch(frame.path(area, closed=True), **({"edgecolor": "none"} | look))
    frame.axes.add_patch(patch)
    return patch


def _write_names(frame: Frame, named: Sequence[Curve], every: Sequence[Curve]) -> None:
    """Write the id of each curve beside it, where few curves are in the way and no other name; else nowhere.

    Where all around is excluded by none, a name stands best; names that matter most choose first.
    """
    width, height = frame.inches
    excluded = np.any([curve.mask for curve in every], axis=0) if every else np.zeros((_RASTER, _RASTER), dtype=bool)
    crossed = np.concatenate([_spots(curve, 4 * _PLACES) for curve in named]) if named else np.zeros((0, 2))
    taken: list[tuple[float, float, float, float]] = []
    tall, gap_x, gap_y = LINE / height, APART / width, APART / height
    for curve in named:
        half = 0.5 * LETTER * len(curve.name) / width
        best: tuple[float, tuple[float, float, float, float]] | None = None
        for u, v in _spots(curve, _PLACES).tolist():
            for a, b in (
                (u, v + gap_y + tall / 2),
                (u, v - gap_y - tall / 2),
                (u + gap_x + half, v),
                (u - gap_x - half, v),
            ):
                box = a - half, a + half, b - tall / 2, b + tall / 2
                if box[0] < 0.01 or box[1] > 0.99 or box[2] < 0.015 or box[3] > 0.985:
                    continue
                if any(box[0] < r and p < box[1] and box[2] < s and q < box[3] for p, r, q, s in taken):
                    continue
                inside = (np.abs(crossed[:, 0] - a) < half) & (np.abs(crossed[:, 1] - b) < tall / 2)
                free = not any(_at(excluded, place, b) for place in (box[0], a, box[1]))
                score = float(np.count_nonzero(inside)) + (0.0 if free else 6.0) + abs(a - 0.5)
                if best is None or score < best[0]:
                    best = score, box
        if best is not None:
            box = best[1]
            taken.append(box)
            white = [effects.withStroke(linewidth=1.8, foreground="white")]
            look: dict[str, Any] = {"fontsize": 6.5, "color": curve.colour, "path_effects": white, "zorder": 8}
            place = frame.x.shown(0.5 * (box[0] + box[1])), frame.y.shown(0.5 * (box[2] + box[3]))
            frame.axes.text(float(place[0]), float(place[1]), curve.name, ha="center", va="center", **look)


def _spots(curve: Curve, count: int) -> Array:
    """Points of a curve within the picture, about so many."""
    points = np.array([point for line in curve.lines for point in _dense(line)]).reshape(-1, 2)
    points = points[np.all((points > 0.0) & (points < 1.0), axis=1)]
    return points[:: max(1, len(points) // count)]


def _dense(line: Line) -> list[tuple[float, float]]:
    """A line with points between far ones."""
    found = [line[0]]
    for (a, b), (c, d) in pairwise(line):
        steps = max(1, int(max(abs(c - a), abs(d - b)) / 0.02))
        found += [(a + (c - a) * k / steps, b + (d - b) * k / steps) for k in range(1, steps + 1)]
    return found


def _at(mask: NDArray[np.bool_], u: float, v: float) -> bool:
    last = _RASTER - 1
    return bool(mask[round(min(max(u, 0.0), 1.0) * last), round(min(max(v, 0.0), 1.0) * last)])


def _upright(line: Sequence[tuple[float, float]]) -> Line:
    return [(u, float(np.log(v))) for u, v in line]


def _lying(line: Sequence[tuple[float, float]]) -> Line:
    return [(float(np.log(v)), u) for u, v in line]


def _line(points: NDArray[np.float64]) -> Line:
    return [(float(a), float(b)) for a, b in points]
