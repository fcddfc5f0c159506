"""Numbers against the mass of the vector: limits, intervals, responses, the hadronic R ratio; one file each.

A file has columns (the mass, or the two edges of a bin, then the numbers), a rule by which they are interpolated, and
one or more segments of rows with citations and grade. There are no numbers between the segments. The files are
``constraint_<name>.toml``, which are a constraint and say of which decay (zdscan/physics/limit_curve.py),
``search_<name>.toml``, which are a search for another vector and say how it is recast (zdscan/physics/search.py), and
``table_<name>.toml``, which are read by whatever needs them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from itertools import pairwise
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from zdscan.errors import UserError
from zdscan.inputs.files import Grade, Number, Place, Record, Text, load_named, names_of, parse_toml, validate
from zdscan.inputs.spline import Spline

KINDS = ("constraint", "search", "table")  # a file is called <kind>_<name>.toml
INTERVAL = ("central", "low", "high")  # columns of a best value and its 68% interval
REGION = ("lower", "upper")  # columns of the edges of an excluded interval
Array = NDArray[np.float64]
Sign = Literal["positive", "not negative", "any"]
_WORDS: Mapping[Sign, str] = {"positive": "positive", "not negative": "0 or more"}
_EDGE = 1e-12  # relative: a mass grid made with logarithms may miss the end of a table by rounding


@dataclass(frozen=True)
class Segment:
    """A stretch of masses without a gap, and where its numbers come from.

    Attributes
    ----------
    columns : by name; the first is mass (GeV, ascending), or the first two mass_low and mass_high.
    title, citations, source, grade, note : of the publication; citations are keys of references.bib.
    """

    columns: Mapping[str, Array]
    title: str
    citations: tuple[str, ...]
    source: str
    grade: str
    note: str

    @cached_property
    def log_mass(self) -> Array:
        """The natural logarithm of the masses."""
        logarithm: Array = np.log(self.columns["mass"])
        return logarithm

    @cached_property
    def logs(self) -> dict[str, Array]:
        """The decadic logarithm of the columns that were asked for."""
        return {}

    @cached_property
    def splines(self) -> dict[str, Spline]:
        """The splines through the logarithms of the columns that were asked for."""
        return {}


@dataclass(frozen=True)
class Rule:
    """How a number is found between the rows of a segment.

    Attributes
    ----------
    keys : the first columns: the mass, or the edges of a bin.
    at : (segment, column, mass) -> the number, for a mass in the range of the segment.
    logarithms : whether numbers must be positive to have one.
    rounding : relative distance by which a mass may miss the ends of a segment.
    constant_above : whether the last number holds for every larger mass.
    """

    keys: tuple[str, ...]
    at: Callable[[Segment, str, float], float]
    logarithms: bool = False
    rounding: float = 0.0
    constant_above: bool = False


def _linear(segment: Segment, column: str, mass: float) -> float:
    return float(np.interp(mass, segment.columns["mass"], segment.columns[column]))


def _log_linear(segment: Segment, column: str, mass: float) -> float:
    if column not in segment.logs:
        segment.logs[column] = np.log10(segment.columns[column])
    return float(10.0 ** np.interp(mass, segment.columns["mass"], segment.logs[column]))


def _log_log(segment: Segment, column: str, mass: float) -> float:
    if column not in segment.logs:
        segment.logs[column] = np.log10(segment.columns[column])
    return float(10.0 ** np.interp(math.log(mass), segment.log_mass, segment.logs[column]))


def _linear_in_log_mass(segment: Segment, column: str, mass: float) -> float:
    return float(np.interp(math.log(mass), segment.log_mass, segment.columns[column]))


def _plain_spline(segment: Segment, column: str, mass: float) -> float:
    if column not in segment.splines:
        segment.splines[column] = Spline(segment.log_mass, segment.columns[column])
    return float(segment.splines[column](math.log(mass)))


def _spline(segment: Segment, column: str, mass: float) -> float:
    if column not in segment.splines:
        segment.splines[column] = Spline(segment.log_mass, np.log(segment.columns[column]))
    return math.exp(segment.splines[column](math.log(mass)))


def _bin(segment: Segment, column: str, mass: float) -> float:
    """The number of the bin that holds the mass; at the common edge of two bins the lower one counts."""
    inside = (segment.columns["mass_low"] <= mass) & (mass <= segment.columns["mass_high"])
    return float(segment.columns[column][np.argmax(inside)]) if inside.any() else math.nan


RULES: Mapping[str, Rule] = {
    "value linear in mass": Rule(("mass",), _linear),
    "log10(value) linear in mass": Rule(("mass",), _log_linear, logarithms=True),
    "value linear in ln(mass), constant above the last mass": Rule(
        ("mass",), _linear_in_log_mass, logarithms=True, rounding=_EDGE, constant_above=True
    ),
    "log10(value) linear in log10(mass)": Rule(("mass",), _log_log, logarithms=True),
    "value cubic spline in ln(mass)": Rule(("mass",), _plain_spline, rounding=_EDGE),
    "ln(value) cubic spline in ln(mass)": Rule(("mass",), _spline, logarithms=True, rounding=_EDGE),
    "constant in every bin": Rule(("mass_low", "mass_high"), _bin),
}


@dataclass(frozen=True)
class Numbers:
    """The numbers of one file.

    Attributes
    ----------
    name : of the file, without its kind.
    title, quantity, unit : what the numbers are.
    interpolation : a key of `RULES`.
    segments : in ascending mass, not overlapping; there are no numbers between them.
    cl : confidence level of a limit, e.g. 0.90; None for other numbers.
    constraint, search : the tables [constraint] and [search] of the file, None if it has none.
    """

    name: str
    title: str
    quantity: str
    unit: str
    interpolation: str
    segments: tuple[Segment, ...]
    cl: float | None = None
    constraint: Mapping[str, object] | None = None
    search: Mapping[str, object] | None = None

    @property
    def citations(self) -> tuple[str, ...]:
        """Keys of references.bib of all segments, in order, each once."""
        return tuple(dict.fromkeys(key for segment in self.segments for key in segment.citations))

    @property
    def grade(self) -> str:
        """The worst grade among the segments."""
        return max(segment.grade for segment in self.segments)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the numbers, without the mass."""
        return tuple(self.segments[0].columns)[len(self._rule.keys) :]

    @cached_property
    def ranges(self) -> tuple[tuple[float, float], ...]:
        """The mass ranges (GeV, ends included) that have numbers, up to the last row."""
        return tuple(found for segment in self.segments for found in _ranges(segment, self._rule))

    @cached_property
    def _rule(self) -> Rule:
        return RULES[self.interpolation]

    @cached_property
    def _ends(self) -> list[tuple[float, float, Segment]]:
        """Least and largest mass of each segment, with the room of the rule."""
        rule = self._rule
        found = [(float(s.columns[rule.keys[0]][0]), float(s.columns[rule.keys[-1]][-1]), s) for s in self.segments]
        found = [(a * (1.0 - rule.rounding), b * (1.0 + rule.rounding), s) for a, b, s in found]
        if rule.constant_above:
            found[-1] = (found[-1][0], math.inf, found[-1][2])
        return found

    def segment_at(self, mass: float) -> Segment | None:
        """The segment that holds `mass` (GeV), None in a gap."""
        for least, most, segment in self._ends:
            if least <= mass <= most:
                return segment
        return None

    def at(self, column: str, mass: float) -> float:
        """The number in `column` at `mass` (GeV), by the rule; NaN where there is none."""
        segment = self.segment_at(mass)
        return math.nan if segment is None else self._rule.at(segment, column, mass)

    def with_limit(self, deviations: float) -> Numbers:
        """These numbers with a column "limit" = central + deviations x (high - central), of a 68% interval."""

        def added(segment: Segment) -> Segment:
            central, high = segment.columns["central"], segment.columns["high"]
            return replace(segment, columns={**segment.columns, "limit": central + deviations * (high - central)})

        return replace(self, segments=tuple(added(segment) for segment in self.segments))


