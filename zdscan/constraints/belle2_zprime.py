"""e+ e- -> mu+ mu- Z_D with an invisible Z_D at Belle II. docs/constraints-low-energy.md; arXiv:1912.11276."""

from __future__ import annotations

import math

from zdscan.inputs import against_mass
from zdscan.physics.clause import Clause, Constraint, Model
from zdscan.physics.lifetime import with_escape

_CURVE = "belle2_zprime"


def clauses(model: Model, mass: float) -> list[Clause]:
    """(v_mu^2 + a_mu^2) BR_inv below the square of the 90% limit on the vector coupling of an invisible Z'."""
    limit = against_mass.load(_CURVE).at("limit", mass)
    if math.isnan(limit):
        return []
    squared = model.product("v_mu", "v_mu") + model.product("a_mu", "a_mu")
    return with_escape(model, mass, "belle2_mu_mu", squared, limit * limit)


CONSTRAINT = Constraint(
    id="belle2_zprime",
    title="e+ e- -> mu+ mu- Z_D, Z_D invisible; squared coupling",
    citations=against_mass.load(_CURVE).citations,
    cl="90%",
    unit="1",
    grade=against_mass.load(_CURVE).grade,
    in_paper=True,
    group="direct",
    applies="all masses and cases",
    slots=2,
    clauses=clauses,
    likelihood="half-normal",
    because="An upper limit from a peak in the recoil mass on top of a background.",
)
