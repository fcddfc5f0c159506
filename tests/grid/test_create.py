"""The grid file: its layout as other programs see it, and every refusal."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import h5py
import numpy as np
import xarray as xr

from tests.support.fake_engine import LABELS, FakeEngine, whole
from tests.support.files import create, finished, refused
from zdscan.grid import create as store
from zdscan.grid.layout import DONE
from zdscan.grid.open import open_grid


def test_xarray_sees_named_axes_units_labels_and_the_numbers(tmp_path):
    path = finished(tmp_path / "grid.h5")
    engine = FakeEngine()
    with xr.open_dataset(path, engine="h5netcdf") as grid:
        assert grid["chi2"].dims == ("mass", "eps", "eps_z", "g_mu")
        assert grid["ratios"].dims == ("mass", "eps", "eps_z", "g_mu", "constraint")
        assert grid["constraint"].to_numpy().tolist() == list(LABELS)
        for name, values in engine.axes.items():
            np.testing.assert_array_equal(grid[name].to_numpy(), values)
            assert grid[name].attrs["long_name"]
        assert grid["mass"].attrs["units"] == "GeV"
        for name, values in whole(engine).items():
            np.testing.assert_array_equal(grid[name].to_numpy(), values)
        assert grid["excluded"].dtype == np.uint32
        assert grid["excluded"].attrs["flag_masks"].dtype == np.uint32
        assert grid["excluded"].attrs["flag_masks"].tolist() == [1, 2, 2**31]
        assert grid["profile_eps_g_mu"].dims == ("eps", "g_mu")
        assert grid.attrs["sm_chi2_muon"] == 20.25
        assert grid.attrs["ndof"] == 26
    with xr.open_dataset(path, engine="h5netcdf", group="run") as run:
        assert run["checksum"].dims == ("block", "field")
        assert (run["done"] == DONE).all()


def test_new_file_is_filled_contiguous_and_plain(tmp_path):
    path = tmp_path / "grid.h5"
    layout = create(path)
    with h5py.File(path) as file:
        assert np.isnan(file["chi2"][()]).all()
        assert (file["excluded"][()] == 2**32 - 1).all()
        assert np.isnan(file["ratios"][()]).all()
        assert (file["run/done"][()] == 0).all()
        for name, extent in {**layout.fields, **layout.profiles}.items():
            assert file[name].chunks is None
            assert file[name].id.get_offset() == extent.offset
    assert os.listdir(tmp_path) == ["grid.h5"]


def test_mask_of_64_bits(tmp_path):
    engine = FakeEngine(five=False)
    mask = engine.fields[1]
    engine.fields = (engine.fields[0], type(mask)("excluded", "<u8", 2**64 - 1, "bits", "1"))
    create(tmp_path / "grid.h5", engine)
    with h5py.File(tmp_path / "grid.h5") as file:
        assert (file["excluded"][()] == np.uint64(2**64 - 1)).all()


def test_existing_output_is_refused_and_untouched(tmp_path):
    path = tmp_path / "grid.h5"
    create(path)
    precious = path.read_bytes()
    refused(lambda: create(path), "exists", "resume", "--overwrite")
    refused(lambda: finished(path), "exists")
    assert path.read_bytes() == precious
    assert os.listdir(tmp_path) == ["grid.h5"]


def test_a_file_of_another_kind_is_never_replaced(tmp_path):
    path = tmp_path / "grid.h5"
    path.write_bytes(b"precious")
    for overwrite in (False, True):
        refused(lambda overwrite=overwrite: create(path, overwrite=overwrite), "is not a grid file of zdscan")
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file.attrs["program"] = "another"
    refused(lambda: create(tmp_path / "other.h5", overwrite=True), "is not a grid file of zdscan")
    assert path.read_bytes() == b"precious"


def test_what_is_no_file_is_never_replaced(tmp_path):
    """Pipes and devices have no length, like an empty file, which may be replaced."""
    pipe, link = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    link.symlink_to(tmp_path / "absent")
    for path in (pipe, link, Path(os.devnull)):
        refused(lambda path=path: create(path, overwrite=True), "is not a grid file of zdscan")
    assert pipe.is_fifo()
    (tmp_path / "empty").touch()
    create(tmp_path / "empty", overwrite=True)


def test_impossible_names_are_refused(tmp_path):
    refused(lambda: create(tmp_path / ("a" * 300)), "cannot be created: File name too long")
    refused(lambda: create(tmp_path / ("a" * 300) / "grid.h5"), "cannot be created: File name too long")
    refused(lambda: create(tmp_path / ("a" * 254)), "cannot be created")  # the temporary name is longer
    assert os.listdir(tmp_path) == []


def test_overwrite_replaces_only_once_the_new_file_is_whole(tmp_path, monkeypatch):
    path = tmp_path / "grid.h5"
    create(path)
    precious = path.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(store, "_field", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        refused(lambda: create(path, overwrite=True), "cannot be created", "No space left")
    assert path.read_bytes() == precious
    assert os.listdir(tmp_path) == ["grid.h5"]
    create(path, overwrite=True)
    assert open_grid(path).header_ok


def test_a_file_that_appears_meanwhile_is_not_replaced(tmp_path, monkeypatch):
    path = tmp_path / "grid.h5"
    write = store._write

    def slow(*arguments):
        path.write_bytes(b"somebody else's")
        return write(*arguments)

    monkeypatch.setattr(store, "_write", slow)
    refused(lambda: create(path), "appeared meanwhile")
    assert path.read_bytes() == b"somebody else's"
    assert os.listdir(tmp_path) == ["grid.h5"]


def test_disk_too_small_is_told_before_anything_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "statvfs", lambda _: SimpleNamespace(f_bavail=10, f_frsize=4096))
    refused(lambda: create(tmp_path / "grid.h5"), r"needs 0\.\d+ GB", "GB free")
    assert os.listdir(tmp_path) == []


def test_folder_that_cannot_hold_the_file(tmp_path, monkeypatch):
    refused(lambda: create(tmp_path / "nowhere" / "grid.h5"), "nowhere of the output file grid.h5 does not exist")
    (tmp_path / "file").write_text("")
    refused(lambda: create(tmp_path / "file" / "grid.h5"), "file of the output file grid.h5 does not exist")
    refused(lambda: create(tmp_path), "is a folder")
    monkeypatch.setattr(os, "access", lambda *_: False)
    refused(lambda: create(tmp_path / "grid.h5"), "not writable")
    assert os.listdir(tmp_path) == ["file"]


def test_folder_that_refuses_at_creation(monkeypatch):
    # Even root cannot create a file in /proc, though its mode bits say so.
    monkeypatch.setattr(store, "_check_space", lambda *_: None)
    from pathlib import Path

    refused(lambda: create(Path("/proc/grid.h5")), "cannot be created")
