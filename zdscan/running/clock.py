"""Where the time of a run goes: computing, writing, and waiting, summed over the threads of every rank."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from zdscan.grid.sinks import Sink
from zdscan.ranks.mpi import Alone


@dataclass(frozen=True)
class Spent:
    """Wall-clock seconds summed over all threads of all ranks; together they are the duration times their number.

    `computing` is inside the kernels, `writing` from a block's numbers to the file (with the sink ``gather`` its way
    to rank 0 and the wait for the other ranks too), `waiting` the rest: for the next block, for slower ranks at the
    end.
    """

    computing: float = 0.0
    writing: float = 0.0
    waiting: float = 0.0


class Clock:
    """The stopwatch of one rank; its threads share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seconds = {"computing": 0.0, "writing": 0.0}
        self._began = time.perf_counter()

    @contextmanager
    def during(self, what: str) -> Iterator[None]:
        """Count the body's time as "computing" or "writing"."""
        began = time.perf_counter()
        try:
            yield
        finally:
            with self._lock:
                self._seconds[what] += time.perf_counter() - began

    def total(self, world: Alone, threads: int) -> Spent:
        """The times of every rank so far, on rank 0; every rank calls this."""
        alive = threads * (time.perf_counter() - self._began)
        ranks = world.gather((alive, self._seconds["computing"], self._seconds["writing"]))
        alive, computing, writing = (sum(column) for column in zip(*ranks, strict=True)) if ranks else (0.0, 0.0, 0.0)
        return Spent(computing, writing, max(0.0, alive - computing - writing))


class Timed(Sink):
    """A sink whose time is counted as writing; everything else is left to the sink within."""

    def __init__(self, sink: Sink, clock: Clock) -> None:
        self._sink, self._clock = sink, clock
        self.lockstep = sink.lockstep

    def put(self, number: int | None, outputs: Sequence[NDArray[Any]]) -> None:
        """Pass one block on."""
        with self._clock.during("writing"):
            self._sink.put(number, outputs)

    def due(self) -> bool:
        """Whether the sink within wants a checkpoint."""
        return self._sink.due()

    def checkpoint(self) -> None:
        """Let the sink make durable what it has."""
        with self._clock.during("writing"):
            self._sink.checkpoint()

    def close(self) -> None:
        """Close the sink within."""
        with self._clock.during("writing"):
            self._sink.close()
