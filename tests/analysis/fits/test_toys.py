"""Toys: p-values against the law of chi2, coverage of intervals, and random numbers that do not depend on company."""

from __future__ import annotations

import math
import pickle
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import chi2 as chi2_law

from zdscan.analysis.fits.crew import Crew
from zdscan.analysis.fits.toys import Sample, Share, toys_of

QUIETLY = lambda what, fraction: None  # noqa: E731
STARTS_PROCESSES = True
SIGMAS = 3.5  # of the binomial law, within which shares of toys are


def within(found: float, expected: float, toys: int) -> bool:
    return abs(found - expected) < SIGMAS * math.sqrt(expected * (1.0 - expected) / toys)


@pytest.mark.parametrize("count", [80, pytest.param(1000, marks=pytest.mark.slow)])
def test_p_values_and_coverage(line: SimpleNamespace, count: int) -> None:
    """One parameter that the rows determine: the law of chi2 holds, and intervals cover as they say."""
    found = toys_of(line.refits, count, 7, Crew(), QUIETLY)
    freedom = line.result.ndof
    assert abs(found.lowest.mean() - freedom) < SIGMAS * math.sqrt(2.0 * freedom / count)
    for share in (0.1, 0.5, 0.9):
        reached = float(np.mean(found.lowest >= chi2_law.isf(share, freedom)))
        assert within(reached, share, count), (share, reached)
    assert found.fit.reached == np.sum(found.lowest >= line.result.best.chi2)
    assert found.gains.min() >= 0.0
    # the true value is within 1 (3.84) of the lowest chi2 of 68% (95%) of the toys
    sample, rows = Sample.of(line.refits, 7), line.surface.physics.likelihood
    true = np.array([rows.measured_otherwise(sample.drawn(0, k)).chi2_at("chi2", sample.means[0][:, None])[0]
                     for k in range(count)])  # fmt: skip
    for rise, share in ((1.0, 0.6827), (3.841, 0.95)):
        covered = float(np.mean(true - found.lowest <= rise))
        assert within(covered, share, count), (rise, covered)


def test_a_toy_depends_on_seed_and_number_alone(line: SimpleNamespace) -> None:
    sample = Sample.of(line.refits, 3)
    both = sample([(0, 4), (1, 2)])
    assert both == [*sample([(0, 4)]), *sample([(1, 2)])]
    assert both != Sample.of(line.refits, 4)([(0, 4), (1, 2)])
    again = pickle.loads(pickle.dumps(sample))  # as other processes get it
    np.testing.assert_allclose(again([(0, 4), (1, 2)]), both, rtol=1e-9)


def test_toys_have_the_covariance_of_chi2(line: SimpleNamespace) -> None:
    sample, rows = Sample.of(line.refits, 1), line.surface.physics.likelihood
    drawn = np.array([sample.drawn(1, k) for k in range(4000)]) - rows.sm
    # the error of a variance of n numbers is its sqrt(2/n); 26 of them
    np.testing.assert_allclose(drawn.var(axis=0) / np.diag(rows.covariance), 1.0, atol=4.5 * math.sqrt(2.0 / 4000))


@pytest.mark.slow
def test_two_processes_give_the_same(line: SimpleNamespace) -> None:
    one, two = (toys_of(line.refits, 30, 5, Crew(processes), QUIETLY) for processes in (1, 2))
    np.testing.assert_allclose(one.lowest, two.lowest, rtol=1e-9)
    assert one.fit == two.fit


def test_shares_are_told_with_their_errors() -> None:
    assert Share(25, 100).error == pytest.approx(math.sqrt(0.25 * 0.75 / 100))
    assert Share(25, 100).text == "0.25 +- 0.04 (25 of 100)"
    assert (Share(0, 200).significance, Share(0, 200).error) == (None, 0.005)
    assert "below 0.005 (none of 200)" in Share(0, 200).text
    assert Share(317, 1000).significance == pytest.approx(1.0, abs=0.01)
