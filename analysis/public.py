"""The four functions that `zdscan.analysis` offers: open a grid, see it over some axes, draw it, fit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypedDict, Unpack, overload

from zdscan.analysis.views import refine as _refine
from zdscan.analysis.views import view as _view
from zdscan.analysis.views.grid import Grid, open_grid
from zdscan.analysis.views.points import Points
from zdscan.analysis.views.view import View

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from zdscan.analysis.fits.fitting import Fit
    from zdscan.analysis.pictures.sheet import Drawn
    from zdscan.scan.scanfile import Scan

__all__ = ["fit", "open_grid", "plot", "view"]

Source = Points | str | Path


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


@overload
def plot(
    grid: Source, x: str, y: str | None = None, *, output: str | Path, **options: Unpack[PlotOptions]
) -> list[str]: ...


@overload
def plot(grid: Source, x: str, y: str | None = None, *, ax: Axes, **options: Unpack[PlotOptions]) -> Drawn: ...


def plot(
    grid: Source,
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
) -> list[str] | Drawn:
    """Draw a grid over one or two axes into a file, as `zdscan plot` does, or into axes of your own.

    chi2 is minimised over the axes that are neither shown nor fixed, or integrated over with a `prior`.

    Parameters
    ----------
    grid : Grid, MemoryGrid, str or Path
        An open grid, or the name of a grid file, finished or not.
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
    from zdscan.analysis.pictures.plotting import Request, checked_sigmas
    from zdscan.analysis.pictures.plotting import plot as draw
    from zdscan.analysis.pictures.sheet import Drawn, Guest, Options
    from zdscan.errors import UserError

    if (output is None) == (ax is None):
        given = "neither is given" if ax is None else "both are given"
        raise UserError(f"A picture goes into a file (output=) or into axes of yours (ax=); {given}.")
    request = Request(
        x=x,
        y=y,
        fixed=None if fixed is None else dict(fixed),
        profile=prior is None,
        constraints=_names(constraints),
        prior=prior,
        whole=global_best,
        csv=None if csv is None else Path(csv),
        refine=refine,
        statistic=statistic,
        named=kind,
    )
    options = Options(unit, checked_sigmas(tuple(sigmas)), parameters, colours=colours, style=style)
    target = Guest.of(ax) if output is None else Path(output)
    with _opened(grid) as points:
        if isinstance(target, Path):
            return draw(points, request, target, options)
        before = set(map(id, target.axes.get_children()))
        said = draw(points, request, target, options)
    artists = [artist for artist in target.axes.get_children() if id(artist) not in before]
    return Drawn(artists, target.handles, target.heading, said)


def fit(
    source: Scan | Grid | str | Path,
    *,
    statistic: str = "rows",
    profiles: bool = True,
    overrides: Iterable[str] = (),
    progress: Callable[[str, float], None] = lambda what, fraction: None,
) -> Fit:
    """Fit mass and couplings within the axes of a scan, as `zdscan fit` does.

    Parameters
    ----------
    source : Scan, Grid, str or Path
        A scan or the name of a scan file, to start from a coarse grid in memory; or a finished grid, open or by its
        name, to start from its lowest points.
    statistic : str
        What is minimised: "rows", "constraints" or "total", chi2 of both (docs/statistics.md).
    profiles : bool
        Profile every coupling, which takes most of the time and finds intervals and flat stretches.
    overrides : iterable of str
        Settings to replace in a scan file, such as ``"axes.mass.n=50"``.
    progress : callable
        Called with what is being done and the fraction done, 0 to 1.

    Returns
    -------
    Fit
        With `result` (`best`, `improvement`, `p_value`, `profiles`, ...), `pulls` (float64[rows]), `excluded`
        (constraint id -> ratio and grade), `remarks` (sentences) and `to_dict()`, the layout of ``zdscan fit --json``.

    Raises
    ------
    UserError
        For a file that cannot be used, an unfinished grid, or `overrides` of anything but a scan file.
    """
    from zdscan.analysis.fits.fitting import fit_file, fit_scan
    from zdscan.errors import UserError

    settings = tuple(overrides)
    if isinstance(source, Grid):
        source = source.path
    if isinstance(source, str | Path):
        return fit_file(source, settings, statistic=statistic, profiles=profiles, progress=progress)
    if settings:
        raise UserError("overrides change a scan file, and a scan was given that is already read.")
    return fit_scan(source, statistic=statistic, profiles=profiles, progress=progress)


def _opened(grid: Source) -> AbstractContextManager[Points]:
    """A grid that stays open if it was given open."""
    return nullcontext(grid) if isinstance(grid, Points) else open_grid(grid, partial=True)


def _names(constraints: str | Iterable[str]) -> tuple[str, ...]:
    return (constraints,) if isinstance(constraints, str) else tuple(constraints)
