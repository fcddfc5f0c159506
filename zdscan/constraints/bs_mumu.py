"""B_s -> mu+ mu- against LHCb. docs/constraints-flavour.md; arXiv:2108.09283, SM arXiv:2103.13370."""

from __future__ import annotations

import math

from kernels.physics.leptonic import exchange_c10
from zdscan.constraint import Clause, Constraint, Theory
from zdscan.polynomial import Polynomial

DEVIATIONS = 3.0


def clauses(theory: Theory, mass: float) -> list[Clause]:
    """BR_SM (|R|^2 + y Re R^2)/(1 + y), R = 1 + C10/C10_SM, within three standard deviations of the measurement.

    The q_mu q_nu/M^2 part of the propagator is kept in theory "complete" alone. Independent of E2 and the dipole.
    """
    c, vertex = theory.constants, theory.vertex("bs")
    normalisation = 4.0 * c["GF"] / math.sqrt(2.0) * c["alpha_e_48"] / (4.0 * math.pi) * vertex.lambda_t
    unit = exchange_c10(1.0 + 0.0j, 1.0 + 0.0j, normalisation, mass, c["m_Bs"], theory.theory == "complete")
    c10 = unit * (Polynomial.linear(vertex.e0) * theory.coupling("a_mu"))
    ratio = Polynomial.constant(1.0) + c10 * (1.0 / c["C10_SM_48"])
    y = c["y_Bs"]
    rate = ratio.abs2() + y * (ratio * ratio).real
    up, down = c.error("BR_Bs_mumu")
    return [
        Clause(
            polynomial=rate * (c["BR_Bs_mumu_SM"] / (1.0 + y)),
            centre=c["BR_Bs_mumu"],
            up=DEVIATIONS * up,
            down=DEVIATIONS * down,
        )
    ]


CONSTRAINT = Constraint(
    id="bs_mumu",
    title="B_s -> mu+ mu-",
    citations=("LHCb:2021vsc", "LHCb:2021awg", "Altmannshofer:2021qrr"),
    cl="3 sigma",
    unit="1",
    grade="A",
    in_paper=True,
    applies="all masses and cases",
    slots=1,
    clauses=clauses,
)
