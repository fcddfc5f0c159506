"""Parity violation in caesium: weak charge of the nucleus. docs/constraints-low-energy.md; SM of arXiv:2101.10095."""

from __future__ import annotations

from zdscan.inputs import against_mass
from zdscan.kernels.physics.parity import weak_charge_factors
from zdscan.physics.clause import Clause, Constraint, Model
from zdscan.physics.polynomial import Polynomial


def weak_charge_shift(model: Model, mass: float, response: float, protons: float, neutrons: float) -> Polynomial:
    """Delta Q_W = -(2 sqrt2/GF) a_e f/M^2 [Z (2 v_u + v_d) + N (v_u + 2 v_d)] for a response f of the target."""
    k_u, k_d = weak_charge_factors(mass, response, protons, neutrons, model.constants["GF"])
    return Polynomial.combination((k_u, model.product("a_e", "v_u")), (k_d, model.product("a_e", "v_d")))


def clauses(model: Model, mass: float) -> list[Clause]:
    """|Q_W(SM) + Delta Q_W - measured| below three standard deviations of the measurement."""
    c = model.constants
    error, _ = c.error("QW_Cs_exp")
    response = against_mass.load("caesium").at("K", mass)
    return [
        Clause(
            polynomial=weak_charge_shift(model, mass, response, c["Z_Cs"], c["N_Cs"]),
            constant=c["QW_Cs_SM"],
            centre=c["QW_Cs_exp"],
            up=3.0 * error,
            down=3.0 * error,
        )
    ]


CONSTRAINT = Constraint(
    id="apv_cs",
    title="Parity violation in caesium, Q_W(Cs)",
    citations=("Wood:1997zq", "Toh:2019iro", "Dzuba:2012kx", "Sahoo:2021thl", "Bouchiat:2004sp"),
    cl="3 sigma",
    unit="1",
    grade="B",
    in_paper=True,
    group="low-energy",
    applies="all masses and cases; no shift where a_e = 0",
    slots=1,
    clauses=clauses,
    likelihood="normal",
    because="The measured weak charge has a Gaussian error.",
)
