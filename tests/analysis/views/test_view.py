"""Views against plain numpy and loops over every point."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import norm

from tests.analysis.support import write_grid
from zdscan.analysis.views.grid import open_grid
from zdscan.analysis.views.view import view
from zdscan.physics.parameters import AXES


def whole_profile(chi2: NDArray[np.float32], x: str, y: str) -> NDArray[np.float32]:
    others = tuple(AXES.index(name) for name in AXES if name not in (x, y))
    with np.errstate(all="ignore"):
        lowest = np.nanmin(np.where(np.isnan(chi2), np.inf, chi2), axis=others)
    lowest = np.where(np.isinf(lowest), np.nan, lowest)
    return lowest if AXES.index(x) < AXES.index(y) else lowest.T


@pytest.mark.parametrize("pair", [("mass", "g_mu"), ("g_mu", "mass"), ("eps_z", "g_mu"), ("eps", "eps_z")])
@pytest.mark.parametrize(("names", "mask"), [((), 0), (("apv_cs",), 1), (("all",), 3)])
def test_profile(valley, pair: tuple[str, str], names: tuple[str, ...], mask: int) -> None:
    path, data = valley
    allowed = np.where(data.excluded & mask, np.nan, data.chi2).astype("f4")
    with open_grid(path) as grid:
        found = view(grid, pair, {}, names)
    np.testing.assert_array_equal(found.allowed, whole_profile(allowed, *pair))
    flat = int(np.nanargmin(allowed))
    at = np.unravel_index(flat, allowed.shape)
    assert found.best_allowed["chi2"] == allowed.flat[flat]
    assert [found.best_allowed[name] for name in AXES] == [data.axes[name][k] for name, k in zip(AXES, at, strict=True)]


def test_stored_profiles_are_used_where_they_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_grid(tmp_path / "grid.h5", stored=True)
    monkeypatch.setattr("zdscan.analysis.views.view._minimised", None)
    with open_grid(tmp_path / "grid.h5") as grid:
        view(grid, ("mass", "g_mu"))
        view(grid, ("mass", "g_mu"), {}, ["all"])
        with pytest.raises(TypeError):
            view(grid, ("mass", "g_mu"), {}, ["apv_cs"])


def test_slice_takes_the_nearest_values(valley) -> None:
    path, data = valley
    with open_grid(path) as grid:
        fixed = grid.slice_values(("g_mu", "mass"), {"eps": 1.1e-4, "eps_z": 0.0})
        found = view(grid, ("g_mu", "mass"), fixed, ["w_width"])
    expected = np.where(data.excluded[:, 1, 15] & 2, np.nan, data.chi2[:, 1, 15]).T
    np.testing.assert_array_equal(found.allowed, expected)
    assert found.fixed == {"eps": 1e-4, "eps_z": 0.0}
    i, j = np.unravel_index(int(np.nanargmin(expected)), expected.shape)
    assert found.best_allowed["g_mu"] == data.axes["g_mu"][i]
    assert found.best_allowed["mass"] == data.axes["mass"][j]


BITS = {"apv_cs": 1, "w_width": 2}


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
def test_views_against_loops(scattered, kept, fixed, names) -> None:
    with open_grid(scattered.path, partial=True) as grid:
        seen = view(grid, kept, fixed, names)
    chosen = BITS if names == ["all"] else {name: BITS[name] for name in names}
    mask = sum(chosen.values())
    held = {name: int(np.argmin(abs(scattered.axes[name] - value))) for name, value in fixed.items()}
    assert seen.fixed == {name: scattered.axes[name][k] for name, k in held.items()}
    for cell in product(*(range(scattered.axes[name].size) for name in kept)):
        at = dict(zip(kept, cell, strict=True)) | held
        lowest, where, allowed, allowed_where = np.inf, -1, np.inf, -1
        always = dict.fromkeys(chosen, True)
        for flat, index in enumerate(np.ndindex(scattered.shape)):
            if any(index[AXES.index(name)] != k for name, k in at.items()) or np.isnan(scattered.chi2[index]):
                continue
            if scattered.chi2[index] < lowest:
                lowest, where = scattered.chi2[index], flat
            if not scattered.excluded[index] & mask and scattered.chi2[index] < allowed:
                allowed, allowed_where = scattered.chi2[index], flat
            for name, bit in chosen.items():
                always[name] &= bool(scattered.excluded[index] & bit)
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


def test_frame_has_the_allowed_minimum_beside_the_minimum(scattered) -> None:
    with open_grid(scattered.path, partial=True) as grid:
        seen = view(grid, ("mass", "eps"), {}, ["all"])
        frame, far = seen.to_frame(), seen.to_frame(reference=seen.best["chi2"] - 4.0, parameters=1)
    assert list(frame.columns)[-4:] == ["sigmas", "eps_z_allowed", "g_mu_allowed", "sigmas_allowed"]
    for _, row in frame.iterrows():
        i, j = (int(np.flatnonzero(scattered.axes[name] == row[name])[0]) for name in ("mass", "eps"))
        if not row["allowed"]:
            assert np.isnan(row[["eps_z_allowed", "g_mu_allowed", "sigmas_allowed"]].astype(float)).all()
            continue
        k, m = (int(np.flatnonzero(scattered.axes[n] == row[f"{n}_allowed"])[0]) for n in ("eps_z", "g_mu"))
        assert scattered.excluded[i, j, k, m] == 0
        assert scattered.chi2[i, j, k, m] == row["chi2_allowed"]
        assert row["sigmas_allowed"] >= row["sigmas"]
    computed = np.isfinite(frame["chi2"])
    assert frame["sigmas"].min() == 0.0
    assert frame["sigmas"].isna().equals(~computed)
    # two parameters: the probability outside is exp(-delta/2)
    probability = 2 * norm.sf(frame["sigmas"][computed])
    np.testing.assert_allclose(probability, np.exp(-frame["delta_chi2"][computed] / 2), rtol=1e-12)
    np.testing.assert_allclose(far["delta_chi2"], frame["delta_chi2"] + 4.0)
    np.testing.assert_allclose(far["sigmas"] ** 2, far["delta_chi2"], rtol=1e-12)


def test_frame_lists_every_cell(scattered) -> None:
    with open_grid(scattered.path, partial=True) as grid:
        seen = view(grid, ("mass", "eps"), {}, ["all"])
    frame = seen.to_frame()
    assert len(frame) == 12
    assert set(AXES) < set(frame.columns)
    for _, row in frame.iterrows():
        where = tuple(
            int(np.flatnonzero(scattered.axes[name] == row[name])[0]) if np.isfinite(row[name]) else 0 for name in AXES
        )
        np.testing.assert_equal(row["chi2"], scattered.chi2[where])
        assert ("w_width" in row["excluded_by"].split()) == (where[0] == 2)
    assert not frame[frame["mass"] == scattered.axes["mass"][2]]["allowed"].any()
