"""Widths whose terms cancel: where they can, which points it happens at, and that the grid has the reference's bits."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from zdscan.evaluation.cancelling import CancellingWidth
from zdscan.evaluation.engine import build_physics
from zdscan.evaluation.physics import Physics
from zdscan.physics.cases import Case, named_case

# Below two muons the only channel is pi0 gamma of g_mu; the grid's third coupling is g_mu - 0.3 eps.
OWN = Case.from_couplings(
    "own", {"v_mu": {"eps": -0.3, "g_mu": 1.0}, **{f"{kind}_{q}": {"g_mu": 0.1} for kind in "v" for q in "uds"}}
)
MASSES = [0.012, 0.1, 0.14, 0.2, 0.2112, 0.25, 0.3, 0.6, 0.95, 1.6]


def widths(physics: Physics, mass: float, lengths: tuple[int, int, int] = (9, 40, 60)):
    """The width that may cancel at a mass, of a grid of this shape."""
    axes = tuple(np.linspace(0.1, 1.0, n) for n in lengths)
    return physics.workspace(physics.mass_tables(mass), axes).cancelling


@pytest.mark.parametrize("case", ["A", "B", "C", "dark_photon", "b_l"])
@pytest.mark.parametrize("theory", ["paper", "complete"])
def test_widths_of_the_built_in_cases_cannot_cancel(case: str, theory: str) -> None:
    physics = build_physics(named_case(case), theory=theory, constraints=())
    assert all(widths(physics, mass) is None for mass in MASSES)


def test_one_channel_of_two_couplings_can() -> None:
    physics = build_physics(OWN, constraints=())
    assert widths(physics, 0.2) is not None
    assert widths(physics, 0.1) is None  # no channel at all
    assert widths(physics, 0.25) is None  # muons feel the other direction


def test_points_are_those_of_exact_arithmetic() -> None:
    """(a - b)^2 + c^2 over 1 + 1e-3, with terms of nine powers of ten."""
    width = CancellingWidth(np.array([0.0, 1.0, -2.0, 1.0, 0.0, 0.0, 1.0]), np.array([0, 1, 2]), np.zeros(2))
    rng = np.random.default_rng(5)
    a = rng.uniform(-1.0, 1.0, 400)
    b = a * (1.0 + 10.0 ** rng.uniform(-9, 0, 400) * rng.choice([0, 1], 400))
    c = a * 10.0 ** rng.uniform(-9, 0, 400) * rng.choice([0, 1], 400)
    found = set(width.places(np.array([a, b, c])).tolist())
    for k, (x, y, z) in enumerate(zip(a.tolist(), b.tolist(), c.tolist(), strict=True)):
        p, q, r = Fraction(x), Fraction(y), Fraction(z)
        left = float(((p - q) ** 2 + r**2) / (p * p + abs(2 * p * q) + q * q + r * r))
        if not 0.9e-12 < left < 1.1e-12:
            assert (k in found) == (left < 1e-12)


@pytest.mark.parametrize("mass", [0.15, 0.2, 0.2097])
def test_bits_and_chi2_of_cancelling_widths_are_those_of_the_reference(mass: float) -> None:
    """Where g_mu is 0 the vector has no decay and is invisible; the sum of the grid's terms has either sign there."""
    physics = build_physics(OWN)
    axes = (np.geomspace(1e-9, 1e-2, 40), np.zeros(1), np.concatenate([[0.0], np.geomspace(1e-15, 1.0, 40)]))
    tables = physics.mass_tables(mass)
    n = 40 * 41
    chi2, muon, bits = np.empty(n, np.float32), np.empty(n, np.float32), np.empty(n, np.uint64)
    workspace = physics.workspace(tables, axes, muon=True)
    workspace.fill(axes, 0, chi2, bits, muon)
    reference = physics.evaluate(tables, axes, want=["chi2_muon"])
    np.testing.assert_array_equal(bits, reference["excluded"])
    np.testing.assert_allclose(chi2, reference["chi2"], rtol=1e-6)
    np.testing.assert_allclose(muon, reference["chi2_muon"], rtol=1e-6)
