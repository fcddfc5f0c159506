"""Integers in the memory of rank 0 that every rank of an MPI job changes: by one-sided calls, or by messages.

One-sided calls need no help of rank 0. Some MPI libraries have none on some networks (Open MPI 4 between hosts by TCP,
with threads): there rank 0 answers messages between its blocks and while it waits.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

ANSWER_SECONDS = 3.0  # how long a failing rank waits for rank 0's memory
MESSAGES_VARIABLE = "ZDSCAN_MPI_MESSAGES"  # set and not empty: messages in any case


class Memory(Protocol):
    """`slots` integers of rank 0, zero at first."""

    messages: bool

    def add(self, slot: int, amount: int) -> int:
        """Add to a slot and return its former value."""

    def put(self, slot: int, value: int) -> None:
        """Replace the number in a slot, without waiting; passed over where the last one is still on its way."""

    def add_in_time(self, slot: int, amount: int) -> int | None:
        """As `add`, None where rank 0 does not answer in time."""

    def values(self) -> NDArray[np.int64]:
        """On rank 0, the numbers."""

    def peek(self) -> NDArray[np.int64]:
        """On rank 0, the numbers as they were last seen, for a thread that must not wait for MPI."""

    def serve(self) -> None:
        """On rank 0, answer what has come."""

    def close(self) -> None:
        """Give the memory up; every rank calls this."""


def open_memory(mpi: Any, comm: Any, slots: int, lock: threading.Lock) -> Memory:
    """The memory of `slots` integers; every rank calls this."""
    window: Window | None = None
    if not os.environ.get(MESSAGES_VARIABLE):
        try:
            window = Window(mpi, comm, slots, lock)
        except mpi.Exception:  # MPI_ERR_WIN and the like: no one-sided calls here
            window = None
    if comm.allreduce(int(window is None), op=mpi.MAX):
        return Mailbox(mpi, comm, slots, lock)
    assert window is not None
    return window


class Window:
    """Memory reached by one-sided atomic calls while rank 0 computes."""

    messages = False

    def __init__(self, mpi: Any, comm: Any, slots: int, lock: threading.Lock) -> None:
        self._mpi, self._comm, self._lock = mpi, comm, lock
        self._is_root = comm.Get_rank() == 0
        self._window = mpi.Win.Allocate(8 * slots if self._is_root else 0, 8, comm=comm)
        self._memory = np.frombuffer(self._window.tomemory(), dtype=np.int64)
        if self._is_root:
            self._memory[:] = 0
        comm.Barrier()  # nobody adds before they are zero
        self._window.Lock_all()
        self._amount, self._former, self._sent = (np.zeros(1, dtype=np.int64) for _ in range(3))
        self._pending: Any = None

    def add(self, slot: int, amount: int) -> int:
        """Add to a slot and return its former value."""
        with self._lock:
            if self._is_root:
                self._comm.Iprobe()  # where the network needs the target's help, rank 0 gives it here
            self._amount[0] = amount
            self._window.Fetch_and_op(self._amount, self._former, 0, slot, self._mpi.SUM)
            self._window.Flush(0)
            return int(self._former[0])

    def put(self, slot: int, value: int) -> None:
        """Replace the number in a slot, without waiting; passed over where the last one is still on its way."""
        with self._lock:
            if self._pending is not None and not self._pending.Test():
                return
            self._sent[0] = value
            self._pending = self._window.Raccumulate(self._sent, 0, (slot, 1), self._mpi.REPLACE)

    def add_in_time(self, slot: int, amount: int) -> int | None:
        """As `add`, None where rank 0 does not answer in time."""
        one, former = np.full(1, amount, dtype=np.int64), np.zeros(1, dtype=np.int64)
        with self._lock:
            request = self._window.Rget_accumulate(one, former, 0, (slot, 1), op=self._mpi.SUM)
            return int(former[0]) if _in_time(request.Test) else None

    def values(self) -> NDArray[np.int64]:
        """On rank 0, the numbers."""
        with self._lock:
            self._window.Sync()
            return self._memory.copy()

    def peek(self) -> NDArray[np.int64]:
        """On rank 0, the numbers as they were last seen."""
        return self._memory.copy()

    def serve(self) -> None:
        """Return at once: nobody waits for an answer."""

    def close(self) -> None:
        """Free the window; every rank calls this."""
        if self._pending is not None:
            self._pending.Wait()
        self._memory = np.zeros(0, dtype=np.int64)
        self._window.Unlock_all()
        self._window.Free()


class Mailbox:
    """Memory reached by messages, which rank 0 answers in `serve`, `add` and `put`."""

    messages = True
    _ADD, _PUT, _ANSWER = 1, 2, 3  # tags

    def __init__(self, mpi: Any, comm: Any, slots: int, lock: threading.Lock) -> None:
        self._mpi, self._lock = mpi, lock
        self._comm = comm.Dup()
        self._is_root = comm.Get_rank() == 0
        self._memory = np.zeros(slots if self._is_root else 0, dtype=np.int64)
        self._sent = np.zeros(2, dtype=np.int64)
        self._pending: Any = None

    def add(self, slot: int, amount: int) -> int:
        """Add to a slot and return its former value."""
        with self._lock:
            former = self._ask(slot, amount, _patiently)
        assert former is not None
        return former

    def add_in_time(self, slot: int, amount: int) -> int | None:
        """As `add`, None where rank 0 does not answer in time."""
        with self._lock:
            return self._ask(slot, amount, _in_time)

    def put(self, slot: int, value: int) -> None:
        """Replace the number in a slot, without waiting; passed over where the last one is still on its way."""
        with self._lock:
            if self._is_root:
                self._memory[slot] = value
                self._answer()
            elif self._pending is None or self._pending.Test():
                self._sent[:] = slot, value
                self._pending = self._comm.Isend(self._sent, 0, self._PUT)

    def values(self) -> NDArray[np.int64]:
        """On rank 0, the numbers."""
        with self._lock:
            self._answer()
            return self._memory.copy()

    def peek(self) -> NDArray[np.int64]:
        """On rank 0, the numbers as they were last seen."""
        return self._memory.copy()

    def serve(self) -> None:
        """On rank 0, answer what has come."""
        with self._lock:
            self._answer()

    def close(self) -> None:
        """Free the communicator; every rank calls this, with all questions answered."""
        waiting = self._comm.Ibarrier()
        while not waiting.Test():
            self.serve()
            time.sleep(1e-4)
        self.serve()  # a sign of life that came last
        if self._pending is not None:
            self._pending.Wait()
        self._comm.Free()

    def _ask(self, slot: int, amount: int, wait: Callable[[Callable[[], bool]], bool]) -> int | None:
        if self._is_root:
            self._answer()
            former = int(self._memory[slot])
            self._memory[slot] += amount
            return former
        question, former_value = np.array([slot, amount], dtype=np.int64), np.zeros(1, dtype=np.int64)
        answer = self._comm.Irecv(former_value, 0, self._ANSWER)
        sent = self._comm.Isend(question, 0, self._ADD)
        if not wait(answer.Test):
            return None
        sent.Wait()
        return int(former_value[0])

    def _answer(self) -> None:
        if not self._is_root:
            return
        status, message = self._mpi.Status(), np.zeros(2, dtype=np.int64)
        while self._comm.Iprobe(self._mpi.ANY_SOURCE, self._mpi.ANY_TAG, status):
            source, tag = status.Get_source(), status.Get_tag()
            self._comm.Recv(message, source, tag)
            slot, number = (int(value) for value in message)
            if tag == self._PUT:
                self._memory[slot] = number
            else:
                self._comm.Send(self._memory[slot : slot + 1].copy(), source, self._ANSWER)
                self._memory[slot] += number


def _patiently(arrived: Callable[[], bool]) -> bool:
    while not arrived():
        time.sleep(5e-5)
    return True


def _in_time(arrived: Callable[[], bool]) -> bool:
    limit = time.monotonic() + ANSWER_SECONDS
    while not arrived():
        if time.monotonic() > limit:
            return False
        time.sleep(0.001)
    return True
