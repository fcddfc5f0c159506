"""B+ -> K+ Z_D(-> e+ e-), two-body, against Belle II (arXiv:2306.02830). docs/constraints-flavour.md."""

from __future__ import annotations

from zdscan.inputs import curves
from zdscan.physics.clause import Clause, Constraint, Theory
from zdscan.physics.two_body import visible_clauses


def clauses(theory: Theory, mass: float) -> list[Clause]:
    """BR(on shell) BR(e e) below the limit on short-lived particles of this mass."""
    return visible_clauses(theory, mass, "B+->K+", "ee", "b_k_x_ee", "prompt_lifetime_B")


CONSTRAINT = Constraint(
    id="b_k_x_ee",
    title="B+ -> K+ Z_D, Z_D -> e+ e-",
    citations=curves.load("b_k_x_ee").citations,
    cl="95%",
    unit="1",
    grade=curves.load("b_k_x_ee").grade,
    in_paper=False,
    applies="28 MeV to 1.855 GeV, lifetime below 10 ps, all cases",
    slots=1,
    clauses=clauses,
)
