"""The fit without some data: against fits of the rest, and chi2 of groups that are split."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from tests.analysis.fits.conftest import fitted_line
from zdscan.analysis.fits.leave_out import left_out
from zdscan.physics import rows
from zdscan.scan.scanfile import Scan


def test_each_publication_against_the_rest_alone(line: SimpleNamespace) -> None:
    """Uncorrelated rows: chi2 of the rest is the sum of its squares."""
    likelihood, found = line.engine.physics.likelihood, left_out(line.refits)
    keys = [cite[0] for cite in likelihood.data.citations]
    assert {item.what for item in found} == set(keys)
    assert sum(item.rows for item in found) == 26
    for item in found:
        mine = np.array([key == item.what for key in keys])
        residual = ((likelihood.sm - likelihood.data.values) / likelihood.sigma)[~mine]
        assert item.sm_chi2 == pytest.approx(float(residual @ residual), rel=1e-10)
        point = np.array([item.best.couplings]).T
        predicted = line.surface.parts(item.best.mass, point)[0][0]
        residual = ((predicted - likelihood.data.values) / likelihood.sigma)[~mine]
        assert item.best.chi2 == pytest.approx(float(residual @ residual), rel=1e-8)
        assert item.pull >= -1e-9
        assert item.to_dict()["without"] == item.what


@pytest.mark.parametrize("treatment", ["table", "flavio-covariance"])
def test_groups_that_are_not_correlated_can_be_split(treatment: str) -> None:
    """chi2 of two parts is that of the whole where the errors of one do not know those of the other."""
    whole = rows.build("rashed2024-corrected", "symmetrised", treatment)
    first = np.arange(26) < 13
    parts = [whole.only(mine) for mine in (first, ~first)]
    predictions = 0.9 * whole.sm
    total = sum(part.chi2(predictions)["all"] for part in parts)
    if treatment == "table":
        assert total == pytest.approx(whole.chi2(predictions)["all"], rel=1e-12)
    residual = (predictions - whole.data.values)[first]
    block = whole.covariance[np.ix_(first, first)]
    assert parts[0].chi2(predictions)["all"] == pytest.approx(residual @ np.linalg.solve(block, residual), rel=1e-9)


def test_constraints_are_left_out_one_by_one(line_scan: Scan) -> None:
    line = fitted_line(line_scan, "total")
    found = {item.what: item for item in left_out(line.refits) if item.kind == "constraint"}
    assert "a_mu" in found  # g_mu = 0.033 is far from it
    assert found["a_mu"].best.chi2 < line.result.best.chi2 - 100.0
    assert found["a_mu"].pull >= 0.0
