"""What `zdscan point --wilson` prints: the Wilson coefficients of a point at some q2, in the format WCxf."""

from __future__ import annotations

from typing import Any

from zdscan.errors import UserError
from zdscan.physics.effective import LEPTONS
from zdscan.point_result import PointResult


def coefficients_at(result: PointResult, text: str, hadron: str) -> list[dict[str, Any]]:
    """A document for each q2 (GeV^2) of a text with commas and each lepton.

    Raises
    ------
    UserError
        The text has something else, or as `PointResult.wilson`.
    """
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        raise UserError(f"--wilson {text}: write values of q2 in GeV^2 with commas, such as 1.0,6.0.") from None
    return [result.wilson(q2, lepton, hadron) for q2 in values for lepton in LEPTONS]
