"""A user's limit curve: a text of columns, the mass and its limits, with everything told that is wrong in it.

Columns are separated by commas, semicolons or blanks; lines may end in a comment (``#``), and the first one may name
the columns. An empty line between numbers begins a new segment: there is no limit between the segments, as in a data
file (:mod:`zdscan.inputs.against_mass`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from zdscan.errors import UserError
from zdscan.inputs.against_mass import REGION

COLUMNS = ("mass", "limit")
LARGEST_MASS = 5.0  # GeV: where every mass lies above, the unit is another
_COUNTS = {2: "two", 3: "three", 4: "four"}
_NOT_A_LIMIT = 1e-3  # GeV: columns whose first one stays below are more likely limits than masses


@dataclass(frozen=True)
class Row:
    """The numbers of a line."""

    line: int
    numbers: tuple[float, ...]

    @property
    def mass(self) -> float:
        """The first of them."""
        return self.numbers[0]


def segments(
    text: str, source: str, largest: float = math.inf, columns: Sequence[str] = COLUMNS
) -> list[list[list[float]]]:
    """The rows [mass, limit] of each segment, or those of other columns.

    Parameters
    ----------
    text, source : the file, and what messages call it.
    largest : a limit above it cannot be one, as of a branching ratio above 1.
    columns : names of the columns, the mass first; "lower" and "upper" are the edges of a region.

    Raises
    ------
    UserError
        One sentence, with the line, about the first thing that is wrong.
    """
    parts: list[list[Row]] = [[]]
    for number, line in enumerate(text.splitlines(), start=1):
        content = line.partition("#")[0].strip()
        if not content:
            if not line.strip() and parts[-1]:
                parts.append([])
            continue
        row = _row(content, source, number, columns, header_allowed=parts == [[]])
        if row is not None:
            parts[-1].append(row)
    parts = [part for part in parts if part]
    if not parts:
        raise UserError(f"{source}: there is no row of numbers; write {_due(columns)} on each line.")
    rows = [row for part in parts for row in part]
    _refuse_units_and_columns(rows, source)
    _refuse_order(rows, source)
    _refuse_values(rows, source, largest, columns)
    for part in parts:
        if len(part) < 2:
            raise UserError(
                f"{source}, line {part[0].line}: a single row between empty lines; a segment needs two rows or more, "
                "and an empty line begins another."
            )
    return [[list(row.numbers) for row in part] for part in parts]


def _due(columns: Sequence[str]) -> str:
    """What a line has, in words."""
    *first, last = columns[1:]
    return f"a mass in GeV and {', '.join(first)} and {last}" if first else f"a mass in GeV and a {last}"


def _row(content: str, source: str, number: int, columns: Sequence[str], *, header_allowed: bool) -> Row | None:
    """The numbers of a line; None for a header."""
    where = f"{source}, line {number}"
    cells = [cell.strip() for cell in re.split(r"[,;]", content)] if re.search("[,;]", content) else content.split()
    if header_allowed and not any(_number(cell) is not None for cell in cells):
        return None
    others = f"the {columns[1]}" if len(columns) == 2 else f"{', '.join(columns[1:-1])} and {columns[-1]}"
    wrong_count = (
        f"{where}: {len(cells)} columns where {_COUNTS.get(len(columns), len(columns))} are due, the mass in GeV and "
        f"{others}."
    )
    if len(cells) != len(columns) and "" not in cells:
        raise UserError(wrong_count)
    for cell, column in zip(cells, columns, strict=False):
        if cell == "":
            raise UserError(
                f"{where}: the {column} is missing; leave the line out, with an empty line where the curve has a gap."
            )
        value = _number(cell)
        if value is None:
            raise UserError(f"{where}: the {column} {cell!r} is not a number.")
        if not math.isfinite(value):
            raise UserError(f"{where}: the {column} is {cell}; every row needs finite numbers.")
    if len(cells) != len(columns):
        raise UserError(wrong_count)
    return Row(number, tuple(map(float, cells)))


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None


def _refuse_units_and_columns(rows: Sequence[Row], source: str) -> None:
    """Masses in MeV, and columns in the other order, which both show in all rows together."""
    masses, limits = ([row.numbers[place] for row in rows] for place in (0, 1))
    if min(masses) > LARGEST_MASS:
        raise UserError(
            f"{source}, line {rows[0].line}: all masses are above {LARGEST_MASS:g}, from {min(masses):g} to "
            f"{max(masses):g}: in MeV? Give them in GeV."
        )
    ascending = all(a < b for a, b in pairwise(limits))
    if max(masses) < _NOT_A_LIMIT < min(limits) and ascending:
        raise UserError(
            f"{source}, line {rows[0].line}: the first column stays below {max(masses):.3g} and the second ascends "
            f"from {limits[0]:g} to {limits[-1]:g}: are the two swapped? The mass comes first."
        )


def _refuse_order(rows: Sequence[Row], source: str) -> None:
    for before, row in pairwise(rows):
        if row.mass <= before.mass:
            what = "is that of the row before" if row.mass == before.mass else f"follows {before.mass:g}"
            raise UserError(
                f"{source}, line {row.line}: the mass {row.mass:g} {what}; sort the rows by ascending mass."
            )


def _refuse_values(rows: Sequence[Row], source: str, largest: float, columns: Sequence[str]) -> None:
    for row in rows:
        where = f"{source}, line {row.line}"
        for value, column in zip(row.numbers, columns, strict=True):
            if value <= 0.0:
                raise UserError(f"{where}: the {column} is {value:g} and must be positive.")
            if value > largest and column != columns[0]:
                raise UserError(f"{where}: the {column} is {value:g}; it can be at most {largest:g}.")
    if tuple(columns[1:]) == REGION:
        wrong = [row for row in rows if row.numbers[1] >= row.numbers[2]]
        for row in wrong[:1]:
            hint = "are the two columns swapped? The" if len(wrong) == len(rows) else "the"
            raise UserError(
                f"{source}, line {row.line}: the lower edge {row.numbers[1]:g} is not below the upper one "
                f"{row.numbers[2]:g}; {hint} lower one comes first."
            )
