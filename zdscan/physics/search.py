"""A search for another vector, recast: what it looked for against what the model at hand would have given it.

The file is ``search_<name>.toml`` in zdscan/inputs/data (:mod:`zdscan.inputs.against_mass`), with one column "limit",
the largest allowed coupling, or the two columns "lower" and "upper", the edges of an excluded region, or a column
"limit_<k>" for each of some windows of proper times. Its table
[search] says how the vector is made, what it decays to, where, and for which vector the numbers hold. The searches of
a constraint stand in searches.toml. docs/constraints-direct.md, docs/extending.md.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Annotated, Any, Literal

from pydantic import Field, PlainValidator
from pydantic_core import PydanticCustomError

from zdscan.errors import UserError, describe, no_such
from zdscan.inputs import against_mass, detectors
from zdscan.inputs.against_mass import REGION, Numbers
from zdscan.inputs.detectors import Where
from zdscan.inputs.files import OWN_WORDS, Place, Positive, Record, Text, parse_toml, read_data, validate
from zdscan.physics import lifetime
from zdscan.physics.clause import UNSAID, Channel, Clause, Constraint, Model
from zdscan.physics.parameters import MASS_RANGE, masses_fault
from zdscan.physics.polynomial import Polynomial
from zdscan.physics.productions import LHCB, PRODUCTIONS, UNMADE, production
from zdscan.physics.reference_models import REFERENCES, Reference, reference
from zdscan.physics.window_of_region import share, start_of_window

KIND = "search"
FILE = "searches.toml"
LHCB_MIXTURE = "lhcb"  # the production that is a table
PIONS_END = 1.0  # GeV; above, the isovector current makes four pions more often than two
FIRST_FORMAT = 2  # no scan file of format 1 means these by "all"
_FINAL_STATES: Mapping[Channel, str] = {
    "invisible": "invisible",
    "ee": "e+ e-",
    "mumu": "mu+ mu-",
    "hadrons": "hadrons",
    "pipi": "pi+ pi-",
}


def _one_or_several(value: object) -> object:
    """How a vector is made: a name, or names with masses."""
    if isinstance(value, str) and value:
        return value
    if not isinstance(value, Mapping) or not value:
        fault = f"must be the name of a production, or a table {{ name = mass in GeV, ... }}, not {describe(value)}"
    elif wrong := [name for name, end in value.items() if not isinstance(end, int | float) or not end > 0]:
        fault = f"has for {wrong[0]!r} no positive mass in GeV"
    else:
        return {str(name): float(end) for name, end in value.items()}
    raise PydanticCustomError(OWN_WORDS, "{fault}", {"fault": fault})


Production = Annotated[Any, PlainValidator(_one_or_several)]


class Proper(Record):
    """Up to which proper time (ps) decays are prompt: least + above_threshold/(M - threshold of the decay), in GeV."""

    least: Positive
    above_threshold: Positive


class Entry(Record):
    """The table [search] of a data file.

    Attributes
    ----------
    production : a key of `zdscan.physics.productions.PRODUCTIONS`, or several, each with the mass (GeV) up to which it
        holds.
    channels : what the vector decays to; their branching ratios are added.
    reference : a key of `zdscan.physics.reference_models.REFERENCES`, the vector whose coupling the numbers are on.
    prompt : the detector (zdscan/inputs/detectors.py) within whose path decays are seen; absent: wherever they are.
    prompt_ps : up to which proper time decays are seen; absent: as `prompt` says.
    escape : the detector behind which a vector that decays visibly is invisible too; absent: nowhere.
    windows_ps : windows of proper times (ps), the search being the largest of what it would be with each of them alone.
    shield_m, decay_m : of a region, what the vector flies through and where its decays are seen then, m.
    beam_GeV : of a region, the energy of the beam, which that of the vectors cannot exceed.
    peak : the search sees vectors up to this width over mass: what looks for a narrow peak. Absent: any.
    criterion : what stands in place of a confidence level.
    likelihood, because, same_data : as `zdscan.physics.clause.Constraint` has them; "normal" would need a measured
        value, which a search has not.
    """

    production: Production
    channels: Annotated[list[Channel], Field(min_length=1)]
    reference: Text
    prompt: Where | None = None
    prompt_ps: Proper | None = None
    escape: Where | None = None
    windows_ps: (
        Annotated[list[Annotated[list[Positive], Field(min_length=2, max_length=2)]], Field(min_length=1)] | None
    ) = None
    shield_m: Positive | None = None
    decay_m: Positive | None = None
    beam_GeV: Positive | None = None
    peak: Positive | None = None
    criterion: Text | None = None
    likelihood: Literal["half-normal", "counting", "none"] = "half-normal"
    because: Text = UNSAID
    same_data: str = ""


@dataclass(frozen=True)
class Search:
    """A search and how it is recast.

    value = P(theta)/P_ref B(theta)/B_ref E(Gamma)/E_ref in units of the squared coupling of the reference, so that it
    is that coupling squared for the reference itself.
    """

    name: str
    numbers: Numbers
    entry: Entry

    @cached_property
    def channels(self) -> tuple[Channel, ...]:
        """What the vector decays to."""
        return tuple(self.entry.channels)

    @cached_property
    def is_region(self) -> bool:
        """Whether the search excludes between two edges."""
        return set(REGION) <= set(self.numbers.columns)

    @property
    def citations(self) -> tuple[str, ...]:
        """Of its numbers, and of what says how the vector is made where that is a table."""
        made = [
            key for name, _ in self.productions if name == LHCB_MIXTURE for key in against_mass.load(LHCB).citations
        ]
        return (*self.numbers.citations, *made)

    @property
    def level(self) -> str:
        """Its confidence level in percent, or what stands in its place."""
        return self.entry.criterion or f"{100.0 * (self.numbers.cl or math.nan):g}%"

    @property
    def slots(self) -> int:
        """How many clauses it has at most."""
        if self.entry.windows_ps is not None:
            return len(self.entry.windows_ps)
        return 1 if self.entry.escape is None else 2

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Those of its numbers that it needs."""
        if self.entry.windows_ps is not None:
            return tuple(f"limit_{k}" for k in range(1, len(self.entry.windows_ps) + 1))
        return REGION if self.is_region else ("limit",)

    @cached_property
    def productions(self) -> tuple[tuple[str, float], ...]:
        """The processes that make the vector, and up to which mass (GeV) each of them counts."""
        given = self.entry.production
        return ((given, math.inf),) if isinstance(given, str) else tuple(given.items())

    def clauses(self, model: Model, mass: float) -> list[Clause]:
        """None where the search has no numbers, or where nothing that makes its vector makes that of the model."""
        limit, made = self.numbers.at(self.columns[0], mass), self._produced(model, mass)
        if made is None or math.isnan(limit) or not any(made.terms.values()):
            return []
        other = reference(self.entry.reference, model, mass)
        rate = made * (1.0 / (other.produced * other.fraction(self.channels)))
        most = math.inf if self.entry.peak is None else self.entry.peak * mass
        clause = Clause(
            polynomial=rate,
            channel=self._channel,
            up=limit * limit,
            max_width=most,
            likelihood=self.entry.likelihood,
            cl=self.level,
        )
        if self.is_region:
            return [self._within_region(clause, other, mass, limit)]
        if self.entry.windows_ps is not None:
            hbar, limits = model.constants["hbar"], [self.numbers.at(column, mass) for column in self.columns]
            ends = [(start / hbar, end / hbar) for start, end in self.entry.windows_ps]
            return [replace(clause, up=k * k, window=window) for k, window in zip(limits, ends, strict=True)]
        if self.entry.prompt_ps is not None:
            return [_seen_within(clause, lifetime.prompt(model, self._proper_time(model, mass)), other, limit)]
        if self.entry.prompt is not None:
            return [_seen_within(clause, lifetime.prompt_path(model, self.entry.prompt, mass), other, limit)]
        if self.entry.escape is not None:
            window = lifetime.escape(model, self.entry.escape, mass)
            return [clause, replace(clause, channel=None, window=window)]
        return [clause]

    def silence(self, model: Model, mass: float) -> str:
        """Why there are no clauses: the mass, the way to make the vector, or its couplings; "" where there are some."""
        if self.clauses(model, mass):
            return ""
        if math.isnan(self.numbers.at(self.columns[0], mass)) or self._process(mass) is None:
            return "no numbers at this mass"
        return UNMADE[self._process(mass) or ""]

    def _process(self, mass: float) -> str | None:
        """The name of what makes the vector at a mass (GeV)."""
        return next((name for name, end in self.productions if mass <= end), None)

    def _produced(self, model: Model, mass: float) -> Polynomial | None:
        """How often the vector is made; None at a mass for which no process is named."""
        name = self._process(mass)
        return None if name is None else production(name, model, mass)

    def _proper_time(self, model: Model, mass: float) -> float:
        """Up to which proper time decays are prompt, ps: long where the decay is hardly possible."""
        assert self.entry.prompt_ps is not None
        ends = {"ee": "m_e", "mumu": "m_mu"}
        threshold = 2.0 * max(model.constants[ends[channel]] for channel in self.channels)
        above = max(mass - threshold, 1e-9)
        return self.entry.prompt_ps.least + self.entry.prompt_ps.above_threshold / above

    @property
    def _channel(self) -> Channel | tuple[Channel, ...]:
        return self.channels[0] if len(self.channels) == 1 else self.channels

    def _within_region(self, clause: Clause, other: Reference, mass: float, lower: float) -> Clause:
        """The clause behind the window of proper times that the two edges imply."""
        length = (self.entry.decay_m or 0.0) / (self.entry.shield_m or 1.0)
        start = start_of_window(lower, self.numbers.at(REGION[1], mass), length, other.width)
        rate = clause.polynomial * (1.0 / share(start, length, lower * lower * other.width))
        return replace(clause, polynomial=rate, window=(start, (1.0 + length) * start))

    @property
    def rule(self) -> str:
        """What is compared, in words."""
        names = ", ".join(name if math.isinf(end) else f"{name} up to {end:g} GeV" for name, end in self.productions)
        decay = " or ".join(_FINAL_STATES[channel] for channel in self.channels)
        where = ""
        if self.is_region and self.entry.criterion is None:
            where = (
                f", decays from {self.entry.shield_m:g} to {(self.entry.shield_m or 0) + (self.entry.decay_m or 0):g} m"
            )
        elif self.entry.windows_ps is not None:
            where = ", decays in windows of proper times"
        elif self.entry.prompt is not None or self.entry.prompt_ps is not None:
            where = ", prompt decays"
        elif self.entry.escape is not None:
            where = ", or decays behind the detector"
        return f"{self.numbers.title}: made by {names}; {decay}{where}"


