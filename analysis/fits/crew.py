"""Processes that share a piece of work whose parts do not depend on each other.

They are started anew instead of being copies, which threads of compiled kernels and MPI do not survive, and are given
the function once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
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

    def each(self, function: Callable[[Part], Result], parts: Sequence[Part]) -> Iterator[Result]:
        """The results of a function, which must be one that can be pickled, in the order of the parts."""
        if self.processes == 1 or len(parts) < 2:
            yield from map(function, parts)
            return
        count = min(self.processes, len(parts))
        with ProcessPoolExecutor(count, get_context("spawn"), initializer=_keep, initargs=(function,)) as pool:
            try:
                yield from pool.map(_work, parts)
            except BrokenProcessPool:
                raise UserError(
                    "A process ended before its work was done, for want of memory perhaps: use fewer."
                ) from None


def _keep(function: Callable[[Any], Any]) -> None:
    _FUNCTION[:] = [function]


def _work(part: Any) -> Any:
    return _FUNCTION[0](part)
