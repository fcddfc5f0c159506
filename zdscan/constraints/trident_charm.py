"""Neutrino trident production at CHARM-II. docs/constraints-low-energy.md; setting of arXiv:1406.2332."""

from __future__ import annotations

from zdscan.constraints.trident_ccfr import trident_clause
from zdscan.physics.clause import Clause, Constraint, Model


def clauses(model: Model, mass: float) -> list[Clause]:
    """Cross section over the Standard Model, 20 GeV neutrinos on glass."""
    return [trident_clause(model, mass, "trident_charm", "trident_CHARM")]


CONSTRAINT = Constraint(
    id="trident_charm",
    title="Neutrino trident at CHARM-II, sigma/SM",
    citations=("CHARM-II:1990dvf", "Altmannshofer:2014pba"),
    cl="95%",
    unit="1",
    grade="B",
    in_paper=True,
    group="low-energy",
    applies="all masses and cases",
    slots=1,
    clauses=clauses,
    likelihood="normal",
    because="The measured cross section has a Gaussian error.",
)
