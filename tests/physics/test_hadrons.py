"""The hadronic width of the setting `complete`: against amplitudes, DeLiVeR, Darkcast and quarks; `paper` as it was."""

from __future__ import annotations

import math
from operator import mul

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.twins import deliver
from tests.twins import hadrons as twin
from zdscan.inputs import hadronic
from zdscan.kernels.physics.widths import axial_factors, axial_products, hadronic_pairs
from zdscan.physics import hadrons

E, GZ, S2 = 0.302822, 0.740701, 0.23122
BARYON = (1 / 3, 1 / 3, 1 / 3)
PHOTON = (2 / 3 * E, -E / 3, -E / 3)
DARK_Z = tuple(GZ * x for x in (1 / 4 - 2 / 3 * S2, -1 / 4 + S2 / 3, -1 / 4 + S2 / 3))
DARK_Z_AXIAL = (GZ / 4, -GZ / 4, -GZ / 4)
NONE = (0.0, 0.0, 0.0)


def width(mass: float, vector: tuple[float, ...], axial: tuple[float, ...] = NONE, theory: str = "complete") -> float:
    """Gamma(hadrons), GeV."""
    products = [*hadronic_pairs(*vector, times=mul), *axial_products(*axial, times=mul)]
    return float(hadrons.factors(theory, mass) @ products)


def of_mesons(mass: float, c: tuple[float, float, float]) -> float:
    """R by currents without pi0 gamma, from the table."""
    table = hadronic.table(hadronic.FINE)
    rr, oo, pp, ro, rp, op = (float(np.interp(mass, table[:, 0], table[:, k])) for k in range(1, 7))
    r, o, p = c
    return rr * r * r + oo * o * o + pp * p * p + ro * r * o + rp * r * p + op * o * p


# ---- the table ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("c", [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (1.0, 1.0, 1.0), (1.0, -1.0, 0.0)])
@pytest.mark.parametrize("mass", [0.3, 0.45, 0.6, 0.74, 0.778, 0.782, 0.786, 0.81])
def test_two_and_three_pions_by_current(mass: float, c: tuple[float, float, float]) -> None:
    """Below 0.85 GeV there are no others but eta gamma (R < 0.002 beside the omega, 0.02 on it).

    1% is the interpolation (0.6%) and the twin's quadrature (0.2%).
    """
    exact = twin.two_pions(mass, *c[:2]) + (twin.three_pions(mass, c) if mass > 0.42 else 0.0)
    eta_photon = 0.02 if abs(mass - 0.782) < 0.005 else 0.003 if mass > 0.7 else 1e-4
    assert of_mesons(mass, c) == pytest.approx(exact, rel=0.01, abs=eta_photon)


@pytest.mark.parametrize("mass", [0.7775, 0.7815, 0.787])
def test_the_sign_of_rho_omega_interference_follows_the_couplings(mass: float) -> None:
    """It is odd in c_omega; the pions' part alone moves R of eps_z by 20% within 5 MeV of the omega."""
    plus, minus = of_mesons(mass, (1.0, 1.0, 0.0)), of_mesons(mass, (1.0, -1.0, 0.0))
    pions = twin.two_pions(mass, 1.0, 1.0) - twin.two_pions(mass, 1.0, -1.0)
    three = twin.three_pions(mass, (1.0, 1.0, 0.0)) - twin.three_pions(mass, (1.0, -1.0, 0.0))
    assert plus - minus == pytest.approx(pions + three, rel=0.02, abs=0.02)


def test_the_columns_are_a_positive_matrix() -> None:
    """No choice of couplings has a negative width."""
    for mass in np.linspace(0.27, 2.0, 700):
        rr, oo, pp, ro, rp, op = hadrons.response("complete", mass)
        matrix = np.array([[rr, ro / 2, rp / 2], [ro / 2, oo, op / 2], [rp / 2, op / 2, pp]])
        assert np.linalg.eigvalsh(matrix)[0] > -2e-3 * np.trace(matrix)


def test_the_photon_is_that_of_the_coarse_table() -> None:
    """At the nodes of the coarse table (DeLiVeR, within 3% of measured R): 3 pi has other pion masses here.

    Its nodes on the flanks of the phi are rounded to 0.1 MeV: 3%. 4% on the omega.
    """
    for row in hadronic.table():
        if row[0] > 0.3:
            photon = hadrons.response("complete", row[0]).sum()
            assert photon == pytest.approx(row[1:].sum(), rel=0.042), row[0]


