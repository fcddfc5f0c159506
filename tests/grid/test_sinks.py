"""Writing blocks: refusals, disks that fail, and short writes."""

from __future__ import annotations

import os

import numpy as np
import pytest
from typer.testing import CliRunner

from tests.support.fake_engine import FakeEngine
from tests.support.launching import contents
from tests.support.runs import resume, run
from zdscan.cli import app
from zdscan.errors import UserError
from zdscan.grid import sinks
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


def test_a_sink_is_known_everywhere_by_its_line_in_the_table(tmp_path, monkeypatch, reference):
    """A sink of one's own that takes blocks and writes them at a checkpoint, as no sink of the table does."""
    used = []

    class Lazy(sinks.Direct):
        """Keeps blocks until it has three of them."""

        @classmethod
        def check(cls, threads):
            used.append(("check", threads))
            return 2

        def __init__(self, layout, world):
            super().__init__(layout, world)
            self.kept = []

        def put(self, number, outputs):
            self.kept.append((number, [output.copy() for output in outputs]))

        def due(self):
            return len(self.kept) >= 3

        def checkpoint(self):
            used.append(("checkpoint", len(self.kept)))
            for number, outputs in self.kept:
                super().put(number, outputs)
            self.kept.clear()

    monkeypatch.setattr(sinks, "SINKS", {**sinks.SINKS, "lazy": Lazy})
    path = tmp_path / "grid.h5"
    summary = run(path, engine(), block_points=BLOCK, sink="lazy", threads=None)
    assert contents(path) == reference
    assert summary.threads == 2
    assert used[0] == ("check", None)
    assert sum(count for what, count in used if what == "checkpoint") == summary.blocks
    with pytest.raises(UserError, match="choose one of direct, gather, parallel, lazy"):
        sinks.sink_class("eager")


def test_the_command_line_names_every_sink():
    said = CliRunner().invoke(app, ["run", "--help"], terminal_width=200, env={"COLUMNS": "200"}).output
    assert f"How blocks reach the file: {', '.join(sinks.SINKS)}." in said
