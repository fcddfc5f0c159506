"""Package data: opening, hashing and validating the files of `zdscan.inputs`."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from zdscan.errors import UserError, no_such

Grade = Literal["A", "B", "C"]
Text = Annotated[str, Field(min_length=1)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]

# The bibliography explains the numbers but does not make them.
_SUFFIXES = (".toml", ".h5")


class Record(BaseModel):
    """Base of every entry of a data file: unknown or missing fields are errors, entries do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


RecordT = TypeVar("RecordT", bound=Record)


class Named(Protocol):
    """What a file about one curve or table is read into: it knows its own name."""

    @property
    def name(self) -> str: ...


NamedT = TypeVar("NamedT", bound=Named)


def data_names() -> tuple[str, ...]:
    """Names of the data files that make the numbers, sorted."""
    names = (entry.name for entry in resources.files(__package__).iterdir())
    return tuple(sorted(name for name in names if name.endswith(_SUFFIXES)))


def read_data(name: str) -> bytes:
    """Content of a data file of this package.

    Raises
    ------
    UserError
        The file is not there: the installation is damaged.
    """
    try:
        return (resources.files(__package__) / name).read_bytes()
    except OSError:
        raise UserError(
            f"The data file {name} is missing from the installation of zdscan: install it again. "
            f"Present are {', '.join(data_names())}."
        ) from None


def open_data(name: str) -> AbstractContextManager[Path]:
    """Path of a data file, for libraries that open files themselves; use as a context manager."""
    return resources.as_file(resources.files(__package__) / name)


@cache
def hashes() -> dict[str, str]:
    """SHA-256 of every data file that makes numbers (name -> hexadecimal digest)."""
    return {name: hashlib.sha256(read_data(name)).hexdigest() for name in data_names()}


def parse_toml(text: str, source: str) -> dict[str, object]:
    """Parse TOML; a syntax error becomes a `UserError` that names `source`."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{source} is not valid TOML: {error}.") from None


def validate(model: type[RecordT], entry: object, source: str, where: str) -> RecordT:
    """Check one entry of a data file.

    Parameters
    ----------
    model : the record type the entry must match.
    entry : what TOML gave.
    source, where : file and row named in the error.

    Raises
    ------
    UserError
        One sentence for each field that is missing, unknown or malformed.
    """
    try:
        return model.model_validate(entry)
    except ValidationError as error:
        raise UserError(
            *(
                f"{source}, {where}: field {'.'.join(map(str, fault['loc'])) or '(entry)'}: {fault['msg']}."
                for fault in error.errors()
            )
        ) from None


def names_of(prefix: str) -> tuple[str, ...]:
    """What the files <prefix>_<name>.toml are about: their names."""
    start = f"{prefix}_"
    return tuple(name[len(start) : -len(".toml")] for name in data_names() if name.startswith(start))


def load_named(prefix: str, what: str, name: str, parse: Callable[[str, str], NamedT]) -> NamedT:
    """The contents of <prefix>_<name>.toml, read by `parse` (text, source).

    Raises
    ------
    UserError
        There is no such file, it is damaged, or it calls itself otherwise; `what` is the word for its kind.
    """
    names = names_of(prefix)
    if name not in names:
        raise UserError(f"There is {no_such(what, name, names)}.")
    source = f"{prefix}_{name}.toml"
    found = parse(read_data(source).decode(), source)
    if found.name != name:
        raise UserError(f"{source}: the {what.split()[-1]} calls itself {found.name!r}, its file {name!r}.")
    return found
