"""The end of a job one of whose machines is gone: without it the other ranks would wait until the time limit."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence

from zdscan.errors import UserError
from zdscan.ranks.lastwords import Failure

VARIABLE = "ZDSCAN_LOST_AFTER"
PATIENCE_SECONDS = 300.0
ABORT_SECONDS = 10.0  # how long MPI may take to end the job; to a machine that is gone it may wait for ever
RESUMABLE = 75  # exit code
NAMED = 5


def patience() -> float:
    """After how many seconds without a sign of life a rank is given up: $ZDSCAN_LOST_AFTER; 0 is never.

    Raises
    ------
    UserError : the variable is no number of seconds.
    """
    text = os.environ.get(VARIABLE, str(PATIENCE_SECONDS))
    with contextlib.suppress(ValueError):
        if 0 <= float(text) < float("inf"):
            return float(text)
    raise UserError(f"{VARIABLE} is {text!r}; allowed is a number of seconds, or 0 for never.")


class Lookout:
    """A thread of rank 0, which looks at the signs of life while the rank itself may wait for those that are gone.

    Clocks of machines may differ, so what counts is how long a sign has not changed.

    Parameters
    ----------
    signs : gives the last sign of life of each rank.
    hosts : of the ranks.
    seconds : without a change after which a rank is given up.
    lost : told which rank that was; it must not use MPI.
    abort : ends the job with an exit code.
    """

    def __init__(
        self,
        signs: Callable[[], Sequence[float]],
        hosts: Sequence[str],
        seconds: float,
        lost: Callable[[Failure], None],
        abort: Callable[[int], object],
    ) -> None:
        self._signs, self._hosts, self._seconds = signs, hosts, seconds
        self._lost, self._abort = lost, abort
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *exc: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        seen, silent, every = list(self._signs()), [0.0] * len(self._hosts), min(1.0, self._seconds / 4)
        then = time.monotonic()
        while not self._over.wait(every):
            now, present = time.monotonic(), list(self._signs())
            # A job that a batch system halted, or a machine that slept, was not looked at meanwhile.
            passed, then = min(now - then, 2 * every), now
            silent = [silent[rank] + passed if seen[rank] == sign else 0.0 for rank, sign in enumerate(present)]
            seen = present
            gone = [rank for rank in range(1, len(seen)) if silent[rank] > self._seconds]
            if gone:
                return self._give_up(sorted(gone, key=lambda rank: -silent[rank]))
        return None

    def _give_up(self, gone: Sequence[int]) -> None:
        """Say which ranks are gone, the longest first, and end the job."""
        named = ", ".join(f"rank {rank} on {self._hosts[rank]}" for rank in gone[:NAMED])
        more = f" and {len(gone) - NAMED} more" if len(gone) > NAMED else ""
        cause = f"no sign of life for {self._seconds:g} s of {named}{more}"
        self._lost(Failure(gone[0], len(self._hosts), self._hosts[gone[0]], cause))
        with contextlib.suppress(OSError, ValueError):
            print(
                f"zdscan: {cause}: a machine or its network is lost. Every finished block is kept; the job ends, and "
                "`zdscan resume` continues it.",
                file=sys.stderr,
                flush=True,
            )
        threading.Thread(target=self._abort, args=(RESUMABLE,), daemon=True).start()
        time.sleep(ABORT_SECONDS)
        os._exit(RESUMABLE)
