"""pi+ -> mu+ nu Z_D with Z_D invisible, against PIENU's two samples. docs/constraints-charged.md; arXiv:2101.07381."""

from __future__ import annotations

from zdscan.physics.clause import Clause, Constraint, Model
from zdscan.physics.lifetime import with_escape
from zdscan.physics.radiation import ratio, threshold


def clauses(model: Model, mass: float) -> list[Clause]:
    """Gamma(pi+ -> mu+ nu Z_D)/Gamma(pi+ -> mu+ nu) BR_inv below 1e-5 for T_mu > 1.2 MeV and for T_mu < 1.2 MeV."""
    if mass >= threshold(model, "m_piplus"):
        return []
    limit = model.constants["R_pi_mu_nu_X_limit"]
    samples = ("pi_fast", "pi_slow")
    return [
        clause for sample in samples for clause in with_escape(model, mass, "pienu", ratio(model, mass, sample), limit)
    ]


CONSTRAINT = Constraint(
    id="pi_mu_nu_x",
    title="pi+ -> mu+ nu Z_D, Z_D invisible",
    citations=("PIENU:2021clt", "Rashed:2024"),
    cl="90%",
    unit="1",
    grade="C",
    in_paper=True,
    group="direct",
    applies="below m_pi - m_mu = 33.9 MeV (T_mu > 1.2 MeV: below 28.5 MeV), all cases",
    slots=4,
    clauses=clauses,
    likelihood="half-normal",
    because="An upper limit from a peak in the spectrum of the muon on top of a background.",
)
