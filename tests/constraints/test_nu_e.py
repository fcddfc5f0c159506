"""Neutrino-electron scattering: responses against integrals over the recoil, and the published limits on B - L."""

from __future__ import annotations

import math
import tomllib

import pytest

from tests.support.paths import ROOT
from tests.twins import neutrino_electron, recasts
from zdscan.constraints.nu_e import CONSTRAINT, clauses

FLAVOURS = ("g_nue", "g_numu", "g_nutau")


def values(couplings: dict[str, float], mass: float, g: float) -> list[float]:
    found = clauses(recasts.model(couplings), mass)
    return [sum((c * g**i).real for (i, _, _), c in clause.polynomial.terms.items()) for clause in found]


@pytest.mark.parametrize("mass", [0.01, 0.04, 0.3, 2.0])
@pytest.mark.parametrize(
    "couplings",
    [
        {"v_e": -1.0, "g_nue": -1.0, "g_numu": -1.0, "g_nutau": -1.0},
        {"v_e": 0.4, "a_e": -0.7, "g_nue": -0.6, "g_numu": 0.3, "g_nutau": 0.9},
        {"v_e": -0.3, "a_e": 0.2, "g_nue": 0.0, "g_numu": 1.0, "g_nutau": -1.0},
    ],
)
def test_rates_against_integrals(couplings: dict[str, float], mass: float) -> None:
    """At couplings that change rates by tens of percent; 2% of the larger terms, mostly of the spectrum of TEXONO."""
    g = 0.9 * 1e-3 * math.hypot(mass, 0.003) / 0.2
    v, a = g * couplings["v_e"], g * couplings.get("a_e", 0.0)
    left = {name: g * couplings[name] * (v + a) for name in FLAVOURS}
    right = {name: g * couplings[name] * (v - a) for name in FLAVOURS}
    expected = [neutrino_electron.borexino(left, right, mass)]
    if couplings["g_nue"]:
        expected.append(neutrino_electron.texono(left["g_nue"], right["g_nue"], mass))
    expected.append(neutrino_electron.charm2(left["g_numu"], right["g_numu"], mass))
    found = values(couplings, mass, g)
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert one == pytest.approx(other, rel=0.02, abs=0.02)


@pytest.mark.parametrize(("place", "name"), list(enumerate(["borexino", "texono", "charm2"])))
def test_published_limits_on_b_minus_l(place: int, name: str) -> None:
    """To 5% in the coupling at all masses."""
    table = tomllib.loads((ROOT / "tests" / "data" / "recasts" / f"limits_{name}_bl.toml").read_text())
    points = [point for segment in table["segment"] for point in segment["points"] if 0.01 <= point[0] <= 2.0]
    charges = {"v_e": -1.0} | dict.fromkeys(FLAVOURS, -1.0)
    for mass, limit in points:
        clause = clauses(recasts.model(charges), mass)[place]
        low, high = (abs(values(charges, mass, factor * limit)[place]) for factor in (0.95, 1.05))
        assert low < clause.up < high, mass
    assert len(points) > 20


def test_couplings_of_the_z_double_both() -> None:
    """A vector with couplings and mass of the Z at small momenta: g_L and g_R double, the rate is four times as large.

    Extrapolated from 2 GeV, where the responses are those of a contact interaction.
    """
    gz, mass, m_z = 0.740701, 2.0, 91.1876
    charges = {"v_e": gz * (-0.25 + 0.23122), "a_e": -gz / 4} | dict.fromkeys(FLAVOURS, gz / 2)
    found = values(charges, mass, mass / m_z)
    # the neutral current alone doubles; that of the W, in g_L of the electron's neutrino, does not
    assert found[2] == pytest.approx(3.0, rel=0.03)


def test_neutrinos_or_electrons_without_couplings() -> None:
    assert clauses(recasts.model({"v_e": 1.0}), 0.1) == []
    assert clauses(recasts.model({"v_mu": 1.0, "g_numu": 1.0, "g_nue": 1.0}), 0.1) == []
    assert len(clauses(recasts.model({"v_e": 1.0, "g_nutau": 1.0}), 0.1)) == 1
    assert CONSTRAINT.slots == 3
