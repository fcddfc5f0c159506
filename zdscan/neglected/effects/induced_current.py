"""The b -> s vertex that couplings breaking weak isospin induce through the W. docs/neglected.md; arXiv:1401.6154."""

from __future__ import annotations

import numpy as np

from zdscan.neglected.effect import Effect, Points, Sizes
from zdscan.physics.induced import cutoff_in_words, induced_gww, monopole_of_gww


def sizes(points: Points) -> Sizes | None:
    """|E0| of the induced coupling to W W, beside |E0 + E2 M^2| of the vertex that is kept."""
    model = points.physics.model_at(points.mass)
    gww = induced_gww(points.couplings, model.constants)
    if not np.any(gww):
        return None
    vertex = model.vertex("bs")
    kept = (vertex.e0 + vertex.e2 * points.mass**2) @ points.parameters
    induced = np.abs(monopole_of_gww("bs") * gww)
    return Sizes(induced, np.abs(kept), gww != 0.0, [f"E0 = {size:.2g}" for size in induced])


EFFECT = Effect(
    id="induced_current",
    title="The b -> s vertex that couplings breaking weak isospin induce through the W",
    of="the vertex that is kept (E0 + E2 M^2)",
    alone="where no such vertex is kept",
    page="neglected.md#a-w-that-couples-through-its-loops",
    grade="C",
    applies="Cases B and C, and own cases in which a left-handed doublet and the W do not match",
    remark=f"an estimate for {cutoff_in_words()}, good to a factor of a few, not a prediction",
    sizes=sizes,
)
