"""The picture of limit curves: what each constraint excludes of a parameter against the mass. docs/limits.md."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

from zdscan.analysis.explorer.scales import Scale
from zdscan.analysis.pictures.curves import area_of, check_strongest, draw_curves, look_of, of_intervals
from zdscan.analysis.pictures.frame import Frame, Side
from zdscan.analysis.pictures.layers import constraint_label
from zdscan.analysis.pictures.scales import label, mass_factor, set_scale, setting, symbol
from zdscan.analysis.pictures.sheet import (
    FORMATS,
    TWO_COLUMNS,
    Options,
    Target,
    columns_of,
    sheet_for,
)
from zdscan.analysis.pictures.typeset import in_print
from zdscan.edges.curves import LimitCurves
from zdscan.errors import UserError
from zdscan.physics.statistics import in_words, level_text

UNION = "0.92"
LABELS = 12
_ABOVE, _BELOW = 10.0, 3.0  # how far the picture goes beyond the weakest of the strongest limits and the lowest edge


def draw(curves: LimitCurves, target: Target, options: Options | None = None) -> list[str]:
    """Draw limit curves over the mass; grey is what any constraint excludes.

    Returns
    -------
    The constraints without colour, in a sentence.

    Raises
    ------
    UserError
        There are fewer than two masses or no limit at all, an unknown unit, a range without a curve, or a target that
        cannot be written.
    """
    options = options or Options()
    check(curves.mass, target, options)
    if not np.any(curves.upper > 0.0):
        raise UserError(f"No constraint limits {curves.along} at these masses, so there is no curve to draw.")
    strongest = LABELS if options.strongest is None else options.strongest
    order = np.argsort(curves.mass, kind="stable")
    mass = curves.mass[order]
    x_range, y_range = options.x_range or (float(mass[0]), float(mass[-1])), options.y_range or _range(curves)
    with sheet_for(target, options, TWO_COLUMNS) as sheet:
        axes = sheet.axes
        x = Side(Scale("log", *x_range), *x_range, mass_factor(options.unit))
        y = Side(Scale("log", *y_range), *y_range)
        frame = Frame(axes, x, y, sheet.inches)
        set_scale(axes, "x", x.shown([0.0, 1.0]), ("log", 1.0))
        axes.set(yscale="log", ylim=y_range, xlabel=label("mass", options.unit))
        axes.set_ylabel(("−" if curves.negative else "") + symbol(curves.along))
        places = x.fractions(mass)
        found = {name: [y.within(curves.intervals(name, i)) for i in order.tolist()] for name in curves.constraints}
        drawn = of_intervals(places, found)
        together = of_intervals(places, {"": [y.within(curves.excluded(i)) for i in order.tolist()]})
        if not together or not together[0].mask.any():
            raise UserError(f"Nothing is excluded of {curves.along} in this range, so there is no curve to draw.")
        area_of(frame, together[0].area, {"facecolor": UNION, "zorder": 0})
        used = level_text(curves.physics.level)
        what = "excluded by any" if used == "published" else f"excluded by any, at {used}"
        handles: list[Artist] = [Patch(facecolor=UNION, label=what)]
        named = draw_curves(frame, drawn, strongest)
        for curve in named:
            constraint = curves.physics.constraints[curves.constraints.index(curve.name)]
            text = constraint_label(constraint, curves.physics.level)
            look: dict[str, Any] = look_of(curve)
            handles.append(Line2D([], [], **look, label=f"{curve.name}: {text}"))
        sheet.finish(_heading(curves, options), handles, target, columns_of(sheet))
    names = {curve.name for curve in named}
    rest = [curve.name for curve in drawn if curve.name not in names and curve.is_seen]
    return [f"Thin grey lines: {', '.join(rest)}."] if rest else []


def check(mass: NDArray[np.float64], target: Target, options: Options) -> None:
    """Refuse, before any work, what no picture can be made of.

    Raises
    ------
    UserError
        There are fewer than two masses, an unknown unit, more names than can be told apart, a range of masses outside
        those of the curves, or a target of another kind or without a folder.
    """
    if isinstance(target, Path):
        if target.suffix.lower() not in FORMATS:
            raise UserError(f"{target}: the picture must end in {', '.join(FORMATS)}.")
        if not target.absolute().parent.is_dir():
            raise UserError(f"{target}: the picture cannot be written: there is no folder {target.parent}.")
    mass_factor(options.unit)
    if options.strongest is not None:
        check_strongest(options.strongest)
    if len(np.unique(mass)) < 2:
        raise UserError("A picture of limit curves needs at least two masses.")
    low, high = float(np.min(mass)), float(np.max(mass))
    shown = options.x_range
    if shown is not None and not low * (1 - 1e-9) <= shown[0] < shown[1] <= high * (1 + 1e-9):
        raise UserError(f"The x range {shown[0]:g} to {shown[1]:g} is not within the masses, {low:g} to {high:g} GeV.")
    if options.y_range is not None and options.y_range[0] <= 0.0:
        raise UserError(f"The y range begins at {options.y_range[0]:g}; sizes of a parameter above 0 are shown.")


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


def _heading(curves: LimitCurves, options: Options) -> list[str]:
    physics = curves.physics
    title = f" ({in_print(physics.case.title)})" if physics.case.title else ""
    lines = [f"Case {physics.case.name}{title}, theory “{physics.settings.theory}”, {in_words(physics.level)}"]
    if curves.parameters:
        lines.append("at " + ", ".join(setting(*item, options.unit) for item in curves.parameters.items()))
    return lines
