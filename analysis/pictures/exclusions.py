"""What is excluded over two axes: the curves of the constraints, and the area that any of them excludes.

In a slice over the mass they are solved, with no cell in them; in one over two couplings they are contours of a plane
that is computed for the picture; in a profile they run between its cells (`zdscan.analysis.views`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.artist import Artist
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, PathPatch

from zdscan.analysis.pictures.areas import Interval
from zdscan.analysis.pictures.curves import (
    Curve,
    Line,
    area_of,
    contours,
    draw_curves,
    look_of,
    of_excess,
    of_intervals,
    outline,
)
from zdscan.analysis.pictures.frame import Frame
from zdscan.analysis.pictures.sheet import Options, described, label_of, level_words
from zdscan.analysis.views.exact import SolvedLimits, is_slice, solve
from zdscan.analysis.views.points import Points
from zdscan.analysis.views.smooth import excess
from zdscan.analysis.views.view import View

UNION, BORDER = "0.92", "0.45"
NAMED = 8  # curves with a name in a picture one column wide
MOST_NAMED_ALL = 12  # as many constraints that were asked for by name all have one


@dataclass(frozen=True)
class Exclusions:
    """What the chosen constraints of a view exclude.

    Attributes
    ----------
    curves : of each that excludes something, those that matter most first.
    area, border : what they exclude together, in fractions of the frame.
    """

    curves: list[Curve]
    area: list[Line]
    border: list[Line]


def exclusions(grid: Points, seen: View, frame: Frame, count: int) -> Exclusions:
    """What is excluded in a view; in a slice solved at so many values, where the physics of the points is known."""
    names = list(seen.chosen)
    exact = grid.physics is not None and is_slice(grid, seen.axes, seen.fixed)
    if exact and "mass" in seen.axes and grid.physics is not None:
        return _solved(solve(grid.physics, seen.axes, seen.values, seen.fixed, names, count), seen.axes[0], frame)
    x, y = (side.fractions(seen.values[name]) for name, side in zip(seen.axes, (frame.x, frame.y), strict=True))
    found = excess(seen, grid.physics, everywhere=exact, between=seen.grid_chi2 is not None)
    border, area = contours(x, y, found.together)
    return Exclusions(of_excess(x, y, found.each), area, border)


def _solved(limits: SolvedLimits, x: str, frame: Frame) -> Exclusions:
    upright = limits.across == x
    across, along = (frame.x, frame.y) if upright else (frame.y, frame.x)
    places = across.fractions(limits.at)
    found = {name: [along.within(here) for here in intervals] for name, intervals in limits.intervals.items()}
    together = [_merged([pair for each in found.values() for pair in each[i]]) for i in range(len(places))]
    union = of_intervals(places, {"": together}, upright=upright)
    area, border = (union[0].area, union[0].lines) if union else ([], [])
    return Exclusions(of_intervals(places, found, upright=upright), area, border)


def _merged(intervals: Sequence[Interval]) -> list[Interval]:
    """Intervals that overlap as one."""
    found: list[Interval] = []
    for low, high in sorted(intervals):
        if found and low <= found[-1][1]:
            found[-1] = found[-1][0], max(high, found[-1][1])
        else:
            found.append((low, high))
    return found


def strongest_of(options: Options, seen: View, usual: int) -> int:
    """How many curves have a name."""
    if options.strongest is not None:
        return options.strongest
    return len(seen.chosen) if len(seen.chosen) <= MOST_NAMED_ALL else usual


def draw_exclusions(
    frame: Frame, found: Exclusions, seen: View, strongest: int, level: str, *, colours: bool = False, fill: bool = True
) -> tuple[list[Artist], PathPatch | None, list[Curve]]:
    """Draw the area and the curves; returns legend handles, the area, and the curves with a name.

    colours : whether the picture has colours below, so that the area is hatched.
    fill : whether the areas of curves with a name are tinted.
    """
    ground: dict[str, Any] = {"facecolor": UNION, "zorder": 2.5}
    if colours:
        ground = {"facecolor": "none", "hatch": "////", "edgecolor": "0.45", "linewidth": 0.0, "zorder": 2.5}
    under = area_of(frame, found.area, ground)
    outline(frame, found.border, {"edgecolor": BORDER, "linewidth": 0.6, "zorder": 3.3})
    named = draw_curves(frame, found.curves, strongest, fill=fill and not colours)
    handles: list[Artist] = []
    if found.area:
        look: dict[str, Any] = {"facecolor": "none", "hatch": "////"} if colours else {"facecolor": UNION}
        handles.append(Patch(edgecolor=BORDER, linewidth=0.6, label=level_words(level), **look))
    known = described([curve.name for curve in named], seen.limits)
    for curve in named:
        label = f"{curve.name}: {label_of(curve.name, known[curve.name], level)}"
        handles.append(Line2D([], [], **look_of(curve), label=label))
    return handles, under, named


def remarks_on(found: Exclusions, seen: View, named: Sequence[Curve]) -> list[str]:
    """What the curves do not show, in sentences."""
    curves = {curve.name: curve for curve in found.curves}
    nowhere = [name for name in seen.chosen if name not in curves or not curves[name].mask.any()]
    everywhere = [curve.name for curve in found.curves if curve.mask.all()]
    grey = [curve.name for curve in found.curves if curve.is_seen and curve.name not in {each.name for each in named}]
    said = []
    if grey:
        said.append(f"Thin grey lines: {', '.join(grey)}.")
    if everywhere:
        said.append(f"The whole picture is excluded by {', '.join(everywhere)}.")
    if nowhere and seen.bits is not None:
        said.append(f"Nothing of the picture is excluded alone by {', '.join(nowhere)}.")
    return said
