"""K+ -> pi+ Z_D(-> mu+ mu-), two-body, against NA62 (arXiv:2209.05076). docs/constraints-flavour.md."""

from __future__ import annotations

from zdscan.inputs import curves
from zdscan.physics.clause import Clause, Constraint, Theory
from zdscan.physics.two_body import visible_clauses


def clauses(theory: Theory, mass: float) -> list[Clause]:
    """BR(on shell) BR(mu mu) below the limit on short-lived particles of this mass."""
    return visible_clauses(theory, mass, "K+->pi+", "mumu", "k_pi_x_mumu", "prompt_lifetime_K")


CONSTRAINT = Constraint(
    id="k_pi_x_mumu",
    title="K+ -> pi+ Z_D, Z_D -> mu+ mu-",
    citations=curves.load("k_pi_x_mumu").citations,
    cl="90%",
    unit="1",
    grade=curves.load("k_pi_x_mumu").grade,
    in_paper=False,
    applies="220 to 320 MeV, lifetime below 100 ps, all cases",
    slots=1,
    clauses=clauses,
)
