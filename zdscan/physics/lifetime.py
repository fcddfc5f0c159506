"""Windows of proper times, as clauses have them: (a, b) in 1/GeV, decays that count. docs/constraints.md.

A vector of momentum p flies L = p t/M in its proper time t, so that it leaves a detector of depth L after t = L M/p.
"""

from __future__ import annotations

import math
from dataclasses import replace

from zdscan.inputs import detectors
from zdscan.inputs.constants import Constants
from zdscan.inputs.detectors import Detector
from zdscan.physics.clause import Channel, Clause, Model
from zdscan.physics.polynomial import Polynomial

SPEED_OF_LIGHT = 2.99792458e-4  # m/ps, by definition of the metre
Window = tuple[float, float]


def prompt(model: Model, proper_time: float) -> Window:
    """Decays up to a proper time in ps."""
    return 0.0, proper_time / model.constants["hbar"]


def prompt_clause(
    model: Model,
    rate: Polynomial,
    channel: Channel,
    limit: float,
    longest: float,
    proper_time: float | None = None,
    start: float = 0.0,
) -> Clause:
    """The clause rate BR < limit for prompt decays, or for those after the proper time `start` over hbar (1/GeV).

    Theory "paper" cuts at lifetimes of `longest` ps. Theory "complete" counts the decays up to `proper_time` ps, or
    `longest`: if a limit holds at a lifetime, the share of decays that is seen falls no faster than its inverse beyond.
    """
    if model.theory == "paper":
        return Clause(polynomial=rate, channel=channel, up=limit, min_width=model.constants["hbar"] / longest)
    _, end = prompt(model, longest if proper_time is None else proper_time)
    window = start, end
    return Clause(polynomial=rate, channel=channel, up=limit, window=window)


def prompt_path(model: Model, detector: str | Detector, mass: float) -> Window:
    """Decays within the path of a detector of `zdscan.inputs.detectors`, of a vector of this mass (GeV)."""
    start, _ = escape(model, detector, mass)
    return 0.0, start


def escape(model: Model, detector: str | Detector, mass: float) -> Window:
    """Decays behind a detector of `zdscan.inputs.detectors`, of a vector of this mass (GeV); none without momentum."""
    there = detectors.found(detector)
    p = momentum(there, model.constants, mass)
    if p <= 0.0:
        return 0.0, 0.0
    return there.path_m * mass / (p * SPEED_OF_LIGHT * model.constants["hbar"]), math.inf


def momentum(detector: Detector, c: Constants, mass: float) -> float:
    """Of the vector in the laboratory, GeV, across the direction of its parent; 0 where the decay is forbidden.

    In the rest frame of the parent, m, its largest energy is that against everything else in one lump of mass r,
    E = (m^2 + M^2 - r^2)/(2 m).
    """
    if detector.momentum_GeV is not None:
        return detector.momentum_GeV
    parent = detector.parent_GeV if detector.parent_GeV is not None else c[detector.parent or ""]
    rest = sum(c[name] for name in detector.recoil or ())
    if parent <= rest + mass:
        return 0.0
    largest = (parent * parent + mass * mass - rest * rest) / (2.0 * parent)
    energy = mass + detector.energy_share * (largest - mass)
    boosted = energy * math.hypot(1.0, detector.parent_momentum_GeV / parent)
    return math.sqrt(max(boosted * boosted - mass * mass, 0.0))


def with_escape(
    model: Model,
    mass: float,
    detector: str | Detector,
    rate: Polynomial,
    limit: float,
    constant: float = 0.0,
    measured: tuple[float, float] | None = None,
) -> list[Clause]:
    """The clauses constant + rate BR_inv < limit and, in theory "complete", constant + rate E < limit.

    E is the share that leaves the detector, whatever it decays to. Both together are rate [BR_inv + (1 - BR_inv) E], at
    most twice the larger one. `measured` is as `Clause` has it.
    """
    invisible = Clause(polynomial=rate, channel="invisible", constant=constant, up=limit, measured=measured)
    window = escape(model, detector, mass) if model.theory == "complete" else (0.0, 0.0)
    if window == (0.0, 0.0):
        return [invisible]
    return [invisible, replace(invisible, channel=None, window=window)]
