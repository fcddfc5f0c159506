"""Anomalous magnetic moment of the electron. docs/constraints-low-energy.md."""

from __future__ import annotations

from zdscan.kernels.physics.moments import moment_factors
from zdscan.physics.clause import Clause, Constraint, Model
from zdscan.physics.polynomial import Polynomial


def clauses(model: Model, mass: float) -> list[Clause]:
    """|Delta a_e| below 1e-12, which covers both values of alpha; Delta a_e = k_v v_e^2 + k_a a_e^2."""
    k_v, k_a = moment_factors(mass, model.constants["m_e"])
    shift = Polynomial.combination((k_v, model.product("v_e", "v_e")), (k_a, model.product("a_e", "a_e")))
    bound = model.constants["a_e_bound"]
    return [Clause(polynomial=shift, up=bound, down=bound)]


CONSTRAINT = Constraint(
    id="a_e",
    title="Electron g-2, shift of (g-2)/2",
    citations=("Fan:2022eto", "Morel:2020dww", "Parker:2018vye"),
    cl="-",
    unit="1",
    grade="C",
    in_paper=False,
    group="low-energy",
    applies="all masses and cases; no shift where v_e = a_e = 0",
    slots=1,
    clauses=clauses,
    likelihood="none",
    because="The bound covers two determinations of alpha that contradict each other, so it has no confidence level.",
    tension=True,
)
