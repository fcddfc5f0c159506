"""Computing the blocks of a grid on every rank and thread of a job: warm-up, mass tables, blocks, and stop requests."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from types import FrameType
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from zdscan.compiled import cache
from zdscan.errors import Stopped, UserError
from zdscan.grid import profiles
from zdscan.grid.blocks import LARGEST_BLOCK, Plan, piece_of
from zdscan.grid.create import Described
from zdscan.grid.layout import Layout
from zdscan.grid.profiles import Profiles
from zdscan.grid.sinks import Sink
from zdscan.ranks.launcher import cores
from zdscan.ranks.mpi import Alone
from zdscan.running.clock import Clock
from zdscan.running.progress import Progress
from zdscan.running.schedule import Shared, rounds

# Of mass tables kept in memory: about 480 masses; MPI needs as much again to pass them round.
MASS_TABLES_BYTES = 8 * 2**20
SAMPLE_MASS_TABLES = 64  # built first where not all can be kept
RANKS_WITH_COPY = 8  # on a node: fewer load the kernels from where they are kept
THREADS_PER_CORE = 8  # more only cost memory, so that a slip of the pen could end the machine

MassTables = Callable[[int], NDArray[np.float64]]  # the mass tables of a mass by its index


class EngineLike(Described, Protocol):
    """Everything of a scan that does not depend on where it runs (`zdscan.evaluation.engine.Engine`)."""

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Lengths of the axes."""

    @property
    def mass_tables_size(self) -> int:
        """How many numbers the tables of one mass hold."""

    def warm_up(self, meanwhile: Callable[[], None]) -> None:
        """Compile or load every kernel; calls `meanwhile`, which compiles others, when it would have to wait."""

    def mass_tables(self, mass_index: int) -> NDArray[np.float64]:
        """The tables of one mass, float64[mass_tables_size]."""

    def evaluate(
        self, mass_tables: NDArray[np.float64], first: int, count: int, outputs: Sequence[NDArray[Any]]
    ) -> None:
        """Fill one array per field with points first..first+count of the mass; releases the GIL."""


class StopRequest:
    """Turns SIGTERM, SIGINT and SIGUSR1 into a flag while in force; a second SIGINT interrupts at once.

    A batch system's signal can reach a rank when the others have stopped the job already: such a `rank` ignores it
    after a stop, or it would end with the signal instead of saying that the job can be resumed. After the last block
    it ignores SIGUSR1, which a batch system sends before the time is over and which may come while the rank ends.
    """

    SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1)

    def __init__(self, rank: bool = False) -> None:
        self.requested = False
        self._rank = rank
        self._former: dict[signal.Signals, Any] = {}

    def __enter__(self) -> StopRequest:
        if threading.current_thread() is threading.main_thread():  # Python allows handlers there only
            self._former = {number: signal.signal(number, self._note) for number in self.SIGNALS}
        return self

    def __exit__(self, kind: type[BaseException] | None, *exc: object) -> None:
        for number, handler in self._former.items():
            late = kind is Stopped or (kind is None and number == signal.SIGUSR1)
            signal.signal(number, signal.SIG_IGN if self._rank and late else handler)

    def __call__(self) -> bool:
        """Whether a stop was asked for."""
        return self.requested

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.requested and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.requested = True


def choose_threads(threads: int | None, world: Alone) -> int:
    """The user's number of threads per rank; by default every core of a lone process, one under MPI.

    Raises
    ------
    UserError : the number is not positive or beyond all use, or this MPI library cannot be used with threads.
    """
    if threads is None:
        return 1 if world.size > 1 else cores()
    if threads < 1:
        raise UserError(f"The number of threads must be at least 1, not {threads}.")
    most = THREADS_PER_CORE * cores()
    if threads > most:
        raise UserError(f"The number of threads must be at most {most} on these {cores()} cores, not {threads}.")
    world.check_threads(threads)
    return threads


