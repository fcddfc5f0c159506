"""The thread that computes for a page: the newest wish of each kind, and errors that are told."""

from __future__ import annotations

import threading

from zdscan.analysis.explorer.worker import Worker


def test_a_newer_job_takes_the_place_of_an_older_one():
    failed, done = [], []
    worker = Worker(failed.append)
    running, go_on, last = threading.Event(), threading.Event(), threading.Event()

    def slow(wanted):
        running.set()
        go_on.wait(10.0)
        done.append(("slow", wanted()))

    worker.ask("plane", slow)
    assert running.wait(10.0)
    worker.ask("plane", lambda wanted: done.append("never run"))
    worker.ask("plane", lambda wanted: done.append(("newest", wanted())))
    worker.ask("point", lambda wanted: (done.append("point"), last.set()))
    assert not worker.idle_of("plane")
    go_on.set()
    assert last.wait(10.0)
    assert done == [("slow", False), ("newest", True), "point"]
    assert failed == []
    worker.end()


def test_an_error_is_told_and_the_thread_goes_on():
    failed, done = [], threading.Event()
    worker = Worker(failed.append)

    def fails(wanted):
        raise ValueError("no")

    worker.ask("plane", fails)
    worker.ask("point", lambda wanted: done.set())
    assert done.wait(10.0)
    assert [str(error) for error in failed] == ["no"]
    worker.end()
