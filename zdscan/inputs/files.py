"""Package data: finding, hashing and validating the files in `zdscan/inputs/data`."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from zdscan.errors import UserError, describe, listed, nearest, no_such, not_one_of
from zdscan.inputs.toml_lines import line_of

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

Grade = Literal["A", "B", "C"]
Kind = Literal["normal", "half-normal", "counting", "none"]  # what stands behind a bound: zdscan/physics/statistics.py
Text = Annotated[str, Field(min_length=1)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]

LARGEST_FILE = 10_000_000  # bytes: the files of a user are kept in every grid file
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


def is_file(name: str) -> bool:
    """Whether a name is that of a user's file, not of something that zdscan knows."""
    return name.endswith(".toml") or "/" in name


def read_own(path: Path) -> str:
    """The text of a user's file.

    Raises
    ------
    UserError
        There is none that can be read.
    """
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise UserError(f"{path}: the file has more than {LARGEST_FILE / 1e6:g} MB, too much to be kept in a grid.")
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        hint = nearest(path.name, [other.name for other in path.parent.glob(f"*{path.suffix}")])
        raise UserError(f"{path}: there is no such file{hint}.") from None
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: not a text in UTF-8 (byte {error.start}).") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}.") from None


def own_text(name: str, files: Mapping[str, str] | None, folder: Path, read: Callable[[Path], str] = read_own) -> str:
    """The text of a user's file: of those that a grid file keeps or, where `files` is None, from the folder.

    Raises
    ------
    UserError
        The grid file does not hold it, or `read` does not find it.
    """
    if files is None:
        return read(folder / name)
    if name not in files:
        raise UserError(f"the grid file does not hold {name}")
    return files[name]


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


@dataclass(frozen=True)
class Place:
    """Where something stands in a file, as sentences begin: "mine.toml, line 12, group mine, row 2".

    Attributes
    ----------
    source : what messages call the file.
    text : what is in it, which gives the line; empty for a file of zdscan, whose lines nobody looks for.
    path : keys and numbers of elements that lead there.
    words : what stands behind the line.
    """

    source: str
    text: str = ""
    path: tuple[str | int, ...] = ()
    words: str = ""

    def at(self, *path: str | int, words: str = "") -> Place:
        """The place inside this one."""
        return Place(self.source, self.text, (*self.path, *path), ", ".join(filter(None, (self.words, words))))

    def __str__(self) -> str:
        line = line_of(self.text, self.path) if self.text else None
        return ", ".join(filter(None, (self.source, f"line {line}" if line else "", self.words)))


def validate(model: type[RecordT], entry: object, source: str | Place, where: str) -> RecordT:
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
        place = Place(source, words=where) if isinstance(source, str) else source.at(words=where)
        raise UserError(
            *(
                f"{place.at(*fault['loc'])}: {_called(fault)} {_predicate(fault, model)}."
                for fault in error.errors(include_url=False)
            )
        ) from None


def _called(fault: ErrorDetails) -> str:
    """The field that a fault is in, or the whole entry."""
    return f"field {'.'.join(map(str, fault['loc']))}" if fault["loc"] else "the entry"


def _predicate(fault: ErrorDetails, model: type[BaseModel]) -> str:
    if fault["type"] == "extra_forbidden" and len(fault["loc"]) == 1:
        known = list(model.model_fields)
        return f"is not known{nearest(fault['loc'][0], known)}; allowed here: {listed(known)}"
    return in_words(fault)


OWN_WORDS = "own_words"  # kind of the faults whose message is a predicate already
_KINDS = {
    "float_type": "a number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "string_type": "a text in quotes",
    "bool_type": "true or false",
    "list_type": "a list in [ ]",
    "dict_type": "a table",
    "model_type": "a table",
    "finite_number": "a finite number",
}
_BOUNDS = {
    "greater_than": "above",
    "greater_than_equal": "at least",
    "less_than": "below",
    "less_than_equal": "at most",
}


def in_words(fault: ErrorDetails) -> str:
    """What pydantic found wrong with a value, as a predicate behind its name."""
    kind, value, message = fault["type"], fault["input"], fault["msg"]
    if kind == OWN_WORDS:
        return message
    if kind == "missing":
        return "is missing"
    if kind == "extra_forbidden":
        return "is not known"
    if kind == "literal_error":
        expected = fault["ctx"]["expected"]
        allowed = re.findall(r"'([^']*)'", expected) or [expected]
        if isinstance(value, str):
            return not_one_of(value, allowed)
        return f"must be one of {listed(allowed)}, not {describe(value)}"
    if kind == "value_error":
        return f"is not right: {fault['ctx']['error']}"
    if kind in _KINDS:
        return f"must be {_KINDS[kind]}, not {describe(value)}"
    if kind in _BOUNDS:
        (bound,) = (number for name, number in fault["ctx"].items() if name in ("gt", "ge", "lt", "le"))
        return f"must be {_BOUNDS[kind]} {bound:g}, not {describe(value)}"
    # A kind of another version of pydantic, or of a check that came later: its own words are better than none.
    return f"cannot be {describe(value)}: {message[:1].lower()}{message[1:]}"


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
