"""What is shown of points says what the numbers are, and the dataset has them under names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import zdscan
from tests.notebook.test_tables import Reader

SETTINGS = {"constraints": ["a_mu", "apv_cs", "k_mu_inv"]}
MASSES, SIZES = np.array([0.02, 0.05, 0.3]), np.array([1e-4, 1e-2])


@pytest.fixture(scope="module")
def one() -> zdscan.PointResult:
    return zdscan.evaluate("C", 0.05, 0.0, -1e-3, 1e-2, **SETTINGS)


@pytest.fixture(scope="module")
def several() -> zdscan.PointResult:
    return zdscan.evaluate("C", MASSES[:, None], eps_z=-1e-3, g_mu=SIZES, **SETTINGS)


# --- text and HTML ---------------------------------------------------------------------------------------------------


def test_the_text_of_a_point(one: zdscan.PointResult) -> None:
    lines = repr(one).splitlines()
    assert lines[0] == "PointResult(case C, theory complete, one point)"
    assert lines[1] == "mass 0.05 GeV, eps 0, eps_z -0.001, g_mu 0.01"
    assert f"all {float(one.chi2['all']):.6g} (Standard Model {float(one.chi2['sm_all']):.6g})" in lines[2]
    count = int(one.excluded.sum())
    assert lines[4] == f"excluded by {count} of 3 constraints, {int(one.applies.sum())} of which apply"
    assert lines[5].split() == ["constraint", "ratio", "prediction", "limit", "unit", "grade"]
    applying = np.flatnonzero(one.applies)
    order = sorted(applying, key=lambda k: -one.ratios[k])
    assert [line.split()[0] for line in lines[6:]] == [one.physics.constraints[k].id for k in order]
    assert all(len(line) <= 120 for line in lines)


def test_the_text_of_several_points(several: zdscan.PointResult) -> None:
    lines = repr(several).splitlines()
    assert "points of shape (3, 2)" in lines[0]
    assert "mass 0.02 to 0.3 GeV" in lines[1]
    free = int((~several.excluded.any(axis=-1)).sum())
    assert lines[4] == f"{free} of 6 points are allowed by the 3 constraints computed"
    shown = {line.split()[0]: line.split()[1] for line in lines[6:]}
    for k, constraint in enumerate(several.physics.constraints):
        if several.applies[..., k].any():
            assert shown[constraint.id] == str(int(several.excluded[..., k].sum()))


def test_html_has_the_rows_with_their_pulls(one: zdscan.PointResult, several: zdscan.PointResult) -> None:
    read = Reader(one._repr_html_())
    assert read.open == []
    data = one.physics.likelihood.data
    pulls = (one.predictions - data.values) / one.physics.likelihood.sigma
    assert f"{len(data.ids)} rows with their pulls" in read.texts
    for name, pull in zip(data.ids, pulls, strict=True):
        assert read.texts[read.texts.index(name) + 4] == f"{pull:+.2f}"
    assert "details" not in Reader(several._repr_html_()).opened


def test_nothing_to_test_is_said() -> None:
    point = zdscan.evaluate("A", 0.5, 1e-3, constraints=[])
    assert repr(point).splitlines()[-1] == "tested by no constraint"
    assert "table" in point._repr_html_()


# --- xarray ----------------------------------------------------------------------------------------------------------


def test_arrays_have_names(several: zdscan.PointResult, tmp_path: Path) -> None:
    found = several.to_xarray()
    assert found["ratios"].dims == ("mass", "g_mu", "constraint")
    assert found["mass"].attrs["units"] == "GeV"
    np.testing.assert_array_equal(found["mass"], MASSES)
    np.testing.assert_array_equal(found["g_mu"], SIZES)
    k = [item.id for item in several.physics.constraints].index("k_mu_inv")
    np.testing.assert_array_equal(found["ratios"].sel(constraint="k_mu_inv"), several.ratios[..., k])
    row = several.physics.likelihood.data.ids[5]
    np.testing.assert_array_equal(found["predictions"].sel(row=row), several.predictions[..., 5])
    assert float(found["widths"].sel(mass=0.3, g_mu=1e-2, channel="mumu")) == several.widths["mumu"][2, 1]
    np.testing.assert_allclose(found["widths"].sum("channel"), found["total_width"], rtol=1e-15)
    # the definition of chi2 without correlations does not hold for all rows, but that of a pull does
    np.testing.assert_allclose(found["pulls"], (found["predictions"] - found["measured"]) / found["sigma"])
    assert found.attrs["sm_chi2_all"] == several.chi2["sm_all"]
    found.to_netcdf(tmp_path / "points.nc", engine="h5netcdf")
    with xr.open_dataset(tmp_path / "points.nc", engine="h5netcdf") as again:
        xr.testing.assert_equal(again, found)


def test_points_beside_one_another_and_one_alone(one: zdscan.PointResult) -> None:
    pairs = zdscan.evaluate("C", MASSES[:2], g_mu=SIZES, **SETTINGS).to_xarray()
    assert pairs["chi2"].dims == ("point",)
    np.testing.assert_array_equal(pairs["mass"], MASSES[:2])
    alone = one.to_xarray()
    assert alone["chi2"].dims == ()
    assert alone["ratios"].dims == ("constraint",)
    assert float(alone["g_mu"]) == 1e-2


def test_a_parameter_may_be_called_as_a_column() -> None:
    point = zdscan.evaluate("C", 0.05, g_mu=[1e-4, 1e-3], **SETTINGS)
    parameters = {"mass": point.parameters["mass"], "grade": point.parameters["g_mu"]}
    found = replace(point, dims=("grade",), parameters=parameters).to_xarray()
    assert found["chi2"].dims == ("parameter_grade",)
    assert found["parameter_grade"].values.tolist() == [1e-4, 1e-3]
    assert found["grade"].dims == ("constraint",)
