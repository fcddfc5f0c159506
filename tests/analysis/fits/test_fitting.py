"""Fits: known minima of synthetic surfaces, flat directions by construction, and real fits against dense scans."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import gammaincc

from tests.package.test_cli import refused, zdscan
from zdscan.analysis.fits.bestfit import BestFit, fit
from zdscan.analysis.fits.degeneracy import Combination, Stretch, curvature, distinct, flat_stretches, hessian
from zdscan.analysis.fits.fitreport import show_fit
from zdscan.analysis.fits.fitting import Fit, PhysicsSurface, fit_file, fit_scan
from zdscan.analysis.fits.minimise import minimise, value_at
from zdscan.analysis.fits.seeds import Seeds, coarse, thinned
from zdscan.errors import UserError
from zdscan.evaluation.engine import build_physics
from zdscan.physics.cases import gauge_couplings, named_case
from zdscan.scan.axes import spaced
from zdscan.scan.scanfile import parse_scan

AXES = {
    "mass": np.geomspace(0.01, 1.0, 5),
    "eps": spaced(-1e-2, 1e-2, 9, "symlog", 1e-4),
    "eps_z": spaced(-1e-1, 1e-1, 13, "symlog", 1e-4),
    "g_mu": np.geomspace(1e-4, 1.0, 13),
}


class Synthetic:
    """A surface from a function of (mass, eps, eps_z, g_mu)."""

    def __init__(self, function):
        self.function = function

    def at_mass(self, mass):
        return lambda a, b, c: self.function(mass, a[:, None, None], b[None, :, None], c[None, None, :])


def seeds_of(surface, axes=AXES) -> Seeds:
    seeds = Seeds(axes)
    for index, mass in enumerate(axes["mass"]):
        seeds.add(index, surface.at_mass(float(mass))(axes["eps"], axes["eps_z"], axes["g_mu"]))
    return seeds


def fitted(function, axes=AXES, **options) -> BestFit:
    surface = Synthetic(function)
    return fit(surface, seeds_of(surface, axes), 26, 90.0, **options)


def logs(value, at, sigma):
    """Distance in ln|value| from `at` in units of sigma; far away at the wrong sign and at 0."""
    with np.errstate(divide="ignore"):
        t = np.log(np.abs(value / at))
    return np.where(value * at > 0.0, np.clip(t / sigma, -300.0, 300.0), 300.0)


# --- synthetic surfaces ----------------------------------------------------------------------------------------------

TRUE = (3e-3, -4e-3, 2e-2)
SIGMA = (0.2, 0.1, 0.15)
RHO = 0.6


def quadratic(mass, eps, eps_z, g_mu):
    """An exact parabola in the logarithms, eps and eps_z correlated; mass 0.1 GeV with an error of 0.3 in ln(mass)."""
    x, y, z = (logs(v, at, s) for v, at, s in zip((eps, eps_z, g_mu), TRUE, SIGMA, strict=True))
    return 50.0 + (x**2 - 2 * RHO * x * y + y**2) / (1 - RHO**2) + z**2 + (np.log(mass / 0.1) / 0.3) ** 2


@pytest.fixture(scope="module")
def parabola() -> BestFit:
    return fitted(quadratic)


def test_known_minimum_errors_and_correlation(parabola: BestFit) -> None:
    assert parabola.best.chi2 == pytest.approx(50.0, abs=1e-3)
    assert parabola.best.mass == AXES["mass"][2]
    np.testing.assert_allclose(parabola.best.couplings, TRUE, rtol=5e-3)
    assert parabola.best.at_bound == {}
    errors = [parabola.curvature.errors[name] for name in ("eps", "eps_z", "g_mu")]
    np.testing.assert_allclose(errors, SIGMA, rtol=1e-3)
    expected = [[1.0, RHO, 0.0], [RHO, 1.0, 0.0], [0.0, 0.0, 1.0]]
    np.testing.assert_allclose(parabola.curvature.correlation, expected, atol=2e-3)
    assert parabola.curvature.undetermined == ()
    assert parabola.flat == ()


def test_intervals_of_a_parabola(parabola: BestFit) -> None:
    for name, at, sigma in zip(("eps", "eps_z", "g_mu"), TRUE, SIGMA, strict=True):
        ends = sorted((at * np.exp(-sigma), at * np.exp(sigma)))
        np.testing.assert_allclose(parabola.profiles[name].interval, ends, rtol=1e-2)
    # The mass is interpolated linearly in chi2 between its values: (distance/0.3)^2 at the next.
    share = 0.3**2 / np.log(AXES["mass"][3] / AXES["mass"][2]) ** 2
    width = share * np.log(AXES["mass"][3] / AXES["mass"][2])
    np.testing.assert_allclose(np.log(np.array(parabola.profiles["mass"].interval) / 0.1), [-width, width], rtol=1e-2)


def test_p_values(parabola: BestFit) -> None:
    assert parabola.ndof == 26 - 4
    # Upper incomplete gamma function: the chi2 law in closed form.
    assert parabola.p_value == pytest.approx(gammaincc(11.0, 25.0), rel=1e-3)
    assert parabola.sm_p_value == pytest.approx(gammaincc(13.0, 45.0), rel=1e-9)
    assert parabola.improvement == pytest.approx(-40.0, abs=1e-3)
    assert 5.0 < parabola.significance < 6.0


def test_every_choice_of_signs(parabola: BestFit) -> None:
    assert set(parabola.by_sign) == {(a, b, 1) for a in (-1, 1) for b in (-1, 1)}
    for signs, found in parabola.by_sign.items():
        assert all(s * x > 0.0 for s, x in zip(signs, found.couplings, strict=True))
    assert min(parabola.by_sign, key=lambda s: parabola.by_sign[s].chi2) == (1, -1, 1)


def test_a_product_alone_is_determined() -> None:
    result = fitted(lambda m, e, z, g: 50.0 + (30.0 * (1 + z * g / 1e-5)) ** 2 + 0.0 * e + np.log(m / 0.1) ** 2)
    assert result.best.couplings[1] * result.best.couplings[2] == pytest.approx(-1e-5, rel=1e-3)
    assert set(result.curvature.undetermined) >= {"eps_z", "g_mu"}
    assert any(s.constant is not None and s.constant.text == "eps_z x g_mu" for s in result.flat)
    (stretch,) = (s for s in result.flat if s.constant is not None)
    assert stretch.value == pytest.approx(-1e-5, rel=1e-2)
    assert result.profiles["g_mu"].interval[1] is None


def test_a_sum_alone_is_determined() -> None:
    axes = AXES | {"mass": np.array([0.1]), "eps": np.geomspace(2e-3, 2e-2, 5)}

    def valley(m, e, z, g):
        return 50.0 + ((g - 0.3 * e - 2e-3) / 1e-4) ** 2 + logs(z, 1e-3, 0.1) ** 2

    result = fitted(valley, axes, profiles=False)
    assert result.curvature.undetermined == ("eps", "g_mu")
    combination = next(c for c in result.curvature.determined if c.is_sum)
    assert combination.text == "g_mu - 0.3 eps"
    assert combination.value(result.best.to_dict()) == pytest.approx(2e-3, rel=1e-2)
    assert result.curvature.errors["eps_z"] == pytest.approx(0.1, rel=1e-3)


def test_a_coupling_of_no_effect_is_zero() -> None:
    axes = AXES | {"mass": np.array([0.1]), "g_mu": np.array([1e-2])}
    result = fitted(lambda m, e, z, g: 50.0 + (z / 1e-2) ** 2 + 0.0 * e + 0.0 * g, axes)
    assert result.best.couplings[:2] == (0.0, 0.0)
    assert result.best.at_bound == {"eps": "lower", "eps_z": "lower"}
    assert result.zero == pytest.approx({"eps": 50.0, "eps_z": 50.0}, abs=1e-3)
    assert result.profiles["eps"].interval == (None, None)
    np.testing.assert_allclose(result.profiles["eps_z"].interval, [-1e-2, 1e-2], rtol=1e-2)
    assert any(s.parameter == "eps" and s.low == -1e-2 and s.high == 1e-2 for s in result.flat)


def test_minima_at_the_ends_of_axes() -> None:
    result = fitted(lambda m, e, z, g: 50.0 + m + (1 - g) + 10 * logs(z, 1e-3, 0.1) ** 2 + 0.0 * e, profiles=False)
    assert result.mass_at_end == "lower"
    assert result.best.at_bound["g_mu"] == "upper"
    assert result.best.couplings[2] == pytest.approx(1.0, rel=1e-12)
    assert "g_mu" not in result.curvature.names


def test_fixed_axes_are_no_parameters() -> None:
    axes = AXES | {"eps": np.array([0.0]), "g_mu": np.array([2e-2]), "mass": np.array([0.1])}
    result = fitted(lambda m, e, z, g: quadratic(m, 3e-3, z, g) + 0.0 * e, axes)
    assert result.free == ("eps_z",)
    assert result.ndof == 25
    assert set(result.profiles) == {"eps_z"}
    assert result.best.couplings[0] == 0.0
    assert result.best.couplings[2] == 2e-2
    one_point = {name: axis[:1] for name, axis in axes.items()}
    assert fitted(quadratic, one_point).free == ()


def test_missing_points_are_no_starts() -> None:
    surface = Synthetic(quadratic)
    seeds = Seeds(AXES)
    shape = tuple(len(AXES[name]) for name in ("eps", "eps_z", "g_mu"))
    for index in range(5):
        seeds.add(index, np.full(shape, np.nan))
    with pytest.raises(UserError, match="no point with a finite chi2"):
        fit(surface, seeds, 26, 90.0)


def test_hessian_is_exact_for_a_parabola() -> None:
    matrix = np.array([[4.0, 1.0, 0.5], [1.0, 3.0, -0.2], [0.5, -0.2, 2.0]])
    at = np.array([1.0, -2.0, 0.3])
    found = hessian(lambda t: 7.0 + 0.5 * (t - at) @ matrix @ (t - at), at)
    np.testing.assert_allclose(found, matrix, atol=1e-9)
    assert curvature(lambda t: 1.0, np.empty(0), (), ()).errors == {}


def test_flat_stretches_need_a_decade_and_an_improvement() -> None:
    values = np.geomspace(1e-4, 1.0, 41)
    shelf = np.where((values > 9e-4) & (values < 0.11), 60.0, 80.0)
    others = {"eps_z": -1e-5 / values}
    (found,) = flat_stretches("g_mu", values, shelf, others, 79.0)
    assert (found.low, found.high) == pytest.approx((1e-3, 0.1))
    assert found.constant == Combination({"eps_z": 1.0, "g_mu": 1.0})
    assert flat_stretches("g_mu", values, shelf, others, 59.0) == []
    short = np.where((values > 9e-4) & (values < 5e-3), 60.0, 80.0)
    assert flat_stretches("g_mu", values, short, others, 79.0) == []


def test_a_degeneracy_is_told_once() -> None:
    product, linear = Combination({"eps_z": 1.0, "g_mu": 1.0}), Combination({"eps": -0.3, "g_mu": 1.0}, is_sum=True)
    long = Stretch("g_mu", 1e-3, 1.0, 60.0, product, -1e-5, 3.0)
    short = Stretch("eps_z", -1e-3, -1e-5, 60.5, Combination({"eps_z": 1.05, "g_mu": 1.0}), -1e-5, 2.0)
    higher = Stretch("eps_z", -1e-3, -1e-5, 65.0, product, -2e-5, 2.0)
    alone = Stretch("eps_z", 1e-3, 1e-1, 60.2, None, None, 2.0)
    elsewhere = Stretch("eps", 1e-3, 1e-1, 60.2, None, None, 2.0)
    assert distinct([short, long, higher, alone, elsewhere]) == [long, elsewhere, higher]
    assert linear.text == "g_mu - 0.3 eps"
    assert linear.value({"eps": 1.0, "g_mu": 2.0}) == pytest.approx(1.7)
    assert Combination({"eps_z": -1.0, "g_mu": 1.0}).text == "g_mu / eps_z"
    assert Combination({"eps": 0.5, "g_mu": 1.0}).value({"eps": -4.0, "g_mu": -3.0}) == pytest.approx(6.0)


def test_thinning_keeps_ends_zero_and_wishes() -> None:
    axis = spaced(-1.0, 1.0, 101, "symlog", 1e-3)
    few = thinned(axis, 7, keep=[axis[13]])
    assert {axis[0], axis[-1], 0.0, axis[13]} <= set(few)
    assert len(few) <= 9
    np.testing.assert_array_equal(thinned(axis[:5], 7), axis[:5])


# --- the real chi2 ---------------------------------------------------------------------------------------------------

CASE_A = """\
format = 1
case = "A"
[axes]
mass = { values = [0.010, 0.020, 0.0295, 0.0305, 0.1] }
eps = { min = 0.0, max = 1e-2, n = 21, spacing = "symlog", linear_below = 1e-5 }
eps_z = { min = -1e-1, max = 1e-1, n = 101, spacing = "symlog", linear_below = 1e-5 }
g_mu = { values = [0.0] }
[constraints]
use = ["apv_cs", "a_mu"]
"""
PLATEAU = """\
format = 1
case = "B"
[axes]
mass = { values = [0.0103] }
eps = { values = [0.0] }
eps_z = { min = -3e-4, max = 3e-4, n = 81, spacing = "symlog", linear_below = 1e-7 }
g_mu = { min = 1e-2, max = 1.0, n = 21, spacing = "log" }
[constraints]
use = "paper"
"""


@pytest.fixture(scope="module")
def case_a() -> Fit:
    return fit_scan(parse_scan(CASE_A))


def test_case_a_is_lower_than_a_dense_scan(case_a: Fit) -> None:
    best = case_a.result.best
    surface = PhysicsSurface(case_a.physics)
    eps, eps_z = np.geomspace(1e-5, 1e-2, 121), np.geomspace(1e-3, 1e-2, 241)
    for mass in (0.010, 0.020):
        dense = np.concatenate([surface.at_mass(mass)(eps, s * eps_z, np.zeros(1)) for s in (-1, 1)], axis=1)
        at_mass = min(m.chi2 for found in case_a.result.by_mass.values() for m in found if m.mass == mass)
        assert dense.min() - 0.05 < at_mass < dense.min() + 1e-6
    assert best.mass == 0.010
    # a second minimiser, in the couplings themselves
    block = surface.at_mass(0.010)
    other = minimize(
        lambda x: value_at(block, (1e-3 * x[0], 1e-3 * x[1], 0.0)), (1.0, 3.0), method="Nelder-Mead", tol=1e-8
    )
    assert best.chi2 == pytest.approx(other.fun, abs=1e-4)
    np.testing.assert_allclose(best.couplings[:2], 1e-3 * other.x, rtol=5e-3)


def test_case_a_falls_off_at_30_mev(case_a: Fit) -> None:
    """Above the lower edge of the lowest K* e e bin, (30 MeV)^2, nothing of the fit is left."""
    profile = dict(zip(case_a.result.profiles["mass"].values, case_a.result.profiles["mass"].chi2, strict=True))
    sm = case_a.result.sm_chi2
    assert profile[0.010] < profile[0.020] < sm - 10.0
    assert profile[0.0305] > sm - 1.0
    assert any("smallest of its axis" in remark for remark in case_a.remarks)


def test_pulls_make_the_chi2(case_a: Fit) -> None:
    assert np.sum(case_a.pulls**2) == pytest.approx(case_a.result.best.chi2, rel=1e-9)
    assert np.sum(case_a.sm_pulls**2) == pytest.approx(case_a.result.sm_chi2, rel=1e-9)
    assert set(case_a.excluded) == {"apv_cs", "a_mu"}


def test_the_vertex_scales_the_couplings(case_a: Fit) -> None:
    """The amplitude is bilinear in the vertex and the couplings: kappa is absorbed by a factor kappa^(-1/2)."""
    reference = dict(case_a.band)
    for scale, minimum in case_a.band:
        assert minimum.chi2 == pytest.approx(case_a.result.best.chi2, abs=0.05)
        expected = reference[1.0].couplings[1] / np.sqrt(scale)
        assert minimum.couplings[1] == pytest.approx(expected, rel=0.03)
    assert [scale for scale, _ in case_a.band] == pytest.approx([0.5, 0.5**0.5, 1.0, 2**0.5, 2.0])


@pytest.fixture(scope="module")
def plateau() -> Fit:
    return fit_scan(parse_scan(PLATEAU))


def test_only_the_product_is_determined_in_case_b(plateau: Fit) -> None:
    """At small eps_z the muon's C9 alone matters, which is eps_z x g_mu; the data want it negative."""
    products = [s for s in plateau.result.flat if s.constant is not None]
    assert products
    assert products[0].constant.text == "eps_z x g_mu"
    block = PhysicsSurface(plateau.physics).at_mass(0.0103)
    g = 0.3
    z = -np.linspace(1e-5, 6e-5, 2001)
    expected = g * z[int(np.argmin(block(np.zeros(1), z, np.array([g]))))]
    assert products[0].value == pytest.approx(expected, rel=0.05)
    assert any("eps_z x g_mu" in remark for remark in plateau.remarks)
    right, wrong = plateau.result.by_sign[(0, -1, 1)], plateau.result.by_sign[(0, 1, 1)]
    assert right.chi2 < plateau.result.sm_chi2 - 20.0
    assert wrong.chi2 > right.chi2 + 20.0


