"""Bounds at a confidence level: in points, grids and limit curves, by the closed formulas; published ones untouched."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

import zdscan
from zdscan.errors import UserError
from zdscan.evaluation.engine import Engine, build_physics
from zdscan.evaluation.settings import Settings
from zdscan.inputs import limit_sets
from zdscan.physics.cases import CASES
from zdscan.scan.scanfile import parse_scan

C = limit_sets.load("latest").constants
# one of each kind: a point of Case B at which it has a value, and its published level
POINT = {"mass": 0.05, "eps": 1e-4, "eps_z": 1e-4, "g_mu": 1e-3}
LEVELS = [0.9, 0.95, 0.683, "3 sigma"]


def share(level: Any) -> float:
    return float(stats.chi2.cdf(9.0, 1)) if level == "3 sigma" else float(level)


def entry(name: str, **settings: Any) -> dict[str, Any]:
    (found,) = zdscan.evaluate("B", **POINT, constraints=[name], **settings).to_dict()["constraints"]
    assert found["applies"]
    return found


@pytest.mark.parametrize("level", LEVELS)
def test_bounds_of_a_point_by_the_closed_formulas(level: Any) -> None:
    z, n = stats.halfnorm.ppf(share(level)), -math.log(1.0 - share(level))
    error, _ = C.error("delta_a_mu")
    normal, half, counting = (entry(name, level=level) for name in ("a_mu", "belle2_zprime", "k_pi_x"))
    assert normal["limit"] == pytest.approx(C["delta_a_mu"] + z * error, rel=1e-12)
    assert normal["limit_published"] == pytest.approx(C["delta_a_mu"] + 2.0 * error, rel=1e-12)
    assert half["limit"] == pytest.approx(half["limit_published"] * z / stats.halfnorm.ppf(0.9), rel=1e-12)
    assert counting["limit"] == pytest.approx(counting["limit_published"] * n / -math.log(0.1), rel=1e-12)
    for found in (normal, half, counting):
        before = entry(found["id"], level="published")
        assert before["limit"] == before["limit_published"] == found["limit_published"]
        assert before["prediction"] == found["prediction"]
        assert (before["level"], before["cl"]) == (found["cl"], found["cl"])
        assert found["excluded"] is (found["prediction"] >= found["limit"])


def test_a_limit_with_the_standard_model_subtracted() -> None:
    """b_kst_nunu: what is left to a vector scales, not the Standard Model's rate."""
    found, expected = entry("b_kst_nunu", level="3 sigma"), C["BR_B0_Kst0_nunu_SM"]
    room = (C["limit_B0_Kst0_nunu"] - expected) * 3.0 / stats.halfnorm.ppf(0.9)
    assert found["limit"] == pytest.approx(expected + room, rel=1e-12)


def test_a_measurement_with_a_bound_on_one_side() -> None:
    found = entry("k_pi_nunu_plus", level="2 sigma")
    assert found["limit"] == pytest.approx(C["BR_Kp_pip_nunu"] + 2.0 * C.error("BR_Kp_pip_nunu")[0], rel=1e-12)
    found = entry("b_k_nunu", level="2 sigma")  # its bound is rounded to four digits: 4e-4 of the error
    assert found["limit"] == pytest.approx(1.38e-5 + 2.0 * 0.35e-5, rel=2e-4)


def test_a_bound_without_a_level_stays_and_says_so() -> None:
    for name in ("a_e", "k_mixing"):
        found = entry(name, level="3 sigma")
        assert found["limit"] == found["limit_published"]
        assert found["level"] == found["cl"]
        assert found["likelihood"] == "none"


SCAN = """\
format = 2
case = "B"
theory = "complete"
[axes]
mass = { values = [0.05, 0.3] }
eps = { min = 1e-5, max = 1e-2, n = 60, spacing = "log" }
g_mu = { min = 1e-5, max = 1e-1, n = 60, spacing = "log" }
[constraints]
use = ["a_mu", "babar_visible", "k_pi_x", "electron_dumps", "a_e"]
"""


def bits(level: str) -> np.ndarray:
    engine = Engine.from_scan(parse_scan(SCAN, overrides=[f"constraints.level={level}"]))
    chi2, excluded = np.empty(3600, dtype=np.float32), np.empty(3600, dtype=np.uint32)
    found = []
    for index in range(2):
        engine.evaluate(engine.mass_tables(index), 0, 3600, [chi2, excluded])
        found.append(excluded.copy())
    return np.concatenate(found)


