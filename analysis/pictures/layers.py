"""Layers of a picture over two grid axes: regions, boundaries, hatching, marks. The pictures choose which to draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colors import ListedColormap
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

from zdscan.analysis.pictures.scales import cell_edges, label, mass_factor, set_scale, shown_values
from zdscan.analysis.pictures.typeset import in_print
from zdscan.analysis.views.view import CellMask
from zdscan.physics.clause import Constraint
from zdscan.physics.statistics import Level, level_used

# Every set runs from dark to light, so that it reads in grey; blue against yellow is safe for colour-blind readers.
FIT = ("#2b6ca8", "#7fb2d9", "#cfe2f2")
ALLOWED = ("#d99a00", "#f2cf3f", "#fbf0ad")
LINES: tuple[Literal["solid", "dashed", "dotted"], ...] = ("solid", "dashed", "dotted")
BEST = "#ffd92f"
SM = "#56b4e9"
MISSING = "0.8"
# Okabe and Ito without the blues of the fit regions. Numbers on the lines tell them apart without any colour.
BOUNDARY_COLOURS = ("#d55e00", "#009e73", "#a3457f", "#000000", "#b07a00")


class Plane:
    """A matplotlib axes over two axes of a grid. Arrays have the shape (values of x, values of y).

    Parameters
    ----------
    axes : where to draw.
    shown : names of the two grid axes, along x and along y.
    values : axis values of the grid (mass in GeV).
    unit : of the mass in the picture.
    spacing : scales of axes by name (`zdscan.analysis.views.spacing.spacing_of`), where values do not tell them.
    """

    def __init__(
        self,
        axes: Axes,
        shown: Sequence[str],
        values: Mapping[str, NDArray[np.float64]],
        unit: str = "GeV",
        spacing: Mapping[str, tuple[str, float]] | None = None,
    ) -> None:
        x, y = shown
        self.axes, self.x, self.y, self.unit = axes, x, y, unit
        self.x_values = shown_values(x, values[x], unit)
        self.y_values = shown_values(y, values[y], unit)
        known = spacing or {}
        scales = set_scale(axes, "x", self.x_values, known.get(x)), set_scale(axes, "y", self.y_values, known.get(y))
        self.x_edges, self.y_edges = cell_edges(self.x_values, *scales[0]), cell_edges(self.y_values, *scales[1])
        axes.set_xlabel(label(x, unit))
        axes.set_ylabel(label(y, unit))

    def regions(
        self, delta: NDArray[np.float64], levels: Sequence[float], sigmas: Sequence[float], what: str = "fit"
    ) -> list[Artist]:
        """Filled regions delta <= level, dark to light, with their contours; returns legend handles.

        Levels coincide where a few cells hold all probability, or where all are alike: each is drawn once.
        """
        colours = _shades(FIT, len(levels))
        distinct = [k for k, level in enumerate(levels) if level > max((-np.inf, *levels[:k]))]
        if np.isfinite(delta).sum() > 3 and distinct:
            finite = np.where(np.isposinf(delta), 1e30, delta)
            drawn = [-1e30, *(levels[k] for k in distinct)]
            shades = [colours[k] for k in distinct]
            self.axes.contourf(self.x_values, self.y_values, finite.T, levels=drawn, colors=shades, zorder=1)
            crossed = [k for k in distinct if np.nanmin(finite) < levels[k] < np.nanmax(finite)]
            if crossed:
                self.axes.contour(
                    self.x_values,
                    self.y_values,
                    finite.T,
                    levels=[levels[k] for k in crossed],
                    colors="#173f63",
                    linewidths=0.8,
                    linestyles=[LINES[k % 3] for k in crossed],
                    zorder=2,
                )
        return [
            Patch(facecolor=colour, edgecolor="#173f63", linestyle=LINES[k % 3], label=rf"{what} {sigma:g}$\sigma$")
            for k, (colour, sigma) in enumerate(zip(colours, sigmas, strict=True))
        ]

    def allowed(
        self, delta: NDArray[np.float64], levels: Sequence[float], sigmas: Sequence[float], what: str
    ) -> list[Artist]:
        """Regions delta <= level of allowed points, over those of all points; returns legend handles.

        Whatever lies over them cuts them off where nothing is allowed.
        """
        if not (delta <= levels[-1]).any():
            return []
        colours = _shades(ALLOWED, len(levels))
        self._nested(delta, levels, colours, zorder=2.2)
        return [
            Patch(facecolor=colour, edgecolor="black", linewidth=0.6, label=rf"{what} {sigma:g}$\sigma$")
            for colour, sigma in zip(colours, sigmas, strict=True)
        ]

    def excluded_regions(self, delta: NDArray[np.float64], levels: Sequence[float], area: Patch) -> None:
        """Regions delta <= level within what is excluded, hatched."""
        if not (delta <= levels[-1]).any() or np.isfinite(delta).sum() < 4:
            return
        drawn = self._nested(delta, levels, _shades(FIT, len(levels)), zorder=2.6)
        look: dict[str, Any] = {"levels": [-1e30, levels[-1]], "colors": "none", "hatches": ["/////"], "zorder": 2.7}
        finite = np.where(np.isposinf(delta), 1e30, delta)
        hatched = self.axes.contourf(self.x_values, self.y_values, finite.T, **look)
        hatched.set(edgecolor="0.35", linewidth=0.0)
        for item in (*drawn, hatched):
            item.set_clip_path(area)

    def _nested(
        self, delta: NDArray[np.float64], levels: Sequence[float], colours: Sequence[str], zorder: float
    ) -> list[Any]:
        finite = np.where(np.isposinf(delta), 1e30, delta)
        if np.isfinite(delta).sum() < 4:
            return []
        distinct = [k for k, level in enumerate(levels) if level > max((-np.inf, *levels[:k]))]
        look: dict[str, Any] = {"colors": [colours[k] for k in distinct], "zorder": zorder}
        edges = [-1e30, *(levels[k] for k in distinct)]
        filled = self.axes.contourf(self.x_values, self.y_values, finite.T, levels=edges, **look)
        crossed = [levels[k] for k in distinct if np.nanmin(finite) < levels[k] < np.nanmax(finite)]
        if not crossed:
            return [filled]
        line: dict[str, Any] = {"colors": "#173f63", "linewidths": 0.6, "zorder": zorder + 0.02}
        return [filled, self.axes.contour(self.x_values, self.y_values, finite.T, levels=crossed, **line)]

    def colours(self, delta: NDArray[np.float64], top: float) -> QuadMesh:
        """delta as colours from 0 to `top`."""
        return self._mesh(np.where(np.isinf(delta), np.nan, delta), "cividis_r", 0.0, top, zorder=1)

    def missing(self, cells: CellMask) -> list[Artist]:
        """Grey where nothing is computed yet; returns legend handles."""
        if not cells.any():
            return []
        self._mesh(np.where(cells, 0.0, np.nan), ListedColormap([MISSING]), -0.5, 0.5, zorder=3)
        return [Patch(facecolor=MISSING, label="not computed")]

    def mark(self, point: Mapping[str, float], marker: str, colour: str, text: str) -> list[Artist]:
        """A marked point (mass in GeV); nothing for an empty one. Returns legend handles."""
        if not point:
            return []
        size = 11 if marker == "*" else 5.5
        x, y = (point[name] * (mass_factor(self.unit) if name == "mass" else 1.0) for name in (self.x, self.y))
        edge = "black" if marker == "*" else "white"
        look: dict[str, Any] = {"color": colour, "marker": marker, "linestyle": "none", "markeredgecolor": edge}
        look["markeredgewidth"] = 0.7
        self.axes.plot(x, y, markersize=size, clip_on=False, zorder=10, **look)
        return [Line2D([], [], markersize=size - 2, label=text, **look)]

    def categories(self, number: NDArray[np.int64], colours: Sequence[str]) -> None:
        """CellMask coloured by a number from 0; negative ones stay empty."""
        self._mesh(np.where(number < 0, np.nan, number), ListedColormap(list(colours)), -0.5, len(colours) - 0.5, 1)

    def number_at(self, cell: Sequence[int], text: str) -> None:
        """A number in a circle at the middle of a cell (indices along x and y)."""
        to_screen, (i, j) = self.axes.transData, cell
        low, high = (to_screen.transform((self.x_edges[i + k], self.y_edges[j + k])) for k in (0, 1))
        x, y = to_screen.inverted().transform((low + high) / 2)
        self._circle(float(x), float(y), text, "black")

    def _mesh(
        self, values: NDArray[np.float64], colours: str | ListedColormap, low: float, high: float, zorder: float
    ) -> QuadMesh:
        shown = np.ma.masked_invalid(values.T)
        look: dict[str, Any] = {"cmap": colours, "vmin": low, "vmax": high, "zorder": zorder, "rasterized": True}
        return self.axes.pcolormesh(self.x_edges, self.y_edges, shown, **look)

    def _circle(self, x: float, y: float, text: str, colour: str) -> None:
        box: dict[str, Any] = {
            "boxstyle": "circle,pad=0.15",
            "facecolor": "white",
            "edgecolor": colour,
            "linewidth": 0.7,
        }
        self.axes.text(x, y, text, fontsize=5.5, ha="center", va="center", color="black", bbox=box, zorder=8)


def constraint_label(constraint: Constraint, level: Level | None = None) -> str:
    """Title, confidence level and grade: ``B+ → K+ νν (90%, grade A)``, in mathtext.

    level : of the picture; where a bound is moved to it, both stand there: ``(at 95%, published 90%, grade A)``.
    """
    used = level_used(constraint, level)
    words = "" if constraint.cl == "-" else f"{constraint.cl}, "
    if used != constraint.cl:
        words = f"at {used}, published {constraint.cl}, "
    return in_print(f"{constraint.title} ({words}grade {constraint.grade})")


def _shades(colours: Sequence[str], count: int) -> list[str]:
    return [colours[min(k, len(colours) - 1)] for k in range(count)]
