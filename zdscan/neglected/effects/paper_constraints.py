"""What the theory setting `paper` leaves out of the constraints, emission apart. docs/neglected.md."""

from __future__ import annotations

from zdscan.neglected import compare
from zdscan.neglected.effect import Effect, Points, Sizes


def sizes(points: Points) -> Sizes | None:
    """The constraint that `theory = "complete"` changes most, as the points have it over as it would be."""
    if points.physics.settings.theory != "paper":
        return None
    return compare.constraints(points, theory="complete")


EFFECT = Effect(
    id="paper_constraints",
    title="A constraint as theory paper has it",
    of="that of theory complete",
    alone="where theory complete gives none",
    page="neglected.md#what-the-setting-paper-leaves-out",
    grade="B",
    applies='theory = "paper"',
    remark='theory = "complete" has what is missing',
    sizes=sizes,
)
