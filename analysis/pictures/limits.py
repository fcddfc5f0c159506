"""The picture of limit curves: what each constraint excludes of a parameter against the mass. docs/limits.md."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zlib import crc32

import matplotlib as mpl
import matplotlib.patheffects as effects
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, PathPatch
from numpy.typing import NDArray

from zdscan.analysis.pictures.areas import Interval, outlines, path, polygons
from zdscan.analysis.pictures.layers import constraint_label
from zdscan.analysis.pictures.scales import label, looks, mass_factor, set_scale, setting, symbol
from zdscan.analysis.pictures.sheet import FORMATS, TWO_COLUMNS, Options, Sheet
from zdscan.analysis.pictures.typeset import in_print
from zdscan.edges.curves import LimitCurves
from zdscan.errors import UserError
from zdscan.physics.statistics import in_words

# Dark enough for letters on white, and apart for colour-blind readers; a second round is dashed.
COLOURS = (
    *("#0072b2", "#d55e00", "#009e73", "#aa4499", "#332288", "#b07a00"),
    *("#882255", "#117733", "#cc6677", "#3a9bd0", "#6b6b2f", "#000000"),
)
DASHES: tuple[Any, ...] = ("solid", (0, (5, 1.5)), (0, (1.5, 1.2)))
UNION, OTHERS = "0.92", "0.72"
PALE = 0.11  # opacity of the areas of constraints with a name
LABELS = 12
_ABOVE, _BELOW = 10.0, 3.0  # how far the picture goes beyond the weakest of the strongest limits and the lowest edge
_LETTER, _LINE, _APART = 0.0086, 0.03, 0.008  # of the axes: width and height of letters, and their distance to a curve


@dataclass(frozen=True)
class _Frame:
    """Where curves are drawn: the axes, the masses in the unit of the picture, and the range of the parameter.

    excluded : what is excluded together at each mass.
    names : boxes that are taken by names, in fractions of the axes: left, right, bottom, top.
    """

    axes: Axes
    x: NDArray[np.float64]
    low: float
    high: float
    excluded: Sequence[Sequence[Interval]]
    names: list[tuple[float, float, float, float]] = field(default_factory=list)

    def within(self, intervals: Sequence[Sequence[Interval]]) -> list[list[Interval]]:
        """Intervals cut off a little beyond the picture."""
        low, high = self.low / 10.0, self.high * 10.0
        return [[(max(a, low), min(b, high)) for a, b in here if a < high and b > low] for here in intervals]

    def is_free(self, x: float, y: float) -> bool:
        """Whether a point, in fractions of the axes, is allowed."""
        mass = self.x[0] * (self.x[-1] / self.x[0]) ** x
        value = self.low * (self.high / self.low) ** y
        return not any(a <= value <= b for a, b in self.excluded[int(np.argmin(np.abs(np.log(self.x / mass))))])

    def places(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points in fractions of the axes: float64[points, 2]."""
        across = np.log(x / self.x[0]) / math.log(self.x[-1] / self.x[0])
        return np.stack([across, np.log(y / self.low) / math.log(self.high / self.low)], axis=1)


@dataclass(frozen=True)
class _Curve:
    """What one constraint excludes, at ascending masses, and its look.

    edges : points of its edges: place of the mass, value, whether it is an upper edge, and whether it is an edge of all
        that is excluded.
    """

    name: str
    intervals: list[list[Interval]]
    edges: list[tuple[int, float, bool, bool]]
    colour: str = OTHERS
    dashes: Any = "solid"

    def is_within(self, frame: _Frame) -> bool:
        """Whether an edge is in the picture."""
        return any(frame.low < value < frame.high for _, value, _, _ in self.edges)


