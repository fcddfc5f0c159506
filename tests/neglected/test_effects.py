"""The sizes of single effects: golden numbers of the paper's fits, invariance, and two settings computed apart."""

from __future__ import annotations

import math

import numpy as np
import pytest

import zdscan
from tests.support.verdicts import OF_2024
from zdscan.inputs import constants

C = constants.load()
LOGARITHM = 2.0 * math.log(C["cutoff_induced"] / C["MW"])


def sizes(case: object, *point: float, **settings: object) -> dict[str, float]:
    found = zdscan.evaluate(case, *point, **settings).neglected
    return {item.effect.id: item.size for item in found}


@pytest.mark.parametrize(
    ("case", "mass", "g_mu", "per_logarithm"), [("B", 0.0103, 0.28, 11.0), ("C", 0.0302, 0.033, 0.15)]
)
def test_golden_sizes_at_the_fits_of_the_paper(case, mass, g_mu, per_logarithm):
    """eps_z g_mu = -1e-5: 11 L and 0.15 L times the vertex that is kept."""
    size = sizes(case, mass, 0.0, -1e-5 / g_mu, g_mu)["induced_current"]
    assert size / LOGARITHM == pytest.approx(per_logarithm, rel=0.03)


@pytest.mark.parametrize("case", ["B", "C"])
@pytest.mark.parametrize("factor", [-1.0, 1e-3, 7.0])
def test_ratios_are_those_of_couplings(case, factor):
    """A common factor of all couplings drops out of what is induced over what is kept."""
    point = np.array([1e-4, -2e-4, 3e-3])
    here = sizes(case, 0.03, *point, theory="complete")
    there = sizes(case, 0.03, *(factor * point), theory="complete")
    assert set(here) == {"induced_current", "induced_mixing"}
    for name, size in here.items():
        assert there[name] == pytest.approx(size, rel=1e-9), name


def test_case_c_induces_through_its_electron_as_well():
    """Without g_mu: the electron that mixing passes over breaks isospin like a muon with gL = e eps."""
    electron = sizes("C", 0.02, 1e-4, 0.0, 0.0, theory="complete")["induced_current"]
    muon = sizes("B", 0.02, 1e-4, 0.0, C["e"] * 1e-4, theory="complete")["induced_current"]
    assert electron == pytest.approx(muon, rel=1e-9)


@pytest.mark.parametrize(("mass", "expected"), [(0.32, 2.15), (0.4, 1.58), (0.9, 1.09)])
def test_golden_sizes_of_on_shell_muon_rows(mass, expected):
    """Theory paper against BR x BR for the Z's couplings, which are nearly axial for the muon.

    The branching ratio has another total width in theory complete, which has the decays of axial quark currents.
    """
    paper, complete = (
        zdscan.evaluate("A", mass, 0.0, 1e-4, theory=theory, **OF_2024) for theory in ("paper", "complete")
    )
    found = {item.effect.id: item for item in paper.neglected}
    wider = float(complete.widths["total"] / paper.widths["total"])
    assert found["paper_rows"].size / wider == pytest.approx(expected, abs=0.006)
    assert "mumu" in found["paper_rows"].text


def test_the_setting_paper_is_compared_with_complete_at_the_same_emission():
    """B_s -> mu mu: C10 of a light vector gets the factor 1 - m_Bs^2/M^2 with the longitudinal part."""
    settings = {"emission": "lepton", "constraints": ["bs_mumu"], "level": "published"}
    point = ("C", 0.0302, 0.0, -1e-5 / 0.033, 0.033)
    paper, complete = (zdscan.evaluate(*point, theory=theory, **settings) for theory in ("paper", "complete"))
    found = {item.effect.id: item.size for item in paper.neglected}
    assert found["paper_constraints"] == pytest.approx(float(paper.ratios[0] / complete.ratios[0]), rel=1e-12)
    assert found["paper_constraints"] < 0.1


def test_radiation_of_the_lepton_alone_is_compared_with_the_whole():
    """A dark photon of 10 MeV in W decays: far above the sum that current conservation cuts down."""
    point = ("A", 0.01, 1e-2)
    lepton, complete = (
        zdscan.evaluate(*point, emission=emission, constraints=["w_width"]) for emission in ("lepton", "complete")
    )
    expected = float(lepton.ratios[0] / complete.ratios[0])
    assert expected > 1e4
    found = {item.effect.id: item for item in lepton.neglected}
    assert found["emission_lepton"].size == pytest.approx(expected, rel=1e-12)
    assert "w_width" in found["emission_lepton"].text
    assert not complete.neglected


def test_without_constraints_that_bear_on_the_verdict_nothing_is_said_of_them():
    assert zdscan.evaluate("A", 0.01, 1e-6, constraints=["w_width"]).neglected == ()


def test_a_width_that_both_settings_share_is_none_of_the_effects():
    """Below every difference of the two settings in widths: 20 MeV, electrons and neutrinos alone."""
    assert "paper_width" not in sizes("A", 0.02, 1e-4, 1e-3, theory="paper")
