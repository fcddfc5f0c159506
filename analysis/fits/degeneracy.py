"""What a fit does not determine: flat directions at the minimum, and flat stretches of a profile.

Either a product of powers of the couplings stays the same there (a straight line in ln|coupling|), or a sum of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zdscan.physics.parameters import PARAMETERS

Array = NDArray[np.float64]
HESSIAN_STEP = 0.02  # in ln|coupling|, of the second differences
UNDETERMINED = np.log(10.0)  # a direction with a larger error in ln|coupling| is not determined
FLAT = 1.0  # largest change of chi2 along a flat stretch
SHORTEST = 1.0  # decades of a flat stretch
STRAIGHT = 0.03  # largest distance from a straight line, in parts of its length
SIMPLE = 0.12  # a power this close to a multiple of 1/2 is called that


@dataclass(frozen=True)
class Combination:
    """What stays the same along a flat direction: a product of powers, or a sum with coefficients.

    Attributes
    ----------
    numbers : coupling -> its power or its coefficient, in the order of the parameters; the last is 1.
    is_sum : which of the two.
    """

    numbers: Mapping[str, float]
    is_sum: bool = False

    @property
    def text(self) -> str:
        """``eps_z x g_mu``, ``eps_z^2 x g_mu``, ``g_mu / eps``, ``g_mu - 0.303 eps``."""
        if self.is_sum:
            name, *others = list(self.numbers)[::-1]
            terms = [f" {'-' if self.numbers[n] < 0 else '+'} {abs(self.numbers[n]):.3g} {n}" for n in others]
            return name + "".join(terms)
        above = [_power(name, p) for name, p in self.numbers.items() if p > 0.0]
        below = [_power(name, -p) for name, p in self.numbers.items() if p < 0.0]
        return " x ".join(above) + "".join(f" / {part}" for part in below)

    def value(self, at: Mapping[str, float]) -> float:
        """Its value; of the couplings' sizes where a power is fractional."""
        if self.is_sum:
            return float(sum(c * at[name] for name, c in self.numbers.items()))
        whole = all(float(p).is_integer() for p in self.numbers.values())
        return float(np.prod([(at[name] if whole else abs(at[name])) ** p for name, p in self.numbers.items()]))


def _power(name: str, power: float) -> str:
    return name if power == 1.0 else f"{name}^{power:g}"


@dataclass(frozen=True)
class Curvature:
    """Second derivatives of chi2 in ln|coupling| at a minimum, and what follows from them.

    Attributes
    ----------
    names : the free couplings.
    hessian : float64[n, n].
    errors : error of ln|coupling| of each (delta chi2 = 1, the others profiled); None where it is not determined.
    correlation : float64[n, n], or None where a direction has no curvature.
    determined : what is determined; every coupling alone where all are.
    undetermined : couplings with an undetermined error.
    """

    names: tuple[str, ...]
    hessian: Array
    errors: dict[str, float | None]
    correlation: Array | None
    determined: tuple[Combination, ...]
    undetermined: tuple[str, ...]


def hessian(function: Callable[[Array], float], at: Array, step: float = HESSIAN_STEP) -> Array:
    """Second differences; exact for a quadratic function."""
    n = len(at)
    unit = step * np.eye(n)
    centre = function(at)
    result = np.empty((n, n))
    for i in range(n):
        result[i, i] = (function(at + unit[i]) - 2.0 * centre + function(at - unit[i])) / step**2
        for j in range(i):
            plus = function(at + unit[i] + unit[j]) + function(at - unit[i] - unit[j])
            minus = function(at + unit[i] - unit[j]) + function(at - unit[i] + unit[j])
            result[i, j] = result[j, i] = (plus - minus) / (4.0 * step**2)
    return result