def _seen_within(clause: Clause, window: lifetime.Window, other: Reference, limit: float) -> Clause:
    """The clause for decays in a window that begins at once, relative to those of the reference at the limit."""
    seen = -math.expm1(-window[1] * limit * limit * other.width)
    return replace(clause, polynomial=clause.polynomial * (1.0 / seen), window=window)


def recast(name: str, numbers: Numbers, source: str | Place) -> Search:
    """The search that some numbers against the mass and their table [search] are.

    Raises
    ------
    UserError
        The table does not fit; the sentences name `source`.
    """
    place = (Place(source) if isinstance(source, str) else source).at("search")
    entry = validate(Entry, dict(numbers.search or {}), place, "table [search]")
    found = Search(name, numbers, entry)
    if faults := _faults(found):
        raise UserError(*(f"{place}: {fault}" for fault in faults))
    return found


def load(name: str) -> Search:
    """The search of the file search_<name>.toml."""
    return recast(name, against_mass.load(name), f"{KIND}_{name}.toml")


def _faults(search: Search) -> list[str]:
    """What does not fit between the table [search], the numbers, the productions and the detectors, in sentences."""
    entry, numbers, faults = search.entry, search.numbers, []
    for name, _ in search.productions:
        if name not in PRODUCTIONS:
            faults.append(f"there is {no_such('production', name, sorted(PRODUCTIONS))}.")
    if entry.reference not in REFERENCES:
        faults.append(f"there is {no_such('reference', entry.reference, list(REFERENCES))}.")
    for detector in filter(None, (entry.prompt, entry.escape)):
        if unknown := detectors.fault(detector):
            faults.append(f"{unknown}.")
    if len(set(entry.channels)) < len(entry.channels) or {"hadrons", "pipi"} <= set(entry.channels):
        faults.append("the channels overlap: each may stand once, and pipi is a part of hadrons.")
    if entry.prompt_ps is not None and (entry.prompt is not None or not {"ee", "mumu"} >= set(entry.channels)):
        faults.append("prompt_ps goes with the channels ee and mumu, and not with prompt.")
    if "pipi" in entry.channels and numbers.ranges[-1][1] > PIONS_END:
        faults.append(f"the channel pipi has numbers up to {PIONS_END:g} GeV alone.")
    if entry.escape is not None and entry.channels != ["invisible"]:
        faults.append('escape goes with channels = ["invisible"] alone.')
    prompt_or_escape = entry.prompt or entry.prompt_ps or entry.escape
    if search.is_region:
        if entry.shield_m is None or entry.decay_m is None:
            faults.append("a region needs the lengths shield_m and decay_m.")
        if prompt_or_escape:
            faults.append("a region has neither prompt nor escape: its edges say where decays are seen.")
    elif missing := [column for column in search.columns if column not in numbers.columns]:
        faults.append(f"the column {', '.join(missing)} is missing, or the columns lower and upper of a region.")
    elif entry.shield_m is not None or entry.decay_m is not None or entry.beam_GeV is not None:
        faults.append("shield_m, decay_m and beam_GeV go with a region alone.")
    if entry.windows_ps is not None and (search.is_region or prompt_or_escape):
        faults.append("windows_ps excludes prompt, escape and the columns lower and upper.")
    if any(start >= end for start, end in entry.windows_ps or ()):
        faults.append("a window of windows_ps ends before it begins.")
    if numbers.cl is None and entry.criterion is None:
        faults.append("the confidence level cl is missing, or the criterion in its place.")
    if outside := masses_fault(numbers.ranges):
        faults.append(outside)
    return faults


