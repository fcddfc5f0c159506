"""B+ -> K+ Z_D with Z_D invisible, two-body, against Belle II's likelihood. docs/constraints-flavour.md."""

from __future__ import annotations

import math

from zdscan.inputs import intervals
from zdscan.physics.clause import Clause, Constraint, Theory
from zdscan.physics.two_body import branching_ratio

ONE_SIDED_90 = 1.28


def clauses(theory: Theory, mass: float) -> list[Clause]:
    """BR(B+ -> K+ Z_D) BR_inv below central + 1.28 (high - central) of the fit at this mass."""
    limit = intervals.load("b_k_x").upper(mass, ONE_SIDED_90)
    if math.isnan(limit):
        return []
    return [Clause(polynomial=branching_ratio("B+->K+", theory, mass), channel="invisible", up=limit)]


CONSTRAINT = Constraint(
    id="b_k_x",
    title="B+ -> K+ Z_D, Z_D invisible",
    citations=intervals.load("b_k_x").citations,
    cl="90%",
    unit="1",
    grade=intervals.load("b_k_x").grade,
    in_paper=False,
    applies="all masses and cases",
    slots=1,
    clauses=clauses,
)