def curvature(function: Callable[[Array], float], at: Array, names: Sequence[str], signs: Sequence[int]) -> Curvature:
    """Errors, correlations and flat directions of `function` (chi2 of ln|couplings|) at its minimum `at`."""
    second = hessian(function, at) if len(at) else np.zeros((0, 0))
    values, vectors = np.linalg.eigh(second)
    errors_along = np.sqrt(2.0 / np.maximum(values, 1e-300))
    flat = errors_along > UNDETERMINED
    covariance = (vectors[:, ~flat] * errors_along[~flat] ** 2) @ vectors[:, ~flat].T
    sigma = np.sqrt(np.diag(covariance))
    correlation: Array | None = None
    if len(values) and np.all(values > 0.0):
        whole = (vectors * errors_along**2) @ vectors.T
        correlation = whole / np.sqrt(np.outer(np.diag(whole), np.diag(whole)))
    size = np.abs(vectors) / np.max(np.abs(vectors), axis=0) if len(values) else np.abs(vectors)
    loose = np.any(size[:, flat] > SIMPLE, axis=1)
    if np.any(flat):
        determined = [powers(vectors[:, k], names) for k in np.flatnonzero(~flat)]
        if np.count_nonzero(flat) == 1 and np.count_nonzero(loose) == 2:
            direction = np.where(loose, vectors[:, np.flatnonzero(flat)[0]], 0.0)
            if _is_straight(function, at, direction):
                linear = _sum(direction, np.asarray(signs) * np.exp(at), loose, names)
                firm = [Combination({name: 1.0}) for k, name in enumerate(names) if not loose[k]]
                determined = [linear, *firm]
    else:
        determined = [Combination({name: 1.0}) for name in names]
    return Curvature(
        tuple(names),
        second,
        {name: None if loose[k] else float(sigma[k]) for k, name in enumerate(names)},
        correlation,
        tuple(determined),
        tuple(name for k, name in enumerate(names) if loose[k]),
    )


def _is_straight(function: Callable[[Array], float], at: Array, direction: Array) -> bool:
    """Whether chi2 stays flatter along the couplings' own straight line than along that of their logarithms."""
    unit = direction / np.max(np.abs(direction))
    change = np.array([-0.5, 0.5])
    straight = max(function(at + np.log1p(s * unit)) for s in change)
    powers_ = max(function(at + s * unit) for s in change)
    return bool(straight < powers_)


def _sum(direction: Array, values: Array, loose: NDArray[np.bool_], names: Sequence[str]) -> Combination:
    """The sum of two couplings that does not change along a direction of their logarithms."""
    i, j = (int(k) for k in np.flatnonzero(loose))
    moved = direction * values
    return Combination({names[i]: float(-moved[j] / moved[i]), names[j]: 1.0}, is_sum=True)


def powers(direction: Array, names: Sequence[str]) -> Combination:
    """A direction as a product of powers, that of the last coupling 1; small ones are left out."""
    scaled = direction / np.max(np.abs(direction))
    kept = {name: float(x) for name, x in zip(names, scaled, strict=True) if abs(x) > SIMPLE}
    unit = list(kept.values())[-1]
    rounded = {}
    for name, x in kept.items():
        power = x / unit
        near = round(2.0 * power) / 2.0
        rounded[name] = near if near != 0.0 and abs(power - near) < SIMPLE else round(power, 2)
    return Combination(rounded)


@dataclass(frozen=True)
class FlatStretch:
    """A stretch of a profile along which chi2 changes by less than `FLAT` over a decade or more.

    Attributes
    ----------
    parameter, low, high : where.
    chi2 : the lowest along it.
    constant : what stays the same along it; None where the others do not follow, or do not move at all.
    value : of that combination, in the middle of the stretch.
    decades : length in powers of ten, both signs together.
    """

    parameter: str
    low: float
    high: float
    chi2: float
    constant: Combination | None
    value: float | None
    decades: float


