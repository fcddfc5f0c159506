"""Productions against a dark photon's: flavour traces, published ratios, limits."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zdscan.inputs import against_mass, constants, mesons
from zdscan.physics import productions
from zdscan.physics.cases import COUPLINGS, named_case
from zdscan.physics.clause import Model

C = constants.load()
E, GZ, S2 = C["e"], C["gz"], C["sin2_theta_w"]
QUARKS = ("u", "d", "s")


def model(vector: dict[str, float], axial: dict[str, float] | None = None) -> Model:
    """Couplings per unit of eps, all others 0."""
    matrix = np.zeros((len(COUPLINGS), 3))
    for letter, couplings in (("v", vector), ("a", axial or {})):
        for fermion, value in couplings.items():
            matrix[COUPLINGS.index(f"{letter}_{fermion}"), 0] = value
    return Model(matrix, "complete", "complete", 1.0, "rashed2024")


def rate(name: str, of: Model, mass: float) -> float:
    """The production at eps = 1."""
    terms = productions.production(name, of, mass).terms
    assert set(terms) <= {(2, 0, 0)}
    value = terms.get((2, 0, 0), 0.0)
    assert abs(value.imag) < 1e-15
    return value.real


PHOTON = model({"e": -E, "mu": -E, "u": 2 / 3 * E, "d": -E / 3, "s": -E / 3})
B_MINUS_L = model({"e": -1.0, "mu": -1.0, "u": 1 / 3, "d": 1 / 3, "s": 1 / 3})
LEPTON, DOWN = GZ * (-1 / 4 + S2), GZ * (-1 / 4 + S2 / 3)
DARK_Z = model(
    {"e": LEPTON, "mu": LEPTON, "u": GZ * (1 / 4 - 2 / 3 * S2), "d": DOWN, "s": DOWN},
    {"e": -GZ / 4, "mu": -GZ / 4, "u": GZ / 4, "d": -GZ / 4, "s": -GZ / 4},
)


@pytest.mark.parametrize("name", productions.PRODUCTIONS)
@pytest.mark.parametrize("mass", [0.25, 0.6, 0.783, 1.0195, 1.9])
def test_a_dark_photon_is_the_unit(name: str, mass: float) -> None:
    assert rate(name, PHOTON, mass) == pytest.approx(1.0, rel=1e-12)


@pytest.mark.parametrize(
    ("name", "of", "published"),
    [
        # an independent calculation at 0.02, 0.1, 0.25, 0.4, 0.5 GeV, agreeing with Darkcast to 5e-7
        ("pi0_gamma", B_MINUS_L, (10.905, 10.902)),
        ("eta_gamma", B_MINUS_L, (2.7251, 2.6968, 2.5370, 2.2171, 1.9028)),
        ("etap_gamma", B_MINUS_L, (0.22234, 0.21732, 0.18891, 0.13245, 0.07838)),
        ("e_e", B_MINUS_L, (10.905,) * 5),
        ("pi0_gamma", DARK_Z, (2.110e-3, 2.119e-3)),
        ("eta_gamma", DARK_Z, (0.12373, 0.12485, 0.13140, 0.14592, 0.16331)),
        ("etap_gamma", DARK_Z, (0.55465, 0.55318, 0.54452, 0.52535, 0.50291)),
        ("e_e", DARK_Z, (0.37604,) * 5),
    ],
)
def test_published_ratios(name: str, of: Model, published: tuple[float, ...]) -> None:
    """To the digits given; the couplings of the Z have five."""
    for mass, expected in zip((0.02, 0.1, 0.25, 0.4, 0.5), published, strict=False):
        assert rate(name, of, mass) == pytest.approx(expected, rel=3e-4)


@pytest.mark.parametrize(
    ("of", "published"),
    [
        # Darkcast 2.1, LHCb's search of 2019; its 482 masses against 29 here: 1.3%
        (
            B_MINUS_L,
            {0.2141: 2.178, 0.321: 1.905, 0.4818: 1.558, 0.7244: 7.680, 0.887: 7.767, 1.332: 4.179, 1.997: 4.32},
        ),
        (
            DARK_Z,
            {0.2141: 0.3964, 0.321: 0.4302, 0.4818: 0.7394, 0.7244: 0.5769, 0.887: 1.043, 1.332: 1.677, 1.997: 1.747},
        ),
    ],
    ids=["B-L", "dark Z"],
)
def test_the_mixture_of_lhcb(of: Model, published: dict[float, float]) -> None:
    for mass, expected in published.items():
        assert rate("lhcb", of, mass) == pytest.approx(expected, rel=0.013)


@pytest.mark.parametrize(
    ("name", "generator"), [("pi0_gamma", (1, -1, 0)), ("eta_gamma", (1, 1, -1)), ("etap_gamma", (1, 1, 2))]
)
@settings(max_examples=20, deadline=None)
@given(v=st.lists(st.floats(-1, 1), min_size=3, max_size=3), mass=st.floats(0.02, 0.9))
def test_weights_are_traces_over_flavours(name: str, generator: tuple[int, ...], v: list[float], mass: float) -> None:
    """sum_V tr(T_P Q T_V) tr(T_V Q') BW_V, T_rho = (1, -1, 0)/2, T_omega = (1, 1, 0)/2, T_phi = (0, 0, 1)/sqrt2."""
    charge = np.diag([2 / 3, -1 / 3, -1 / 3])
    vectors = (np.diag([0.5, -0.5, 0]), np.diag([0.5, 0.5, 0]), np.diag([0, 0, math.sqrt(0.5)]))

    def amplitude(couplings: np.ndarray) -> complex:
        total = 0j
        for (m, width, channels), meson in zip(mesons.load().values(), vectors, strict=True):
            running = 0.0
            for share, m1, m2 in channels:

                def momentum_squared(s: float, m1: float = m1, m2: float = m2) -> float:
                    return max((s - (m1 + m2) ** 2) * (s - (m1 - m2) ** 2) / (4 * s), 0.0) * (s > (m1 + m2) ** 2)

                running += share * (momentum_squared(mass**2) / momentum_squared(m**2)) ** 1.5
            propagator = m**2 / (m**2 - mass**2 - 1j * m**2 * running * width / mass)
            total += np.trace(np.diag(generator) @ charge @ meson) * np.trace(meson @ couplings) * propagator
        return total

    expected = abs(amplitude(np.diag(v))) ** 2 / abs(amplitude(E * charge)) ** 2
    of = model(dict(zip(QUARKS, v, strict=True)))
    assert rate(name, of, mass) == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_axial_couplings_count_for_fermions_alone() -> None:
    """A pseudoscalar goes to gamma V by charge conjugation only through vectors; light quarks make both alike."""
    for name in productions.PRODUCTIONS:
        axial = model({}, {"u": 1.0, "d": 1.0, "s": 1.0, "e": 1.0, "mu": 1.0})
        vector = model({"u": 1.0, "d": 1.0, "s": 1.0, "e": 1.0, "mu": 1.0})
        if name in ("e_e", "e_brem", "mu_brem", "u_u", "d_d", "s_s"):
            assert rate(name, axial, 0.4) == rate(name, vector, 0.4) > 0.0
        elif name != "lhcb":
            assert rate(name, axial, 0.4) == 0.0


@settings(max_examples=40, deadline=None)
@given(
    v=st.lists(st.floats(-1, 1), min_size=3, max_size=3),
    mass=st.floats(0.215, 2.0),
    name=st.sampled_from(sorted(productions.PRODUCTIONS)),
)
def test_a_rate_is_not_negative_and_continuous(v: list[float], mass: float, name: str) -> None:
    of = model({**dict(zip(QUARKS, v, strict=True)), "e": v[0], "mu": v[1]})
    here, there = rate(name, of, mass), rate(name, of, mass * (1 + 1e-8))
    assert here >= -1e-9
    assert here == pytest.approx(there, rel=1e-3, abs=1e-3)


def test_proton_bremsstrahlung_sees_the_charge_of_the_proton() -> None:
    for v_u, v_d in ((0.3, 0.1), (0.2, -0.4)):
        assert rate("p_brem", model({"u": v_u, "d": v_d}), 1e-3) == pytest.approx(((2 * v_u + v_d) / E) ** 2, rel=1e-4)


def test_shares_of_lhcb_are_of_one_whole_and_end_with_the_table() -> None:
    """The rest is of channels that the table leaves out, and the polynomial divides it out.

    It is at most 6.5% (0.52 GeV) where the search has a limit, and 9.7% between its limits, at 0.57 GeV.
    """
    table = against_mass.load(productions.LHCB)
    assert set(table.columns) <= set(productions.PRODUCTIONS)
    limits = against_mass.load("lhcb_dark_photon")
    for mass in (*np.linspace(0.214, 2.05, 60), 0.5718):
        most = 0.098 if math.isnan(limits.at("eps_median", mass)) else 0.066
        assert sum(table.at(name, mass) for name in table.columns) == pytest.approx(1.0, abs=most)
    assert productions.production("lhcb", PHOTON, 0.2).terms == {}


def test_an_unknown_production_is_told_with_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"eta_gama.*eta_gamma"):
        productions.production("eta_gama", PHOTON, 0.3)


def test_every_production_can_be_missed_in_words() -> None:
    assert set(productions.UNMADE) == set(productions.PRODUCTIONS)


@pytest.mark.parametrize(
    ("case", "made"),
    [("dark_photon", True), ("A", False), ("b_l", False), ("protophobic", False), ("muonphilic", False)],
)
def test_of_a_dark_photon_alone(case: str, made: bool) -> None:
    """Couplings of all parameters must be those to charge, but for tau leptons: 1e-4 more is another model."""
    matrix = named_case(case).matrix
    of = Model(matrix, "complete", "complete", 1.0, "latest")
    assert any(productions.production("dark_photon", of, 0.1).terms.values()) is made
    if made:
        for name in ("v_mu", "a_e", "g_numu", "v_s"):
            other = matrix.copy()
            other[COUPLINGS.index(name), 0] += 1e-4 * matrix[COUPLINGS.index("v_u"), 0]
            of = Model(other, "complete", "complete", 1.0, "latest")
            assert not any(productions.production("dark_photon", of, 0.1).terms.values())
