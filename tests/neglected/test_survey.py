"""Which effects a point or a scan has: none for a current that matches the W, the largest of a grid, JSON."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

import zdscan
from zdscan.neglected.effects import available
from zdscan.neglected.survey import within_axes
from zdscan.physics.cases import Case
from zdscan.scan.scanfile import parse_scan

INDUCED = {"induced_current", "induced_mixing"}
LEPTON_NUMBERS = {"v_mu": {"g_mu": 1.0}, "g_numu": {"g_mu": 1.0}, "v_e": {"g_mu": -1.0}, "g_nue": {"g_mu": -1.0}}
BARYON_LIKE = {name: {"eps": 0.1} for name in ("v_u", "v_d", "v_s")}


def sizes(case: object, *point: float, **settings: object) -> dict[str, float]:
    found = zdscan.evaluate(case, *point, **settings).neglected
    return {item.effect.id: item.size for item in found}


@pytest.mark.parametrize(
    ("case", "point"),
    [
        ("A", (0.02, 1e-3, 0.0)),
        ("A", (0.3, 1e-4, 1e-3)),
        ("B", (0.02, 1e-4, 1e-3, 0.0)),
        (LEPTON_NUMBERS, (0.02, 0.0, 0.0, 1e-3)),
        (BARYON_LIKE, (0.5, 1e-3)),
    ],
    ids=str,
)
def test_a_current_that_matches_the_w_has_nothing_neglected(case, point):
    result = zdscan.evaluate(case, *point, theory="complete")
    assert result.neglected == ()
    assert result.to_dict()["neglected"] == []


def test_what_is_neglected_is_named_whatever_else_the_matrix_has():
    case = {**BARYON_LIKE, "v_mu": {"g_mu": 1.0}}
    assert set(sizes(case, 0.3, 1e-4, 0.0, 1e-4, theory="complete")) == INDUCED


def test_nothing_to_compare_with_is_null_in_json():
    result = zdscan.evaluate("B", 0.02, g_mu=1e-3, theory="complete")
    found = {item["id"]: item for item in json.loads(json.dumps(result.to_dict(), allow_nan=False))["neglected"]}
    assert set(found) == INDUCED
    assert found["induced_current"]["size"] is None
    assert "where no such vertex is kept" in found["induced_current"]["text"]
    assert "(E0 = 8.7e-10)" in found["induced_current"]["text"]  # 1.7e-7 L g_mu
    assert {"id", "size", "of", "text"} <= set(found["induced_mixing"])


def test_points_in_an_array_are_asked_one_by_one():
    result = zdscan.evaluate("B", [0.02, 0.03], g_mu=1e-3)
    assert result.neglected is None
    assert result.to_dict()["neglected"] is None


SCAN = """
format = 1
case = "{case}"
theory = "complete"
[axes]
mass = {{ values = [0.02, 0.05, 0.1] }}
eps = {{ values = [0.0, 1e-4] }}
eps_z = {{ values = [-1e-3, -1e-5, 0.0, 1e-3] }}
g_mu = {{ values = [{g_mu}] }}
"""


def said(case: str, g_mu: str) -> list[str]:
    scan = parse_scan(SCAN.format(case=case, g_mu=g_mu))
    from zdscan.evaluation.engine import physics_of

    return within_axes(physics_of(scan.coupling_case, scan.settings), scan.axes)


def test_a_scan_is_told_the_largest_size_and_where():
    """All points of this grid are tried, so the largest is that of a loop over points."""
    vertex, mixing = said("B", "1e-3, 1e-2")
    assert vertex.endswith("there are points where no such vertex is kept.")
    everywhere = [
        size
        for mass in (0.02, 0.05, 0.1)
        for eps in (0.0, 1e-4)
        for eps_z in (-1e-3, -1e-5, 0.0, 1e-3)
        for g_mu in (1e-3, 1e-2)
        if math.isfinite(size := sizes("B", mass, eps, eps_z, g_mu, theory="complete")["induced_current"])
    ]
    assert f"about {max(everywhere):.2g} times" in vertex
    assert "Largest of the points tried: mass = 0.02, eps = 0.0001, eps_z = 0, g_mu = 0.01;" in vertex
    assert "mass = 0.02, eps = 0.0001," in mixing  # the logarithm ends at the muon's mass for all of them


def test_a_scan_of_mixing_is_told_nothing():
    assert said("A", "0.0") == []


def test_a_scan_where_nothing_is_kept_says_so_once():
    case = Case.from_couplings("muons", {"v_mu": {"g_mu": 1.0}})
    physics = zdscan.evaluate(case, 0.02, theory="complete").physics
    axes = {"mass": [0.02], "eps": [0.0], "eps_z": [0.0], "g_mu": [1e-3, 1e-2]}
    found = within_axes(physics, {name: np.array(values) for name, values in axes.items()})
    assert len(found) == 2
    assert all("Largest" not in sentence for sentence in found)


def test_every_effect_is_declared_in_full():
    for name, effect in available().items():
        assert effect.id == name
        assert effect.grade in ("B", "C")
        for text in (effect.title, effect.of, effect.alone, effect.applies, effect.remark):
            assert text
            assert not text.endswith(".")
        assert effect.sizes.__doc__
