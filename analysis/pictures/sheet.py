"""The sheet that every picture is drawn on: options, heading, legends, and the words of constraints."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.gridspec import GridSpec
from numpy.typing import NDArray

from zdscan.analysis.explorer.scales import Scale
from zdscan.analysis.pictures.frame import Side
from zdscan.analysis.pictures.layers import constraint_label
from zdscan.analysis.pictures.scales import looks, mass_factor, set_scale, setting, shown_values, symbol
from zdscan.analysis.views.points import ROWS, Points, raise_if
from zdscan.analysis.views.regions import SIGMAS
from zdscan.analysis.views.spacing import spacing_of
from zdscan.analysis.views.view import View
from zdscan.constraints import available, select
from zdscan.errors import UserError
from zdscan.inputs import limit_sets
from zdscan.physics.clause import Constraint
from zdscan.physics.level import PUBLISHED
from zdscan.physics.statistics import in_words, level_of

FORMATS = (".png", ".pdf", ".svg")
MOST_BOUNDARIES = 6  # bars below a curve; more are drawn together
COLUMN, PLOT, HEADING_LINE = 3.4, 2.75, 0.15  # inches; PLOT for a column, wider pictures in proportion
MOST_PLOT = 4.6  # inches
TWO_COLUMNS = 7.0  # inches: for many lines and their legend
SIZES = {"one-column": (COLUMN, None), "two-column": (TWO_COLUMNS, None)}
LEAST_PLOT = 0.8  # inches, of a picture whose height is given
BESIDE_AXES, BELOW_AXES = 0.75, 0.45  # inches: about what ticks and labels take of a picture
SHORT = 20  # letters of a legend entry that shares its line
LETTERS, HEADING_LETTERS = 19, 18  # of a legend and of the heading, an inch
BESIDE = 8  # letters less where entries stand beside one another
_KINDS: dict[str, Any] = {"log": "log", "linear": "linear", "asinh": "symlog"}
_INDEX = re.compile(r"\$[^$]*\$")


@dataclass(frozen=True)
class Options:
    """How to draw: unit of the mass, sigmas of the regions, number of fitted parameters (None: the axes seen),
    reference chi2 (None: the lowest seen), whether to show Delta chi2 as colours instead of filled regions, and the
    name of an mplhep style (None: matplotlib's own letters and ticks).

    Attributes
    ----------
    fit : whether regions of the fit and best points are drawn.
    strongest : how many limit curves have a colour and a name (None: as many as the size has room for).
    heading : whether lines above the picture say what it shows.
    size : width and height in inches (None: that of the kind of picture; a height of None: what the content needs).
    x_range, y_range : the part of each axis that is shown, masses in GeV (None: all).
    spacing : scales of axes by name, where the values do not tell them.
    """

    unit: str = "GeV"
    sigmas: tuple[float, ...] = SIGMAS
    parameters: int | None = None
    reference: float | None = None
    colours: bool = False
    style: str | None = None
    fit: bool = True
    strongest: int | None = None
    heading: bool = True
    size: tuple[float, float | None] | None = None
    x_range: tuple[float, float] | None = None
    y_range: tuple[float, float] | None = None
    spacing: Mapping[str, tuple[str, float]] | None = None

    def shows(self, point: Mapping[str, float], shown: Sequence[str]) -> bool:
        """Whether a point lies in the part of the axes that is shown."""
        pairs = zip(shown, (self.x_range, self.y_range), strict=False)
        return all(part is None or part[0] <= point.get(name, part[0]) <= part[1] for name, part in pairs)

    def side(self, name: str, values: NDArray[np.float64], which: str) -> Side:
        """The side of a frame for the values of an axis along ``"x"`` or ``"y"``."""
        low, high = (self.x_range if which == "x" else self.y_range) or (float(values[0]), float(values[-1]))
        kind, width = (self.spacing or {}).get(name) or spacing_of(values)
        scale = Scale(_KINDS[kind], float(values[0]), float(values[-1]), width)
        return Side(scale, low, high, mass_factor(self.unit) if name == "mass" else 1.0)


@dataclass
class Guest:
    """Axes of the caller's into which a picture is drawn: no file, and letters and size stay theirs.

    Attributes
    ----------
    axes : where to draw.
    handles : for a legend, and
    heading : lines for a title, both as the picture has them once it is drawn.
    """

    axes: Axes
    handles: list[Artist] = field(default_factory=list)
    heading: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, axes: object) -> Guest:
        """Axes as a caller gives them. Raises `UserError` for anything but plain axes of matplotlib."""
        if isinstance(axes, Axes) and axes.name == "rectilinear":
            return cls(axes)
        what = f"{axes.name} axes" if isinstance(axes, Axes) else f"an object of type {type(axes).__name__}"
        raise UserError(f"ax must be plain axes of matplotlib, one such as figure.add_subplot(), not {what}.")


class Drawn(list[Artist]):
    """What a picture put into axes of the caller's: its artists, in the order in which they were drawn.

    Attributes
    ----------
    handles : of a legend, for ``ax.legend(handles=...)``.
    heading : lines that say what is shown, for ``ax.set_title``.
    said : what the picture cannot show, in sentences.
    """

    def __init__(
        self, artists: Iterable[Artist], handles: Sequence[Artist], heading: Sequence[str], said: Sequence[str]
    ) -> None:
        super().__init__(artists)
        self.handles, self.heading, self.said = list(handles), list(heading), list(said)


Target = Path | Guest


def check_drawable(grid: Points, axes: Sequence[str], target: Target, options: Options) -> None:
    """Refuse, before any work, what no picture can be made of."""
    if isinstance(target, Path) and target.suffix.lower() not in FORMATS:
        raise UserError(f"{target}: the picture must end in {', '.join(FORMATS)}.")
    if isinstance(target, Guest) and options.style is not None:
        raise UserError(f"The style {options.style} is for a picture of its own; axes that are given have theirs.")
    mass_factor(options.unit)
    looks(options.style)
    faults = []
    for which, name, shown in zip("xy", axes, (options.x_range, options.y_range), strict=False):
        low, high = float(grid.axes[name][0]), float(grid.axes[name][-1])
        if shown is not None and not low * (1 - 1e-9) <= shown[0] < shown[1] <= high * (1 + 1e-9) and low < high:
            faults.append(
                f"The {which} range {shown[0]:g} to {shown[1]:g} is not within the axis {name}, {low:g} to {high:g}."
            )
    raise_if(faults)
    single = [name for name in axes if grid.axes[name].size < 2]
    if single:
        raise UserError(f"{grid.path}: the axis {single[0]} has one value only, so it cannot span a picture.")


def described(names: Sequence[str], limits: str) -> Mapping[str, Constraint | None]:
    """What this zdscan knows of the constraints of a file with a set of limits, which may come from another version."""
    known = set(available()) if limits in limit_sets.available() else set()
    return {name: select([name], limits=limits)[0] if name in known else None for name in names}


def label_of(name: str, constraint: Constraint | None, level: str = PUBLISHED) -> str:
    """Text of a legend, with the level of the picture where that is another than the published one."""
    return name if constraint is None else constraint_label(constraint, level_of(level))


def level_words(level: str) -> str:
    """What a legend says of the area that constraints exclude: ``excluded at 95%``."""
    return "excluded at levels as published" if level == PUBLISHED else f"excluded at {level}"


def levels_words(wanted: Sequence[float], parameters: int) -> str:
    """The levels of the regions: ``Δχ² ≤ 2.30, 6.18 (2 parameters)``, in mathtext."""
    numbers = ", ".join(f"{level:.2f}" for level in wanted)
    return rf"$\Delta\chi^2 \leq$ {numbers} ({parameters} parameter{'' if parameters == 1 else 's'})"


def together(names: Sequence[str], limits: str, level: str) -> str:
    """Text of a legend for constraints too many to be shown apart."""
    grades = sorted({constraint.grade for constraint in described(names, limits).values() if constraint})
    at = "levels as published" if level == PUBLISHED else f"at {level}"
    return f"excluded by {len(names)} constraints ({at}, grades {', '.join(grades)})"


def subject_lines(grid: Points) -> list[str]:
    """The first line of every heading: the case, and how much of an unfinished grid is computed."""
    attributes = grid.attributes
    line = f"Case {attributes['case']}, theory “{attributes['theory']}”, {attributes['ndof']} rows"
    return [line] if grid.complete else [line, f"unfinished: {grid.progress()}"]


def view_lines(grid: Points, seen: View, options: Options) -> list[str]:
    """The first lines of a heading: the case, and where the axes not shown are."""
    first, *lines = subject_lines(grid)
    lines = [f"{first}, {in_words(str(grid.attributes.get('level', PUBLISHED)))}", *lines]
    if seen.statistic != ROWS:
        rows = "rows and " if seen.statistic == "total" else ""
        lines.append(rf"$\chi^2$ of {rows}the likelihoods of up to {len(grid.constraints)} constraints,")
        lines.append("counted from the SM at each mass")
    if seen.fixed:
        lines.append("at " + ", ".join(setting(*item, options.unit) for item in seen.fixed.items()))
    if seen.hidden:
        refined = " (refined)" if seen.between else ""
        lines.append("lowest over " + ", ".join(symbol(name) for name in seen.hidden) + refined)
    return lines


def wrapped(text: str, letters: int) -> str:
    """Text in lines of at most so many letters, an index in mathtext counting as one; a level stays with its grade."""
    found = iter(_INDEX.findall(text))
    narrow = re.sub(r"(\([^()]*), (grades? )", "\\1,\xa0\\2", _INDEX.sub("\ue000", text)).replace("grade ", "grade\xa0")
    folded = "\n".join(textwrap.wrap(narrow, letters)).replace("\xa0", " ")
    return re.sub("\ue000", lambda _: next(found), folded)


@dataclass(frozen=True)
class Sheet:
    """A figure whose axes keep their size however long the heading and the legends below are.

    Attributes
    ----------
    axes : where to draw.
    """

    axes: Axes
    figure: Figure
    rows: GridSpec
    parts: Sequence[SubFigure]

    height: float | None = None
    heading: bool = True

    @classmethod
    def blank(cls, width: float = COLUMN, height: float | None = None, *, heading: bool = True) -> Sheet:
        """Three parts: heading and axes, short legend entries side by side, long ones each on a line."""
        # The object interface, not pyplot: no display, no global state.
        figure = Figure(figsize=(width, width), layout="constrained")
        rows = figure.add_gridspec(3, 1)
        parts = [figure.add_subfigure(rows[k]) for k in range(3)]
        return cls(parts[0].add_subplot(), figure, rows, parts, height, heading)

    @property
    def inches(self) -> tuple[float, float]:
        """About the width and height of the axes, before the legends are known."""
        width = self.figure.get_figwidth()
        tall = min(PLOT * width / COLUMN, MOST_PLOT) if self.height is None else 0.6 * self.height
        return width - BESIDE_AXES, tall - BELOW_AXES

    def finish(self, lines: Sequence[str], handles: Sequence[Artist], target: Target, columns: tuple[int, int]) -> None:
        """Add heading and legends, size the parts, and write the file. Raises `UserError` where that fails."""
        top, *below = self.parts
        if not self.heading:
            lines = []
        letters = int(HEADING_LETTERS * self.figure.get_figwidth())
        lines = [part for line in lines for part in wrapped(line, letters).split("\n")]
        if lines:
            top.suptitle("\n".join(lines), x=0.02, ha="left", fontsize=7.5, linespacing=1.3)
        short = [handle for handle in handles if len(_INDEX.sub("i", str(handle.get_label()))) <= SHORT]
        long = [handle for handle in handles if handle not in short]
        letters = int(LETTERS * self.figure.get_figwidth() / columns[1]) - BESIDE * (columns[1] - 1)
        for handle in long:
            handle.set_label(wrapped(str(handle.get_label()), letters))
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
        if self.height is not None:
            heights[0] = self.height - sum(heights[1:])
            least = LEAST_PLOT + BELOW_AXES + HEADING_LINE * len(lines)
            if heights[0] < least:
                needed = sum(heights[1:]) + least
                raise UserError(
                    f"A picture {self.height:g} inches high has no room for its legend: give {needed:.1f} inches or "
                    "more, or fewer curves with a name (--strongest)."
                )
        self.rows.set_height_ratios(heights)
        self.figure.set_size_inches(width, sum(heights))
        assert isinstance(target, Path), "only a file has a sheet of its own"
        try:
            self.figure.savefig(target, dpi=300)
        except OSError as error:
            raise UserError(f"{target}: the picture cannot be written: {error.strerror}.") from None


@dataclass(frozen=True)
class Place:
    """Axes of the caller's in the part of a sheet: heading and legends are left to them."""

    axes: Axes
    guest: Guest

    @property
    def inches(self) -> tuple[float, float]:
        """Width and height of the axes."""
        box, figure = self.axes.get_window_extent(), self.axes.figure
        assert figure is not None, "axes without a figure cannot be drawn into"
        return float(box.width / figure.dpi), float(box.height / figure.dpi)

    def finish(self, lines: Sequence[str], handles: Sequence[Artist], target: Target, columns: tuple[int, int]) -> None:
        """Keep heading and legend entries for the caller."""
        self.guest.heading, self.guest.handles = list(lines), list(handles)


@contextmanager
def sheet_for(target: Target, options: Options, width: float = COLUMN) -> Iterator[Sheet | Place]:
    """What a picture is drawn on: a sheet of its own in the looks of a style, or axes of the caller's as they are.

    width : in inches, where the options have none.
    """
    if isinstance(target, Guest):
        yield Place(target.axes, target)
        return
    with mpl.rc_context(looks(options.style)):
        given = options.size or (width, None)
        yield Sheet.blank(*given, heading=options.heading)


def show_range(
    axes: Axes, shown: Sequence[str], seen_values: Mapping[str, NDArray[np.float64]], options: Options
) -> None:
    """Show the part of the axes that is wanted, with ticks of its own."""
    for which, name, wanted in zip("xy", shown, (options.x_range, options.y_range), strict=False):
        if wanted is not None:
            known = (options.spacing or {}).get(name) or spacing_of(seen_values[name])
            set_scale(axes, which, shown_values(name, np.array(wanted), options.unit), known)


def columns_of(sheet: Sheet | Place) -> tuple[int, int]:
    """Short and long legend entries beside one another."""
    return (6, 2) if sheet.inches[0] + BESIDE_AXES > 0.8 * TWO_COLUMNS else (3, 1)