def draw(curves: LimitCurves, target: Path, options: Options | None = None, labels: int = LABELS) -> list[str]:
    """Draw and save limit curves over the mass; grey is what any constraint excludes.

    Parameters
    ----------
    labels : how many constraints have a colour and a name; the others are thin grey lines.

    Returns
    -------
    The constraints without colour, in a sentence.

    Raises
    ------
    UserError
        There are fewer than two masses or no limit at all, an unknown unit, or a target that cannot be written.
    """
    options = options or Options()
    check(curves.mass, target, options)
    if not np.any(curves.upper > 0.0):
        raise UserError(f"No constraint limits {curves.along} at these masses, so there is no curve to draw.")
    order = np.argsort(curves.mass, kind="stable")
    with mpl.rc_context(looks(options.style) | {"pdf.fonttype": 42, "ps.fonttype": 42}):
        sheet = Sheet.blank(TWO_COLUMNS)
        axes = sheet.axes
        frame = _Frame(
            axes,
            curves.mass[order] * mass_factor(options.unit),
            *_range(curves),
            [curves.excluded(i) for i in order.tolist()],
        )
        set_scale(axes, "x", frame.x)
        axes.set(yscale="log", ylim=(frame.low, frame.high), xlabel=label("mass", options.unit))
        axes.set_ylabel(("−" if curves.negative else "") + symbol(curves.along))
        drawn = sorted(_curves(curves, order), key=lambda curve: not curve.is_within(frame))
        named = min(labels, sum(curve.is_within(frame) for curve in drawn))
        drawn[:named] = _coloured(drawn[:named])
        _fill(frame, drawn, UNION, 1.0, 0)
        handles: list[Artist] = [Patch(facecolor=UNION, label="excluded by any")]
        for curve in drawn[named:]:
            _outline(frame, curve, {"color": OTHERS, "linewidth": 0.5, "zorder": 1.5}, ends=False)
        for curve in drawn[:named]:
            look: dict[str, Any] = {"color": curve.colour, "linestyle": curve.dashes, "linewidth": 1.1}
            _fill(frame, [curve], curve.colour, PALE, 1)
            _outline(frame, curve, look | {"zorder": 4}, ends=True)
            constraint = curves.physics.constraints[curves.constraints.index(curve.name)]
            handles.append(Line2D([], [], **look, label=f"{curve.name}: {constraint_label(constraint)}"))
        crossed = [point for curve in drawn[:named] for point in curve.edges]
        for curve in drawn[:named]:
            _name(frame, curve, _points(frame, crossed))
        sheet.finish(_heading(curves, options), handles, target, (4, 2))
    rest = [curve.name for curve in drawn[named:]]
    return [f"Thin grey lines: {', '.join(rest)}."] if rest else []


def check(mass: NDArray[np.float64], target: Path, options: Options) -> None:
    """Refuse, before any work, what no picture can be made of.

    Raises
    ------
    UserError
        There are fewer than two masses, an unknown unit, or a target of another kind or without a folder.
    """
    if target.suffix.lower() not in FORMATS:
        raise UserError(f"{target}: the picture must end in {', '.join(FORMATS)}.")
    if not target.absolute().parent.is_dir():
        raise UserError(f"{target}: the picture cannot be written: there is no folder {target.parent}.")
    mass_factor(options.unit)
    if len(np.unique(mass)) < 2:
        raise UserError("A picture of limit curves needs at least two masses.")


def _curves(curves: LimitCurves, order: NDArray[np.intp]) -> list[_Curve]:
    """The constraints that limit the parameter, those first that are the edge of what is excluded at most masses."""
    outer: dict[str, set[tuple[int, float]]] = {name: set() for name in curves.constraints}
    for place, i in enumerate(order.tolist()):
        for found in curves.together(i):
            outer[found.begins].add((place, found.low))
            outer[found.ends].add((place, found.high))
    drawn, lowest = [], {}
    for name in curves.constraints:
        intervals = [curves.intervals(name, i) for i in order.tolist()]
        edges = [(place, pair) for place, here in enumerate(intervals) for pair in here]
        if edges:
            points = [
                (place, value, upper, (place, value) in outer[name])
                for place, pair in edges
                for upper, value in enumerate(pair)
                if 0.0 < value < math.inf
            ]
            drawn.append(_Curve(name, intervals, [(i, v, bool(u), o) for i, v, u, o in points]))
            lowest[name] = min(low for _, (low, _) in edges)
    counts = Counter({curve.name: sum(edge[3] for edge in curve.edges) for curve in drawn})
    return sorted(drawn, key=lambda curve: (-counts[curve.name], lowest[curve.name]))


def _coloured(drawn: Sequence[_Curve]) -> list[_Curve]:
    """Curves with colours and dashes: a constraint has its own colour in all pictures, unless another has taken it."""
    taken: set[int] = set()
    found = []
    for number, curve in enumerate(drawn):
        turn = number // len(COLOURS)
        if number % len(COLOURS) == 0:
            taken = set()
        place = crc32(curve.name.encode()) % len(COLOURS)
        while place in taken:
            place = (place + 1) % len(COLOURS)
        taken.add(place)
        found.append(_Curve(curve.name, curve.intervals, curve.edges, COLOURS[place], DASHES[turn % len(DASHES)]))
    return found


