"""Sets of limits: what a file limits_<name>.toml puts in the place of constants and limit curves.

The first set, that of the analysis of 2024, is what stands in constants.toml and in the files of the constraints. Every
other one says which of these numbers it replaces, and what becomes of the citations, level and grade of a constraint.
docs/constraints.md#sets-of-limits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated

from pydantic import Field

from zdscan.errors import UserError, no_such
from zdscan.inputs import constants
from zdscan.inputs.constants import Constant, Constants
from zdscan.inputs.files import Grade, Kind, Record, Text, names_of, parse_toml, read_data, validate

FIRST = "rashed2024"
NEWEST = "latest"
KIND = "limits"


class Change(Record):
    """What a set of limits says of one constraint; what is absent stays as it was.

    Attributes
    ----------
    curve : name of the file of numbers against the mass, with a table [constraint], that takes the place of its own.
    cite, cl, grade, likelihood, because : of the constraint with the numbers of the set; of a curve they stand in its
        file.
    """

    curve: Text | None = None
    cite: Annotated[list[Text], Field(min_length=1)] | None = None
    cl: Text | None = None
    grade: Grade | None = None
    likelihood: Kind | None = None
    because: Text | None = None


class FileEntry(Record):
    """A file limits_<name>.toml as it stands."""

    title: Text
    constraints: dict[str, Change]
    constants: dict[str, Constant]


@dataclass(frozen=True)
class LimitSet:
    """The numbers of a set of limits.

    Attributes
    ----------
    name, title : of the set.
    constants : all of them, those of the set in the place of others.
    changes : constraint id -> what the set says of it.
    """

    name: str
    title: str
    constants: Constants
    changes: Mapping[str, Change]


def available() -> tuple[str, ...]:
    """Names of the sets, the newest first; reads file names only."""
    others = sorted(set(names_of(KIND)) - {NEWEST})
    return NEWEST, FIRST, *others


@cache
def load(name: str) -> LimitSet:
    """A set of limits by name.

    Raises
    ------
    UserError
        There is no such set, or its file is damaged; the sentence names it and the entry.
    """
    if name == FIRST:
        return LimitSet(FIRST, "limits of the analysis of 2024", constants.load(), {})
    if name not in names_of(KIND):
        raise UserError(f"There is {no_such('set of limits', name, available())}.")
    source = f"{KIND}_{name}.toml"
    return parse(read_data(source).decode(), source)


def parse(text: str, source: str) -> LimitSet:
    """Read a set of limits from TOML text; raises `UserError` naming `source` and the entry if it is damaged."""
    entry = validate(FileEntry, parse_toml(text, source), source, "file")
    known = constants.load()
    for name, found in entry.constants.items():
        if name not in known.entries:
            raise UserError(f"{source}: there is {no_such('constant', name, sorted(known.entries))}.")
        before = known.entries[name]
        if found.unit != before.unit:
            raise UserError(f"{source}: the constant {name} is in {found.unit} here and in {before.unit} elsewhere.")
        if before.error is not None and found.error is None:
            raise UserError(f"{source}: the constant {name} needs an error, which others are computed from.")
    for name, change in entry.constraints.items():
        if change.curve and (change.cite or change.cl or change.grade or change.likelihood):
            raise UserError(
                f"{source}: the curve of {name} says cite, cl, grade and likelihood by itself; leave them out here."
            )
        if (change.likelihood is None) != (change.because is None):
            raise UserError(f"{source}: likelihood and because of {name} go together.")
    numbers = Constants({**known.entries, **entry.constants})
    return LimitSet(source.removesuffix(".toml").partition("_")[2], entry.title, numbers, entry.constraints)
