"""A discrete-event model of a job on many ranks: mass tables, shared counter, blocks, and a disk that all share.

Every rank follows zdscan/running/schedule.py and zdscan/grid/sinks.py step by step: it takes the next run of blocks
from the counter on rank 0, computes and writes block after block, reports and looks for a stop or a pause every quarter
of a second (three more visits to the counter), and hands its written bytes to the disk every 64 MB or 5 s, waiting
where the hand-over before is not finished. The counter and the disk serve one request at a time in order of arrival.
Left out: starting the processes, loading the kernels, creating the file, pauses, and the end of the profiles.
"""

from __future__ import annotations

import heapq
import math
from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from zdscan.grid.sinks import SYNC_BYTES
from zdscan.grid.sinks import SYNC_SECONDS as DISK_SECONDS
from zdscan.running.schedule import REPORT_SECONDS, guided_runs

FIRST_POLL, LONGEST_POLL = 1e-4, 0.02  # s: how a rank waits in a barrier (zdscan/ranks/mpi.py)


@dataclass(frozen=True)
class Costs:
    """What a machine and a scan cost besides the blocks, in seconds and bytes.

    Attributes
    ----------
    mass_seconds : of one mass.
    mass_tables_bytes, block_bytes : of the tables of one mass, and of one block in the file (0 without output).
    counter_service : time for which one addition occupies the counter.
    counter_latency : of the way to the counter and back, beyond that.
    link_bytes_per_second, link_latency : of the network, for sharing the mass tables.
    disk_bytes_per_second : of the disk for all ranks together; 0 is no limit.
    """

    mass_seconds: float
    mass_tables_bytes: float = 0.0
    block_bytes: float = 0.0
    counter_service: float = 0.0
    counter_latency: float = 0.0
    link_bytes_per_second: float = float("inf")
    link_latency: float = 0.0
    disk_bytes_per_second: float = 0.0


@dataclass(frozen=True)
class Outcome:
    """Seconds of a simulated job: building and sharing mass tables, blocks with the ends of the waits, and both.

    `busy` is the sum of all ranks' time in mass tables and blocks, `counter` the share of the blocks' time for which
    the counter was occupied, `calls` how often it was asked.
    """

    mass_tables: float
    blocks: float
    busy: float
    counter: float
    calls: int

    @property
    def total(self) -> float:
        """Mass tables and blocks."""
        return self.mass_tables + self.blocks


