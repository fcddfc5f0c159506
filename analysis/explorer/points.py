"""One point of the explorer: what the cursor shows, all of it after a click, its command, and cuts through it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zdscan.analysis.explorer.planes import Planes, Request
from zdscan.analysis.explorer.start import Start
from zdscan.constraints import select
from zdscan.errors import UserError
from zdscan.evaluation.physics import Physics
from zdscan.evaluation.settings import SETTINGS, Settings
from zdscan.point import at_points
from zdscan.point_result import PointResult

Array = NDArray[np.float64]
STRONGEST, PULLS = 5, 3
CUT_POINTS = 401  # along a coupling


@dataclass(frozen=True)
class Glance:
    """What the cursor shows of a point.

    Attributes
    ----------
    values : of mass and parameters by name.
    chi2 : of the rows.
    width : total, GeV; lifetime in s is hbar over it.
    constraints : id and ratio of the strongest shown ones, largest first, those with a ratio above 0.
    excluded : how many of the shown constraints exclude the point.
    pulls : row id, prediction, measured value and pull of the rows that are farthest off.
    """

    values: Mapping[str, float]
    chi2: float
    width: float
    constraints: tuple[tuple[str, float], ...]
    excluded: int
    pulls: tuple[tuple[str, float, float, float], ...]


def glance(planes: Planes, values: Mapping[str, float], shown: NDArray[np.bool_]) -> Glance:
    """A point in short, by the reference evaluator."""
    physics, rows = planes.physics, planes.physics.likelihood
    point = np.array([[values.get(name, 0.0)] for name in planes.names])
    want = ("chi2", "ratios", "widths", "predictions")
    found = physics.quantities(planes.tables(values["mass"]), point, want)
    ratios = np.where(shown, found["ratios"][0], 0.0)
    order = [k for k in np.argsort(-ratios)[:STRONGEST].tolist() if ratios[k] > 0.0]
    predictions = found["predictions"][0]
    pulls = (predictions - rows.data.values) / rows.sigma
    worst = np.argsort(-np.abs(pulls))[:PULLS].tolist()
    return Glance(
        values=dict(values),
        chi2=float(found["chi2"][0]),
        width=float(found["widths"][0].sum()),
        constraints=tuple((planes.constraints[k], float(ratios[k])) for k in order),
        excluded=int(np.count_nonzero(ratios >= 1.0)),
        pulls=tuple(
            (rows.data.ids[r], float(predictions[r]), float(rows.data.values[r]), float(pulls[r])) for r in worst
        ),
    )


def whole(physics: Physics, values: Mapping[str, float]) -> PointResult:
    """Everything about a point, as `zdscan.evaluate` gives it. Raises `UserError` for what it refuses."""
    parameters: dict[str, Any] = {name: value for name, value in values.items() if name != "mass"}
    return at_points(physics, values["mass"], **parameters)


def command(start: Start, settings: Settings, values: Mapping[str, float]) -> str:
    """The line for a shell that prints the same point.

    Raises
    ------
    UserError
        No line can: the case is a table of a scan file, or there are constraints of the user's own.
    """
    case = start.document["case"]
    if not isinstance(case, str):
        raise UserError(
            f"The case {start.case.name} is a table of a scan file; keep it in a file of its own for `zdscan point`."
        )
    parts = ["zdscan", "point", "--case", case, "--mass", repr(float(values["mass"]))]
    for name, at in values.items():
        if name != "mass" and at != 0.0:
            parts += ["-p", f"{name}={float(at)!r}"]
    defaults = Settings()
    for name in SETTINGS:
        value: Any = getattr(settings, name)
        if name == "constraints":
            value = _ids(start, settings)
        if value == getattr(defaults, name):
            continue
        text = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
        parts += [f"--{name.replace('_', '-')}", text]
    return shlex.join(parts)


def _ids(start: Start, settings: Settings) -> str | tuple[str, ...]:
    """The constraints in the words of `zdscan point`, where "all" are those of the latest format."""
    wanted = [item.id for item in select(settings.constraints, start.scan_format, start.own, settings.limits)]
    if start.own and {item.id for item in start.own} & set(wanted):
        raise UserError("Constraints of a scan file's own are not known to `zdscan point`; use the scan file instead.")
    latest = [item.id for item in select(settings.constraints, limits=settings.limits)]
    return settings.constraints if latest == wanted else tuple(wanted)


@dataclass(frozen=True)
class Cut:
    """A line through a point along one quantity.

    Attributes
    ----------
    along : the quantity; values : of it.
    chi2 : float64 at the values.
    ratios : float64[values, constraints].
    """

    along: str
    values: Array
    chi2: Array
    ratios: Array


def cut(planes: Planes, request: Request, values: Mapping[str, float], along: str) -> Cut:
    """chi2 and all ratios along one side of a plane, the other quantities as at a point.

    Masses are those of the plane, whose tables are there.
    """
    point = np.array([[values.get(name, 0.0)] for name in planes.names])
    want = ("chi2", "ratios")
    if along == "mass":
        line = request.axis("mass")
        parts = [planes.physics.quantities(planes.tables(mass), point, want) for mass in line.tolist()]
        chi2, ratios = (np.concatenate([part[name] for part in parts]) for name in want)
        return Cut(along, line, chi2, ratios)
    line = request.scales[along].spread(CUT_POINTS)
    points = np.repeat(point, len(line), axis=1)
    points[planes.names.index(along)] = line
    found = planes.physics.quantities(planes.tables(values["mass"]), points, want)
    return Cut(along, line, found["chi2"], found["ratios"])
