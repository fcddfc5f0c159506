"""What a failing rank leaves behind: one message that gets through the launcher before it ends the job."""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import stat
import struct
import sys
import termios
import time
import traceback
from dataclasses import asdict, dataclass
from typing import Any, TextIO

from zdscan.errors import UserError

DRAIN_SECONDS = 5.0  # how long a launcher that does not read may hold up the end of the job
GRACE_SECONDS = 0.1  # for a launcher to pass on what it has read


@dataclass(frozen=True)
class Failure:
    """Why a run failed: the rank it happened on (of `ranks`), that rank's host, and the cause in a sentence."""

    rank: int
    ranks: int
    host: str
    cause: str

    def as_dict(self) -> dict[str, Any]:
        """For the status file."""
        return asdict(self)


def failure_of(error: BaseException, rank: int, ranks: int) -> Failure:
    """What an exception on this rank says of the failure."""
    if isinstance(error, UserError):
        cause = " ".join(error.messages)
    else:
        cause = "".join(traceback.format_exception_only(error)).strip()
    return Failure(rank, ranks, socket.gethostname(), cause)


def say(error: BaseException, failure: Failure) -> None:
    """Print the message of the one rank that speaks: its sentences, or the traceback of what is not the user's."""
    text = "\n".join(error.messages) if isinstance(error, UserError) else "".join(traceback.format_exception(error))
    with contextlib.suppress(OSError, ValueError):  # a closed standard error must not keep the job from ending
        sys.stdout.flush()
        sys.stderr.write(f"zdscan: rank {failure.rank} of {failure.ranks} on {failure.host} failed:\n{text.rstrip()}\n")
        sys.stderr.flush()
        drain(sys.stderr)


def drain(stream: TextIO, seconds: float = DRAIN_SECONDS) -> None:
    """Wait until the reader of a pipe has taken everything, `seconds` at most, and a moment for it to pass it on.

    MPI_Abort makes a launcher kill its helpers, and with them what they have not yet read from the ranks.
    """
    try:
        descriptor = stream.fileno()
        if not stat.S_ISFIFO(os.fstat(descriptor).st_mode):
            return
        limit = time.monotonic() + seconds
        while _unread(descriptor) and time.monotonic() < limit:
            time.sleep(0.005)
    except (OSError, ValueError):  # no descriptor, or a system that does not tell
        pass
    time.sleep(GRACE_SECONDS)


def _unread(descriptor: int) -> int:
    """Bytes in a pipe that its reader has not taken."""
    size: int = struct.unpack("i", fcntl.ioctl(descriptor, termios.FIONREAD, bytes(4)))[0]
    return size