def test_bits_of_a_grid_are_the_values_against_the_bounds() -> None:
    """By the values of the reference as published and factors by scipy, where a ratio is not within 1e-6 of 1."""
    z95, z90, n95, n90 = (*stats.halfnorm.ppf([0.95, 0.9]), -math.log(0.05), -math.log(0.1))
    grid, published = bits("0.95"), bits("published")
    assert np.any(grid != published)
    scan = parse_scan(SCAN, overrides=["constraints.level=published"])
    physics = Engine.from_scan(scan).physics
    _, *axes = scan.axes.values()
    error, _ = C.error("delta_a_mu")
    for index, mass in enumerate((0.05, 0.3)):
        values = physics.evaluate(physics.mass_tables(mass), tuple(axes), want=("values", "ratios"))
        moved = values["ratios"].copy()
        a_mu = values["values"][:, 0]
        moved[:, 0] = np.abs(a_mu - C["delta_a_mu"]) / (z95 * error)
        moved[:, 1] *= z90 / z95
        moved[:, 2] *= n90 / n95
        # the dumps are published at 95%, a_e has no level: both stay
        for ratios, found in ((moved, grid), (values["ratios"], published)):
            here = found[3600 * index : 3600 * (index + 1)]
            for k in range(5):
                clear = np.abs(ratios[:, k] - 1.0) > 1e-6
                np.testing.assert_array_equal((here >> k & 1)[clear], (ratios[:, k] >= 1.0)[clear])


def test_limit_curves_are_at_the_level() -> None:
    """A limit on eps^2 scales as that on a signal: eps as the root of it."""
    masses = [0.05, 0.5]
    at = {
        level: zdscan.limits("A", "eps", masses, constraints=["babar_visible"], level=level)
        for level in ("published", 0.95)
    }
    edges = {level: curves.lower[:, 0, 0] for level, curves in at.items()}
    root = math.sqrt(stats.halfnorm.ppf(0.95) / stats.halfnorm.ppf(0.9))
    np.testing.assert_allclose(edges[0.95] / edges["published"], root, rtol=1e-4)  # decays are prompt to 1e-4
    assert at[0.95].title.endswith("exclusions at 95%")
    assert at["published"].title.endswith("levels as published")
    assert at[0.95].to_xarray().attrs["level"] == "95%"


def test_defaults() -> None:
    second = parse_scan(SCAN)
    assert second.settings.used_level == "0.95"
    assert Settings(theory="paper").used_level == "published"
    assert Settings(theory="paper", level="2 sigma").used_level == "2 sigma"
    assert Engine.from_scan(second).attributes["level"] == "95%"
    published = Engine.from_scan(parse_scan(SCAN, overrides=["constraints.level=published"]))
    assert "level" not in published.attributes  # as in files of before
    assert build_physics(CASES["A"], level=0.9).identity["level"] == "0.9"


@pytest.mark.parametrize(
    "level", [1.5, 0, 1, -0.9, "two sigma", "0 sigma", "99 sigma", [0.9], float("nan"), True, None]
)
def test_what_is_no_level_is_a_sentence(level: Any) -> None:
    with pytest.raises(UserError, match=r"^level must be a number between 0 and 1 such as 0\.95, a text such as "):
        zdscan.evaluate("A", 0.1, level=level)


def test_theory_errors_of_predictions_widen_bounds() -> None:
    """Grids, points and chi2 have the same bounds; published ones stay; a file says so."""
    plain, wide = (
        build_physics(CASES["B"], limit_theory_errors=value, constraints=["b_kst_x_ee", "bs_mumu", "apv_cs"])
        for value in (False, True)
    )
    for before, after in zip(plain.clauses(0.05), wide.clauses(0.05), strict=True):
        assert all(b.up <= a.up and b.down <= a.down for b, a in zip(before, after, strict=True))
    assert wide.clauses(0.05)[0][0].up == pytest.approx(plain.clauses(0.05)[0][0].up / (1.0 - 0.18))
    assert wide.clauses(0.05)[2] == plain.clauses(0.05)[2]
    assert wide.published_clauses(0.05) == plain.published_clauses(0.05)
    assert (
        Engine(wide, {name: np.ones(1) for name in CASES["B"].parameters.axes}, ()).attributes["limit_theory_errors"]
        == "true"
    )
    point = zdscan.evaluate("B", 0.05, 1e-4, limit_theory_errors=True, constraints=["b_kst_x_ee"]).to_dict()
    (item,) = point["constraints"]
    assert item["theory_error"] == 0.18
    assert item["limit"] == pytest.approx(item["limit_published"] / (1.0 - 0.18))
