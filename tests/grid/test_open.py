"""Opening a grid file: everything that was stored comes back, and what is no grid file is refused with its reason."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from tests.support.fake_engine import LABELS, FakeEngine, FakeScan
from tests.support.files import create, finished, refused
from zdscan.grid.open import open_grid
from zdscan.grid.verify import verify
from zdscan.running import driver


def test_opening_gives_back_what_was_stored(tmp_path):
    path = tmp_path / "grid.h5"
    layout = create(path)
    grid = open_grid(path)
    engine, scan = FakeEngine(), FakeScan()
    assert grid.layout == layout
    assert (grid.scan_text, grid.overrides) == (scan.text, scan.overrides)
    assert grid.identity == engine.identity
    assert grid.sm_chi2 == engine.sm_chi2
    assert grid.ndof == 26
    assert grid.labels == {"ratios": LABELS}
    assert grid.attributes["rows"] == ["B0_K", "Bp_K"]
    assert grid.header_ok
    assert grid.missing.size == layout.plan.blocks
    assert grid.history == [{"state": "running"}]


def test_a_scan_file_may_be_longer_than_an_attribute_can_be(tmp_path):
    text = "# " + "x" * 200_000
    create(tmp_path / "grid.h5", scan_text=text)
    assert open_grid(tmp_path / "grid.h5").scan_text == text


def test_foreign_and_broken_files(tmp_path):
    path = tmp_path / "grid.h5"
    refused(lambda: open_grid(path), "There is no grid file")
    refused(lambda: open_grid(tmp_path), "is a folder")
    path.write_bytes(b"")
    refused(lambda: open_grid(path), "not an HDF5 file")
    path.write_text("mass eps\n")
    refused(lambda: open_grid(path), "not an HDF5 file")
    with h5py.File(path, "w") as file:
        file["chi2"] = np.zeros(3)
    refused(lambda: open_grid(path), "not a grid file made by zdscan")


def test_truncated_newer_and_damaged_files(tmp_path):
    path = finished(tmp_path / "grid.h5")
    whole_file = path.read_bytes()
    for keep in (2_000, 60_000):  # within what HDF5 notes before the numbers
        path.write_bytes(whole_file[:keep])
        refused(lambda: open_grid(path), "cut short|damaged")
        refused(lambda: driver.resume(path, engine=FakeEngine(), progress=False), "cut short|damaged")
        assert path.read_bytes() == whole_file[:keep]
    path.write_bytes(whole_file)
    with h5py.File(path, "r+") as file:
        file.attrs["format"] = 99
    refused(lambda: open_grid(path), "grid format 99", "reads up to 2")
    path.write_bytes(whole_file)
    with h5py.File(path, "r+") as file:
        del file["run/checksum"]
    refused(lambda: open_grid(path), "damaged grid file")


@pytest.mark.parametrize("change", ["axis", "attribute", "scan"])
def test_altered_header_is_noticed(tmp_path, change):
    path = finished(tmp_path / "grid.h5")
    with h5py.File(path, "r+") as file:
        if change == "axis":
            file["eps"][1] *= 1.001
        elif change == "attribute":
            file.attrs["theory"] = "complete"
        else:
            file["run/scan_file"][()] = "another"
    assert not open_grid(path).header_ok
    assert not verify(path).ok
    refused(lambda: driver.resume(path, engine=FakeEngine(), progress=False), "altered")


def test_a_note_added_by_the_user_is_no_damage(tmp_path):
    path = finished(tmp_path / "grid.h5")
    with h5py.File(path, "r+") as file:
        file.attrs["my_note"] = "for the thesis"
    assert verify(path).ok
