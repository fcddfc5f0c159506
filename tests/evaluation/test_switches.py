"""Invisible decays by branching ratio or dark fermion, couplings that depend on the mass: fast against reference."""

from __future__ import annotations

import math

import numpy as np
import pytest

from zdscan import evaluate
from zdscan.errors import UserError
from zdscan.evaluation.engine import build_physics
from zdscan.physics.cases import named_case

G = np.array([0.0, 1e-7, 3e-6, 1e-4, 2e-3, 5e-2, 0.4])
EPS = np.array([-1e-3, 0.0, 2e-5])
NONE = np.zeros(1)


def fast_and_reference(name, mass, **settings):
    """chi2 and bits of a plane by both evaluators."""
    physics = build_physics(named_case(name), **settings)
    tables, axes = physics.mass_tables(mass), (G, EPS, NONE)
    chi2, bits = np.empty(G.size * EPS.size, dtype=np.float32), np.empty(G.size * EPS.size, dtype=np.uint64)
    if len(physics.constraints) < 32:
        bits = bits.astype(np.uint32)
    physics.workspace(tables, axes).fill(axes, 0, chi2, bits, chi2[:0])
    return chi2, bits, physics.evaluate(tables, axes, want=("ratios", "widths")), physics


@pytest.mark.parametrize("mass", [0.012, 0.05, 0.25, 0.7, 1.6])
@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("l_mu_l_tau", {"mixing": "loop"}),
        ("l_e_l_mu", {"mixing": "loop"}),
        ("b_l", {"invisible_branching": 0.9}),
        ("b_l", {"right_handed_neutrinos": "light"}),
        ("b_3lmu", {"dark_fermion": (0.02, 0.1)}),
        ("chiral", {"invisible_branching": 0.5}),
    ],
)
def test_fast_and_reference_agree(name, settings, mass) -> None:
    """chi2 to the rounding of float32 and 1e-7 of the law; bits unless a ratio is within 1e-6 of 1."""
    chi2, bits, reference, physics = fast_and_reference(name, mass, **settings)
    np.testing.assert_allclose(chi2, np.minimum(reference["chi2"], np.finfo(np.float32).max), rtol=6e-7)
    close = np.abs(reference["ratios"] - 1.0) < 1e-6
    for k in range(len(physics.constraints)):
        found = (bits >> np.array(k, dtype=bits.dtype)) & 1 != 0
        assert np.array_equal(found[~close[:, k]], (reference["ratios"][:, k] >= 1.0)[~close[:, k]])


@pytest.mark.parametrize("b", [0.3, 0.9, 0.9999])
def test_the_branching_ratio_is_that_asked_for(b) -> None:
    plain, point = evaluate("B", 0.3, 1e-4, 2e-4, 3e-3), evaluate("B", 0.3, 1e-4, 2e-4, 3e-3, invisible_branching=b)
    assert float(point.branching_ratios["invisible"]) == pytest.approx(b, rel=1e-14)
    assert float(point.widths["total"]) == pytest.approx(float(plain.widths["total"]) / (1 - b), rel=1e-11)
    for name in ("ee", "mumu", "nunu", "hadrons"):
        assert float(point.widths[name]) == float(plain.widths[name])
    by_width = evaluate("B", 0.3, 1e-4, 2e-4, 3e-3, invisible_width=float(point.widths["invisible"]))
    np.testing.assert_allclose(point.ratios, by_width.ratios, rtol=1e-12, atol=1e-300)
    assert point.chi2["all"] == pytest.approx(float(by_width.chi2["all"]), rel=1e-12)


def test_a_vector_that_couples_to_nothing_stays_invisible() -> None:
    point = evaluate("C", 0.05, invisible_branching=0.5)
    assert float(point.widths["total"]) == 0.0
    assert float(point.branching_ratios["invisible"]) == 1.0


@pytest.mark.parametrize(("mass", "m"), [(0.1, 0.0), (0.1, 0.03), (0.1, 0.0499), (0.1, 0.06)])
def test_the_width_into_a_dark_fermion(mass, m) -> None:
    """Sum over spins of |g u gamma v|^2 for a vector at rest: 4 g^2 (M^2 + 2 m^2) over 3 polarisations."""
    g = 0.2
    momentum = math.sqrt(max(mass**2 / 4 - m**2, 0.0))
    squared = 4 * g**2 * (mass**2 + 2 * m**2) / 3
    wanted = squared * momentum / (8 * math.pi * mass**2)
    point = evaluate("B", mass, 1e-3, dark_fermion={"mass": m, "coupling": g})
    assert float(point.widths["invisible"]) == pytest.approx(wanted, rel=1e-9)


def test_only_one_way_to_say_it() -> None:
    with pytest.raises(UserError, match="invisible_branching cannot stand beside invisible_width"):
        evaluate("B", 0.1, invisible_width=1e-3, invisible_branching=0.5)
    with pytest.raises(UserError, match="dark_fermion cannot stand beside invisible_branching"):
        evaluate("B", 0.1, invisible_branching=0.5, dark_fermion=(0.01, 1.0))
    with pytest.raises(
        UserError, match=r"dark_fermion must be \{ mass = ..., coupling = ... \}; its part does not know"
    ):
        evaluate("B", 0.1, dark_fermion={"mas": 0.01, "coupling": 1.0})
    with pytest.raises(UserError, match=r"at most 0\.9999"):
        evaluate("B", 0.1, invisible_branching=1.0)
