"""Parity violation in electron-proton scattering, Qweak. docs/constraints-low-energy.md; arXiv:1905.08283."""

from __future__ import annotations

from zdscan.constraints.apv_cs import weak_charge_shift
from zdscan.kernels.physics.parity import point_response
from zdscan.physics.clause import Clause, Constraint, Model


def clauses(model: Model, mass: float) -> list[Clause]:
    """|Q_W(SM) + Delta Q_W - measured| below three standard deviations of the measurement."""
    c = model.constants
    error, _ = c.error("QW_p_exp")
    response = point_response(mass, c["Q2_Qweak"])
    return [
        Clause(
            polynomial=weak_charge_shift(model, mass, response, 1.0, 0.0),
            constant=c["QW_p_SM"],
            centre=c["QW_p_exp"],
            up=3.0 * error,
            down=3.0 * error,
        )
    ]


CONSTRAINT = Constraint(
    id="apv_p",
    title="Parity violation in electron-proton scattering, Q_W(p)",
    citations=("Qweak:2018tjf", "PDG:2022"),
    cl="3 sigma",
    unit="1",
    grade="A",
    in_paper=True,
    group="low-energy",
    applies="all masses and cases; no shift where a_e = 0",
    slots=1,
    clauses=clauses,
    likelihood="normal",
    because="The measured weak charge has a Gaussian error.",
)
