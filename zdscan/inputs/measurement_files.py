"""Reading the files of measurements: the groups of rows that their records become. docs/data.md.

measurements.toml has the 26 rows of Table 1 of Rashed 2024 and data sets that replace some values; every
measurements_<set>.toml is a data set by itself, a list of groups. A group is the rows of one analysis: what they have
in common is said once, and so are the correlations of their errors.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from zdscan.errors import UserError, listed, nearest, no_such
from zdscan.inputs.files import Place, parse_toml, validate
from zdscan.inputs.measurement_records import (
    SYMMETRY,
    Array,
    Common,
    Correlation,
    DataSet,
    File,
    Group,
    GroupFile,
    Normalisation,
    Row,
    TheoryErrors,
    bin_name,
)
from zdscan.inputs.quantities import QUANTITIES, RATIO

FILE = "measurements.toml"
KIND = "measurements"  # what the files of the other sets begin with


@dataclass(frozen=True)
class RowGroup:
    """Rows that belong together, with the correlations of their errors.

    Attributes
    ----------
    name, title : of the group; of a data set of measurements.toml, which is one group.
    rows : with today's normalisation, where the group has one.
    correlations : 0 for the total errors, k for the k-th systematic ones -> float64[n, n] over the rows.
    overlaps : arXiv number -> why its rows of the same decays hold the same data.
    theory_errors : the treatment of theory errors that is meant where none is asked for.
    common : (k, places of rows), whose k-th systematic errors are one error, where correlations are asked for.
    file : the user's file that they are from; empty for those of zdscan.
    independent : whether other rows may have overlapping bins of the same decay: somebody has looked at the data.
    """

    name: str
    title: str
    rows: tuple[Row, ...]
    correlations: Mapping[int, Array]
    overlaps: Mapping[str, str]
    theory_errors: TheoryErrors
    file: str = ""
    independent: bool = True
    common: tuple[tuple[int, tuple[int, ...]], ...] = ()


def parse_table(text: str, source: str = FILE) -> dict[str, RowGroup]:
    """The data sets of measurements.toml by name, each one group.

    Raises
    ------
    UserError
        The file is damaged: the sentence names `source` and the row.
    """
    file = validate(File, parse_toml(text, source), source, "file")
    sets = {key: validate(DataSet, entry, source, f"data set {key}") for key, entry in file.sets.items()}
    rows = [
        validate(Row, entry, source, f"row {number} ({entry.get('id', 'no id')})")
        for number, entry in enumerate(file.row, start=1)
    ]
    ids = [row.id for row in rows]
    for number, row in enumerate(rows, start=1):
        if row.id != row.bin or row.q2_min >= row.q2_max:
            raise UserError(f"{source}, row {number} ({row.id}): the id does not match decay, q2_min and q2_max.")
        if ids.count(row.id) > 1:
            raise UserError(f"{source}, row {number} ({row.id}): the id is given twice.")
    for name, data in sets.items():
        for unknown in set(data.replace) - set(ids):
            raise UserError(f"{source}, data set {name}: replaces {unknown}, which is not the id of a row.")
    common = tuple(
        _common(validate(Common, entry, source, f"common error {number}"), rows, f"{source}, common error {number}")
        for number, entry in enumerate(file.common, start=1)
    )
    return {
        name: RowGroup(
            name,
            data.title,
            tuple(
                row.model_copy(update=data.replace[row.id].model_dump()) if row.id in data.replace else row
                for row in rows
            ),
            {},
            {},
            data.theory_errors,
            common=common,
        )
        for name, data in sets.items()
    }


def _common(given: Common, rows: list[Row], called: str) -> tuple[int, tuple[int, ...]]:
    """Which systematic error of which rows, by their places, is one error."""
    source, ids = int(given.of.split()[1]), [row.id for row in rows]
    for name in given.rows:
        if name not in ids:
            raise UserError(f"{called}: there is {no_such('row', name, ids)}.")
        if source > len(rows[ids.index(name)].syst):
            raise UserError(f"{called}: the row {name} has no error {given.of}.")
    return source, tuple(ids.index(name) for name in given.rows)


def parse_groups(text: str, source: str | Place, form: type[Group] = Group) -> tuple[RowGroup, ...]:
    """The groups of a file measurements_<set>.toml.

    Parameters
    ----------
    source : what messages call it; a `Place` has lines.
    form : of its groups.

    Raises
    ------
    UserError
        The file is damaged: the sentence names `source`, the group and the row.
    """
    place = Place(source) if isinstance(source, str) else source
    file = validate(GroupFile, parse_toml(text, place.source), place, "file")
    found = []
    for number, entry in enumerate(file.group):
        at, called = place.at("group", number), f"group {number + 1} ({entry.get('name', 'no name')})"
        found.append((validate(form, entry, at, called), at))
    groups = tuple(_group(given, place.at(*at.path, words=f"group {given.name}"), file) for given, at in found)
    names = [group.name for group in groups]
    ids = [row.id for group in groups for row in group.rows]
    for what, known in (("group", names), ("row", ids)):
        if twice := [name for name in known if known.count(name) > 1]:
            raise UserError(f"{place}: the {what} {twice[0]} is given twice.")
    return groups


def _group(given: Group, place: Place, file: GroupFile) -> RowGroup:
    rows = tuple(_row(given, entry, place.at("rows", number), number + 1) for number, entry in enumerate(given.rows))
    correlations: dict[int, Array] = {}
    if given.correlation is not None:
        of, where = given.correlation, place.at("correlation")
        if of.source > min(len(row.syst) for row in rows):
            raise UserError(f"{where}: the correlation is of {of.of}, an error that not every row has.")
        correlations[of.source] = _correlation(of, len(rows), where)
    if given.normalisation is not None:
        rows = tuple(_normalised(row, given.normalisation, place.at("normalisation")) for row in rows)
        correlations[2] = np.ones((len(rows), len(rows)))
    overlaps = {item.arxiv: item.why for item in given.overlaps}
    return RowGroup(
        given.name,
        given.title,
        rows,
        correlations,
        overlaps,
        file.theory_errors,
        independent=given.independent,
    )


_OF_ROWS = (
    *("decay", "observable", "lepton", "quantity", "over", "integrated", "unit", "factor"),
    *("cite", "arxiv", "grade", "note"),
)
_IN_ROWS = ("q2", "name", "value", "stat", "syst", *_OF_ROWS)  # what a row may say


def _row(group: Group, entry: Mapping[str, object], place: Place, number: int) -> Row:
    common = {name: value for name in _OF_ROWS if (value := getattr(group, name)) is not None}
    made: dict[str, Any] = common | dict(entry)
    for key in made:
        if key not in _IN_ROWS:
            known = f"{nearest(key, _IN_ROWS)}; allowed here: {listed(_IN_ROWS)}"
            raise UserError(f"{place.at(key, words=f'row {number}')}: field {key} is not known{known}.")
    ends = made.pop("q2", None)
    here = place.at("q2", words=f"row {number}")
    if not (isinstance(ends, list) and len(ends) == 2 and all(isinstance(end, int | float) for end in ends)):
        raise UserError(f"{here}: field q2 must be [lower, upper] in GeV^2.")
    low, high = map(float, ends)
    if not low < high:
        raise UserError(f"{here}: the bin {low:g} to {high:g} has no width.")
    suffix = f"_{group.suffix}" if group.suffix else ""
    called, quantity, over = made.pop("name", None), made.get("quantity"), made.get("over")
    name = bin_name(str(made.get("decay", "no decay") if called is None else called), low, high)
    if quantity is not None and called is None:
        name += f"_{quantity}"
    name += suffix
    called_so = place.at(words=f"row {number} ({name})")
    if quantity is not None and quantity not in QUANTITIES:
        raise UserError(f"{called_so}: there is {no_such('quantity', str(quantity), QUANTITIES)}.")
    if (quantity == RATIO) != (over is not None):
        raise UserError(f"{called_so}: the decay below the line, `over`, belongs to the quantity {RATIO} alone.")
    return validate(Row, made | {"id": name, "q2_min": low, "q2_max": high}, place, f"row {number} ({name})")


def _correlation(of: Correlation, count: int, where: Place) -> Array:
    """The correlation matrix of a group of so many rows."""
    if of.matrix is not None and of.triangles is not None:
        raise UserError(f"{where}: the correlation has a matrix or triangles, not both.")
    if of.matrix is not None:
        return _matrix(of.matrix, count, where)
    if of.triangles is None:
        return np.ones((count, count))
    if sum(map(len, of.triangles)) != count:
        raise UserError(
            f"{where}: the triangles of the correlation are of {sum(map(len, of.triangles))} rows, the group has "
            f"{count}."
        )
    total, first = np.eye(count), 0
    for triangle in of.triangles:
        n = len(triangle)
        if [len(line) for line in triangle] != list(range(n, 0, -1)):
            raise UserError(f"{where}: a triangle of the correlation must have one number less in each line.")
        square = np.zeros((n, n))
        square[np.triu_indices(n)] = [number for line in triangle for number in line]
        full = square + np.triu(square, 1).T
        total[first : first + n, first : first + n] = _matrix(full.tolist(), n, where)
        first += n
    return total


def _matrix(given: list[list[float]], count: int, where: Place) -> Array:
    """A correlation matrix that is one."""
    if len(given) != count or any(len(line) != count for line in given):
        raise UserError(f"{where}: the correlation matrix must be {count} lines of {count} numbers, as there are rows.")
    matrix = np.array(given, dtype=np.float64)
    if np.any(np.diag(matrix) != 1.0) or np.abs(matrix - matrix.T).max() > SYMMETRY:
        raise UserError(f"{where}: the correlation matrix must be symmetric with ones on its diagonal.")
    if (least := float(np.linalg.eigvalsh(matrix)[0])) <= 0.0:
        raise UserError(f"{where}: the correlation matrix is not positive definite (least eigenvalue {least:.2g}).")
    return matrix


def _normalised(row: Row, to: Normalisation, where: Place) -> Row:
    """A row as it would have been published with today's normalisation, whose error is a source of its own.

    value and errors are proportional to the normalisation; its old error is taken out of the systematic one.
    """
    if len(row.syst) != 1:
        raise UserError(f"{where}: rows with a new normalisation must have one systematic error, {row.id} has not.")
    ratio, share = to.value / to.used, to.used_error / to.used * row.value
    rest = [side * side - share * share for side in row.syst[0]]
    if min(rest) < 0.0:
        raise UserError(f"{where}: the systematic error of {row.id} is smaller than that of {to.quantity} alone.")
    common = row.value * ratio * to.error / to.value
    update = {
        "value": row.value * ratio,
        "stat": [side * ratio for side in row.stat],
        "syst": [[math.sqrt(square) * ratio for square in rest], [common, common]],
        "cite": [*row.cite, *to.cite],
        "note": f"{row.note} Published {row.value:g} with {to.quantity} = {to.used:g}, here {to.value:g}.".strip(),
    }
    return row.model_copy(update=update)


def chosen(sets: Mapping[str, RowGroup], name: str) -> RowGroup:
    """A data set of measurements.toml by name.

    Raises
    ------
    UserError
        There is none of this name.
    """
    if name not in sets:
        raise UserError(f"There is {no_such('data set', name, sets)}.")
    return sets[name]
