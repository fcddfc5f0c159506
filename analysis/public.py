"""The functions that `zdscan.analysis` offers: open a grid, see it over some axes, draw it or limits, fit, sample."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypedDict, Unpack, overload

from zdscan.analysis.inference import fit, sample
from zdscan.analysis.views import refine as _refine
from zdscan.analysis.views import view as _view
from zdscan.analysis.views.grid import open_grid
from zdscan.analysis.views.points import Points
from zdscan.analysis.views.view import View

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from zdscan.analysis.pictures.sheet import Drawn, Options, Target
    from zdscan.edges.curves import LimitCurves

__all__ = ["fit", "open_grid", "plot", "plot_limits", "sample", "view"]

Source = Points | str | Path
Size = str | tuple[float, float | None] | None


def view(
    grid: Source,
    x: str,
    y: str | None = None,
    *,
    fixed: Mapping[str, float] | None = None,
    constraints: str | Iterable[str] = (),
    statistic: str = "rows",
    refine: bool = False,
) -> View:
    """See a grid over one or two axes; chi2 is minimised over all axes that are neither seen nor fixed.

    Parameters
    ----------
    grid : Grid, MemoryGrid, str or Path
        An open grid, or the name of a grid file, finished or not.
    x, y : str
        Axes seen: ``"mass"`` or a parameter of the case; without `y` there is one.
    fixed : mapping of str to float
        Values to hold other axes at (mass in GeV); the nearest value of the grid is taken.
    constraints : str or iterable of str
        What counts as allowed: ids, ``"all"`` of the scan, or ``"paper"`` for those of the paper that the scan has.
    statistic : str
        chi2 of the ``"rows"``, of the ``"constraints"`` or the ``"total"`` of both (docs/statistics.md); for the last
        two the scan must store ``chi2_constraints`` or ``chi2_total``.
    refine : bool
        Minimise over hidden couplings between the values of their axes as well; `grid_chi2` has what the grid has.

    Returns
    -------
    View
        With `chi2` and `allowed` (float32 of the shape of the axes seen; NaN where no point is computed, or none is
        allowed), `best` and `best_allowed` (coordinates and ``"chi2"``), `excluded_by(id)` (bool) and `to_frame()`
        (pandas).

    Raises
    ------
    UserError
        For unknown, repeated or fixed axes, values outside an axis, constraints that the scan did not use, or a file
        that cannot be read.
    """
    axes = (x,) if y is None else (x, y)
    with _opened(grid) as points:
        seen = _view.view(points, axes, fixed, points.named(_names(constraints)), statistic)
        return _refine.refined_view(points, seen)[0] if refine else seen


class PlotOptions(TypedDict, total=False):
    """The options of `plot` that files and axes have in common."""

    kind: str | None
    fixed: Mapping[str, float] | None
    constraints: str | Iterable[str]
    prior: Literal["axis", "log", "spaced"] | None
    global_best: bool
    sigmas: Iterable[float]
    parameters: int | None
    unit: Literal["GeV", "MeV"]
    colours: bool
    style: str | None
    csv: str | Path | None
    statistic: str
    refine: bool
    exclusions: bool
    regions: bool
    strongest: int | None
    heading: bool
    size: Size
    x_range: tuple[float, float] | None
    y_range: tuple[float, float] | None


class LimitOptions(TypedDict, total=False):
    """The options of `plot_limits` that files and axes have in common."""

    strongest: int | None
    unit: Literal["GeV", "MeV"]
    heading: bool
    size: Size
    x_range: tuple[float, float] | None
    y_range: tuple[float, float] | None
    style: str | None


@overload
def plot(
    grid: Source | Mapping[str, Source],
    x: str,
    y: str | None = None,
    *,
    output: str | Path,
    **options: Unpack[PlotOptions],
) -> list[str]: ...


@overload
def plot(
    grid: Source | Mapping[str, Source], x: str, y: str | None = None, *, ax: Axes, **options: Unpack[PlotOptions]
) -> Drawn: ...


def plot(
    grid: Source | Mapping[str, Source],
    x: str,
    y: str | None = None,
    *,
    output: str | Path | None = None,
    ax: Axes | None = None,
    kind: str | None = None,
    fixed: Mapping[str, float] | None = None,
    constraints: str | Iterable[str] = (),
    prior: Literal["axis", "log", "spaced"] | None = None,
    global_best: bool = False,
    sigmas: Iterable[float] = (1.0, 2.0, 3.0),
    parameters: int | None = None,
    unit: Literal["GeV", "MeV"] = "GeV",
    colours: bool = False,
    style: str | None = None,
    csv: str | Path | None = None,
    statistic: str = "rows",
    refine: bool = True,
    exclusions: bool = True,
    regions: bool = True,
    strongest: int | None = None,
    heading: bool = True,
    size: Size = None,
    x_range: tuple[float, float] | None = None,
    y_range: tuple[float, float] | None = None,
) -> list[str] | Drawn:
    """Draw a grid over one or two axes into a file, as `zdscan plot` does, or into axes of your own.

    chi2 is minimised over the axes that are neither shown nor fixed, or integrated over with a `prior`.

    Parameters
    ----------
    grid : Grid, MemoryGrid, str or Path, or a mapping
        An open grid, or the name of a grid file, finished or not; or several by their labels, drawn over each other.
    x, y : str
        Axes shown: ``"mass"`` or a parameter of the case; without `y` the picture is chi2 along `x`.
    output : str or Path
        The picture: .png, .pdf or .svg.
    ax : matplotlib Axes
        Draw into these instead, and write no picture. Scales, limits and labels of both axes are set; letters, size,
        heading and legend are yours. With `colours` a colour bar takes its room from them.
    kind : str
        ``"curve"``, ``"plane"``, ``"summary"`` (the boundary of every constraint), ``"first"`` (which constraint
        excludes first along y) or ``"marginal"``; by default a curve without `y`, a marginal with a `prior`, otherwise
        a plane.
    fixed : mapping of str to float
        Values to hold axes at (mass in GeV); the nearest value of the grid is taken.
    constraints : str or iterable of str
        Whose exclusions are shown: ids, ``"all"`` of the scan, or ``"paper"`` for those of the paper that it has.
        Where none is named, all are shown, but their columns are not in `csv`, and a marginal has no exclusions.
    prior : str
        Integrate instead of minimising, with a prior flat in ``"axis"`` (the value), ``"log"`` (the logarithm of its
        size) or ``"spaced"`` (the scale in which the axis is evenly spaced).
    global_best : bool
        Regions relative to the lowest chi2 of the whole grid, not of the picture.
    sigmas : iterable of float
        Regions to draw, ascending, in Gaussian standard deviations.
    parameters : int
        Fitted parameters that the levels are for; by default the axes shown.
    unit : str
        Of the mass in the picture, ``"GeV"`` or ``"MeV"``.
    colours : bool
        Show chi2 as colours instead of filled regions.
    style : str
        Letters and ticks of an mplhep style, such as ``"CMS"``.
    csv : str or Path
        Also write the cells as a table.
    statistic : str
        What is drawn, as in `view`.
    refine : bool
        Minimise over hidden couplings between the values of their axes as well.
    exclusions : bool
        Whether exclusions are shown where `constraints` names none.
    regions : bool
        Whether regions of the fit and best points are shown; without them a plane has exclusions alone.
    strongest : int
        How many limit curves have a colour and a name; those that draw most of the edge of what is excluded.
    heading : bool
        Whether lines above a picture say what it shows.
    size : str or tuple
        ``"one-column"``, ``"two-column"``, or width and height in inches; a height of None is what the content needs.
    x_range, y_range : tuple of float
        The part of each axis that is shown, within the grid (mass in GeV).

    Returns
    -------
    list of str, or list of Artist
        With `output`, what the picture cannot show, in sentences. With `ax`, a list of the artists that were drawn;
        it has `handles` (``ax.legend(handles=...)``), `heading` (lines) and `said` (the sentences) as attributes.

    Raises
    ------
    UserError
        For what `view` refuses, for options that do not go together, `output` and `ax` among them, for `ax` that are
        no plain axes of matplotlib, and for files that cannot be written.
    """
    from zdscan.analysis.pictures.plotting import Request, checked_sigmas, overlay
    from zdscan.analysis.pictures.plotting import plot as draw

    request = Request(
        x=x,
        y=y,
        fixed=None if fixed is None else dict(fixed),
        profile=prior is None,
        constraints=_names(constraints),
        exclusions=exclusions,
        prior=prior,
        whole=global_best,
        csv=None if csv is None else Path(csv),
        refine=refine,
        statistic=statistic,
        named=kind,
    )
    options = replace(
        _options(unit, strongest, heading, size, x_range, y_range, style),
        sigmas=checked_sigmas(tuple(sigmas)),
        parameters=parameters,
        colours=colours,
        fit=regions,
    )

    def drawn(target: Target) -> list[str]:
        with ExitStack() as stack:
            if isinstance(grid, Mapping):
                opened = {label: stack.enter_context(_opened(source)) for label, source in grid.items()}
                return overlay(opened, request, target, options)
            return draw(stack.enter_context(_opened(grid)), request, target, options)

    return _into(output, ax, drawn)


@overload
def plot_limits(curves: LimitCurves, *, output: str | Path, **options: Unpack[LimitOptions]) -> list[str]: ...


@overload
def plot_limits(curves: LimitCurves, *, ax: Axes, **options: Unpack[LimitOptions]) -> Drawn: ...


def plot_limits(
    curves: LimitCurves,
    *,
    output: str | Path | None = None,
    ax: Axes | None = None,
    strongest: int | None = None,
    unit: Literal["GeV", "MeV"] = "GeV",
    heading: bool = True,
    size: Size = None,
    x_range: tuple[float, float] | None = None,
    y_range: tuple[float, float] | None = None,
    style: str | None = None,
) -> list[str] | Drawn:
    """Draw limit curves over the mass into a file, as `zdscan limits -o` does, or into axes of your own.

    Parameters
    ----------
    curves : LimitCurves
        What `zdscan.limits` returns, of two masses or more.
    output : str or Path
        The picture: .png, .pdf or .svg.
    ax : matplotlib Axes
        Draw into these instead, and write no picture; as for `plot`.
    strongest : int
        How many constraints have a colour and a name, 12 by default.
    unit, heading, size, style : str, bool, str or tuple, str
        As for `plot`.
    x_range, y_range : tuple of float
        The masses in GeV and the sizes of the parameter that are shown.

    Returns
    -------
    list of str, or list of Artist
        As for `plot`.

    Raises
    ------
    UserError
        For fewer than two masses, for a picture without a curve, for options that are not allowed, and for a file that
        cannot be written.
    """
    from zdscan.analysis.pictures.limits import draw

    options = _options(unit, strongest, heading, size, x_range, y_range, style)
    return _into(output, ax, lambda target: draw(curves, target, options))


def _options(
    unit: str,
    strongest: int | None,
    heading: bool,
    size: Size,
    x_range: tuple[float, float] | None,
    y_range: tuple[float, float] | None,
    style: str | None,
) -> Options:
    """The options that all pictures have, checked."""
    from zdscan.analysis.pictures.sheet import Options
    from zdscan.analysis.pictures.typed import checked_range, checked_size, parse_size

    if size is not None:
        size = parse_size(size) if isinstance(size, str) else checked_size(size)
    return Options(
        unit,
        strongest=strongest,
        heading=heading,
        size=size,
        x_range=None if x_range is None else checked_range(tuple(x_range), f"x_range {x_range}"),
        y_range=None if y_range is None else checked_range(tuple(y_range), f"y_range {y_range}"),
        style=style,
    )


def _into(output: str | Path | None, ax: Axes | None, draw: Callable[[Target], list[str]]) -> list[str] | Drawn:
    """Draw into a file, or into axes and return the artists that are new there."""
    from zdscan.analysis.pictures.sheet import Drawn, Guest
    from zdscan.errors import UserError

    if (output is None) == (ax is None):
        given = "neither is given" if ax is None else "both are given"
        raise UserError(f"A picture goes into a file (output=) or into axes of yours (ax=); {given}.")
    if output is not None:
        return draw(Path(output))
    guest = Guest.of(ax)
    before = set(map(id, guest.axes.get_children()))
    said = draw(guest)
    artists = [artist for artist in guest.axes.get_children() if id(artist) not in before]
    return Drawn(artists, guest.handles, guest.heading, said)


def _opened(grid: Source) -> AbstractContextManager[Points]:
    """A grid that stays open if it was given open."""
    return nullcontext(grid) if isinstance(grid, Points) else open_grid(grid, partial=True)


def _names(constraints: str | Iterable[str]) -> tuple[str, ...]:
    return (constraints,) if isinstance(constraints, str) else tuple(constraints)
