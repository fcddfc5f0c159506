"""pi+ -> mu+ nu Z_D with Z_D invisible, against PIENU's two samples. docs/constraints-charged.md; arXiv:2101.07381."""

from __future__ import annotations

import math

from zdscan.charged_current import meson_ratio, meson_threshold
from zdscan.constraint import Clause, Constraint, Theory


def clauses(theory: Theory, mass: float) -> list[Clause]:
    """Gamma(pi+ -> mu+ nu Z_D)/Gamma(pi+ -> mu+ nu) BR_inv below 1e-5 for T_mu > 1.2 MeV and for T_mu < 1.2 MeV."""
    if mass >= meson_threshold(theory, "pi"):
        return []
    c = theory.constants
    split, limit = c["T_mu_split_pi_mu_nu_X"], c["R_pi_mu_nu_X_limit"]
    return [
        Clause(polynomial=meson_ratio(theory, mass, "pi", low, high), channel="invisible", up=limit)
        for low, high in ((split, math.inf), (0.0, split))
    ]


CONSTRAINT = Constraint(
    id="pi_mu_nu_x",
    title="pi+ -> mu+ nu Z_D, Z_D invisible",
    citations=("PIENU:2021clt", "Rashed:2024"),
    cl="90%",
    unit="1",
    grade="C",
    in_paper=True,
    applies="below m_pi - m_mu = 33.9 MeV (T_mu > 1.2 MeV: below 28.5 MeV), all cases",
    slots=2,
    clauses=clauses,
)
