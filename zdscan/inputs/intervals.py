"""Two-sided intervals against mass, from which a constraint makes its limit (files ``interval_<name>.toml``)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from zdscan.errors import UserError
from zdscan.inputs.files import Grade, NonNegative, Record, Text, parse_toml, read_data, validate

Array = NDArray[np.float64]
COLUMNS = ["mass", "central", "low", "high"]


class IntervalEntry(Record):
    """A file of intervals."""

    name: Text
    title: Text
    quantity: Text
    unit: Text
    cite: Annotated[list[Text], Field(min_length=1)]
    source: Text
    grade: Grade
    note: str
    columns: list[Text]
    interpolation: Literal["linear"]
    rows: Annotated[list[Annotated[list[NonNegative], Field(min_length=4, max_length=4)]], Field(min_length=2)]


@dataclass(frozen=True)
class Interval:
    """Central value and 68% interval (`low`, `high`) at masses in GeV, ascending; linear between them."""

    mass: Array
    central: Array
    low: Array
    high: Array
    citations: tuple[str, ...]
    grade: str

    def upper(self, mass: float, deviations: float) -> float:
        """central + deviations x (high - central) at `mass` (GeV); NaN outside the table."""
        bound = self.central + deviations * (self.high - self.central)
        return float(np.interp(mass, self.mass, bound, left=np.nan, right=np.nan))


def parse(text: str, source: str) -> Interval:
    """Read intervals from TOML text; raises `UserError` naming `source` and the row if it is damaged."""
    entry = validate(IntervalEntry, parse_toml(text, source), source, "interval")
    if entry.columns != COLUMNS:
        raise UserError(f"{source}: the columns must be {', '.join(COLUMNS)}.")
    mass, central, low, high = np.array(entry.rows).T
    fault = np.flatnonzero(np.diff(mass) <= 0)
    if fault.size:
        raise UserError(f"{source}, row {fault[0] + 2}: the mass does not ascend.")
    fault = np.flatnonzero((low > central) | (central > high))
    if fault.size:
        raise UserError(f"{source}, row {fault[0] + 1}: the central value is outside its interval.")
    return Interval(mass, central, low, high, tuple(entry.cite), entry.grade)


@cache
def load(name: str) -> Interval:
    """The intervals of the file interval_<name>.toml; raises `UserError` if it is missing or damaged."""
    source = f"interval_{name}.toml"
    return parse(read_data(source).decode(), source)
