"""The measured b -> s l l rows and their experimental errors (file measurements.toml)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field

from zdscan.errors import UserError, no_such
from zdscan.inputs.files import Grade, NonNegative, Number, Positive, Record, Text, parse_toml, read_data, validate

FILE = "measurements.toml"

Array = NDArray[np.float64]
PlusMinus = Annotated[list[NonNegative], Field(min_length=2, max_length=2)]
Keys = Annotated[list[Text], Field(min_length=1)]


class Row(Record):
    """One measured bin, as published; numbers in units of `factor` (see measurements.toml)."""

    id: Text
    decay: Text
    observable: Text
    lepton: Literal["e", "mu"]
    q2_min: NonNegative
    q2_max: Positive
    integrated: bool
    unit: Text
    factor: Positive
    value: Number
    stat: PlusMinus
    syst: Annotated[list[PlusMinus], Field(min_length=1)]
    sm: Number
    sm_error: Positive
    cite: Keys
    arxiv: Text
    grade: Grade
    note: str


class Replacement(Record):
    """What a data set changes in a row."""

    value: Number
    grade: Grade
    note: Text


class DataSet(Record):
    """A named data set: all rows, with some values replaced."""

    title: Text
    cite: Keys
    replace: dict[str, Replacement] = Field(default_factory=dict)


class File(Record):
    """The two tables of the file; their entries are checked one by one, so that a fault names its row."""

    sets: Annotated[dict[str, dict[str, object]], Field(min_length=1)]
    row: Annotated[list[dict[str, object]], Field(min_length=1)]


@dataclass(frozen=True)
class MeasurementSet:
    """The rows of one data set as arrays, in the order of the file.

    All numbers of a row are in its own unit: prediction = number * ``factors`` (GeV^-2 or 1).

    Attributes
    ----------
    name : of the data set.
    ids : "<decay>_<q2_min>_<q2_max>".
    decays, observables, leptons, units : str[n]; leptons are "e" or "mu".
    q2_min, q2_max : float64[n], GeV^2.
    integrated : bool[n], True for the branching fraction of the bin, False for that over the bin width.
    factors : float64[n], e.g. 1e-8.
    values, stat_plus, stat_minus : float64[n]; errors are magnitudes.
    syst : (plus, minus) float64[n] for each systematic source, 0 where a row has fewer.
    sm_table, sm_table_error : float64[n], the standard-model column of Table 1 of arXiv:2412.11438.
    citations : keys of references.bib for each row.
    rows : the entries themselves, with arXiv number, grade and note.
    """

    name: str
    ids: tuple[str, ...]
    decays: tuple[str, ...]
    observables: tuple[str, ...]
    leptons: tuple[str, ...]
    units: tuple[str, ...]
    q2_min: Array
    q2_max: Array
    integrated: NDArray[np.bool_]
    factors: Array
    values: Array
    stat_plus: Array
    stat_minus: Array
    syst: tuple[tuple[Array, Array], ...]
    sm_table: Array
    sm_table_error: Array
    citations: tuple[tuple[str, ...], ...]
    rows: tuple[Row, ...]

    @property
    def muon(self) -> NDArray[np.bool_]:
        """bool[n]: the rows with muons in the final state."""
        return np.array([lepton == "mu" for lepton in self.leptons])

    def sigma(self, errors: str, sm: ArrayLike) -> Array:
        """Experimental standard deviation of each row, one number per row so that chi2 stays quadratic.

        Parameters
        ----------
        errors : "symmetrised": each source averaged over + and -, all sources added in quadrature;
            "facing": as published, the side that looks at the standard model, all sources in quadrature;
            "stat-facing": the statistical error alone, the side that looks at the standard model.
        sm : float64[n], standard-model predictions in the units of the rows; fixes the side once for a scan.

        Returns
        -------
        float64[n] in the units of the rows.
        """
        side = np.asarray(sm, dtype=np.float64)
        if side.shape != self.values.shape:
            raise ValueError(f"sm has the shape {side.shape}, the data set {self.values.shape}")
        if errors not in ERROR_TREATMENTS:
            raise UserError(f"There is {no_such('error treatment', errors, ERROR_TREATMENTS)}.")
        return ERROR_TREATMENTS[errors](self, side >= self.values)


def _symmetrised(data: MeasurementSet, above: NDArray[np.bool_]) -> Array:
    sources = ((data.stat_plus, data.stat_minus), *data.syst)
    return _quadrature(*((plus + minus) / 2.0 for plus, minus in sources))


def _facing(data: MeasurementSet, above: NDArray[np.bool_]) -> Array:
    sources = ((data.stat_plus, data.stat_minus), *data.syst)
    return _quadrature(*(np.where(above, plus, minus) for plus, minus in sources))


def _stat_facing(data: MeasurementSet, above: NDArray[np.bool_]) -> Array:
    return np.where(above, data.stat_plus, data.stat_minus)


def _quadrature(*sources: Array) -> Array:
    total: Array = np.sqrt(np.sum(np.square(sources), axis=0))
    return total


ERROR_TREATMENTS: Mapping[str, Callable[[MeasurementSet, NDArray[np.bool_]], Array]] = {
    "symmetrised": _symmetrised,
    "facing": _facing,
    "stat-facing": _stat_facing,
}


def parse(text: str, name: str, source: str = FILE) -> MeasurementSet:
    """Read data set `name` from TOML text.

    Raises
    ------
    UserError
        The name is unknown, or the file is damaged: the sentence names `source` and the row.
    """
    file = validate(File, parse_toml(text, source), source, "file")
    sets = {key: validate(DataSet, entry, source, f"data set {key}") for key, entry in file.sets.items()}
    rows = [
        validate(Row, entry, source, f"row {number} ({entry.get('id', 'no id')})")
        for number, entry in enumerate(file.row, start=1)
    ]
    ids = [row.id for row in rows]
    for number, row in enumerate(rows, start=1):
        if row.id != f"{row.decay}_{row.q2_min:g}_{row.q2_max:g}" or row.q2_min >= row.q2_max:
            raise UserError(f"{source}, row {number} ({row.id}): the id does not match decay, q2_min and q2_max.")
        if ids.count(row.id) > 1:
            raise UserError(f"{source}, row {number} ({row.id}): the id is given twice.")
    if name not in sets:
        raise UserError(f"There is {no_such('data set', name, sets)}.")
    for unknown in set(sets[name].replace) - set(ids):
        raise UserError(f"{source}, data set {name}: replaces {unknown}, which is not the id of a row.")
    chosen = [
        row.model_copy(update=sets[name].replace[row.id].model_dump()) if row.id in sets[name].replace else row
        for row in rows
    ]
    return _assemble(name, tuple(chosen))


def _assemble(name: str, rows: tuple[Row, ...]) -> MeasurementSet:
    def column(get: Callable[[Row], float]) -> Array:
        return np.array([get(row) for row in rows], dtype=np.float64)

    def systematic(source: int, side: int) -> Array:
        return column(lambda row: row.syst[source][side] if source < len(row.syst) else 0.0)

    return MeasurementSet(
        name=name,
        ids=tuple(row.id for row in rows),
        decays=tuple(row.decay for row in rows),
        observables=tuple(row.observable for row in rows),
        leptons=tuple(row.lepton for row in rows),
        units=tuple(row.unit for row in rows),
        q2_min=column(lambda row: row.q2_min),
        q2_max=column(lambda row: row.q2_max),
        integrated=np.array([row.integrated for row in rows]),
        factors=column(lambda row: row.factor),
        values=column(lambda row: row.value),
        stat_plus=column(lambda row: row.stat[0]),
        stat_minus=column(lambda row: row.stat[1]),
        syst=tuple((systematic(k, 0), systematic(k, 1)) for k in range(max(len(row.syst) for row in rows))),
        sm_table=column(lambda row: row.sm),
        sm_table_error=column(lambda row: row.sm_error),
        citations=tuple(tuple(row.cite) for row in rows),
        rows=rows,
    )


@cache
def load(name: str = "rashed2024-corrected") -> MeasurementSet:
    """A data set by name; the arrays are shared, so do not write to them."""
    return parse(read_data(FILE).decode(), name)


def available() -> tuple[str, ...]:
    """Names of the data sets."""
    return tuple(validate(File, parse_toml(read_data(FILE).decode(), FILE), FILE, "file").sets)
