"""One thread that computes for a page: always the newest wish of each kind, never one that nobody wants any more."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

Job = Callable[[Callable[[], bool]], Any]  # is given a function that says whether the result is still wanted


class Worker:
    """Runs jobs one after the other. A job replaces a waiting or running one of its kind.

    Parameters
    ----------
    failed : called in the thread with an exception that a job raised.
    """

    def __init__(self, failed: Callable[[BaseException], None]) -> None:
        self._failed = failed
        self._condition = threading.Condition()
        self._waiting: dict[str, tuple[int, Job]] = {}
        self._newest: dict[str, int] = {}
        self._count = 0
        self._ended = False
        self._thread = threading.Thread(target=self._work, name="zdscan explore", daemon=True)
        self._thread.start()

    def ask(self, kind: str, job: Job) -> None:
        """Run a job as soon as what is before it is done."""
        with self._condition:
            self._count += 1
            self._newest[kind] = self._count
            self._waiting[kind] = self._count, job
            self._condition.notify()

    def end(self) -> None:
        """Stop after the present job, which is told that it is not wanted."""
        with self._condition:
            self._ended = True
            self._waiting.clear()
            self._condition.notify()

    def idle_of(self, kind: str) -> bool:
        """Whether no job of this kind waits."""
        with self._condition:
            return kind not in self._waiting

    def _work(self) -> None:
        while True:
            with self._condition:
                while not self._waiting and not self._ended:
                    self._condition.wait()
                if self._ended:
                    return
                kind = min(self._waiting, key=lambda name: self._waiting[name][0])
                number, job = self._waiting.pop(kind)

            def wanted(kind: str = kind, number: int = number) -> bool:
                return not self._ended and self._newest[kind] == number

            try:
                job(wanted)
            except Exception as error:  # told in the page; the thread goes on
                self._failed(error)
