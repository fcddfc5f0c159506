"""Fits of the real chi2 against dense scans and a second minimiser, and the command."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import minimize

from tests.analysis.support import CASE_A, seeds_of
from tests.package.test_cli import refused, zdscan
from tests.support.tolerances import FLOAT32_OUTPUT
from zdscan.analysis.at_mass import Evaluator
from zdscan.analysis.fits.fitting import Fit, coarse_seeds, fit_file
from zdscan.analysis.fits.minimise import value_at
from zdscan.analysis.fits.seeds import coarse
from zdscan.analysis.fits.statistic import Statistic


def test_case_a_is_lower_than_a_dense_scan(case_a: Fit) -> None:
    best = case_a.result.best
    surface = Evaluator(case_a.physics)
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


def test_only_the_product_is_determined_in_case_b(plateau: Fit) -> None:
    """At small eps_z the muon's C9 alone matters, which is eps_z x g_mu; the data want it negative."""
    products = [s for s in plateau.result.flat if s.constant is not None]
    assert products
    assert products[0].constant.text == "eps_z x g_mu"
    block = Evaluator(plateau.physics).at_mass(0.0103)
    g = 0.3
    z = -np.linspace(1e-5, 6e-5, 2001)
    expected = g * z[int(np.argmin(block(np.zeros(1), z, np.array([g]))))]
    assert products[0].value == pytest.approx(expected, rel=0.05)
    assert any("eps_z x g_mu" in remark for remark in plateau.remarks)
    right, wrong = plateau.result.by_sign[(0, -1, 1)], plateau.result.by_sign[(0, 1, 1)]
    assert right.chi2 < plateau.result.sm_chi2 - 20.0
    assert wrong.chi2 > right.chi2 + 20.0


def test_seeds_of_the_fast_evaluator_are_those_of_the_reference(plateau: Fit) -> None:
    evaluator = Evaluator(plateau.physics).without_constraints()
    axes = {"mass": np.array([0.0103, 0.25])} | {name: plateau.axes[name] for name in ("eps", "eps_z", "g_mu")}
    found, expected = coarse_seeds(Statistic(evaluator.physics), axes), seeds_of(evaluator, coarse(axes))
    for fast, reference in ((found.by_sign, expected.by_sign), (found.by_value, expected.by_value)):
        assert fast.keys() == reference.keys()
        for key, table in fast.items():
            np.testing.assert_allclose(table[..., 0], reference[key][..., 0], rtol=FLOAT32_OUTPUT)
            np.testing.assert_array_equal(table[..., 1:], reference[key][..., 1:])


def test_constraints_do_not_enter(case_a: Fit) -> None:
    bare = Evaluator(case_a.physics)
    point = (np.array([1e-3]), np.array([3e-3]), np.zeros(1))
    full = case_a.physics.evaluate(case_a.physics.mass_tables(0.01), point)["chi2"][0]
    assert bare.at_mass(0.01)(*point)[0, 0, 0] == pytest.approx(full, rel=1e-12)
    physics = case_a.physics
    scaled = Evaluator(replace(physics, settings=replace(physics.settings, fcnc_scale=4.0)))
    assert scaled.at_mass(0.01)(*point)[0, 0, 0] != pytest.approx(full, rel=1e-3)


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


def test_settings_reach_the_fit(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text(CASE_A)
    found = fit_file(path, ("theory=complete", "axes.mass.values=[0.05]"), profiles=False)
    assert found.physics.settings.theory == "complete"
    assert found.result.free == ("eps", "eps_z")
    assert set(coarse(found.axes)) == set(found.axes)


WIDE = """format = 1
case = "B"
[axes]
mass  = {{ values = [0.1] }}
eps   = {{ min = -{end}, max = {end}, n = 5 }}
eps_z = {{ min = -{end}, max = {end}, n = 5 }}
g_mu  = {{ min = -{end}, max = {end}, n = 5 }}
"""


@pytest.mark.slow
def test_axes_as_wide_as_allowed(tmp_path: Path) -> None:
    """chi2 is 1e38 in their corners, where products of couplings leave double precision; the fit goes around them."""
    path = tmp_path / "wide.toml"
    path.write_text(WIDE.format(end=100.0))
    result = fit_file(path).result
    assert np.isfinite([result.best.chi2, *result.best.couplings]).all()
    assert result.best.chi2 <= result.sm_chi2 + 1e-6
    for profile in result.profiles.values():
        assert np.isfinite(profile.points).all()
        assert all(found is None or np.isfinite(found) for found in profile.interval)
