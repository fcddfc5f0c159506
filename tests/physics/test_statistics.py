"""What stands behind a bound: likelihoods and levels against scipy and closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from zdscan.constraints import available, select
from zdscan.inputs import limit_sets
from zdscan.physics.clause import UNSAID, Clause, Constraint
from zdscan.physics.polynomial import Polynomial
from zdscan.physics.statistics import (
    LIKELIHOODS,
    Statistics,
    at_level,
    chi2,
    level_of,
    statistics_of,
    with_theory_error,
)

RATE = Polynomial.linear((1.0, 0.0, 0.0))
LEVELS = {
    "0.9": 0.9,
    "95%": 0.95,
    "0.5": 0.5,
    "2 sigma": 1 - stats.chi2.sf(4.0, 1),
    "3 sigma": 1 - stats.chi2.sf(9.0, 1),
}


def made(likelihood: str, cl: str, *clauses: Clause) -> Constraint:
    return Constraint(
        "made", "", ("PDG:2022",), cl, "1", "C", False, "all", 1, lambda *_: clauses, likelihood=likelihood
    )


@pytest.mark.parametrize("limits", limit_sets.available())
def test_every_constraint_says_what_stands_behind_it(limits: str) -> None:
    for item in select(available(), limits=limits):
        parts = item.likelihood.split(" and ")
        assert set(parts) <= set(LIKELIHOODS), item.id
        assert item.because.endswith("."), item.id
        assert item.because != UNSAID, item.id
        levels = [level_of(text) for text in item.cl.split(" and ")]
        assert (None in levels) is (item.likelihood == "none"), item.id


def test_constraints_on_the_same_data_are_more_than_one() -> None:
    names = [item.same_data for item in select(available()) if item.same_data]
    assert all(names.count(name) > 1 for name in names)


def test_the_set_tension_can_be_left_out() -> None:
    tension = {item.id for item in select("tension")}
    assert tension == {"a_mu", "a_e", "b_k_nunu", "b_k_x"}
    rest = [item.id for item in select(["all", "-tension"])]
    assert {item.id for item in select("all")} == {*rest, *tension}


@pytest.mark.parametrize("text", LEVELS)
def test_levels_against_scipy(text: str) -> None:
    level = level_of(text)
    assert level is not None
    assert level.deviations == pytest.approx(stats.halfnorm.ppf(LEVELS[text]), rel=1e-12)
    assert stats.poisson.pmf(0, level.events) == pytest.approx(1.0 - LEVELS[text], rel=1e-12)


@pytest.mark.parametrize("text", ["published", "-", "energy loss", "size of the measured value", "90% and 95%", "1.5"])
def test_what_is_no_level(text: str) -> None:
    assert level_of(text) is None


VALUES = np.linspace(0.0, 12.0, 49)


def test_normal_is_the_density_of_scipy() -> None:
    clause = Clause(polynomial=RATE, constant=1.0, centre=3.0, up=2.0 * 0.7, down=2.0 * 0.5)
    found = chi2(clause, Statistics("normal", level_of("2 sigma")), VALUES)
    peak = stats.norm.logpdf(3.0, 3.0, 0.5)
    np.testing.assert_allclose(found, -2.0 * (stats.norm.logpdf(VALUES, 3.0, 0.5) - peak), rtol=1e-12, atol=1e-12)


def test_normal_behind_a_one_sided_bound() -> None:
    """A best value of 3 +- 0.5 whose bound is 1.645 errors above, as `b_k_nunu` has it."""
    clause = Clause(polynomial=RATE, constant=1.0, up=3.0 + 1.645 * 0.5, measured=(3.0, 1.645))
    found = chi2(clause, Statistics("normal", level_of("95%")), VALUES)
    np.testing.assert_allclose(found, ((VALUES - 3.0) / 0.5) ** 2, rtol=1e-12, atol=1e-12)
    (other,) = at_level(made("normal", "95%"), [clause], level_of("2 sigma"))
    assert (other.up, other.down) == (pytest.approx(4.0, rel=1e-14), math.inf)


def test_half_normal_is_the_density_of_scipy() -> None:
    """A limit of 5 on a value that is 1 without the vector: the rest has the scale 4/z."""
    clause = Clause(polynomial=RATE, constant=1.0, up=5.0)
    found = chi2(clause, Statistics("half-normal", level_of("90%")), VALUES)
    scale = 4.0 / stats.halfnorm.ppf(0.9)
    wanted = -2.0 * (stats.norm.logpdf(np.maximum(VALUES - 1.0, 0.0), 0.0, scale) - stats.norm.logpdf(0.0, 0.0, scale))
    np.testing.assert_allclose(found, wanted, rtol=1e-11, atol=1e-12)


def test_counting_is_poisson_without_events() -> None:
    """A limit of 5 at 90% is the rate at which no event is seen in one of ten experiments."""
    clause = Clause(polynomial=RATE, up=5.0)
    found = chi2(clause, Statistics("counting", level_of("90%")), VALUES)
    mean = VALUES / 5.0 * -math.log(0.1)
    np.testing.assert_allclose(found, -2.0 * stats.poisson.logpmf(0, mean), rtol=1e-12)


@pytest.mark.parametrize("level", ["0.9", "0.95", "0.5", "3 sigma"])
@pytest.mark.parametrize(("likelihood", "cl"), [("normal", "3 sigma"), ("half-normal", "90%"), ("counting", "95%")])
def test_a_bound_at_a_level_is_the_value_with_the_quantile(likelihood: str, cl: str, level: str) -> None:
    """-2 ln L at the bound is z^2, or for Poisson 2 n: by scipy, not by the formula of the bound."""
    clause = Clause(polynomial=RATE, up=3.0, down=3.0) if likelihood == "normal" else Clause(polynomial=RATE, up=3.0)
    constraint, asked = made(likelihood, cl), level_of(level)
    (other,) = at_level(constraint, [clause], asked)
    found = float(chi2(clause, statistics_of(constraint, clause), np.array([other.up]))[0])
    share = LEVELS.get(level, 0.95)
    if likelihood == "counting":
        assert stats.poisson.cdf(0, found / 2.0) == pytest.approx(1.0 - share, rel=1e-10)
    else:
        assert stats.chi2.cdf(found, 1) == pytest.approx(share, rel=1e-12)


def test_as_published_nothing_is_touched() -> None:
    clauses = [Clause(polynomial=RATE, up=3.0)]
    assert at_level(made("half-normal", "90%"), clauses, None) is clauses


@pytest.mark.parametrize(("likelihood", "cl"), [("none", "90%"), ("normal", "size of the measured value")])
def test_a_bound_without_level_stays(likelihood: str, cl: str) -> None:
    clause = Clause(polynomial=RATE, up=3.0)
    constraint = made(likelihood, cl)
    assert at_level(constraint, [clause], level_of("3 sigma")) == [clause]
    assert not chi2(clause, statistics_of(constraint, clause), VALUES).any()


def test_what_a_clause_says_goes_before_its_constraint() -> None:
    clause = Clause(polynomial=RATE, up=3.0, likelihood="counting", cl="90%")
    (other,) = at_level(made("half-normal", "95%"), [clause], level_of("0.95"))
    assert other.up == pytest.approx(3.0 * math.log(0.05) / math.log(0.1), rel=1e-14)


@pytest.mark.parametrize("relative", [0.05, 0.3])
def test_theory_errors_of_predictions(relative: float) -> None:
    """A limit is one on a lower prediction; the error of a measurement gets one in quadrature; 0 changes nothing."""
    limit = Clause(polynomial=RATE, up=3.0, constant=1.0)
    for likelihood in ("half-normal", "counting"):
        constraint = made(likelihood, "90%")
        (wider,) = with_theory_error(constraint, [limit], relative)
        assert 1.0 + (wider.up - 1.0) * (1.0 - relative) == pytest.approx(3.0, rel=1e-14)
        share = chi2(wider, statistics_of(constraint, wider), np.array([wider.up]))
        before = chi2(limit, statistics_of(constraint, limit), np.array([limit.up]))
        np.testing.assert_allclose(share, before, rtol=1e-12)  # a bound stays one at its level
    measured = Clause(polynomial=RATE, centre=5.0, up=4.0, down=2.0)
    (wider,) = with_theory_error(made("normal", "2 sigma"), [measured], relative)
    assert (wider.up / 2.0) ** 2 == pytest.approx((4.0 / 2.0) ** 2 + (relative * 9.0) ** 2, rel=1e-14)
    assert (wider.down / 2.0) ** 2 == pytest.approx((2.0 / 2.0) ** 2 + (relative * 3.0) ** 2, rel=1e-14)
    one_side = Clause(polynomial=RATE, up=6.0, measured=(2.0, 1.645))
    (wider,) = with_theory_error(made("normal", "95%"), [one_side], relative)
    assert wider.up - 2.0 == pytest.approx(1.645 * math.hypot(4.0 / 1.645, relative * 6.0), rel=1e-14)
    assert wider.down == math.inf
    assert with_theory_error(made("none", "90%"), [limit], relative) == [limit]
    assert with_theory_error(made("normal", "90%"), clauses := [limit], 0.0) is clauses
