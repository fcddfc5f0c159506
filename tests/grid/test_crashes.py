"""A process killed at any of its writes, whole or torn: nothing finished is lost or wrong, resuming gives the bytes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support import runs
from tests.support.crashing import (
    check_survivors,
    die_at_call,
    die_at_write,
    die_beyond,
    in_child,
    is_done_byte,
    writes_of,
)
from tests.support.fake_engine import FakeEngine, whole
from tests.support.launching import contents
from tests.support.thinning import only
from zdscan.grid import layout as gridio
from zdscan.grid import provenance, sinks
from zdscan.grid.layout import DONE
from zdscan.grid.open import open_grid
from zdscan.grid.verify import verify

SHAPE = (2, 2, 2, 4)
NUMBERS = whole(FakeEngine(shape=SHAPE))


def run(path, **settings):
    return runs.run(path, FakeEngine(shape=SHAPE), **{"block_points": 6, **settings})


def resume(path, **settings):
    return runs.resume(path, FakeEngine(shape=SHAPE), **settings)


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """A finished file; making it compiles every kernel that the children use."""
    provenance.commit()
    path = tmp_path_factory.mktemp("reference") / "grid.h5"
    run(path)
    return path


def finish(path, reference, written=()):
    """What a user does after a crash, and what must be true before and after."""
    computed = 16 * SHAPE[0]
    if path.exists():
        grid = check_survivors(path, NUMBERS, written)
        assert verify(path).bad == ()
        computed -= grid.layout.plan.points_in((grid.done == DONE).nonzero()[0])
        summary = resume(path)
    else:
        summary = run(path)
    assert (summary.computed, summary.repaired) == (computed, ())  # nothing finished is computed again
    assert contents(path) == contents(reference)


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch):
    """A killed process leaves what it wrote to the kernel: syncing would only make hundreds of kills slow."""
    monkeypatch.setattr(gridio, "_sync", lambda descriptor: None)


@pytest.mark.parametrize(
    ("sink", "torn", "blocks", "others"),
    [
        pytest.param("direct", True, 3, 48, id="direct"),
        pytest.param("direct", True, 1, 6, id="direct-more", marks=pytest.mark.slow),
        pytest.param("gather", True, 1, None, id="gather", marks=pytest.mark.slow),
        *(
            pytest.param(sink, torn, 1, 1, id=f"{sink}-{'torn' if torn else 'whole'}", marks=pytest.mark.slow)
            for sink in ("direct", "gather")
            for torn in (True, False)
        ),
    ],
)
def test_killed_at_every_write_of_a_run(tmp_path, monkeypatch, reference, sink, torn, blocks, others):
    """One write in `blocks` of those of blocks; of the others, which come before and after, one in `others` or none."""
    writes = writes_of(lambda: run(tmp_path / "dry.h5", sink=sink), monkeypatch)
    # three fields, a checksum and a done byte each: no multiple of three, so that every third write meets all kinds
    assert len(writes) > 5 * open_grid(reference).layout.plan.blocks
    path = tmp_path / "grid.h5"
    layout = open_grid(tmp_path / "dry.h5").layout
    first, last = (
        [offset for offset, _ in writes].index(layout.fields["chi2"].offset),
        max(index for index, write in enumerate(writes) if is_done_byte(*write, layout)),
    )
    for index in range(len(writes)):
        if index % blocks if first <= index <= last else others is None or index % others:
            continue

        def action(index=index):
            die_at_write(index, torn)
            run(path, sink=sink)

        assert in_child(action)
        finish(path, reference, writes[:index])
        path.unlink()


@pytest.mark.slow
def test_killed_at_every_write_of_a_resume_that_mends(tmp_path, monkeypatch, reference):
    """Damaged and missing blocks at once: no write of the resume makes anything worse."""
    damaged = tmp_path / "damaged.h5"
    damaged.write_bytes(reference.read_bytes())
    layout = open_grid(reference).layout
    with damaged.open("r+b") as file:
        file.seek(layout.fields["chi2"].offset + 4 * layout.plan.block(1).start)
        file.write(b"\0\0\0\0")
        file.seek(layout.done.offset + 4)
        file.write(b"\0")
    path = tmp_path / "grid.h5"
    path.write_bytes(damaged.read_bytes())
    writes = writes_of(lambda: resume(path), monkeypatch)
    for index in (*range(20), *range(20, len(writes), 9)):  # the blocks come first, the profiles last
        path.write_bytes(damaged.read_bytes())

        def action(index=index):
            die_at_write(index, torn=True)
            resume(path)

        assert in_child(action)
        cleared = index > [offset for offset, _ in writes].index(layout.done.offset + 1)
        if cleared:  # before, the damaged block still calls itself finished
            check_survivors(path, NUMBERS)
        again = resume(path)
        assert again.repaired == (() if cleared else (1,))
        assert contents(path) == contents(reference)


@pytest.mark.parametrize("index", [3, 11, 17, 26])
def test_killed_with_two_threads_writing_and_killed_again(tmp_path, reference, index):
    path = tmp_path / "grid.h5"

    def first():
        die_at_write(index, torn=True)
        run(path, threads=2)

    def second():
        die_at_write(4, torn=True)
        resume(path, threads=2)

    assert in_child(first)
    check_survivors(path, NUMBERS)
    assert in_child(second)
    finish(path, reference)


STEPS = [(os, "fsync"), (os, "link"), (Path, "unlink")]


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(("owner", "name"), STEPS)
def test_killed_at_the_steps_of_creation(tmp_path, reference, owner, name, after):
    path = tmp_path / "grid.h5"

    def action():
        die_at_call(owner, name, after)
        run(path)

    assert in_child(action)
    finish(path, reference)


@pytest.mark.parametrize("sizes", only([15], [40]))
def test_killed_at_any_size_of_the_file_being_created(tmp_path, reference, sizes):
    """The kernel ends the process in the midst of HDF5's own writes; the name appears only on a whole file."""
    path = tmp_path / "grid.h5"
    size = reference.stat().st_size
    limits = sorted({1, 100, 2048, *range(4096, size, max(4096, size // sizes)), size - 1})
    for limit in limits:

        def action(limit=limit):
            die_beyond(limit)
            run(path)

        assert in_child(action)
        assert not path.exists()
        # what was being made, and the lock, whose holder is dead
        assert sorted({os.path.splitext(name)[1] for name in os.listdir(tmp_path)}) in ([".lock"], [".lock", ".part"])
        assert len(os.listdir(tmp_path)) <= 2
    run(path)
    assert os.listdir(tmp_path) == ["grid.h5"]  # what the killed ones left is gone
    assert contents(path) == contents(reference)


def test_killed_while_replacing_leaves_the_old_file(tmp_path, reference):
    path = tmp_path / "grid.h5"
    path.write_bytes(reference.read_bytes())
    for limit in (2048, 300_000):

        def action(limit=limit):
            die_beyond(limit)
            run(path, overwrite=True)

        assert in_child(action)
        assert path.read_bytes() == reference.read_bytes()


def done_before_data(self, number, outputs, sums):
    block = self._plan.block(number)
    self._io.write_checksums(block, sums)
    self._io.write_done(number, DONE)
    for name, output in zip(self._names, outputs, strict=True):
        self._io.write_field(name, block, output)


def done_before_checksum(self, number, outputs, sums):
    block = self._plan.block(number)
    for name, output in zip(self._names, outputs, strict=True):
        self._io.write_field(name, block, output)
    self._io.write_done(number, DONE)
    self._io.write_checksums(block, sums)


@pytest.mark.parametrize("wrong", [done_before_data, done_before_checksum])
def test_these_tests_notice_a_wrong_order_of_writes(tmp_path, monkeypatch, reference, wrong):
    monkeypatch.setattr(sinks.Direct, "write", wrong)
    path = tmp_path / "grid.h5"
    noticed = 0
    for index in range(10):

        def action(index=index):
            die_at_write(index, torn=False)
            run(path)

        assert in_child(action)
        try:
            check_survivors(path, NUMBERS)
            assert verify(path).ok
        except AssertionError:
            noticed += 1
        path.unlink()
    assert noticed
