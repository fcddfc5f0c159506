"""The measured b -> s l l rows with their experimental errors, chosen by the names of data sets and row groups."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import combinations, product
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from zdscan.errors import UserError, describe, listed, nearest, no_such
from zdscan.inputs import own_measurements
from zdscan.inputs.files import is_file, names_of, read_data, read_own
from zdscan.inputs.measurement_files import FILE, KIND, RowGroup, chosen, parse_groups, parse_table
from zdscan.inputs.measurement_records import Array, Row, bin_name
from zdscan.inputs.quantities import MASSLESS_ABOVE, RATIO, READINGS

DEFAULT = "rashed2024-corrected"
AUTOMATIC = "auto"  # correlations as the data sets mean them
OF_MIXED_SETS = "flavio-covariance"  # theory errors where the sets that are chosen differ in what they mean


@dataclass(frozen=True)
class MeasurementSet:
    """The rows of data sets and row groups as arrays, in the order in which these are named.

    All numbers of a row are in its own unit: prediction = number * ``factors`` (GeV^-2 or 1).

    Attributes
    ----------
    name : of the data set; names with " + " between them.
    ids : "<decay>_<q2_min>_<q2_max>", with "_<suffix>" where another row has the same bin.
    decays, observables, leptons, units : str[n]; leptons are "e" or "mu".
    q2_min, q2_max : float64[n], GeV^2.
    integrated : bool[n], True for the branching fraction of the bin, False for that over the bin width.
    factors : float64[n], e.g. 1e-8.
    values, stat_plus, stat_minus : float64[n]; errors are magnitudes.
    syst : (plus, minus) float64[n] for each systematic source, 0 where a row has fewer.
    correlated : (source, rows, matrix): correlations of the total errors (source 0) or of the k-th systematic ones
        among some rows; all others are 0.
    common : (source, rows), what is known of more of them, which the analysis that made the data set left out.
    sm_table, sm_table_error : float64[n], the standard-model column of Table 1 of arXiv:2412.11438; NaN for other rows.
    theory_errors : the treatment of theory errors that is meant where none is asked for.
    citations : keys of references.bib for each row.
    rows : the entries themselves, with arXiv number, grade and note.
    files : texts of the user's files among the data sets, by name.
    replaced : the rows in which the user has replaced numbers.
    references : BibTeX entries of citations that references.bib lacks, by key.
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
    correlated: tuple[tuple[int, NDArray[np.int64], Array], ...]
    common: tuple[tuple[int, NDArray[np.int64]], ...]
    sm_table: Array
    sm_table_error: Array
    theory_errors: str
    citations: tuple[tuple[str, ...], ...]
    rows: tuple[Row, ...]
    files: Mapping[str, str] = field(default_factory=dict)
    replaced: tuple[str, ...] = ()
    references: Mapping[str, str] = field(default_factory=dict)

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
        sources = self._sources(errors, sm)
        return sources[0] if len(sources) == 1 else np.sqrt(np.sum(np.square(sources), axis=0))

    def covariance(self, errors: str, sm: ArrayLike, correlated: str = AUTOMATIC) -> Array:
        """Experimental covariance of the rows: `sigma` squared, and what is known to be correlated; float64[n, n].

        correlated : "auto", the correlations that the data sets mean; "true", with `common`; "false", none.

        A correlation of total errors is left out where the statistical ones alone are asked for, unless a row has no
        others: then its first error is the total one.
        """
        sources, sigma = self._sources(errors, sm), self.sigma(errors, sm)
        total = np.diag(sigma**2)
        for source, rows, matrix in self.correlations(correlated):
            if source < len(sources) and (source or len(sources) > 1 or not any(self.rows[r].syst for r in rows)):
                sizes = (sources[source] if source else sigma)[rows]
                total[np.ix_(rows, rows)] += np.outer(sizes, sizes) * (matrix - np.eye(len(rows)))
        return total

    def correlations(self, correlated: str = AUTOMATIC) -> tuple[tuple[int, NDArray[np.int64], Array], ...]:
        """What `covariance` takes to be correlated, in the form of `correlated`."""
        if correlated == "false":
            return ()
        common = tuple((source, rows, np.ones((len(rows), len(rows)))) for source, rows in self.common)
        return self.correlated if correlated == AUTOMATIC else self.correlated + common

    def _sources(self, errors: str, sm: ArrayLike) -> tuple[Array, ...]:
        """The errors that are added in quadrature, one array a source."""
        side = np.asarray(sm, dtype=np.float64)
        if side.shape != self.values.shape:
            raise ValueError(f"sm has the shape {side.shape}, the data set {self.values.shape}")
        if errors not in ERROR_TREATMENTS:
            raise UserError(f"There is {no_such('error treatment', errors, ERROR_TREATMENTS)}.")
        return ERROR_TREATMENTS[errors](self, side >= self.values)


def _symmetrised(data: MeasurementSet, above: NDArray[np.bool_]) -> tuple[Array, ...]:
    sources = ((data.stat_plus, data.stat_minus), *data.syst)
    return tuple((plus + minus) / 2.0 for plus, minus in sources)


