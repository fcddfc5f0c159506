"""Layout of a clause: places of its own for all numbers, and one for every monomial up to degree four.

Clauses through the kernels: tests/kernels/reference/test_clauses.py, tests/physics/test_clause.py.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest

from zdscan.evaluation.engine import build_physics
from zdscan.kernels.reference.clauses import branching_ratios
from zdscan.kernels.reference.points import points_at
from zdscan.kernels.tables import clauses
from zdscan.physics.cases import Case
from zdscan.physics.clause import Clause
from zdscan.physics.polynomial import Polynomial


def test_all_monomials_up_to_degree_four_once_and_those_of_one_power_of_g_mu_together() -> None:
    every = {powers for powers in itertools.product(range(5), repeat=3) if sum(powers) <= 4}
    assert sorted(map(tuple, clauses.EXPONENTS.tolist())) == sorted(every)
    assert clauses.MONOMIALS == len(every) == 35
    of_g_mu = clauses.EXPONENTS[:, 2].tolist()
    assert [power for power, _ in itertools.groupby(of_g_mu)] == [0, 1, 2, 3, 4]


def test_numbers_of_a_clause_have_places_of_their_own() -> None:
    clause = Clause(
        Polynomial({}), up=1.5, down=2.5, centre=3.5, constant=4.5, offset=5.5, root=True, channel="mumu", min_width=6.5
    )
    clause = replace(clause, max_width=7.5)
    packed = clause.packed(7)
    expected = {
        clauses.CONSTRAINT: 7.0,
        clauses.APPLIES: 1.0,
        clauses.CONSTANT: 4.5,
        clauses.OFFSET: 5.5,
        clauses.ROOT: 1.0,
        clauses.CHANNEL: clauses.MUON_CHANNEL,
        clauses.CENTRE: 3.5,
        clauses.UP: 1.5,
        clauses.DOWN: 2.5,
        clauses.MIN_WIDTH: 6.5,
    }
    expected |= {clauses.MAX_WIDTH: 7.5}
    expected |= {clauses.WINDOW_FROM: 0.0, clauses.WINDOW_TO: 0.0}
    assert len(expected) == clauses.POLYNOMIAL
    assert {place: packed[place] for place in expected} == expected
    escape = Clause(Polynomial({}), window=(8.5, math.inf)).packed(7)
    assert (escape[clauses.WINDOW_FROM], escape[clauses.WINDOW_TO]) == (8.5, math.inf)
    assert packed[clauses.POLYNOMIAL :] == [0.0] * 35
    assert len(packed) == clauses.LENGTH


def test_a_polynomial_is_its_numbers_times_the_monomials() -> None:
    polynomial = Polynomial({(0, 0, 0): 0.5, (4, 0, 0): 2.0, (1, 2, 1): -3.0, (0, 1, 3): 7.0})
    numbers = np.array(Clause(polynomial).packed(0)[clauses.POLYNOMIAL :])
    for x, y, z in np.random.default_rng(2).normal(size=(20, 3)):
        found = numbers @ np.prod(np.array([x, y, z]) ** clauses.EXPONENTS, axis=1)
        assert found == pytest.approx(0.5 + 2 * x**4 - 3 * x * y**2 * z + 7 * y * z**3, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize(
    ("coupling", "channel"),
    [
        ({"v_e": 1.0}, clauses.ELECTRON_CHANNEL),
        ({"v_mu": 1.0}, clauses.MUON_CHANNEL),
        ({"g_nu": 1.0}, clauses.INVISIBLE_CHANNEL),
        ({"v_u": 1.0, "gpp": 1.0}, clauses.HADRON_CHANNEL),
    ],
    ids=str,
)
def test_a_vector_of_one_coupling_decays_to_its_channel(coupling: dict[str, float], channel: int) -> None:
    case = Case.from_couplings("one", {name: {"g_mu": value} for name, value in coupling.items()})
    physics = build_physics(case, constraints=())
    points = points_at(physics.mass_tables(0.7), physics.matrix, np.array([[0.0], [0.0], [1e-3]]))
    expected = np.zeros(clauses.CHANNELS)
    expected[channel] = 1.0
    found = branching_ratios(points)[:, 0]
    np.testing.assert_allclose(found[: clauses.SEPARATE], expected[: clauses.SEPARATE], rtol=1e-15)
    assert bool(found[clauses.PION_CHANNEL] > 0.5) is (channel == clauses.HADRON_CHANNEL)


@pytest.mark.parametrize("members", [(), (0,), (4,), (1, 2), (0, 1, 2, 3), (2, 4)])
def test_sums_of_channels_have_numbers_of_their_own(members: tuple[int, ...]) -> None:
    code = clauses.channel_code(members)
    assert clauses.channels_of(code) == members
    every = [p for n in range(6) for p in itertools.combinations(range(clauses.CHANNELS), n)]
    assert len({clauses.channel_code(some) for some in every}) == len(every)
