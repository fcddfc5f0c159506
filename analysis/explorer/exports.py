"""What is taken away from the explorer: a figure for a publication, tables, and the scan file of a plane."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zdscan.analysis.at_mass import Evaluator
from zdscan.analysis.explorer.planes import Plane, Request
from zdscan.analysis.explorer.scales import Scale
from zdscan.analysis.explorer.start import Start
from zdscan.analysis.pictures.plotting import Request as PictureRequest
from zdscan.analysis.pictures.plotting import plot
from zdscan.analysis.pictures.sheet import Options
from zdscan.analysis.views.in_memory import MemoryGrid
from zdscan.edges.curves import LimitCurves
from zdscan.edges.limits import limit_curves
from zdscan.errors import UserError
from zdscan.evaluation.physics import Physics
from zdscan.evaluation.settings import SETTINGS, Settings
from zdscan.scan.scanfile import parse_scan
from zdscan.scan.written import document_text

FIGURES = {"plane": "regions and what is excluded", "summary": "every limit", "first": "which limit comes first"}
FORMATS = ("pdf", "png", "svg")
MASSES = 150  # of solved limit curves


def scan_text(start: Start, settings: Settings, request: Request, constraints: Sequence[str] | None = None) -> str:
    """The scan file whose grid is the plane of a request.

    Parameters
    ----------
    constraints : ids or sets that are used; by default those of the settings.

    Raises
    ------
    UserError
        The plane cannot be written as a scan: an end lies beyond what is allowed.
    """
    document: dict[str, Any] = {"format": start.scan_format, "case": start.document["case"]}
    sections: dict[str, dict[str, Any]] = {"axes": {}, "constraints": {}}
    for name in start.scales:
        if name in (request.x, request.y):
            sections["axes"][name] = _axis(request.scales[name], request.points)
        else:
            sections["axes"][name] = {"values": [float(request.held[name])]}
    for name, setting in SETTINGS.items():
        value = getattr(settings, name)
        if name == "constraints" and constraints is not None:
            value = tuple(constraints)
        if value == setting.default_of(start.scan_format) and name not in ("theory", "constraints"):
            continue
        if setting.parts is not None and value is not None:
            value = dict(zip(setting.parts, value, strict=True))
        elif isinstance(value, tuple):
            value = list(value)
        (sections.setdefault(setting.section, {}) if setting.section else document)[setting.key] = value
    for key, value in start.document.get("constraints", {}).items():
        if key not in ("use", "limits"):  # the user's own curves
            sections["constraints"][key] = value
    text = document_text(document | {name: table for name, table in sections.items() if table})
    parse_scan(text, "the scan file of this plane", files=start.files, folder=start.folder)  # tells what is wrong
    return text


def _axis(scale: Scale, points: int) -> dict[str, Any]:
    low, high = float(f"{scale.low:.6g}"), float(f"{scale.high:.6g}")
    if scale.kind != "symlog":
        return {"min": low, "max": high, "n": points, "spacing": scale.kind}
    if not low <= 0.0 <= high:  # a part on one side of 0
        return {"min": low, "max": high, "n": points, "spacing": "log" if low * high > 0.0 else "linear"}
    if max(-low, high) <= scale.linear_below:
        return {"min": low, "max": high, "n": points, "spacing": "linear"}
    odd = points + 1 - points % 2
    return {"min": low, "max": high, "n": odd, "spacing": "symlog", "linear_below": scale.linear_below}


def plane_csv(plane: Plane, shown: NDArray[np.bool_], reference: float) -> str:
    """The points of a plane as comma-separated values: coordinates, chi2, and the strongest constraint with its ratio.

    A coarse plane has the points at which its ratios are computed.
    """
    request = plane.request
    columns = np.searchsorted(plane.x, plane.ratio_x)
    rows = np.searchsorted(plane.y, plane.ratio_y)
    ratios = np.where(shown, plane.ratios, 0.0)
    largest, number = ratios.max(axis=2), ratios.argmax(axis=2)
    header = [*(f"{name}_GeV" if name == "mass" else name for name in (request.x, request.y)), "chi2", "delta_chi2"]
    lines = [",".join([*header, "strongest", "ratio", "excluded_by"])]
    for j, b in enumerate(rows.tolist()):
        for i, a in enumerate(columns.tolist()):
            chi2 = float(plane.chi2[b, a])
            name = plane.constraints[number[j, i]] if largest[j, i] > 0.0 else ""
            excluding = " ".join(plane.constraints[k] for k in np.flatnonzero(ratios[j, i] >= 1.0).tolist())
            lines.append(
                f"{plane.x[a]:.9g},{plane.y[b]:.9g},{chi2:.7g},{chi2 - reference:.6g},{name},"
                f"{largest[j, i]:.6g},{excluding}"
            )
    return "\n".join(lines) + "\n"


def limits_of(physics: Physics, request: Request, masses: int = MASSES) -> list[LimitCurves]:
    """Limit curves solved at each mass, of the side of a plane that is not the mass, for each sign that it has.

    Raises
    ------
    UserError
        Neither side is the mass.
    """
    if "mass" not in (request.x, request.y):
        raise UserError("Limit curves are solved at each mass; put the mass along one side, or export the points.")
    along = request.y if request.x == "mass" else request.x
    scale = request.scales[along]
    at = request.scales["mass"].spread(masses)
    held = {name: value for name, value in request.held.items() if name not in ("mass", along)}
    found = []
    for negative, largest in ((False, scale.high), (True, -scale.low)):
        if largest > 0.0:
            least = scale.low if scale.kind == "log" else scale.linear_below * 1e-2
            found.append(
                limit_curves(physics, along, at, held, negative=negative, within=(min(least, largest / 10), largest))
            )
    return found


def limits_csv(physics: Physics, request: Request, masses: int = MASSES) -> str:
    """Solved limit curves as comma-separated values, with the sign of the coupling."""
    lines = ["mass_GeV,constraint,sign,lower,upper"]
    for curves in limits_of(physics, request, masses):
        sign = -1 if curves.negative else 1
        for mass, name, low, high in curves.rows():
            if low == low:
                lines.append(
                    f"{mass!r},{name},{sign},{low!r},{high!r}"
                    if np.isfinite(high)
                    else f"{mass!r},{name},{sign},{low!r},"
                )
    return "\n".join(lines) + "\n"


def figure(
    physics: Physics,
    request: Request,
    kind: str = "plane",
    suffix: str = "pdf",
    constraints: Sequence[str] = ("all",),
    reference: float | None = None,
    colours: bool = False,
) -> bytes:
    """The plane as `zdscan plot` draws one, as the bytes of a file.

    Parameters
    ----------
    kind : one of `FIGURES`; suffix : one of `FORMATS`.
    constraints : whose exclusions are shown.
    reference : chi2 of the best fit; by default the lowest of the plane.
    colours : chi2 as colours.
    """
    axes = {
        name: request.axis(name) if name in (request.x, request.y) else np.array([request.held.get(name, 0.0)])
        for name in physics.case.parameters.axes
    }
    grid = MemoryGrid.compute(Evaluator(physics), axes)
    held = {name: float(axes[name][0]) for name in axes if axes[name].size == 1}
    fixed = {name: value for name, value in held.items() if name in request.held}
    wanted = PictureRequest(
        x=request.x,
        y=request.y,
        fixed=fixed,
        profile=True,
        constraints=tuple(constraints),
        exclusions=bool(constraints),
        named=kind,
    )
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / f"plane.{suffix}"
        plot(grid, wanted, target, Options(reference=reference, colours=colours and kind == "plane"))
        return target.read_bytes()
