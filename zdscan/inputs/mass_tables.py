"""Tables of numbers against the mass, one for every file ``table_<name>.toml``: responses, and limits in mass bins."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from zdscan.errors import UserError
from zdscan.inputs.files import Grade, Positive, Record, Text, load_named, names_of, parse_toml, validate
from zdscan.inputs.spline import Spline

Array = NDArray[np.float64]
Rule = Literal[
    "ln(value) cubic spline in ln(mass)",
    "value linear in ln(mass), constant above the last mass",
    "constant in every bin",
]
SPLINE: Rule = "ln(value) cubic spline in ln(mass)"
LINEAR: Rule = "value linear in ln(mass), constant above the last mass"
BINS: Rule = "constant in every bin"
# What a table is looked up by: the first columns.
_KEYS: Mapping[str, tuple[str, ...]] = {SPLINE: ("mass",), LINEAR: ("mass",), BINS: ("mass_low", "mass_high")}
_EDGE = 1e-12  # relative: a mass grid made with logarithms may miss the end of a table by rounding


class TableEntry(Record):
    """A table file."""

    name: Text
    title: Text
    quantity: Text
    unit: Text
    cite: Annotated[list[Text], Field(min_length=1)]
    source: Text
    grade: Grade
    note: str
    interpolation: Rule
    columns: Annotated[list[Text], Field(min_length=2)]
    rows: Annotated[list[list[Positive]], Field(min_length=2)]


@dataclass(frozen=True)
class MassTable:
    """Columns of numbers against the mass.

    Attributes
    ----------
    columns : by name; the first is mass (GeV, ascending), or the first two mass_low and mass_high.
    quantity, unit : what the other columns are.
    interpolation : rule between the rows, in words.
    """

    name: str
    title: str
    quantity: str
    unit: str
    citations: tuple[str, ...]
    source: str
    grade: str
    note: str
    interpolation: Rule
    columns: Mapping[str, Array]

    @cached_property
    def ranges(self) -> tuple[tuple[float, float], ...]:
        """The mass ranges (GeV, ends included) in which there are numbers."""
        if self.interpolation != BINS:
            return ((float(self.columns["mass"][0]), float(self.columns["mass"][-1])),)
        low, high = self.columns["mass_low"], self.columns["mass_high"]
        starts = np.flatnonzero(np.append(True, low[1:] > high[:-1]))
        ends = np.append(starts[1:], len(low)) - 1
        return tuple((float(low[i]), float(high[j])) for i, j in zip(starts, ends, strict=True))

    @cached_property
    def _log_mass(self) -> Array:
        return np.log(self.columns["mass"])

    @cached_property
    def _splines(self) -> Mapping[str, Spline]:
        return {name: Spline(self._log_mass, np.log(column)) for name, column in self.columns.items()}

    def at(self, column: str, mass: float) -> float:
        """The number in `column` at `mass` (GeV), by the table's rule; NaN where there is none.

        At the common edge of two bins the lower one counts.
        """
        if self.interpolation == BINS:
            inside = (self.columns["mass_low"] <= mass) & (mass <= self.columns["mass_high"])
            return float(self.columns[column][np.argmax(inside)]) if inside.any() else float("nan")
        least, most = self.ranges[0]
        if mass < least * (1.0 - _EDGE):
            return float("nan")
        if self.interpolation == LINEAR:
            return float(np.interp(math.log(mass), self._log_mass, self.columns[column]))
        if mass > most * (1.0 + _EDGE):
            return float("nan")
        return math.exp(self._splines[column](math.log(mass)))


def parse(text: str, source: str) -> MassTable:
    """Read a table from TOML text; raises `UserError` naming `source` and the row if it is damaged."""
    entry = validate(TableEntry, parse_toml(text, source), source, "table")
    keys = _KEYS[entry.interpolation]
    if tuple(entry.columns[: len(keys)]) != keys or len(set(entry.columns)) != len(entry.columns):
        raise UserError(f"{source}: the columns must differ and begin with {', '.join(keys)}.")
    for number, row in enumerate(entry.rows, start=1):
        if len(row) != len(entry.columns):
            raise UserError(f"{source}, row {number}: {len(row)} numbers where {len(entry.columns)} are due.")
    columns = dict(zip(entry.columns, np.array(entry.rows, dtype=np.float64).T, strict=True))
    first, last = columns[keys[0]], columns[keys[-1]]
    fault = np.flatnonzero(first[1:] < last[:-1] if len(keys) == 2 else np.diff(first) <= 0)
    if fault.size:
        raise UserError(f"{source}, row {fault[0] + 2}: the mass does not ascend.")
    fault = np.flatnonzero(last <= first) if len(keys) == 2 else fault
    if fault.size:
        raise UserError(f"{source}, row {fault[0] + 1}: the bin ends before it begins.")
    return MassTable(
        name=entry.name,
        title=entry.title,
        quantity=entry.quantity,
        unit=entry.unit,
        citations=tuple(entry.cite),
        source=entry.source,
        grade=entry.grade,
        note=entry.note,
        interpolation=entry.interpolation,
        columns=columns,
    )


def available() -> tuple[str, ...]:
    """Names of the tables: one for each file table_<name>.toml."""
    return names_of("table")


@cache
def load(name: str) -> MassTable:
    """A table by name, e.g. "trident_ccfr"; raises `UserError` if there is none or its file is damaged."""
    return load_named("table", "table", name, parse)
