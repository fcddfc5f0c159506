"""The picture of a view over two axes: fit regions, exclusions with their grades, what is allowed, the best points."""

from __future__ import annotations

import numpy as np
from matplotlib.artist import Artist
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

from zdscan.analysis.pictures.layers import BEST, LINES, SM, Plane, boundary_handle
from zdscan.analysis.pictures.scales import setting
from zdscan.analysis.pictures.sheet import (
    MOST_BOUNDARIES,
    Options,
    Target,
    check_drawable,
    described,
    label_of,
    sheet_for,
    together,
    view_lines,
)
from zdscan.analysis.pictures.typeset import in_print
from zdscan.analysis.views.points import Points
from zdscan.analysis.views.regions import allowed_regions, levels
from zdscan.analysis.views.view import View, fitted_parameters
from zdscan.terminal.words import allowed_by, allowed_by_short

ON_A_LINE = 3  # coordinates that fit the width of a picture


def draw(grid: Points, seen: View, target: Target, options: Options | None = None) -> list[str]:
    """Draw and save a view over two axes; nothing needs to be said in words.

    Raises
    ------
    UserError
        For an axis of a single value, an unknown unit, or a target that cannot be written.
    """
    options = options or Options()
    check_drawable(grid, seen.axes, target, options)
    with sheet_for(target, options.style) as sheet:
        plane = Plane(sheet.axes, seen.axes, seen.values, options.unit)
        delta = seen.delta(options.reference)
        wanted = levels(options.parameters or fitted_parameters(seen), options.sigmas)
        if options.colours:
            handles = _colours(plane, seen, delta, wanted, options)
        else:
            handles = plane.regions(delta, wanted, options.sigmas)
        handles += _exclusions(plane, seen, options)
        handles += plane.missing(seen.missing)
        handles += plane.mark(seen.best, "*", BEST, "best fit")
        if seen.chosen:
            handles += plane.mark(seen.best_allowed, "D", "black", f"best {allowed_by_short(len(seen.chosen))}")
        sheet.finish(_heading(grid, seen, options), handles, target, (3, 1))
    return []


def _exclusions(plane: Plane, seen: View, options: Options) -> list[Artist]:
    if not seen.chosen:
        return []
    known = described(list(seen.chosen), seen.limits)
    allowed = allowed_regions(seen, options.sigmas, options.parameters, options.reference)
    plane.hatch(seen.forbidden)
    handles: list[Artist] = []
    if not options.colours:
        handles += plane.cells(allowed, options.sigmas, f"{allowed_by_short(len(seen.chosen))},")
    if len(seen.chosen) > MOST_BOUNDARIES:
        return [
            *handles,
            Patch(facecolor="none", edgecolor="0.45", hatch="////", label=together(list(seen.chosen), seen.limits)),
        ]
    drawn = 0
    for name, constraint in known.items():
        cells = seen.excluded_by(name)
        text = label_of(name, constraint)
        if plane.boundary(cells, seen.missing, drawn, drawn + 1):
            handles.append(boundary_handle(drawn, f"{drawn + 1}  {text}"))
            drawn += 1
        else:
            extent = ("everywhere" if (cells | seen.missing).all() else "in part") if cells.any() else "nowhere alone"
            handles.append(Line2D([], [], linestyle="none", label=f"{text}: {extent}"))
    handles.append(Patch(facecolor="none", edgecolor="0.45", hatch="////", label="no point allowed"))
    return handles


def _colours(
    plane: Plane, seen: View, delta: NDArray[np.float64], wanted: list[float], options: Options
) -> list[Artist]:
    lowest = options.reference if options.reference is not None else seen.best.get("chi2", seen.sm_chi2)
    gain = seen.sm_chi2 - lowest
    top = max(1.15 * gain, 1.25 * wanted[-1])
    mesh = plane.colours(delta, top)
    if np.isfinite(delta).sum() > 3:
        styles = [LINES[k % 3] for k in range(len(wanted))]
        plane.axes.contour(
            plane.x_values, plane.y_values, delta.T, levels=wanted, colors="black", linewidths=1.0, linestyles=styles
        )
    figure = plane.axes.figure
    assert figure is not None, "axes without a figure cannot be drawn into"
    bar = figure.colorbar(mesh, ax=plane.axes, extend="max", pad=0.02, aspect=28)
    bar.set_label(r"$\Delta\chi^2$ from the best fit")
    handles: list[Artist] = [
        Line2D([], [], color="black", linewidth=1.0, linestyle=LINES[k % 3], label=rf"{sigma:g}$\sigma$")
        for k, sigma in enumerate(options.sigmas)
    ]
    if 0.0 <= gain <= top:
        bar.ax.axhline(gain, color=SM, linewidth=1.6)
        handles.append(Line2D([], [], color=SM, linewidth=1.6, label="SM"))
    return handles


def _heading(grid: Points, seen: View, options: Options) -> list[str]:
    lines = view_lines(grid, seen, options)
    if seen.best:
        lines.append(rf"best $\chi^2$ = {_number(seen.best['chi2'])} (SM {seen.sm_chi2:.1f}) at")
        free = (*seen.axes, *seen.hidden)
        settings = [setting(name, seen.best[name], options.unit) for name in free]
        lines += [", ".join(some) for some in (settings[:ON_A_LINE], settings[ON_A_LINE:]) if some]
    else:
        lines.append("no point is computed")
    if seen.chosen and seen.best_allowed:
        lines.append(rf"best $\chi^2$ {allowed_by(len(seen.chosen))} = {_number(seen.best_allowed['chi2'])}")
    elif seen.chosen:
        lines.append("no point is allowed")
    return lines


def _number(chi2: float) -> str:
    return f"{chi2:.1f}" if chi2 < 1e5 else in_print(f"{chi2:.2e}")
