"""What direct couplings induce: coefficients against Dirac matrices and widths, limits, and the sums over doublets."""

from __future__ import annotations

import dataclasses
import math

import mpmath
import numpy as np
import pytest

from tests.twins import induced as twin
from tests.twins.loop_integrals import loop_function
from zdscan.evaluation.engine import build_physics
from zdscan.inputs import constants
from zdscan.physics.cases import COUPLINGS, Case, named_case
from zdscan.physics.induced import (
    induced_gww,
    induced_mixing,
    isospin_breaking,
    mixing_part,
    monopole_of_gww,
)

C = constants.load()
G_SQUARED = 4.0 * math.sqrt(2.0) * C["GF"] * C["MW"] ** 2
W_LOGARITHM = 2.0 * math.log(C["cutoff_induced"] / C["MW"])
NOTHING = dict.fromkeys(COUPLINGS, 0.0)
POINTS = [(1e-3, 0.0), (0.0, 1e-3), (2e-4, -3e-5)]


def couplings(case: str, eps: float, eps_z: float, g_mu: float = 0.0) -> dict[str, np.ndarray]:
    return {name: np.array([value]) for name, value in named_case(case).couplings(eps, eps_z, g_mu).items()}


def own(**given: float) -> dict[str, np.ndarray]:
    return {name: np.array([value]) for name, value in {**NOTHING, **given}.items()}


@pytest.mark.parametrize(("up", "down"), [(1.0, 0.0), (0.0, 1.0), (0.3, -1.7)])
def test_the_divergent_triangle_is_the_yang_mills_vertex_times_the_difference(up, down):
    """All 64 components, from explicit traces: (g_up - g_down)/3 of the tree vertex per g^2/(16 pi^2) ln."""
    p, q = np.array([0.3, 0.1, -0.2, 0.5]), np.array([-0.7, 0.4, 0.3, 0.2])
    expected = (up - down) / 3.0 * twin.yang_mills(p, q)
    np.testing.assert_allclose(twin.triangle(up, down, p, q), expected, atol=1e-13)


def test_a_doublet_of_equal_members_induces_nothing():
    p, q = np.array([0.3, 0.1, -0.2, 0.5]), np.array([-0.7, 0.4, 0.3, 0.2])
    assert np.max(np.abs(twin.triangle(1.0, 1.0, p, q))) < 1e-13
    assert isospin_breaking(own(v_mu=0.5, a_mu=0.5, g_numu=1.0))[0] == 0.0
    assert isospin_breaking(own(v_u=0.1, v_d=0.1, v_s=0.1))[0] == 0.0


def test_the_triangle_and_the_self_energy_of_the_w_have_one_coefficient():
    """The spectral density of W -> l nu gives that of the self-energy: what a matching gWW takes away again."""
    p, q = np.array([0.3, 0.1, -0.2, 0.5]), np.array([-0.7, 0.4, 0.3, 0.2])
    triangle = twin.triangle(1.0, 0.0, p, q)[0, 0, 3] / twin.yang_mills(p, q)[0, 0, 3] * G_SQUARED / (16.0 * np.pi**2)
    self_energy = twin.spectral_logarithm(*(math.sqrt(G_SQUARED / 2.0), 0.0) * 2)
    assert triangle.real == pytest.approx(self_energy, rel=1e-8)  # spinors of mass 1e-5 of the energy: 1e-10
    assert float(induced_gww(couplings("B", 0.0, 0.0, 1.0), C)[0]) == pytest.approx(
        -self_energy * W_LOGARITHM, rel=1e-8
    )


def test_golden_sizes_of_the_muon():
    """9.0e-4 L g_mu, hence |E0| = 1.7e-7 L g_mu beside 1.27e-4 eps_z; equal at eps_z = 1.4e-3 L g_mu."""
    gww = abs(float(induced_gww(couplings("B", 0.0, 0.0, 1.0), C)[0])) / W_LOGARITHM
    assert gww == pytest.approx(9.0e-4, rel=0.01)
    induced = abs(monopole_of_gww("bs")) * gww
    assert induced == pytest.approx(1.7e-7, rel=0.02)
    kept = abs(build_physics(named_case("B")).model.vertex("bs").e0[1])
    assert kept == pytest.approx(1.27e-4, rel=0.01)
    assert induced / kept == pytest.approx(1.4e-3, rel=0.03)


@pytest.mark.parametrize("transition", ["bs", "sd"])
def test_the_vertex_of_a_w_coupling_follows_from_feynman_parameters(transition):
    k = C["GF"] * C["MW"] ** 2 / (4.0 * math.sqrt(2.0) * math.pi**2)
    expected = k * sum(
        C.complex(f"lambda_{transition}_{quark}")
        * float(loop_function("E0", "WW", (C[f"m_{quark}_loop"] / C["MW"]) ** 2, 20))
        for quark in "uct"
    )
    assert monopole_of_gww(transition) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("eps", "eps_z"), POINTS)
def test_mixing_alone_breaks_nothing(eps, eps_z):
    """The photon's and the Z's couplings match the W's in every doublet, and account for every vector coupling."""
    mixed = couplings("A", eps, eps_z)
    assert isospin_breaking(mixed)[0] == 0.0
    assert induced_mixing(mixed, 0.02, C)[0] == 0.0
    found = mixing_part(mixed, C)
    assert [float(value[0]) for value in found] == pytest.approx([eps, eps_z], rel=1e-12, abs=1e-18)


