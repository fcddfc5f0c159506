"""Exceptions that carry a message for the user instead of a traceback, and the words for a name that is not known."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence


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


def nearest(name: str, allowed: Iterable[str]) -> str:
    """``" (did you mean 'spacing'?)"`` for a near miss, else nothing."""
    folded = {option.lower(): option for option in allowed}
    close = difflib.get_close_matches(name.lower(), folded, n=1, cutoff=0.55)
    close = close or [option for option in folded if option and name.lower().startswith(option)]
    return f" (did you mean {folded[close[0]]!r}?)" if close else ""


def listed(names: Iterable[str]) -> str:
    """Names as ``a, b, c``."""
    return ", ".join(names)


def not_one_of(value: str, allowed: Sequence[str]) -> str:
    """The predicate for a name outside a list."""
    return f"does not know {value!r}{nearest(value, allowed)}; allowed: {listed(allowed)}"
