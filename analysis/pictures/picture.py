"""The picture of a view over two axes: fit regions, exclusions with their grades, what is allowed, the best points."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.artist import Artist
from matplotlib.figure import Figure, SubFigure
from matplotlib.gridspec import GridSpec
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

from zdscan.analysis.pictures.plane import BEST, LINES, SM, Plane, boundary_handle, constraint_label
from zdscan.analysis.pictures.scales import SYMBOLS, looks, mass_factor, setting
from zdscan.analysis.pictures.typeset import in_print
from zdscan.analysis.views.points import Points
from zdscan.analysis.views.regions import SIGMAS, Marginal, allowed_regions, fitted_parameters, levels
from zdscan.analysis.views.view import View
from zdscan.constraints import available, select
from zdscan.errors import UserError
from zdscan.physics.clause import Constraint

FORMATS = (".png", ".pdf", ".svg")
MOST_BOUNDARIES = 6  # that a picture one column wide can show; more are drawn together
COLUMN, PLOT, HEADING_LINE = 3.5, 2.75, 0.15  # inches; PLOT for a column, wider pictures in proportion
MOST_PLOT = 4.6  # inches
SHORT = 20  # letters of a legend entry that shares its line
LETTERS = 20  # of a legend, an inch
_INDEX = re.compile(r"\$[^$]*\$")


@dataclass(frozen=True)
class Options:
    """How to draw: unit of the mass, sigmas of the regions, number of fitted parameters (None: the axes seen),
    reference chi2 (None: the lowest seen), whether to show Delta chi2 as colours instead of filled regions, and the
    name of an mplhep style (None: matplotlib's own letters and ticks)."""

    unit: str = "GeV"
    sigmas: tuple[float, ...] = SIGMAS
    parameters: int | None = None
    reference: float | None = None
    colours: bool = False
    style: str | None = None


def draw_plane(grid: Points, seen: View, target: Path, options: Options | None = None) -> None:
    """Draw and save a view over two axes.

    Raises
    ------
    UserError
        For an axis of a single value, an unknown unit, or a target that cannot be written.
    """
    options = options or Options()
    check(grid, seen.axes, target, options)
    with mpl.rc_context(looks(options.style)):
        sheet = Sheet.blank()
        plane = Plane(sheet.parts[0].add_subplot(), seen.axes, seen.values, options.unit)
        delta = seen.delta(options.reference)
        wanted = levels(options.parameters or fitted_parameters(seen), options.sigmas)
        if options.colours:
            handles = _colours(sheet.parts[0], plane, seen, delta, wanted, options)
        else:
            handles = plane.regions(delta, wanted, options.sigmas)
        handles += _exclusions(plane, seen, options)
        handles += plane.missing(seen.missing)
        handles += plane.mark(seen.best, "*", BEST, "best fit")
        if seen.chosen:
            handles += plane.mark(seen.best_allowed, "D", "black", "best allowed")
        sheet.finish(_heading(grid, seen, options), handles, target, (3, 1))


def draw_marginal(grid: Points, posterior: Marginal, target: Path, options: Options | None = None) -> None:
    """Draw and save regions of highest posterior density over two axes. Raises `UserError` as `draw_plane`."""
    options = options or Options()
    check(grid, posterior.axes, target, options)
    with mpl.rc_context(looks(options.style)):
        sheet = Sheet.blank()
        plane = Plane(sheet.parts[0].add_subplot(), posterior.axes, posterior.values, options.unit)
        delta = posterior.delta()
        handles = plane.regions(delta, posterior.levels(options.sigmas), options.sigmas, "posterior")
        handles += plane.missing(np.isnan(delta))
        lines = [*_subject(grid), *textwrap.wrap("integrated with priors flat in " + priors_text(posterior), 60)]
        if posterior.fixed:
            lines.append("at " + ", ".join(setting(*item, options.unit) for item in posterior.fixed.items()))
        sheet.finish(lines, handles, target, (3, 1))


def priors_text(posterior: Marginal) -> str:
    """The measures in words: ``mass (log), eps (axis)``."""
    names = [name for name in posterior.priors if posterior.values[name].size > 1]
    return ", ".join(f"{name} ({posterior.priors[name]})" for name in names)


def check(grid: Points, axes: Sequence[str], target: Path, options: Options) -> None:
    """Refuse, before any work, what no picture can be made of."""
    if target.suffix.lower() not in FORMATS:
        raise UserError(f"{target}: the picture must end in {', '.join(FORMATS)}.")
    mass_factor(options.unit)
    looks(options.style)
    single = [name for name in axes if grid.axes[name].size < 2]
    if single:
        raise UserError(f"{grid.path}: the axis {single[0]} has one value only, so it cannot span a picture.")


def described(names: Sequence[str]) -> Mapping[str, Constraint | None]:
    """What this zdscan knows of the constraints of a file, which may come from another version."""
    known = set(available())
    return {name: select([name])[0] if name in known else None for name in names}


def label_of(name: str, constraint: Constraint | None) -> str:
    """Text of a legend."""
    return name if constraint is None else constraint_label(constraint)


def together(names: Sequence[str]) -> str:
    """Text of a legend for constraints too many to be shown apart."""
    grades = sorted({constraint.grade for constraint in described(names).values() if constraint})
    return f"excluded by {len(names)} constraints (grades {', '.join(grades)})"


def _exclusions(plane: Plane, seen: View, options: Options) -> list[Artist]:
    if not seen.chosen:
        return []
    known = described(list(seen.chosen))
    allowed = allowed_regions(seen, options.sigmas, options.parameters, options.reference)
    plane.hatch(seen.forbidden)
    handles: list[Artist] = []
    if not options.colours:
        handles += plane.cells(allowed, options.sigmas)
    if len(seen.chosen) > MOST_BOUNDARIES:
        return [*handles, Patch(facecolor="none", edgecolor="0.45", hatch="////", label=together(list(seen.chosen)))]
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
    figure: SubFigure, plane: Plane, seen: View, delta: NDArray[np.float64], wanted: list[float], options: Options
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


def _subject(grid: Points) -> list[str]:
    attributes = grid.attributes
    line = f"Case {attributes['case']}, theory “{attributes['theory']}”, {attributes['ndof']} rows"
    return [line] if grid.complete else [line, f"unfinished: {grid.progress()}"]


def view_lines(grid: Points, seen: View, options: Options) -> list[str]:
    """The first lines of a heading: the case, and where the axes not shown are."""
    lines = _subject(grid)
    if seen.fixed:
        lines.append("at " + ", ".join(setting(*item, options.unit) for item in seen.fixed.items()))
    if seen.hidden:
        lines.append("lowest over " + ", ".join(SYMBOLS[name] for name in seen.hidden))
    return lines


def _heading(grid: Points, seen: View, options: Options) -> list[str]:
    lines = view_lines(grid, seen, options)
    if seen.best:
        lines.append(rf"best $\chi^2$ = {_number(seen.best['chi2'])} (SM {seen.sm_chi2:.1f}) at")
        free = (*seen.axes, *seen.hidden)
        lines.append(", ".join(setting(name, seen.best[name], options.unit) for name in free))
    else:
        lines.append("no point is computed")
    if seen.chosen and seen.best_allowed:
        lines.append(rf"best allowed $\chi^2$ = {_number(seen.best_allowed['chi2'])}")
    elif seen.chosen:
        lines.append("no point is allowed")
    return lines


def wrapped(text: str, letters: int) -> str:
    """Text in lines of at most so many letters, an index in mathtext counting as one; a level stays with its grade."""
    found = iter(_INDEX.findall(text))
    narrow = re.sub(r"(\([^()]*), (grades? )", "\\1,\xa0\\2", _INDEX.sub("\ue000", text)).replace("grade ", "grade\xa0")
    folded = "\n".join(textwrap.wrap(narrow, letters)).replace("\xa0", " ")
    return re.sub("\ue000", lambda _: next(found), folded)


def _number(chi2: float) -> str:
    return f"{chi2:.1f}" if chi2 < 1e5 else in_print(f"{chi2:.2e}")


@dataclass(frozen=True)
class Sheet:
    """A figure whose axes keep their size however long the heading and the legends below are."""

    figure: Figure
    rows: GridSpec
    parts: Sequence[SubFigure]

    @classmethod
    def blank(cls, width: float = COLUMN) -> Sheet:
        """Three parts: heading and axes, short legend entries side by side, long ones each on a line."""
        # The object interface, not pyplot: no display, no global state.
        figure = Figure(figsize=(width, width), layout="constrained")
        rows = figure.add_gridspec(3, 1)
        return cls(figure, rows, [figure.add_subfigure(rows[k]) for k in range(3)])

    def finish(self, lines: Sequence[str], handles: Sequence[Artist], target: Path, columns: tuple[int, int]) -> None:
        """Add heading and legends, size the parts, and write the file. Raises `UserError` where that fails."""
        top, *below = self.parts
        top.suptitle("\n".join(lines), x=0.02, ha="left", fontsize=7.5, linespacing=1.3)
        short = [handle for handle in handles if len(_INDEX.sub("i", str(handle.get_label()))) <= SHORT]
        long = [handle for handle in handles if handle not in short]
        for handle in long:
            handle.set_label(wrapped(str(handle.get_label()), int(LETTERS * self.figure.get_figwidth() / columns[1])))
        width = self.figure.get_figwidth()
        heights = [min(PLOT * width / COLUMN, MOST_PLOT) + HEADING_LINE * len(lines)]
        look: dict[str, Any] = {
            "frameon": False,
            "handlelength": 1.8,
            "columnspacing": 0.9,
            "handletextpad": 0.5,
            "borderpad": 0.0,
            "borderaxespad": 0.0,
            "labelspacing": 0.3,
        }
        for part, entries, count, size in zip(below, (short, long), columns, (7.0, 6.3), strict=True):
            height = 0.02
            if entries:
                place: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (0.02, 1.0)}
                legend = part.legend(handles=entries, ncols=count, fontsize=size, **place, **look)
                height = legend.get_window_extent().height / self.figure.dpi + 0.07
            heights.append(height)
        self.rows.set_height_ratios(heights)
        self.figure.set_size_inches(width, sum(heights))
        try:
            self.figure.savefig(target, dpi=300)
        except OSError as error:
            raise UserError(f"{target}: the picture cannot be written: {error.strerror}.") from None