@pytest.mark.parametrize("fermion", ["e", "mu"])
def test_a_lepton_that_mixing_passes_over_breaks_isospin(fermion):
    """Case C: the electron without, nu_e and the W with their mixing couplings."""
    left = named_case("A").couplings(2e-4, 3e-4, 0.0)
    without = {**left, f"v_{fermion}": 0.0, f"a_{fermion}": 0.0}
    expected = left[f"v_{fermion}"] + left[f"a_{fermion}"]
    found = isospin_breaking({name: np.array([value]) for name, value in without.items()})[0]
    assert found == pytest.approx(expected, rel=1e-9)


def test_quarks_count_three_generations_of_three_colours():
    assert isospin_breaking(own(v_u=0.2, a_u=0.1, v_d=0.05, v_s=0.05))[0] == pytest.approx(9.0 * 0.25)


@pytest.mark.parametrize("pair", [("e", "mu"), ("mu", "e")])
def test_differences_of_lepton_numbers_are_conserved(pair):
    first, second = pair
    vector = {f"v_{first}": 1.0, f"g_nu{first}": 1.0, f"v_{second}": -1.0, f"g_nu{second}": -1.0}
    assert isospin_breaking(own(**vector))[0] == 0.0


def test_the_tau_counts_where_a_matrix_has_it():
    """Beside muon and tau alike: L_mu - L_tau breaks nothing and mixes as ln(m_tau^2/m_mu^2); a tau alone breaks."""
    difference = own(v_mu=1.0, g_numu=1.0, v_tau=-1.0, a_tau=0.0, g_nutau=-1.0)
    assert isospin_breaking(difference)[0] == 0.0
    expected = C["e"] / (6.0 * math.pi**2) * math.log(C["m_tau"] / C["m_mu"])
    assert abs(induced_mixing(difference, 1e-6, C)[0]) == pytest.approx(expected, rel=1e-9)
    assert expected == pytest.approx(1.0 / 70.0, rel=0.02)
    assert isospin_breaking(own(v_tau=0.3, a_tau=0.2))[0] == pytest.approx(-0.5)
    photon = {**couplings("A", 1e-3, 0.0), "v_tau": np.array([-C["e"] * 1e-3]), "a_tau": np.zeros(1)}
    assert isospin_breaking(photon)[0] == 0.0


def test_induced_mixing_is_the_vacuum_polarisation_below_a_heavy_copy():
    """Pauli-Villars: a copy of the muon with the cut-off as mass, the loop integrated over its Feynman parameter.

    At q^2 = M^2 with M above the muon's mass the largest of the masses stands for the whole: good to a tenth.
    """
    m, cutoff = C["m_mu"], C["cutoff_induced"]
    spectral = twin.spectral_logarithm(C["e"], C["e"], 1.0, 1.0)  # e/(12 pi^2), from spinors

    def exact(q2: float) -> float:
        def integrand(x: mpmath.mpf) -> mpmath.mpf:
            light, heavy = m**2 - x * (1 - x) * q2, cutoff**2 - x * (1 - x) * q2
            return 6 * x * (1 - x) * mpmath.log(abs(heavy / light))

        points = [0, 0.5, 1]
        if q2 > 4 * m**2:  # the logarithm's singular points
            root = mpmath.sqrt(1 - 4 * m**2 / q2) / 2
            points = [0, 0.5 - root, 0.5, 0.5 + root, 1]
        return spectral * float(mpmath.quad(integrand, points))

    found = abs(induced_mixing(couplings("B", 0.0, 0.0, 1.0), 1e-6, C)[0])
    assert found == pytest.approx(exact(0.0), rel=1e-8)
    for mass in (0.01, 0.1, 0.3, 1.0, 2.0):
        found = abs(induced_mixing(couplings("B", 0.0, 0.0, 1.0), mass, C)[0])
        assert found == pytest.approx(exact(mass**2), rel=0.15), mass


@pytest.mark.parametrize(("cutoff", "expected"), [(100.0, 0.035), (1000.0, 0.047), (3000.0, 0.052)])
def test_golden_mixing_of_the_muon(cutoff, expected):
    """0.03 to 0.05 g_mu for cut-offs from 100 GeV to some TeV."""
    entries = {**C.entries, "cutoff_induced": C.entries["cutoff_induced"].model_copy(update={"value": cutoff})}
    changed = dataclasses.replace(C, entries=entries)
    assert abs(induced_mixing(couplings("B", 0.0, 0.0, 1.0), 0.01, changed)[0]) == pytest.approx(expected, rel=0.02)


def test_the_difference_of_two_charged_leptons_mixes_without_a_cut_off():
    """L_mu - L_e: e/(12 pi^2) ln(m_mu^2/m_e^2), the vector lighter than both."""
    found = induced_mixing(own(v_mu=1.0, v_e=-1.0, g_numu=1.0, g_nue=-1.0), 1e-6, C)[0]
    expected = C["e"] / (12.0 * math.pi**2) * 2.0 * math.log(C["m_mu"] / C["m_e"])
    assert found == pytest.approx(expected, rel=1e-9)


def test_kaons_would_bound_the_muon_coupling_through_the_w():
    """K -> pi X at 10 MeV through the induced W coupling: g_mu below (2-12)e-6 for L from 5 to 1."""
    matrix = np.zeros((len(COUPLINGS), 3))
    matrix[COUPLINGS.index("gWW"), 0] = 1.0
    physics = build_physics(Case("w alone", "", matrix), constraints=["k_pi_x"], level="published")
    ratio = physics.quantities(physics.mass_tables(0.01), np.array([[1e-8], [0.0], [0.0]]), ("ratios",))["ratios"][0, 0]
    bound = 1e-8 / math.sqrt(ratio) / 9.0e-4
    assert bound == pytest.approx(1.1e-5, rel=0.15)
    assert bound / W_LOGARITHM == pytest.approx(2.1e-6, rel=0.15)
