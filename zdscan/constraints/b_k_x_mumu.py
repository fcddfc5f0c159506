"""B+ -> K+ Z_D(-> mu+ mu-), two-body, against LHCb (arXiv:1612.07818). docs/constraints-flavour.md."""

from __future__ import annotations

from zdscan.inputs import curves
from zdscan.physics.clause import Clause, Constraint, Theory
from zdscan.physics.two_body import visible_clauses


def clauses(theory: Theory, mass: float) -> list[Clause]:
    """BR(on shell) BR(mu mu) below the limit on short-lived particles of this mass."""
    return visible_clauses(theory, mass, "B+->K+", "mumu", "b_k_x_mumu", "prompt_lifetime_B")


CONSTRAINT = Constraint(
    id="b_k_x_mumu",
    title="B+ -> K+ Z_D, Z_D -> mu+ mu-",
    citations=curves.load("b_k_x_mumu").citations,
    cl="95%",
    unit="1",
    grade=curves.load("b_k_x_mumu").grade,
    in_paper=False,
    applies="262 MeV to 1.954 GeV, lifetime below 10 ps, all cases",
    slots=1,
    clauses=clauses,
)
