"""The picture of what limits where: which constraint excludes first on the way along y from weak coupling."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from zdscan.analysis.pictures.layers import BEST, Plane
from zdscan.analysis.pictures.scales import symbol
from zdscan.analysis.pictures.sheet import (
    TWO_COLUMNS,
    Options,
    Target,
    check_drawable,
    columns_of,
    described,
    label_of,
    sheet_for,
    show_range,
    view_lines,
)
from zdscan.analysis.views.points import Points
from zdscan.analysis.views.regions import NOWHERE, TOGETHER, first_excluding
from zdscan.analysis.views.view import View
from zdscan.physics.level import PUBLISHED
from zdscan.terminal.words import allowed_by_short

# Paul Tol's muted set, safe for colour-blind readers; the numbers in the areas carry the meaning.
AREAS = ("#cc6677", "#88ccee", "#ddcc77", "#117733", "#332288", "#882255", "#44aa99", "#999933", "#aa4499", "#bbbbbb")
TOGETHER_COLOUR = "#eeeeee"


def draw(grid: Points, seen: View, target: Target, options: Options | None = None) -> list[str]:
    """Draw which constraint excludes first on the way from weak coupling along y (`first_excluding`).

    Returns
    -------
    The constraints that come first somewhere, those of most cells at the beginning, as a sentence.

    Raises
    ------
    UserError
        As `zdscan.analysis.pictures.plane.draw`.
    """
    options, along = options or Options(), seen.axes[1]
    check_drawable(grid, seen.axes, target, options)
    first = first_excluding(seen, along, grid.bounds)
    names = list(seen.chosen)
    numbers, counts = np.unique(first[first >= 0], return_counts=True)
    order = [int(number) for number in numbers[np.argsort(-counts, kind="stable")]]
    known = described([names[number] for number in order], seen.limits)
    with sheet_for(target, options, TWO_COLUMNS) as sheet:
        plane = Plane(sheet.axes, seen.axes, seen.values, options.unit, options.spacing)
        level = str(grid.attributes.get("level", PUBLISHED))
        area = np.full(first.shape, NOWHERE, dtype=np.int64)
        handles: list[Artist] = []
        colours = [AREAS[rank % len(AREAS)] for rank in range(len(order))]
        for rank, (number, (name, constraint)) in enumerate(zip(order, known.items(), strict=True)):
            area[first == number] = rank
            text = f"{rank + 1}  {label_of(name, constraint, level)}"
            handles.append(Patch(facecolor=colours[rank], edgecolor="white", label=text))
        if (first == TOGETHER).any():
            area[first == TOGETHER] = len(order)
            colours.append(TOGETHER_COLOUR)
            handles.append(Patch(facecolor=TOGETHER_COLOUR, edgecolor="0.6", label="only several together"))
        if colours:
            plane.categories(area, colours)
        for rank in range(len(order)):
            plane.number_at(_middle(area == rank), str(rank + 1))
        handles += plane.missing(seen.missing)
        if options.shows(seen.best, seen.axes):
            handles += plane.mark(seen.best, "*", BEST, "best fit")
        handles.append(Line2D([], [], linestyle="none", marker="s", color="white", markeredgecolor="0.6"))
        handles[-1].set_label(allowed_by_short(len(names)))
        lines = [
            *view_lines(grid, seen, options),
            f"first constraint on the way along {symbol(along)} from weak coupling",
        ]
        show_range(sheet.axes, seen.axes, seen.values, options)
        sheet.finish(lines, handles, target, columns_of(sheet))
    found = ", ".join(known)
    return [f"First along {along}: {found}." if found else "No constraint excludes a whole cell."]


def _middle(cells: NDArray[np.bool_]) -> Sequence[int]:
    """The cell farthest inside an area; of equal ones that nearest to the middle of them."""
    depth = distance_transform_edt(np.pad(cells, 1))[1:-1, 1:-1]
    deepest = np.argwhere(depth == depth.max())
    distance = np.abs(deepest - deepest.mean(axis=0)).sum(axis=1)
    return [int(k) for k in deepest[int(np.argmin(distance))]]