def _facing(data: MeasurementSet, above: NDArray[np.bool_]) -> tuple[Array, ...]:
    sources = ((data.stat_plus, data.stat_minus), *data.syst)
    return tuple(np.where(above, plus, minus) for plus, minus in sources)


def _stat_facing(data: MeasurementSet, above: NDArray[np.bool_]) -> tuple[Array, ...]:
    return (np.where(above, data.stat_plus, data.stat_minus),)


ERROR_TREATMENTS: Mapping[str, Callable[[MeasurementSet, NDArray[np.bool_]], tuple[Array, ...]]] = {
    "symmetrised": _symmetrised,
    "facing": _facing,
    "stat-facing": _stat_facing,
}


def parse(text: str, name: str, source: str = FILE) -> MeasurementSet:
    """Read data set `name` from the text of a file like measurements.toml.

    Raises
    ------
    UserError
        The name is unknown, or the file is damaged: the sentence names `source` and the row.
    """
    return _assemble(name, (chosen(parse_table(text, source), name),))


def _assemble(name: str, groups: Sequence[RowGroup]) -> MeasurementSet:
    rows = tuple(row for group in groups for row in group.rows)
    first, correlated, shared = 0, [], []
    for group in groups:
        mine = np.arange(first, first + len(group.rows))
        correlated += [(source, mine, matrix) for source, matrix in group.correlations.items()]
        shared += [(source, mine[list(places)]) for source, places in group.common]
        first += len(group.rows)
    treatments = {group.theory_errors for group in groups}

    def column(get: Callable[[Row], float]) -> Array:
        return np.array([get(row) for row in rows], dtype=np.float64)

    def systematic(source: int, side: int) -> Array:
        return column(lambda row: row.syst[source][side] if source < len(row.syst) else 0.0)

    def printed(number: float | None) -> float:
        return np.nan if number is None else number

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
        correlated=tuple(correlated),
        common=tuple(shared),
        sm_table=column(lambda row: printed(row.sm)),
        sm_table_error=column(lambda row: printed(row.sm_error)),
        theory_errors=treatments.pop() if len(treatments) == 1 else OF_MIXED_SETS,
        citations=tuple(tuple(row.cite) for row in rows),
        rows=rows,
    )


def load(
    names: str | tuple[str, ...] = DEFAULT, files: Mapping[str, str] | None = None, replace: str | None = None
) -> MeasurementSet:
    """The rows of data sets and row groups by name; the arrays are shared, so do not write to them.

    Parameters
    ----------
    names : of data sets, of row groups, and of the user's own files.
    files : texts of these files by name; None: they are read.
    replace : other numbers of single rows, as `zdscan.inputs.own_measurements.kept` makes a text of them.

    Raises
    ------
    UserError
        A name is unknown, the same data stand behind two of them, or something of the user's is wrong.
    """
    wanted = (names,) if isinstance(names, str) else names
    known = _known()
    for name in wanted:
        if name not in known and not is_file(name):
            raise UserError(f"There is {no_such('data set', name, known)}.")
    if found := fault(wanted):
        raise UserError(f"The choice of measurements {found}.")
    own = tuple((name, read_own(Path(name)) if files is None else files[name]) for name in wanted if is_file(name))
    if faults := own_faults(wanted, dict(own), replace):
        raise UserError(*(f"{setting} {text}." for setting, text in faults))
    return _load(wanted, own, replace)


@cache
def _load(wanted: tuple[str, ...], own: tuple[tuple[str, str], ...], replace: str | None) -> MeasurementSet:
    known, texts = _known(), dict(own)
    entries: dict[str, str] = {}
    groups: list[RowGroup] = []
    for name in wanted:
        if name in texts:
            rows = own_measurements.read(name, texts[name])
            entries |= rows.references
            groups += rows.groups
        else:
            groups += known[name]
    others = own_measurements.replacements(replace) if replace else {}
    made, more = own_measurements.replaced(groups, others)
    plain = _assemble(" + ".join(wanted), made)
    return dataclasses.replace(plain, files=texts, replaced=tuple(others), references={**entries, **more})


def own_faults(names: str | Sequence[str], files: Mapping[str, str], replace: str | None) -> list[tuple[str, str]]:
    """What is wrong with the user's own files and replacements: (setting, predicate); the names are known.

    Parameters
    ----------
    files, replace : as for `load`.
    """
    wanted, known = (names,) if isinstance(names, str) else tuple(names), dict(_known())
    faults: list[tuple[str, str]] = []
    for name in wanted:
        if name not in files:
            continue
        try:
            known[name] = own_measurements.read(name, files[name]).groups
        except UserError as error:
            faults += [("measurements", f"cannot be used: {message.removesuffix('.')}") for message in error.messages]
    for first, second in combinations(wanted, 2):
        of_user = (first in files or second in files) and first in known and second in known
        if of_user and (shared := own_measurements.shared(known[first], known[second])):
            faults.append(("measurements", f"cannot have both {first!r} and {second!r}: {shared}"))
    if replace and not faults:
        try:
            groups = [group for name in wanted for group in known[name]]
            own_measurements.replaced(groups, own_measurements.replacements(replace))
        except UserError as error:
            faults += [("replace", message) for message in error.messages]
    return faults


