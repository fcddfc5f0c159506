"""Recast searches against curves of other programs: B - L as FORESEE stores it, moments and Belle II of Darkcast."""

from __future__ import annotations

import json
import math

import pytest

from tests.support.paths import ROOT
from tests.twins import recasts
from tests.twins.recast_models import couplings
from zdscan.constraints import a_e, a_mu, belle2_zprime
from zdscan.inputs import against_mass
from zdscan.physics import search

B_MINUS_L = json.loads((ROOT / "tests" / "data" / "recasts" / "foresee_b_l.json").read_text())
LEFT_HANDED = {"v_e": -1.0, "v_mu": -1.0, **dict.fromkeys(("v_u", "v_d", "v_s"), 1 / 3)} | dict.fromkeys(
    ("g_nue", "g_numu", "g_nutau"), -1.0
)
HADRONS = (
    0.279  # GeV: from here on the dark photon decays to hadrons, whose width the other programs have from other data
)


def of_source(name: str) -> search.Search:
    """The search with the numbers that FORESEE took, where they are others than zdscan's."""
    found, rows = search.load(name), B_MINUS_L["sources"].get(name)
    if rows is None:
        return found
    segment = {"title": name, "cite": ["x"], "source": "x", "grade": "B", "note": "", "rows": rows}
    document = {"title": name, "quantity": "eps", "unit": "1", "cl": 0.9, "columns": ["mass", "lower", "upper"]}
    numbers = against_mass.from_document(
        document | {"interpolation": found.numbers.interpolation, "segment": [segment], "search": found.numbers.search},
        f"search_{name}.toml",
    )
    return search.recast(name, numbers, name)


@pytest.mark.parametrize("name", B_MINUS_L["limits"])
def test_b_minus_l_of_foresee(name: str) -> None:
    """1e-3 where no hadrons are, 1% with LHCb's mixture, tabulated at 29 masses; 7.5% above, as for Darkcast."""
    item = of_source(name)
    model = recasts.model(LEFT_HANDED)
    for mass, lower, *upper in B_MINUS_L["limits"][name]:
        partial, clauses = recasts.widths(LEFT_HANDED, mass), item.clauses(model, mass)
        width = 0.075 if mass > HADRONS else 1e-2 if name == "lhcb_prompt" else 1e-3
        for g, sign in [(lower, 1), *((g, -1) for g in upper)]:
            assert recasts.ratio(clauses, partial, g * (1 + sign * width)) > 1.0, (mass, g)
            assert recasts.ratio(clauses, partial, g * (1 - sign * width)) < 1.0, (mass, g)


# Masses (GeV), and the eps of a dark photon at which Darkcast 2.1 has a moment at its bound.
MASSES = (0.010235, 0.016298, 0.02595, 0.04132, 0.065793, 0.10476, 0.18738, 0.29836, 0.47508, 0.75646, 1.2045, 1.9179)
ELECTRON = (
    *(0.0010205, 0.0016122, 0.0025572, 0.0040642, 0.0064659, 0.010292),
    *(0.018404, 0.029303, 0.046657, 0.074291, 0.11829, 0.18836),
)
MUON = (
    *(0.0026994, 0.002872, 0.0031372, 0.0035466, 0.0041835, 0.005185),
    *(0.0073067, 0.010185, 0.014833, 0.022342, 0.034447, 0.053894),
)


@pytest.mark.parametrize(("module", "limits"), [(a_e, ELECTRON), (a_mu, MUON)])
def test_shifts_of_moments_run_with_the_mass_as_elsewhere(module, limits) -> None:
    """At the limits on eps the shift is the same at all masses: to 1e-4, five digits of eps."""
    shifts = []
    for mass, eps in zip(MASSES, limits, strict=True):
        (clause,) = module.clauses(recasts.model(couplings("dark_photon", mass)), mass)
        shifts.append(sum((c * eps**i).real for (i, _, _), c in clause.polynomial.terms.items()))
    assert shifts == pytest.approx([shifts[0]] * len(shifts), rel=2e-4)


# Limits on g of an invisible Z' radiated by muons, where Darkcast 2.1 has them at masses of Belle II.
BELLE2 = {
    "B-L_boson": {1.1565: 0.07041, 1.6383: 0.0991698, 1.988: 0.121014},
    "LmuLtau_LH": {1.1565: 0.0717537, 1.6383: 0.0984973, 1.988: 0.121014},
    "Lmu-Ltau_boson": {1.1565: 0.0621426, 1.6383: 0.0853017, 1.988: 0.104801},
    "Le-Lmu_boson": {1.1565: 0.0717572, 1.6383: 0.0984982, 1.988: 0.121014},
}


@pytest.mark.parametrize("model", BELLE2)
def test_belle_2(model: str) -> None:
    """0.5%: the numbers are rounded, and it takes 0.99 for the invisible branching ratio of the reference.

    7.5% for B - L, which has hadrons.
    """
    for mass, limit in BELLE2[model].items():
        found = couplings(model, mass)
        partial, clauses = recasts.widths(found, mass), belle2_zprime.clauses(recasts.model(found), mass)[:1]
        g = limit * math.sqrt(1.0 / 0.99)
        width = 0.075 if model == "B-L_boson" else 0.005
        assert recasts.ratio(clauses, partial, g * (1 + width)) > 1.0, mass
        assert recasts.ratio(clauses, partial, g * (1 - width)) < 1.0, mass
