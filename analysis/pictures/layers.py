"""Layers of a picture over two grid axes: regions, boundaries, hatching, marks. The pictures choose which to draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import matplotlib.patheffects as effects
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, QuadMesh
from matplotlib.colors import ListedColormap
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

from zdscan.analysis.pictures.scales import cell_edges, label, mass_factor, set_scale, shown_values
from zdscan.analysis.pictures.typeset import in_print
from zdscan.analysis.views.view import CellMask
from zdscan.physics.clause import Constraint

# Every set runs from dark to light, so that it reads in grey; blue against yellow is safe for colour-blind readers.
FIT = ("#2b6ca8", "#7fb2d9", "#cfe2f2")
ALLOWED = ("#d99a00", "#f2cf3f", "#fbf0ad")
LINES: tuple[Literal["solid", "dashed", "dotted"], ...] = ("solid", "dashed", "dotted")
BEST = "#ffd92f"
SM = "#56b4e9"
MISSING = "0.8"
# Okabe and Ito without the blues of the fit regions. Numbers on the lines tell them apart without any colour.
BOUNDARY_COLOURS = ("#d55e00", "#009e73", "#a3457f", "#000000", "#b07a00")
TICKS = [effects.withTickedStroke(angle=120, length=0.4, spacing=6)]
SPARSE_TICKS = [effects.withTickedStroke(angle=120, length=0.3, spacing=13)]  # where many lines meet
READABLE = (0.03, 0.97)  # of an axis: where a number on a line stays readable


class Plane:
    """A matplotlib axes over two axes of a grid. Arrays have the shape (values of x, values of y).

    Parameters
    ----------
    axes : where to draw.
    shown : names of the two grid axes, along x and along y.
    values : axis values of the grid (mass in GeV).
    unit : of the mass in the picture.
    """

    def __init__(
        self, axes: Axes, shown: Sequence[str], values: Mapping[str, NDArray[np.float64]], unit: str = "GeV"
    ) -> None:
        x, y = shown
        self.axes, self.x, self.y, self.unit = axes, x, y, unit
        self.x_values = shown_values(x, values[x], unit)
        self.y_values = shown_values(y, values[y], unit)
        scales = set_scale(axes, "x", self.x_values), set_scale(axes, "y", self.y_values)
        self.x_edges, self.y_edges = cell_edges(self.x_values, *scales[0]), cell_edges(self.y_values, *scales[1])
        axes.set_xlabel(label(x, unit))
        axes.set_ylabel(label(y, unit))
        self.numbers: list[NDArray[np.float64]] = []  # places taken by numbers, in fractions of the axes

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

    def cells(self, regions: Sequence[CellMask], sigmas: Sequence[float], what: str) -> list[Artist]:
        """Nested sets of cells, smallest first, each cell as it is in the grid; returns legend handles."""
        colours = _shades(ALLOWED, len(regions))
        number = np.full(regions[-1].shape, np.nan)
        for k in range(len(regions) - 1, -1, -1):
            number[regions[k]] = k
        if not regions[-1].any():
            return []
        self._mesh(number, ListedColormap(list(colours)), -0.5, len(regions) - 0.5, zorder=4)
        self._outline(regions[-1])
        return [
            Patch(facecolor=colour, edgecolor="black", label=rf"{what} {sigma:g}$\sigma$")
            for colour, sigma in zip(colours, sigmas, strict=True)
        ]

    def colours(self, delta: NDArray[np.float64], top: float) -> QuadMesh:
        """delta as colours from 0 to `top`."""
        return self._mesh(np.where(np.isinf(delta), np.nan, delta), "cividis_r", 0.0, top, zorder=1)

    def boundary(
        self, excluded: CellMask, missing: CellMask, position: int, number: int, *, many: bool = False
    ) -> bool:
        """The numbered edge of an excluded area, with ticks on its side; False where there is none to draw.

        missing : cells not computed; where an area ends at them, it has no edge.
        many : draw lightly, for pictures of many boundaries.
        """
        if not excluded.any() or (excluded | missing).all() or min(excluded.shape) < 2:
            return False
        colour = BOUNDARY_COLOURS[position % len(BOUNDARY_COLOURS)]
        known = np.where(missing, np.nan, excluded.astype(float))
        drawn = self.axes.contour(self.x_values, self.y_values, known.T, levels=[0.5], colors=colour, zorder=5)
        if not any(len(segment) for segment in drawn.allsegs[0]):  # it met cells not computed everywhere
            drawn.remove()
            return False
        drawn.set(linewidth=0.75 if many else 0.9, path_effects=SPARSE_TICKS if many else TICKS)
        self._number(drawn.allsegs[0], str(number), colour)
        return True

    def hatch(self, cells: CellMask, pattern: str = "////", colour: str = "0.45") -> None:
        """Hatching over cells, with a thin line around it."""
        if not cells.any() or min(cells.shape) < 2:
            return
        area: dict[str, Any] = {"levels": [0.5, 1.5], "colors": "none", "hatches": [pattern]}
        drawn = self.axes.contourf(self.x_values, self.y_values, cells.T.astype(float), **area)
        drawn.set(edgecolor=colour, linewidth=0.0, zorder=3)
        if not cells.all():
            edge: dict[str, Any] = {"levels": [0.5], "colors": colour, "linewidths": 0.5, "zorder": 3}
            self.axes.contour(self.x_values, self.y_values, cells.T.astype(float), **edge)

    def shade(self, cells: CellMask, colour: str = "0.93") -> None:
        """A light grey ground under cells, that leaves what is drawn over it readable."""
        if cells.any() and min(cells.shape) >= 2:
            area: dict[str, Any] = {"levels": [0.5, 1.5], "colors": colour, "zorder": 0.5}
            self.axes.contourf(self.x_values, self.y_values, cells.T.astype(float), **area)

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

    def _outline(self, cells: CellMask) -> None:
        """A line around cells, along their edges."""
        inside = np.pad(cells, 1).astype(np.int8)
        x, y = self.x_edges, self.y_edges
        lines = [[(x[i], y[j]), (x[i], y[j + 1])] for i, j in np.argwhere(np.diff(inside[:, 1:-1], axis=0) != 0)]
        lines += [[(x[i], y[j]), (x[i + 1], y[j])] for i, j in np.argwhere(np.diff(inside[1:-1], axis=1) != 0)]
        self.axes.add_collection(
            LineCollection(lines, colors="black", linewidths=0.9, capstyle="round", zorder=4.5), autolim=False
        )

    def _number(self, segments: Sequence[NDArray[np.float64]], text: str, colour: str) -> None:
        """Write on the line where it is farthest from the numbers already there."""
        points = np.concatenate([np.asarray(segment) for segment in segments if len(segment)])
        to_fraction = self.axes.transData + self.axes.transAxes.inverted()
        places = to_fraction.transform(points)
        inside = np.all((places > READABLE[0]) & (places < READABLE[1]), axis=1)
        if inside.any():
            points, places = points[inside], places[inside]
        if self.numbers:
            distance = np.linalg.norm(places[:, None] - np.array(self.numbers)[None], axis=2).min(axis=1)
            # Beyond a comfortable distance the middle of the line is as good as anywhere.
            best = int(np.argmax(np.minimum(distance, 0.12) - 1e-4 * np.abs(np.arange(len(points)) - len(points) / 2)))
        else:
            best = len(points) // 2
        self.numbers.append(places[best])
        self._circle(float(points[best, 0]), float(points[best, 1]), text, colour)

    def _circle(self, x: float, y: float, text: str, colour: str) -> None:
        box: dict[str, Any] = {
            "boxstyle": "circle,pad=0.15",
            "facecolor": "white",
            "edgecolor": colour,
            "linewidth": 0.7,
        }
        self.axes.text(x, y, text, fontsize=5.5, ha="center", va="center", color="black", bbox=box, zorder=8)


def constraint_label(constraint: Constraint) -> str:
    """Title, confidence level and grade: ``B+ → K+ νν (90%, grade A)``, in mathtext."""
    level = "" if constraint.cl == "-" else f"{constraint.cl}, "
    return in_print(f"{constraint.title} ({level}grade {constraint.grade})")


def boundary_handle(position: int, text: str, *, many: bool = False) -> Line2D:
    """Legend handle of a boundary."""
    colour = BOUNDARY_COLOURS[position % len(BOUNDARY_COLOURS)]
    look: dict[str, Any] = {"linewidth": 0.75, "path_effects": SPARSE_TICKS} if many else {"path_effects": TICKS}
    return Line2D([], [], color=colour, label=text, **({"linewidth": 0.9} | look))


def _shades(colours: Sequence[str], count: int) -> list[str]:
    return [colours[min(k, len(colours) - 1)] for k in range(count)]
