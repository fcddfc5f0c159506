"""Standard output that can fail: a full disk is told in a sentence, a closed pipe not at all."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Any, TextIO

from zdscan.errors import UserError


class OutputLost(UserError):
    """Standard output cannot be written, for a reason other than a reader who has enough."""

    def __init__(self, error: OSError) -> None:
        super().__init__(f"Standard output cannot be written: {error.strerror or error}.")


class Output:
    """A text stream whose failed writes raise `OutputLost`; a broken pipe still raises `BrokenPipeError`.

    After a failure the stream's descriptor leads nowhere, so that what is left in its buffer fails no second time.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write to the stream."""
        with self._told():
            return self._stream.write(text)

    def flush(self) -> None:
        """Flush the stream."""
        with self._told():
            self._stream.flush()

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except BrokenPipeError:
            self._silence()
            raise
        except OSError as error:
            self._silence()
            raise OutputLost(error) from error

    def _silence(self) -> None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._stream.fileno())
        os.close(nowhere)


def complain(text: str) -> None:
    """Print a line to standard error, as far as it can be written."""
    with contextlib.suppress(OSError, ValueError):
        print(text, file=sys.stderr, flush=True)


def guard() -> Output:
    """Put an `Output` in the place of standard output (of nothing, where it is closed) and return it.

    Standard streams that are closed lead nowhere: a file opened later would take the number of one of them, and with
    it what libraries say on standard error; and Python would print to standard output instead.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115
    output = Output(sys.stdout or open(os.devnull, "w"))  # noqa: SIM115
    sys.stdout = output  # type: ignore[assignment]
    return output
