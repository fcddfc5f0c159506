"""Constants of nature and standard-model inputs, each with unit, source, citation and grade (file constants.toml)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Annotated

from pydantic import Field

from zdscan.errors import UserError, nearest
from zdscan.inputs.files import Grade, NonNegative, Number, Record, Text, parse_toml, read_data, validate

FILE = "constants.toml"

Pair = Annotated[list[Number], Field(min_length=2, max_length=2)]
Errors = Annotated[list[NonNegative], Field(min_length=2, max_length=2)]
Keys = Annotated[list[Text], Field(min_length=1)]


class Constant(Record):
    """One constant.

    Attributes
    ----------
    value : a number, or [real, imaginary].
    unit : unit of the value; "1" for pure numbers.
    error : one standard deviation, or [plus, minus]; None where it plays no role.
    source : where the number was read.
    cite : keys into references.bib.
    grade : A primary source, PDG or flavio's parameters; B third party; C rough, with the reason in its source.
    """

    value: Number | Pair
    unit: Text
    error: NonNegative | Errors | None = None
    source: Text
    cite: Keys
    grade: Grade


@dataclass(frozen=True)
class Constants(Mapping[str, float]):
    """The constants by name: ``constants["GF"]`` is a float, ``constants.complex("lambda_bs_t")`` a complex number.

    Attributes
    ----------
    entries : name -> `Constant`. The derived constants ``e`` = sqrt(4 pi alpha_0) and ``gz`` = g/cos(theta_W) =
        sqrt(4 sqrt(2) GF) MZ are among them.
    """

    entries: Mapping[str, Constant]

    @cached_property
    def _numbers(self) -> dict[str, float]:
        return {name: entry.value for name, entry in self.entries.items() if not isinstance(entry.value, list)}

    def __getitem__(self, name: str) -> float:
        if name not in self._numbers and isinstance(self._entry(name).value, list):
            raise UserError(f"The constant {name} is complex: read it with complex('{name}').")
        return self._numbers[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._numbers)

    def __len__(self) -> int:
        return len(self._numbers)

    def complex(self, name: str) -> complex:
        """A complex constant, e.g. the CKM product ``lambda_bs_t`` = V_ts^* V_tb."""
        value = self._entry(name).value
        return complex(*value) if isinstance(value, list) else complex(value)

    def error(self, name: str) -> tuple[float, float]:
        """The (plus, minus) standard deviations of a constant that has an error."""
        error = self._entry(name).error
        if error is None:
            raise UserError(f"The constant {name} has no error in {FILE}.")
        plus, minus = error if isinstance(error, list) else (error, error)
        return plus, minus

    def _entry(self, name: str) -> Constant:
        try:
            return self.entries[name]
        except KeyError:
            raise UserError(f"There is no constant {name} in {FILE}{nearest(name, self.entries)}.") from None


def parse(text: str, source: str = FILE) -> Constants:
    """Read constants from TOML text; raises `UserError` naming `source` and the entry if it is damaged."""
    entries: dict[str, Constant] = {}
    for section, members in parse_toml(text, source).items():
        if not isinstance(members, dict):
            raise UserError(f"{source}: {section} stands outside a section.")
        for name, entry in members.items():
            if name in entries:
                raise UserError(f"{source}: the constant {name} is given twice.")
            entries[name] = validate(Constant, entry, source, f"constant {name}")
    missing = {"GF", "MZ", "alpha_0"} - set(entries)
    if missing:
        raise UserError(f"{source}: the constants {', '.join(sorted(missing))} are missing.")
    return Constants(entries | _derived(Constants(entries)))


def _derived(given: Constants) -> dict[str, Constant]:
    charge = Constant(
        value=math.sqrt(4.0 * math.pi * given["alpha_0"]),
        unit="1",
        source="derived: sqrt(4 pi alpha_0)",
        cite=given.entries["alpha_0"].cite,
        grade="A",
    )
    gz = Constant(
        value=math.sqrt(4.0 * math.sqrt(2.0) * given["GF"]) * given["MZ"],
        unit="1",
        source="derived: sqrt(4 sqrt(2) GF) MZ = g/cos(theta_W)",
        cite=given.entries["GF"].cite,
        grade="A",
    )
    return {"e": charge, "gz": gz}


@cache
def load() -> Constants:
    """The constants of this version of zdscan."""
    return parse(read_data(FILE).decode())
