"""Writing blocks: refusals, disks that fail, and short writes."""

from __future__ import annotations

import os

import numpy as np
import pytest

from tests.support.fake_engine import FakeEngine
from tests.support.launching import contents
from tests.support.runs import resume, run
from zdscan.errors import UserError
from zdscan.grid.open import open_grid
from zdscan.grid.sinks import open_sink
from zdscan.grid.verify import verify
from zdscan.ranks.mpi import Alone

SHAPE = (2, 2, 2, 4)
BLOCK = 6


def engine():
    return FakeEngine(shape=SHAPE)


@pytest.fixture
def reference(tmp_path):
    path = tmp_path / "reference.h5"
    run(path, engine(), block_points=BLOCK)
    return contents(path)


def test_unknown_sink_is_refused(tmp_path):
    with pytest.raises(UserError, match="no sink 'paralel'"):
        run(tmp_path / "grid.h5", engine(), sink="paralel")
    assert not (tmp_path / "grid.h5").exists()


def test_a_disk_that_fails_later_is_not_silent(tmp_path, monkeypatch):
    path = tmp_path / "grid.h5"
    run(path, engine(), block_points=None)
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
        run(path, engine(), block_points=BLOCK)
    monkeypatch.undo()
    assert verify(path).ok
    resume(path, engine())
    assert contents(path) == reference
