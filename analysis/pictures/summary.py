"""The picture of a whole case: the boundary of every constraint over two axes."""

from __future__ import annotations

import numpy as np
from matplotlib.patches import Patch
from scipy.ndimage import binary_closing, label

from zdscan.analysis.pictures.layers import BEST, Plane, boundary_handle
from zdscan.analysis.pictures.sheet import (
    TWO_COLUMNS,
    Options,
    Target,
    check_drawable,
    described,
    label_of,
    sheet_for,
    view_lines,
)
from zdscan.analysis.views.points import Points
from zdscan.analysis.views.regions import levels
from zdscan.analysis.views.view import CellMask, View, fitted_parameters
from zdscan.terminal.words import allowed_by_short

SPECK = 6  # cells: smaller islands and holes of an exclusion are left out where every boundary is drawn
FORBIDDEN = "0.92"


def draw(grid: Points, seen: View, target: Target, options: Options | None = None) -> list[str]:
    """Draw the boundary of every chosen constraint over two axes, numbered; grey, in the fit regions hatched, is what
    they leave no point of.

    Returns
    -------
    What no boundary shows, in sentences: constraints that exclude no whole cell or all of them, and specks left out.

    Raises
    ------
    UserError
        As `zdscan.analysis.pictures.plane.draw`.
    """
    options = options or Options()
    check_drawable(grid, seen.axes, target, options)
    known = described(list(seen.chosen), seen.limits)
    with sheet_for(target, options.style, TWO_COLUMNS) as sheet:
        plane = Plane(sheet.axes, seen.axes, seen.values, options.unit)
        wanted = levels(options.parameters or fitted_parameters(seen), options.sigmas)
        handles = plane.regions(seen.delta(options.reference), wanted, options.sigmas)
        plane.shade(seen.forbidden, FORBIDDEN)
        plane.hatch(seen.forbidden & (seen.delta(options.reference) <= wanted[-1]), "////", "0.3")
        handles.append(Patch(facecolor=FORBIDDEN, edgecolor="0.3", hatch="////", linewidth=0, label="no point allowed"))
        handles += plane.missing(seen.missing)
        handles += plane.mark(seen.best, "*", BEST, "best fit")
        handles += plane.mark(seen.best_allowed, "D", "black", f"best {allowed_by_short(len(seen.chosen))}")
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
