"""`zdscan plot`: from the options of the command to one picture, a table, and what to say about them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from zdscan.analysis.pictures.curve import draw_curve
from zdscan.analysis.pictures.picture import Options, check, draw_marginal, draw_plane, priors_text
from zdscan.analysis.pictures.summary import draw_first, draw_summary
from zdscan.analysis.views.points import Points, raise_if
from zdscan.analysis.views.regions import Marginal, Prior, marginal, remarks
from zdscan.analysis.views.view import View, view
from zdscan.constraints import select
from zdscan.errors import UserError, not_one_of
from zdscan.physics.parameters import AXES

TABLES = (".csv", ".txt", ".dat")


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


def plot(grid: Points, request: Request, target: Path, options: Options) -> list[str]:
    """Draw what was asked for into `target`; returns sentences to print.

    Raises
    ------
    UserError
        For options that do not go together, and for everything that views and pictures refuse.
    """
    raise_if(_contradictions(request, options) + _bad_targets(grid, request.csv, target))
    axes = (request.x,) if request.y is None else (request.x, request.y)
    if len(set(axes)) < len(axes):
        raise UserError(f"x and y are both {request.x}; choose two different axes.")
    raise_if([f"{grid.path}: the grid {not_one_of(name, AXES)}." for name in axes if name not in AXES])
    check(grid, axes, target, options)
    fixed = dict(request.fixed or {})
    if fixed and not request.profile and request.prior is None:
        fixed = grid.slice_values(axes, fixed)
    names = list(request.constraints)
    if not names and (request.summary or request.first):
        names = ["all"]
    if names == ["paper"]:
        names = [constraint.id for constraint in select("paper") if constraint.id in grid.constraints]
        if not names:
            raise UserError(f"{grid.path}: the scan has none of the paper's constraints.")
    unfinished = [f"Unfinished, {grid.progress()}; `zdscan resume {grid.path}` computes the rest."]
    if grid.complete:
        unfinished = []
    if request.prior is not None:
        posterior = marginal(grid, axes, request.prior, fixed, names)
        draw_marginal(grid, posterior, target, options)
        _write(request.csv, posterior)
        return [*unfinished, f"Integrated with priors flat in {priors_text(posterior)}."]
    if request.whole:
        lowest = view(grid, ("mass", "g_mu")).best
        options = replace(options, reference=lowest.get("chi2"))
    seen = view(grid, axes, fixed, names)
    said = unfinished + remarks(seen, options.sigmas)
    if request.y is None:
        said += draw_curve(grid, seen, target, options)
    elif request.summary:
        said += draw_summary(grid, seen, target, options)
    elif request.first:
        first = draw_first(grid, seen, request.y, target, options)
        said.append(
            f"First along {request.y}: {', '.join(first)}." if first else "No constraint excludes a whole cell."
        )
    else:
        draw_plane(grid, seen, target, options)
    _write(request.csv, seen)
    return said


def _contradictions(request: Request, options: Options) -> list[str]:
    faults = []
    if options.colours and (request.y is None or request.summary or request.first or request.prior):
        faults.append("--colours shows chi2 over --x and --y; it does not go with --summary, --first or --marginalise.")
    if request.summary and request.first:
        faults.append("--summary and --first are two pictures; give one of them.")
    if request.y is None and (request.summary or request.first or request.prior):
        faults.append("--summary, --first and --marginalise need --y as well.")
    if request.prior and (request.summary or request.first or request.profile or request.whole):
        faults.append("--marginalise integrates; it does not go with --profile, --summary, --first or --global-best.")
    return faults


def _bad_targets(grid: Points, csv: Path | None, target: Path) -> list[str]:
    """A table never replaces the picture or anything but a table, a grid file least of all."""
    if csv is None:
        return []
    if csv.suffix.lower() not in TABLES:
        return [f"{csv}: the table must end in {', '.join(TABLES)}."]
    return [f"{csv}: {grid.path} is the grid itself."] if csv.resolve() == grid.path.resolve() else []


def _write(path: Path | None, shown: View | Marginal) -> None:
    if path is None:
        return
    frame = shown.to_frame().rename(columns={"mass": "mass_GeV"})
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
    if not sigmas or list(sigmas) != sorted(set(sigmas)) or not 0.0 < sigmas[0] <= sigmas[-1] <= 8.0:
        raise UserError(f"--sigmas {text}: write ascending numbers above 0 and at most 8, such as 1,2,3.")
    return sigmas
