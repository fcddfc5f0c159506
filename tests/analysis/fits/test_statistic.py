"""What a fit minimises: the constraints against points, a minimum in closed form, and mistakes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import zdscan
from tests.package.test_cli import refused
from tests.package.test_cli import zdscan as command
from zdscan.analysis.fits.statistic import STATISTICS, Statistic
from zdscan.errors import UserError
from zdscan.evaluation.engine import build_physics
from zdscan.inputs import limit_sets
from zdscan.physics.cases import CASES

AXES = (np.array([0.0, 1e-5, 1e-3]), np.array([-1e-5, 0.0]), np.array([1e-4, 1e-3]))
SCAN = """\
format = 2
case = "B"
[axes]
mass = { values = [0.2, 0.3] }
g_mu = { min = 1e-4, max = 1e-2, n = 21, spacing = "log" }
[constraints]
use = ["a_mu", "a_e"]
"""


@pytest.mark.parametrize("name", STATISTICS)
def test_values_are_those_of_points(name: str) -> None:
    """Against zdscan.evaluate, point by point; rows of the fast evaluator in float32."""
    surface = Statistic(build_physics(CASES["B"]), name)
    points = zdscan.evaluate("B", 0.05, *np.meshgrid(*AXES, indexing="ij"))
    constraints = points.chi2_constraints - points.chi2["sm_constraints"]
    expected = {"rows": points.chi2["all"], "constraints": constraints, "total": points.chi2["all"] + constraints}[name]
    np.testing.assert_allclose(surface.at_mass(0.05)(*AXES), expected, rtol=1e-10, atol=1e-9)
    np.testing.assert_allclose(surface.block(0.05, *AXES), expected, rtol=1e-6, atol=1e-4)
    one = tuple(axis[-1:] for axis in AXES)
    assert float(surface.at_mass(0.05)(*one)[0, 0, 0]) == pytest.approx(float(expected[-1, -1, -1]), rel=1e-10)


def test_the_best_fit_of_one_measurement_is_its_value(tmp_path: Path) -> None:
    """g_mu that makes the measured moment of the muon, where nothing else counts: chi2 falls by (m/s)^2."""
    path = tmp_path / "scan.toml"
    path.write_text(SCAN)
    result = command("fit", str(path), "--no-profiles", "--statistic", "constraints", "--json")
    assert result.code == 0, result.err
    found, constants = json.loads(result.out), limit_sets.load("latest").constants
    measured, error = constants["delta_a_mu"], constants.error("delta_a_mu")[0]
    assert found["delta_chi2"] == pytest.approx(-((measured / error) ** 2), abs=1e-5)
    assert found["chi2_constraints"] == pytest.approx(0.0, abs=1e-5)
    assert [item["id"] for item in found["constraints_at_best"]] == ["a_mu"]  # a_e has no level
    assert found["p_value"] is None
    moment = zdscan.evaluate("B", found["best"]["mass"], g_mu=found["best"]["g_mu"]).delta_a_mu
    assert float(moment) == pytest.approx(measured, rel=1e-2)
    told = command("fit", str(path), "--no-profiles", "--statistic", "total")
    assert "rows and the constraints, these counted from the Standard Model" in told.out


def test_an_unknown_statistic_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^statistic does not know 'totl' \(did you mean 'total'\?\); allowed: "):
        Statistic(build_physics(CASES["A"]), "totl")
    path = tmp_path / "scan.toml"
    path.write_text(SCAN)
    refused(command("fit", str(path), "--statistic", "row"), "statistic does not know 'row' (did you mean 'rows'?)")
