"""Who computes which block: the hand-out of the blocks of a plan to threads and MPI ranks."""

from __future__ import annotations

import bisect
import threading
import time

import numpy as np
from numpy.typing import NDArray

from zdscan.ranks.mpi import Counters

WHOLE_MASSES = 2  # masses left for each worker below which they are divided
REPORT_SECONDS = 0.25  # how often a rank reports its blocks and looks for a stop request


def guided_runs(todo: NDArray[np.int64], blocks_per_mass: int, workers: int) -> NDArray[np.int64]:
    """Bounds of the runs in which the blocks `todo` are handed out: run k is todo[bounds[k]:bounds[k + 1]].

    Each run is remaining / (4 workers), at least one block: long runs first keep the counter quiet, short ones last
    even out the finish. What a worker makes for a mass it makes once if all blocks of the mass are its own, so runs
    hold whole masses as long as more than `WHOLE_MASSES` masses for each worker remain.

    Parameters
    ----------
    todo : block numbers, ascending.
    """
    masses = todo // blocks_per_mass
    begins = [*np.flatnonzero(np.diff(masses, prepend=-1)).tolist(), todo.size]  # where each mass begins, and the end
    bounds = [0]
    at = 0  # index in `begins` of the first mass that is still whole
    while bounds[-1] < todo.size:
        begin = bounds[-1]
        end = begin + max(1, (todo.size - begin) // (4 * workers))
        at = bisect.bisect_left(begins, begin, at)
        if len(begins) - 1 - at > WHOLE_MASSES * workers:
            end = begins[max(at + 1, bisect.bisect_right(begins, end, at) - 1)]
        bounds.append(end)
    return np.array(bounds, dtype=np.int64)


class Shared:
    """One rank's access to the blocks of a job: serial, threads and MPI differ in the counters alone.

    The only thing ranks share is which run comes next (one atomic addition per run), how many blocks are finished,
    and whether to stop. A worker, one thread of one rank, takes its blocks from a run of its own.

    Parameters
    ----------
    todo : numbers of the blocks to compute, ascending, the same on every rank.
    blocks_per_mass : of the plan.
    counters : at least `SLOTS` counters.
    ranks, threads : of the job, and of each rank.
    """

    SLOTS = 4
    _RUN, _FINISHED, _STOP, _PAUSE = range(SLOTS)

    def __init__(
        self, todo: NDArray[np.int64], blocks_per_mass: int, counters: Counters, ranks: int, threads: int = 1
    ) -> None:
        self._todo = todo
        self._counters = counters
        self._bounds = guided_runs(todo, blocks_per_mass, ranks * threads)
        self._runs = [range(0)] * threads  # what is left of each thread's run; a pause does not touch it
        self._unreported = 0
        self._synced = time.monotonic()
        self._stopped = False
        # The counter of pauses never goes back, which would need ranks to agree on the moment: a pause is on while it
        # is ahead of the pauses that this rank knows to be over.
        self._pauses = 0
        self._paused = False
        # The rank's threads come here one after the other; the counters themselves are atomic between ranks.
        self._lock = threading.Lock()

    def next(self, thread: int = 0) -> int | None:
        """The next block number for this thread, None when there is none left or the job is pausing or stopping."""
        with self._lock:
            self._sync_if_due()
            if self._stopped or self._paused:
                return None
            if not self._runs[thread]:
                run = self._counters.add(self._RUN, 1)
                if run + 1 >= self._bounds.size:
                    return None
                self._runs[thread] = range(int(self._bounds[run]), int(self._bounds[run + 1]))
            place, self._runs[thread] = self._runs[thread][0], self._runs[thread][1:]
            return int(self._todo[place])

    def finished(self) -> None:
        """Count one more block as written."""
        with self._lock:
            self._unreported += 1

    def stop(self) -> None:
        """Ask every rank to end after the blocks in hand."""
        with self._lock:
            if not self._stopped:
                self._stopped = True
                self._counters.add(self._STOP, 1)

    def pause(self) -> None:
        """Rank 0 asks every rank to rest after the blocks in hand, until `go_on`."""
        with self._lock:
            if not self._paused:
                self._paused = True
                self._counters.add(self._PAUSE, 1)

    def go_on(self) -> None:
        """End a pause; every rank calls this after all have rested and before any goes on."""
        with self._lock:
            self._pauses += 1
            self._paused = False

    @property
    def stopped(self) -> bool:
        """Whether the job is stopping, as far as this rank knows."""
        return self._stopped

    def abandon(self) -> None:
        """End this rank's threads after a failure in one of them."""
        with self._lock:
            self._stopped = True

    def report(self) -> None:
        """Tell the other ranks of this rank's finished blocks now."""
        with self._lock:
            self._sync()

    def total_finished(self) -> int:
        """Blocks finished on every rank, as last reported."""
        with self._lock:
            self._sync()
            return self._counters.add(self._FINISHED, 0)

    def _sync_if_due(self) -> None:
        if time.monotonic() - self._synced > REPORT_SECONDS:
            self._sync()

    def _sync(self) -> None:
        if self._unreported:
            self._counters.add(self._FINISHED, self._unreported)
            self._unreported = 0
        if self._counters.add(self._STOP, 0):
            self._stopped = True
        if self._counters.add(self._PAUSE, 0) > self._pauses:
            self._paused = True
        self._synced = time.monotonic()


def rounds(
    todo: NDArray[np.int64], blocks_per_mass: int, rank: int, ranks: int, threads: int
) -> list[list[int | None]]:
    """What one rank computes in lockstep with the others: per round one block (or None) for each of its threads.

    Workers take a mass each, block by block, then the next masses: costs of neighbouring masses are alike.
    """
    workers = ranks * threads
    mine: list[list[int | None]] = []
    for start in range(0, todo.size, workers * blocks_per_mass):
        part = todo[start : start + workers * blocks_per_mass]
        length = -(-part.size // workers)
        padded = np.full(workers * length, -1)
        padded[: part.size] = part
        for numbers in padded.reshape(workers, length).T[:, rank * threads : (rank + 1) * threads].tolist():
            mine.append([number if number >= 0 else None for number in numbers])
    return mine
