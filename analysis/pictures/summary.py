"""Two pictures of a whole case: the boundary of every constraint, and which constraint excludes first."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.artist import Artist
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray
from scipy.ndimage import binary_closing, distance_transform_edt, label

from zdscan.analysis.pictures.picture import Options, Sheet, check, described, label_of, view_lines
from zdscan.analysis.pictures.plane import BEST, Plane, boundary_handle
from zdscan.analysis.pictures.scales import SYMBOLS, looks
from zdscan.analysis.views.points import Points
from zdscan.analysis.views.regions import NOWHERE, TOGETHER, first_excluding, fitted_parameters, levels
from zdscan.analysis.views.view import CellMask, View

WIDE = 7.0  # inches: both columns, for many lines and their legend
SPECK = 6  # cells: smaller islands and holes of an exclusion are left out where every boundary is drawn
# Paul Tol's muted set, safe for colour-blind readers; the numbers in the areas carry the meaning.
AREAS = ("#cc6677", "#88ccee", "#ddcc77", "#117733", "#332288", "#882255", "#44aa99", "#999933", "#aa4499", "#bbbbbb")
TOGETHER_COLOUR = "#eeeeee"
FORBIDDEN = "0.92"


def draw_summary(grid: Points, seen: View, target: Path, options: Options | None = None) -> list[str]:
    """Draw the boundary of every chosen constraint over two axes, numbered; grey, in the fit regions hatched, is what
    they leave no point of.

    Returns
    -------
    What no boundary shows, in sentences: constraints that exclude no whole cell or all of them, and specks left out.

    Raises
    ------
    UserError
        As `zdscan.analysis.pictures.picture.draw_plane`.
    """
    options = options or Options()
    check(grid, seen.axes, target, options)
    known = described(list(seen.chosen))
    with mpl.rc_context(looks(options.style)):
        sheet = Sheet.blank(WIDE)
        plane = Plane(sheet.parts[0].add_subplot(), seen.axes, seen.values, options.unit)
        wanted = levels(options.parameters or fitted_parameters(seen), options.sigmas)
        handles = plane.regions(seen.delta(options.reference), wanted, options.sigmas)
        plane.shade(seen.forbidden, FORBIDDEN)
        plane.hatch(seen.forbidden & (seen.delta(options.reference) <= wanted[-1]), "////", "0.3")
        handles.append(Patch(facecolor=FORBIDDEN, edgecolor="0.3", hatch="////", linewidth=0, label="no point allowed"))
        handles += plane.missing(seen.missing)
        handles += plane.mark(seen.best, "*", BEST, "best fit")
        handles += plane.mark(seen.best_allowed, "D", "black", "best allowed")
        drawn: list[str] = []
        for name, constraint in known.items():
            cells = without_specks(seen.excluded_by(name))
            if plane.boundary(cells, seen.missing, len(drawn), len(drawn) + 1, many=True):
                text = f"{len(drawn) + 1}  {label_of(name, constraint)}"
                handles.append(boundary_handle(len(drawn), text, many=True))
                drawn.append(name)
        sheet.finish(view_lines(grid, seen, options), handles, target, (6, 2))
    rest = [name for name in seen.chosen if name not in drawn]
    nowhere = [name for name in rest if not seen.excluded_by(name).any()]
    everywhere = [name for name in rest if name not in nowhere and (seen.excluded_by(name) | seen.missing).all()]
    specks = [name for name in rest if name not in (*everywhere, *nowhere)]
    said = []
    if specks:
        said.append("No boundary, as all its pieces are too small to be drawn, have " + ", ".join(specks) + ".")
    if nowhere:
        said.append("No cell of the picture is excluded as a whole by " + ", ".join(nowhere) + ".")
    if everywhere:
        which = "computed cell" if seen.missing.any() else "cell"
        said.append(f"Every {which} of the picture is excluded by {', '.join(everywhere)}.")
    return said


def draw_first(grid: Points, seen: View, along: str, target: Path, options: Options | None = None) -> list[str]:
    """Draw which constraint excludes first on the way along `along` from weak coupling (`first_excluding`).

    Returns the constraints that come first somewhere, those of most cells at the beginning. Raises `UserError` as
    `zdscan.analysis.pictures.picture.draw_plane`.
    """
    options = options or Options()
    check(grid, seen.axes, target, options)
    first = first_excluding(seen, along)
    names = list(seen.chosen)
    numbers, counts = np.unique(first[first >= 0], return_counts=True)
    order = [int(number) for number in numbers[np.argsort(-counts, kind="stable")]]
    known = described([names[number] for number in order])
    with mpl.rc_context(looks(options.style)):
        sheet = Sheet.blank(WIDE)
        plane = Plane(sheet.parts[0].add_subplot(), seen.axes, seen.values, options.unit)
        area = np.full(first.shape, NOWHERE, dtype=np.int64)
        handles: list[Artist] = []
        colours = [AREAS[rank % len(AREAS)] for rank in range(len(order))]
        for rank, (number, (name, constraint)) in enumerate(zip(order, known.items(), strict=True)):
            area[first == number] = rank
            text = f"{rank + 1}  {label_of(name, constraint)}"
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
        handles += plane.mark(seen.best, "*", BEST, "best fit")
        handles.append(Line2D([], [], linestyle="none", marker="s", color="white", markeredgecolor="0.6"))
        handles[-1].set_label("allowed")
        lines = [
            *view_lines(grid, seen, options),
            f"first constraint on the way along {SYMBOLS[along]} from weak coupling",
        ]
        sheet.finish(lines, handles, target, (6, 2))
    return [names[number] for number in order]


def without_specks(excluded: CellMask, cells: int = SPECK) -> CellMask:
    """Excluded cells without what cannot be told from the steps of the grid: windows of one or two cells along y, and
    islands and holes of at most `cells`."""
    cells = min(cells, excluded.size // 50)  # of a coarse picture every cell counts
    around = np.pad(excluded, ((0, 0), (2, 2)), mode="edge")
    cleaned: CellMask = binary_closing(around, np.ones((1, 3)))[:, 2:-2] | excluded
    for value in (True, False):
        number, _ = label(cleaned == value)
        small = np.flatnonzero(np.bincount(number.ravel()) <= cells)
        cleaned[np.isin(number, small[small > 0])] = not value
    return cleaned


def _middle(cells: NDArray[np.bool_]) -> Sequence[int]:
    """The cell farthest inside an area; of equal ones that nearest to the middle of them."""
    depth = distance_transform_edt(np.pad(cells, 1))[1:-1, 1:-1]
    deepest = np.argwhere(depth == depth.max())
    distance = np.abs(deepest - deepest.mean(axis=0)).sum(axis=1)
    return [int(k) for k in deepest[int(np.argmin(distance))]]
