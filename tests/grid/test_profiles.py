"""Profiles against brute force over whole arrays."""

from __future__ import annotations

from itertools import combinations

import h5py
import numpy as np
import pytest

from tests.support.fake_engine import SHAPE, FakeEngine, FakeScan, whole
from zdscan.grid import profiles
from zdscan.grid.open import open_grid
from zdscan.grid.verify import info as file_info
from zdscan.ranks.mpi import Alone
from zdscan.running import driver

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


@pytest.mark.parametrize(
    ("shape", "block_points"),
    [
        (SHAPE, None),
        (SHAPE, 7),
        (SHAPE, 23),
        *[((4, 3, 50, 1), points) for points in (None, 7, 23)],  # Case A
        ((3, 4, 1, 1), None),
        ((1, 1, 1, 30), 7),
    ],
)
@pytest.mark.parametrize("threads", [1, 3])
def test_profiles_equal_brute_force(tmp_path, shape, block_points, threads):
    engine = FakeEngine(shape=shape)
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

    def nothing(mass_tables, first, count, outputs):
        outputs[0][:] = np.nan
        outputs[1][:] = 0

    engine.evaluate = nothing
    path = tmp_path / "grid.h5"
    summary = driver.run(FakeScan(), path, engine=engine, threads=1, progress=False)
    assert summary.best is None
    with h5py.File(path) as file:
        assert np.isnan(file["profile_eps_g_mu"][()]).all()
        assert (file["profile_eps_g_mu_at"][()] == -1).all()
    assert file_info(path).best is None


@pytest.mark.parametrize("threads", [1, 2])
def test_a_resumed_run_reads_back_only_what_it_did_not_compute(tmp_path, monkeypatch, threads):
    """The minima of a run's own blocks come from the run; those of an earlier run from the file."""
    path = tmp_path / "grid.h5"
    driver.run(FakeScan(), path, engine=FakeEngine(), threads=1, block_points=50, progress=False)
    with h5py.File(path) as file:
        names = [name for name in file if name.startswith("profile")]
        expected = {name: file[name][()] for name in names}
    redo = [3, 4, 11, 24]
    with h5py.File(path, "r+") as file:
        for number in redo:
            file["run/done"][number] = 0
    seen = []
    monkeypatch.setattr(
        profiles, "_minima_of", lambda io, numbers, stop: seen.extend(numbers) or original(io, numbers, stop)
    )
    driver.resume(path, engine=FakeEngine(), threads=threads, progress=False)
    assert sorted(seen) == [number for number in range(25) if number not in redo]
    seen.clear()
    driver.run(FakeScan(), tmp_path / "whole.h5", engine=FakeEngine(), threads=threads, progress=False)
    assert seen == []
    with h5py.File(path) as file:
        for name, values in expected.items():
            np.testing.assert_array_equal(file[name][()], values)


original = profiles._minima_of


def test_any_split_merges_to_the_same(tmp_path):
    path = tmp_path / "grid.h5"
    driver.run(FakeScan(), path, engine=FakeEngine(), threads=1, block_points=11, progress=False)
    layout = open_grid(path).layout
    whole_result = profiles.read_minima(layout, Alone(), 1)
    rng = np.random.default_rng(3)
    owner = rng.integers(0, 4, layout.plan.blocks)
    parts = [profiles.read_minima(layout, Alone(), 1, blocks=np.flatnonzero(owner == k)) for k in range(4)]
    merged = parts[2].lower(parts[0]).lower(parts[3]).lower(parts[1])
    for ours, theirs in ((merged.every, whole_result.every), (merged.allowed, whole_result.allowed)):
        np.testing.assert_array_equal(ours.values, theirs.values)
        np.testing.assert_array_equal(ours.at, theirs.at)