def available() -> tuple[str, ...]:
    """Names of the data sets."""
    return tuple(_sets())


def row_groups() -> Mapping[str, RowGroup]:
    """The row groups of all data sets by name."""
    return {group.name: group for groups in _sets().values() for group in groups}


def every_row() -> tuple[Row, ...]:
    """The rates of all data sets, those of measurements.toml first and once: its data sets differ in values alone."""
    return (*load().rows, *(row for row in _of_files() if row.quantity is None))


def every_quotient() -> tuple[Row, ...]:
    """The rows of all data sets that are quotients of rates, with what else they may be compared with."""
    rows = [row for row in _of_files() if row.quantity is not None]
    others = [
        row.model_copy(update={"quantity": reading, "id": f"{bin_name(row.decay, row.q2_min, row.q2_max)}_{reading}"})
        for row in rows
        if row.quantity in READINGS and row.q2_min < MASSLESS_ABOVE
        for reading in READINGS
    ]
    known = {row.bin for row in rows}
    return (*rows, *{row.bin: row for row in others if row.bin not in known}.values())


def _of_files() -> Iterator[Row]:
    return (row for name in names_of(KIND) for group in _sets()[name] for row in group.rows)


def fault(names: object) -> str | None:
    """What is wrong with a choice of measurements, as a predicate; None where it can be used.

    Of the user's own files nothing but the name is looked at (`own_faults`).
    """
    sets, known = available(), _known()
    if isinstance(names, str):
        names = (names,)
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        return f"must be one of {listed(sets)}, or a list of data sets and row groups, not {describe(names)}"
    if not names:
        return "is an empty list; name at least one data set or row group"
    for place, name in enumerate(names):
        if name not in known and not is_file(name):
            return f"does not know {name!r}{nearest(name, known)}; allowed: {listed(sets)}, or names of row groups"
        if name in names[:place]:
            return f"repeats {name!r}; name every data set and row group once"
    for first, second in combinations(names, 2):
        if shared := next(_shared(known.get(first, ()), known.get(second, ())), None):
            return f"cannot have both {first!r} and {second!r}: {shared}"
    return None


def theory_errors_fault(names: str | Sequence[str], treatment: str) -> str | None:
    """What is wrong with a treatment of theory errors for a choice of measurements that can be used, as a predicate.

    A user's own file has no printed theory errors.
    """
    wanted, known = (names,) if isinstance(names, str) else names, _known()
    if treatment != "table":
        return None
    without = [
        name
        for name in wanted
        if name not in known or any(row.sm_error is None for group in known[name] for row in group.rows)
    ]
    if not without:
        return None
    printed = [name for name, groups in _sets().items() if all(row.sm_error for group in groups for row in group.rows)]
    return (
        f"cannot be 'table' with the measurements {without[0]!r}, which have no printed theory errors (only those of "
        f"{listed(printed)} have); allowed with them: flavio, flavio-covariance"
    )


@cache
def _sets() -> Mapping[str, tuple[RowGroup, ...]]:
    """The groups of every data set by its name, those of measurements.toml first."""
    table = parse_table(read_data(FILE).decode())
    files = [(name, f"{KIND}_{name}.toml") for name in names_of(KIND)]
    return {name: (group,) for name, group in table.items()} | {
        name: parse_groups(read_data(source).decode(), source) for name, source in files
    }


@cache
def _known() -> Mapping[str, tuple[RowGroup, ...]]:
    """The groups behind every name that may be chosen: that of a data set, or of one of its groups."""
    return dict(_sets()) | {name: (group,) for name, group in row_groups().items()}


def _shared(first: Sequence[RowGroup], second: Sequence[RowGroup]) -> Iterator[str]:
    """What two choices have in common, in words: a group, or rows that hold the same data."""
    for one, other in product(first, second):
        if one.name == other.name:
            yield f"the rows of {one.title} are in both"
        for mine, its in product(one.rows, other.rows):
            if _comparable(mine, its) and max(mine.q2_min, its.q2_min) < min(mine.q2_max, its.q2_max):
                why = one.overlaps.get(its.arxiv) or other.overlaps.get(mine.arxiv)
                if mine.arxiv == its.arxiv:
                    why = "they are of one publication"
                if why is not None:
                    yield f"{mine.id} (arXiv:{mine.arxiv}) and {its.id} (arXiv:{its.arxiv}) hold the same data: {why}"


def _comparable(mine: Row, its: Row) -> bool:
    """Whether two rows could hold the same data: of one decay, and of one kind, or a rate and a ratio of rates.

    The shape of an angular distribution and its rate are different data, whoever measured them.
    """
    kinds = {_kind(mine), _kind(its)}
    if "angular" in kinds and len(kinds) > 1:
        return False
    return bool({mine.decay, mine.over} & {its.decay, its.over} - {None})


def _kind(row: Row) -> str:
    return "rate" if row.quantity is None else "ratio" if row.quantity == RATIO else "angular"
