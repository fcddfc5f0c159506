"""K+ -> mu+ nu Z_D with Z_D -> e+ e-, against the rate E865 measured. docs/constraints-charged.md; hep-ex/0204006."""

from __future__ import annotations

from zdscan.physics.clause import Clause, Constraint, Model
from zdscan.physics.lifetime import prompt
from zdscan.physics.radiation import ratio, threshold


def clauses(model: Model, mass: float) -> list[Clause]:
    """BR(K+ -> mu+ nu Z_D) BR_ee below three standard deviations of the measured BR(K+ -> mu+ nu e+ e-).

    In theory "complete" only decays at the vertex of the kaon count.
    """
    c = model.constants
    if not c["m_ee_least_K_mu_nu_ee"] < mass < threshold(model, "m_Kplus"):
        return []
    error, _ = c.error("BR_K_mu_nu_ee")
    window = prompt(model, c["prompt_lifetime_K_mu_nu_ee"]) if model.theory == "complete" else (0.0, 0.0)
    return [Clause(polynomial=c["BR_K_mu_nu"] * ratio(model, mass, "K"), channel="ee", up=3.0 * error, window=window)]


CONSTRAINT = Constraint(
    id="k_mu_nu_ee",
    title="K+ -> mu+ nu Z_D, Z_D -> e+ e-",
    citations=("Poblaguev:2002ug", "Rashed:2024"),
    cl="3 sigma",
    unit="1",
    grade="B",
    in_paper=True,
    group="direct",
    applies="145 to 388 MeV; no effect in Case C",
    slots=1,
    clauses=clauses,
    likelihood="half-normal",
    because="What the Gaussian error of a measured rate leaves to a positive contribution.",
)
