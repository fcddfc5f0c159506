"""K+ -> mu+ nu Z_D with Z_D invisible, against NA62's limit. docs/constraints-charged.md; arXiv:2101.12304."""

from __future__ import annotations

from zdscan.physics.clause import Clause, Constraint, Model
from zdscan.physics.lifetime import with_escape
from zdscan.physics.radiation import ratio, threshold


def clauses(model: Model, mass: float) -> list[Clause]:
    """BR(K+ -> mu+ nu Z_D) BR_inv below 1.0e-6."""
    if mass >= threshold(model, "m_Kplus"):
        return []
    c = model.constants
    rate = c["BR_K_mu_nu"] * ratio(model, mass, "K")
    return with_escape(model, mass, "na62_k_mu", rate, c["BR_K_mu_invisible_limit"])


CONSTRAINT = Constraint(
    id="k_mu_inv",
    title="K+ -> mu+ nu Z_D, Z_D invisible",
    citations=("NA62:2021bji", "Rashed:2024"),
    cl="90%",
    unit="1",
    grade="B",
    in_paper=True,
    group="direct",
    applies="below m_K - m_mu = 388 MeV, all cases",
    slots=2,
    clauses=clauses,
    likelihood="half-normal",
    because="An upper limit from the missing mass on top of a background.",
)
