"""What every rank of an MPI job changes in the memory of rank 0: counters, and a board of signs of life."""

from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zdscan.ranks.memory import open_memory

BEAT_SECONDS = 1.0  # how often a rank shows that it is alive; rarer in jobs of many thousand ranks
BEATS_PER_SECOND = 4096.0  # the most signs of life that rank 0 should have to take


class WindowCounters:
    """Counters in rank 0's memory."""

    def __init__(self, mpi: Any, comm: Any, slots: int, lock: threading.Lock) -> None:
        self.memory, self.closed = open_memory(mpi, comm, slots, lock), False

    def add(self, slot: int, amount: int) -> int:
        """Add to the counter of that slot and return its former value."""
        return self.memory.add(slot, amount)

    def close(self) -> None:
        """Give the counters up; every rank calls this."""
        self.closed = True
        self.memory.close()


class Board:
    """Memory of rank 0 where every rank writes when it was last alive, and the first that fails says so."""

    def __init__(self, mpi: Any, comm: Any, lock: threading.Lock) -> None:
        self._rank, size = comm.Get_rank(), comm.Get_size()
        self._seconds = max(BEAT_SECONDS, size / BEATS_PER_SECOND)
        self._begun = time.time_ns()  # times are kept as what has passed since, so that the first slot begins at 0
        self.memory = open_memory(mpi, comm, 1 + size, lock)
        self._begun = comm.bcast(self._begun, root=0)
        self._beaten = time.monotonic()

    def beat(self) -> None:
        """Write the time, now and then; never waits for rank 0."""
        if time.monotonic() - self._beaten >= self._seconds:
            self._beaten = time.monotonic()
            self.memory.put(1 + self._rank, time.time_ns() - self._begun)

    def last_seen(self) -> list[float]:
        """On rank 0, the times of every rank (seconds since 1970)."""
        return self._times(self.memory.values())

    def _times(self, slots: NDArray[np.int64]) -> list[float]:
        return [float(passed + self._begun) / 1e9 for passed in slots[1:].tolist()]

    def peek(self) -> list[float]:
        """On rank 0, what `last_seen` gives, perhaps a little older, for a thread that must not wait for MPI."""
        return self._times(self.memory.peek())

    def is_failing(self) -> bool:
        """On rank 0, whether some rank has failed."""
        return bool(self.memory.values()[0])

    def is_first_to_fail(self) -> bool:
        """Whether no other rank failed before this one; yes as well where rank 0 does not answer in time."""
        return not self.memory.add_in_time(0, 1)

    def close(self) -> None:
        """Give the board up; every rank calls this."""
        self.memory.close()
