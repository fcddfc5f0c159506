"""Packed files: the same numbers for every reader, and what is refused."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import h5py
import numpy as np
import pytest
import xarray as xr

from tests.support.fake_engine import FakeEngine, FakeScan, whole
from tests.support.launching import TIMEOUT, contents, environment
from tests.support.paths import ROOT
from tests.support.runs import SETTINGS
from tests.support.thinning import only
from zdscan.analysis.views.grid import open_grid as open_for_analysis
from zdscan.analysis.views.view import view
from zdscan.errors import UserError
from zdscan.grid import pack as packing
from zdscan.grid.open import open_grid
from zdscan.grid.pack import chunk_shape, pack
from zdscan.grid.verify import info as file_info
from zdscan.grid.verify import verify
from zdscan.running import driver
from zdscan.terminal import tally

STARTS_PROCESSES = True  # one worker runs all such modules, one after the other (tests/conftest.py)

CHANGED = {"run/history"}


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    path = tmp_path_factory.mktemp("pack") / "grid.h5"
    driver.run(FakeScan(), path, engine=FakeEngine(), block_points=50, **SETTINGS)
    return path


@pytest.fixture(scope="module", params=["gzip", "blosc"])
def packed(request, source):
    if request.param == "blosc":
        pytest.importorskip("hdf5plugin", reason="the optional package hdf5plugin is not installed")
    path = source.with_name(f"{request.param}.h5")
    before = source.read_bytes()
    summary = pack(source, path, compression=request.param)
    assert (summary.before, summary.after) == (len(before), path.stat().st_size)
    assert source.read_bytes() == before
    return path


def test_every_dataset_and_attribute_is_kept(source, packed):
    ours, theirs = contents(packed), contents(source)
    assert {k: v for k, v in theirs.items() if k not in ours} == {}
    assert {k: v for k, v in ours.items() if k not in CHANGED} == {k: v for k, v in theirs.items() if k not in CHANGED}
    with h5py.File(source) as old, h5py.File(packed) as new:
        assert set(new.attrs) - set(old.attrs) == {"packed"}
        for name in theirs:
            for key in set(old[name].attrs) - {"DIMENSION_LIST", "REFERENCE_LIST"}:
                np.testing.assert_array_equal(old[name].attrs[key], new[name].attrs[key])
                assert np.asarray(old[name].attrs[key]).dtype == np.asarray(new[name].attrs[key]).dtype
            scales = [[[scale.name for scale in dim.values()] for dim in file[name].dims] for file in (old, new)]
            assert scales[0] == scales[1]
            assert old[name].fillvalue == new[name].fillvalue or np.isnan(old[name].fillvalue)
        for name in ("chi2", "excluded", "ratios", "profile_eps_g_mu", "run/checksum"):
            assert new[name].fletcher32
        assert new["chi2"].chunks is not None


def test_packing_needs_no_plugin_by_default_and_shrinks(source):
    with h5py.File(pack(source, source.with_name("plain.h5")).path) as file:
        assert (file["chi2"].compression, file["chi2"].shuffle) == ("gzip", True)


def test_a_smooth_grid_shrinks(tmp_path):
    class Smooth(FakeEngine):
        def evaluate(self, mass_tables, first, count, outputs):
            outputs[0][:] = np.float32(80) + np.arange(first, first + count, dtype=np.float32) / 64
            outputs[1][:] = 5

    driver.run(FakeScan(), tmp_path / "grid.h5", engine=Smooth(shape=(2, 10, 41, 200), five=False), **SETTINGS)
    summary = pack(tmp_path / "grid.h5", tmp_path / "small.h5")
    assert summary.after < 0.3 * summary.before


def test_info_and_verify_and_xarray(source, packed):
    old, new = file_info(source), file_info(packed)
    assert (new.best, new.best_allowed, new.fields, new.complete) == (old.best, old.best_allowed, old.fields, True)
    assert tally.count(new.grid, each=True) == tally.count(old.grid, each=True)
    report = verify(packed)
    assert (report.ok, report.checked, report.packed) == (True, 25, True)
    assert [entry["command"] for entry in new.grid.history] == ["run", "pack"]
    with xr.open_dataset(packed, engine="h5netcdf", mask_and_scale=False) as data:
        assert data.chi2.dims == ("mass", "eps", "eps_z", "g_mu")
        np.testing.assert_array_equal(data.ratios.values, whole(FakeEngine())["ratios"])


@pytest.mark.parametrize("constraints", only([["all"]], [[], ["apv"]]))
def test_analysis_sees_the_same(source, packed, constraints):
    maps = []
    for path in (source, packed):
        with open_for_analysis(path) as grid:
            maps.append(view(grid, ("eps", "g_mu"), {}, constraints))
    np.testing.assert_array_equal(maps[0].allowed, maps[1].allowed)
    assert maps[0].best_allowed == maps[1].best_allowed


def test_a_file_without_profiles_or_fields(tmp_path):
    scan = FakeScan()
    scan.output.profiles = False
    driver.run(scan, tmp_path / "a.h5", engine=FakeEngine(), **SETTINGS)
    pack(tmp_path / "a.h5", tmp_path / "b.h5")
    assert file_info(tmp_path / "b.h5").best == file_info(tmp_path / "a.h5").best
    driver.run(FakeScan(), tmp_path / "c.h5", engine=FakeEngine(stored=False), **SETTINGS)
    pack(tmp_path / "c.h5", tmp_path / "d.h5")
    assert file_info(tmp_path / "d.h5").best == file_info(tmp_path / "c.h5").best
    assert verify(tmp_path / "d.h5").ok
    with h5py.File(tmp_path / "d.h5") as file:
        assert not [name for name in file["run"] if name.startswith("partial")]  # empty, so not worth keeping


@pytest.mark.parametrize(
    "shape", [(120, 21, 201, 101), (1, 1, 1, 1), (4000, 5000, 5001, 1), (5, 4, 6, 100, 26), (9,), (3000, 5)]
)
def test_chunks_are_neither_tiny_nor_huge(shape):
    chunk = chunk_shape(shape)
    assert all(1 <= part <= whole_ for part, whole_ in zip(chunk, shape, strict=True))
    elements = int(np.prod(chunk))
    assert elements <= packing.CHUNK_ELEMENTS
    assert elements >= min(int(np.prod(shape)), packing.CHUNK_ELEMENTS // 8)


def test_damage_is_found_and_named(source, tmp_path, monkeypatch):
    monkeypatch.setattr(packing, "CHUNK_ELEMENTS", 240)  # one mass a chunk
    path = tmp_path / "damaged.h5"
    pack(source, path)
    with h5py.File(path) as file:
        info = file["chi2"].id.get_chunk_info(3)
    with open(path, "r+b") as file:
        file.seek(info.byte_offset + info.size // 2)
        byte = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte[0] ^ 4]))
    report = verify(path)
    assert not report.ok
    assert {name for bad in report.bad for name in bad.fields} == {"chi2"}
    assert len(report.bad) == 5
    assert all(bad.ranges["mass"][0] == FakeEngine().axes["mass"][3] for bad in report.bad)


def test_refusals(source, packed, tmp_path, monkeypatch):
    def refused(words, *arguments, **settings):
        with pytest.raises(UserError, match=words):
            pack(*arguments, **settings)

    refused("packed already", packed, tmp_path / "again.h5")
    refused("into itself", source, source, overwrite=True)
    refused(r"exists.*--overwrite", source, packed)
    refused("did you mean 'gzip'", source, tmp_path / "a.h5", compression="gzp")
    with pytest.raises(UserError, match="is packed: it is finished"):
        driver.resume(packed, engine=FakeEngine(), **SETTINGS)
    partial = tmp_path / "partial.h5"
    partial.write_bytes(source.read_bytes())
    with h5py.File(partial, "r+") as file:
        file["run/done"][4] = 0
    refused("1 of 25 blocks are not computed yet.*zdscan resume", partial, tmp_path / "a.h5")
    with h5py.File(partial, "r+") as file:
        file["run/done"][4] = 1
        file["chi2"][2, 1, 1, 1] = 0.0
    refused(r"damaged \(block \d+\)", partial, tmp_path / "a.h5")
    partial.write_bytes(source.read_bytes()[:-100])
    refused(r"damaged \(cut short", partial, tmp_path / "a.h5")
    partial.write_bytes(packed.read_bytes()[:-100])
    with pytest.raises(UserError, match="is cut short"):
        verify(partial)
    monkeypatch.setitem(sys.modules, "hdf5plugin", None)
    refused("needs the package hdf5plugin", source, tmp_path / "a.h5", compression="blosc")
    assert {path.name for path in tmp_path.iterdir()} == {"partial.h5"}


def test_a_killed_pack_leaves_the_source_and_can_be_run_again(source, tmp_path):
    before = source.read_bytes()
    target = tmp_path / "packed.h5"
    code = (
        "import signal\nfrom zdscan.grid import pack\n"
        "def held(what, fraction):\n    print(what, flush=True)\n    what == 'packing' and signal.pause()\n"
        f"pack.pack({str(source)!r}, {str(target)!r}, progress=held)"
    )
    job = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True)
    assert "packing" in map(str.strip, job.stdout)  # reads up to that line
    job.send_signal(signal.SIGKILL)
    job.communicate(timeout=TIMEOUT)
    assert not target.exists()
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".lock", ".part"]
    pack(source, target)
    assert source.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["packed.h5"]  # the leftover is gone too
    assert json.loads(open_grid(target).attributes["identity"]) == FakeEngine().identity