def test_case_c_sees_the_muon_coupling_as_a_whole() -> None:
    """Without electron couplings eps and g_mu enter as the muon's vector coupling g_mu - e eps."""
    surface = PhysicsSurface(build_physics(named_case("C"), constraints=()))
    axes = {
        "mass": np.array([0.01]),
        "eps": np.geomspace(1e-4, 5e-3, 5),
        "eps_z": -np.geomspace(1e-1, 1e-4, 31),
        "g_mu": np.geomspace(1e-4, 1e-1, 31),
    }
    result = fit(surface, seeds_of(surface, axes), 26, surface.physics.sm_chi2["all"], profiles=False)
    (combination,) = (c for c in result.curvature.determined if c.is_sum)
    assert combination.numbers["eps"] == pytest.approx(-gauge_couplings()[0], rel=0.02)
    assert result.curvature.undetermined == ("eps", "g_mu")


def test_constraints_do_not_enter(case_a: Fit) -> None:
    bare = PhysicsSurface(case_a.physics)
    point = (np.array([1e-3]), np.array([3e-3]), np.zeros(1))
    full = case_a.physics.evaluate(case_a.physics.mass_tables(0.01), point)["chi2"][0]
    assert bare.at_mass(0.01)(*point)[0, 0, 0] == pytest.approx(full, rel=1e-12)
    physics = case_a.physics
    scaled = PhysicsSurface(replace(physics, settings=replace(physics.settings, fcnc_scale=4.0)))
    assert scaled.at_mass(0.01)(*point)[0, 0, 0] != pytest.approx(full, rel=1e-3)


