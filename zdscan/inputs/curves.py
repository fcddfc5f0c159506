"""Limit curves (one for every file ``limits_<name>.toml``) and the hadronic R ratio, against mass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import pairwise
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from zdscan.errors import UserError
from zdscan.inputs.files import (
    Grade,
    NonNegative,
    Number,
    Positive,
    Record,
    Text,
    load_named,
    names_of,
    parse_toml,
    read_data,
    validate,
)

HADRONIC_FILE = "hadronic_R.toml"
HADRONIC_COLUMNS = ("sqrt_s", "rr", "oo", "pp", "ro", "rp", "op")

Array = NDArray[np.float64]
Keys = Annotated[list[Text], Field(min_length=1)]
Point = Annotated[list[Positive], Field(min_length=2, max_length=2)]
LOG_LINEAR = "log10(limit) linear in mass"
LINEAR = "limit linear in mass"


class SegmentEntry(Record):
    """A segment as it stands in the file."""

    title: Text
    cite: Keys
    source: Text
    grade: Grade
    note: str
    points: Annotated[list[Point], Field(min_length=2)]


class CurveEntry(Record):
    """A curve file."""

    name: Text
    title: Text
    quantity: Text
    unit: Text
    cl: Annotated[float, Field(gt=0, lt=1)]
    interpolation: Literal["log10(limit) linear in mass", "limit linear in mass"]
    segment: Annotated[list[SegmentEntry], Field(min_length=1)]


class HadronicEntry(Record):
    """The file of the R ratio."""

    title: Text
    quantity: Text
    unit: Text
    cite: Keys
    source: Text
    grade: Grade
    note: str
    valid: Annotated[list[NonNegative], Field(min_length=2, max_length=2)]
    interpolation: Literal["linear"]
    columns: list[str]
    rows: Annotated[list[list[Number]], Field(min_length=2)]


@dataclass(frozen=True)
class Segment:
    """A stretch of masses without a gap: mass (GeV, ascending) and limit, with where they come from."""

    mass: Array
    limit: Array
    title: str
    citations: tuple[str, ...]
    source: str
    grade: str
    note: str

    @cached_property
    def log_limit(self) -> Array:
        """log10(limit)."""
        return np.log10(self.limit)


@dataclass(frozen=True)
class Curve:
    """An upper limit against mass.

    Attributes
    ----------
    segments : in ascending mass, not overlapping; there is no limit between them.
    quantity, unit : what the limit is on.
    cl : confidence level, e.g. 0.90.
    interpolation : rule between the points, in words.
    """

    name: str
    title: str
    quantity: str
    unit: str
    cl: float
    interpolation: str
    segments: tuple[Segment, ...]

    @property
    def citations(self) -> tuple[str, ...]:
        """Keys of references.bib of all segments, in order, each once."""
        return tuple(dict.fromkeys(key for segment in self.segments for key in segment.citations))

    @property
    def grade(self) -> str:
        """The worst grade among the segments."""
        return max(segment.grade for segment in self.segments)

    @property
    def ranges(self) -> tuple[tuple[float, float], ...]:
        """The mass ranges (GeV, ends included) that have a limit."""
        return tuple((float(segment.mass[0]), float(segment.mass[-1])) for segment in self.segments)

    def segment_at(self, mass: float) -> Segment | None:
        """The segment that holds `mass` (GeV), None in a gap."""
        for segment in self.segments:
            if segment.mass[0] <= mass <= segment.mass[-1]:
                return segment
        return None

    def at(self, mass: float) -> float:
        """The limit at `mass` (GeV); NaN where there is none."""
        segment = self.segment_at(mass)
        if segment is None:
            return float("nan")
        if self.interpolation == LINEAR:
            return float(np.interp(mass, segment.mass, segment.limit))
        return float(10.0 ** np.interp(mass, segment.mass, segment.log_limit))


def parse(text: str, source: str) -> Curve:
    """Read a curve from TOML text; raises `UserError` naming `source` and the segment if it is damaged."""
    entry = validate(CurveEntry, parse_toml(text, source), source, "curve")
    segments = tuple(
        Segment(
            mass=np.array([point[0] for point in part.points]),
            limit=np.array([point[1] for point in part.points]),
            title=part.title,
            citations=tuple(part.cite),
            source=part.source,
            grade=part.grade,
            note=part.note,
        )
        for part in entry.segment
    )
    for number, segment in enumerate(segments, start=1):
        fault = np.flatnonzero(np.diff(segment.mass) <= 0)
        if fault.size:
            raise UserError(f"{source}, segment {number}: the mass does not ascend after point {fault[0] + 1}.")
    for first, second in pairwise(segments):
        if second.mass[0] <= first.mass[-1]:
            raise UserError(f"{source}: the segments {first.title!r} and {second.title!r} overlap or are out of order.")
    return Curve(
        name=entry.name,
        title=entry.title,
        quantity=entry.quantity,
        unit=entry.unit,
        cl=entry.cl,
        interpolation=entry.interpolation,
        segments=segments,
    )


def available() -> tuple[str, ...]:
    """Names of the curves: one for each file limits_<name>.toml."""
    return names_of("limits")


@cache
def load(name: str) -> Curve:
    """A curve by name, e.g. "k_pi_x"; raises `UserError` if there is none or its file is damaged."""
    return load_named("limits", "limit curve", name, parse)


def parse_hadronic(text: str, source: str = HADRONIC_FILE) -> Mapping[str, Array]:
    """Read the R ratio; columns by name (sqrt_s in GeV, total, rr, oo, pp, ro, rp, op)."""
    entry = validate(HadronicEntry, parse_toml(text, source), source, "table")
    wanted = {"total", *HADRONIC_COLUMNS}
    if set(entry.columns) != wanted or len(entry.columns) != len(wanted):
        raise UserError(f"{source}: the columns must be {', '.join(sorted(wanted))}.")
    for number, row in enumerate(entry.rows, start=1):
        if len(row) != len(wanted):
            raise UserError(f"{source}, row {number}: {len(row)} numbers where {len(wanted)} are due.")
    table = dict(zip(entry.columns, np.array(entry.rows, dtype=np.float64).T, strict=True))
    fault = np.flatnonzero(np.diff(table["sqrt_s"]) <= 0)
    if fault.size:
        raise UserError(f"{source}, row {fault[0] + 2}: sqrt_s does not ascend.")
    # The columns and their total are rounded to four digits separately; pi0 gamma (below 1e-3) is in the total alone.
    parts = sum(table[name] for name in HADRONIC_COLUMNS[1:])
    fault = np.flatnonzero(np.abs(parts - table["total"]) > 2e-3 * table["total"] + 1e-4)
    if fault.size:
        raise UserError(f"{source}, row {fault[0] + 1}: the six parts do not add up to the total.")
    return table


@cache
def hadronic_table() -> Array:
    """The R ratio of a light vector by current (Gamma_had = M/(12 pi) sum c_i c_j R_ij).

    Returns
    -------
    float64[n,7]: sqrt_s in GeV, R_rr, R_oo, R_pp, R_ro, R_rp, R_op, to be interpolated linearly in sqrt_s; valid from
    0.28 to 1.99 GeV, zero below. Source: arXiv:2201.01788 and the PDG compilation of R, see docs/model.md.
    """
    table = parse_hadronic(read_data(HADRONIC_FILE).decode())
    return np.ascontiguousarray(np.column_stack([table[name] for name in HADRONIC_COLUMNS]))


def hadronic_citations() -> tuple[str, ...]:
    """Keys of references.bib of the R ratio."""
    entry = validate(
        HadronicEntry, parse_toml(read_data(HADRONIC_FILE).decode(), HADRONIC_FILE), HADRONIC_FILE, "table"
    )
    return tuple(entry.cite)
