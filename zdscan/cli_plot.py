"""The command `zdscan plot`, beside `zdscan.cli` and as light to import; pictures are made in analysis/pictures."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zdscan.errors import UserError

if TYPE_CHECKING:
    from zdscan.analysis.pictures.plotting import Request
    from zdscan.analysis.pictures.sheet import Options


def plot(
    grids: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[GRID.h5]...", help="A grid file, or several to be drawn over each other."),
    ] = None,
    x: Annotated[str, typer.Option(help="Axis along x: mass, or a parameter of the case.")] = "mass",
    y: Annotated[str | None, typer.Option(help="Axis along y; without it, chi2 along x.")] = None,
    case: Annotated[
        str | None,
        typer.Option(help="Draw a plane of a case without a grid: A, B, C, a name of `zdscan cases`, a file."),
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="With --case: a setting, with its key in a scan file."),
    ] = None,
    profile: Annotated[bool, typer.Option("--profile", help="Minimise over all other axes (the default).")] = False,
    slice_at: Annotated[
        str | None,
        typer.Option("--slice", metavar="AXIS=VALUE,...", help="Hold axes at the nearest grid values."),
    ] = None,
    marginalise: Annotated[
        str | None,
        typer.Option(metavar="PRIOR", help="Integrate over the other axes; prior flat in: axis, log or spaced."),
    ] = None,
    constraints: Annotated[
        str | None, typer.Option(help="Show what these exclude: all (the default), paper, or ids separated by commas.")
    ] = None,
    exclusions: Annotated[
        bool, typer.Option("--exclusions/--no-exclusions", help="Show what is excluded, or the fit alone.")
    ] = True,
    fit: Annotated[bool, typer.Option("--fit/--no-fit", help="Show regions of the fit, or exclusions alone.")] = True,
    strongest: Annotated[
        int | None, typer.Option(metavar="N", help="Name the N limit curves that matter most; the others are grey.")
    ] = None,
    summary: Annotated[bool, typer.Option("--summary", help="Draw every limit curve, two columns wide.")] = False,
    first: Annotated[bool, typer.Option("--first", help="Map which constraint excludes first along y.")] = False,
    colours: Annotated[bool, typer.Option("--colours", help="Show chi2 as colours, not filled regions.")] = False,
    global_best: Annotated[
        bool, typer.Option("--global-best", help="Regions relative to the best fit of the whole grid.")
    ] = False,
    statistic: Annotated[
        str, typer.Option(help="What is drawn: chi2 of the rows, of the constraints, or the total of both.")
    ] = "rows",
    refine: Annotated[
        bool, typer.Option("--refine/--no-refine", help="Minimise between the values of hidden couplings as well.")
    ] = True,
    sigmas: Annotated[str, typer.Option(help="Regions to draw.")] = "1,2,3",
    parameters: Annotated[
        int | None, typer.Option(min=1, max=4, help="Fitted parameters (default: the axes shown).")
    ] = None,
    unit: Annotated[str, typer.Option(help="Of the mass in the picture: GeV or MeV.")] = "GeV",
    heading: Annotated[
        bool, typer.Option("--heading/--no-heading", help="Lines above the picture that say what it shows.")
    ] = True,
    size: Annotated[
        str | None, typer.Option(metavar="W,H", help="one-column, two-column, or width and height in inches.")
    ] = None,
    x_range: Annotated[
        str | None, typer.Option(metavar="LOW,HIGH", help="Show this part of x (masses in GeV).")
    ] = None,
    y_range: Annotated[
        str | None, typer.Option(metavar="LOW,HIGH", help="Show this part of y (masses in GeV).")
    ] = None,
    labels: Annotated[
        list[str] | None, typer.Option("--label", metavar="TEXT", help="Name of each of several grids, in order.")
    ] = None,
    style: Annotated[
        str | None, typer.Option(help="Letters and ticks of an experiment: CMS, ATLAS, LHCb, ... (needs mplhep).")
    ] = None,
    csv: Annotated[Path | None, typer.Option(metavar="CELLS.csv", help="Also write the cells as a table.")] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="PNG, PDF or SVG (default: GRID.png).")] = None,
) -> None:
    """Draw grid files, finished or not, or a case, over one or two axes: regions, exclusions, what excludes first."""
    from zdscan.analysis.pictures.plotting import Request, parse_sigmas, parse_slice
    from zdscan.analysis.pictures.sheet import Options
    from zdscan.analysis.pictures.typed import parse_range, parse_size

    files = list(grids or ())
    if bool(files) == (case is not None):
        raise UserError("Give grid files, or a case with --case: one of the two.")
    if overrides and case is None:
        raise UserError("--set goes with --case; a grid has its own settings.")
    request = Request(
        x=x,
        y=y,
        fixed=None if slice_at is None else parse_slice(slice_at),
        profile=profile or case is not None,
        constraints=() if constraints is None else tuple(name.strip() for name in constraints.split(",")),
        exclusions=exclusions,
        prior=marginalise,  # type: ignore[arg-type]
        summary=summary,
        first=first,
        whole=global_best,
        refine=refine,
        statistic=statistic,
        csv=csv,
    )
    options = Options(
        unit,
        parse_sigmas(sigmas),
        parameters,
        colours=colours,
        style=style,
        fit=fit,
        strongest=strongest,
        heading=heading,
        size=None if size is None else parse_size(size),
        x_range=None if x_range is None else parse_range(x_range, "--x-range"),
        y_range=None if y_range is None else parse_range(y_range, "--y-range"),
    )
    target = output or (Path(f"{Path(str(case)).stem}.png") if case else files[0].with_suffix(".png"))
    if case is not None:
        said = _draw_case(case, overrides or (), request, target, options)
    else:
        said = _draw_grids(files, labels or (), request, target, options)
    for path in filter(None, (target, csv)):
        print(f"wrote {path}")
    for sentence in said:
        print(sentence)


def _draw_case(case: str, overrides: Any, request: Request, target: Path, options: Options) -> list[str]:
    from zdscan.analysis.pictures.of_case import plane_of
    from zdscan.analysis.pictures.plotting import plot as draw
    from zdscan.terminal.limits import settings

    axes = [request.x] if request.y is None else [request.x, request.y]
    given = zip(axes, (options.x_range, options.y_range), strict=False)
    ranges = {name: shown for name, shown in given if shown is not None}
    points = plane_of(case, request.x, request.y, request.fixed or {}, ranges, **settings(overrides))
    return draw(points, request, target, options)


def _draw_grids(files: list[Path], labels: Any, request: Request, target: Path, options: Options) -> list[str]:
    from zdscan.analysis.pictures.plotting import overlay
    from zdscan.analysis.pictures.plotting import plot as draw
    from zdscan.analysis.views.grid import open_grid

    names = list(labels) or [path.stem for path in files]
    if len(names) != len(files) or len(set(names)) < len(names):
        raise UserError(
            f"There are {len(files)} grids and {len(set(names))} different labels; give a --label for each of them."
        )
    with ExitStack() as stack:
        opened = {
            name: stack.enter_context(open_grid(path, partial=True)) for name, path in zip(names, files, strict=True)
        }
        if len(opened) > 1:
            return overlay(opened, request, target, options)
        return draw(opened[names[0]], request, target, options)
