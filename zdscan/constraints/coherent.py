"""Coherent neutrino scattering on CsI at COHERENT. docs/constraints-low-energy.md; arXiv:2110.07730."""

from __future__ import annotations

from functools import lru_cache

from zdscan.inputs import against_mass
from zdscan.kernels.physics.cevns import exchange_factors
from zdscan.physics.clause import Clause, Constraint, Model
from zdscan.physics.polynomial import Polynomial

# nu_mu, nubar_mu and nu_e of a pion decay at rest are counted alike.
_SHARES = (("g_numu", 2.0 / 3.0), ("g_nue", 1.0 / 3.0))
DEVIATIONS = 1.96


@lru_cache(maxsize=64)
def _products(model: Model) -> list[Polynomial]:
    """g v_u, g v_d, g^2 v_u^2, g^2 v_u v_d, g^2 v_d^2, averaged over the neutrinos."""
    quarks = (("v_u",), ("v_d",), ("v_u", "v_u"), ("v_u", "v_d"), ("v_d", "v_d"))
    return [
        Polynomial.combination(*((share, model.product(*[g] * len(q), *q)) for g, share in _SHARES)) for q in quarks
    ]


def clauses(model: Model, mass: float) -> list[Clause]:
    """|rate/SM - measured| below 1.96 standard deviations; rate/SM = 1 - 2 R1 x + R2 x^2 for each neutrino."""
    c = model.constants
    table = against_mass.load("cevns_csi")
    r1, r2 = table.at("R1", mass), table.at("R2", mass)
    k_u, k_d = exchange_factors(mass, c["GF"], c["sin2_theta_w"], c["Z_per_QW_CsI"])
    u, d, uu, ud, dd = _products(model)
    interference, square = -2.0 * r1, r2
    shift = Polynomial.combination(
        *((interference * k_u, u), (interference * k_d, d)),
        *((square * k_u * k_u, uu), (2.0 * square * k_u * k_d, ud), (square * k_d * k_d, dd)),
    )
    measured, bound = c["coherent_CsI"], DEVIATIONS * c.error("coherent_CsI")[0]
    centre = (measured, DEVIATIONS)
    return [Clause(polynomial=shift, constant=1.0, centre=measured, up=bound, down=bound, measured=centre)]


CONSTRAINT = Constraint(
    id="coherent",
    title="Coherent neutrino scattering on CsI, rate/SM",
    citations=("COHERENT:2021xmm", "COHERENT:2017ipa"),
    cl="95%",
    unit="1",
    grade="C",
    in_paper=True,
    group="low-energy",
    applies="all masses and cases",
    slots=1,
    clauses=clauses,
    likelihood="normal",
    because="The measured rate has a Gaussian error.",
)
