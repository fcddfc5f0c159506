"""What every claim is made of: its record, and the evaluators that claims ask for points, bounds and minima."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Literal

from zdscan.analysis.at_mass import Evaluator
from zdscan.analysis.paper.as_published import published

Verdict = Literal["agrees", "partly", "contradicted", "not determined", "superseded"]
Couplings = tuple[float, float, float]  # eps, eps_z, g_mu


@dataclass(frozen=True)
class Claim:
    """A statement of arXiv:2412.11438 and what the program finds.

    Attributes
    ----------
    id, statement, where : stable name; the statement in words; section, figure or table of the paper.
    paper_value : the paper's number as text.
    value, value_text : the program's main number (None where there is none), and all its numbers in words.
    verdict : decided from the numbers by the criterion that the claim's function states.
    reason : why, in one or two sentences.
    resolution : the points that it is counted on, where the number depends on how many there are.
    """

    id: str
    statement: str
    where: str
    paper_value: str
    value: float | None
    value_text: str
    verdict: Verdict
    reason: str
    resolution: str = ""


@cache
def evaluator(case: str, *constraints: str, **settings: float | str) -> Evaluator:
    """The evaluator of a built-in case with these constraints, kept for the next claim."""
    return published(case, *constraints, **settings)


def near(value: float, stated: float, factor: float) -> bool:
    """Whether two numbers of one sign differ by less than a factor."""
    return math.isfinite(value) and value * stated > 0.0 and 1.0 / factor <= value / stated <= factor


def text(value: float, digits: int = 2) -> str:
    """A number for a table; "none" for an infinite bound."""
    return "none" if math.isinf(value) else f"{value:.{digits}g}"
