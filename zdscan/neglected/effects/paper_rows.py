"""What the theory setting `paper` leaves out of the rows: q_mu q_nu/M^2 and the dipole. docs/neglected.md."""

from __future__ import annotations

from zdscan.neglected import compare
from zdscan.neglected.effect import Effect, Points, Sizes


def sizes(points: Points) -> Sizes | None:
    """The row whose shift `theory = "complete"` changes most, as the points have it over as it would be."""
    if points.physics.settings.theory != "paper":
        return None
    return compare.rows(points, theory="complete")


EFFECT = Effect(
    id="paper_rows",
    title="The shift of a row without q_mu q_nu/M^2 and dipole",
    of="the one with both",
    alone="where there is none with both",
    page="neglected.md#what-the-setting-paper-leaves-out",
    grade="B",
    applies='theory = "paper"',
    remark='theory = "complete" has both',
    sizes=sizes,
)
