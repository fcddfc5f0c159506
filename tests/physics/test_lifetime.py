"""Lifetimes of the vector: momenta by four-vectors, escape and prompt decays in the searches that have them."""

from __future__ import annotations

import math

import numpy as np
import pytest

import zdscan
from tests.support.verdicts import model, of
from zdscan import constraints
from zdscan.inputs import detectors
from zdscan.physics.clause import Clause
from zdscan.physics.lifetime import escape, momentum
from zdscan.physics.polynomial import Polynomial

HBAR_C = 1.973269804e-16  # GeV m
INVISIBLE = (
    *("k_pi_x", "b_k_x", "k_pi_nunu_plus", "k_pi_nunu_long", "k_mu_inv", "pi_mu_nu_x"),
    *("belle2_zprime", "b_k_nunu", "b_kst_nunu"),
)


@pytest.mark.parametrize("name", ["koto", "belle_b_k", "na62_k_mu", "pienu"])
@pytest.mark.parametrize("mass", [0.01, 0.02, 0.03])
def test_momentum_by_four_vectors(name: str, mass: float) -> None:
    """A vector emitted across the beam: its momentum in the parent's rest frame stays, its energy along is boosted."""
    there, c = detectors.load()[name], model("A").constants
    m, r = c[there.parent], sum(c[x] for x in there.recoil)
    p_rest = math.sqrt((m**2 - (r + mass) ** 2) * (m**2 - (r - mass) ** 2)) / (2 * m)
    energy = mass + there.energy_share * (math.hypot(p_rest, mass) - mass)
    across, velocity = (
        math.sqrt(energy**2 - mass**2),
        there.parent_momentum_GeV / math.hypot(m, there.parent_momentum_GeV),
    )
    along = energy * velocity / math.sqrt(1 - velocity**2)
    assert momentum(there, c, mass) == pytest.approx(math.hypot(across, along), rel=1e-9)


def test_escape_is_a_decay_length() -> None:
    """exp(-a Gamma) = exp(-L/(gamma beta c tau))."""
    start, end = escape(model("A"), "na62_k_pi", 0.05)
    assert math.isinf(end)
    width = 2.5e-18
    length = 30.0 / 0.05 * HBAR_C / width
    assert start * width == pytest.approx(150.0 / length, rel=1e-9)


def test_a_long_lived_vector_is_invisible_to_k_pi_x() -> None:
    """Case A, 50 MeV: BR(K -> pi Z_D) = 2.0e-10, mostly to electrons, decay length above 100 m; excluded."""
    point = ("A", 0.05, 2e-6, 3e-7)
    complete = zdscan.evaluate(*point, theory="complete", constraints="all")
    entry = of(complete, "k_pi_x")
    assert entry["excluded"]
    width = float(complete.widths["total"])
    length = 30.0 / 0.05 * HBAR_C / width
    assert entry["prediction"] / math.exp(-150.0 / length) == pytest.approx(2.0e-10, rel=0.05)
    paper = of(zdscan.evaluate(*point, theory="paper", constraints="all"), "k_pi_x")
    assert not paper["excluded"]


@pytest.mark.parametrize("name", INVISIBLE)
def test_escape_adds_to_invisible_searches(name: str) -> None:
    """In theory complete a second clause never lowers a ratio, and at large widths it does nothing."""
    mass, (item,) = 0.02, constraints.select([name])
    assert len(item.clauses(model("A", setting="complete"), mass)) == item.slots
    for size in (1e-9, 1e-6, 1e-3):
        complete, paper = (
            of(zdscan.evaluate("A", mass, size, size, theory=theory, emission="complete", constraints=[name]), name)
            for theory in ("complete", "paper")
        )
        assert complete["ratio"] >= paper["ratio"] * (1 - 1e-12)
        if size == 1e-3:
            assert complete["ratio"] == pytest.approx(paper["ratio"], rel=1e-9)


@pytest.mark.parametrize(
    ("name", "mass", "limits"),
    [
        ("b_k_x_ee", 0.0504, {1.0: 2.03e-7, 10.0: 1.67e-7, 100.0: 4.94e-7, 1000.0: 7.85e-6}),
        ("b_k_x_mumu", 0.3175, {0.126: 4.03e-10, 1.0: 3.19e-10, 10.0: 6.58e-10, 100.0: 5.00e-9, 1000.0: 3.78e-8}),
        ("k_pi_x_mumu", 0.249, {100.0: 2.75e-10, 1000.0: 2.02e-9, 1e4: 1.93e-8, 1e5: 1.92e-7}),
    ],
)
def test_soft_cuts_are_nowhere_stronger_than_the_published_grid(name, mass, limits) -> None:
    """limit/(1 - exp(-t1/tau)) against the limits of the source at its lifetimes, and close to the weakest."""
    (item,), chosen = constraints.select([name]), model("A", setting="complete")
    (clause,) = item.clauses(chosen, mass)
    assert clause.min_width == clause.window[0] == 0.0
    t1 = clause.window[1] * chosen.constants["hbar"]
    ratios = np.array([clause.up / -math.expm1(-t1 / tau) / limit for tau, limit in limits.items()])
    assert np.all(ratios > 1.0 - 1e-9)
    assert ratios.min() < 1.02


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"window": (2.0, 1.0)}, "a later one"),
        ({"window": (math.inf, math.inf)}, "a later one"),
        ({"window": (0.0, 1.0)}, "ends at infinity"),
        ({"window": (0.0, 1.0), "channel": "ee", "min_width": 1.0}, "either a window or a least width"),
    ],
)
def test_windows_that_make_no_sense_are_refused(given, told) -> None:
    with pytest.raises(ValueError, match=told):
        Clause(Polynomial({}), up=1.0, **given)
