"""Several grids in one picture, with a legend by label.

Over two axes these are their regions as lines and what is excluded in each, along one axis their chi2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.lines import Line2D

from zdscan.analysis.pictures.curve import chi2_line, intervals, level_lines
from zdscan.analysis.pictures.curves import COLOURS, area_of, outline
from zdscan.analysis.pictures.exclusions import Exclusions, exclusions
from zdscan.analysis.pictures.frame import Frame
from zdscan.analysis.pictures.layers import LINES, Plane
from zdscan.analysis.pictures.scales import label, set_scale, setting, shown_values, symbol
from zdscan.analysis.pictures.sheet import COLUMN, Options, Target, columns_of, levels_words, sheet_for, show_range
from zdscan.analysis.views.exact import SOLVED
from zdscan.analysis.views.points import Points
from zdscan.analysis.views.regions import levels
from zdscan.analysis.views.view import View, fitted_parameters
from zdscan.errors import UserError
from zdscan.physics.level import PUBLISHED
from zdscan.terminal.words import allowed_by_short

MOST = 6  # grids whose lines can be told apart in one picture
_EDGE = (0, (4, 1, 1, 1))  # dashes of the edge of what is excluded


@dataclass(frozen=True)
class Layer:
    """One of the grids: its label, its points, what is seen of them, and the scales of its axes."""

    label: str
    points: Points
    seen: View
    options: Options


def draw_overlay(layers: Sequence[Layer], target: Target, options: Options) -> list[str]:
    """Draw the regions of several grids over each other, or chi2 along one axis.

    Returns
    -------
    Of chi2 along one axis, the intervals of each grid in sentences.

    Raises
    ------
    UserError
        There are more grids than colours, or nothing to be drawn.
    """
    if len(layers) > MOST:
        raise UserError(f"{len(layers)} grids are too many for one picture; at most {MOST} can be told apart.")
    if len(layers[0].seen.axes) == 1:
        return _lines(layers, target, options)
    first = layers[0]
    x_range, y_range = _range(layers, 0, options.x_range), _range(layers, 1, options.y_range)
    with sheet_for(target, options, COLUMN) as sheet:
        plane = Plane(sheet.axes, first.seen.axes, first.seen.values, options.unit, first.options.spacing)
        handles: list[Artist] = []
        found = []
        for layer, colour in zip(layers, COLOURS, strict=False):
            within = replace(layer.options, x_range=x_range, y_range=y_range)
            x, y = (
                within.side(name, layer.seen.values[name], which)
                for name, which in zip(layer.seen.axes, "xy", strict=True)
            )
            frame = Frame(sheet.axes, x, y, sheet.inches)
            excluded = Exclusions([], [], [])
            if layer.seen.chosen:
                excluded = exclusions(layer.points, layer.seen, frame, SOLVED)
                area_of(frame, excluded.area, {"facecolor": colour, "alpha": 0.07, "zorder": 1})
                outline(
                    frame, excluded.border, {"edgecolor": colour, "linewidth": 0.9, "linestyle": _EDGE, "zorder": 3}
                )
            if options.fit:
                _regions(plane, layer, colour, options)
            found.append(excluded)
            handles.append(Line2D([], [], color=colour, linewidth=1.6, label=layer.label))
        if not options.fit and not any(item.area for item in found):
            raise UserError("The picture would be empty: without the fit there is nothing to draw in any of the grids.")
        handles += _legend(layers, options)
        sheet.axes.set(xlim=x.shown([0.0, 1.0]), ylim=y.shown([0.0, 1.0]))
        show_range(sheet.axes, first.seen.axes, first.seen.values, options)
        sheet.finish(_heading(layers, options), handles, target, columns_of(sheet))
    return []


def _lines(layers: Sequence[Layer], target: Target, options: Options) -> list[str]:
    """chi2 of each grid along one axis, from its own best fit, in its colour; of allowed points dashed."""
    first = layers[0]
    (name,) = first.seen.axes
    low, high = _range(layers, 0, options.x_range)
    wanted = levels(options.parameters or 1, options.sigmas)
    handles: list[Artist] = []
    with sheet_for(target, options) as sheet:
        axes = sheet.axes
        longest = max((layer.seen.values[name] for layer in layers), key=len)
        set_scale(axes, "x", shown_values(name, longest, options.unit), (first.options.spacing or {}).get(name))
        axes.set(xlabel=label(name, options.unit), ylabel=r"$\Delta\chi^2$ from the best fit of each")
        for layer, colour in zip(layers, COLOURS, strict=False):
            x = shown_values(name, layer.seen.values[name], options.unit)
            reference = layer.options.reference
            handles += chi2_line(axes, x, layer.seen.delta(reference), colour, "-", layer.label)
            if layer.seen.chosen:
                allowed = layer.seen.delta(reference, allowed=True)
                words = f"{layer.label}, points {allowed_by_short(len(layer.seen.chosen))}"
                handles += chi2_line(axes, x, allowed, colour, "--", words)
        level_lines(axes, wanted, options.sigmas)
        axes.set_ylim(-0.03 * 1.25 * wanted[-1], 1.25 * wanted[-1])
        axes.set_xlim(*shown_values(name, np.array([low, high]), options.unit))
        handles.append(Line2D([], [], linestyle="none", label=levels_words(wanted, options.parameters or 1)))
        sheet.finish(_heading(layers, options), handles, target, columns_of(sheet))
    return [f"{layer.label}: {words}" for layer in layers for words in intervals(layer.seen, layer.options)]


def _range(layers: Sequence[Layer], side: int, wanted: tuple[float, float] | None) -> tuple[float, float]:
    """All that the grids have of an axis, or the part that is wanted."""
    values = [layer.seen.values[layer.seen.axes[side]] for layer in layers]
    low, high = min(float(each[0]) for each in values), max(float(each[-1]) for each in values)
    if wanted is None:
        return low, high
    if not low <= wanted[0] < wanted[1] <= high:
        name = layers[0].seen.axes[side]
        raise UserError(
            f"The {'xy'[side]} range {wanted[0]:g} to {wanted[1]:g} is not within the axis {name} of the grids, "
            f"{low:g} to {high:g}."
        )
    return wanted


def _regions(plane: Plane, layer: Layer, colour: str, options: Options) -> None:
    """The regions of one grid, as lines of its colour."""
    own = Plane(plane.axes, layer.seen.axes, layer.seen.values, plane.unit, layer.options.spacing)
    wanted = levels(layer.options.parameters or fitted_parameters(layer.seen), layer.options.sigmas)
    delta = layer.seen.delta(layer.options.reference)
    finite = np.where(np.isposinf(delta), 1e30, delta)
    crossed = [k for k, level in enumerate(wanted) if np.nanmin(finite) < level < np.nanmax(finite)]
    if crossed:
        look: dict[str, Any] = {"colors": colour, "linewidths": 1.2, "zorder": 5}
        styles = [LINES[k % 3] for k in crossed]
        edges = [wanted[k] for k in crossed]
        plane.axes.contour(own.x_values, own.y_values, finite.T, levels=edges, linestyles=styles, **look)
    if options.shows(layer.seen.best, layer.seen.axes):
        own.mark(layer.seen.best, "*", colour, "best fit")


def _legend(layers: Sequence[Layer], options: Options) -> list[Artist]:
    handles: list[Artist] = []
    if options.fit:
        for k, sigma in enumerate(options.sigmas):
            look: dict[str, Any] = {"color": "black", "linewidth": 1.2, "linestyle": LINES[k % 3]}
            handles.append(Line2D([], [], label=rf"fit {sigma:g}$\sigma$", **look))
        star: dict[str, Any] = {"linestyle": "none", "marker": "*", "color": "white", "markeredgecolor": "black"}
        handles.append(Line2D([], [], markersize=9, label="best fit", **star))
        parameters = options.parameters or fitted_parameters(layers[0].seen)
        words = levels_words(levels(parameters, options.sigmas), parameters)
        handles.append(Line2D([], [], linestyle="none", label=words))
    if any(layer.seen.chosen for layer in layers):
        edge: dict[str, Any] = {"color": "black", "linewidth": 0.9, "linestyle": _EDGE}
        used = {str(layer.points.attributes.get("level", PUBLISHED)) for layer in layers}
        text = (
            "edge of what is excluded"
            if len(used) > 1 or PUBLISHED in used
            else f"edge of what is excluded at {used.pop()}"
        )
        handles.append(Line2D([], [], label=text, **edge))
    return handles


def _heading(layers: Sequence[Layer], options: Options) -> list[str]:
    """A line for each grid: its case, and what is held or minimised over."""
    lines = []
    for layer in layers:
        seen, attributes = layer.seen, layer.points.attributes
        held = [setting(*item, options.unit) for item in seen.fixed.items() if len(layer.points.axes[item[0]]) > 0]
        over = [f"lowest over {', '.join(symbol(name) for name in seen.hidden)}"] if seen.hidden else []
        about = f"{layer.label}: Case {attributes['case']}, “{attributes['theory']}”"
        lines.append("; ".join([about, *([", ".join(held)] if held else []), *over]))
    return lines
