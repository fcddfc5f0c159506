"""The settings with which the paper is recomputed: theory, data and limits."""

from __future__ import annotations

from typing import Any

from zdscan.analysis.at_mass import Evaluator
from zdscan.physics.cases import Case

OF_THE_PAPER: dict[str, Any] = {
    "theory": "paper",
    "measurements": "rashed2024-corrected",  # the first row as published, not as misprinted
    "limits": "rashed2024",
    "level": "published",  # of every bound that of its publication
}

# The same analysis with what has been measured since.
TODAY: dict[str, Any] = OF_THE_PAPER | {"measurements": "latest", "limits": "latest"}


def published(case: str | Case, *constraints: str, **settings: Any) -> Evaluator:
    """The evaluator of a case with these constraints, as the paper has it unless `settings` say otherwise."""
    return Evaluator.of(case, *constraints, **OF_THE_PAPER | settings)
