"""Kinetic mixing from lepton loops: integration, values worked out independently, limits, use by cases."""

from __future__ import annotations

import numpy as np
import pytest

from tests.twins import mixing_loop
from zdscan import evaluate
from zdscan.errors import UserError
from zdscan.inputs import constants
from zdscan.physics import loop_mixing
from zdscan.physics.cases import named_case

E = 0.3028221208718

PAIRS = {"l_mu_l_tau": ("mu", "tau"), "l_e_l_mu": ("e", "mu"), "l_e_l_tau": ("e", "tau")}


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("mass", [0.01, 0.1, 0.2113, 0.215, 0.3, 0.77, 1.0, 2.0])
def test_mixing_from_loops_against_integration(name, mass) -> None:
    """The closed form; masses of leptons and alpha here are of the PDG and agree with the constants to 1e-8."""
    case = named_case(name)
    found = loop_mixing.mixing(mass, case.matrix[:, 0], constants.load())
    wanted = mixing_loop.mixing(mass, *PAIRS[name])
    scale = abs(mixing_loop.mixing(0.01, *PAIRS[name]))  # of the terms that cancel, of order 0.02
    assert abs(found - wanted) < 3e-7 * scale


@pytest.mark.parametrize(
    ("name", "mass", "size"),
    [
        *(("l_mu_l_tau", m, s) for m, s in ((0.01, 0.01444), (0.1, 0.01494), (0.215, 0.02100), (1.0, 0.01079))),
        *(("l_e_l_mu", m, s) for m, s in ((0.01, 0.01822), (0.1, 0.00899), (0.3, 0.00275), (1.0, 1.8e-4))),
        *(("l_e_l_tau", m, s) for m, s in ((0.01, 0.03182), (0.1, 0.02060), (0.3, 0.01557), (1.0, 0.01067))),
    ],
)
def test_sizes_of_mixing(name, mass, size) -> None:
    """Values worked out independently, to the digits they are given with."""
    case = named_case(name)
    assert abs(loop_mixing.mixing(mass, case.matrix[:, 0], constants.load())) == pytest.approx(size, rel=6e-3)


def test_heavy_leptons_mix_by_their_logarithm() -> None:
    """Far below both thresholds eps/g = (e/12 pi^2) ln(m_j^2/m_i^2)."""
    c = constants.load()
    found = loop_mixing.mixing(1e-4, named_case("l_mu_l_tau").matrix[:, 0], c)
    assert found.real == pytest.approx(c["e"] / (12 * np.pi**2) * np.log(c["m_tau"] ** 2 / c["m_mu"] ** 2), rel=1e-5)


def test_mixing_gives_electrons_a_coupling() -> None:
    plain = evaluate("l_mu_l_tau", [0.05, 0.3], g=1e-3, constraints="paper")
    loop = evaluate("l_mu_l_tau", [0.05, 0.3], g=1e-3, mixing="loop", constraints="paper")
    assert np.all(plain.couplings["v_e"] == 0.0)
    sizes = [abs(mixing_loop.mixing(m, "mu", "tau")) for m in (0.05, 0.3)]
    np.testing.assert_allclose(loop.couplings["v_e"], [-E * 1e-3 * size for size in sizes], rtol=1e-6)
    np.testing.assert_allclose(loop.couplings["v_u"], [2 / 3 * E * 1e-3 * size for size in sizes], rtol=1e-6)
    np.testing.assert_allclose(loop.couplings["g_numu"], 1e-3)
    assert np.all(loop.widths["ee"] > 0.0)
    explicit = evaluate("l_mu_l_tau", 0.05, g=1e-3, eps=1e-3 * sizes[0], constraints="paper")
    np.testing.assert_allclose(loop.ratios[0], explicit.ratios, rtol=1e-6)
    assert loop.chi2["all"][0] == pytest.approx(float(explicit.chi2["all"]), rel=1e-6)


def test_mixing_from_loops_must_be_finite() -> None:
    for name in ("b_l", "muonphilic", "A", "baryonic"):
        with pytest.raises(UserError, match="their charges sum to zero"):
            evaluate(name, 0.1, mixing="loop")