def _range(curves: LimitCurves) -> tuple[float, float]:
    """What of the parameter is shown: all edges of closed regions and the strongest limits, with room around them."""
    _, strongest = curves.strongest
    every = np.concatenate([curves.lower.ravel(), curves.upper.ravel()])
    positive = every[np.isfinite(every) & (every > 0.0)]
    if not positive.size:  # all is excluded, or nothing with an edge
        return 1e-6, 1.0
    top = strongest[np.isfinite(strongest)]
    highest = float(top.max()) if top.size and top.max() > 0.0 else float(positive.max())
    return float(positive.min()) / _BELOW, highest * _ABOVE


def _fill(frame: _Frame, drawn: Sequence[_Curve], colour: str, opacity: float, zorder: float) -> None:
    """Fill what curves exclude together."""
    areas = [area for curve in drawn for area in polygons(frame.x.tolist(), frame.within(curve.intervals))]
    if areas:
        look: dict[str, Any] = {"facecolor": colour, "edgecolor": "none", "alpha": opacity, "zorder": zorder}
        frame.axes.add_patch(PathPatch(path(areas, closed=True), **look))


def _outline(frame: _Frame, curve: _Curve, look: dict[str, Any], *, ends: bool) -> None:
    """Draw the edges of what a curve excludes; a dot where it does so at one mass alone."""
    intervals = frame.within(curve.intervals)
    lines = outlines(frame.x.tolist(), intervals, ends=ends)
    if lines:
        shown = {"edgecolor" if key == "color" else key: value for key, value in look.items()}
        frame.axes.add_patch(PathPatch(path(lines, closed=False), facecolor="none", joinstyle="round", **shown))


def _points(frame: _Frame, edges: Sequence[tuple[int, float, bool, bool]]) -> NDArray[np.float64]:
    """Edges in fractions of the axes."""
    if not edges:
        return np.zeros((0, 2))
    return frame.places(frame.x[[edge[0] for edge in edges]], np.array([edge[1] for edge in edges]))


def _name(frame: _Frame, curve: _Curve, crossed: NDArray[np.float64]) -> None:
    """Write a constraint's id beside its edge, where few curves are in the way and no other name; else nowhere.

    Outer edges of all that is excluded come first, there letters stand outside; at inner edges they stand inside.
    """
    half, best = 0.5 * _LETTER * len(curve.name), None
    for (x, y), (_, _, upper, outer) in zip(_points(frame, curve.edges), curve.edges, strict=True):
        bottom = y + _APART if upper is outer else y - _APART - _LINE
        box = x - half, x + half, bottom, bottom + _LINE
        if box[0] < 0.005 or box[1] > 0.995 or box[2] < 0.01 or box[3] > 0.985:
            continue
        if any(box[0] < b and a < box[1] and box[2] < d and c < box[3] for a, b, c, d in frame.names):
            continue
        inside = (np.abs(crossed[:, 0] - x) < half) & (crossed[:, 1] > box[2]) & (crossed[:, 1] < box[3])
        free = outer and all(frame.is_free(place, 0.5 * (box[2] + box[3])) for place in (box[0], x, box[1]))
        score = float(np.count_nonzero(inside)) + (0.0 if free else 6.0) + abs(x - 0.5)
        if best is None or score < best[0]:
            best = score, box
    if best is not None:
        box = best[1]
        frame.names.append(box)
        white = [effects.withStroke(linewidth=1.8, foreground="white")]
        look: dict[str, Any] = {"fontsize": 6.5, "color": curve.colour, "path_effects": white, "zorder": 6}
        place = 0.5 * (box[0] + box[1]), 0.5 * (box[2] + box[3])
        frame.axes.text(*place, curve.name, transform=frame.axes.transAxes, ha="center", va="center", **look)


def _heading(curves: LimitCurves, options: Options) -> list[str]:
    physics = curves.physics
    title = f" ({in_print(physics.case.title)})" if physics.case.title else ""
    lines = [f"Case {physics.case.name}{title}, theory “{physics.settings.theory}”, {in_words(physics.level)}"]
    if curves.parameters:
        lines.append("at " + ", ".join(setting(*item, options.unit) for item in curves.parameters.items()))
    return lines
