"""Families, their errors and common directions against the inverse of the whole covariance."""

from __future__ import annotations

import numpy as np
import pytest

from zdscan.evaluation.engine import build_physics
from zdscan.evaluation.families import families_of
from zdscan.physics.cases import CASES

FIELDS = ("chi2", "chi2_muon", "chi2_br", "chi2_lfu", "chi2_angular")


@pytest.mark.parametrize("field", FIELDS)
def test_squares_without_what_is_common_are_the_inverse_covariance(field: str) -> None:
    likelihood = build_physics(CASES["C"], measurements=("latest", "lfu", "angular"), constraints=()).likelihood
    assert likelihood.families is not None
    counted = likelihood.counted(field)
    found = np.zeros((len(counted), len(counted)))
    families = families_of(likelihood, counted)
    for family in families:
        found[np.ix_(family.rows, family.rows)] += family.whitening.T @ family.whitening
    rows = np.concatenate([family.rows for family in families])
    directions = np.concatenate([family.directions for family in families], axis=1)
    found[np.ix_(rows, rows)] -= directions.T @ directions
    assert sorted(rows.tolist()) == np.flatnonzero(counted).tolist()
    product = found[np.ix_(counted, counted)] @ likelihood.families.covariance[np.ix_(counted, counted)]
    # rows have units of 1e-8 and of 1, so that it is the product that is compared; its condition costs four digits
    scale = np.sqrt(np.diag(likelihood.families.covariance)[counted])
    np.testing.assert_allclose(product * scale[:, None] / scale, np.eye(int(counted.sum())), atol=1e-9)


def test_rates_come_first_and_have_no_denominator() -> None:
    likelihood = build_physics(CASES["C"], measurements=("latest", "lfu", "angular"), constraints=()).likelihood
    first, *others = families_of(likelihood, likelihood.counted("chi2"))
    assert first.denominator == -1
    assert np.array_equal(first.rows, likelihood.rates)
    denominators = [family.denominator for family in others]
    assert min(denominators) >= 0
    assert len(set(denominators)) == len(denominators)
    assert len(families_of(likelihood, likelihood.counted("chi2_lfu"))[0].rows) == 0
