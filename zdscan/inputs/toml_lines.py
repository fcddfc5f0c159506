"""On which line of a TOML text a key or an element of a list stands, so that a fault in a user's file has its line.

The text must be valid: whoever asks has parsed it. Strings, comments, lists over many lines and inline tables are
followed, numbers and dates passed over.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Sequence

Keys = tuple[str, ...]
Places = Generator[tuple[Keys, int], None, int]  # path and offset; returns where the text goes on

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_STRING = re.compile(r'"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'', re.DOTALL)
_PLAIN = re.compile(r"[^,\]}\n#]*")
_PART = re.compile(r'\s*("(?:\\.|[^"\\])*"|\'[^\']*\'|[\w\-]+)\s*')


def line_of(text: str, path: Sequence[str | int]) -> int | None:
    """The line (from 1) that sets `path`, or of the nearest table or list around it; None where there is neither."""
    keys = tuple(str(part) for part in path)
    best, depth = None, 0
    for found, start in _places(text):
        if len(found) > depth and keys[: len(found)] == found:
            best, depth = start, len(found)
    return None if best is None else text.count("\n", 0, best) + 1


def _places(text: str) -> Iterator[tuple[Keys, int]]:
    """Every key and element with its path and where it starts, in the order of the text."""
    at = 0
    table: Keys = ()
    counted: dict[Keys, int] = {}
    while True:
        at = _skip(_BLANK, text, at)
        if at >= len(text):
            return
        start = at
        if text.startswith("[[", at):
            name, at = _key(text, at + 2)
            name = _inside(name, counted)
            if name not in counted:
                yield name, start
            counted[name] = counted.get(name, -1) + 1
            table = (*name, str(counted[name]))
            yield table, start
            at += 2
        elif text[at] == "[":
            name, at = _key(text, at + 1)
            table = _inside(name, counted)
            yield table, start
            at += 1
        else:
            at = yield from _pair(text, at, table)


def _inside(name: Keys, counted: dict[Keys, int]) -> Keys:
    """The path of a header, whose parts may stand for the last of some tables."""
    path: Keys = ()
    for part in name[:-1]:
        path = (*path, part)
        if path in counted:
            path = (*path, str(counted[path]))
    return (*path, name[-1])


def _pair(text: str, at: int, table: Keys) -> Places:
    """``key = value``; returns where it ends."""
    start = at
    name, at = _key(text, at)
    path = (*table, *name)
    yield path, start
    return (yield from _value(text, _skip(_BLANK, text, at + 1), path))


def _value(text: str, at: int, path: Keys) -> Places:
    """What a value has inside; returns where it ends."""
    if text[at] == "[":
        at, number = _skip(_BLANK, text, at + 1), 0
        while text[at] != "]":
            inner = (*path, str(number))
            yield inner, at
            at = yield from _value(text, at, inner)
            at, number = _after_comma(text, at), number + 1
        return at + 1
    if text[at] == "{":
        at = _skip(_BLANK, text, at + 1)
        while text[at] != "}":
            at = yield from _pair(text, at, path)
            at = _after_comma(text, at)
        return at + 1
    string = _STRING.match(text, at)
    return string.end() if string else _skip(_PLAIN, text, at)


def _after_comma(text: str, at: int) -> int:
    at = _skip(_BLANK, text, at)
    return _skip(_BLANK, text, at + 1) if text[at] == "," else at


def _key(text: str, at: int) -> tuple[Keys, int]:
    """A dotted key, and where it ends."""
    parts: list[str] = []
    while found := _PART.match(text, at):
        parts.append(found[1].strip("\"'"))
        at = found.end()
        if not text.startswith(".", at):
            break
        at += 1
    return tuple(parts), at


def _skip(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at
