"""B_s mixing: Delta M_s against the Standard Model. docs/constraints.md; arXiv:1909.11087 for the SM value."""

from __future__ import annotations

import math

from kernels.physics.mixing import mixing_amplitude
from zdscan.constraint import Clause, Constraint, Theory
from zdscan.polynomial import Polynomial


def clauses(theory: Theory, mass: float) -> list[Clause]:
    """Delta_mix = |1 + 2 M12/(Delta M_SM lambda_t^2/|lambda_t|^2)| - 1 below twice the relative lower error of the SM.

    The vector adds to Delta M_s, so only the upper side is used. E2 is left out: 0.25% eps/eps_z of E0.
    """
    c = theory.constants
    vertex = theory.vertex("bs")
    unit = mixing_amplitude(
        1.0 + 0.0j,
        mass,
        c["m_Bs"],
        c["f_Bs"],
        c["m_b_42"],
        c["m_s_42"],
        c["bag1_Bs"],
        c["bag2_Bs"],
        c["bag4_Bs"],
    )
    _, lower_error = c.error("DeltaM_Bs_SM")
    phase = vertex.lambda_t**2 / abs(vertex.lambda_t) ** 2
    relative = 2.0 * unit / (c["DeltaM_Bs_SM"] * c["hbar"] * phase)
    e0 = Polynomial.linear(vertex.e0)
    amplitude = Polynomial.constant(1.0) + relative * (e0 * e0)
    return [
        Clause(
            polynomial=amplitude.abs2(), root=True, offset=-1.0, up=2.0 * lower_error / c["DeltaM_Bs_SM"], down=math.inf
        )
    ]


CONSTRAINT = Constraint(
    id="bs_mixing",
    title="B_s mixing, Delta M_s/SM - 1",
    citations=("DiLuzio:2019jyq",),
    cl="2 sigma",
    unit="1",
    grade="A",
    in_paper=True,
    applies="all masses and cases",
    slots=1,
    clauses=clauses,
)
