"""The picture of a whole case: the limit curves of every constraint over two axes."""

from __future__ import annotations

from zdscan.analysis.pictures.exclusions import MOST_NAMED_ALL
from zdscan.analysis.pictures.plane import draw_plane
from zdscan.analysis.pictures.sheet import TWO_COLUMNS, Options, Target
from zdscan.analysis.views.points import Points
from zdscan.analysis.views.view import View

SOLVED = 180  # values across at which limits are solved


def draw(grid: Points, seen: View, target: Target, options: Options | None = None) -> list[str]:
    """Draw the curve of every chosen constraint over two axes, two columns wide; as `zdscan.analysis.pictures.plane`.

    Returns
    -------
    What no curve shows, in sentences: constraints that exclude nothing, or everything, and those without a colour.

    Raises
    ------
    UserError
        As `zdscan.analysis.pictures.plane.draw`.
    """
    return draw_plane(grid, seen, target, options or Options(), TWO_COLUMNS, MOST_NAMED_ALL, SOLVED)
