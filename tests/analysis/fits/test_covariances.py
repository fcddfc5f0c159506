"""How much Case C is preferred with each treatment of errors, against numbers of an independent calculation."""

from __future__ import annotations

import re
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

import zdscan
from tests.support.paths import ROOT
from zdscan.analysis.fits.covariances import Treated, treated_fits, treatments
from zdscan.inputs import measurements, tables

# chi2 below the Standard Model's, with theory errors of the Standard Model and with relative ones; the calculation
# added up covariances by itself and printed one digit, the second number of the first line cut instead of rounded.
KNOWN = {
    ("false", "table"): (27.3, 21.9),
    ("false", "flavio"): (57.8, 52.9),
    ("false", "flavio-covariance"): (4.2, 8.7),
    ("true", "table"): (24.9, 20.5),
    ("true", "flavio-covariance"): (9.3, 14.5),
}
DIGITS = 0.1


@pytest.fixture(scope="module")
def fits(line: SimpleNamespace) -> tuple[Treated, ...]:
    return treated_fits(line.engine.physics, line.engine.axes)


def test_preference_depends_on_the_errors(fits: tuple[Treated, ...]) -> None:
    found = {(item.correlated, item.theory_errors): item for item in fits}
    assert found.keys() == KNOWN.keys() | {("true", "flavio")}
    for key, (fixed, relative) in KNOWN.items():
        assert -found[key].fixed.improvement == pytest.approx(fixed, abs=DIGITS), key
        assert -found[key].relative.improvement == pytest.approx(relative, abs=DIGITS), key


def test_the_table_of_the_documentation(fits: tuple[Treated, ...]) -> None:
    """docs/statistics.md prints what the command prints."""
    page = (ROOT / "docs" / "statistics.md").read_text()
    for item in fits:
        line = " \\| ".join(map(re.escape, item.words))
        printed = re.search(f"\\| {line} \\| ([\\d.]+) \\| ([\\d.]+) \\|", page)
        assert printed, item.words
        found = -item.fixed.improvement, -item.relative.improvement
        assert [float(number) for number in printed.groups()] == pytest.approx(found, abs=0.06)  # one digit


def test_correlated_and_relative_against_covariances_made_here() -> None:
    """eps_z refitted by scipy on predictions of points, errors from the rows of the data file."""
    data = measurements.load("rashed2024-corrected")
    flavio = tables.load().covariances[0][1][:26, :26]
    error = [(row.syst or [[0.0, 0.0]])[-1] for row in data.rows]  # the last one: normalisation, or systematic
    variance = [sum(((a + b) / 2.0) ** 2 for a, b in (row.stat, *row.syst)) for row in data.rows]
    experimental = np.diag(variance)
    for i, one in enumerate(data.rows):
        for j, other in enumerate(data.rows):
            if i != j and (one.decay, one.arxiv) == (other.decay, other.arxiv):
                experimental[i, j] = np.mean(error[i]) * np.mean(error[j])

    def chi2(logarithm: float) -> float:
        point = zdscan.evaluate("C", 0.0302, 0.0, -np.exp(logarithm), 0.033, **SETTINGS)
        scale = point.predictions / point.physics.likelihood.sm
        residual = point.predictions - data.values
        return float(residual @ np.linalg.inv(experimental + flavio * np.outer(scale, scale)) @ residual)

    SETTINGS = {"theory": "paper", "measurements": "rashed2024-corrected", "constraints": ["bs_mumu"]}
    found = minimize_scalar(chi2, bounds=(-8.5, -7.2), method="bounded", options={"xatol": 1e-4})
    other = zdscan.evaluate(
        "C", 0.0302, 0.0, -np.exp(found.x), 0.033, errors_correlated=True, theory_errors="flavio-covariance",
        theory_errors_at="point", **SETTINGS,
    )  # fmt: skip
    assert float(other.chi2["all"]) == pytest.approx(found.fun, rel=1e-9)
    assert float(other.chi2["sm_all"]) - found.fun == pytest.approx(KNOWN["true", "flavio-covariance"][1], abs=DIGITS)


def test_data_without_printed_errors_have_fewer_treatments(line: SimpleNamespace) -> None:
    physics = zdscan.evaluate("B", 0.05, constraints=["a_mu"]).physics
    assert ("true", "table") in treatments(line.engine.physics)
    assert not any(name == "table" for _, name in treatments(physics))


def test_a_grid_refuses_relative_errors(tmp_path, line: SimpleNamespace) -> None:
    with pytest.raises(zdscan.UserError, match="needs another covariance at every point"):
        zdscan.run(line.scan.text, tmp_path / "x.h5", overrides=["data.theory_errors_at=point"])
    assert not list(tmp_path.iterdir())