def _ranges(segment: Segment, rule: Rule) -> Iterator[tuple[float, float]]:
    """The ranges of a segment: one, or for bins those that touch taken together."""
    low, high = segment.columns[rule.keys[0]], segment.columns[rule.keys[-1]]
    if rule.keys == ("mass",):
        yield float(low[0]), float(high[-1])
        return
    starts = np.flatnonzero(np.append(True, low[1:] > high[:-1]))
    ends = np.append(starts[1:], len(low)) - 1
    yield from ((float(low[i]), float(high[j])) for i, j in zip(starts, ends, strict=True))


class SegmentEntry(Record):
    """A segment as it stands in a file."""

    title: Text
    cite: Annotated[list[Text], Field(min_length=1)]
    source: Text
    grade: Grade
    note: str
    rows: Annotated[list[list[Number]], Field(min_length=2)]


class FileEntry(Record):
    """A file as it stands; `values` is the sign that its numbers may have."""

    title: Text
    quantity: Text
    unit: Text
    cl: Annotated[float, Field(gt=0, lt=1)] | None = None
    interpolation: Text
    columns: Annotated[list[Text], Field(min_length=2)]
    values: Sign = "positive"
    constraint: dict[str, object] | None = None
    search: dict[str, object] | None = None
    segment: Annotated[list[SegmentEntry], Field(min_length=1)]


