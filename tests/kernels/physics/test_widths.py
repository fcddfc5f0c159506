"""Decay widths of the vector against sums over explicit spinors, and the quark limit of the R matrix."""

from __future__ import annotations

import tomllib
from importlib import resources
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import formulas
from tests.support.tolerances import EXACT_ALGEBRA
from tests.twins import dirac
from zdscan.kernels.physics import widths

M_E, M_MU = 0.51099895e-3, 0.1056583755


def explicit_width(mass: float, m: float, v: float, a: float, seed: int = 0) -> float:
    """Gamma(V -> l l): every spin and polarisation, lepton momentum in a random direction of the rest frame."""
    rng = np.random.default_rng(seed)
    size = dirac.breakup_momentum(mass, m, m)
    direction = rng.normal(size=3)
    three = size * direction / np.linalg.norm(direction)
    p, k = dirac.momentum(m, three), dirac.momentum(m, -three)
    vertex = v * np.eye(4) - a * dirac.GAMMA5
    total = 0.0
    for polarisation in dirac.polarisations(np.array([mass, 0.0, 0.0, 0.0]), mass):
        for s in dirac.u_spinors(p, m):
            for r in dirac.v_spinors(k, m):
                total += abs(dirac.bar(s) @ dirac.slash(polarisation) @ vertex @ r) ** 2
    return dirac.two_body_width(mass, m, m, total / 3)


def test_spinors_and_polarisations_are_complete() -> None:
    rng = np.random.default_rng(5)
    p = dirac.momentum(0.4, rng.normal(size=3))
    for spinors, sign in ((dirac.u_spinors, 1), (dirac.v_spinors, -1)):
        total = sum(np.outer(s, dirac.bar(s)) for s in spinors(p, 0.4))
        assert np.allclose(total, dirac.slash(p) + sign * 0.4 * np.eye(4), atol=1e-13)
    total = sum(np.outer(e, e) for e in dirac.polarisations(p, 0.4))
    assert np.allclose(total, -dirac.METRIC + np.outer(p, p) / 0.4**2, atol=1e-12)


@pytest.mark.parametrize(("v", "a"), [(1.0, 0.0), (0.0, 1.0), (0.3, -0.7), (-1e-4, 1e-4)])
@pytest.mark.parametrize("m", [M_E, M_MU])
def test_lepton_width(m: float, v: float, a: float) -> None:
    for mass in np.concatenate([2 * m * (1 + np.array([1e-6, 1e-3, 0.1, 0.5])), [1.0, 2.0, 90.0]]):
        exact = explicit_width(mass, m, v, a)
        # near threshold the spinors of the twin lose the digits that 1 - 4 m^2/M^2 loses
        near = 2e-16 / (1 - 2 * m / mass)
        assert formulas.lepton_width(mass, m, v, a) == pytest.approx(exact, rel=1e-12 + 8 * near, abs=0)


@settings(max_examples=100, deadline=None)
@given(
    mass=st.floats(0.01, 2.0),
    fraction=st.floats(0.0, 0.499),
    v=st.floats(-1, 1),
    a=st.floats(-1, 1),
    seed=st.integers(0, 2**31),
)
def test_lepton_width_at_random(mass: float, fraction: float, v: float, a: float, seed: int) -> None:
    m = fraction * mass
    value = formulas.lepton_width(mass, m, v, a)
    assert value == pytest.approx(explicit_width(mass, m, v, a, seed), rel=1e-11, abs=1e-300)
    assert value >= 0
    # dimensional analysis and homogeneity
    assert formulas.lepton_width(3 * mass, 3 * m, v, a) == pytest.approx(3 * value, rel=1e-12, abs=1e-300)
    assert formulas.lepton_width(mass, m, 2 * v, 2 * a) == pytest.approx(4 * value, rel=1e-12, abs=1e-300)


def test_lepton_limits() -> None:
    assert formulas.lepton_width(0.2, M_MU, 1.0, 1.0) == 0
    assert formulas.lepton_width(2 * M_MU, M_MU, 1.0, 1.0) == 0
    assert formulas.lepton_width(np.nextafter(2 * M_MU, 0), M_MU, 1.0, 1.0) == 0
    # massless: (v^2 + a^2) M/(12 pi); S wave (vector) and P wave (axial) at threshold
    assert formulas.lepton_width(1.3, 0.0, 0.4, 0.3) == pytest.approx(
        0.25 * 1.3 / (12 * np.pi), rel=EXACT_ALGEBRA, abs=0
    )
    betas = []
    for excess in (1e-6, 1e-8):
        mass = 2 * M_MU * (1 + excess)
        vector, axial = (formulas.lepton_width(mass, M_MU, *g) for g in ((1.0, 0.0), (0.0, 1.0)))
        betas.append((vector / np.sqrt(excess), axial / excess**1.5))
    assert betas[0][0] == pytest.approx(betas[1][0], rel=1e-5, abs=0)
    assert betas[0][1] == pytest.approx(betas[1][1], rel=1e-5, abs=0)