@pytest.mark.parametrize("mass", [1.75, 1.87, 2.0])
def test_quarks_at_the_upper_end(mass: float) -> None:
    """3 sum v^2 M/(12 pi) (1 + alpha_s/pi): 9% more for isoscalar couplings; measured R of a photon within 12%."""
    quarks = 3 * mass / (12 * math.pi)
    assert width(mass, BARYON) == pytest.approx(1.09 * quarks / 3, rel=3e-3)
    assert width(mass, (0.0, 0.0, 1.0)) == pytest.approx(1.09 * quarks, rel=3e-3)
    assert width(mass, PHOTON) == pytest.approx(1.09 * quarks * E**2 * 2 / 3, rel=0.12)


# ---- published widths ---------------------------------------------------------------------------------------------


def test_baryon_number_against_deliver() -> None:
    """Within 6% where both have the same; below 0.79 GeV two things differ, and DeLiVeR is always the lower one.

    Its neutral pions weigh 140 MeV (phase space of pi0 gamma and 3 pi: 3 to 8% of the width, 25% at 0.2 GeV, where also
    its fit lies below the anomaly) and it leaves out pi+ pi- of an omega (up to 5% between 0.6 and 0.75 GeV).
    """
    for nominal, published in deliver.WIDTHS.items():
        ratio = width(nominal + deliver.OFFSET, BARYON) / published
        if nominal >= 0.79:
            assert abs(ratio - 1) < 0.06, nominal
        else:
            assert 1.04 < ratio < (1.32 if nominal < 0.35 else 1.15), nominal


@pytest.mark.parametrize("nominal", [0.7, 0.74, 0.76, 0.775, 0.782, 0.79, 0.82])
def test_the_difference_to_deliver_is_that_of_the_pions(nominal: float) -> None:
    """With pions of 140 MeV and without pi+ pi-, 3 pi and DeLiVeR's pi0 gamma make DeLiVeR's width to 2%."""
    mass = nominal + deliver.OFFSET
    scale = mass / (12 * math.pi)
    three = scale * twin.three_pions(mass, (0.0, 2.0, -1.0), 0.14, 0.14)
    assert three + twin.measured_pion_photon(mass, 0.0, 2.0, -1.0) == pytest.approx(deliver.WIDTHS[nominal], rel=0.02)


@pytest.mark.parametrize(
    ("mass", "published", "tolerance"),
    [
        # Darkcast 2.1 at eps = 1; its fits of e+ e- data are others: 5%, 3% at 1.4 GeV, 11% at 1.9 GeV
        (0.4, 1.955158e-4, 0.06),
        (0.6, 1.952928e-3, 0.06),
        (0.77, 1.901105e-2, 0.06),
        (1.0, 2.88223e-3, 0.06),
        (1.4, 5.570367e-3, 0.06),
        (1.9, 8.646283e-3, 0.12),
    ],
)
def test_dark_photon_against_darkcast(mass: float, published: float, tolerance: float) -> None:
    assert width(mass, PHOTON) == pytest.approx(published, rel=tolerance)


@pytest.mark.parametrize(
    ("mass", "hadronic_width", "total", "without"),
    [
        (1.0, 8.868252e-3, 1.609481e-2, 0.53),
        (1.4, 1.755886e-2, None, 0.45),
        (1.9, 2.109762e-2, None, 0.54),
    ],
)
def test_dark_z_has_axial_hadrons(mass: float, hadronic_width: float, total: float | None, without: float) -> None:
    """Darkcast at eps_z = 1, whose vector part is 10% lower at 1.9 GeV; half the total is of axial quarks."""
    full = width(mass, DARK_Z, DARK_Z_AXIAL)
    assert full == pytest.approx(hadronic_width, rel=0.06)
    flux = GZ**2 * mass / (12 * math.pi)
    leptons = 2 * flux * (1 / 16 + (-1 / 4 + S2) ** 2) + 3 * flux / 8
    if total is not None:
        assert full + leptons == pytest.approx(total, rel=0.06)
    share = (width(mass, DARK_Z) + leptons) / (hadronic_width + leptons)
    assert share == pytest.approx(without, rel=0.06)


# ---- axial currents -----------------------------------------------------------------------------------------------


