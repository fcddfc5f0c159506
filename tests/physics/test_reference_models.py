"""The vectors that searches quote limits for, against the program's own points and closed forms."""

from __future__ import annotations

import math

import pytest

import zdscan
from tests.support.verdicts import model
from zdscan.inputs import constants
from zdscan.physics import search
from zdscan.physics.reference_models import REFERENCES, reference

C = constants.load()
MASSES = [0.011, 0.15, 0.25, 0.5, 0.78, 1.3, 1.95]


def of(name: str, mass: float, theory: str = "complete"):
    return reference(name, model("A", theory), mass)


@pytest.mark.parametrize("mass", MASSES)
@pytest.mark.parametrize("theory", ["paper", "complete"])
def test_a_dark_photon_is_case_a_of_unit_mixing(mass: float, theory: str) -> None:
    widths = zdscan.evaluate("A", mass, 1.0, theory=theory, constraints=[]).widths
    found = of("dark photon", mass, theory)
    for channel in ("ee", "mumu", "hadrons"):
        assert found.widths[channel] == pytest.approx(float(widths[channel]), rel=1e-12)
        assert found.fraction([channel]) == pytest.approx(float(widths[channel] / widths["total"]), rel=1e-12)
    assert found.width == pytest.approx(float(widths["total"]), rel=1e-12)
    assert found.produced == 1.0
    if mass < 0.28 and theory == "paper":  # in complete pi0 gamma of the isovector current counts with pi+ pi-
        assert found.widths["pipi"] == 0.0
    assert found.widths["pipi"] <= found.widths["hadrons"] * (1 + 1e-12)


def test_searches_for_pions_begin_where_pi0_gamma_is_small() -> None:
    """pi0 gamma of the isovector current is below 0.3% of pi+ pi- there."""
    for group in search.groups().values():
        for item in map(search.load, group.searches):
            if "pipi" in item.channels:
                least = min(low for low, _ in item.numbers.ranges)
                paper, complete = (of("dark photon", least, theory).widths["pipi"] for theory in ("paper", "complete"))
                assert least > 0.5
                assert complete == pytest.approx(paper, rel=0.05)  # another table of pi+ pi- as well
                assert mesons_share(least) < 3e-3


def mesons_share(mass: float) -> float:
    """Gamma(rho -> pi0 gamma)/Gamma(rho -> pi pi), 4.7e-4 at the peak, with the momenta of both away from it."""
    rho, pion, neutral = 0.77526, C["m_piplus"], C["m_pi0"]
    photon = ((mass**2 - neutral**2) / mass / ((rho**2 - neutral**2) / rho)) ** 3
    pions = ((mass**2 - 4 * pion**2) / (rho**2 - 4 * pion**2)) ** 1.5
    return 4.7e-4 * photon / pions


@pytest.mark.parametrize("mass", MASSES)
def test_one_without_hadrons_decays_to_leptons_alone(mass: float) -> None:
    whole, leptonic = of("dark photon", mass), of("dark photon without hadrons", mass)
    assert leptonic.width == pytest.approx(whole.widths["ee"] + whole.widths["mumu"], rel=1e-14)
    assert leptonic.fraction(["ee", "mumu"]) == pytest.approx(1.0, rel=1e-14)


@pytest.mark.parametrize("mass", MASSES)
def test_mu_minus_tau_is_the_named_model(mass: float) -> None:
    widths = zdscan.evaluate("l_mu_l_tau", mass, 1.0, constraints=[]).widths
    found = of("L_mu - L_tau", mass)
    assert found.widths["mumu"] == pytest.approx(float(widths["mumu"]), rel=1e-12, abs=1e-300)
    assert found.widths["invisible"] == pytest.approx(2 * mass / (24 * math.pi), rel=1e-12)
    assert found.width == pytest.approx(float(widths["total"]), rel=1e-12)
    assert found.produced * C["e"] ** 2 == pytest.approx(1.0, rel=1e-14)  # a dark photon of eps = 1 couples with e


def test_an_invisible_one_is_invisible() -> None:
    assert of("invisible", 0.3).fraction(["invisible"]) == 1.0
    assert of("invisible", 0.3).fraction(["ee"]) == 0.0
    assert set(REFERENCES) == {"dark photon", "dark photon without hadrons", "L_mu - L_tau", "invisible"}
