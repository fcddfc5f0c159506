"""K+ -> e+ nu Z_D with Z_D invisible, against the limit on K+ -> e+ nu nu nubar. docs/constraints-charged.md."""

from __future__ import annotations

from zdscan.physics.clause import Clause, Constraint, Model
from zdscan.physics.radiation import ratio


def clauses(model: Model, mass: float) -> list[Clause]:
    """BR(K+ -> e+ nu Z_D) BR_inv below 6e-5, the limit on K+ -> e+ nu nu nubar."""
    c = model.constants
    if mass > c["m_most_K_e_nu_X"]:
        return []
    rate = c["BR_K_mu_nu"] * ratio(model, mass, "K_e")
    return [Clause(polynomial=rate, channel="invisible", up=c["BR_K_e_invisible_limit"])]


CONSTRAINT = Constraint(
    id="k_e_nu_x",
    title="K+ -> e+ nu Z_D, Z_D invisible",
    citations=("PDG:2022",),
    cl="90%",
    unit="1",
    grade="C",
    in_paper=False,
    group="direct",
    applies="up to 180 MeV, all cases; strong where the couplings of the electron do not match those of the W",
    slots=1,
    clauses=clauses,
    first_format=2,
    likelihood="half-normal",
    because="An upper limit; how many events it came from is not known to zdscan.",
)
