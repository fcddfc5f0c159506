"""Theory errors of what constraints predict: one relative error for each, with its source. docs/statistics.md."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated

from pydantic import Field

from zdscan.errors import UserError
from zdscan.inputs.files import Grade, Positive, Record, Text, parse_toml, read_data, validate

FILE = "theory_errors.toml"


class TheoryError(Record):
    """A relative error that predictions of some constraints have, and what it is the error of."""

    constraints: Annotated[list[Text], Field(min_length=1)]
    relative: Annotated[Positive, Field(lt=1.0)]
    of: Text
    source: Text
    cite: list[Text] = Field(default_factory=list)
    grade: Grade


class File(Record):
    """The file; its entries are checked one by one, so that a fault names its own."""

    error: Annotated[list[dict[str, object]], Field(min_length=1)]


@cache
def load() -> Mapping[str, TheoryError]:
    """The errors of zdscan's own constraints by id."""
    return parse(read_data(FILE).decode())


def parse(text: str, source: str = FILE) -> Mapping[str, TheoryError]:
    """Read the text of such a file.

    Raises
    ------
    UserError
        It is damaged: the sentence names `source` and the entry.
    """
    found: dict[str, TheoryError] = {}
    file = validate(File, parse_toml(text, source), source, "file")
    for number, entry in enumerate(file.error, start=1):
        error = validate(TheoryError, entry, source, f"error {number}")
        for name in error.constraints:
            if name in found:
                raise UserError(f"{source}, error {number}: the constraint {name} has two errors.")
            found[name] = error
    return found


def relative(constraint: str) -> float:
    """The relative error of a constraint, 0 for one that has none."""
    known = load().get(constraint)
    return 0.0 if known is None else known.relative
