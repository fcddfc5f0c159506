"""Exceptions that carry a message for the user instead of a traceback."""

from __future__ import annotations


class UserError(Exception):
    """A mistake the user can mend: printed as plain sentences, exit code 2.

    Parameters
    ----------
    *messages
        One clear sentence per fault: what is wrong, where, and what is allowed.
    """

    def __init__(self, *messages: str) -> None:
        super().__init__("\n".join(messages))
        self.messages = messages


class Stopped(Exception):
    """The run was asked to stop and did, with every finished block on disk: exit code 75, resumable."""
