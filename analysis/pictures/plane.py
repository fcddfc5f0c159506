"""The picture of a view over two axes: fit regions, exclusions with their grades, what is allowed, the best points."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.lines import Line2D
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from zdscan.analysis.pictures.exclusions import (
    NAMED,
    Exclusions,
    draw_exclusions,
    exclusions,
    remarks_on,
    strongest_of,
)
from zdscan.analysis.pictures.frame import Frame
from zdscan.analysis.pictures.layers import BEST, LINES, SM, Plane
from zdscan.analysis.pictures.scales import setting
from zdscan.analysis.pictures.sheet import (
    COLUMN,
    Options,
    Target,
    check_drawable,
    columns_of,
    levels_words,
    sheet_for,
    show_range,
    view_lines,
)
from zdscan.analysis.pictures.typeset import in_print
from zdscan.analysis.views.exact import SOLVED
from zdscan.analysis.views.points import Points
from zdscan.analysis.views.regions import levels
from zdscan.analysis.views.view import View, fitted_parameters
from zdscan.errors import UserError
from zdscan.physics.level import PUBLISHED
from zdscan.terminal.words import allowed_by, allowed_by_short

ON_A_LINE = 3  # coordinates that fit the width of a picture


def draw(grid: Points, seen: View, target: Target, options: Options | None = None) -> list[str]:
    """Draw and save a view over two axes.

    Returns
    -------
    What no curve shows, in sentences.

    Raises
    ------
    UserError
        For an axis of a single value, an unknown unit, a target that cannot be written, or a picture without content.
    """
    return draw_plane(grid, seen, target, options or Options(), COLUMN, NAMED)


def draw_plane(
    grid: Points, seen: View, target: Target, options: Options, width: float, names: int, count: int | None = None
) -> list[str]:
    """As `draw`, in a picture of a width, with the names of so many curves, solved at so many values."""
    check_drawable(grid, seen.axes, target, options)
    with sheet_for(target, options, width) as sheet:
        plane = Plane(sheet.axes, seen.axes, seen.values, options.unit, options.spacing)
        x, y = (options.side(name, seen.values[name], which) for name, which in zip(seen.axes, "xy", strict=True))
        frame = Frame(sheet.axes, x, y, sheet.inches)
        delta = seen.delta(options.reference)
        parameters = options.parameters or fitted_parameters(seen)
        wanted = levels(parameters, options.sigmas)
        found = exclusions(grid, seen, frame, count or SOLVED) if seen.chosen else Exclusions([], [], [])
        refuse_empty(found, seen, options)
        handles: list[Artist] = []
        if options.fit:
            handles.append(Line2D([], [], linestyle="none", label=levels_words(wanted, parameters)))
        if options.fit and options.colours:
            handles += _colours(plane, seen, delta, wanted, options)
        elif options.fit:
            handles += plane.regions(delta, wanted, options.sigmas)
            if seen.chosen:
                words = f"{allowed_by_short(len(seen.chosen))},"
                lowest = seen.best_allowed.get("chi2", np.inf) - (options.reference or seen.best["chi2"])
                more = plane.allowed(allowed_delta(seen, options.reference), wanted, options.sigmas, words)
                handles += [item for item, level in zip(more, wanted, strict=False) if lowest <= level]
        if options.fit and options.shows(seen.best, seen.axes):
            handles += plane.mark(seen.best, "*", BEST, "best fit")
        if options.fit and seen.chosen and options.shows(seen.best_allowed, seen.axes):
            handles += plane.mark(seen.best_allowed, "D", "black", f"best {allowed_by_short(len(seen.chosen))}")
        if seen.chosen:
            level = str(grid.attributes.get("level", PUBLISHED))
            strongest = strongest_of(options, seen, names)
            more, area, named = draw_exclusions(
                frame, found, seen, strongest, level, colours=options.colours, fill=not options.fit
            )
            if area is not None and options.fit and not options.colours:
                plane.excluded_regions(delta, wanted, area)
            handles += more
        handles += plane.missing(seen.missing)
        sheet.axes.set(xlim=x.shown([0.0, 1.0]), ylim=y.shown([0.0, 1.0]))
        show_range(sheet.axes, seen.axes, seen.values, options)
        sheet.finish(_heading(grid, seen, options), handles, target, columns_of(sheet))
    return remarks_on(found, seen, named) if seen.chosen else []


def refuse_empty(found: Exclusions, seen: View, options: Options) -> None:
    """Refuse a picture in which nothing would be seen. Raises `UserError`."""
    if options.fit and not seen.best:
        raise UserError("The picture would be empty: no point of it is computed yet.")
    if options.fit or found.area or any(curve.lines or curve.area for curve in found.curves):
        return
    what = "none of the chosen constraints excludes anything in it" if seen.chosen else "there are no exclusions"
    raise UserError(f"The picture would be empty: without the fit there is nothing to draw, as {what}.")


def allowed_delta(seen: View, reference: float | None) -> NDArray[np.float64]:
    """Delta chi2 of allowed points; in cells without one that of the nearest cell, for regions end at exclusions."""
    delta = seen.delta(reference, allowed=True)
    known = np.isfinite(delta)
    if known.all() or not known.any():
        return delta
    nearest = distance_transform_edt(~known, return_distances=False, return_indices=True)
    filled: NDArray[np.float64] = delta[tuple(nearest)]
    return filled


def _colours(
    plane: Plane, seen: View, delta: NDArray[np.float64], wanted: list[float], options: Options
) -> list[Artist]:
    lowest = options.reference if options.reference is not None else seen.best.get("chi2", seen.sm_chi2)
    gain = seen.sm_chi2 - lowest
    top = max(1.15 * gain, 1.25 * wanted[-1])
    mesh = plane.colours(delta, top)
    if np.isfinite(delta).sum() > 3:
        styles = [LINES[k % 3] for k in range(len(wanted))]
        look: dict[str, Any] = {"colors": "black", "linewidths": 1.0, "linestyles": styles, "zorder": 2.8}
        plane.axes.contour(plane.x_values, plane.y_values, delta.T, levels=wanted, **look)
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
    if not options.fit:
        return lines
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