def warm_up(engine: EngineLike, world: Alone) -> None:
    """Compile on rank 0, then on one rank of every other node, then load everywhere.

    Numba's cache does not survive many processes compiling the same function at once. Where a node has many ranks,
    its first copies the kernels to the node, so that the others need not ask a shared disk for them.
    """
    many = world.node_size >= RANKS_WITH_COPY
    turns = (world.rank == 0, world.rank != 0 and world.node_rank == 0, world.node_rank != 0)
    for turn, mine in enumerate(turns):
        if mine:
            if many and turn == 2:
                cache.use_copy()
            engine.warm_up(lambda: profiles.warm_up(engine.fields))
            if many and turn < 2:
                cache.copy_to_machine()
        world.barrier()


def kept_mass_tables(masses: int, mass_tables_size: int) -> int:
    """The tables of how many masses are built first and kept in memory: all unless they are too large."""
    return masses if 8 * mass_tables_size * masses <= MASS_TABLES_BYTES else min(masses, SAMPLE_MASS_TABLES)


def build_mass_tables(
    engine: EngineLike, masses: NDArray[np.int64], world: Alone, stopping: Callable[[], bool]
) -> MassTables | None:
    """The mass tables of those masses: built once per job, shared out over the ranks, then known to all.

    Those of very many masses would not fit: some, spread over the axis, are built at once so that a fault in the
    inputs shows before hours of work, the others by each worker as it comes to the mass.

    None if a stop was asked for on any rank.
    """
    kept = kept_mass_tables(masses.size, engine.mass_tables_size)
    masses = masses[np.arange(kept) * (masses.size - 1) // max(1, kept - 1)]
    mine = masses[world.rank :: world.size]
    rows = np.zeros((mine.size, engine.mass_tables_size))

    # by one thread: most of it is Python, of which only one thread at a time can run
    for row in range(mine.size):
        if not stopping():
            rows[row] = engine.mass_tables(int(mine[row]))
    world.barrier(lambda: (stopping(), None)[1])  # a rank that waits shows that it is alive
    if world.any(stopping()):
        return None
    order = np.concatenate([masses[rank :: world.size] for rank in range(world.size)])
    found = {int(mass): row for mass, row in zip(order, world.allgather_rows(rows), strict=True)}

    def tables_of(mass: int) -> NDArray[np.float64]:
        ready = found.get(mass)
        return engine.mass_tables(mass) if ready is None else ready

    return tables_of


_NO_MASK = np.zeros(0, dtype=np.uint32)


class Worker:
    """Evaluates blocks into buffers of its own; one per thread."""

    def __init__(
        self,
        engine: EngineLike,
        plan: Plan,
        mass_tables: MassTables,
        clock: Clock,
        minima: Profiles | None = None,
    ) -> None:
        self._engine, self._plan, self._mass_tables = engine, plan, mass_tables
        self._clock, self._minima = clock, minima
        self._mass, self._present_tables = -1, np.zeros(0)  # the present one: blocks of a mass mostly follow each other
        self._names = [field.name for field in engine.fields]
        self._stores = any(field.stored for field in engine.fields)
        # A block that is not stored needs no buffer of its size: pieces that fit the cache, of whole bundles of lines
        # if they can.
        self._piece = plan.largest if self._stores else min(piece_of(plan.shape, LARGEST_BLOCK), plan.largest)
        self._buffers = [
            np.empty((self._piece, field.components) if field.extra else self._piece, dtype=field.dtype)
            for field in engine.fields
        ]

    def evaluate(self, number: int) -> list[NDArray[Any]]:
        """The block's numbers, one array per stored field, valid until the next call; its minima are noted."""
        block = self._plan.block(number)
        outputs: list[NDArray[Any]] = []
        with self._clock.during("computing"):
            if block.mass != self._mass:
                self._mass, self._present_tables = block.mass, self._mass_tables(block.mass)
            first, end = block.first, block.first + block.count
            while first < end:
                count = end - first if self._stores else min(self._piece - first % self._piece, end - first)
                outputs = [buffer[:count] for buffer in self._buffers]
                self._engine.evaluate(self._present_tables, first, count, outputs)
                if self._minima is not None:
                    found = dict(zip(self._names, outputs, strict=True))
                    self._minima.add(block.mass, first, found["chi2"], found.get("excluded", _NO_MASK))
                first += count
        return outputs if self._stores else []


def compute_blocks(
    engine: EngineLike,
    layout: Layout,
    mass_tables: MassTables,
    todo: NDArray[np.int64],
    sink: Sink,
    world: Alone,
    threads: int,
    progress: Progress,
    stopping: Callable[[], bool],
    clock: Clock,
    minima: Sequence[Profiles] = (),
) -> bool:
    """Compute those blocks and put them into the sink; whether all were done (False after a stop request).

    `minima`: one per thread, lowered by its blocks; empty where none are wanted.
    """
    workers = [Worker(engine, layout.plan, mass_tables, clock, minima[k] if minima else None) for k in range(threads)]
    points = layout.plan.points_per_mass / layout.plan.blocks_per_mass  # of a block, on average: for progress only
    if sink.lockstep:
        turns = rounds(todo, layout.plan.blocks_per_mass, world.rank, world.size, threads)
        return _in_rounds(workers, turns, sink, world, lambda blocks: progress.update(int(blocks * points)), stopping)
    counters = world.counters(Shared.SLOTS)
    share = Shared(todo, layout.plan.blocks_per_mass, counters, world.size, threads)

    def look_around() -> None:
        if stopping():
            share.stop()
        if world.is_root and progress.due():
            progress.update(int(share.total_finished() * points))
        if world.is_root and sink.due():
            share.pause()

    going = True
    while going:
        if threads == 1:
            _drain(workers[0], 0, share, sink, look_around)
        else:
            _drain_in_threads(workers, share, sink, look_around)
        share.report()
        world.barrier(look_around)
        finished = share.total_finished() == todo.size
        sink.checkpoint()
        # After a pause there are blocks left and nobody has asked to stop; else the work is over.
        going = not world.any(finished or share.stopped)
        share.go_on()
        world.barrier()  # nobody takes a block before every rank has ended the pause
    counters.close()
    return finished


def _drain(worker: Worker, thread: int, share: Shared, sink: Sink, between: Callable[[], None]) -> None:
    while (number := share.next(thread)) is not None:
        sink.put(number, worker.evaluate(number))
        share.finished()
        between()


def _drain_in_threads(workers: Sequence[Worker], share: Shared, sink: Sink, between: Callable[[], None]) -> None:
    with ThreadPoolExecutor(len(workers)) as pool:
        try:
            running = {pool.submit(_drain, worker, k, share, sink, lambda: None) for k, worker in enumerate(workers)}
            while running:
                done, running = wait(running, timeout=0.1, return_when=FIRST_EXCEPTION)
                for future in done:
                    future.result()
                between()
        except BaseException:
            share.abandon()
            raise


def _in_rounds(
    workers: Sequence[Worker],
    turns: Sequence[Sequence[int | None]],
    sink: Sink,
    world: Alone,
    report: Callable[[int], None],
    stopping: Callable[[], bool],
) -> bool:
    with contextlib.ExitStack() as stack:
        # a thread for each worker: the engine keeps what it made for a mass by thread
        pools = [stack.enter_context(ThreadPoolExecutor(1)) for _ in workers]
        for done, mine in enumerate(turns):
            if world.any(stopping()):
                return False
            report(done * world.size * len(workers))
            futures = [
                pool.submit(worker.evaluate, number) if number is not None else None
                for pool, worker, number in zip(pools, workers, mine, strict=True)
            ]
            for number, future in zip(mine, futures, strict=True):
                sink.put(number, future.result() if future is not None else [])
    return True
