"""Killing a forked child at one of its writes: SIGKILL before it, or after half of its bytes."""

from __future__ import annotations

import os
import resource
import signal
import traceback

import numpy as np

from zdscan.grid import layout as gridio
from zdscan.grid.layout import DONE, GridIO
from zdscan.grid.open import open_grid

LEFT_ALIVE = 70  # exit code of a child whose action raised: a fault of the test


def in_child(action):
    """Run the action in a child forked from this warmed process; the signal that killed it, 0 if it ended itself."""
    child = os.fork()
    if child == 0:
        try:
            action()
        except BaseException:
            try:
                traceback.print_exc()
            finally:  # a limit on file sizes may be one on what is printed
                os._exit(LEFT_ALIVE)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "the child failed; its traceback is above"
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


def die_at_write(index, torn):
    """From now on the write of that index to a grid file kills this process; a torn one leaves half of its bytes."""
    real, count = os.pwrite, 0

    def pwrite(descriptor, data, offset):
        nonlocal count
        if count == index:
            if torn:
                real(descriptor, data[: len(data) // 2], offset)
            os.kill(os.getpid(), signal.SIGKILL)
        count += 1
        return real(descriptor, data, offset)

    os.pwrite = pwrite


def die_at_call(owner, name, after):
    """From now on a call of that function kills this process, before or after it is done."""
    real = getattr(owner, name)

    def dying(*arguments, **keywords):
        if after:
            real(*arguments, **keywords)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, name, dying)


def die_beyond(size):
    """From now on the kernel kills this process, in the midst of the write, when a file grows beyond that size."""
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)  # Python ignores it
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def writes_of(action, monkeypatch):
    """Offset and bytes of every write of the action, in order."""
    real, log = os.pwrite, []

    def pwrite(descriptor, data, offset):
        log.append((offset, bytes(data)))
        return real(descriptor, data, offset)

    with monkeypatch.context() as patch:
        patch.setattr(gridio.os, "pwrite", pwrite)
        action()
    return log


def check_survivors(path, numbers, written=()):
    """The file opens; every finished block is right; those whose done byte is among the `written` are finished."""
    grid = open_grid(path)
    assert grid.header_ok
    layout = grid.layout
    finished = {int(number) for number in np.flatnonzero(grid.done == DONE)}
    with GridIO(layout, write=False) as io:
        for number in finished:
            block = layout.plan.block(number)
            for name, values in numbers.items():
                expected = values.reshape(-1, *values.shape[4:])[block.start : block.start + block.count]
                found = io.read_field(name, block)
                assert found.tobytes() == expected.tobytes(), f"finished block {number} is wrong in {name}"
    final = {offset - layout.done.offset: data[0] for offset, data in written if is_done_byte(offset, data, layout)}
    lost = {number for number, value in final.items() if value == DONE} - finished
    assert not lost, f"finished blocks {sorted(lost)} are lost"
    return grid


def is_done_byte(offset, data, layout):
    """Whether a write is one that says whether a block is finished."""
    return len(data) == 1 and 0 <= offset - layout.done.offset < layout.plan.blocks
