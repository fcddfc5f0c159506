"""Package data: finding, hashing and validating the files in `zdscan/inputs/data`."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from zdscan.errors import UserError, no_such

Grade = Literal["A", "B", "C"]
Text = Annotated[str, Field(min_length=1)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]

FOLDER = Path(__file__).with_name("data")
# The bibliography explains the numbers but does not make them.
_SUFFIXES = (".toml", ".h5")


class Record(BaseModel):
    """Base of every entry of a data file: unknown or missing fields are errors, entries do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


RecordT = TypeVar("RecordT", bound=Record)


Read = TypeVar("Read")


def data_names() -> tuple[str, ...]:
    """Names of the data files that make the numbers, sorted."""
    return tuple(sorted(path.name for path in FOLDER.iterdir() if path.suffix in _SUFFIXES))


def read_data(name: str) -> bytes:
    """Content of a data file, by its name without the folder.

    Raises
    ------
    UserError
        The file is not there: the installation is damaged.
    """
    try:
        return (FOLDER / name).read_bytes()
    except OSError:
        raise UserError(
            f"The data file {name} is missing from the installation of zdscan: install it again. "
            f"Present are {', '.join(data_names())}."
        ) from None


@cache
def hashes() -> dict[str, str]:
    """SHA-256 of every data file that makes numbers (name -> hexadecimal)."""
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


def names_of(kind: str) -> tuple[str, ...]:
    """What the files <kind>_<name>.toml are called: their names, sorted."""
    start = f"{kind}_"
    return tuple(name[len(start) : -len(".toml")] for name in data_names() if name.startswith(start))


def load_named(kinds: Sequence[str], what: str, name: str, parse: Callable[[str, str], Read]) -> Read:
    """The contents of <kind>_<name>.toml for the one of `kinds` that there is, read by `parse` (text, source).

    Raises
    ------
    UserError
        There is no such file, there are two, or it is damaged; `what` is the word for such a file.
    """
    present = data_names()
    sources = [source for kind in kinds if (source := f"{kind}_{name}.toml") in present]
    if not sources:
        names = sorted(known for kind in kinds for known in names_of(kind))
        raise UserError(f"There is {no_such(what, name, names)}.")
    if len(sources) > 1:
        raise UserError(f"There are two files called {name!r}: {' and '.join(sources)}. Rename one of them.")
    return parse(read_data(sources[0]).decode(), sources[0])
