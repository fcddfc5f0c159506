"""A constraint that is a limit curve and no more: H -> H' Z_D with Z_D -> channel, wholly from a data file.

The file is ``constraint_<id>.toml`` in zdscan/inputs/data (:mod:`zdscan.inputs.against_mass`). Its table [constraint]
names the decay and the channel; masses, level, unit, grade and citations are those of the numbers. docs/extending.md.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field

from zdscan.errors import UserError, no_such
from zdscan.inputs import against_mass, constants, detectors
from zdscan.inputs.against_mass import INTERVAL, Numbers
from zdscan.inputs.detectors import Detector, Where
from zdscan.inputs.files import Kind, NonNegative, Place, Positive, Record, Text, validate
from zdscan.physics import lifetime_limits
from zdscan.physics.clause import UNSAID, Channel, Clause, Constraint, Model
from zdscan.physics.coupling_curve import CouplingCurve
from zdscan.physics.lifetime import escape, prompt_clause, with_escape
from zdscan.physics.parameters import MASS_RANGE, masses_fault
from zdscan.physics.productions import PRODUCTIONS
from zdscan.physics.two_body import MODES, branching_ratio

KIND = "constraint"
PROPER_TIME = "proper_time"  # column of proper times (ps) up to which decays are seen
_FINAL_STATES: Mapping[Channel, str] = {
    "invisible": "invisible",
    "ee": "e+ e-",
    "mumu": "mu+ mu-",
    "hadrons": "hadrons",
}


class Entry(Record):
    """The table [constraint] of a data file.

    Attributes
    ----------
    decay : a key of `zdscan.physics.two_body.MODES`; the numbers are limits on its branching ratio times the channel's.
    production : instead of a decay, a key of `zdscan.physics.productions.PRODUCTIONS`; the numbers are limits on the
        kinetic mixing of a dark photon.
    channel : what the Z_D decays to.
    prompt : name of the constant (ps) up to which lifetimes the limit is used; absent: for all. Theory "paper" cuts
        there, theory "complete" counts decays up to this proper time, or up to that of the column proper_time (ps).
    displaced : of a search for displaced vertices, the entry of the same file whose path a vector must fly to be seen,
        in theory "complete"; absent: none. Goes with prompt.
    escape : of a limit on invisible ones, the detector (zdscan/inputs/detectors.py) behind which a vector that decays
        visibly is invisible too, in theory "complete"; absent: nowhere.
    lifetimes_ps, windows_ps : of limits for several lifetimes, in the columns limit_1, limit_2, ... (0 is none): the
        lifetimes (ps), ascending, 0 for prompt, and the windows of proper times (ps) by which they are told, in both
        theories (:mod:`zdscan.physics.lifetime_limits`).
    deviations : for numbers that are a best value and its 68% interval, the limit in standard deviations above the
        best value; absent: the file has a column limit.
    in_paper : whether arXiv:2412.11438 uses it (`use = "paper"`).
    first_format : the first scan format whose set "all" has it.
    group : the set beside "all" that has it.
    likelihood, because, same_data, tension : as `zdscan.physics.clause.Constraint` has them.
    """

    decay: Text | None = None
    production: Text | None = None
    channel: Channel
    prompt: Text | None = None
    displaced: Where | None = None
    escape: Where | None = None
    lifetimes_ps: Annotated[list[NonNegative], Field(min_length=2)] | None = None
    windows_ps: (
        Annotated[list[Annotated[list[NonNegative], Field(min_length=2, max_length=2)]], Field(min_length=1)] | None
    ) = None
    deviations: Positive | None = None
    in_paper: bool = False
    first_format: Annotated[int, Field(ge=1)] = 1
    group: Literal["flavour", "low-energy", "direct"] = "flavour"
    likelihood: Kind = "half-normal"
    because: Text = UNSAID
    same_data: str = ""
    tension: bool = False


@dataclass(frozen=True)
class LimitCurve:
    """An upper limit on BR(H -> H' Z_D) BR(Z_D -> channel) against the mass, in the columns of `numbers`.

    Attributes
    ----------
    lifetimes, windows : as `Entry` has them; where there are none, the limit is that of the column "limit".
    deviations : that many standard deviations is the limit above the column "central"; None: there is none.
    """

    numbers: Numbers
    decay: str
    channel: Channel
    prompt: str | None
    escape: str | Detector | None = None
    displaced: str | Detector | None = None
    lifetimes: tuple[float, ...] = ()
    windows: tuple[lifetime_limits.Window, ...] = ()
    deviations: float | None = None

    def clauses(self, model: Model, mass: float) -> list[Clause]:
        """BR(H -> H' Z_D) BR(Z_D -> channel) below the limit at this mass; nothing where the curve has none."""
        if self.windows:
            return self._in_windows(model, mass)
        limit = self.numbers.at("limit", mass)
        if math.isnan(limit):
            return []
        rate = branching_ratio(self.decay, model, mass)
        if self.escape is not None:
            return with_escape(model, mass, self.escape, rate, limit, measured=self._measured(mass))
        if self.prompt is None:
            return [Clause(polynomial=rate, channel=self.channel, up=limit, measured=self._measured(mass))]
        proper_time = self.numbers.at(PROPER_TIME, mass) if PROPER_TIME in self.numbers.columns else None
        longest = model.constants[self.prompt]
        return [prompt_clause(model, rate, self.channel, limit, longest, proper_time, self._start(model, mass))]

    def _in_windows(self, model: Model, mass: float) -> list[Clause]:
        """A clause for each window of proper times that has a limit."""
        limits = [self.numbers.at(column, mass) or math.inf for column in _columns(self.lifetimes)]
        if math.isnan(limits[0]):
            return []
        rate, hbar = branching_ratio(self.decay, model, mass), model.constants["hbar"]
        found = zip(self.windows, lifetime_limits.within(self.windows, self.lifetimes, limits), strict=True)
        return [
            Clause(polynomial=rate, channel=self.channel, up=limit, window=(start / hbar, end / hbar))
            for (start, end), limit in found
            if math.isfinite(limit)
        ]

    def _measured(self, mass: float) -> tuple[float, float] | None:
        """The best value and how many standard deviations the limit is above it, where the numbers have them."""
        return None if self.deviations is None else (self.numbers.at(INTERVAL[0], mass), self.deviations)

    def _start(self, model: Model, mass: float) -> float:
        """The proper time over hbar (1/GeV) from which decays are seen."""
        return 0.0 if self.displaced is None else escape(model, self.displaced, mass)[0]

    @property
    def rule(self) -> str:
        """What is compared, in words."""
        rate = f"BR({self.decay.replace('->', ' -> ')} Z_D)"
        fraction = f"BR(Z_D -> {_FINAL_STATES[self.channel]})"
        prompt = "" if self.prompt is None else ", for prompt decays"
        prompt = ", decays in windows of proper times" if self.windows else prompt
        return f"{rate} {fraction} below the limit at this mass{prompt}; nothing where the curve has none."


def _columns(lifetimes: Sequence[float]) -> tuple[str, ...]:
    """The columns with the limits for some lifetimes."""
    return tuple(f"limit_{k}" for k in range(1, len(lifetimes) + 1))


def _applies(numbers: Numbers, prompt: str | None) -> str:
    """Masses, lifetimes and cases in words."""
    low, high = MASS_RANGE
    ranges = [(max(a, low), min(b, high)) for a, b in numbers.ranges if a < high and b > low]
    lifetime = "" if prompt is None else f", lifetime below {constants.load()[prompt]:g} ps"
    if ranges == [MASS_RANGE]:
        return f"all masses{lifetime}, all cases" if lifetime else "all masses and cases"
    *first, last = _in_words(ranges)
    masses = f"{', '.join(first)} and {last}" if first else last
    return f"{masses}{lifetime}, all cases"


def _in_words(ranges: Sequence[tuple[float, float]]) -> list[str]:
    """Mass ranges in GeV, in the units that read best; one unit for all stands at the last."""
    if all(end < 1.0 for _, end in ranges):
        found = [f"{1e3 * low:g} to {1e3 * high:g}" for low, high in ranges]
        return [*found[:-1], f"{found[-1]} MeV"]
    return [f"{_energy(low)} to {_energy(high)}" for low, high in ranges]


def _energy(value: float) -> str:
    """A mass with its unit."""
    return f"{value:g} GeV" if value >= 1.0 else f"{1e3 * value:g} MeV"


def constraint(name: str) -> Constraint:
    """The constraint of the file constraint_<name>.toml; `name` is its id.

    Raises
    ------
    UserError
        The file is damaged; the sentence names it and what is wrong.
    """
    source = f"{KIND}_{name}.toml"
    return made_of(name, against_mass.load(name), source, f"zdscan/inputs/data/{source}")


def of_table(name: str, table: str) -> Constraint:
    """The constraint with this id whose numbers are in table_<table>.toml; raises as `constraint`."""
    source = f"table_{table}.toml"
    return made_of(name, against_mass.load(table), source, f"zdscan/inputs/data/{source}")


def made_of(name: str, numbers: Numbers, source: str | Place, file: str) -> Constraint:
    """The constraint with this id that numbers with a table [constraint] are.

    Parameters
    ----------
    source, file : what messages call the file of the numbers (a `Place` has lines), and where it is.

    Raises
    ------
    UserError
        As `constraint`.
    """
    place = (Place(source) if isinstance(source, str) else source).at("constraint")
    entry = validate(Entry, numbers.constraint or {}, place, "table [constraint]")
    faults = _faults(entry, numbers)
    if faults:
        raise UserError(*(f"{place}: {fault}" for fault in faults))
    limits = numbers if entry.deviations is None else numbers.with_limit(entry.deviations)
    curve: LimitCurve | CouplingCurve
    if entry.production is not None:
        curve = CouplingCurve(limits, entry.production, entry.channel, entry.prompt)
    else:
        curve = LimitCurve(
            *(limits, entry.decay or "", entry.channel, entry.prompt, entry.escape, entry.displaced),
            lifetimes=tuple(entry.lifetimes_ps or ()),
            windows=tuple((start, end) for start, end in entry.windows_ps or ()),
            deviations=entry.deviations,
        )
    return Constraint(
        id=name,
        title=numbers.title,
        citations=numbers.citations,
        cl=f"{100.0 * (numbers.cl or math.nan):g}%",
        unit=numbers.unit,
        grade=numbers.grade,
        in_paper=entry.in_paper,
        applies=_applies(limits, entry.prompt),
        slots=len(entry.windows_ps) if entry.windows_ps else 1 if entry.escape is None else 2,
        clauses=curve.clauses,
        first_format=entry.first_format,
        group=entry.group,
        rule=curve.rule,
        file=file,
        likelihood=entry.likelihood,
        because=entry.because,
        same_data=entry.same_data,
        tension=entry.tension,
    )


def _faults(entry: Entry, numbers: Numbers) -> list[str]:
    """What does not fit between the table [constraint] and the numbers, the decays and the constants, in sentences."""
    faults = []
    if entry.decay is None and entry.production is None:
        faults.append("table [constraint]: field decay is missing, and production as well; give one of them.")
    elif entry.decay is not None and entry.production is not None:
        faults.append("either a decay or a production must be given, and not both.")
    elif entry.production is not None and entry.production not in PRODUCTIONS:
        faults.append(f"there is {no_such('production', entry.production, PRODUCTIONS)}.")
    elif entry.decay is not None and entry.decay not in MODES:
        faults.append(f"there is no decay {entry.decay!r}; known are {', '.join(MODES)}.")
    known = constants.load().entries
    if entry.prompt is not None and (entry.prompt not in known or known[entry.prompt].unit != "ps"):
        faults.append(f"prompt = {entry.prompt!r} is not the name of a constant in ps in {constants.FILE}.")
    for detector in (entry.escape, entry.displaced):
        if detector is not None and (unknown := detectors.fault(detector)):
            faults.append(f"{unknown}.")
    if entry.escape is not None and entry.channel != "invisible":
        faults.append('escape goes with channel = "invisible" alone.')
    if entry.displaced is not None and (entry.prompt is None or entry.decay is None):
        faults.append("displaced goes with a decay and prompt alone.")
    if entry.production is not None and (entry.escape is not None or PROPER_TIME in numbers.columns):
        faults.append(f"escape and the column {PROPER_TIME} go with a decay alone.")
    if PROPER_TIME in numbers.columns and entry.prompt is None:
        faults.append(f"the column {PROPER_TIME} goes with prompt alone.")
    if numbers.cl is None:
        faults.append("the confidence level cl is missing.")
    if (entry.lifetimes_ps is None) != (entry.windows_ps is None):
        faults.append("lifetimes_ps and windows_ps go together: limits for some lifetimes, told by some windows.")
    if entry.windows_ps and (entry.decay is None or entry.prompt or entry.escape or entry.deviations):
        faults.append("windows_ps goes with a decay, and with none of prompt, escape and deviations.")
    if entry.likelihood == "normal" and (entry.deviations is None or entry.prompt is not None):
        faults.append('likelihood = "normal" goes with deviations above a measured value, and not with prompt.')
    if any(start >= end for start, end in entry.windows_ps or ()):
        faults.append("a window of windows_ps ends before it begins.")
    if any(second <= first for first, second in pairwise(entry.lifetimes_ps or ())):
        faults.append("the lifetimes of lifetimes_ps do not ascend.")
    needed: tuple[str, ...] = ("limit",) if entry.deviations is None else INTERVAL
    needed = _columns(entry.lifetimes_ps) if entry.lifetimes_ps else needed
    if missing := [column for column in needed if column not in numbers.columns]:
        faults.append(f"the column {', '.join(missing)} is missing, from which the limit is made.")
    if outside := masses_fault(numbers.ranges):
        faults.append(outside)
    return faults
