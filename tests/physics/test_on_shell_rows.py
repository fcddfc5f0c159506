"""The longitudinal term at the pole: explicit spinors, the program's own rows, limits."""

from __future__ import annotations

import numpy as np
import pytest

import zdscan
from tests.twins.dirac import GAMMA5, METRIC, bar, momentum, slash, u_spinors, v_spinors
from tests.twins.longitudinal import on_shell_factor
from zdscan.inputs import constants

C = constants.load()
M_MU, M_B, M_K = C["m_mu"], 5.27934, 0.493677


def spin_sum(current: np.ndarray, mass: float, v: float, a: float) -> float:
    """The sum over spins, averaged over the leptons' directions, of |J.(ubar gamma (v - a gamma5) v)|^2; V at rest."""
    total, (nodes, weights) = 0.0, np.polynomial.legendre.leggauss(4)  # a polynomial of degree two in the cosine
    size = np.sqrt(mass**2 / 4.0 - M_MU**2)
    vertex = slash(current) @ (v * np.eye(4) - a * GAMMA5)
    for cosine, weight in zip(nodes, weights, strict=True):
        three = size * np.array([np.sqrt(1.0 - cosine**2), 0.0, cosine])
        for u in u_spinors(momentum(M_MU, three), M_MU):
            for w in v_spinors(momentum(M_MU, -three), M_MU):
                total += 0.5 * weight * abs(bar(u) @ vertex @ w) ** 2
    return total


def explicit_factor(mass: float, v: float, a: float, parent: float, daughter: float) -> float:
    """B -> K V* -> K l l at q^2 = M^2, form factors f+ = f0 = 1, with the numerator -g alone over the whole."""
    q = np.array([mass, 0.0, 0.0, 0.0])
    energy = (parent**2 - mass**2 - daughter**2) / (2.0 * mass)
    k = momentum(daughter, np.array([0.0, 0.0, np.sqrt(energy**2 - daughter**2)]))
    difference = parent**2 - daughter**2
    hadron = (q + 2.0 * k) - q * difference / mass**2 + q * difference / mass**2
    whole = hadron - q * (q @ METRIC @ hadron) / mass**2
    return spin_sum(hadron, mass, v, a) / spin_sum(whole, mass, v, a)


@pytest.mark.parametrize("mass", [0.215, 0.32, 0.4, 0.9, 2.0])
@pytest.mark.parametrize(("v", "a"), [(0.0, 1.0), (1.0, 0.0), (0.3, -0.7), (-0.02, -0.25)])
def test_against_spinors(mass: float, v: float, a: float) -> None:
    """Of a parent so heavy that M^2/m_B^2 is nothing; of the B what exceeds 1 differs by less than a few per cent."""
    found = float(on_shell_factor(mass, v, a, M_MU))
    assert found == pytest.approx(explicit_factor(mass, v, a, 5e3, 0.5), rel=1e-5)
    if mass < 1.0:
        assert found - 1.0 == pytest.approx(explicit_factor(mass, v, a, M_B, M_K) - 1.0, rel=0.08, abs=1e-9)


def test_numbers_of_an_axial_coupling() -> None:
    found = [float(on_shell_factor(mass, 0.0, 1.0, M_MU)) for mass in (0.32, 0.4, 0.9)]
    assert found == pytest.approx([2.15, 1.58, 1.09], abs=0.01)


def test_rows_of_the_program_have_it() -> None:
    """A narrow axial vector with no dipole: rows of B -> K mu mu in theory paper over those in theory complete."""
    z = {"v_u": {"eps": 0.1}, "v_d": {"eps": 0.1}, "v_s": {"eps": 0.1}, "a_mu": {"eps_z": 1.0}}
    z |= {"a_u": {"eps": 0.2}, "a_d": {"eps": -0.2}, "a_s": {"eps": -0.2}}
    shifts = []
    for theory in ("paper", "complete"):
        chosen = {"theory": theory, "constraints": [], "measurements": "rashed2024-corrected"}
        point = zdscan.evaluate(z, 0.4, 1e-7, 1e-4, **chosen).to_dict()
        (row,) = [r for r in point["rows"] if r["q2_min"] <= 0.16 <= r["q2_max"] and r["id"].startswith("B+->K+mumu")]
        shifts.append(row["prediction"] - row["sm"])
    assert shifts[0] / shifts[1] == pytest.approx(float(on_shell_factor(0.4, 0.0, 1.0, M_MU)), rel=0.02)


def test_limits() -> None:
    assert on_shell_factor(0.2, 0.0, 1.0, M_MU) == 1.0  # no decay
    assert on_shell_factor(0.4, 0.0, 0.0, M_MU) == 1.0
    assert on_shell_factor(0.4, 1.0, 0.0, M_MU) == 1.0
    assert on_shell_factor(0.4, 0.0, 1e-3, M_MU) == pytest.approx(on_shell_factor(0.4, 0.0, 1.0, M_MU), rel=1e-12)
    assert on_shell_factor(1e3, 0.0, 1.0, M_MU) == pytest.approx(1.0, abs=1e-6)
    assert on_shell_factor(0.4, np.zeros((2, 1)), np.ones(3), M_MU).shape == (2, 3)