def mass_stage(costs: Costs, masses: int, ranks: int) -> float:
    """Seconds until every rank has every mass tables: masses dealt out in turn, then passed round.

    Sharing costs a logarithmic number of messages and the time in which all mass tables come in over one link.
    """
    building = -(-masses // ranks) * costs.mass_seconds
    if ranks == 1:
        return building
    incoming = masses * costs.mass_tables_bytes / costs.link_bytes_per_second
    return building + costs.link_latency * float(np.ceil(np.log2(ranks))) + incoming


def barrier_end(arrivals: NDArray[np.float64]) -> NDArray[np.float64]:
    """When each rank notices that all have arrived, polling at growing intervals."""
    last = float(arrivals.max())
    waits = np.minimum(FIRST_POLL * 2.0 ** np.arange(64), LONGEST_POLL)
    polls = np.cumsum(waits[:9])  # up to and with the first of the longest ones
    waited = last - arrivals
    index = np.searchsorted(polls, waited)
    early = polls[np.minimum(index, polls.size - 1)]
    late = polls[-1] + np.ceil(np.maximum(waited - polls[-1], 0.0) / LONGEST_POLL) * LONGEST_POLL
    noticed = np.where(waited <= polls[-1], early, late)
    return arrivals + np.where(waited == 0.0, 0.0, noticed)


class _Disk:
    """Writes hand-overs one after the other."""

    def __init__(self, rate: float) -> None:
        self._rate, self._free = rate, 0.0

    def take(self, now: float, size: float) -> float:
        """When `size` bytes handed over now are on the disk."""
        if self._rate <= 0.0:
            return now
        self._free = max(self._free, now) + size / self._rate
        return self._free


class _Rank:
    """One rank between two events."""

    def __init__(self) -> None:
        self.next = self.end = 0  # blocks of the present run not yet done
        self.unreported = False
        self.reported = 0.0  # when it last visited the counter to report
        self.unsynced = 0.0  # bytes not yet handed to the disk
        self.synced = 0.0
        self.pending = 0.0  # when the disk has what was handed over before
        self.handing = False  # whether its next event is at the disk, not at the counter
        self.calls: deque[str] = deque()  # what it still wants from the counter
        self.last = False  # whether it only reports once more


class _Job:
    """The blocks of a job as events at the counter and at the disk."""

    def __init__(self, costs: Costs, ranks: int, seconds: NDArray[np.float64], blocks_per_mass: int) -> None:
        self._costs = costs
        self._bounds = guided_runs(np.arange(seconds.size), blocks_per_mass, ranks)
        self._ends = np.concatenate([[0.0], np.cumsum(seconds)])  # of the blocks if one rank did them in turn
        self._disk = _Disk(costs.disk_bytes_per_second)
        self._ranks = [_Rank() for _ in range(ranks)]
        self._events: list[tuple[float, int]] = []
        self._half = costs.counter_latency / 2.0
        self._handed_out = 0
        self.calls = 0
        self.finished = np.zeros(ranks)  # when each rank has made its last report

    def run(self) -> None:
        """Until every rank has reported for the last time."""
        for number, rank in enumerate(self._ranks):
            rank.calls.append("run")
            self._events.append((self._half, number))
        heapq.heapify(self._events)
        free = 0.0
        while self._events:
            now, number = heapq.heappop(self._events)
            rank = self._ranks[number]
            if not rank.handing:
                free = max(now, free) + self._costs.counter_service
                self.calls += 1
                self._answered(rank, number, free + self._half)
            elif now < rank.pending:  # the disk is behind
                heapq.heappush(self._events, (rank.pending, number))
            else:
                rank.handing = False
                self._hand_over(rank, now)
                self._work(rank, number, now)

    def close(self, ends: NDArray[np.float64]) -> NDArray[np.float64]:
        """When the disk has everything of each rank, if the ranks hand over what is left at `ends`."""
        for number in np.argsort(ends, kind="stable"):
            rank, now = self._ranks[number], float(ends[number])
            if rank.unsynced:
                self._hand_over(rank, max(now, rank.pending))
        return np.maximum(ends, [rank.pending for rank in self._ranks])

    def _hand_over(self, rank: _Rank, now: float) -> None:
        rank.pending = self._disk.take(now, rank.unsynced)
        rank.unsynced, rank.synced = 0.0, now

    def _answered(self, rank: _Rank, number: int, now: float) -> None:
        call = rank.calls.popleft()
        if call == "looked":  # the last call of a report
            rank.reported = now
        elif call == "run":
            run = self._handed_out
            self._handed_out += 1
            if run + 1 < self._bounds.size:
                rank.next, rank.end = int(self._bounds[run]), int(self._bounds[run + 1])
            else:
                rank.last = True
                self._report(rank)
        if rank.calls:
            heapq.heappush(self._events, (now + self._half, number))
        elif rank.last:
            self.finished[number] = now
        else:
            self._work(rank, number, now)

    @staticmethod
    def _report(rank: _Rank) -> None:
        if rank.unreported:
            rank.calls.append("report")
            rank.unreported = False
        rank.calls += ("look", "looked")  # for a stop and for a pause

    def _work(self, rank: _Rank, number: int, now: float) -> None:
        """Blocks up to the next visit to the counter or the disk, which becomes an event."""
        while True:
            if now - rank.reported > REPORT_SECONDS:
                self._report(rank)
            if rank.next == rank.end:
                rank.calls.append("run")
            if rank.calls:
                heapq.heappush(self._events, (now + self._half, number))
                return
            now = self._blocks(rank, now)
            if rank.unsynced >= SYNC_BYTES or (rank.unsynced and now - rank.synced >= DISK_SECONDS):
                rank.handing = True
                heapq.heappush(self._events, (now, number))
                return

    def _blocks(self, rank: _Rank, now: float) -> float:
        """Blocks until the run ends, or a report or a hand-over is due; when that is."""
        base, size = self._ends[rank.next], self._costs.block_bytes
        last = int(np.searchsorted(self._ends, base + rank.reported + REPORT_SECONDS - now, side="right"))
        if size:
            full = rank.next + math.ceil((SYNC_BYTES - rank.unsynced) / size)
            old = int(np.searchsorted(self._ends, base + rank.synced + DISK_SECONDS - now, side="left"))
            last = min(last, full, old)
        last = min(max(last, rank.next + 1), rank.end)
        now += float(self._ends[last] - base)
        rank.unsynced += (last - rank.next) * size
        rank.next, rank.unreported = last, True
        return now


def simulate(
    costs: Costs, masses: int, seconds: ArrayLike, ranks: int, poll: bool = True, blocks_per_mass: int = 1
) -> Outcome:
    """One job on `ranks` ranks.

    Parameters
    ----------
    masses : mass tables to build.
    seconds : of each block in the order of the plan, computing and writing.
    poll : whether the barriers at the end wait in intervals as zdscan's do, or end at once.
    blocks_per_mass : whole masses are handed out first.
    """
    blocks = np.asarray(seconds, dtype=np.float64)
    mass_tables = mass_stage(costs, masses, ranks)
    job = _Job(costs, ranks, blocks, blocks_per_mass)
    job.run()
    barrier = barrier_end if poll and ranks > 1 else np.array
    ends = barrier(barrier(job.finished))  # one until all have computed, one before the counters go
    last = float(barrier(job.close(ends)).max())
    return Outcome(
        mass_tables=mass_tables,
        blocks=last,
        busy=masses * costs.mass_seconds + float(blocks.sum()),
        counter=job.calls * costs.counter_service / last if last else 0.0,
        calls=job.calls,
    )
