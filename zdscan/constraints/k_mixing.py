"""K0 mixing: Delta M_K and eps_K from exchange of the vector. docs/constraints-flavour.md."""

from __future__ import annotations

import math

from zdscan.kernels.physics.mixing import mixing_amplitude
from zdscan.physics.clause import Clause, Constraint, Model

LEVEL_CROSSING = 0.010  # GeV around the kaon's mass, where perturbation theory fails


def clauses(model: Model, mass: float) -> list[Clause]:
    """|2 Re M12| below the measured Delta M_K; in theory "complete" also |eps_K| below the room for new physics.

    M12 in the phase convention with lambda_u real; eps_K = kappa Im M12/(sqrt2 Delta M_K).
    """
    c = model.constants
    if abs(mass - c["m_K0"]) < LEVEL_CROSSING:
        return []
    unit = mixing_amplitude(
        1.0 + 0.0j, mass, c["m_K0"], c["f_K0"], c["m_s_2"], c["m_d_2"], c["bag1_K0"], c["bag2_K0"], c["bag4_K0"]
    )
    m12 = unit * model.vertex("sd").e0_squared
    found = [Clause(polynomial=m12.real * (2.0 / c["DeltaM_K"]), up=1.0, down=1.0)]
    if model.theory == "complete":
        eps_k = m12.imag * (c["kappa_eps_K"] / (math.sqrt(2.0) * c["DeltaM_K"]))
        found.append(Clause(polynomial=eps_k, up=c["eps_K_room"], down=c["eps_K_room"]))
    return found


CONSTRAINT = Constraint(
    id="k_mixing",
    title="K0 mixing, Delta M_K/measured (theory complete: or eps_K)",
    citations=("PDG:2022", "Straub:2018kue"),
    cl="size of the measured value",
    unit="1",
    grade="B",
    in_paper=True,
    group="flavour",
    applies="not within 10 MeV of the K0, all cases",
    slots=2,
    clauses=clauses,
    likelihood="none",
    because=(
        "The bound is the size of the measured value, because long-distance parts are not known; it has no "
        "confidence level."
    ),
)
