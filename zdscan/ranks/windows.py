"""Memory of rank 0 that every rank of an MPI job changes without its help: counters, and a board of signs of life."""

from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np

BEAT_SECONDS = 1.0  # how often a rank shows that it is alive; rarer in jobs of many thousand ranks
BEATS_PER_SECOND = 4096.0  # the most signs of life that rank 0 should have to take
ANSWER_SECONDS = 3.0  # how long a failing rank waits for rank 0's memory


class WindowCounters:
    """Counters in rank 0's memory, reached by one-sided atomic additions while rank 0 computes."""

    def __init__(self, mpi: Any, comm: Any, slots: int, lock: threading.Lock) -> None:
        self._mpi = mpi
        self._comm = comm
        self._is_root = comm.Get_rank() == 0
        self._window = mpi.Win.Allocate(8 * slots if self._is_root else 0, 8, comm=comm)
        if self._is_root:
            np.frombuffer(self._window.tomemory(), dtype=np.int64)[:] = 0
        comm.Barrier()  # nobody adds before they are zero
        self._window.Lock_all()
        self._amount = np.zeros(1, dtype=np.int64)
        self._former = np.zeros(1, dtype=np.int64)
        self._lock = lock

    def add(self, slot: int, amount: int) -> int:
        """Add to the counter of that slot and return its former value."""
        with self._lock:
            if self._is_root:
                self._comm.Iprobe()  # where the network needs the target's help, rank 0 gives it here
            self._amount[0] = amount
            self._window.Fetch_and_op(self._amount, self._former, 0, slot, self._mpi.SUM)
            self._window.Flush(0)
            return int(self._former[0])

    def close(self) -> None:
        """Free the window; every rank calls this."""
        self._window.Unlock_all()
        self._window.Free()


class Board:
    """Memory of rank 0 where every rank writes when it was last alive, and the first that fails says so."""

    def __init__(self, mpi: Any, comm: Any, lock: threading.Lock) -> None:
        self._mpi, self._comm, self._lock = mpi, comm, lock
        self._rank, size = comm.Get_rank(), comm.Get_size()
        self._seconds = max(BEAT_SECONDS, size / BEATS_PER_SECOND)
        self._window = mpi.Win.Allocate(8 * (1 + size) if self._rank == 0 else 0, 8, comm=comm)
        self._memory = np.frombuffer(self._window.tomemory(), dtype=np.int64)
        if self._rank == 0:
            self._memory[0], self._memory[1:] = 0, time.time_ns()
        comm.Barrier()
        self._window.Lock_all()
        self._sent = np.zeros(1, dtype=np.int64)
        self._pending: Any = None
        self._beaten = time.monotonic()

    def beat(self) -> None:
        """Write the time, now and then; never waits for rank 0."""
        if time.monotonic() - self._beaten < self._seconds:
            return
        with self._lock:
            if self._pending is not None and not self._pending.Test():
                return
            self._beaten = time.monotonic()
            self._sent[0] = time.time_ns()
            self._pending = self._window.Raccumulate(self._sent, 0, (1 + self._rank, 1), self._mpi.REPLACE)

    def last_seen(self) -> list[float]:
        """On rank 0, the times of every rank (seconds since 1970)."""
        with self._lock:
            self._window.Sync()
            return [float(stamp) for stamp in self._memory[1:] / 1e9]

    def peek(self) -> list[float]:
        """On rank 0, what `last_seen` gives, perhaps a little older, for a thread that must not wait for MPI."""
        return [float(stamp) for stamp in self._memory[1:] / 1e9]

    def is_failing(self) -> bool:
        """On rank 0, whether some rank has failed."""
        with self._lock:
            self._window.Sync()
            return bool(self._memory[0])

    def is_first_to_fail(self) -> bool:
        """Whether no other rank failed before this one; yes as well where rank 0 does not answer in time."""
        one, former = np.ones(1, dtype=np.int64), np.zeros(1, dtype=np.int64)
        with self._lock:
            request = self._window.Rget_accumulate(one, former, 0, (0, 1), op=self._mpi.SUM)
            limit = time.monotonic() + ANSWER_SECONDS
            while not request.Test():
                if time.monotonic() > limit:
                    return True
                time.sleep(0.001)
        return not former[0]

    def close(self) -> None:
        """Free the window; every rank calls this."""
        if self._pending is not None:
            self._pending.Wait()
        self._memory = np.zeros(0, dtype=np.int64)
        self._window.Unlock_all()
        self._window.Free()
