"""`zdscan plot`: from the options of the command to one picture, a table, and what to say about them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from zdscan.analysis.pictures import curve, first, plane, summary
from zdscan.analysis.pictures import marginal as posterior
from zdscan.analysis.pictures.sheet import Options, Target, check_drawable
from zdscan.analysis.views.points import ROWS, Points, raise_if
from zdscan.analysis.views.refine import refined_view
from zdscan.analysis.views.regions import Marginal, Prior, marginal, remarks
from zdscan.analysis.views.view import View, view
from zdscan.errors import UserError, not_one_of

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


def plot(grid: Points, request: Request, target: Target, options: Options) -> list[str]:
    """Draw what was asked for into `target`; returns sentences to print.

    Raises
    ------
    UserError
        For options that do not go together, and for everything that views and pictures refuse.
    """
    if request.kind not in KINDS:
        raise UserError(f"The kind of picture {not_one_of(request.kind, tuple(KINDS))}.")
    kind = KINDS[request.kind]
    raise_if(_contradictions(request, options) + _bad_targets(grid, request.csv))
    axes = (request.x,) if request.y is None else (request.x, request.y)
    if len(set(axes)) < len(axes):
        raise UserError(f"x and y are both {request.x}; choose two different axes.")
    known = tuple(grid.axes)
    raise_if([f"{grid.path}: the grid {not_one_of(name, known)}." for name in axes if name not in known])
    check_drawable(grid, axes, target, options)
    fixed = dict(request.fixed or {})
    if fixed and not request.profile and request.prior is None:
        fixed = grid.slice_values(axes, fixed)
    names = grid.named(request.constraints or (("all",) if kind.every_constraint else ()))
    said = []
    if not grid.complete:
        said.append(f"Unfinished, {grid.progress()}; `zdscan resume {grid.path}` computes the rest.")
    shown: View | Marginal
    if request.prior is not None:
        shown = marginal(grid, axes, request.prior, fixed, names)
    else:
        refine = refined_view if request.refine else _as_it_is
        if request.whole:
            lowest = refine(grid, view(grid, (known[0], known[-1]), statistic=request.statistic))[0].best
            options = replace(options, reference=lowest.get("chi2"))
        shown, between = refine(grid, view(grid, axes, fixed, names, request.statistic))
        said += remarks(shown, options.sigmas)
        said += between.remarks() if between is not None else []
    said += kind.draw(grid, shown, target, options)
    _write(request.csv, shown, options)
    return said


def _as_it_is(grid: Points, seen: View) -> tuple[View, None]:
    return seen, None


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


def _write(path: Path | None, shown: View | Marginal, options: Options) -> None:
    if path is None:
        return
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
