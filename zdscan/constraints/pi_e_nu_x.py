"""pi+ -> e+ nu Z_D with Z_D invisible, against PIENU's limit. docs/constraints-charged.md; arXiv:2006.00389."""

from __future__ import annotations

from zdscan.physics.clause import Clause, Constraint, Model
from zdscan.physics.radiation import ratio


def clauses(model: Model, mass: float) -> list[Clause]:
    """Gamma(pi+ -> e+ nu Z_D)/Gamma(pi+ -> mu+ nu) BR_inv below 1.6e-7, the limit on pi+ -> e+ nu nu nubar."""
    c = model.constants
    if mass > c["m_most_pi_e_nu_X"]:
        return []
    return [Clause(polynomial=ratio(model, mass, "pi_e"), channel="invisible", up=c["R_pi_e_nu_X_limit"])]


CONSTRAINT = Constraint(
    id="pi_e_nu_x",
    title="pi+ -> e+ nu Z_D, Z_D invisible",
    citations=("PIENU:2020",),
    cl="90%",
    unit="1",
    grade="B",
    in_paper=False,
    group="direct",
    applies="up to 50 MeV, all cases; strong where the couplings of the electron do not match those of the W",
    slots=1,
    clauses=clauses,
    first_format=2,
    likelihood="half-normal",
    because="An upper limit from a peak in the spectrum of the positron on top of a background.",
)
