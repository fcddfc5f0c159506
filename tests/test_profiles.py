"""Profiles against brute force over whole arrays."""

from __future__ import annotations

from itertools import combinations

import h5py
import numpy as np
import pytest

from tests.fake_engine import FakeEngine, FakeScan, whole
from zdscan import driver, profiles
from zdscan.gridfile import open_grid
from zdscan.mpi import Alone

AXES = ("mass", "eps", "eps_z", "g_mu")


def brute_force(chi2, i, j):
    """Minimum over the other two axes and its flat index, ties to the smallest, by sorting whole planes."""
    flat = np.arange(chi2.size).reshape(chi2.shape)
    others = tuple(k for k in range(4) if k not in (i, j))
    planes = np.moveaxis(chi2, others, (2, 3)).reshape(chi2.shape[i], chi2.shape[j], -1).astype(float)
    index = np.moveaxis(flat, others, (2, 3)).reshape(planes.shape)
    planes = np.where(np.isfinite(planes), planes, np.inf)
    order = np.lexsort((index, planes), axis=-1)[..., :1]
    value = np.take_along_axis(planes, order, -1)[..., 0]
    at = np.take_along_axis(index, order, -1)[..., 0]
    return np.where(np.isfinite(value), value, np.nan), np.where(np.isfinite(value), at, -1)


@pytest.mark.parametrize("block_points", [None, 7, 23])
@pytest.mark.parametrize("threads", [1, 3])
def test_profiles_equal_brute_force(tmp_path, block_points, threads):
    engine = FakeEngine()
    path = tmp_path / "grid.h5"
    summary = driver.run(FakeScan(), path, engine=engine, threads=threads, block_points=block_points, progress=False)
    numbers = whole(engine)
    allowed = np.where(numbers["excluded"] == 0, numbers["chi2"], np.nan)
    with h5py.File(path) as file:
        for (i, x), (j, y) in combinations(enumerate(AXES), 2):
            for suffix, chi2 in (("", numbers["chi2"]), ("_allowed", allowed)):
                value, at = brute_force(chi2, i, j)
                np.testing.assert_array_equal(file[f"profile_{x}_{y}{suffix}"][()], value.astype(np.float32))
                np.testing.assert_array_equal(file[f"profile_{x}_{y}{suffix}_at"][()], at)
    finite = np.where(np.isfinite(numbers["chi2"]), numbers["chi2"], np.inf)
    assert summary.best.index == np.argmin(finite)
    assert summary.best.chi2 == finite.min()
    where = np.unravel_index(summary.best.index, engine.shape)
    assert summary.best.position == {n: engine.axes[n][k] for n, k in zip(AXES, where, strict=True)}
    assert summary.best_allowed.index == np.nanargmin(np.where(np.isfinite(allowed), allowed, np.nan))


def test_points_that_are_not_numbers_never_win(tmp_path):
    engine = FakeEngine(shape=(2, 2, 3, 4), five=False)

    def nothing(slice_, first, count, outputs):
        outputs[0][:] = np.nan
        outputs[1][:] = 0

    engine.evaluate = nothing
    path = tmp_path / "grid.h5"
    summary = driver.run(FakeScan(), path, engine=engine, threads=1, progress=False)
    assert summary.best is None
    with h5py.File(path) as file:
        assert np.isnan(file["profile_eps_g_mu"][()]).all()
        assert (file["profile_eps_g_mu_at"][()] == -1).all()
    assert driver.info(path).best is None


def test_best_of_an_unfinished_file_counts_finished_blocks_only(tmp_path):
    engine = FakeEngine()
    path = tmp_path / "grid.h5"
    driver.run(FakeScan(), path, engine=engine, threads=1, progress=False)
    best = driver.info(path).best
    block = int(best.index // 240)
    with h5py.File(path, "r+") as file:
        file["run/done"][block] = 0
        file["run/profile_done"][:] = 0
    again = driver.info(path)
    assert not again.complete
    assert again.best.index // 240 != block
    chi2 = whole(engine)["chi2"].reshape(-1)
    chi2[block * 240 : (block + 1) * 240] = np.inf
    chi2[np.isnan(chi2)] = np.inf
    assert again.best.index == np.argmin(chi2)


def test_any_split_merges_to_the_same(tmp_path):
    path = tmp_path / "grid.h5"
    driver.run(FakeScan(), path, engine=FakeEngine(), threads=1, block_points=11, progress=False)
    layout = open_grid(path).layout
    whole_result = profiles.compute(layout, Alone(), 1)
    rng = np.random.default_rng(3)
    owner = rng.integers(0, 4, layout.plan.blocks)
    parts = [profiles.compute(layout, Alone(), 1, blocks=np.flatnonzero(owner == k)) for k in range(4)]
    merged = parts[2].merged(parts[0]).merged(parts[3]).merged(parts[1])
    for ours, theirs in ((merged.every, whole_result.every), (merged.allowed, whole_result.allowed)):
        np.testing.assert_array_equal(ours.values, theirs.values)
        np.testing.assert_array_equal(ours.at, theirs.at)
