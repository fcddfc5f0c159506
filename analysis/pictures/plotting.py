"""`zdscan plot`: from the options of the command to one picture, a table, and what to say about them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from zdscan.analysis.pictures import curve, first, plane, summary
from zdscan.analysis.pictures import marginal as posterior
from zdscan.analysis.pictures.curves import check_strongest
from zdscan.analysis.pictures.overlay import Layer, draw_overlay
from zdscan.analysis.pictures.sheet import Options, Target, check_drawable
from zdscan.analysis.views.exact import is_slice, refined
from zdscan.analysis.views.points import ROWS, Points, raise_if
from zdscan.analysis.views.refine import refined_view
from zdscan.analysis.views.regions import Marginal, Prior, marginal, remarks
from zdscan.analysis.views.spacing import spacing_of
from zdscan.analysis.views.view import View, view
from zdscan.errors import UserError, not_one_of

FINE = {1: 601, 2: 241}  # values of each axis at which a slice is computed anew, by the number of axes
TABLE_SUFFIXES = (".csv", ".txt", ".dat")
Draw = Callable[[Points, Any, Target, Options], list[str]]  # a View, or a Marginal; returns sentences to print


@dataclass(frozen=True)
class Kind:
    """A kind of picture.

    Attributes
    ----------
    draw : draws and saves it.
    axes : how many it shows.
    every_constraint : whether it is about all constraints where none is named.
    """

    draw: Draw
    axes: int = 2
    every_constraint: bool = False


# Every kind of picture: a new one is a module with a function `draw` and a line here.
KINDS: Mapping[str, Kind] = {
    "curve": Kind(curve.draw, axes=1),
    "plane": Kind(plane.draw),
    "summary": Kind(summary.draw, every_constraint=True),
    "first": Kind(first.draw, every_constraint=True),
    "marginal": Kind(posterior.draw),
}


@dataclass(frozen=True)
class Request:
    """What `zdscan plot` was asked for.

    Attributes
    ----------
    x, y : axes of the picture; no y: chi2 along x.
    fixed : values of axes held fixed.
    profile : minimise over axes that are neither shown nor fixed; otherwise a slice must fix every one.
    constraints : ids, ``["all"]``, or ``["paper"]`` for those of the paper that the scan has.
    exclusions : whether all of the scan are shown where none is named.
    prior : integrate instead of minimising, with a prior flat in this measure.
    summary, first : every constraint's boundary; which constraint excludes first along y.
    whole : regions relative to the lowest chi2 of the whole grid, not of the picture.
    csv : also write the cells as a table.
    statistic : chi2 of the "rows", of the "constraints" or the "total".
    refine : whether chi2 goes down between the values of hidden axes.
    named : kind of the picture, one of `KINDS`; None: what the other fields say.
    """

    x: str
    y: str | None = None
    fixed: dict[str, float] | None = None
    profile: bool = False
    constraints: tuple[str, ...] = ()
    exclusions: bool = True
    prior: Prior | None = None
    summary: bool = False
    first: bool = False
    whole: bool = False
    csv: Path | None = None
    refine: bool = True
    statistic: str = ROWS
    named: str | None = None

    @property
    def kind(self) -> str:
        """Name of the kind of picture."""
        if self.named is not None:
            return self.named
        if self.y is None:
            return "curve"
        return (
            "marginal" if self.prior is not None else "summary" if self.summary else "first" if self.first else "plane"
        )


def overlay(grids: Mapping[str, Points], request: Request, target: Target, options: Options) -> list[str]:
    """Draw planes or curves of several grids, by their labels, over each other; returns sentences to print.

    Raises
    ------
    UserError
        As `plot`; for anything but planes and curves of axes that all grids have.
    """
    faults = []
    if request.kind not in ("plane", "curve") or options.colours:
        faults.append(
            "Several grids are drawn over each other as planes with --x and --y, or as curves with --x alone; other "
            "kinds of pictures, and --colours, show one."
        )
    if request.csv is not None:
        faults.append("A table is of one grid; leave out --csv, or give one grid.")
    if options.strongest is not None:
        faults.append("--strongest names the curves of one grid; several have the edge of all that is excluded.")
    raise_if(faults)
    layers, said = [], []
    for label, grid in grids.items():
        shown, more = _seen(grid, request, replace(options, x_range=None, y_range=None), target)
        said += [f"{label}: {sentence}" for sentence in more]
        assert isinstance(shown, View), "no marginal"
        own = replace(options, reference=_lowest(grid, request)) if request.whole else options
        points, fine, look = _between_the_values(grid, shown, own)
        assert isinstance(fine, View), "no marginal"
        layers.append(Layer(label, points, fine, look))
    return said + draw_overlay(layers, target, options)


def plot(grid: Points, request: Request, target: Target, options: Options) -> list[str]:
    """Draw what was asked for into `target`; returns sentences to print.

    Raises
    ------
    UserError
        For options that do not go together, and for everything that views and pictures refuse.
    """
    asked = _named(grid, request)
    shown, said = _seen(grid, request, options, target)
    if request.whole:
        options = replace(options, reference=_lowest(grid, request))
    drawn_from, drawn, look = _between_the_values(grid, shown, options)
    said += KINDS[request.kind].draw(drawn_from, drawn, target, look)
    if request.csv is not None:
        named = list(grid.constraints) if asked == ["all"] else [name for name in grid.constraints if name in asked]
        table = shown
        if isinstance(shown, View) and list(shown.chosen) != named:
            found = view(grid, shown.axes, shown.asked, asked, request.statistic)
            table = replace(found, chi2=shown.chi2, grid_chi2=shown.grid_chi2, between=shown.between)
        _write(request.csv, table, options)
    return said


def _seen(grid: Points, request: Request, options: Options, target: Target) -> tuple[View | Marginal, list[str]]:
    """What a request shows of a grid, and what to say about it; refuses what cannot be drawn, before any work."""
    if request.kind not in KINDS:
        raise UserError(f"The kind of picture {not_one_of(request.kind, tuple(KINDS))}.")
    raise_if(_contradictions(request, options) + _bad_targets(grid, request.csv))
    if options.strongest is not None:
        check_strongest(options.strongest)
    axes = (request.x,) if request.y is None else (request.x, request.y)
    if len(set(axes)) < len(axes):
        raise UserError(f"x and y are both {request.x}; choose two different axes.")
    known = tuple(grid.axes)
    raise_if([f"{grid.path}: the grid {not_one_of(name, known)}." for name in axes if name not in known])
    check_drawable(grid, axes, target, options)
    fixed = dict(request.fixed or {})
    if fixed and not request.profile and request.prior is None:
        fixed = grid.slice_values(axes, fixed)
    names = _named(grid, request)
    if request.exclusions and not names and request.prior is None and _knows_allowed(grid):
        names = list(grid.constraints)
    said = []
    if not grid.complete:
        said.append(f"Unfinished, {grid.progress()}; `zdscan resume {grid.path}` computes the rest.")
    if request.prior is not None:
        return marginal(grid, axes, request.prior, fixed, names), said
    shown = view(grid, axes, fixed, names, request.statistic)
    if request.summary and shown.chosen and shown.bits is None:
        shown.excluded_by(next(iter(shown.chosen)))  # which refuses: it is what the picture is about, and not known
    if grid.complete and names and grid.physics is None:
        said.append(f"{grid.path} was made by other code or data than this zdscan: its cells are drawn, as they are.")
    if not request.refine:
        return shown, said + remarks(shown, options.sigmas)
    shown, between = refined_view(grid, shown)
    return shown, said + remarks(shown, options.sigmas) + (between.remarks() if between is not None else [])


def _named(grid: Points, request: Request) -> list[str]:
    """The constraints that a request names, or that its kind of picture is about."""
    every = KINDS[request.kind].every_constraint if request.kind in KINDS else False
    return grid.named(request.constraints or (("all",) if every else ()))


def _lowest(grid: Points, request: Request) -> float | None:
    known = tuple(grid.axes)
    seen = view(grid, (known[0], known[-1]), statistic=request.statistic)
    return (refined_view(grid, seen)[0] if request.refine else seen).best.get("chi2")


def _between_the_values(
    grid: Points, shown: View | Marginal, options: Options
) -> tuple[Points, View | Marginal, Options]:
    """A slice computed anew, finer than the grid, where that is possible; else what is given."""
    if not isinstance(shown, View) or not is_slice(grid, shown.axes, shown.fixed) or grid.physics is None:
        return grid, shown, options
    if shown.statistic != ROWS:  # grids in memory have chi2 of the rows alone
        return grid, shown, options
    fine = refined(grid, grid.physics, shown.axes, shown.fixed, FINE[len(shown.axes)])
    seen = view(fine, shown.axes, shown.fixed, list(shown.chosen))
    spacing = {name: spacing_of(grid.axes[name]) for name in shown.axes}
    return fine, seen, replace(options, spacing=spacing)


def _knows_allowed(grid: Points) -> bool:
    """Whether the points that constraints allow are known: a file of profiles only may not have kept them."""
    if not grid.constraints:
        return False
    if not grid.profiles_only:
        return True
    first, second, *_ = grid.axes
    return grid.stored_profile(first, second, sum(grid.constraints.values())) is not None


def _contradictions(request: Request, options: Options) -> list[str]:
    faults, kind = [], request.kind
    special = request.summary or request.first or request.prior is not None or kind not in ("curve", "plane")
    if options.colours and (request.y is None or special):
        faults.append("--colours shows chi2 over --x and --y; it does not go with --summary, --first or --marginalise.")
    if request.summary and request.first:
        faults.append("--summary and --first are two pictures; give one of them.")
    if request.y is None and (special or KINDS[kind].axes == 2):
        faults.append("--summary, --first and --marginalise need --y as well.")
    if request.y is not None and KINDS[kind].axes == 1:
        faults.append(f"A {kind} shows one axis; leave out y.")
    if request.prior and (request.summary or request.first or request.profile or request.whole):
        faults.append("--marginalise integrates; it does not go with --profile, --summary, --first or --global-best.")
    if request.prior and request.statistic != ROWS:
        faults.append(
            f"--marginalise integrates over chi2 of the rows; it does not go with statistic {request.statistic}."
        )
    if request.y is None and options.y_range is not None:
        faults.append("--y-range is for an axis along y; a curve has none.")
    if not options.fit and (request.y is None or kind in ("marginal", "first") or options.colours):
        faults.append("--no-fit leaves the exclusions of a plane; it does not go with other pictures or --colours.")
    if (kind == "marginal") != (request.prior is not None) and request.y is not None:
        faults.append("A marginal needs a prior, and only a marginal has one.")
    return faults


def _bad_targets(grid: Points, csv: Path | None) -> list[str]:
    """A table never replaces the picture or anything but a table, a grid file least of all."""
    if csv is None:
        return []
    if csv.suffix.lower() not in TABLE_SUFFIXES:
        return [f"{csv}: the table must end in {', '.join(TABLE_SUFFIXES)}."]
    return [f"{csv}: {grid.path} is the grid itself."] if csv.resolve() == grid.path.resolve() else []


def _write(path: Path, shown: View | Marginal, options: Options) -> None:
    frame = shown.to_frame(options.reference, options.parameters) if isinstance(shown, View) else shown.to_frame()
    frame = frame.rename(columns={"mass": "mass_GeV", "mass_allowed": "mass_allowed_GeV"})
    try:
        frame.to_csv(path, index=False)
    except OSError as error:
        raise UserError(f"{path}: the table cannot be written: {error.strerror or error}.") from None


def parse_slice(text: str) -> dict[str, float]:
    """``"eps=0,eps_z=-1e-3"`` as a mapping, at least one axis. Raises `UserError` for anything else."""
    fixed = {}
    for item in filter(None, (part.strip() for part in text.split(","))):
        name, equals, value = item.partition("=")
        if name.strip() in fixed:
            raise UserError(f"--slice {text}: {name.strip()} is held twice.")
        try:
            fixed[name.strip()] = float(value) if equals else float("nan")
        except ValueError:
            raise UserError(f"--slice {text}: {value.strip()!r} is not a number; write AXIS=VALUE.") from None
        if not np.isfinite(fixed[name.strip()]):
            raise UserError(f"--slice {text}: {item!r} is not of the form AXIS=VALUE with a finite value.")
    if not fixed:
        raise UserError("--slice holds no axis; write AXIS=VALUE,... or leave it out.")
    return fixed


def parse_sigmas(text: str) -> tuple[float, ...]:
    """``"1,2,3"`` as ascending numbers above 0 and at most 8. Raises `UserError` for anything else."""
    try:
        sigmas = tuple(float(part) for part in text.split(","))
    except ValueError:
        sigmas = ()
    return checked_sigmas(sigmas, text)


def checked_sigmas(sigmas: tuple[float, ...], text: str | None = None) -> tuple[float, ...]:
    """The same numbers if they are ascending, above 0 and at most 8. Raises `UserError` otherwise, naming `text`."""
    if not sigmas or list(sigmas) != sorted(set(sigmas)) or not 0.0 < sigmas[0] <= sigmas[-1] <= 8.0:
        given = f"sigmas {sigmas}" if text is None else f"--sigmas {text}"
        raise UserError(f"{given}: write ascending numbers above 0 and at most 8, such as 1,2,3.")
    return sigmas
