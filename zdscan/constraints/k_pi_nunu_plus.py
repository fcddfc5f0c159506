"""K+ -> pi+ nu nu: SM and on-shell Z_D; NA62 (arXiv:2103.15389), arXiv:1503.02693. docs/constraints-flavour.md."""

from __future__ import annotations

from zdscan.physics.clause import Clause, Constraint, Model
from zdscan.physics.two_body import neutrino_clauses

# Signal regions of the missing mass: 0-0.010 and 0.026-0.068 GeV^2.
REGIONS = ((0.0, 0.100), (0.161, 0.261))
ONE_SIDED_95 = 1.645


def clauses(model: Model, mass: float) -> list[Clause]:
    """BR_SM + BR(on shell) BR_inv below the measured value plus 1.645 upper errors, for M in a signal region."""
    if not any(low < mass < high for low, high in REGIONS):
        return []
    c = model.constants
    upper_error, _ = c.error("BR_Kp_pip_nunu")
    measured = c["BR_Kp_pip_nunu"]
    limit = measured + ONE_SIDED_95 * upper_error
    expected, centre = c["BR_Kp_pip_nunu_SM"], (measured, ONE_SIDED_95)
    return neutrino_clauses(model, mass, "K+->pi+", "na62_k_pi", expected, limit, centre)


CONSTRAINT = Constraint(
    id="k_pi_nunu_plus",
    title="K+ -> pi+ nu nu",
    citations=("NA62:2021zjw", "Buras:2015qea"),
    cl="95%",
    unit="1",
    grade="A",
    in_paper=True,
    group="flavour",
    applies="10-100 and 161-261 MeV (signal regions), all cases",
    slots=2,
    clauses=clauses,
    likelihood="normal",
    because="A measured branching ratio, of which the bound is some upper errors above.",
    same_data="K+ -> pi+ and missing energy",
)