class Group(Record):
    """An entry of searches.toml: a constraint and the searches that are its clauses."""

    title: Text
    searches: Annotated[list[Text], Field(min_length=1)]


@cache
def groups() -> Mapping[str, Group]:
    """The constraints that are recast searches, by id."""
    return {
        name: validate(Group, entry, FILE, name) for name, entry in parse_toml(read_data(FILE).decode(), FILE).items()
    }


@dataclass(frozen=True)
class Searches:
    """The searches of one constraint."""

    parts: Sequence[Search]

    def clauses(self, model: Model, mass: float) -> list[Clause]:
        """Those of every search that has numbers at this mass and makes such a vector."""
        return [clause for part in self.parts for clause in part.clauses(model, mass)]

    def silence(self, model: Model, mass: float) -> str:
        """Why no search says anything, the same reasons together with the names of the searches."""
        said: dict[str, list[str]] = {}
        for part in self.parts:
            said.setdefault(part.silence(model, mass), []).append(part.name)
        if len(said) == 1:
            return next(iter(said))
        return "; ".join(f"{reason} ({', '.join(names)})" for reason, names in said.items() if reason)

    @property
    def rule(self) -> str:
        """What is compared, in words."""
        parts = "; and ".join(part.rule for part in self.parts)
        return f"Squared coupling of the vector searched for that would give as many events, below the limit. {parts}."

    @property
    def because(self) -> str:
        """Why these likelihoods: the same reasons together, with the names of the searches where they differ."""
        said: dict[str, list[str]] = {}
        for part in self.parts:
            said.setdefault(part.entry.because, []).append(part.name)
        if len(said) == 1:
            return next(iter(said))
        return " ".join(f"{', '.join(names)}: {reason}" for reason, names in said.items())

    @property
    def applies(self) -> str:
        """Masses in words."""
        low, high = MASS_RANGE
        ends = [end for part in self.parts for range_ in part.numbers.ranges for end in range_]
        covered = f"{1e3 * max(min(ends), low):.4g} MeV to {min(max(ends), high):.4g} GeV"
        return f"{covered}, with gaps; where the model makes the vector as the search assumes"


