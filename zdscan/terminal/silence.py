"""Lines on the constraints that do not apply, with the reasons of `zdscan.physics.silence`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from zdscan.scan.scanfile import Scan


def silent_lines(reasons: Mapping[str, str]) -> list[str]:
    """A line for each reason with the constraints that have it; nothing of those without, which apply."""
    together: dict[str, list[str]] = {}
    for name, reason in reasons.items():
        if reason:
            together.setdefault(reason, []).append(name)
    return [f"Does not apply: {', '.join(names)}: {reason}." for reason, names in together.items()]


def silent_in(scan: Scan) -> dict[str, str]:
    """Why constraints apply at no mass of a scan, by id; "" for those that do at some."""
    from zdscan.evaluation.engine import physics_of_scan

    physics = physics_of_scan(scan)
    couplings = [float(np.abs(scan.axes[name]).max()) for name in physics.case.parameters.names]
    return physics.silent(scan.axes["mass"].tolist(), couplings)
