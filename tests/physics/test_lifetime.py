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
    """In theory complete a second clause never lowers a ratio, and at large widths it does nothing.

    1e-7 is the dipole of b -> s, which complete has at another size.
    """
    mass, (item,) = 0.02, constraints.select([name])
    assert len(item.clauses(model("A", setting="complete"), mass)) == item.slots
    for size in (1e-9, 1e-6, 1e-3):
        chosen = {"emission": "complete", "constraints": [name], "level": "published"}
        complete, paper = (
            of(zdscan.evaluate("A", mass, size, size, theory=theory, **chosen), name)
            for theory in ("complete", "paper")
        )
        dipole = 1e-7 if name.startswith("b_") else 0.0
        assert complete["ratio"] >= paper["ratio"] * (1 - 1e-12 - dipole)
        if size == 1e-3:
            assert complete["ratio"] == pytest.approx(paper["ratio"], rel=1e-9 + dipole)


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
    (item,), chosen = constraints.select([name], limits="rashed2024"), model("A", setting="complete")
    (clause,) = item.clauses(chosen, mass)
    assert clause.min_width == 0.0
    t0, t1 = (end * chosen.constants["hbar"] for end in clause.window)
    ratios = np.array(
        [clause.up / (math.exp(-t0 / tau) - math.exp(-t1 / tau)) / limit for tau, limit in limits.items()]
    )
    assert np.all(ratios > 1.0 - 1e-9)
    assert ratios.min() < 1.02


@pytest.mark.parametrize(
    ("mass", "at_1_ps", "at_10_ps"),
    [
        *((0.5576, 1.20e-7, 8.14e-8), (0.8323, 1.55e-7, 8.66e-8), (1.518, 2.22e-7, 7.31e-8)),
        (1.855, 2.80e-7, 7.01e-8),
    ],
)
def test_displaced_vertices_must_fly(mass: float, at_1_ps: float, at_10_ps: float) -> None:
    """The limits of Belle II on B -> K ee at 1 and 10 ps differ by exp(-t0/tau) of a path of 0.57 to 0.60 mm.

    The momentum is that of the two-body decay. 5%: the path of the data file is rounded up to 0.6 mm.
    """
    m_b, m_k = 5.27934, 0.493677
    energy = (m_b**2 + mass**2 - m_k**2) / (2 * m_b)
    flight = math.log(at_1_ps / at_10_ps) / (1.0 - 0.1) * 0.299792458 * math.sqrt(energy**2 - mass**2) / mass  # mm
    assert flight == pytest.approx(0.585, rel=0.03)
    chosen = model("A", setting="complete")
    for name in ("b_k_x_ee", "b_kst_x_ee"):
        (item,) = constraints.select([name])
        (clause,) = item.clauses(chosen, mass)
        t0 = clause.window[0] * chosen.constants["hbar"]
        assert t0 * 0.299792458 * math.sqrt(energy**2 - mass**2) / mass == pytest.approx(flight, rel=0.06)
        assert t0 * 0.299792458 * math.sqrt(energy**2 - mass**2) / mass >= flight


def test_a_prompt_vector_has_no_displaced_vertex() -> None:
    """Case A, 50 MeV: at eps = 1e-3 tau = 5e-3 ps and a flight of 0.08 mm; at 1e-4 it flies 8 mm and is excluded."""
    for name in ("b_k_x_ee", "b_kst_x_ee"):
        prompt, displaced = (
            of(zdscan.evaluate("A", 0.05, eps, 1e-6, theory="complete", constraints=[name]), name)
            for eps in (1e-3, 1e-4)
        )
        assert prompt["ratio"] < 0.01
        assert displaced["excluded"]
        assert prompt["prediction"] / displaced["prediction"] == pytest.approx(math.exp(-7.2), rel=0.5)


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
