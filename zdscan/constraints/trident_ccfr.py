"""Neutrino trident production at CCFR. docs/constraints-low-energy.md; setting of arXiv:1406.2332."""

from __future__ import annotations

from zdscan.inputs import against_mass
from zdscan.kernels.physics.trident import trident_coefficients
from zdscan.physics.clause import Clause, Constraint, Model
from zdscan.physics.polynomial import Polynomial

DEVIATIONS = 1.96


def trident_clause(model: Model, mass: float, table: str, measured: str) -> Clause:
    """|sigma/SM - measured| below 1.96 standard deviations, for muon neutrinos and muons.

    sigma/SM = 1 + F1V x_v + F1A x_a + F2V x_v^2 + F2A x_a^2, x = g_numu (v_mu, a_mu)/(sqrt2 GF M^2).
    """
    c = model.constants
    responses = against_mass.load(table)
    f1v, f1a, f2v, f2a = (responses.at(name, mass) for name in ("F1V", "F1A", "F2V", "F2A"))
    c1v, c1a, c2v, c2a = trident_coefficients(mass, c["GF"], f1v, f1a, f2v, f2a)
    vector, axial = ("g_numu", "v_mu"), ("g_numu", "a_mu")
    shift = Polynomial.combination(
        (c1v, model.product(*vector)),
        (c1a, model.product(*axial)),
        (c2v, model.product(*vector, *vector)),
        (c2a, model.product(*axial, *axial)),
    )
    bound = DEVIATIONS * c.error(measured)[0]
    return Clause(
        polynomial=shift,
        constant=1.0,
        centre=c[measured],
        up=bound,
        down=bound,
        measured=(c[measured], DEVIATIONS),
    )


def clauses(model: Model, mass: float) -> list[Clause]:
    """Cross section over the Standard Model, 160 GeV neutrinos on iron."""
    return [trident_clause(model, mass, "trident_ccfr", "trident_CCFR")]


CONSTRAINT = Constraint(
    id="trident_ccfr",
    title="Neutrino trident at CCFR, sigma/SM",
    citations=("CCFR:1991lpl", "Altmannshofer:2014pba"),
    cl="95%",
    unit="1",
    grade="B",
    in_paper=True,
    group="low-energy",
    applies="all masses and cases",
    slots=1,
    clauses=clauses,
    likelihood="normal",
    because="The measured cross section has a Gaussian error.",
)
