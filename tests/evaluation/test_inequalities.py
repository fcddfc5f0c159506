"""Tests of the grid's kernels made from clauses, against the definition of a clause at random points."""

from __future__ import annotations

import math

import numpy as np
import pytest

from zdscan.evaluation.inequalities import Excluder
from zdscan.evaluation.monomials import WIDTHS
from zdscan.kernels.fast.bounds import DEGREES
from zdscan.kernels.tables import clauses as layout
from zdscan.physics.clause import Clause
from zdscan.physics.polynomial import Polynomial

CHANNELS = (None, "invisible", "ee", "mumu", "hadrons", "pipi", ("ee", "mumu"), ("invisible", "ee"), ("mumu", "pipi"))
ROWS = ("invisible", "ee", "mumu", "hadrons", "pipi")
ROLES = [(0, 1, 2), (1, 0, 2), (0, 2, 1)]


def random_clause(rng: np.random.Generator) -> Clause:
    exponents = [(i, j, k) for i in range(3) for j in range(3) for k in range(3) if i + j + k <= 4]
    chosen = rng.choice(len(exponents), rng.integers(0, 8), replace=False)
    polynomial = Polynomial({exponents[n]: complex(rng.normal()) for n in chosen.tolist()})
    up, down = (math.inf if rng.uniform() < 0.3 else rng.uniform(0.1, 2.0) for _ in range(2))
    root = rng.uniform() < 0.3
    return Clause(
        polynomial,
        up=up,
        down=down,
        centre=rng.normal(),
        constant=rng.normal(),
        offset=rng.normal(),
        root=root,
        channel=None if root else CHANNELS[rng.integers(len(CHANNELS))],
        min_width=rng.uniform(),
        max_width=rng.choice([math.inf, 2.0]),
    )


def random_mass(rng: np.random.Generator) -> tuple[list[Clause | None], np.ndarray]:
    """Clauses, None where one does not apply, and widths; channels are closed here and there."""
    clauses = [random_clause(rng) if rng.uniform() < 0.8 else None for _ in range(rng.integers(0, 9))]
    channels = np.abs(rng.normal(size=(6, 7))) * (rng.uniform(size=(6, 1)) < 0.7)
    channels[4] *= channels[3].any()  # pions are hadrons
    channels[-1] = channels[:4].sum(axis=0)
    return clauses, channels


def packed(clauses: list[Clause | None]) -> np.ndarray:
    rows = [[0.0] * layout.LENGTH if clause is None else clause.packed(n) for n, clause in enumerate(clauses)]
    return np.array(rows).reshape(-1, layout.LENGTH)


def polynomials(terms, tests: int, a: float, b: float, u: float) -> tuple[np.ndarray, np.ndarray]:
    """D of every test, and the sum of its terms' sizes."""
    values, sizes, first = np.zeros(tests), np.zeros(tests), 0
    for row, power, end in zip(terms.row.tolist(), terms.power.tolist(), terms.end.tolist(), strict=True):
        for e in range(first, end):
            term = terms.entry_value[e] * a ** int(terms.entry_power[e]) * b**power * u ** (row % DEGREES)
            values[row // DEGREES] += term
            sizes[row // DEGREES] += abs(term)
        first = end
    return values, sizes


def excess(clause: Clause, side: int, couplings: np.ndarray, fraction: float) -> float:
    """By how much the value of a clause is beyond its bound on one side, before a root is undone."""
    monomials = np.prod(couplings**layout.EXPONENTS, axis=1)
    value = float(np.array(clause.packed(0)[layout.POLYNOMIAL :]) @ monomials) * fraction + clause.constant
    value = (math.sqrt(max(value, 0.0)) if clause.root else value) + clause.offset
    return side * (value - clause.centre) - (clause.up if side > 0 else clause.down)


@pytest.mark.parametrize("roles", ROLES)
def test_a_test_is_positive_where_its_clause_excludes(roles: tuple[int, int, int]) -> None:
    """One object makes the tests of many masses, some of them with the same zeros as one before."""
    rng = np.random.default_rng(11)
    shift = rng.normal(size=2)
    excluder, compared = Excluder(roles, shift), 0
    masses = [random_mass(rng) for _ in range(25)]
    for clauses, channels in [*masses, *((c, 1.3 * w) for c, w in masses)]:
        tests = excluder.inequalities(packed(clauses), channels)
        count = len(tests.bit)
        for _ in range(4):
            couplings = rng.normal(size=3)
            a, b, t = couplings[list(roles)]
            u = t + shift @ [a, b]
            widths = channels @ np.prod(np.array([a, b, u]) ** WIDTHS, axis=1)
            # widths are not positive at every random point; D knows nothing of that
            closed = not channels[-1].any()
            total = 1.0 if closed else widths[-1]
            (inside, in_sizes), (outside, out_sizes) = (
                polynomials(terms, count, a, b, u) for terms in (tests.inside, tests.outside)
            )
            place = 0
            for number, clause in enumerate(clauses):
                for side, bounded in ((1, clause and clause.up), (-1, clause and clause.down)):
                    if clause is None or not math.isfinite(bounded):
                        continue
                    edge = clause.centre + side * bounded - clause.offset
                    if clause.root and side < 0 and edge < 0.0:
                        continue
                    assert tests.bit[place] == 1 << number
                    assert tests.prompt[place] == clause.min_width
                    assert tests.broadest[place] == clause.max_width
                    behind = clause.channel is not None
                    partial = sum(widths[ROWS.index(channel)] for channel in clause.channels)
                    alone = 1.0 if not behind or "invisible" in clause.channels else 0.0
                    for d, size, fraction, scale in (
                        (inside, in_sizes, partial / total if behind else 1.0, total if behind else 1.0),
                        (outside, out_sizes, alone, 1.0),
                    ):
                        if d is inside and behind and closed:
                            assert d[place] == 0.0
                            continue
                        exact = excess(clause, side, couplings, fraction)
                        if clause.root:
                            if abs(d[place]) > 1e-9 * size[place] and abs(exact) > 1e-9:
                                assert (d[place] > 0.0) == (exact > 0.0)
                        else:
                            assert abs(d[place] - exact * scale) <= 1e-12 * (size[place] + abs(exact * scale))
                        compared += 1
                    place += 1
            assert place == count
    assert compared > 1000


def test_degrees_are_those_of_the_cells() -> None:
    rng = np.random.default_rng(5)
    excluder = Excluder((0, 1, 2), np.zeros(2))
    for _ in range(20):
        clauses, channels = random_mass(rng)
        tests = excluder.inequalities(packed(clauses), channels)
        for test, degree in enumerate(tests.degree.tolist()):
            rows = np.concatenate([tests.inside.row, tests.outside.row]).astype(np.int64)
            assert degree == max(rows[rows // DEGREES == test] % DEGREES, default=0)


def test_no_clause_applies() -> None:
    tests = Excluder((0, 1, 2), np.zeros(2)).inequalities(np.zeros((4, layout.LENGTH)), np.zeros((6, 7)))
    assert len(tests.bit) == len(tests.degree) == len(tests.prompt) == 0
    assert len(tests.inside.row) == len(tests.outside.row) == len(tests.inside.entry_value) == 0
