"""B+ -> K+ nu nu: SM and on-shell Z_D; Belle II (arXiv:2104.12624), arXiv:2111.04327. docs/constraints-flavour.md."""

from __future__ import annotations

from zdscan.physics.clause import Clause, Constraint, Model
from zdscan.physics.two_body import neutrino_clauses

ONE_SIDED_95 = 1.645


def clauses(model: Model, mass: float) -> list[Clause]:
    """BR_SM + BR(on shell) BR_inv below the 90% limit."""
    c = model.constants
    expected, limit = c["BR_Bp_Kp_nunu_SM"], c["limit_Bp_Kp_nunu"]
    centre = (c["BR_Bp_Kp_nunu"], ONE_SIDED_95)  # the average of today; that of 2021 is an upper limit alone
    return neutrino_clauses(model, mass, "B+->K+", "belle_b_k", expected, limit, centre)


CONSTRAINT = Constraint(
    id="b_k_nunu",
    title="B+ -> K+ nu nu",
    citations=("Belle-II:2021rof", "Felkl:2021uxi"),
    cl="90%",
    unit="1",
    grade="A",
    in_paper=True,
    group="flavour",
    applies="all masses and cases",
    slots=2,
    clauses=clauses,
    likelihood="half-normal",
    because="An upper limit from a fit on top of a background of many events.",
    same_data="B+ -> K+ and missing energy",
    tension=True,
)
