"""Exceptions with a message for the user instead of a traceback, and words for names and values that will not do."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable


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


def nearest(name: object, allowed: Iterable[str]) -> str:
    """``" (did you mean 'spacing'?)"`` for a near miss, else nothing."""
    wrong, folded = str(name).lower(), {option.lower(): option for option in allowed}
    close = difflib.get_close_matches(wrong, folded, n=1, cutoff=0.55)
    close = close or [option for option in folded if option and wrong.startswith(option)]
    return f" (did you mean {folded[close[0]]!r}?)" if close else ""


def listed(names: Iterable[str]) -> str:
    """Names as ``a, b, c``."""
    return ", ".join(names)


def not_one_of(value: str, allowed: Collection[str]) -> str:
    """The predicate for a name outside a list, behind the place where it stands: ``theory does not know ...``."""
    return f"does not know {value!r}{nearest(value, allowed)}; allowed: {listed(allowed)}"


def no_such(what: str, name: object, known: Collection[str]) -> str:
    """The clause for a thing that is not there, behind "There is": ``no constraint 'k_pi'; known are a_e, ...``."""
    return f"no {what} {name!r}{nearest(name, known)}; known are {listed(known)}"


def describe(value: object) -> str:
    """A wrong value in words."""
    if isinstance(value, str):
        return f"the text {value!r}"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, dict):
        return "a table"
    return str(value)
