"""The files of measurements: their records, and the groups of rows that these become. docs/data.md.

measurements.toml has the 26 rows of Table 1 of Rashed 2024 and data sets that replace some values; every
measurements_<set>.toml is a data set by itself, a list of groups. A group is the rows of one analysis: what they have
in common is said once, and so are the correlations of their errors.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from zdscan.errors import UserError, listed, nearest, no_such
from zdscan.inputs.files import Grade, NonNegative, Number, Place, Positive, Record, Text, parse_toml, validate
from zdscan.inputs.quantities import QUANTITIES, RATIO

FILE = "measurements.toml"
KIND = "measurements"  # what the files of the other sets begin with

Array = NDArray[np.float64]
PlusMinus = Annotated[list[NonNegative], Field(min_length=2, max_length=2)]
Keys = Annotated[list[Text], Field(min_length=1)]
TheoryErrors = Literal["table", "flavio", "flavio-covariance"]
Lepton = Literal["e", "mu", "e/mu", "mu/e"]
SYMMETRY = 1e-12  # of a correlation matrix: its numbers are typed, not computed


class Term(NamedTuple):
    """A factor times a component of a decay."""

    decay: str
    factor: float
    component: str


class Row(Record):
    """One measured bin, as published; numbers in units of `factor` (see measurements.toml).

    A row without `quantity` is a rate; with one it is a quotient (zdscan/inputs/quantities.py), a ratio `over` a decay.
    """

    id: Text
    decay: Text
    observable: Text
    lepton: Lepton
    quantity: Text | None = None
    over: Text | None = None
    q2_min: NonNegative
    q2_max: Positive
    integrated: bool
    unit: Text
    factor: Positive
    value: Number
    stat: PlusMinus
    syst: list[PlusMinus]
    sm: Number | None = None
    sm_error: Positive | None = None
    cite: Keys
    arxiv: str
    grade: Grade
    note: str

    @property
    def bin(self) -> str:
        """What it is measured of, whoever measured it: decay and bin, the name in the Standard Model tables.

        With the quantity behind it, or with both decays, for a quotient.
        """
        if self.over is not None:
            return bin_name(f"{self.decay}/{self.over}", self.q2_min, self.q2_max)
        name = bin_name(self.decay, self.q2_min, self.q2_max)
        return name if self.quantity is None else f"{name}_{self.quantity}"

    @property
    def terms(self) -> tuple[Term, Term]:
        """What a quotient divides by what."""
        above, below = QUANTITIES[self.quantity or RATIO]
        return Term(self.decay, *above), Term(self.over or self.decay, *below)

    @property
    def scale(self) -> float:
        """The row over the quantity; the reciprocal of the factor 1e-9 is 1e9 but for rounding."""
        return float(f"{1.0 / self.factor:.12g}")

    @property
    def per_rate(self) -> float:
        """The row over the integral of dB/dq2 over the bin."""
        return self.scale if self.integrated else self.scale / (self.q2_max - self.q2_min)


def bin_name(decay: str, q2_min: float, q2_max: float) -> str:
    """Decay and bin in one word."""
    return f"{decay}_{q2_min:g}_{q2_max:g}"


class Replacement(Record):
    """What a data set changes in a row."""

    value: Number
    grade: Grade
    note: Text


class DataSet(Record):
    """A named data set of measurements.toml: all rows, with some values replaced."""

    title: Text
    cite: Keys
    theory_errors: TheoryErrors = "table"
    replace: dict[str, Replacement] = Field(default_factory=dict)


class Common(Record):
    """An error that rows of measurements.toml have in common, which its analysis took for independent."""

    of: Annotated[str, Field(pattern=r"^systematic [1-9]$")]
    rows: Annotated[list[Text], Field(min_length=2)]
    grade: Grade
    note: Text


class File(Record):
    """The tables of measurements.toml; their entries are checked one by one, so that a fault names its row."""

    sets: Annotated[dict[str, dict[str, object]], Field(min_length=1)]
    common: list[dict[str, object]] = Field(default_factory=list)
    row: Annotated[list[dict[str, object]], Field(min_length=1)]


class Overlap(Record):
    """A publication whose rows of the same decay hold some of the same data."""

    arxiv: Text
    why: Text


class Correlation(Record):
    """Correlations of the total errors of a group or of its k-th systematic ones; common to all rows without matrix.

    triangles : instead of a matrix of all rows, those of consecutive rows, each its upper triangle line by line.
    """

    of: Annotated[str, Field(pattern=r"^(total|systematic [1-9])$")]
    matrix: list[list[Number]] | None = None
    triangles: list[list[list[Number]]] | None = None

    @property
    def source(self) -> int:
        """0 for the total errors, k for the k-th systematic ones."""
        return 0 if self.of == "total" else int(self.of.split()[1])


class Normalisation(Record):
    """The branching fraction with which a publication made its rows, and the one of today."""

    quantity: Text
    used: Positive
    used_error: Positive
    value: Positive
    error: Positive
    cite: Keys
    source: Text


class Group(Record):
    """The rows of one analysis. What stands for all rows may stand in a row instead.

    independent : whether other rows may have overlapping bins of the same decay, as `overlaps` says which may not.
    """

    name: Text
    title: Text
    decay: Text | None = None
    observable: Text | None = None
    lepton: Lepton
    quantity: Text | None = None
    over: Text | None = None
    integrated: bool
    unit: Text
    factor: Positive
    suffix: str = ""
    cite: Keys
    arxiv: Text
    grade: Grade
    source: Text
    note: str
    overlaps: list[Overlap] = Field(default_factory=list)
    independent: bool = True
    correlation: Correlation | None = None
    normalisation: Normalisation | None = None
    rows: Annotated[list[dict[str, object]], Field(min_length=1)]


class GroupFile(Record):
    """A file measurements_<set>.toml."""

    title: Text
    theory_errors: TheoryErrors
    group: Annotated[list[dict[str, object]], Field(min_length=1)]


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
