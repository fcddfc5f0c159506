"""K_L -> pi0 nu nu: SM and on-shell Z_D; KOTO (arXiv:2012.07571), arXiv:1503.02693. docs/constraints-flavour.md."""

from __future__ import annotations

from zdscan.physics.clause import Clause, Constraint, Model
from zdscan.physics.two_body import neutrino_clauses

LARGEST_MASS = 0.260


def clauses(model: Model, mass: float) -> list[Clause]:
    """BR_SM + BR(on shell) BR_inv below the 90% limit, up to the largest missing mass that KOTO accepts."""
    if mass >= LARGEST_MASS:
        return []
    c = model.constants
    return neutrino_clauses(model, mass, "KL->pi0", "koto", c["BR_KL_pi0_nunu_SM"], c["limit_KL_pi0_nunu"])


CONSTRAINT = Constraint(
    id="k_pi_nunu_long",
    title="K_L -> pi0 nu nu",
    citations=("KOTO:2020prk", "Buras:2015qea"),
    cl="90%",
    unit="1",
    grade="A",
    in_paper=True,
    group="flavour",
    applies="below 260 MeV, all cases",
    slots=2,
    clauses=clauses,
    likelihood="counting",
    because="No event was seen in the signal region.",
)
