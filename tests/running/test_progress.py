"""Lines and status file that tell how far a run is."""

from __future__ import annotations

import time

from zdscan.ranks import mpi
from zdscan.running.progress import Progress, read_status, status_path


def test_progress_prints_lines_where_there_is_no_terminal(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("zdscan.running.progress.LINE_SECONDS", 0.0)
    monkeypatch.setattr("zdscan.running.progress.UPDATE_SECONDS", 0.0)
    progress = Progress(tmp_path / "grid.h5", 1000, 200, world=mpi.Alone(), show=True)
    progress.stage("computing")
    progress.update(300)
    progress.close("finished")
    assert "computing, 500 of 1000 points (50.0 %)" in capsys.readouterr().err
    assert not status_path(tmp_path / "grid.h5").exists()


def test_lines_tell_when_the_run_will_end(tmp_path, capsys, monkeypatch):
    for name in ("LINE_SECONDS", "UPDATE_SECONDS"):
        monkeypatch.setattr(f"zdscan.running.progress.{name}", 0.0)
    progress = Progress(tmp_path / "grid.h5", 1000, 200, world=mpi.Alone(), show=True)
    progress.stage("computing")
    time.sleep(0.01)
    progress.update(300)
    progress.close("stopped")
    assert "s left, end about" in capsys.readouterr().err
    assert read_status(status_path(tmp_path / "grid.h5"))["seconds_left"] > 0
