"""The interpolation of rates with a radiated vector: against the integrals, the twin, and at the ends of its ranges."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from mpmath import mp, mpf

from tests.kernels.physics.test_threebody import extended
from tests.support.thinning import only
from tests.support.tolerances import THREE_BODY
from zdscan.calibration.tables import write_radiation
from zdscan.inputs import constants, tables
from zdscan.physics import radiation
from zdscan.physics.cases import CASES, COUPLINGS
from zdscan.physics.clause import Model

needs_extended_precision = pytest.mark.skipif(
    np.finfo(np.longdouble).eps > 2e-19, reason="the integrals behind the table need extended precision"
)
C = constants.load()
INTERPOLATION = 1e-11  # Chebyshev polynomials of degree 39
STRETCHES = [(decay, *both) for decay, found in radiation.table().items() for both in found]
NAMES = [f"{decay} from {stretch.low:.3f}" for decay, stretch, _ in STRETCHES]
CHANNELS = {"W": "W->mu", "K": "K->mu", "W_e": "W->e", "K_e": "K->e", "pi_e": "pi->e"}


def interpolated(stretch: radiation.Stretch, coefficients: np.ndarray, mass: float) -> np.ndarray:
    return np.tensordot(stretch.weights(mass), coefficients, 1)


def assert_close(value: np.ndarray, exact: np.ndarray, tolerance: float, rounding: float = 0.0) -> None:
    """Every product of couplings, against sqrt(I_ii I_jj): an interference may vanish. `rounding` is absolute."""
    size = np.sqrt(np.outer(np.diag(exact), np.diag(exact)))
    assert (np.abs(value - exact) <= tolerance * size + rounding).all()


def test_every_decay_is_tabulated_with_the_constants_of_this_version() -> None:
    assert set(radiation.table()) == set(radiation.DECAYS)


@needs_extended_precision
@pytest.mark.parametrize(("decay", "stretch", "coefficients"), STRETCHES, ids=NAMES)
def test_against_the_integrals(decay: str, stretch: radiation.Stretch, coefficients: np.ndarray) -> None:
    share = np.random.default_rng(7).uniform(0.0, 1.0, 12)
    for mass in (stretch.low, *(stretch.low * (stretch.high / stretch.low) ** share).tolist(), stretch.high):
        value = interpolated(stretch, coefficients, mass)
        exact = radiation.DECAYS[decay].integrals(C, mass, fine=True)
        assert_close(value, exact.astype(np.float64), INTERPOLATION)
        assert_close(value, radiation.DECAYS[decay].integrals(C, mass), THREE_BODY)


@needs_extended_precision
@pytest.mark.parametrize(
    ("decay", "mass"),
    only(
        [("W", 0.1), ("K", 0.01), ("K", 0.3), ("K_e", 0.1), ("pi_e", 0.05)],
        [
            *(("W", 0.01), ("W", 2.0), ("K", 0.0623)),
            *(("W_e", 0.01), ("W_e", 2.0), ("K_e", 0.01), ("K_e", 0.24), ("pi_e", 0.01)),
        ],
    ),
)
def test_conserved_and_other_currents_against_the_twin(decay: str, mass: float) -> None:
    """The explicit amplitudes of the twin in extended precision, turned to the couplings in which I is kept."""
    of_kernel = radiation.DECAYS[decay].of_kernel
    back = np.linalg.inv(of_kernel).round().astype(np.longdouble)
    exact = (back.T @ extended(CHANNELS[decay], mass) @ back).astype(np.float64)
    ((stretch, coefficients),) = radiation.table()[decay]
    # the twin squares before it is turned: of electrons it has to cancel up to ten of its nineteen digits
    rounding = 1e-15 * exact.max() if decay == "K_e" else 0.0
    assert_close(interpolated(stretch, coefficients, mass), exact, THREE_BODY, rounding)


def massless(m_parent: float, m_reference: float, mass: float) -> float:
    """Gamma(P -> l nu V)/Gamma(P -> l' nu) for a massless lepton and a vertex that alone radiates, with (gn-gL-gC) = 1.

    Then |M|^2 is p.k + 2 k.q p.q/M^2, and the inner integral is that of a parabola.
    """
    with mp.workdps(30):
        p2, v2, r2 = mpf(m_parent) ** 2, mpf(mass) ** 2, mpf(m_reference) ** 2

        def inner(y: mpf) -> mpf:
            low, high = v2 * p2 / y, p2 + v2 - y
            length, mean = high - low, (high + low) / 2
            return length * ((p2 + v2 - y - mean) / 2 + (y - v2) * (mean - v2) / (2 * v2))

        total = mp.quad(inner, [v2, 3 * v2, mp.sqrt(v2 * p2), p2])
        return float(total / (8 * mp.pi**2 * r2 * (p2 - r2) ** 2))


@pytest.mark.parametrize(("decay", "parent"), [("K_e", "m_Kplus"), ("pi_e", "m_piplus")])
@pytest.mark.parametrize("share", [0.08, 0.3, 0.49, 0.9])
def test_electrons_are_all_but_massless(decay: str, parent: str, share: float) -> None:
    """The one current that is not helicity suppressed: m_e^2 over the least mass and over what threshold leaves."""
    mass = share * C[parent]
    found = radiation.DECAYS[decay].integrals(C, mass)[0, 0]
    corrections = (C["m_e"] / mass) ** 2 + C["m_e"] / (C[parent] - mass) * 5.0 * (1.0 if share > 0.5 else 0.05)
    assert found == pytest.approx(massless(C[parent], C["m_mu"], mass), rel=corrections)


def _electrons(rows: dict[str, float], decay: str, mass: float) -> float:
    """The rate of a decay to an electron for a matrix of one column, emission "lepton" asked for muons."""
    matrix = np.zeros((len(COUPLINGS), 3))
    for name, value in rows.items():
        matrix[COUPLINGS.index(name), 0] = value
    return radiation.ratio(Model(matrix, "paper", "lepton", 1.0, "rashed2024"), mass, decay).terms[(2, 0, 0)].real


def test_rates_of_electrons_that_do_not_match_the_w() -> None:
    """Case C, per eps^2 at 10 MeV: the numbers of a calculation that has nothing to do with this one."""
    theory = Model(CASES["C"].matrix, "complete", "complete", 1.0, "rashed2024")
    rates = {decay: radiation.ratio(theory, 0.01, decay).terms[(2, 0, 0)].real for decay in ("K_e", "pi_e", "W_e")}
    assert C["BR_K_mu_nu"] * rates["K_e"] == pytest.approx(0.90, rel=0.01)
    assert rates["pi_e"] == pytest.approx(0.045, rel=0.01)
    assert C["Gamma_W_mu_nu"] * rates["W_e"] == pytest.approx(1.6e3, rel=0.02)
    heavy = {"K_e": C["m_Kplus"] - C["m_e"], "pi_e": C["m_piplus"] - C["m_e"]}
    for decay, end in heavy.items():
        assert not radiation.ratio(theory, end * (1.0 + 1e-9), decay).terms
        assert radiation.ratio(theory, 0.99 * end, decay).terms[(2, 0, 0)].real < 1e-9 * rates[decay]


@pytest.mark.parametrize(("decay", "suppressed"), [("K_e", 1e-5), ("pi_e", 1e-3), ("W_e", 1e-4)])
def test_matching_electrons_radiate_little(decay: str, suppressed: float) -> None:
    """A photon's couplings, and those of a lepton number with its neutrino: no 1/M^2, and mesons need m_e."""
    photon = {"v_e": -0.3, "v_u": 0.2, "v_d": -0.1, "v_s": -0.1, "gWW": 0.3, "gpp": 0.3, "gWp": 0.3}
    broken = _electrons({name: value for name, value in photon.items() if name != "v_e"}, decay, 0.01)
    assert 0.0 < _electrons(photon, decay, 0.01) < suppressed * broken
    assert 0.0 < _electrons({"v_e": 0.3, "g_nue": 0.3}, decay, 0.01) < suppressed * broken


def test_couplings_turn_into_those_of_the_kernel_and_back() -> None:
    """The new couplings vanish for conserved currents, and the change is invertible with integers."""
    conserved = {
        "W": {"gL": 0.7, "gR": 0.7, "gn": -0.4, "gW": -1.1},
        "K": {"gL": 0.7, "gR": 0.7, "gn": -0.4, "gf": -1.1, "gC": -1.1},
    }
    for name, couplings in conserved.items():
        decay = radiation.DECAYS[name]
        turned = decay.of_kernel @ np.array(list(couplings.values()))
        assert np.abs(turned[: decay.growing]).max() < 1e-15
        assert turned[decay.growing :].tolist() == [couplings[key] for key in decay.couplings[decay.growing :]]
        assert abs(abs(np.linalg.det(decay.of_kernel)) - 1.0) < 1e-12


@pytest.mark.parametrize("emission", ["lepton", "complete"])
@pytest.mark.parametrize("case", ["A", "B", "C"])
def test_rates_of_the_cases_go_on_where_the_table_ends(case: str, emission: str) -> None:
    """Inside and outside of every end the same polynomial, up to what the rate itself changes in between."""
    theory = Model(CASES[case].matrix, "complete", emission, 1.0, "rashed2024")
    for decay, stretch, _ in STRETCHES:
        for end in (stretch.low, stretch.high):
            inside, outside = end * (1.0 + 1e-13), end * (1.0 - 1e-13)
            found = [radiation.ratio(theory, mass, decay).terms for mass in (inside, outside)]
            assert found[0].keys() == found[1].keys()
            largest = max(abs(c) for c in found[0].values())
            for exponents, c in found[0].items():
                assert abs(c - found[1][exponents]) <= 2.0 * THREE_BODY * largest


def test_other_constants_are_not_served_from_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    found = dict(tables.arrays(tables.RADIATION))
    found["constants"] = found["constants"] * (1.0 + 1e-15)
    monkeypatch.setattr(tables, "arrays", lambda path: found)
    radiation.table.cache_clear()
    try:
        assert not radiation.table()
    finally:
        radiation.table.cache_clear()


def test_closed_above_threshold() -> None:
    theory = Model(CASES["B"].matrix, "complete", "complete", 1.0, "rashed2024")
    pion, kaon = C["m_piplus"] - C["m_mu"], C["m_Kplus"] - C["m_mu"]
    fast = math.sqrt(pion**2 - 2.0 * C["m_piplus"] * C["T_mu_split_pi_mu_nu_X"])
    for decay, end in (("K", kaon), ("pi_slow", pion), ("pi_fast", fast)):
        assert radiation.ratio(theory, end * (1.0 - 1e-4), decay).terms
        for mass in (end * (1.0 + 1e-12), 1.0):
            assert not radiation.ratio(theory, mass, decay).terms


def test_the_muon_alone_radiates_in_emission_lepton() -> None:
    """A vector that couples to neutrinos, quarks and the W alone: no rate with `lepton`, one with `complete`."""
    matrix = np.zeros((len(COUPLINGS), 3))
    matrix[[COUPLINGS.index(name) for name in ("g_numu", "v_u", "gWW")], 0] = 1.0
    for decay in ("W", "K", "pi_fast", "pi_slow"):  # electrons have no such setting
        rates = [
            radiation.ratio(Model(matrix, "complete", emission, 1.0, "rashed2024"), 0.02, decay).terms
            for emission in ("lepton", "complete")
        ]
        assert not rates[0]
        assert rates[1][(2, 0, 0)].real > 0.0


@needs_extended_precision
def test_the_table_is_rebuilt(tmp_path: Path) -> None:
    rebuilt, shipped = tables.arrays(write_radiation(tmp_path)), tables.arrays(tables.RADIATION)
    assert rebuilt.keys() == shipped.keys()
    for name, values in shipped.items():
        np.testing.assert_allclose(rebuilt[name], values, rtol=0, atol=1e-12 * np.abs(values).max())
