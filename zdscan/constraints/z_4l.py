"""Z -> mu mu Z_D in the Z width; searches for Z -> 4l start above 4 GeV. docs/constraints-charged.md; PDG 2022."""

from __future__ import annotations

from zdscan.physics.clause import Clause, Constraint, Model
from zdscan.physics.radiation import ratio


def clauses(model: Model, mass: float) -> list[Clause]:
    """Gamma(Z -> mu mu Z_D) below what the measured width leaves above the Standard Model."""
    c = model.constants
    return [Clause(polynomial=c["Gamma_Z_mu_mu"] * ratio(model, mass, "Z"), up=c["Gamma_Z_room"])]


CONSTRAINT = Constraint(
    id="z_4l",
    title="Width of the Z, Gamma(Z -> mu mu Z_D)",
    citations=("PDG:2022",),
    cl="2 sigma",
    unit="GeV",
    grade="C",
    in_paper=True,
    group="direct",
    applies="all masses and cases",
    slots=1,
    clauses=clauses,
    likelihood="half-normal",
    because="What the Gaussian error of the measured width leaves to a positive contribution.",
)