def test_axial_currents_are_those_of_quarks_at_the_upper_end() -> None:
    """S = 1/2: 3 (a_u^2 + a_d^2) M/(12 pi), and 0.955 of that for the strange quark."""
    rng = np.random.default_rng(8)
    for mass in (1.6, 1.9, 2.0):
        quark = 3 * mass / (12 * math.pi)
        for _ in range(5):
            a_u, a_d, a_s = rng.normal(size=3)
            expected = quark * (a_u**2 + a_d**2 + 0.955 * a_s**2)
            assert width(mass, NONE, (a_u, a_d, a_s)) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("mass", "spectral"), [(0.76, 0.02493), (0.92, 0.3225), (1.0, 0.6575), (1.2, 0.9216), (1.4, 0.5599)]
)
def test_axial_isovector_width(mass: float, spectral: float) -> None:
    """Nodes of the tau's spectral function: M/(4 pi) (a_u - a_d)^2 S."""
    assert width(mass, NONE, (0.3, -0.2, 0.0)) == pytest.approx(mass / (4 * math.pi) * 0.25 * spectral, rel=1e-12)


def test_axial_strange_width_opens_with_two_kaons() -> None:
    """A seam of the source: from 0 to a quarter of the isovector one."""
    below, above = (axial_factors(mass, 0.6, 0.0, 0.0, 0.987, 0.66) for mass in (0.9869, 0.9871))
    assert below[2] == 0.0
    assert above[2] == pytest.approx(0.25 * above[0], rel=1e-12)
    interfering = axial_factors(1.2, 0.9216, 0.4572, 0.0, 0.987, 0.66)[2] * 4 * math.pi / 1.2
    assert interfering == pytest.approx(0.9216 / 4 + 0.4572 + 0.66 * math.sqrt(0.9216 * 0.4572), rel=1e-12)


def test_no_axial_hadrons_below_three_pions() -> None:
    assert width(0.359, NONE, (1.0, -1.0, 1.0)) == 0.0


# ---- both settings ------------------------------------------------------------------------------------------------


def test_paper_has_the_coarse_table_alone() -> None:
    """Without pi0 gamma and axial quarks, as in version 0.1.0: linear between 69 masses, zero below 0.28 GeV."""
    table = hadronic.table()
    for mass in (0.2, 0.2799, 0.31, 0.76, 1.0, 1.95, 2.0):
        expected = mass / (12 * math.pi) * np.array([np.interp(mass, table[:, 0], column) for column in table.T[1:]])
        found = hadrons.factors("paper", mass)
        np.testing.assert_allclose(found[:6], expected if mass > 0.28 else 0.0, rtol=1e-12, atol=1e-18)
        assert not found[6:].any()


@settings(max_examples=200, deadline=None)
@given(mass=st.floats(0.01, 1.999), c=st.lists(st.floats(-1, 1), min_size=6, max_size=6))
def test_the_width_is_continuous_and_not_negative(mass: float, c: list[float]) -> None:
    """A step of 1e-7 changes it by 1e-4 of its terms at most (M/Gamma of the phi: 240), but at the seam of kaons."""
    other = mass * (1 + 1e-7)
    if mass < 0.987354 <= other:
        return
    vector, axial = (c[0], c[1], c[2]), (c[3], c[4], c[5])
    here, there = width(mass, vector, axial), width(other, vector, axial)
    rho, omega, phi = c[0] - c[1], 3 * (c[0] + c[1]), -3 * c[2]
    products = [rho**2, omega**2, phi**2, rho * omega, rho * phi, omega * phi]
    products += [(c[3] - c[4]) ** 2, (c[3] + c[4]) ** 2, c[5] ** 2]
    size = float(np.abs(hadrons.factors("complete", mass) * products).sum())
    assert abs(here - there) <= 1e-4 * size + 1e-12
    assert here >= -2e-3 * size
    assert math.isfinite(here)


@settings(max_examples=100, deadline=None)
@given(mass=st.floats(0.01, 2.0), c=st.lists(st.floats(-1, 1), min_size=6, max_size=6))
def test_the_width_is_what_the_data_files_say(mass: float, c: list[float]) -> None:
    vector, axial = (c[0], c[1], c[2]), (c[3], c[4], c[5])
    exact = twin.complete_width(mass, vector, axial)
    # products of couplings cancel in both, in another order; the twin of pi0 gamma loses digits near threshold
    size = float(np.abs(hadrons.factors("complete", mass)).sum())
    assert width(mass, vector, axial) == pytest.approx(exact, rel=1e-9, abs=1e-11 * size + 1e-18)
