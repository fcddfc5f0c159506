"""The processes of a job: an MPI communicator where a launcher started several, a stand-in where there is one.

mpi4py is imported only under a launcher: a laptop without an MPI library needs nothing. This module alone knows it.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import socket
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, Protocol, TypeVar

from zdscan.errors import Stopped, UserError
from zdscan.ranks.lastwords import Failure, failure_of, say
from zdscan.ranks.launcher import is_alone, is_used_up, what_was_said

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from zdscan.ranks.windows import WindowCounters

T = TypeVar("T")

_DATA = 7  # tag of data on their way to rank 0
PIECE_BYTES = 2**28  # of a message: MPI libraries count bytes by 32-bit numbers, and memory for one piece is enough
OTHERS_SECONDS = 30.0  # how long a second failing rank waits to be ended by the first, which speaks for all


def _nothing(failure: Failure) -> None:
    """Keep no record of a failure."""


class _SaidByRoot(UserError):
    """A user's mistake raised on every rank at once; rank 0 has the sentences, the others are silent."""


def _pieces(data: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
    """The parts of an array of bytes that are sent as one message each."""
    for start in range(0, data.size, PIECE_BYTES):
        yield data[start : start + PIECE_BYTES]


class Counters(Protocol):
    """A few integers shared by every process of the job, changed atomically."""

    def add(self, slot: int, amount: int) -> int:
        """Add to the counter of that slot and return its former value."""

    def close(self) -> None:
        """Give the counters up; every rank calls this."""


class LocalCounters:
    """The counters of a single process, shared by its threads."""

    def __init__(self, slots: int) -> None:
        self._values = [0] * slots
        self._lock = threading.Lock()

    def add(self, slot: int, amount: int) -> int:
        """Add to the counter of that slot and return its former value."""
        with self._lock:
            former = self._values[slot]
            self._values[slot] += amount
            return former

    def close(self) -> None:
        """Return at once: there is nothing to give up."""


class Alone:
    """The one process of a job without MPI, and the interface of `Ranks`.

    Attributes
    ----------
    rank, size : this process's number and how many there are.
    node_rank, node_size : number among the processes of this machine, and how many those are.
    library : version of the MPI library, "none" without one.
    """

    rank = 0
    size = 1
    node_rank = 0
    node_size = 1
    library = "none"

    @property
    def is_root(self) -> bool:
        """Whether this is rank 0, which creates files and speaks to the user."""
        return self.rank == 0

    @contextlib.contextmanager
    def job(self, record: Callable[[Failure], None] = _nothing) -> Iterator[None]:
        """End every rank when the body fails on one; errors raised on every rank at once pass through.

        `record` keeps what is told of the failure; it is called on the first rank that fails only.
        """
        try:
            yield
        except Stopped:
            raise
        except BaseException as error:
            record(failure_of(error, self.rank, self.size))
            raise

    def beat(self) -> None:
        """Show that this rank is alive; cheap, to be called often."""

    def last_seen(self) -> list[float]:
        """On rank 0, when each rank was last known to be alive (seconds since 1970); elsewhere of no meaning."""
        return [time.time()]

    def failing(self) -> bool:
        """On rank 0, whether some rank has failed and is ending the job."""
        return False

    def lookout(self, lost: Callable[[Failure], None]) -> contextlib.AbstractContextManager[None]:
        """End the job, from rank 0, when a rank shows no sign of life for long; `lost` is told first."""
        return contextlib.nullcontext()

    def from_root(self, action: Callable[[], T]) -> T:
        """The value of `action`, run on rank 0 only. A `UserError` there is raised on every rank."""
        return action()

    def any(self, flag: bool) -> bool:
        """Whether the flag is set on some rank."""
        return flag

    def barrier(self, while_waiting: Callable[[], None] = lambda: None) -> None:
        """Wait for every rank, calling `while_waiting` now and then."""

    def gather(self, value: T) -> list[T]:
        """On rank 0 the value of every rank in rank order, elsewhere an empty list."""
        return [value]

    def reduce(self, value: T, merge: Callable[[T, T], T]) -> T | None:
        """On rank 0 the values of every rank merged in pairs, elsewhere None."""
        return value

    def allgather_rows(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """The float64 rows of every rank, stacked in rank order."""
        return rows

    def each_bytes(self, arrays: Sequence[NDArray[Any]]) -> Iterator[list[NDArray[np.uint8]]]:
        """On rank 0 the bytes of every rank's arrays, of one rank after the other; elsewhere none.

        Every rank goes through it to its end.
        """
        import numpy as np

        yield [array.reshape(-1).view(np.uint8) for array in arrays]

    def counters(self, slots: int) -> Counters:
        """Integers shared by every rank, zero at first; every rank calls this."""
        return LocalCounters(slots)

    def check_threads(self, threads: int) -> None:
        """Raise `UserError` where this MPI cannot be used with that many threads per rank."""

    def communicator(self) -> Any:
        """The mpi4py communicator of the job, for libraries that use MPI themselves."""
        from mpi4py import MPI

        return MPI.COMM_WORLD


class Ranks(Alone):
    """The processes that an MPI launcher started."""

    def __init__(self, mpi: Any) -> None:
        from zdscan.ranks.windows import Board  # imports numpy, which `limit_threads` must precede

        self._mpi = mpi
        self._comm = mpi.COMM_WORLD
        self.rank = self._comm.Get_rank()
        self.size = self._comm.Get_size()
        self.library = mpi.Get_library_version().splitlines()[0].strip("\x00 ")
        node = self._comm.Split_type(mpi.COMM_TYPE_SHARED, self.rank)
        self.node_rank, self.node_size = node.Get_rank(), node.Get_size()
        node.Free()
        self._lock = threading.Lock()  # one MPI call at a time in a one-sided window, as THREAD_SERIALIZED asks
        self._counters: list[WindowCounters] = []
        self._board = Board(mpi, self._comm, self._lock)
        atexit.register(self._board.close)  # every rank comes here, or one of them aborts the job
        self._install_excepthook()

    @contextlib.contextmanager
    def job(self, record: Callable[[Failure], None] = _nothing) -> Iterator[None]:
        """End every rank when the body fails on one; errors raised on every rank at once pass through."""
        try:
            yield
        except Stopped:
            raise
        except _SaidByRoot as error:
            if self.is_root:
                record(failure_of(error, self.rank, self.size))
            raise
        except BaseException as error:
            self._abort(error, record)

    def _abort(self, error: BaseException, record: Callable[[Failure], None] = _nothing) -> NoReturn:
        # Abort at once: unwinding further would meet collective calls that the other ranks never make.
        if self._board.is_first_to_fail():
            failure = failure_of(error, self.rank, self.size)
            record(failure)
            say(error, failure)
            record(failure)  # rank 0 may have written the status it was about to write meanwhile
        else:
            limit = time.monotonic() + OTHERS_SECONDS
            while time.monotonic() < limit:  # the rank that speaks ends this one
                self._comm.Iprobe()  # where the network needs rank 0's help to count, it gives it here
                self._serve()
                time.sleep(0.02)
        self._comm.Abort(2 if isinstance(error, UserError) else 1)
        raise SystemExit(1)  # not reached: MPI ends the process

    def _install_excepthook(self) -> None:
        # For failures outside `job`: without it the other ranks would wait for this one until the walltime.
        def hook(kind: type[BaseException], error: BaseException, trace: Any) -> None:
            self._abort(error)

        sys.excepthook = hook

    def beat(self) -> None:
        """Show that this rank is alive; cheap, to be called often."""
        self._board.beat()
        self._serve()

    def _serve(self) -> None:
        """On rank 0, answer the others where one-sided calls do not work."""
        for memory in [self._board.memory, *(counters.memory for counters in self._counters if not counters.closed)]:
            memory.serve()

    def _meet(self) -> None:
        """Before a call that every rank makes: where rank 0 answers the others it must not wait for them idly."""
        if self._board.memory.messages:
            self.barrier()

    def last_seen(self) -> list[float]:
        """On rank 0, when each rank was last known to be alive (seconds since 1970); elsewhere of no meaning."""
        return self._board.last_seen() if self.is_root else []

    def failing(self) -> bool:
        """On rank 0, whether some rank has failed and is ending the job."""
        return self._board.is_failing()

    def lookout(self, lost: Callable[[Failure], None]) -> contextlib.AbstractContextManager[None]:
        """End the job, from rank 0, when a rank shows no sign of life for long; `lost` is told first."""
        from zdscan.ranks.lookout import Lookout, patience

        hosts, seconds = self.gather(socket.gethostname()), self.from_root(patience)
        if not self.is_root or not seconds:
            return contextlib.nullcontext()
        return Lookout(self._board.peek, hosts, seconds, lost, self._comm.Abort)

    def from_root(self, action: Callable[[], T]) -> T:
        """The value of `action`, run on rank 0 only. A `UserError` there is raised on every rank."""
        self._meet()
        if self.rank != 0:
            value, refused = self._comm.bcast(None, root=0)
            if refused:
                raise _SaidByRoot
            result: T = value
            return result
        try:
            result = action()
        except UserError as error:
            self._comm.bcast((None, True), root=0)
            raise _SaidByRoot(*error.messages) from error
        self._comm.bcast((result, False), root=0)
        return result

    def any(self, flag: bool) -> bool:
        """Whether the flag is set on some rank."""
        self._meet()
        return bool(self._comm.allreduce(int(flag), op=self._mpi.MAX))

    def barrier(self, while_waiting: Callable[[], None] = lambda: None) -> None:
        """Wait for every rank, calling `while_waiting` now and then."""
        request = self._comm.Ibarrier()
        start = time.monotonic()
        while not request.Test():
            # a spinning rank would take the core of one that computes; it comes late by an eighth of its waiting
            time.sleep(min(max(1e-4, (time.monotonic() - start) / 8), 0.02))
            self._serve()
            while_waiting()

    def gather(self, value: T) -> list[T]:
        """On rank 0 the value of every rank in rank order, elsewhere an empty list."""
        self._meet()
        return self._comm.gather(value, root=0) or []

    def reduce(self, value: T, merge: Callable[[T, T], T]) -> T | None:
        """On rank 0 the values of every rank merged in pairs, elsewhere None."""
        self._meet()
        merged: T | None = self._comm.reduce(value, op=merge, root=0)
        return merged

    def allgather_rows(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """The float64 rows of every rank, stacked in rank order."""
        import numpy as np

        self._meet()
        counts = np.array(self._comm.allgather(rows.shape[0])) * rows.shape[1]
        stacked = np.empty((int(counts.sum()) // rows.shape[1], rows.shape[1]))
        self._comm.Allgatherv(np.ascontiguousarray(rows), [stacked, counts])
        return stacked

    def each_bytes(self, arrays: Sequence[NDArray[Any]]) -> Iterator[list[NDArray[np.uint8]]]:
        """On rank 0 the bytes of every rank's arrays, of one rank after the other; elsewhere none.

        Every rank goes through it to its end.
        """
        import numpy as np

        self._meet()
        own = [array.reshape(-1).view(np.uint8) for array in arrays]
        sizes = self._comm.gather([part.size for part in own], root=0)
        if not self.is_root:
            for part in own:
                for piece in _pieces(part):
                    self._comm.Send(piece, 0, _DATA)
            return
        yield own
        for rank, theirs in list(enumerate(sizes))[1:]:
            received = [np.empty(size, dtype=np.uint8) for size in theirs]
            for part in received:
                for piece in _pieces(part):
                    self._comm.Recv(piece, rank, _DATA)
            yield received

    def counters(self, slots: int) -> Counters:
        """Integers shared by every rank, zero at first; every rank calls this."""
        from zdscan.ranks.windows import WindowCounters

        counters = WindowCounters(self._mpi, self._comm, slots, self._lock)
        self._counters = [kept for kept in self._counters if not kept.closed] + [counters]
        return counters

    def check_threads(self, threads: int) -> None:
        """Raise `UserError` where this MPI cannot be used with that many threads per rank."""
        if threads > 1 and self._mpi.Query_thread() < self._mpi.THREAD_SERIALIZED:
            raise UserError(
                f"This MPI library ({self.library}) was built without thread support: run one thread per rank "
                f"(--threads 1) and start {threads} times as many ranks."
            )


@functools.cache
def world() -> Alone:
    """The processes of this job.

    Raises
    ------
    UserError : a launcher started several processes, but they do not see each other (it belongs to another MPI
        library, or none can be loaded). Going on would make each of them write the same file.
    """
    said = what_was_said()
    if said is None or is_alone():
        return Alone()
    variable, processes = said
    stray = f"; unset {variable} where it is left over from another program"
    if is_used_up():
        raise UserError(
            f"{variable} says that a launcher started {processes} processes, but its connection is closed: start each "
            f"command with an mpirun of its own, not several in one shell under mpirun{stray}."
        )
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "suspicious MPI")  # said below, in one sentence
            import mpi4py

            # Threads take turns. More than that Open MPI 4 cannot give together with one-sided calls by TCP.
            if "MPI4PY_RC_THREAD_LEVEL" not in os.environ:
                mpi4py.rc.thread_level = "serialized"
            from mpi4py import MPI
    except (ImportError, RuntimeError, OSError) as error:  # mpi4py raises RuntimeError where no library can be loaded
        if processes > 1:
            reason = str(error).splitlines()[0]
            raise UserError(
                f"A launcher started {processes} or more processes, but mpi4py cannot be used ({reason}): install "
                f"mpi4py and load an MPI library, or start zdscan without the launcher{stray}."
            ) from error
        return Alone()
    if MPI.COMM_WORLD.Get_size() > 1:
        return Ranks(MPI)
    if processes > 1:
        library = MPI.Get_library_version().splitlines()[0].strip("\x00 ")
        raise UserError(
            f"The launcher started {processes} or more processes, but MPI sees only one ({library}): use the mpirun "
            f"that belongs to this MPI library, or point MPI4PY_LIBMPI at the launcher's{stray}."
        )
    return Alone()
