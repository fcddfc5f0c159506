"""The lines about what is left out: at a point, at the best point of a grid, and within the axes of a scan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zdscan.grid.open import GridFile
    from zdscan.grid.verify import BestPoint
    from zdscan.scan.scanfile import Scan


def point_lines(neglected: Sequence[Mapping[str, Any]] | None) -> list[str]:
    """A line for each effect of a point, as the JSON has them; none where nothing is neglected."""
    return [f"Neglected: {item['text']}" for item in neglected or ()]


def scan_lines(scan: Scan) -> list[str]:
    """A line for each effect that is there within the axes of a scan, with its largest size and where it is."""
    from zdscan.evaluation.engine import physics_of_scan
    from zdscan.neglected.survey import within_axes

    found = within_axes(physics_of_scan(scan), scan.axes)
    return [f"Neglected: {sentences}" for sentences in found]


def best_lines(grid: GridFile, best: BestPoint | None) -> list[str]:
    """A line for each effect at the best point of a grid file that this zdscan has made."""
    if best is None:
        return []
    from zdscan.evaluation.engine import physics_of_scan
    from zdscan.neglected.survey import at_point
    from zdscan.scan.scanfile import scan_of

    scan = scan_of(grid)
    physics = physics_of_scan(scan)
    found = at_point(physics, *(best.position[name] for name in grid.axes))
    return [f"Neglected at the best point: {item.text}" for item in found]
