"""W+ -> l+ nu Z_D as a part of the W width. docs/constraints-charged.md; PDG 2022."""

from __future__ import annotations

from zdscan.physics.clause import Clause, Constraint, Model
from zdscan.physics.radiation import ratio


def clauses(model: Model, mass: float) -> list[Clause]:
    """Gamma(W -> mu nu Z_D), in theory complete also Gamma(W -> e nu Z_D), below two errors of the measured width."""
    c = model.constants
    error, _ = c.error("Gamma_W_exp")
    rate = ratio(model, mass, "W")
    if model.theory == "complete":
        rate = rate + ratio(model, mass, "W_e")
    return [Clause(polynomial=c["Gamma_W_mu_nu"] * rate, up=2.0 * error)]


CONSTRAINT = Constraint(
    id="w_width",
    title="Width of the W, Gamma(W -> mu nu Z_D)",
    citations=("PDG:2022",),
    cl="95%",
    unit="GeV",
    grade="A",
    in_paper=True,
    group="direct",
    applies="all masses and cases",
    slots=1,
    clauses=clauses,
    likelihood="half-normal",
    because="What the Gaussian error of the measured width leaves to a positive contribution.",
)
