"""Views, regions, the first constraint and marginals, against loops over every point and closed forms."""

from __future__ import annotations

import sys
from itertools import product
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.special import erf

from tests.analysis.views.test_grid import complaint, store_grid
from tests.support.tolerances import CLOSED_FORM, EXACT_ALGEBRA, FLOAT32_OUTPUT
from zdscan.analysis.pictures.picture import Options
from zdscan.analysis.pictures.plotting import Request, parse_sigmas, parse_slice, plot
from zdscan.analysis.pictures.summary import without_specks
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
from zdscan.physics.parameters import AXES
from zdscan.scan.axes import spaced

BITS = {"apv_cs": 1, "w_width": 2}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """Random chi2 with ties and random exclusions; one mass not computed."""
    random = np.random.default_rng(7)
    axes = {
        "mass": np.geomspace(0.01, 2.0, 4),
        "eps": np.array([0.0, 1e-4, 1e-3]),
        "eps_z": spaced(-1e-2, 1e-2, 7, "symlog", 1e-5),
        "g_mu": np.geomspace(1e-3, 1.0, 5),
    }
    shape = tuple(axis.size for axis in axes.values())
    chi2 = random.integers(60, 90, shape).astype("<f4")
    excluded = random.choice(np.array([0, 1, 2, 3], dtype="<u4"), shape, p=[0.1, 0.4, 0.4, 0.1])
    excluded[2] |= 2  # a whole mass
    path = tmp_path_factory.mktemp("regions") / "grid.h5"
    store_grid(path, axes, chi2, excluded, missing=[3])  # one block per mass
    chi2[3] = np.nan
    return SimpleNamespace(path=path, axes=axes, chi2=chi2, excluded=excluded, shape=shape)


@pytest.mark.parametrize(
    ("kept", "fixed"),
    [
        (("mass", "g_mu"), {}),
        (("g_mu", "mass"), {"eps": 1e-4}),
        (("eps_z",), {}),
        (("eps_z", "eps"), {"mass": 0.012}),
        (("g_mu", "mass", "eps_z"), {}),
        (("mass", "eps", "eps_z", "g_mu"), {}),
    ],
)
@pytest.mark.parametrize("names", [[], ["w_width"], ["all"]])
def test_views_against_loops(made, kept, fixed, names) -> None:
    with open_grid(made.path, partial=True) as grid:
        seen = view(grid, kept, fixed, names)
    chosen = BITS if names == ["all"] else {name: BITS[name] for name in names}
    mask = sum(chosen.values())
    held = {name: int(np.argmin(abs(made.axes[name] - value))) for name, value in fixed.items()}
    assert seen.fixed == {name: made.axes[name][k] for name, k in held.items()}
    for cell in product(*(range(made.axes[name].size) for name in kept)):
        at = dict(zip(kept, cell, strict=True)) | held
        lowest, where, allowed, allowed_where = np.inf, -1, np.inf, -1
        always = dict.fromkeys(chosen, True)
        for flat, index in enumerate(np.ndindex(made.shape)):
            if any(index[AXES.index(name)] != k for name, k in at.items()) or np.isnan(made.chi2[index]):
                continue
            if made.chi2[index] < lowest:
                lowest, where = made.chi2[index], flat
            if not made.excluded[index] & mask and made.chi2[index] < allowed:
                allowed, allowed_where = made.chi2[index], flat
            for name, bit in chosen.items():
                always[name] &= bool(made.excluded[index] & bit)
        assert seen.at[cell] == where
        assert seen.allowed_at[cell] == allowed_where
        assert seen.missing[cell] == (where < 0)
        assert seen.forbidden[cell] == (where >= 0 > allowed_where)
        if where >= 0:
            assert seen.chi2[cell] == lowest
        if allowed_where >= 0:
            assert seen.allowed[cell] == allowed
        for name in chosen:
            assert seen.excluded_by(name)[cell] == (always[name] and where >= 0)