def test_start_outside_the_axis_is_brought_in() -> None:
    block = Synthetic(quadratic).at_mass(0.1)
    found = minimise(block, 0.1, AXES, (1.0, -1e-9, 50.0), (1, -1, 1))
    np.testing.assert_allclose(found.couplings, TRUE, rtol=5e-3)


# --- the command -----------------------------------------------------------------------------------------------------


def test_grid_and_scan_file_agree(case_a: Fit, tmp_path: Path) -> None:
    scan, grid = tmp_path / "a.toml", tmp_path / "a.h5"
    scan.write_text(CASE_A)
    assert zdscan("run", scan, "-o", grid, "--threads", 1).code == 0
    result = zdscan("fit", grid, "--json", "--no-profiles")
    assert result.code == 0, result.err
    found = json.loads(result.out)
    assert found["best"]["chi2"] == pytest.approx(case_a.result.best.chi2, abs=1e-3)
    assert found["at_bound"] == {"mass": "lower"}
    assert found["notes"] == []
    assert found["profiles"] == {}
    assert {row["id"] for row in found["rows_at_best"]} == set(case_a.physics.likelihood.data.ids)
    refused(zdscan("fit", grid, "--set", "theory=complete"), "--set changes a scan file")
    refused(zdscan("fit", tmp_path / "absent.h5"), "absent.h5")
    refused(zdscan("fit", tmp_path / "absent.toml"), "absent.toml")


def test_report(case_a: Fit, plateau: Fit, capsys: pytest.CaptureFixture[str]) -> None:
    show_fit(case_a)
    text = capsys.readouterr().out
    assert f"{case_a.result.best.chi2:.2f}" in text
    assert "excluded by apv_cs" in text
    assert "Profile of eps_z" in text
    show_fit(plateau)
    assert "only eps_z x g_mu" in capsys.readouterr().out
    for fit_ in (case_a, plateau):
        json.dumps(fit_.to_dict(), allow_nan=False)


def test_settings_reach_the_fit(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text(CASE_A)
    found = fit_file(path, ("theory=complete", "axes.mass.values=[0.05]"), profiles=False)
    assert found.physics.settings.theory == "complete"
    assert found.result.free == ("eps", "eps_z")
    assert set(coarse(found.axes)) == set(found.axes)
