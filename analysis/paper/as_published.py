"""The settings with which the paper is recomputed: its theory, whatever is the default elsewhere."""

from __future__ import annotations

from typing import Any

from zdscan.analysis.at_mass import Evaluator
from zdscan.physics.cases import Case

THEORY = "paper"


def published(case: str | Case, *constraints: str, **settings: Any) -> Evaluator:
    """The evaluator of a case with these constraints, under the theory of the paper unless `settings` say otherwise."""
    return Evaluator.of(case, *constraints, **{"theory": THEORY} | settings)
