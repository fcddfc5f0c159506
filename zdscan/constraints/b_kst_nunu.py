"""B0 -> K*0 nu nu: SM and on-shell Z_D; Belle (arXiv:1702.03224), arXiv:2111.04327. docs/constraints-flavour.md."""

from __future__ import annotations

from zdscan.physics.clause import Clause, Constraint, Model
from zdscan.physics.two_body import neutrino_clauses


def clauses(model: Model, mass: float) -> list[Clause]:
    """BR_SM + BR(on shell) BR_inv below the 90% limit."""
    c = model.constants
    return neutrino_clauses(model, mass, "B0->K*0", "belle_b_kst", c["BR_B0_Kst0_nunu_SM"], c["limit_B0_Kst0_nunu"])


CONSTRAINT = Constraint(
    id="b_kst_nunu",
    title="B0 -> K*0 nu nu",
    citations=("Belle:2017oht", "Felkl:2021uxi"),
    cl="90%",
    unit="1",
    grade="A",
    in_paper=True,
    group="flavour",
    applies="all masses and cases",
    slots=2,
    clauses=clauses,
    likelihood="half-normal",
    because="An upper limit from a fit on top of a background.",
)