def constraint(name: str) -> Constraint:
    """The constraint of this id in searches.toml.

    Raises
    ------
    UserError
        A file is damaged; the sentence names it and what is wrong.
    """
    group = groups()[name]
    parts = [load(part) for part in group.searches]
    return made_of(name, group.title, parts, f"zdscan/inputs/data/{FILE}", first_format=FIRST_FORMAT, group="direct")


def made_of(
    name: str, title: str, parts: Sequence[Search], file: str, *, first_format: int = FIRST_FORMAT, group: str = ""
) -> Constraint:
    """The constraint with this id that some searches are together; `file` is where they are said to be."""
    found = Searches(parts)
    return Constraint(
        id=name,
        title=title,
        citations=tuple(dict.fromkeys(key for part in parts for key in part.citations)),
        cl=" and ".join(sorted({part.level for part in parts})),
        unit="1",
        grade=max(part.numbers.grade for part in parts),
        in_paper=False,
        applies=found.applies,
        slots=sum(part.slots for part in parts),
        clauses=found.clauses,
        first_format=first_format,
        group=group,
        rule=found.rule,
        file=file,
        silence=found.silence,
        needs_source=True,
        likelihood=" and ".join(sorted({part.entry.likelihood for part in parts})),
        because=found.because,
        same_data=next((part.entry.same_data for part in parts if part.entry.same_data), ""),
    )
