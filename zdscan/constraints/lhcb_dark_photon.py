"""LHCb's prompt dark photon search in mu+ mu-, recast. docs/constraints-low-energy.md; arXiv:1910.06926."""

from __future__ import annotations

import math
from operator import mul

from zdscan.inputs import against_mass, hadronic
from zdscan.kernels.physics.widths import hadron_response, hadronic_pairs
from zdscan.physics.clause import Clause, Constraint, Model
from zdscan.physics.lifetime import prompt_clause
from zdscan.physics.polynomial import Polynomial
from zdscan.physics.productions import LHCB, production
from zdscan.physics.reference_models import reference

_TABLE = "lhcb_dark_photon"
_HADRONS_OPEN = 0.28  # GeV: below it the production is that of the isovector current


def produced(model: Model, mass: float) -> Polynomial:
    """P, eps^2 for a dark photon: in `complete` of the channels that LHCb sees, in `paper` of the hadronic width.

    The weights of the width are wrong for isoscalar couplings, which eta, omega and quarks make; `paper` keeps them.
    """
    if model.theory == "complete":
        return production("lhcb", model, mass)
    e = model.constants["e"]
    quarks = (model.coupling(name) * (1.0 / e) for name in ("v_u", "v_d", "v_s"))
    pairs: tuple[Polynomial, ...] = hadronic_pairs(*quarks, times=mul)
    if mass < _HADRONS_OPEN:
        return pairs[0]
    weights = hadron_response(mass, hadronic.table())
    total = Polynomial.constant(0.0)
    for weight, pair in zip(weights, pairs, strict=True):
        total = total + (weight / sum(weights)) * pair
    return total


def longest_lifetime(model: Model, mass: float) -> float:
    """Lifetime (ps) up to which a decay counts as prompt: 0.004/(M - 2 m_mu) + 0.1, M in GeV (arXiv:1801.04847)."""
    return 0.004 / (mass - 2.0 * model.constants["m_mu"]) + 0.1


def clauses(model: Model, mass: float) -> list[Clause]:
    """P BR(mumu)/BR(A' -> mumu) below the square of the median limit on eps in this mass bin, for prompt decays."""
    limit = against_mass.load(_TABLE).at("eps_median", mass)
    if math.isnan(limit):
        return []
    fraction = reference("dark photon", model, mass).fraction(["mumu"])
    rate = produced(model, mass) * (1.0 / fraction)
    return [prompt_clause(model, rate, "mumu", limit * limit, longest_lifetime(model, mass))]


CONSTRAINT = Constraint(
    id="lhcb_dark_photon",
    title="LHCb prompt dark photon, effective eps^2",
    citations=tuple(dict.fromkeys((*against_mass.load(_TABLE).citations, *against_mass.load(LHCB).citations))),
    cl="90%",
    unit="1",
    grade="C",
    in_paper=True,
    group="direct",
    applies="214.1-523.7, 572.7-740.2, 827.5-960 MeV and above 1.162 GeV, prompt decays, all cases",
    slots=1,
    clauses=clauses,
    replaced_by="lhcb_prompt",
    likelihood="half-normal",
    because="An upper limit from a peak in the mass of the muons on top of a background.",
    same_data="LHCb prompt mu+ mu-",
)
