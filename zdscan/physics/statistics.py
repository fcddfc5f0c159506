"""What stands behind a bound: a likelihood and a confidence level, and the bound at another level. docs/statistics.md.

    normal        a measurement m with the error s      -2 ln L = ((value - m)/s)^2     bound m + z s
    half-normal   an upper limit L on what only adds    -2 ln L = (z_c value/L)^2       bound L z/z_c
    counting      an upper limit from few events        -2 ln L = 2 n_c value/L         bound L n/n_c

c is the published level and z and n belong to it: |x| of a normal distribution is below z with the probability c, and a
Poisson mean n gives no event with the probability 1 - c. `value` is counted from what it is without the vector.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from zdscan.inputs import theory_errors
from zdscan.physics.level import PUBLISHED, deviations_of, share_of

if TYPE_CHECKING:
    from zdscan.physics.clause import Clause, Constraint

LIKELIHOODS = ("normal", "half-normal", "counting", "none")
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Level:
    """A confidence level.

    Attributes
    ----------
    text : as it is shown, such as "95%" or "2 sigma".
    deviations : z, in standard deviations.
    events : n, of a Poisson mean.
    """

    text: str
    deviations: float
    events: float


@cache
def level_of(text: str) -> Level | None:
    """The level that a text says: "0.95", "95%" or "2 sigma"; None where it says none, such as "published" and "-"."""
    if (z := deviations_of(text)) is not None:
        return Level(f"{z:g} sigma", z, -math.log(math.erfc(z / math.sqrt(2.0))))
    share = share_of(text)
    if share is None:
        return None
    return Level(f"{100.0 * share:.6g}%", -NormalDist().inv_cdf(0.5 * (1.0 - share)), -math.log1p(-share))


def level_text(level: Level | None) -> str:
    """A level as files and results show it; None: "published"."""
    return PUBLISHED if level is None else level.text


def in_words(level: Level | str | None) -> str:
    """What headings say of a level, or of its text; None and "published": every bound has its own."""
    text = level if isinstance(level, str) else level_text(level)
    return "levels as published" if text == PUBLISHED else f"exclusions at {text}"


@dataclass(frozen=True)
class Statistics:
    """The likelihood of a clause and the level of its bound, None where it has none."""

    likelihood: str
    published: Level | None

    @property
    def is_probability(self) -> bool:
        """Whether the bound has a likelihood and a level, so that there are a bound at another level and a chi2."""
        return self.likelihood != "none" and self.published is not None


def statistics_of(constraint: Constraint, clause: Clause) -> Statistics:
    """What the clause says, or its constraint."""
    return Statistics(clause.likelihood or constraint.likelihood, level_of(clause.cl or constraint.cl))


def at_level(constraint: Constraint, clauses: Sequence[Clause], level: Level | None) -> Sequence[Clause]:
    """The clauses of a constraint with their bounds at a level; None: as published.

    Bounds without a likelihood or a level stay as they are.
    """
    if level is None:
        return clauses
    return [_at_level(clause, statistics_of(constraint, clause), level) for clause in clauses]


def theory_error(constraint: Constraint) -> float:
    """The relative error of what a constraint predicts, 0 where none is known."""
    return theory_errors.relative(constraint.id)


def with_theory_error(constraint: Constraint, clauses: Sequence[Clause], relative: float) -> Sequence[Clause]:
    """The clauses of a constraint, as published, with bounds that a relative error of the prediction makes wider.

    Of a measurement the error of the value at the bound is added in quadrature to the error; an upper limit is that on
    a prediction lower by one standard deviation. Bounds without a likelihood or a level stay as they are.
    """
    if relative == 0.0:
        return clauses
    return [_with_theory_error(clause, statistics_of(constraint, clause), relative) for clause in clauses]


def _with_theory_error(clause: Clause, of: Statistics, relative: float) -> Clause:
    if not of.is_probability:
        return clause
    start, deviations = _scale(clause, of)
    above, below = clause.up - start, clause.down + start
    if of.likelihood == "normal":
        values = abs(clause.centre + clause.up), abs(clause.centre - clause.down)
        above, below = (
            math.hypot(room, deviations * relative * value) if math.isfinite(room) else room
            for room, value in zip((above, below), values, strict=True)
        )
    else:
        above, below = above / (1.0 - relative), below / (1.0 - relative)
    return replace(clause, up=start + above, down=below - start)


def level_used(constraint: Constraint, level: Level | None) -> str:
    """The level of the bounds of a constraint, as a text: that of its publication where they have no other."""
    known = constraint.likelihood != "none" and any(level_of(text) for text in constraint.cl.split(" and "))
    return constraint.cl if level is None or not known else level.text


def _at_level(clause: Clause, of: Statistics, level: Level) -> Clause:
    if of.published is None or not of.is_probability:
        return clause
    start, wide = _scale(clause, of)
    factor = level.events / of.published.events if of.likelihood == "counting" else level.deviations / wide
    up, down = start + (clause.up - start) * factor, (clause.down + start) * factor - start
    # a measurement so far off that its bound would lie at or below nothing at all says nothing at this level
    if up <= 0.0 or down <= 0.0:
        return clause
    return replace(clause, up=up, down=down)


def _scale(clause: Clause, of: Statistics) -> tuple[float, float]:
    """From where on bounds are counted, relative to the centre of a clause, and how many deviations z they are away."""
    assert of.published is not None
    if of.likelihood == "normal":
        measured, deviations = clause.measured or (clause.centre, of.published.deviations)
        return measured - clause.centre, deviations
    return standard(clause) - clause.centre, of.published.deviations


def standard(clause: Clause) -> float:
    """What a clause compares with its bounds where there is no vector."""
    value = clause.constant + clause.polynomial.terms.get((0, 0, 0), 0.0).real
    return (math.sqrt(max(value, 0.0)) if clause.root else value) + clause.offset


@dataclass(frozen=True)
class Slopes:
    """-2 ln L of a value x as max[up (x - start), down (start - x), 0]^power.

    Attributes
    ----------
    start : where it is least, in the unit of the values.
    up, down : per unit of the value above and below; 0 where that side says nothing.
    power : 2, or 1 for counted events.
    """

    start: float
    up: float
    down: float
    power: int

    def chi2(self, values: Array) -> Array:
        """-2 ln L of values."""
        away = values - self.start
        distance: Array = np.maximum(np.maximum(self.up * away, -self.down * away), 0.0)
        found: Array = distance**self.power
        return found


def slopes(clause: Clause, of: Statistics) -> Slopes | None:
    """`chi2` of a clause as numbers, for the evaluator of grids; None where it has no likelihood or level."""
    if of.published is None or not of.is_probability:
        return None
    start, deviations = _scale(clause, of)
    above, below = clause.up - start, clause.down + start
    if of.likelihood == "normal":
        # the error of the side that faces the Standard Model, as for the rows, so that chi2 is a square
        facing = above if standard(clause) - clause.centre >= start else below
        slope = abs(deviations / (facing if math.isfinite(facing) else min(above, below)))
        return Slopes(clause.centre + start, slope, slope, 2)
    # an upper limit is on what the vector adds
    if of.likelihood == "counting":
        deviations, power = 2.0 * of.published.events, 1
    else:
        power = 2
    return Slopes(clause.centre + start, deviations / above, deviations / below, power)


def chi2(clause: Clause, of: Statistics, values: Array) -> Array:
    """-2 ln L of values that a clause as published compares with its bounds; 0 where it has no likelihood or level."""
    if of.published is None or not of.is_probability:
        return np.zeros_like(values)
    start, deviations = _scale(clause, of)
    above, below = clause.up - start, clause.down + start
    away, expected = values - clause.centre - start, standard(clause) - clause.centre
    if of.likelihood == "normal":
        # the error of the side that faces the Standard Model, as for the rows, so that chi2 is a square
        facing = above if expected >= start else below
        found: Array = (deviations * away / (facing if math.isfinite(facing) else min(above, below))) ** 2
        return found
    # an upper limit is on what the vector adds
    share = np.maximum(away / above, -away / below)
    if of.likelihood == "counting":
        return 2.0 * of.published.events * np.maximum(share, 0.0)
    return (deviations * np.maximum(share, 0.0)) ** 2  # type: ignore[no-any-return]
