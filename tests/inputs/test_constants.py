"""The constants: independent values, their provenance, and damaged files."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import brentq

from tests.support.references import BIBLIOGRAPHY
from zdscan.errors import UserError
from zdscan.inputs import constants, read_data


def test_constants_match_independent_values() -> None:
    c = constants.load()
    assert c["e"] == pytest.approx(0.3028221208718, abs=1e-13)
    assert c["gz"] == pytest.approx(0.7407012373374, abs=1e-13)
    # One-loop prefactor and loop variables: GF MW^2/(4 sqrt2 pi^2), (m/MW)^2.
    prefactor = c["GF"] * c["MW"] ** 2 / (4 * math.sqrt(2) * math.pi**2)
    assert prefactor == pytest.approx(1.349672597837e-3, rel=1e-12)
    assert (c["m_t_loop"] / c["MW"]) ** 2 == pytest.approx(4.137823, abs=1e-6)
    assert (c["m_c_loop"] / c["MW"]) ** 2 == pytest.approx(2.49657e-4, abs=1e-9)
    assert (c["m_u_loop"] / c["MW"]) ** 2 == pytest.approx(6.1915e-10, abs=1e-14)
    # 4 GF/sqrt2 e^2/(16 pi^2) at 4.8 GeV.
    assert 4 * c["GF"] / math.sqrt(2) * c["alpha_e_48"] / (4 * math.pi) == pytest.approx(1.987093e-8, abs=1e-14)
    assert c.error("DeltaM_Bs_SM") == (0.7, 1.2)
    assert c.error("delta_a_mu") == (63e-11, 63e-11)
    # The quoted difference of experiment and theory is rounded to 1e-11.
    assert c["a_mu_exp"] - c["a_mu_SM"] == pytest.approx(c["delta_a_mu"], abs=0.6e-11)


def test_lifetimes_in_seconds() -> None:
    """Rounded PDG lifetimes, in seconds."""
    c = constants.load()
    seconds = {"Bs": 1.52e-12, "B0": 1.519e-12, "Bplus": 1.638e-12, "Kplus": 1.238e-8, "KL": 5.116e-8, "pi0": 8.43e-17}
    for meson, lifetime in seconds.items():
        assert c[f"tau_{meson}"] * c["hbar"] * 1e-12 == pytest.approx(lifetime, rel=3e-3)


@pytest.mark.parametrize("transition", ["bs", "bd", "sd"])
def test_ckm_products_are_unitary(transition: str) -> None:
    c = constants.load()
    products = [c.complex(f"lambda_{transition}_{quark}") for quark in "uct"]
    assert abs(sum(products)) < 1e-13 * max(map(abs, products)) * 10


def _ckm(delta: float) -> np.ndarray:
    """Standard parametrisation for V_us = 0.2248, V_cb = 0.04197, |V_ub| = 0.00364 and the Dirac phase delta."""
    s13 = 0.00364
    c13 = math.sqrt(1 - s13**2)
    s12, s23 = 0.2248 / c13, 0.04197 / c13
    c12, c23 = math.sqrt(1 - s12**2), math.sqrt(1 - s23**2)
    phase = complex(math.cos(delta), math.sin(delta))
    return np.array(
        [
            [c12 * c13, s12 * c13, s13 / phase],
            [-s12 * c23 - c12 * s23 * s13 * phase, c12 * c23 - s12 * s23 * s13 * phase, s23 * c13],
            [s12 * s23 - c12 * c23 * s13 * phase, -c12 * s23 - s12 * c23 * s13 * phase, c23 * c13],
        ]
    )


def test_ckm_products_follow_from_the_parameters() -> None:
    """An independent construction of the matrix, its phase fixed by gamma = arg(-V_ud V_ub^* / V_cd V_cb^*) = 1.15."""

    def excess(delta: float) -> float:
        v = _ckm(delta)
        return float(np.angle(-v[0, 0] * np.conj(v[0, 2]) / (v[1, 0] * np.conj(v[1, 2])))) - 1.15

    v = _ckm(brentq(excess, 1.0, 1.3, xtol=1e-15, rtol=1e-14))
    c = constants.load()
    for name, (start, end) in {"bs": (2, 1), "bd": (2, 0), "sd": (1, 0)}.items():
        for i, quark in enumerate("uct"):
            expected = np.conj(v[i, end]) * v[i, start]
            assert abs(c.complex(f"lambda_{name}_{quark}") - expected) < 1e-12


def test_every_constant_says_where_it_comes_from() -> None:
    for name, entry in constants.load().entries.items():
        assert entry.unit, name
        assert entry.source, name
        assert entry.grade in "ABC", name
        assert set(entry.cite) <= BIBLIOGRAPHY, name


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('source = "PDG 2022 (muon lifetime)", ', "", "constant GF: field source"),
        ("value = 80.377", "value = inf", "constant MW: field value"),
        ("[leptons]", "[leptons]\nGF = { value = 1.0 }", "GF is given twice"),
        ("MZ  ", "MZZ ", "MZ are missing"),
    ],
)
def test_a_damaged_constant_is_refused(old: str, new: str, told: str) -> None:
    text = read_data(constants.FILE).decode()
    assert old in text
    with pytest.raises(UserError) as caught:
        constants.parse(text.replace(old, new))
    assert constants.FILE in str(caught.value)
    assert told in str(caught.value)


def test_wrong_names_name_the_nearest() -> None:
    with pytest.raises(UserError, match=r"[Dd]id you mean '?sin2_theta_w"):
        constants.load()["sin2_theta"]
    with pytest.raises(UserError, match="complex"):
        constants.load()["lambda_bs_t"]
