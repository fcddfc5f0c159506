"""What the theory setting `paper` leaves out of the total width. docs/neglected.md."""

from __future__ import annotations

from zdscan.neglected import compare
from zdscan.neglected.effect import Effect, Points, Sizes


def sizes(points: Points) -> Sizes | None:
    """The total width of the points over that of `theory = "complete"`."""
    if points.physics.settings.theory != "paper":
        return None
    return compare.width(points, theory="complete")


EFFECT = Effect(
    id="paper_width",
    title="The total width as theory paper has it",
    of="that of theory complete",
    alone="where theory complete has none",
    page="neglected.md#what-the-setting-paper-leaves-out",
    grade="B",
    applies='theory = "paper"',
    remark='theory = "complete" has what is missing',
    sizes=sizes,
)
