"""Planes of the explorer against single points, and what is made of them against known shapes."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from zdscan import evaluate, limits
from zdscan.analysis.explorer.curves import shapes, spread_labels, strongest_map
from zdscan.analysis.explorer.planes import Plane, Planes, Request, Superseded
from zdscan.analysis.explorer.scales import Scale
from zdscan.analysis.explorer.start import of_case
from zdscan.errors import UserError
from zdscan.evaluation.engine import build_physics
from zdscan.physics.cases import named_case

CONSTRAINTS = ("a_mu", "k_mu_inv", "babar_4mu")
SCALES = {
    "mass": Scale("log", 0.02, 0.3),
    "eps": Scale("symlog", -1e-2, 1e-2, 1e-5),
    "eps_z": Scale("symlog", -1e-2, 1e-2, 1e-6),
    "g_mu": Scale("log", 1e-5, 1e-1),
}
HELD = {"mass": 0.25, "eps": 1e-4, "eps_z": -1e-3, "g_mu": 3e-3}


@pytest.fixture(scope="module")
def planes():
    return Planes(build_physics(named_case("C"), constraints=CONSTRAINTS))


@pytest.mark.parametrize(("x", "y"), [("mass", "g_mu"), ("g_mu", "mass"), ("eps", "eps_z"), ("g_mu", "eps")])
def test_a_plane_has_the_numbers_of_its_points(planes, x, y):
    """chi2 to single precision, in which grids have it; ratios likewise; both in the right cell."""
    plane = planes.compute(Request(x, y, SCALES, HELD, points=7))
    for i, j in ((0, 0), (1, 5), (6, 2)):
        values = HELD | {x: float(plane.x[i]), y: float(plane.y[j])}
        point = evaluate("C", constraints=CONSTRAINTS, **values)
        assert plane.chi2[j, i] == pytest.approx(float(point.chi2["all"]), rel=1e-6)
        np.testing.assert_allclose(plane.ratios[j, i], point.ratios, rtol=1e-6)


def test_a_coarse_plane_has_all_of_chi2_and_some_ratios(planes):
    fine = planes.compute(Request("mass", "g_mu", SCALES, HELD, points=12))
    coarse = planes.compute(Request("mass", "g_mu", SCALES, HELD, points=12, coarse=True))
    np.testing.assert_array_equal(coarse.chi2, fine.chi2)
    assert coarse.ratio_x.tolist() == fine.x[[0, 8, 11]].tolist()
    np.testing.assert_array_equal(coarse.ratios, fine.ratios[:, [0, 8, 11]])


def test_best_points(planes):
    plane = planes.compute(Request("mass", "g_mu", SCALES, HELD, points=12))
    x, y, chi2 = plane.best
    assert chi2 == plane.chi2.min()
    assert plane.chi2[plane.y.tolist().index(y), plane.x.tolist().index(x)] == chi2
    every = np.ones(3, dtype=bool)
    allowed = plane.best_allowed(every)
    assert allowed is not None
    assert allowed[2] == plane.chi2[~(plane.ratios >= 1.0).any(axis=2)].min()
    assert plane.best_allowed(~every) == plane.best
    forbidden = replace(plane, ratios=np.full_like(plane.ratios, 2.0))
    assert forbidden.best_allowed(every) is None


def test_a_plane_that_nobody_wants_is_given_up(planes):
    with pytest.raises(Superseded):
        planes.compute(Request("mass", "g_mu", SCALES, HELD, points=7), wanted=lambda: False)
    with pytest.raises(UserError, match=r"no axis 'g'; known are mass, eps, eps_z, g_mu"):
        planes.compute(Request("g", "mass", SCALES, HELD))
    with pytest.raises(UserError, match="x and y are both mass"):
        planes.compute(Request("mass", "mass", SCALES, HELD))


def test_progress_ends_at_one(planes):
    told = []
    planes.compute(Request("eps", "g_mu", SCALES, HELD, points=7), lambda what, fraction: told.append(fraction))
    assert told == sorted(told)
    assert told[-1] == 1.0


# --- shapes ----------------------------------------------------------------------------------------------------------


def round_plane(points: int = 101) -> Plane:
    """chi2 = x^2 + y^2; one ratio is 1 on the line x = 1, one on the circle of radius 2, one nowhere."""
    scale = Scale("linear", -5.0, 5.0)
    x = scale.spread(points)
    a, b = np.meshgrid(x, x)
    ratios = np.stack([10.0 ** (a - 1.0), 10.0 ** (np.hypot(a, b) - 2.0), np.full_like(a, 1e-3)], axis=2)
    request = Request("eps", "g_mu", {"eps": scale, "g_mu": scale}, {}, points)
    chi2 = (a**2 + b**2).astype(np.float32)
    return Plane(request, x, x, chi2, x, x, ratios.astype(np.float32), ("line", "circle", "weak"))


def area(polygons) -> float:
    """By the shoelace formula, holes taken away."""
    total = 0.0
    for rings in polygons:
        for k, ring in enumerate(rings):
            u, v = ring[:, 0], ring[:, 1]
            one = abs(np.dot(u, np.roll(v, 1)) - np.dot(v, np.roll(u, 1))) / 2
            total += -one if k else one
    return total


def test_regions_and_exclusions_have_their_areas():
    """A circle drawn by chords of a tenth is smaller by less than a percent."""
    found = shapes(round_plane(), np.ones(3, dtype=bool), 0.0)
    inner = 0.0
    for region, level in zip(found.regions, (2.2957, 6.1801, 11.8292), strict=True):  # of chi2 with two parameters
        inner += area(region)
        assert inner == pytest.approx(math.pi * level, rel=0.01)
    segment = 4.0 * math.acos(0.5) - math.sqrt(3.0)  # of the circle of radius 2 beyond x = 1
    assert area(found.excluded) == pytest.approx(100.0 - (4.0 * math.pi - segment), rel=0.01)


def test_curves_are_where_ratios_are_one():
    found = shapes(round_plane(), np.ones(3, dtype=bool), 0.0)
    curves = {curve.name: curve for curve in found.curves}
    assert set(curves) == {"line", "circle"}
    for line in curves["line"].lines:
        np.testing.assert_allclose(line[:, 0], 1.0, atol=1e-6)
    for line in curves["circle"].lines:
        np.testing.assert_allclose(np.hypot(*line.T), 2.0, atol=2e-3)
    assert found.curves[0].name == "circle"  # it draws more of the border
    assert 0.6 < curves["circle"].weight < 0.8
    alone = shapes(round_plane(), np.array([True, False, True]), 0.0)
    assert [curve.name for curve in alone.curves] == ["line"]


def test_names_keep_apart():
    found = shapes(round_plane(), np.ones(3, dtype=bool), 0.0)
    names = spread_labels(found.curves, {"x": (-5.0, 5.0), "y": (-5.0, 5.0)})
    assert set(names) == {"line", "circle"}
    (a, b), (c, d) = names.values()
    assert abs(a - c) > 1.4 or abs(b - d) > 0.4


def test_the_map_says_which_ratio_is_largest():
    plane = round_plane()
    number, names = strongest_map(plane, np.ones(3, dtype=bool))
    at = {(x, y): number[plane.y.tolist().index(y), plane.x.tolist().index(x)] for x, y in ((0, 0), (3, 0), (-3, 0))}
    assert at == {(0, 0): -1, (3, 0): 0, (-3, 0): 1}
    assert list(names) == [1, 0]  # the larger area first
    for k, (x, y) in names.items():
        i, j = (int(np.argmin(np.abs(plane.x - place))) for place in (x, y))
        assert number[j, i] == k


def test_a_flat_plane_has_no_regions():
    plane = replace(round_plane(), chi2=np.full((101, 101), 89.3, dtype=np.float32))
    assert shapes(plane, np.ones(3, dtype=bool), 89.3).regions == [[], [], []]


def test_curves_agree_with_solved_limits(planes):
    """Interpolated between points a twentieth of a decade apart, against edges solved for at the same masses."""
    held = {"eps": 0.0, "eps_z": 0.0, "mass": 0.25}
    plane = planes.compute(Request("mass", "g_mu", SCALES, held, points=81))
    found = shapes(plane, np.array([True, False, False]), 0.0)
    curve = np.concatenate(found.curves[0].lines)
    masses = plane.x[[10, 40, 70]]
    solved = limits("C", "g_mu", masses, constraints=["a_mu"], within=(1e-5, 1e-1)).lower[:, 0, 0]
    for mass, edge in zip(masses, solved, strict=True):
        nearest = curve[np.abs(curve[:, 0] - np.log10(mass)) < 1e-9]
        assert np.abs(nearest[:, 1] - np.log10(edge)).min() < 2e-3  # decades


def test_planes_of_cases_with_fewer_parameters():
    start = of_case("dark_photon", constraints=("babar_visible",))
    plane = Planes(start.physics()).compute(Request("mass", "eps", start.scales, start.held, points=5))
    values = {"mass": float(plane.x[2]), "eps": float(plane.y[3])}
    point = evaluate("dark_photon", constraints=["babar_visible"], **values)
    assert plane.ratios[3, 2, 0] == pytest.approx(float(point.ratios[0]), rel=1e-6)
