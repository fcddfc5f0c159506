"""Bytes at known offsets: what is written in place is what HDF5 reads, however the system splits it."""

from __future__ import annotations

import os

import h5py
import numpy as np
import pytest

from tests.support.fake_engine import FakeEngine
from tests.support.files import create
from tests.support.launching import contents
from tests.support.runs import run
from zdscan.grid.layout import GridIO
from zdscan.grid.open import open_grid


def test_bytes_written_by_offset_are_what_hdf5_reads(tmp_path):
    path = tmp_path / "grid.h5"
    layout = create(path)
    block = layout.plan.block(7)
    ratios = np.arange(block.count * 3, dtype=np.float32).reshape(block.count, 3)
    with GridIO(layout, write=True) as io:
        io.write_field("ratios", block, ratios)
        np.testing.assert_array_equal(io.read_field("ratios", block), ratios)
        with pytest.raises(ValueError, match="does not fit"):
            io.write_field("chi2", block, ratios)
    with h5py.File(path) as file:
        stored = file["ratios"][()].reshape(-1, 3)
    np.testing.assert_array_equal(stored[block.start : block.start + block.count], ratios)
    assert np.isnan(np.delete(stored, np.arange(block.start, block.start + block.count), axis=0)).all()


def test_history_of_many_runs_keeps_the_first_and_the_latest(tmp_path):
    entries = [{"run": k, "note": "x" * 500} for k in range(400)]
    create(tmp_path / "grid.h5", history=entries)
    kept = [entry["run"] for entry in open_grid(tmp_path / "grid.h5").history]
    assert kept[0] == 0
    assert kept[-1] == 399
    assert 50 < len(kept) < 400


def test_short_writes_are_continued(tmp_path, monkeypatch):
    """A write may take fewer bytes than asked, above 2 GB for one."""
    small = FakeEngine(shape=(2, 2, 2, 4))
    run(tmp_path / "reference.h5", small, block_points=6)
    real_write, real_read = os.pwrite, os.pread
    monkeypatch.setattr(os, "pwrite", lambda fd, data, offset: real_write(fd, data[:7], offset))
    monkeypatch.setattr(os, "pread", lambda fd, size, offset: real_read(fd, min(size, 5), offset))
    path = tmp_path / "grid.h5"
    run(path, small, block_points=6)
    assert contents(path) == contents(tmp_path / "reference.h5")