def parse(text: str, source: str | Place) -> Numbers:
    """Read numbers against the mass from TOML text; a `source` that is a `Place` has lines.

    Raises
    ------
    UserError
        The text is damaged; the sentence names `source`, the segment and the row.
    """
    return from_document(parse_toml(text, source if isinstance(source, str) else source.source), source)


def from_document(document: Mapping[str, object], source: str | Place) -> Numbers:
    """As `parse`, from what a file says."""
    place = Place(source) if isinstance(source, str) else source
    source = place.source
    entry = validate(FileEntry, document, place, "file")
    rule = RULES.get(entry.interpolation)
    if rule is None:
        known = "; ".join(RULES)
        raise UserError(
            f"{place.at('interpolation')}: there is no interpolation {entry.interpolation!r}; the rules are: {known}."
        )
    if tuple(entry.columns[: len(rule.keys)]) != rule.keys or len(set(entry.columns)) != len(entry.columns):
        raise UserError(f"{place.at('columns')}: the columns must differ and begin with {', '.join(rule.keys)}.")
    if len(entry.columns) == len(rule.keys):
        raise UserError(f"{place.at('columns')}: there is no column of numbers beside {', '.join(rule.keys)}.")
    if rule.logarithms and entry.values != "positive":
        raise UserError(f"{source}: the rule {entry.interpolation!r} needs positive values.")
    segments = tuple(
        _segment(part, entry, rule, place.at("segment", number, words=f"segment {number + 1}"))
        for number, part in enumerate(entry.segment)
    )
    for number, (first, second) in enumerate(pairwise(segments), start=1):
        if second.columns[rule.keys[0]][0] <= first.columns[rule.keys[-1]][-1]:
            raise UserError(
                f"{place.at('segment', number)}: the segments {first.title!r} and {second.title!r} overlap or are out "
                "of order."
            )
    return Numbers(
        name=source.removesuffix(".toml").partition("_")[2],
        title=entry.title,
        quantity=entry.quantity,
        unit=entry.unit,
        interpolation=entry.interpolation,
        segments=segments,
        cl=entry.cl,
        constraint=entry.constraint,
        search=entry.search,
    )


def _segment(part: SegmentEntry, entry: FileEntry, rule: Rule, where: Place) -> Segment:
    """One segment, its rows checked; `where` names it in a sentence."""
    for number, row in enumerate(part.rows):
        if len(row) != len(entry.columns):
            raise UserError(f"{_in_row(where, number)}: {len(row)} numbers where {len(entry.columns)} are due.")
        for column, value in zip(entry.columns, row, strict=True):
            sign: Sign = "not negative" if column in rule.keys and entry.values == "any" else entry.values
            if (value < 0.0 and sign != "any") or (value == 0.0 and sign == "positive"):
                raise UserError(f"{_in_row(where, number)}: {column} is {value:g} and must be {_WORDS[sign]}.")
    columns = dict(zip(entry.columns, np.array(part.rows, dtype=np.float64).T, strict=True))
    low, high = columns[rule.keys[0]], columns[rule.keys[-1]]
    bins = len(rule.keys) == 2
    _refuse(low[1:] < high[:-1] if bins else np.diff(low) <= 0, where, "the mass does not ascend", 1)
    if bins:
        _refuse(high <= low, where, "the bin ends before it begins", 0)
    if set(INTERVAL) <= columns.keys():
        outside = (columns["low"] > columns["central"]) | (columns["central"] > columns["high"])
        _refuse(outside, where, "the central value is outside its interval", 0)
    if set(REGION) <= columns.keys():
        wrong = columns["lower"] >= columns["upper"]
        hint = ": are the two swapped? The lower one comes first" if wrong.all() else ""
        _refuse(wrong, where, f"the lower edge is not below the upper one{hint}", 0)
    return Segment(columns, part.title, tuple(part.cite), part.source, part.grade, part.note)


def _in_row(where: Place, number: int) -> Place:
    """The row with this number, from 0, of a segment."""
    return where.at("rows", number, words=f"row {number + 1}")


def _refuse(faults: NDArray[np.bool_], where: Place, what: str, first_row: int) -> None:
    """Raise a sentence about the first of some faulty rows, the first of which has the number `first_row`, from 0."""
    if faults.any():
        raise UserError(f"{_in_row(where, int(np.argmax(faults)) + first_row)}: {what}.")


def available(*kinds: str) -> tuple[str, ...]:
    """Names of the files of some kinds, without arguments of all `KINDS`; reads file names only."""
    return tuple(sorted(name for kind in kinds or KINDS for name in names_of(kind)))


@cache
def load(name: str) -> Numbers:
    """The numbers of a file by name, e.g. "k_pi_x"; raises `UserError` if there is none or it is damaged."""
    return load_named(KINDS, "file of numbers against the mass", name, parse)
