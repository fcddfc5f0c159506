"""One writer a file: whoever comes second is told who is first, and a dead one holds nobody up."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.support.fake_engine import FakeEngine, FakeScan
from tests.support.launching import TIMEOUT, contents, done_blocks, launch, start, until
from tests.support.paths import ROOT
from tests.support.runs import SETTINGS
from zdscan.errors import UserError
from zdscan.grid import writer
from zdscan.grid.merge import merge
from zdscan.grid.pack import pack
from zdscan.grid.writer import Busy, Writer, lock_path
from zdscan.running import driver

STARTS_PROCESSES = True  # one worker runs all such modules, one after the other (tests/conftest.py)


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beats and watching in hundredths of a second."""
    monkeypatch.setattr(writer, "BEAT_SECONDS", 0.05)
    monkeypatch.setattr(writer, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(writer, "WATCH_SECONDS", 1.0)
    monkeypatch.setattr(writer, "SETTLE_SECONDS", 0.1)


def test_the_second_is_told_who_is_first(tmp_path: Path) -> None:
    path = tmp_path / "grid.h5"
    first = Writer(path)
    assert first.alone
    with pytest.raises(Busy) as caught:
        Writer(path)
    (sentence,) = caught.value.messages
    assert f"process {os.getpid()} on {socket.gethostname()}" in sentence
    assert f"delete {lock_path(path)} and try again" in sentence
    link = tmp_path / "link.h5"
    link.symlink_to(path)
    with pytest.raises(Busy):
        Writer(link)
    first.release()
    assert list(tmp_path.iterdir()) == [link]
    Writer(path).release()


def test_one_that_was_killed_holds_nobody_up(tmp_path: Path) -> None:
    path = tmp_path / "grid.h5"
    code = f"import os; from zdscan.grid.writer import Writer; kept = Writer({str(path)!r}); os._exit(9)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 9
    assert json.loads(lock_path(path).read_text())["host"] == socket.gethostname()
    began = time.monotonic()
    Writer(path).release()
    assert time.monotonic() - began < writer.WATCH_SECONDS / 2
    assert not list(tmp_path.iterdir())


def note(beat: int) -> str:
    return json.dumps({"host": "node17", "pid": 4711, "started": time.time(), "token": "theirs", "beat": beat})


@pytest.mark.usefixtures("hasty")
def test_the_beat_of_another_host_counts_where_its_lock_is_not_seen(tmp_path: Path) -> None:
    """As under Lustre with locks of each host for itself: the lock is free here, and the beat goes on or does not."""
    path = tmp_path / "grid.h5"
    lock_path(path).write_text(note(1))
    over = threading.Event()

    def beat() -> None:
        for number in range(2, 10_000):
            if over.wait(0.02):
                return
            lock_path(path).write_text(note(number))

    other = threading.Thread(target=beat)
    other.start()
    try:
        with pytest.raises(Busy, match=r"process 4711 on node17 since \d{4}-"):
            Writer(path)
    finally:
        over.set()
        other.join()
    Writer(path).release()  # it is dead now
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("hasty")
def test_without_locks_the_beat_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(descriptor: int, how: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    path = tmp_path / "grid.h5"
    first = Writer(path)
    with pytest.raises(Busy, match=f"process {os.getpid()}"):
        Writer(path)
    first.release()
    Writer(path).release()
    lock_path(path).write_text(note(5))
    Writer(path).release()


def test_where_no_lock_file_can_be_it_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **options: object) -> int:
        raise OSError(errno.EROFS, "Read-only file system")

    with monkeypatch.context() as patched:
        patched.setattr(writer.os, "open", refuse)
        kept = Writer(tmp_path / "grid.h5")
    assert not kept.alone
    kept.release()


def test_nothing_is_done_to_a_file_at_work(tmp_path: Path) -> None:
    path, other, third = tmp_path / "grid.h5", tmp_path / "other.h5", tmp_path / "third.h5"
    driver.run(FakeScan(), path, engine=FakeEngine(), **SETTINGS)
    driver.run(FakeScan(), other, engine=FakeEngine(), **SETTINGS)
    before = path.read_bytes()
    first = Writer(path)
    for action in (
        lambda: driver.resume(path, engine=FakeEngine(), **SETTINGS),
        lambda: driver.run(FakeScan(), path, engine=FakeEngine(), overwrite=True, **SETTINGS),
        lambda: pack(other, path, overwrite=True),
    ):
        with pytest.raises(UserError, match="is being written by process"):
            action()
    assert path.read_bytes() == before
    first.release()
    with pytest.raises(UserError, match="all four axes are the same"):
        merge(path, other, third)
    assert driver.resume(path, engine=FakeEngine(), **SETTINGS).computed == 0
    assert sorted(found.name for found in tmp_path.iterdir()) == ["grid.h5", "other.h5"]


def test_leftovers_of_other_hosts_go_with_the_next_run(tmp_path: Path) -> None:
    path = tmp_path / "grid.h5"
    (tmp_path / ".grid.h5.node17.4711.part").write_bytes(b"killed while the file was made")
    (tmp_path / ".other.h5.node17.4711.part").write_bytes(b"not its own")
    driver.run(FakeScan(), path, engine=FakeEngine(), **SETTINGS)
    assert sorted(found.name for found in tmp_path.iterdir()) == [".other.h5.node17.4711.part", "grid.h5"]


@pytest.mark.slow
def test_a_second_resume_leaves_the_first_alone(tmp_path: Path) -> None:
    """A run that keeps its minima alone: the first goes on, the second says why it does not."""
    path, whole = tmp_path / "grid.h5", tmp_path / "whole.h5"
    options = ("--block-points", 20, "--profiles-only", "--checkpoint-seconds", 0.1)
    assert launch("run", whole, *options).returncode == 0
    job = start("run", path, *options, "--delay", 0.02)
    until(lambda: path.exists() and done_blocks(path) >= 3)
    job.send_signal(signal.SIGTERM)
    job.communicate(timeout=TIMEOUT)
    first = start("resume", path, *options, "--delay", 0.05)
    until(lambda: lock_path(path).exists())
    second = launch("resume", path, *options)
    assert second.returncode == 2
    assert f"process {first.pid} on {socket.gethostname()}" in second.stderr
    _, errors = first.communicate(timeout=TIMEOUT)
    assert first.returncode == 0, errors
    assert contents(path) == contents(whole)
