"""Writing blocks: refusals, disks that fail, and short writes."""

from __future__ import annotations

import os

import numpy as np
import pytest

from tests.support.fake_engine import FakeEngine, FakeScan
from tests.support.launching import contents
from zdscan.errors import UserError
from zdscan.grid.open import open_grid
from zdscan.grid.sinks import open_sink
from zdscan.ranks.mpi import Alone
from zdscan.running import driver

SHAPE = (2, 2, 2, 4)
BLOCK = 6


def engine():
    return FakeEngine(shape=SHAPE)


@pytest.fixture
def reference(tmp_path):
    path = tmp_path / "reference.h5"
    driver.run(FakeScan(), path, engine=engine(), threads=1, block_points=BLOCK, progress=False)
    return contents(path)


def test_unknown_sink_is_refused(tmp_path):
    with pytest.raises(UserError, match="no sink 'paralel'"):
        driver.run(FakeScan(), tmp_path / "grid.h5", engine=engine(), sink="paralel", progress=False)
    assert not (tmp_path / "grid.h5").exists()


def test_a_disk_that_fails_later_is_not_silent(tmp_path, monkeypatch):
    path = tmp_path / "grid.h5"
    driver.run(FakeScan(), path, engine=engine(), threads=1, progress=False)
    sink = open_sink("direct", open_grid(path).layout, Alone())
    monkeypatch.setattr("zdscan.grid.sinks.SYNC_BYTES", 1)

    def broken(descriptor):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("zdscan.grid.layout._sync", broken)
    outputs = [np.zeros(16, "<f4"), np.zeros(16, "<u4"), np.zeros((16, 3), "<f4")]
    sink.put(0, outputs)
    with pytest.raises(UserError, match=r"Input/output error.*zdscan resume"):
        sink.put(1, outputs)


def test_a_full_quota_stops_the_run_with_a_sentence(tmp_path, monkeypatch, reference):
    path = tmp_path / "grid.h5"
    real = os.pwrite
    calls = []

    def full(*arguments):
        calls.append(1)
        if len(calls) > 12:
            raise OSError(122, "Disk quota exceeded")
        return real(*arguments)

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(UserError, match=r"Disk quota exceeded.*zdscan resume"):
        driver.run(FakeScan(), path, engine=engine(), threads=1, block_points=BLOCK, progress=False)
    monkeypatch.undo()
    assert driver.verify(path).ok
    driver.resume(path, engine=engine(), threads=1, progress=False)
    assert contents(path) == reference


def test_short_writes_are_continued(tmp_path, monkeypatch, reference):
    """A write may take fewer bytes than asked, above 2 GB for one."""
    real_write, real_read = os.pwrite, os.pread
    monkeypatch.setattr(os, "pwrite", lambda fd, data, offset: real_write(fd, data[:7], offset))
    monkeypatch.setattr(os, "pread", lambda fd, size, offset: real_read(fd, min(size, 5), offset))
    path = tmp_path / "grid.h5"
    driver.run(FakeScan(), path, engine=engine(), threads=1, block_points=BLOCK, progress=False)
    assert contents(path) == reference
