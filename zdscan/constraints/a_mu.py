"""Anomalous magnetic moment of the muon. docs/constraints.md; experiment arXiv:2506.03069, theory arXiv:2505.21476."""

from __future__ import annotations

from zdscan.kernels.physics.moments import moment_factors
from zdscan.physics.clause import Clause, Constraint, Model
from zdscan.physics.polynomial import Polynomial


def clauses(model: Model, mass: float) -> list[Clause]:
    """|Delta a_mu - measured| below two standard deviations; Delta a_mu = k_v v_mu^2 + k_a a_mu^2."""
    k_v, k_a = moment_factors(mass, model.constants["m_mu"])
    shift = Polynomial.combination((k_v, model.product("v_mu", "v_mu")), (k_a, model.product("a_mu", "a_mu")))
    error, _ = model.constants.error("delta_a_mu")
    return [Clause(polynomial=shift, centre=model.constants["delta_a_mu"], up=2.0 * error, down=2.0 * error)]


CONSTRAINT = Constraint(
    id="a_mu",
    title="Muon g-2, shift of (g-2)/2",
    citations=("Muong-2:2025xyk", "Aliberti:2025beg"),
    cl="2 sigma",
    unit="1",
    grade="A",
    in_paper=True,
    group="low-energy",
    applies="all masses and cases",
    slots=1,
    clauses=clauses,
    likelihood="normal",
    because="Measurement and prediction have Gaussian errors.",
    tension=True,
)
