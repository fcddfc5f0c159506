"""Regions, the first constraint, marginals, intervals and remarks, against walks and closed forms."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from scipy.special import erf

from tests.analysis.support import complaint, store_grid
from tests.support.tolerances import CLOSED_FORM, EXACT_ALGEBRA, FLOAT32_OUTPUT
from zdscan.analysis.views.grid import open_grid
from zdscan.analysis.views.regions import (
    NOWHERE,
    TOGETHER,
    allowed_regions,
    crossings,
    first_excluding,
    fit_regions,
    levels,
    marginal,
    remarks,
)
from zdscan.analysis.views.view import View, view
from zdscan.scan.axes import spaced


def test_levels_of_two_parameters() -> None:
    # For two parameters the probability inside delta chi2 is 1 - exp(-delta/2).
    inside = [0.682689492137086, 0.954499736103642, 0.997300203936740]
    np.testing.assert_allclose(levels(2), [-2 * np.log1p(-p) for p in inside], rtol=1e-12)


def synthetic(chi2: np.ndarray, axes: dict[str, np.ndarray], masks: dict[str, np.ndarray]) -> View:
    """A view over (mass, g_mu) straight from arrays."""
    bits = sum(np.asarray(cells, dtype=np.uint32) << k for k, cells in enumerate(masks.values()))
    bits = np.zeros(chi2.shape, dtype=np.uint32) + bits
    flat = np.arange(chi2.size).reshape(chi2.shape)
    return View(
        axes=("mass", "g_mu"),
        values=axes | {"eps": np.zeros(1), "eps_z": np.zeros(1)},
        chi2=chi2,
        at=np.where(np.isnan(chi2), -1, flat),
        allowed=np.where(bits, np.nan, chi2),
        allowed_at=np.where((bits > 0) | np.isnan(chi2), -1, flat),
        bits=bits,
        chosen={name: 1 << k for k, name in enumerate(masks)},
        fixed={},
        asked={},
        sm_chi2=90.0,
    )


def test_regions_of_an_ellipse() -> None:
    """chi2 quadratic in two parameters: the regions are ellipses of known area, in units of the cells."""
    mass, g_mu = np.linspace(0.1, 1.9, 721), np.linspace(-0.9, 0.9, 721)
    u, v = np.meshgrid((mass - 1.0) / 0.1, g_mu / 0.15, indexing="ij")
    rho = 0.6
    chi2 = 20.0 + (u**2 - 2 * rho * u * v + v**2) / (1 - rho**2)
    half = np.broadcast_to(g_mu > 0.0, chi2.shape)
    seen = synthetic(chi2, {"mass": mass, "g_mu": g_mu}, {"w_width": half})
    cell = (mass[1] - mass[0]) * (g_mu[1] - g_mu[0])
    for sigma, fit, allowed in zip((1, 2, 3), fit_regions(seen), allowed_regions(seen), strict=True):
        area = np.pi * -2 * np.log1p(-erf(sigma / np.sqrt(2))) * 0.1 * 0.15 * np.sqrt(1 - rho**2)
        assert fit.sum() * cell == pytest.approx(area, rel=5e-3)  # cells on the rim count whole or not at all
        np.testing.assert_array_equal(allowed, fit & ~half)
    assert fit_regions(seen, reference=25.0)[0].sum() > fit_regions(seen)[0].sum()
    np.testing.assert_array_equal(fit_regions(seen, (1.0,), 1)[0], chi2 - 20.0 <= levels(1, (1.0,))[0])


def test_levels_of_one_parameter_are_squares() -> None:
    np.testing.assert_allclose(levels(1), [1, 4, 9], rtol=CLOSED_FORM)
    np.testing.assert_allclose(levels(1, (7.0,)), [49.0], rtol=CLOSED_FORM)


def test_first_constraint_against_a_walk() -> None:
    random = np.random.default_rng(3)
    g_mu = spaced(-1.0, 1.0, 21, "symlog", 1e-3)
    names = ["a", "b", "c"]
    masks = {name: random.random((6, 21)) < 0.6 for name in names}
    chi2 = np.full((6, 21), 80.0)
    chi2[0, 3] = np.nan
    first = first_excluding(synthetic(chi2, {"mass": np.arange(1.0, 7.0), "g_mu": g_mu}, masks), "g_mu")
    for i, j in np.ndindex(6, 21):
        begins = {}
        for name in names:
            k, step = j, 1 if j < 10 else -1
            while masks[name][i, k] and not np.isnan(chi2[i, k]):
                begins[name] = abs(k - 10)
                if k == 10:
                    break
                k += step
        expected = names.index(min(begins, key=lambda name: begins[name])) if begins else NOWHERE
        assert first[i, j] == expected, (i, j)


def test_cells_that_only_several_constraints_exclude() -> None:
    seen = synthetic(np.full((2, 2), 80.0), {"mass": np.ones(2), "g_mu": np.array([0.1, 0.2])}, {"a": np.zeros((2, 2))})
    joint = View(**{**vars(seen), "allowed_at": np.full((2, 2), -1)})
    assert (first_excluding(joint, "g_mu") == TOGETHER).all()
    assert "allowed: mass, g_mu" in complaint(first_excluding, seen, "eps")


def test_marginal_of_a_gaussian(gaussian: Path) -> None:
    with open_grid(gaussian) as grid:
        found = marginal(grid, ("mass",), {"mass": "log", "g_mu": "log"})
        flat = marginal(grid, ("mass",), "axis")
        across = marginal(grid, ("eps_z",), "spaced")
    assert np.sum(found.density * found.weight) == pytest.approx(1.0, rel=EXACT_ALGEBRA)
    t = np.log(found.values["mass"] / 0.14)
    expected = np.exp(-((t / 0.3) ** 2) / 2) / (0.3 * np.sqrt(2 * np.pi))
    np.testing.assert_allclose(found.density, expected, atol=20 * FLOAT32_OUTPUT)
    # Integrating eps_z out leaves the same function of the mass, whatever the measure of the mass.
    np.testing.assert_allclose(found.delta(), flat.delta(), atol=1e-4)
    for level, exact in zip(found.levels(), (1, 4, 9), strict=True):
        assert level == pytest.approx(exact, abs=0.5 * exact**0.5 + 0.1)  # to a cell of 0.044, 0.15 sigma
    width = np.hypot(0.1, 0.1 * 0.3)  # correlated with log(mass)
    inside = abs(across.values["eps_z"]) < 0.5
    gauss = np.exp(-((across.values["eps_z"] / width) ** 2) / 2) / (width * np.sqrt(2 * np.pi))
    np.testing.assert_allclose(across.density[inside], gauss[inside], atol=20 * FLOAT32_OUTPUT)


def test_excluded_points_have_no_probability(gaussian: Path) -> None:
    with open_grid(gaussian) as grid:
        found = marginal(grid, ("eps_z",), "axis", constraints=["apv_cs"])
        assert (found.density[found.values["eps_z"] > 0.75] == 0).all()
        assert "diverges at 0" in complaint(marginal, grid, ("mass",), "log")
        assert "did you mean 'log'" in complaint(marginal, grid, ("mass",), "lag")


def test_crossings_of_a_parabola() -> None:
    x = np.linspace(-3.0, 5.0, 8001)
    ((low, high, left, right),) = crossings(x, (x - 1.0) ** 2, 4.0)
    assert (low, high) == (pytest.approx(-1.0, abs=1e-6), pytest.approx(3.0, abs=1e-6))
    assert not left
    assert not right
    holes = (x - 1.0) ** 2
    holes[x > 2.0] = np.nan
    assert crossings(x, holes, 4.0)[0][3]
    assert crossings(x, holes, -1.0) == []


def test_remarks_in_words(scattered, tmp_path: Path) -> None:
    with open_grid(scattered.path, partial=True) as grid:
        said = " ".join(remarks(view(grid, ("eps_z", "g_mu"), {"mass": 0.012, "eps": 0.0})))
        assert "mass = 0.012 GeV is not a grid value; 0.01, the nearest, is used." in said
        assert "eps =" not in said
        assert "not computed yet" in " ".join(remarks(view(grid, ("mass", "g_mu"))))
        assert "No point is allowed" in " ".join(
            remarks(view(grid, ("eps", "g_mu"), {"mass": scattered.axes["mass"][2]}, ["w_width"]))
        )
        assert view(grid, ("eps", "g_mu"), {"mass": 2.0}).best == {}
    axes = scattered.axes | {"g_mu": np.array([1e-3, 1e-2])}
    chi2 = np.broadcast_to(70 - 10 * np.log10(axes["g_mu"]), (4, 3, 7, 2)).astype("<f4")
    store_grid(tmp_path / "edge.h5", axes, chi2, (chi2 < 95).astype("<u4"))
    with open_grid(tmp_path / "edge.h5") as grid:
        said = " ".join(remarks(view(grid, ("g_mu",), {}, ["apv_cs"])))
    assert "upper end of the g_mu axis (0.01)" in said
    assert (
        "No point within 3 sigma of the best fit is allowed by the 1 constraint computed; the best that is lies 10.00"
        in said
    )


def test_thresholds_of_regions():
    assert levels(1, (2.0,))[0] == pytest.approx(4.0)
    # for two parameters 1 - exp(-x/2) is the probability
    for deviations in (1.0, 2.0, 3.0):
        probability = math.erf(deviations / math.sqrt(2.0))
        assert levels(2, (deviations,))[0] == pytest.approx(-2.0 * math.log(1.0 - probability))