def flat_stretches(
    parameter: str,
    values: Array,
    chi2: Array,
    others: Mapping[str, Array],
    below: float,
    order: Sequence[str] = PARAMETERS,
) -> list[FlatStretch]:
    """Flat stretches of a profile, the longest first; those that overlap a longer one are left out.

    Parameters
    ----------
    parameter : the profiled coupling.
    values, chi2 : the profile, values ascending.
    others : the other couplings along it.
    order : of the couplings in combinations.
    below : only points with chi2 below this count: far from a minimum everything is flat, since nothing couples.
    """
    runs = []
    for i in range(len(values)):
        j = i
        while j + 1 < len(values) and np.ptp(chi2[i : j + 2]) < FLAT and np.max(chi2[i : j + 2]) < below:
            j += 1
        length = _decades(values[i : j + 1])
        if chi2[i] < below and length >= SHORTEST * (1.0 - 1e-9):
            runs.append((length, i, j))
    found: list[FlatStretch] = []
    taken: list[tuple[int, int]] = []
    for length, i, j in sorted(runs, key=lambda run: -run[0]):
        if all(j < a or i > b for a, b in taken):
            taken.append((i, j))
            part = slice(i, j + 1)
            kept, at = _constant(parameter, values[part], {name: x[part] for name, x in others.items()}, order)
            found.append(
                FlatStretch(parameter, float(values[i]), float(values[j]), float(chi2[part].min()), kept, at, length)
            )
    return found


def _decades(values: Array) -> float:
    sides = [np.log10(np.abs(values[sign * values > 0.0])) for sign in (-1, 1)]
    return float(sum(np.ptp(side) for side in sides if side.size))


def _constant(
    parameter: str, values: Array, others: Mapping[str, Array], order: Sequence[str]
) -> tuple[Combination | None, float | None]:
    """The combination of the coupling with one other that stays the same along a stretch, and its value."""
    for name, x in others.items():
        kept = _constant_product(parameter, values, name, x, order) or _constant_sum(parameter, values, name, x, order)
        if kept is not None:
            middle = len(values) // 2
            return kept, kept.value({name: float(x[middle]), parameter: float(values[middle])})
    return None, None


def _constant_product(parameter: str, values: Array, name: str, x: Array, order: Sequence[str]) -> Combination | None:
    if np.any(x * x[0] <= 0.0) or np.any(values * values[0] <= 0.0):
        return None
    t, y = np.log(np.abs(values)), np.log(np.abs(x))
    slope, offset = np.polyfit(t, y, 1)
    if abs(slope) < 2.0 * SIMPLE or np.max(np.abs(y - slope * t - offset)) > UNDETERMINED / 4.0:
        return None
    pair = _ordered(order, (name, 1.0), (parameter, -float(slope)))
    return powers(np.array(list(pair.values())), list(pair))


def _constant_sum(parameter: str, values: Array, name: str, x: Array, order: Sequence[str]) -> Combination | None:
    slope, offset = np.polyfit(values, x, 1)
    if np.ptp(x) < 0.5 * np.max(np.abs(x)) or np.max(np.abs(x - slope * values - offset)) > STRAIGHT * np.ptp(x):
        return None
    pair = _ordered(order, (name, 1.0), (parameter, -float(slope)))
    last = list(pair.values())[-1]
    return Combination({n: c / last for n, c in pair.items()}, is_sum=True)


def _ordered(order: Sequence[str], *pairs: tuple[str, float]) -> dict[str, float]:
    return dict(sorted(pairs, key=lambda item: order.index(item[0])))


def distinct(stretches: Sequence[FlatStretch]) -> list[FlatStretch]:
    """One stretch, the longest, for each combination at each height: the same degeneracy shows in two profiles."""
    kept: list[FlatStretch] = []
    for stretch in sorted(stretches, key=lambda s: -s.decades):
        same = [s for s in kept if s.constant is not None and _alike(s.constant, stretch.constant)]
        if not any(abs(s.chi2 - stretch.chi2) < FLAT for s in same):
            kept.append(stretch)
    known = [s for s in kept if s.constant is not None]
    told = [s for s in kept if s.constant is not None or not any(_within(s, other) for other in known)]
    return sorted(told, key=lambda s: s.chi2)


def _within(stretch: FlatStretch, other: FlatStretch) -> bool:
    """Whether `other` already says, at the same height, how the coupling of `stretch` moves with another."""
    assert other.constant is not None
    return stretch.parameter in other.constant.numbers and abs(stretch.chi2 - other.chi2) < FLAT


def _alike(one: Combination, other: Combination | None) -> bool:
    if other is None or one.is_sum != other.is_sum or list(one.numbers) != list(other.numbers):
        return False
    return all(abs(x - other.numbers[name]) < max(SIMPLE, 0.1 * abs(x)) for name, x in one.numbers.items())
