"""Processes that share a piece of work whose parts do not depend on each other.

They are started anew instead of being copies, which threads of compiled kernels and MPI do not survive, and are given
the function once.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any, TypeVar

from zdscan.errors import UserError

Part = TypeVar("Part")
Result = TypeVar("Result")
_FUNCTION: list[Callable[[Any], Any]] = []  # of this process, where it is one of a crew


@dataclass(frozen=True)
class Crew:
    """Some processes; with one, the work is done in this one."""

    processes: int = 1

    @contextmanager
    def at_work(self, function: Callable[[Part], Result]) -> Iterator[Callable[[Sequence[Part]], Iterable[Result]]]:
        """What gives the results of a function, which can be pickled, in the order of the parts that it is given."""
        if self.processes == 1:
            yield lambda parts: map(function, parts)
            return
        with ProcessPoolExecutor(self.processes, get_context("spawn"), initializer=_keep, initargs=(function,)) as pool:
            try:
                yield lambda parts: pool.map(_work, parts)
            except BrokenProcessPool:
                raise UserError(
                    "A process ended before its work was done, for want of memory perhaps: use fewer processes."
                ) from None
            finally:
                pool.shutdown(wait=True, cancel_futures=True)


def cores() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _keep(function: Callable[[Any], Any]) -> None:
    _FUNCTION[:] = [function]


def _work(part: Any) -> Any:
    return _FUNCTION[0](part)
