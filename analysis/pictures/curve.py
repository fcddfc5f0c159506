"""The picture of chi2 along one axis: all points, allowed points, the levels, and the intervals in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

from zdscan.analysis.pictures.layers import BEST, BOUNDARY_COLOURS, LINES, MISSING, SM
from zdscan.analysis.pictures.scales import cell_edges, label, set_scale, shown_values
from zdscan.analysis.pictures.sheet import (
    MOST_BOUNDARIES,
    Options,
    Target,
    check_drawable,
    columns_of,
    described,
    label_of,
    levels_words,
    sheet_for,
    show_range,
    together,
    view_lines,
)
from zdscan.analysis.views.points import Points
from zdscan.analysis.views.regions import crossings, levels
from zdscan.analysis.views.view import CellMask, View
from zdscan.physics.level import PUBLISHED
from zdscan.terminal.words import allowed_by, allowed_by_short

ALL, ALLOWED = "#2b6ca8", "black"


def draw(grid: Points, seen: View, target: Target, options: Options | None = None) -> list[str]:
    """Draw and save chi2 along the one axis of a view.

    Returns
    -------
    The interval(s) of each sigma, in sentences.

    Raises
    ------
    UserError
        As `zdscan.analysis.pictures.plane.draw`.
    """
    options = options or Options()
    check_drawable(grid, seen.axes, target, options)
    (name,) = seen.axes
    level = str(grid.attributes.get("level", PUBLISHED))
    wanted = levels(options.parameters or 1, options.sigmas)
    delta = seen.delta(options.reference)
    gain = seen.sm_chi2 - (options.reference if options.reference is not None else seen.best.get("chi2", np.nan))
    top = 1.25 * max(wanted[-1], min(gain, 4 * wanted[-1]) if np.isfinite(gain) else 0.0)
    with sheet_for(target, options) as sheet:
        axes = sheet.axes
        x = shown_values(name, seen.values[name], options.unit)
        scale = set_scale(axes, "x", x, (options.spacing or {}).get(name))
        axes.set_xlabel(label(name, options.unit))
        axes.set_ylabel(r"$\Delta\chi^2$ from the best fit")
        handles = chi2_line(axes, x, delta, ALL, "-", "all points")
        if seen.chosen:
            words = f"points {allowed_by_short(len(seen.chosen))}"
            handles += chi2_line(axes, x, seen.delta(options.reference, allowed=True), ALLOWED, "--", words)
        level_lines(axes, wanted, options.sigmas)
        if gain <= top:  # not NaN
            axes.axhline(gain, color=SM, linewidth=1.6, zorder=1)
            handles.append(Line2D([], [], color=SM, linewidth=1.6, label="SM"))
        if seen.best and options.reference is None and options.shows(seen.best, seen.axes):
            lowest = float(shown_values(name, np.array([seen.best[name]]), options.unit)[0])
            star: dict[str, Any] = {"color": BEST, "markeredgecolor": "black", "markeredgewidth": 0.7, "marker": "*"}
            axes.plot(lowest, 0.0, markersize=10, clip_on=False, zorder=4, **star)
            handles.append(Line2D([], [], linestyle="none", markersize=8, label="best fit", **star))
        bars = _bars(axes, x, cell_edges(x, *scale), seen, top, level)
        handles += _unseen(seen, level)
        axes.set_ylim(-0.03 * top if not bars else -0.05 * top * (bars[0] + 0.8), top)
        show_range(axes, seen.axes, seen.values, options)
        words = levels_words(wanted, options.parameters or 1)
        handles.append(Line2D([], [], linestyle="none", label=words))
        sheet.finish(view_lines(grid, seen, options), [*handles, *bars[1]], target, columns_of(sheet))
    return intervals(seen, options)


def intervals(seen: View, options: Options) -> list[str]:
    """Where chi2 along the axis stays below each level, of all points and, with constraints, of allowed ones."""
    (name,) = seen.axes
    unit = " GeV" if name == "mass" else ""
    said = []
    for which in (False, True) if seen.chosen else (False,):
        delta = seen.delta(options.reference, allowed=which)
        for sigma, level in zip(options.sigmas, levels(options.parameters or 1, options.sigmas), strict=True):
            found = crossings(seen.values[name], delta, level)
            texts = [
                f"{low:.4g}{' (open)' if left else ''} to {high:.4g}{' (open)' if right else ''}{unit}"
                for low, high, left, right in found
            ]
            points = f"points {allowed_by(len(seen.chosen))}" if which else "all points"
            said.append(f"{name} within {sigma:g} sigma, {points}: {', '.join(texts) if texts else 'nowhere'}.")
    return said


_AT_RIGHT: dict[str, Any] = {
    "xycoords": ("axes fraction", "data"),
    "textcoords": "offset points",
    "ha": "right",
    "fontsize": 6.5,
    "color": "0.3",
}


def chi2_line(
    axes: Axes, x: NDArray[np.float64], y: NDArray[np.float64], colour: str, dashes: str, text: str
) -> list[Artist]:
    """Draw chi2 along an axis; returns its entry in the legend."""
    look: dict[str, Any] = {"color": colour, "linestyle": dashes, "linewidth": 1.3, "label": text}
    axes.plot(x, y, marker="." if x.size < 60 else "", markersize=3, zorder=3, **look)
    return [Line2D([], [], **look)]


def level_lines(axes: Axes, heights: Sequence[float], sigmas: Sequence[float]) -> None:
    """Draw the levels of so many sigmas across, with a word at the right."""
    for k, (height, sigma) in enumerate(zip(heights, sigmas, strict=True)):
        axes.axhline(height, color="0.4", linewidth=0.7, linestyle=LINES[k % 3], zorder=1)
        axes.annotate(rf"{sigma:g}$\sigma$", (1.0, height), (-2, 1.5), **_AT_RIGHT)


def _unseen(seen: View, level: str) -> list[Artist]:
    """Legend entries of the constraints behind the curve of allowed points that have no bar."""
    if len(seen.chosen) > MOST_BOUNDARIES or seen.bits is None:  # profiles alone know what all exclude together
        texts = [together(list(seen.chosen), seen.limits, level)]
    else:
        known = described(list(seen.chosen), seen.limits)
        texts = [
            f"{label_of(*item, level)}: nowhere alone" for item in known.items() if not seen.excluded_by(item[0]).any()
        ]
    return [Line2D([], [], linestyle="none", label=text) for text in texts]


def _bars(
    axes: Axes, x: NDArray[np.float64], edge: NDArray[np.float64], seen: View, top: float, level: str
) -> tuple[int, list[Artist]]:
    """A bar below the curve for each constraint, where it excludes every point; returns their number and handles."""
    rows: list[tuple[CellMask, str, str]] = []
    if seen.missing.any():
        rows.append((seen.missing, MISSING, "not computed"))
    if seen.chosen:
        rows.append((seen.forbidden, "0.45", "no point allowed"))
    if len(seen.chosen) <= MOST_BOUNDARIES and seen.bits is not None:
        for number, (name, constraint) in enumerate(described(list(seen.chosen), seen.limits).items()):
            colour = BOUNDARY_COLOURS[number % len(BOUNDARY_COLOURS)]
            rows.append((seen.excluded_by(name), colour, f"{number + 1}  {label_of(name, constraint, level)}"))
    rows = [row for row in rows if row[0].any()]
    handles: list[Artist] = []
    for row, (cells, colour, text) in enumerate(rows):
        low = -0.05 * top * (row + 1)
        for k in np.flatnonzero(cells):
            axes.fill_between(edge[k : k + 2], low, low + 0.035 * top, color=colour, linewidth=0)
        if text[0].isdigit():
            middle = int(np.flatnonzero(cells)[cells.sum() // 2])
            box: dict[str, Any] = {
                "boxstyle": "circle,pad=0.1",
                "facecolor": "white",
                "edgecolor": colour,
                "linewidth": 0.6,
            }
            axes.text(x[middle], low + 0.0175 * top, text.split()[0], fontsize=4.5, ha="center", va="center", bbox=box)
        handles.append(Patch(facecolor=colour, label=text))
    return len(rows), handles
