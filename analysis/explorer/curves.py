"""What a plane shows as lines and areas: regions of the fit, limit curves, which of them matter, and what is strongest.

Coordinates are places on the scales of the plane (`zdscan.analysis.explorer.scales`). A limit curve is where the ratio
of a constraint is 1; between two points the logarithm of the ratio is interpolated, in which a power law is straight.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from contourpy import FillType, LineType, contour_generator
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion, distance_transform_edt

from zdscan.analysis.explorer.planes import Plane
from zdscan.analysis.views.regions import SIGMAS, levels

Array = NDArray[np.float64]
Area = list[list[Array]]  # polygons, each its outline and then its holes; float64[n, 2]
BAND = 1.0  # decades of a ratio that a curve is found from: a jump from nothing is put half-way
AREA = 1e-3  # weight of the area beside that of the border
SPECK = 12  # cells: smaller areas of a map get no name
FLOOR = 1e-30
FLAT = 0.01  # of chi2 over a plane: the rows do not feel these couplings, and there are no regions


@dataclass(frozen=True)
class Curve:
    """The limit of one constraint.

    Attributes
    ----------
    name : id of the constraint.
    lines : float64[n, 2] each.
    weight : of the border of what is excluded, the share that this constraint draws.
    label : where its name stands.
    """

    name: str
    lines: list[Array]
    weight: float
    label: tuple[float, float]


@dataclass(frozen=True)
class Shapes:
    """Everything that is drawn of a plane.

    Attributes
    ----------
    regions : areas within each of `SIGMAS`, smallest first, without those inside; empty where chi2 is `FLAT`.
    curves : limit curves, the one that matters most first.
    excluded : what any shown constraint excludes; border : its edge.
    everywhere : constraints that exclude the whole plane.
    """

    regions: list[Area]
    curves: list[Curve]
    excluded: Area
    border: list[Array]
    everywhere: tuple[str, ...]


def shapes(plane: Plane, shown: NDArray[np.bool_], reference: float) -> Shapes:
    """The areas and curves of a plane.

    Parameters
    ----------
    shown : bool[constraints], which of them count.
    reference : chi2 from which the regions are counted.
    """
    scales, request = plane.request.scales, plane.request
    x, y = scales[request.x].places(plane.x), scales[request.y].places(plane.y)
    rx, ry = scales[request.x].places(plane.ratio_x), scales[request.y].places(plane.ratio_y)
    delta = np.minimum(plane.chi2.astype(np.float64) - reference, 1e6)
    inside, regions = -1e30, []
    flat = float(plane.chi2.max() - plane.chi2.min()) < FLAT
    for level in levels(2, SIGMAS):
        regions.append([] if flat else _area(x, y, delta, inside, level))
        inside = level
    excess = _excess(plane.ratios)
    strongest = np.max(np.where(shown, excess, -BAND), axis=2) if shown.any() else np.full(excess.shape[:2], -BAND)
    crossing = shown & (excess >= 0.0).any(axis=(0, 1)) & (excess < 0.0).any(axis=(0, 1))
    shares = _shares(plane.ratios, shown, strongest >= 0.0)
    curves = []
    for k in np.flatnonzero(crossing).tolist():
        lines = _lines(rx, ry, excess[..., k])
        if lines:
            label = _label(lines, rx, ry, strongest, excess[..., k])
            curves.append(Curve(plane.constraints[k], lines, float(shares[k]), label))
    curves.sort(key=lambda curve: (-curve.weight, -sum(len(line) for line in curve.lines)))
    everywhere = shown & (excess >= 0.0).all(axis=(0, 1))
    return Shapes(
        regions=regions,
        curves=curves,
        excluded=_area(rx, ry, strongest, 0.0, 1e30),
        border=_lines(rx, ry, strongest),
        everywhere=tuple(plane.constraints[k] for k in np.flatnonzero(everywhere).tolist()),
    )


def strongest_map(plane: Plane, shown: NDArray[np.bool_]) -> tuple[NDArray[np.int64], dict[int, tuple[float, float]]]:
    """The constraint with the largest ratio at each point where it is at least 1, and where its name can stand.

    Returns
    -------
    Position among the plane's constraints, -1 where all is allowed, of the shape of its ratios; and position ->
    place of the name, for areas that are large enough, the largest first.
    """
    ratios = np.where(shown, plane.ratios, 0.0)
    number = np.where(ratios.max(axis=2) >= 1.0, ratios.argmax(axis=2), -1)
    scales, request = plane.request.scales, plane.request
    rx, ry = scales[request.x].places(plane.ratio_x), scales[request.y].places(plane.ratio_y)
    found, counts = np.unique(number[number >= 0], return_counts=True)
    labels: dict[int, tuple[float, float]] = {}
    for k in found[np.argsort(-counts)].tolist():
        if np.count_nonzero(number == k) < SPECK:
            break
        depth = distance_transform_edt(np.pad(number == k, 1))[1:-1, 1:-1]
        j, i = np.unravel_index(int(np.argmax(depth)), depth.shape)
        inner = 0.08 * (rx[-1] - rx[0]), 0.03 * (ry[-1] - ry[0])  # so that names do not leave the picture
        u = min(max(float(rx[i]), rx[0] + inner[0]), rx[-1] - inner[0])
        labels[k] = float(u), float(min(max(float(ry[j]), ry[0] + inner[1]), ry[-1] - inner[1]))
    return number, labels


def _excess(ratios: NDArray[np.float32]) -> NDArray[np.float32]:
    """The decimal logarithm of ratios, as far as a curve needs it."""
    found: NDArray[np.float32] = np.log10(np.maximum(ratios, np.float32(FLOOR)))
    return np.clip(found, -BAND, BAND, out=found)


def _shares(ratios: NDArray[np.float32], shown: NDArray[np.bool_], excluded: NDArray[np.bool_]) -> Array:
    """Of the excluded points beside allowed ones, the share at which each constraint is the strongest."""
    counts = np.zeros(ratios.shape[2])
    edge = excluded & ~binary_erosion(excluded, border_value=1)
    if edge.any():
        first = np.where(shown, ratios[edge], -1.0).argmax(axis=1)
        counts += np.bincount(first, minlength=len(counts)) / np.count_nonzero(edge)
    if excluded.any():  # where all is excluded, what excludes most matters most
        first = np.where(shown, ratios[excluded], -1.0).argmax(axis=1)
        counts += AREA * np.bincount(first, minlength=len(counts)) / np.count_nonzero(excluded)
    return counts


def _lines(x: Array, y: Array, z: NDArray[np.floating]) -> list[Array]:
    found = contour_generator(x, y, z, line_type=LineType.Separate).lines(0.0)
    return [np.asarray(line) for line in found if len(line) > 1]


def _area(x: Array, y: Array, z: NDArray[np.floating], low: float, high: float) -> Area:
    found: Any = contour_generator(x, y, z, fill_type=FillType.OuterOffset).filled(low, high)
    points, offsets = found
    return [
        [np.asarray(outline[a:b]) for a, b in pairwise(where)] for outline, where in zip(points, offsets, strict=True)
    ]


def _label(
    lines: Sequence[Array], x: Array, y: Array, strongest: NDArray[np.floating], own: NDArray[np.floating]
) -> tuple[float, float]:
    """A place on the curve, in the middle of what it draws of the border, else in the middle of its longest piece."""
    points = np.concatenate(list(lines))
    i = np.clip(np.searchsorted(x, points[:, 0]), 0, len(x) - 1)
    j = np.clip(np.searchsorted(y, points[:, 1]), 0, len(y) - 1)
    on_border = np.abs(strongest[j, i] - own[j, i]) < 1e-6
    best = points[on_border] if on_border.any() else max(lines, key=len)
    a, b = best[len(best) // 2].tolist()
    return float(a), float(b)


def spread_labels(
    curves: Sequence[Curve], ends: Mapping[str, tuple[float, float]], apart: tuple[float, float] = (0.14, 0.04)
) -> dict[str, tuple[float, float]]:
    """Places of names, each on its curve and free of the names before it; a curve without a free place has none.

    Parameters
    ----------
    ends : places of the ends of both sides, "x" and "y".
    apart : what a name takes, in shares of the sides.
    """
    (x0, x1), (y0, y1) = ends["x"], ends["y"]
    taken: list[tuple[float, float]] = []
    found = {}
    for curve in curves:
        points = np.concatenate([np.array([curve.label]), *curve.lines])
        step = max(1, len(points) // 60)
        for a, b in np.concatenate([points[:1], points[1::step]]).tolist():
            u, v = (a - x0) / (x1 - x0), (b - y0) / (y1 - y0)
            inside = 0.07 < u < 0.93 and 0.03 < v < 0.97
            if inside and all(abs(u - p) > apart[0] or abs(v - q) > apart[1] for p, q in taken):
                taken.append((u, v))
                found[curve.name] = (a, b)
                break
    return found
