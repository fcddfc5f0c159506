"""What radiation from the lepton alone does to decays of K, pi and W that radiate the vector. docs/neglected.md."""

from __future__ import annotations

from zdscan.neglected import compare
from zdscan.neglected.effect import Effect, Points, Sizes


def sizes(points: Points) -> Sizes | None:
    """The constraint that `emission = "complete"` changes most, as the points have it over as it would be."""
    if points.physics.model.emission != "lepton":
        return None
    return compare.constraints(points, emission="complete")


EFFECT = Effect(
    id="emission_lepton",
    title="A prediction with the vector radiated by the lepton alone",
    of="the one in which the neutrino, the meson and the W radiate too",
    alone="where the whole gives none",
    page="neglected.md#radiation-from-the-lepton-alone",
    grade="B",
    applies='emission = "lepton", which is that of theory = "paper"',
    remark='emission = "complete" has the whole',
    sizes=sizes,
)
