"""The minimum of chi2 over the couplings at one mass: MIGRAD in ln|coupling| at fixed signs, within the axes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from iminuit import Minuit
from numpy.typing import NDArray

from zdscan.analysis.at_mass import Chi2
from zdscan.analysis.fits.seeds import Signs
from zdscan.physics.parameters import PARAMETERS

Array = NDArray[np.float64]

TOWARDS_ZERO = 1e-3  # an axis with 0 on it is searched down to this part of its smallest other value
NEAR_BOUND = 2e-3  # of the range in ln|coupling|: closer to an end than this is at the end
INSIDE = 1e-2  # starts are moved this part of the range away from an end, where MIGRAD sees no slope
FIRST_STEP = 0.1  # first step in ln|coupling|


class Surface(Protocol):
    """chi2 as a fit sees it."""

    def at_mass(self, mass: float) -> Chi2:
        """chi2 over blocks of couplings at one mass (GeV)."""
        ...


@dataclass(frozen=True)
class Minimum:
    """A minimum of chi2.

    Attributes
    ----------
    chi2, mass (GeV) : where it lies.
    couplings : the three parameters of the case.
    at_bound : coupling -> "upper", or "lower" for the end nearer to 0; on an axis with 0 that end is 0.
    names : of the couplings.
    converged : whether MIGRAD says so, or the minimum is at an end.
    """

    chi2: float
    mass: float
    couplings: tuple[float, float, float]
    at_bound: Mapping[str, str]
    converged: bool
    names: tuple[str, ...] = PARAMETERS

    @property
    def signs(self) -> Signs:
        """Signs of the couplings."""
        a, b, c = (int(np.sign(value)) for value in self.couplings)
        return a, b, c

    def to_dict(self) -> dict[str, float]:
        """Parameters by name."""
        return {"mass": self.mass, **dict(zip(self.names, self.couplings, strict=True))}


def lowest_of(minima: Iterable[Minimum]) -> Minimum:
    """The lowest of some minima; one without a number, where products of large couplings cancelled, does not count."""
    return min(minima, key=lambda m: np.inf if np.isnan(m.chi2) else m.chi2)


def coupling_names(axes: Mapping[str, Array]) -> tuple[str, ...]:
    """The parameters of the case from the axes of a grid, in its order."""
    return tuple(name for name in axes if name != "mass")


@dataclass(frozen=True)
class Side:
    """One sign of one axis: sizes from `smallest` to `largest`. Fixed where `sign` is 0 or both are the same."""

    sign: int
    smallest: float
    largest: float

    @property
    def free(self) -> bool:
        """Whether there is a range to search."""
        return self.sign != 0 and self.largest > self.smallest

    @property
    def range(self) -> tuple[float, float]:
        """Ends in ln|x|."""
        return float(np.log(self.smallest)), float(np.log(self.largest))

    def value(self, t: float) -> float:
        """The coupling at t = ln|x|; exact at the ends."""
        low, high = self.range
        size = self.smallest if t == low else self.largest if t == high else float(np.exp(t))
        return self.sign * size

    def coordinate(self, value: float) -> float:
        """ln|value|, within the range."""
        return float(np.clip(np.log(max(abs(value), 1e-300)), *self.range))


def side_of(axis: Array, sign: int) -> Side:
    """The part of an axis with this sign; if the axis holds 0 or passes through it, the part begins close to 0."""
    size = sign * axis[sign * axis > 0.0]
    if sign == 0 or size.size == 0:
        return Side(0, 1.0, 1.0)
    through_zero = bool(axis[0] <= 0.0 <= axis[-1])
    return Side(sign, float(size.min()) * (TOWARDS_ZERO if through_zero else 1.0), float(size.max()))


def value_at(block: Chi2, couplings: tuple[float, float, float] | Array) -> float:
    """chi2 at one point."""
    a, b, c = (np.array([value], dtype=np.float64) for value in couplings)
    return float(block(a, b, c).reshape(-1)[0])


def minimise(
    block: Chi2,
    mass: float,
    axes: Mapping[str, Array],
    start: tuple[float, float, float] | Array,
    signs: Signs,
    fixed: Mapping[str, float] | None = None,
) -> Minimum:
    """Lowest chi2 within the axes at one mass, from one start.

    Parameters
    ----------
    block : chi2 at this mass.
    axes : name -> ascending values; only their ends, and whether 0 lies between, matter.
    start : the couplings; brought into the range of its sign.
    signs : sign of each coupling; 0 keeps it at 0.
    fixed : couplings held at a value.
    """
    held, names = dict(fixed or {}), coupling_names(axes)
    for name, sign in zip(names, signs, strict=True):
        if sign == 0:
            held.setdefault(name, 0.0)
    sides = {name: side_of(axes[name], sign) for name, sign in zip(names, signs, strict=True) if name not in held}
    free = [name for name, side in sides.items() if side.free]
    initial = dict(zip(names, start, strict=True))
    begin = {name: side.coordinate(initial[name]) for name, side in sides.items()}

    def couplings(t: Array) -> tuple[float, float, float]:
        values = held | {name: sides[name].value(begin[name]) for name in sides}
        values |= {name: sides[name].value(x) for name, x in zip(free, t, strict=True)}
        a, b, c = (values[name] for name in names)
        return a, b, c

    def chi2(t: Array) -> float:
        return value_at(block, couplings(t))

    if not free:
        point = couplings(np.empty(0))
        return Minimum(value_at(block, point), mass, point, {}, True, names)
    ranges = [sides[name].range for name in free]
    inside = [
        np.clip(begin[name], low + INSIDE * (high - low), high - INSIDE * (high - low))
        for name, (low, high) in zip(free, ranges, strict=True)
    ]
    minuit = Minuit(chi2, np.array(inside), name=free)
    minuit.errordef = Minuit.LEAST_SQUARES
    minuit.limits = ranges
    minuit.errors = FIRST_STEP
    minuit.migrad()
    t, lowest, bounds = np.array(minuit.values), float(minuit.fval), {}
    if not (np.isfinite(t).all() and np.isfinite(lowest)):  # chi2 of 1e38 has slopes that MIGRAD cannot square
        t, lowest = np.array(inside), chi2(np.array(inside))
    for k, (name, (low, high)) in enumerate(zip(free, ranges, strict=True)):
        for end, word in ((low, "lower"), (high, "upper")):
            if abs(t[k] - end) < NEAR_BOUND * (high - low):
                moved = t.copy()
                moved[k] = end
                if (there := chi2(moved)) <= lowest + 1e-6 * max(1.0, abs(lowest)):
                    t, lowest, bounds[name] = moved, there, word
    point = couplings(t)
    given = np.array([begin[name] for name in free])
    if (there := chi2(given)) < lowest:  # the start itself, at an end that MIGRAD moved away from
        lowest, point = there, couplings(given)
        bounds = {
            name: "lower" if begin[name] == low else "upper"
            for name, (low, high) in zip(free, ranges, strict=True)
            if begin[name] in (low, high)
        }
    return Minimum(lowest, mass, point, bounds, bool(minuit.valid) or bool(bounds), names)


def at_all_masses(
    surface: Surface,
    axes: Mapping[str, Array],
    starts: Array,
    signs: Signs,
    advance: Callable[[], None] = lambda: None,
) -> list[Minimum]:
    """The minimum at every mass of the axis for one choice of signs.

    Each mass starts from the lower of its own start (`starts[mass]`: chi2 and the couplings) and its neighbour's
    minimum, up the axis and then down again where that finds something lower.
    """
    masses = axes["mass"]
    found: list[Minimum] = []
    for index, mass in enumerate(masses):
        block, start = surface.at_mass(float(mass)), np.array(starts[index, 1:])
        if found:
            neighbour = np.array(found[-1].couplings)
            own = value_at(block, start) if np.isfinite(starts[index, 0]) else np.inf
            if value_at(block, neighbour) < own:
                start = neighbour
        found.append(minimise(block, float(mass), axes, start, signs))
        advance()
    for index in range(len(masses) - 2, -1, -1):
        block, neighbour = surface.at_mass(float(masses[index])), np.array(found[index + 1].couplings)
        if value_at(block, neighbour) < found[index].chi2 - 1e-3:
            again = minimise(block, float(masses[index]), axes, neighbour, signs)
            if again.chi2 < found[index].chi2:
                found[index] = again
    return found
