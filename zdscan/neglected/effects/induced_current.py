"""The b -> s vertex that couplings breaking weak isospin induce through the W. docs/neglected.md; arXiv:1401.6154."""

from __future__ import annotations

import numpy as np

from zdscan.neglected.effect import Effect, Points, Sizes
from zdscan.physics.induced import induced_gww, monopole_of_gww


def sizes(points: Points) -> Sizes | None:
    """|E0| of the induced coupling to W W, beside |E0 + E2 M^2| of the vertex that is kept."""
    model = points.physics.model
    gww = induced_gww(points.couplings, model.constants)
    if not np.any(gww):
        return None
    vertex = model.vertex("bs")
    kept = (vertex.e0 + vertex.e2 * points.mass**2) @ points.parameters
    return Sizes(np.abs(monopole_of_gww("bs") * gww), np.abs(kept), gww != 0.0)


EFFECT = Effect(
    id="induced_current",
    title="The b -> s vertex that couplings breaking weak isospin induce through the W",
    of="the vertex that is kept (E0 + E2 M^2)",
    alone="where no such vertex is kept",
    page="neglected.md#a-w-that-couples-through-its-loops",
    grade="C",
    applies="Cases B and C, and own cases in which the two members of a left-handed doublet differ otherwise than the W",
    remark="an estimate for a cut-off of 1 TeV, good to a factor of a few, not a prediction",
    sizes=sizes,
)
