"""A user's limit curve: a text of two columns, mass and limit, with everything told that is wrong in it.

Columns are separated by commas, semicolons or blanks; lines may end in a comment (``#``), and the first one may name
the columns. An empty line between numbers begins a new segment: there is no limit between the segments, as in a data
file (:mod:`zdscan.inputs.against_mass`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from itertools import pairwise

from zdscan.errors import UserError

COLUMNS = ("mass", "limit")
LARGEST_MASS = 5.0  # GeV: where every mass lies above, the unit is another
Row = tuple[int, float, float]  # line, mass, limit
_NOT_A_LIMIT = 1e-3  # GeV: columns whose first one stays below are more likely limits than masses


def segments(text: str, source: str, largest: float = math.inf) -> list[list[list[float]]]:
    """The rows [mass, limit] of each segment.

    Parameters
    ----------
    text, source : the file, and what messages call it.
    largest : a limit above it cannot be one, as of a branching ratio above 1.

    Raises
    ------
    UserError
        One sentence, with the line, about the first thing that is wrong.
    """
    parts: list[list[Row]] = [[]]
    last_row = False
    for number, line in enumerate(text.splitlines(), start=1):
        content = line.partition("#")[0].strip()
        if not content:
            if not line.strip() and parts[-1]:
                parts.append([])
            continue
        row = _row(content, source, number, header_allowed=not last_row and parts == [[]])
        if row is not None:
            parts[-1].append(row)
            last_row = True
    parts = [part for part in parts if part]
    if not parts:
        raise UserError(f"{source}: there is no row of numbers; write a mass in GeV and a limit on each line.")
    rows = [row for part in parts for row in part]
    _refuse_units_and_columns(rows, source)
    _refuse_order(rows, source)
    _refuse_values(rows, source, largest)
    for part in parts:
        if len(part) < 2:
            raise UserError(
                f"{source}, line {part[0][0]}: a single row between empty lines; a segment needs two rows or more, and "
                "an empty line begins another."
            )
    return [[[mass, limit] for _, mass, limit in part] for part in parts]


def _row(content: str, source: str, number: int, *, header_allowed: bool) -> Row | None:
    """The numbers of a line; None for a header."""
    where = f"{source}, line {number}"
    cells = [cell.strip() for cell in re.split(r"[,;]", content)] if re.search("[,;]", content) else content.split()
    if header_allowed and not any(_number(cell) is not None for cell in cells):
        return None
    if len(cells) != len(COLUMNS) and "" not in cells:
        raise UserError(f"{where}: {len(cells)} columns where two are due, the mass in GeV and the limit.")
    for cell, column in zip(cells, COLUMNS, strict=False):
        if cell == "":
            raise UserError(
                f"{where}: the {column} is missing; leave the line out, with an empty line where the curve has a gap."
            )
        value = _number(cell)
        if value is None:
            raise UserError(f"{where}: the {column} {cell!r} is not a number.")
        if not math.isfinite(value):
            raise UserError(f"{where}: the {column} is {cell}; every row needs finite numbers.")
    if len(cells) != len(COLUMNS):
        raise UserError(f"{where}: {len(cells)} columns where two are due, the mass in GeV and the limit.")
    return number, float(cells[0]), float(cells[1])


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None


def _refuse_units_and_columns(rows: Sequence[Row], source: str) -> None:
    """Masses in MeV, and columns in the other order, which both show in all rows together."""
    masses, limits = ([row[place] for row in rows] for place in (1, 2))
    if min(masses) > LARGEST_MASS:
        raise UserError(
            f"{source}, line {rows[0][0]}: all masses are above {LARGEST_MASS:g}, from {min(masses):g} to "
            f"{max(masses):g}: in MeV? Give them in GeV."
        )
    ascending = all(a < b for a, b in pairwise(limits))
    if max(masses) < _NOT_A_LIMIT < min(limits) and ascending:
        raise UserError(
            f"{source}, line {rows[0][0]}: the first column stays below {max(masses):.3g} and the second ascends from "
            f"{limits[0]:g} to {limits[-1]:g}: are the two swapped? The mass comes first."
        )


def _refuse_order(rows: Sequence[Row], source: str) -> None:
    for (_, before, _), (line, mass, _) in pairwise(rows):
        if mass <= before:
            what = "is that of the row before" if mass == before else f"follows {before:g}"
            raise UserError(f"{source}, line {line}: the mass {mass:g} {what}; sort the rows by ascending mass.")


def _refuse_values(rows: Sequence[Row], source: str, largest: float) -> None:
    for line, mass, limit in rows:
        if mass <= 0.0:
            raise UserError(f"{source}, line {line}: the mass is {mass:g} and must be positive.")
        if limit <= 0.0:
            raise UserError(f"{source}, line {line}: the limit is {limit:g} and must be positive.")
        if limit > largest:
            raise UserError(f"{source}, line {line}: the limit is {limit:g}; it can be at most {largest:g}.")
