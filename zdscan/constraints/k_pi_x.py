"""K+ -> pi+ Z_D with Z_D invisible, two-body, against NA62's curve. docs/constraints.md; CERN-EP-2025-167."""

from __future__ import annotations

import math

from zdscan.inputs import curves
from zdscan.physics.clause import Clause, Constraint, Theory
from zdscan.physics.two_body import branching_ratio


def clauses(theory: Theory, mass: float) -> list[Clause]:
    """BR(K+ -> pi+ Z_D) BR_inv below the 90% limit at this mass; nothing in the gaps of the curve."""
    limit = curves.load("k_pi_x").at(mass)
    if math.isnan(limit):
        return []
    return [Clause(polynomial=branching_ratio("K+->pi+", theory, mass), channel="invisible", up=limit)]


CONSTRAINT = Constraint(
    id="k_pi_x",
    title="K+ -> pi+ Z_D, Z_D invisible",
    citations=curves.load("k_pi_x").citations,
    cl="90%",
    unit="1",
    grade=curves.load("k_pi_x").grade,
    in_paper=False,
    applies="10-103.5, 111.8-151.3 and 155-258.3 MeV, all cases",
    slots=1,
    clauses=clauses,
)