def test_frame_lists_every_cell(made) -> None:
    with open_grid(made.path, partial=True) as grid:
        seen = view(grid, ("mass", "eps"), {}, ["all"])
    frame = seen.to_frame()
    assert len(frame) == 12
    assert set(AXES) < set(frame.columns)
    for _, row in frame.iterrows():
        where = tuple(
            int(np.flatnonzero(made.axes[name] == row[name])[0]) if np.isfinite(row[name]) else 0 for name in AXES
        )
        np.testing.assert_equal(row["chi2"], made.chi2[where])
        assert ("w_width" in row["excluded_by"].split()) == (where[0] == 2)
    assert not frame[frame["mass"] == made.axes["mass"][2]]["allowed"].any()


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


@pytest.fixture(scope="module")
def gaussian(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """exp(-chi2/2) = Gaussian in log(mass) x Gaussian in eps_z, wide enough grids, the rest constant."""
    axes = {
        "mass": np.geomspace(0.01, 2.0, 121),
        "eps": np.array([0.0]),
        "eps_z": np.linspace(-1.0, 1.0, 101),
        "g_mu": np.geomspace(1e-3, 1.0, 2),
    }
    mass, _, eps_z, _ = np.meshgrid(*axes.values(), indexing="ij")
    chi2 = (30 + (np.log(mass / 0.14) / 0.3) ** 2 + ((eps_z - 0.1 * np.log(mass / 0.14)) / 0.1) ** 2).astype("<f4")
    path = tmp_path_factory.mktemp("gaussian") / "grid.h5"
    store_grid(path, axes, chi2, (eps_z > 0.75).astype("<u4"))
    return path


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


def test_remarks_in_words(made, tmp_path: Path) -> None:
    with open_grid(made.path, partial=True) as grid:
        said = " ".join(remarks(view(grid, ("eps_z", "g_mu"), {"mass": 0.012, "eps": 0.0})))
        assert "mass = 0.012 GeV is not a grid value; 0.01, the nearest, is used." in said
        assert "eps =" not in said
        assert "not computed yet" in " ".join(remarks(view(grid, ("mass", "g_mu"))))
        assert "No point is allowed" in " ".join(
            remarks(view(grid, ("eps", "g_mu"), {"mass": made.axes["mass"][2]}, ["w_width"]))
        )
        assert view(grid, ("eps", "g_mu"), {"mass": 2.0}).best == {}
    axes = made.axes | {"g_mu": np.array([1e-3, 1e-2])}
    chi2 = np.broadcast_to(70 - 10 * np.log10(axes["g_mu"]), (4, 3, 7, 2)).astype("<f4")
    store_grid(tmp_path / "edge.h5", axes, chi2, (chi2 < 95).astype("<u4"))
    with open_grid(tmp_path / "edge.h5") as grid:
        said = " ".join(remarks(view(grid, ("g_mu",), {}, ["apv_cs"])))
    assert "upper end of the g_mu axis (0.01)" in said
    assert "No point within 3 sigma of the best fit is allowed; the best allowed point lies 10.00" in said


@pytest.mark.parametrize(
    "request_",
    [
        Request("mass", "g_mu", constraints=("all",), csv=Path("cells.csv")),
        Request("mass", "g_mu", {"eps": 0.0, "eps_z": 1e-3}, summary=True),
        Request("eps_z", "g_mu", {"mass": 0.05}, profile=True, first=True),
        Request("mass", constraints=("w_width",), whole=True),
        Request("mass", "eps_z", prior="axis", csv=Path("cells.csv")),
    ],
    ids=["plane", "summary", "first", "curve", "marginal"],
)
def test_pictures_are_written(made, tmp_path: Path, request_: Request) -> None:
    csv = request_.csv and tmp_path / request_.csv
    asked = Request(**{**vars(request_), "csv": csv})
    with open_grid(made.path, partial=True) as grid:
        plot(grid, asked, tmp_path / "out.png", Options("MeV"))
    assert (tmp_path / "out.png").stat().st_size > 10_000
    if csv:
        assert csv.read_text().startswith("mass_GeV,")


def test_refused_pictures(made, gaussian: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.png"
    with open_grid(made.path, partial=True) as grid:
        for request, fragment in {
            Request("mass", summary=True): "need --y",
            Request("mass", "g_mu", prior="log", first=True): "--marginalise integrates",
            Request("mass", "mass"): "x and y are both mass",
            Request("mass", "g_nu"): "did you mean 'g_mu'?",
        }.items():
            assert fragment in complaint(plot, grid, request, target, Options())
        assert "cannot be shown and held" in complaint(view, grid, ("mass",), {"mass": 0.1})
        assert "outside the axis" in complaint(view, grid, ("g_mu",), {"mass": 3.0})
        assert "did you mean 'MeV'" in complaint(plot, grid, Request("mass"), target, Options("mev"))
    with open_grid(gaussian) as grid:
        assert "one value only" in complaint(plot, grid, Request("eps", "mass"), target, Options())
    for text in ("", "3,1", "0,1", "a", "9"):
        assert "--sigmas" in complaint(parse_sigmas, text)
    assert parse_sigmas("1,2.5") == (1.0, 2.5)
    assert not target.exists()


def test_streaks_and_specks_of_an_exclusion_are_left_out_of_the_summary() -> None:
    excluded = np.zeros((12, 30), dtype=bool)
    excluded[:, 10:] = True
    expected = excluded.copy()
    excluded[:, 15:17] = False  # a window two cells wide along y
    excluded[3:5, 20:23] = False  # a hole of six cells
    excluded[2:5, 2:4] = True  # an island of six
    np.testing.assert_array_equal(without_specks(excluded), expected)
    excluded[:, 17] = False  # three wide: a window to be seen
    expected[:, 15:18] = False
    np.testing.assert_array_equal(without_specks(excluded), expected)
    for shape in ((2, 3), (3, 3), (30, 30)):
        assert not without_specks(np.zeros(shape, dtype=bool)).any()
        assert without_specks(np.ones(shape, dtype=bool)).all()


def test_a_table_replaces_no_grid(made, tmp_path: Path) -> None:
    before = made.path.read_bytes()
    with open_grid(made.path, partial=True) as grid:
        for csv in (made.path, tmp_path / "out.png", tmp_path / "cells"):
            request = Request("mass", "g_mu", csv=csv)
            assert "the table must end in .csv" in complaint(plot, grid, request, tmp_path / "out.png", Options())
        for request in (Request("mass"), Request("mass", "g_mu", summary=True), Request("mass", "g_mu", prior="axis")):
            assert "--colours" in complaint(plot, grid, request, tmp_path / "out.png", Options(colours=True))
        assert complaint(marginal, grid, ("mass",), "lag").count("'lag'") == 1
    assert made.path.read_bytes() == before
    assert not (tmp_path / "out.png").exists()


@pytest.mark.parametrize("text", ["", ",", "eps=0,eps=1e-3"])
def test_slices_that_hold_nothing_or_twice(text: str) -> None:
    assert "--slice" in complaint(parse_slice, text)


def test_styles(made, tmp_path: Path) -> None:
    with open_grid(made.path, partial=True) as grid:
        target = tmp_path / "out.png"
        assert "did you mean 'ATLAS'?" in complaint(plot, grid, Request("mass"), target, Options(style="ATLS"))
        pytest.importorskip("mplhep")
        plot(grid, Request("mass", "g_mu", constraints=("w_width",)), target, Options(style="ATLAS"))
    assert target.stat().st_size > 10_000


def test_a_style_without_its_package(made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mplhep", None)
    with open_grid(made.path, partial=True) as grid:
        said = complaint(plot, grid, Request("mass"), tmp_path / "out.png", Options(style="CMS"))
    assert "pip install mplhep" in said
