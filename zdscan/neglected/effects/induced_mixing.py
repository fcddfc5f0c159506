"""The kinetic mixing that couplings breaking weak isospin induce through charged fermions. docs/neglected.md."""

from __future__ import annotations

import numpy as np

from zdscan.neglected.effect import Effect, Points, Sizes
from zdscan.physics.induced import cutoff_in_words, induced_mixing, isospin_breaking, mixing_part


def sizes(points: Points) -> Sizes | None:
    """The induced eps beside the eps of the point; none for a conserved current, whose mixing is a free parameter."""
    c, breaking = points.physics.model.constants, isospin_breaking(points.couplings) != 0.0
    if not np.any(breaking):
        return None
    induced, kept = (
        np.abs(induced_mixing(points.couplings, points.mass, c)),
        np.abs(mixing_part(points.couplings, c)[0]),
    )
    return Sizes(induced, kept, breaking & (induced > 0.0), [f"eps = {size:.2g}" for size in induced])


EFFECT = Effect(
    id="induced_mixing",
    title="Kinetic mixing induced by loops of the fermions that couple directly",
    of="eps",
    alone="where eps is 0",
    page="neglected.md#mixing-from-loops-of-fermions",
    grade="C",
    applies="as induced_current",
    remark=f"an estimate for {cutoff_in_words()}, which a counterterm can change",
    sizes=sizes,
)