def test_neutrino_width_is_one_massless_chiral_fermion() -> None:
    """g nubar gamma PL nu is v = a = g/2; the antineutrino is another particle."""
    for mass in (0.01, 0.7, 2.0):
        exact = explicit_width(mass, 0.0, 0.37 / 2, 0.37 / 2)
        assert formulas.neutrino_width(mass, 0.37) == pytest.approx(exact, rel=1e-12, abs=0)


# --- hadrons


def published_table() -> tuple[np.ndarray, np.ndarray]:
    """Columns mass, rr, oo, pp, ro, rp, op of the R table, and the photon's total; not by the package's loader."""
    document = tomllib.loads((resources.files("zdscan.inputs") / "data" / "table_hadronic_R.toml").read_text())
    (segment,) = document["segment"]
    rows = {name: np.array(segment["rows"])[:, k] for k, name in enumerate(document["columns"])}
    order = ("mass", "rr", "oo", "pp", "ro", "rp", "op")
    return np.ascontiguousarray(np.stack([rows[name] for name in order], axis=1)), rows["total"]


def small_table() -> np.ndarray:
    rng = np.random.default_rng(2)
    return np.column_stack([[0.15, 0.28, 0.5, 0.9, 1.02, 1.5, 1.99], rng.normal(size=(7, 6))])


@pytest.mark.parametrize("table", [small_table(), published_table()[0]], ids=["small", "published"])
def test_response_is_linear_between_nodes_and_exact_on_them(table: np.ndarray) -> None:
    for row in table[2:]:
        assert np.allclose(widths.hadron_response(row[0], table), row[1:], rtol=1e-12, atol=1e-15)
    for below, above in pairwise(table[1:]):
        for t in (0.01, 0.37, 0.99):
            mass = below[0] + t * (above[0] - below[0])
            expected = [np.interp(mass, table[:, 0], table[:, k]) for k in range(1, 7)]
            assert np.allclose(widths.hadron_response(mass, table), expected, rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("table", [small_table(), published_table()[0]], ids=["small", "published"])
def test_no_hadrons_below_two_pions_and_no_gap_at_the_end(table: np.ndarray) -> None:
    for mass in (0.01, 0.15, 0.2, np.nextafter(0.28, 0)):
        assert np.all(np.array(widths.hadron_response(mass, table)) == 0)
    assert np.any(np.array(widths.hadron_response(0.2801, table)) != 0)
    assert np.allclose(widths.hadron_response(2.0, table), table[-1, 1:], rtol=1e-12)


def test_photon_sum_rule_of_the_table() -> None:
    """For a photon all currents count 1, the six entries add up to R (rounded to four digits, below 5e-5 dropped)."""
    table, total = published_table()
    for mass, r in zip(table[2:, 0], total[2:], strict=True):
        assert sum(widths.hadron_response(mass, table)) == pytest.approx(r, rel=1.5e-3, abs=1e-4)


def test_quark_limit_of_the_r_matrix() -> None:
    """Free quarks: 3 sum_q Gamma(v_q) = M/(12 pi) sum R_ij c_i c_j, R = (3/2, 1/6, 1/3) on the diagonal, any v_q."""
    table = np.array([[0.15, *[0.0] * 6], [0.28, 1.5, 1 / 6, 1 / 3, 0, 0, 0], [3.0, 1.5, 1 / 6, 1 / 3, 0, 0, 0]])
    rng = np.random.default_rng(4)
    for _ in range(20):
        v_u, v_d, v_s = rng.normal(size=3)
        c = (v_u - v_d, 3 * (v_u + v_d), -3 * v_s)
        mass = rng.uniform(0.5, 1.9)
        rr, oo, pp, ro, rp, op = widths.hadron_response(mass, table)
        form = rr * c[0] ** 2 + oo * c[1] ** 2 + pp * c[2] ** 2 + ro * c[0] * c[1] + rp * c[0] * c[2] + op * c[1] * c[2]
        quarks = 3 * sum(formulas.lepton_width(mass, 0.0, v, 0.0) for v in (v_u, v_d, v_s))
        assert mass / (12 * np.pi) * form == pytest.approx(quarks, rel=1e-12, abs=0)
    assert pytest.approx(3 * (4 + 1 + 1) / 9) == 1.5 + 1 / 6 + 1 / 3


def test_published_table_has_positive_widths() -> None:
    """Gamma >= 0 for every choice of quark couplings: the R matrix is positive semidefinite up to its rounding."""
    table, _ = published_table()
    for mass in np.linspace(0.29, 1.99, 400):
        rr, oo, pp, ro, rp, op = widths.hadron_response(mass, table)
        matrix = np.array([[rr, ro / 2, rp / 2], [ro / 2, oo, op / 2], [rp / 2, op / 2, pp]])
        assert np.linalg.eigvalsh(matrix)[0] > -2e-3 * np.trace(matrix)
