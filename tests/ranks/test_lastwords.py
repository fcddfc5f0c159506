"""The message of a failing rank: it waits for its reader, and the status file keeps it."""

from __future__ import annotations

import io
import os
import threading
import time

from zdscan.errors import UserError
from zdscan.ranks.lastwords import drain, failure_of
from zdscan.running.progress import read_status, record_failure, status_path


def test_draining_waits_for_a_slow_reader():
    reader, writer = os.pipe()
    taken = []

    def read_late():
        time.sleep(0.3)
        taken.append(os.read(reader, 100))

    with os.fdopen(writer, "w") as stream:
        stream.write("last words")
        stream.flush()
        thread = threading.Thread(target=read_late)
        thread.start()
        drain(stream, seconds=30.0)
        assert taken == [b"last words"]
        thread.join()
    os.close(reader)


def test_draining_ends_where_nobody_reads_or_nothing_can_be_told():
    reader, writer = os.pipe()
    with os.fdopen(writer, "w") as stream:
        stream.write("unread")
        stream.flush()
        began = time.monotonic()
        drain(stream, seconds=0.2)
        assert 0.2 <= time.monotonic() - began < 5.0
    os.close(reader)
    drain(io.StringIO())  # no descriptor


def test_the_cause_is_one_sentence_and_kept_beside_what_was_known(tmp_path):
    output = tmp_path / "grid.h5"
    failure = failure_of(UserError("The disk is full.", "  Free some."), 3, 8)
    assert (failure.rank, failure.ranks, failure.host) == (3, 8, os.uname().nodename)
    assert failure.cause == "The disk is full.   Free some."
    assert failure_of(MemoryError(), 0, 1).cause == "MemoryError"
    status_path(output).write_text('{"state": "running", "points": 7}')
    record_failure(output, failure)
    status = read_status(status_path(output))
    assert (status["state"], status["points"], status["fault"]) == ("failed", 7, failure.as_dict())
    assert os.listdir(tmp_path) == ["grid.h5.status.json"]
    status_path(output).write_text("{half")
    assert read_status(status_path(output)) is None
