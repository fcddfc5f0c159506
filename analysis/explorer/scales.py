"""The scale of an axis or a slider: where a value lies on it, which values lie evenly on it, and its ticks.

A place is a number in which a picture is linear: the decimal logarithm on a logarithmic scale, the value itself on a
linear one, and asinh(x / linear_below) / ln 10 on a symlog one, which far from 0 counts decades as well.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from zdscan.analysis.views.spacing import spacing_of

Array = NDArray[np.float64]
Kind = Literal["log", "linear", "symlog"]
_DIGITS = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_FEWEST_DECADES = 2.0  # below, a logarithmic scale has ticks at 1, 2 and 5 as well


@dataclass(frozen=True)
class Scale:
    """A range of one quantity and how it is spaced.

    Attributes
    ----------
    kind : "log" (both ends above 0), "linear" or "symlog".
    low, high : the ends.
    linear_below : size below which a symlog scale is linear.
    """

    kind: Kind
    low: float
    high: float
    linear_below: float = 1e-6

    @classmethod
    def of(cls, values: Array) -> Scale:
        """The scale in which the values of a grid's axis are evenly spaced."""
        kind, width = spacing_of(values)
        low, high = float(values[0]), float(values[-1])
        if kind == "asinh":
            return cls("symlog", low, high, float(f"{width:.9g}"))
        return cls("log" if kind == "log" and low > 0.0 else "linear", low, high)

    def places(self, values: Any) -> Array:
        """Where values lie."""
        x = np.asarray(values, dtype=np.float64)
        if self.kind == "log":
            return np.log10(x)
        if self.kind == "symlog":
            found: Array = np.arcsinh(x / self.linear_below) / math.log(10.0)
            return found
        return x

    def values(self, places: Any) -> Array:
        """The values at places."""
        u = np.asarray(places, dtype=np.float64)
        if self.kind == "log":
            found: Array = 10.0**u
            return found
        if self.kind == "symlog":
            return self.linear_below * np.sinh(u * math.log(10.0))
        return u

    @property
    def ends(self) -> tuple[float, float]:
        """The places of both ends."""
        low, high = self.places([self.low, self.high]).tolist()
        return low, high

    def spread(self, count: int) -> Array:
        """So many values, evenly placed, both ends exact, and 0 where a symlog scale has it in its middle."""
        values = self.values(np.linspace(*self.ends, count))
        values[0], values[-1] = self.low, self.high
        if self.low == -self.high and count % 2:
            values[count // 2] = 0.0
        return values

    def within(self, low: float, high: float) -> Scale:
        """The part of the scale between two places."""
        first, last = self.values([low, high]).tolist()
        return replace(self, low=first, high=last)

    def ticks(self, most: int = 9) -> tuple[list[float], list[str]]:
        """Places of ticks, about so many at most, and what they say: powers of ten, round numbers in a short range."""
        low, high = self.ends
        if self.kind == "linear" or high - low < 0.05 or self._is_linear:
            values = _round_numbers(self.low, self.high)
        elif self.kind == "log":
            values = self._decades(self.low, self.high, most)
        else:
            above = self._decades(self.linear_below, self.high, most) if self.high > self.linear_below else []
            below = self._decades(self.linear_below, -self.low, most) if -self.low > self.linear_below else []
            values = [-value for value in reversed(below)] + ([0.0] if self.low <= 0.0 <= self.high else []) + above
            values = [value for value in values if self.low <= value <= self.high]
        places = self.places(values).tolist() if values else []
        return places, [written(value) for value in values]

    def minor_ticks(self) -> list[float]:
        """Places of ticks without number: 2 to 9 times each power of ten, where decades have room for them."""
        low, high = self.ends
        if self.kind == "linear" or self._is_linear or not 0.5 < high - low <= 14.0:
            return []
        largest = max(abs(self.low), abs(self.high))
        least = self.low if self.kind == "log" else self.linear_below
        powers = range(math.floor(math.log10(least)), math.ceil(math.log10(largest)) + 1)
        sizes = [factor * 10.0**power for power in powers for factor in range(2, 10)]
        values = [value for size in sizes if size >= least for value in (-size, size) if self.low <= value <= self.high]
        return self.places(values).tolist() if values else []

    @property
    def _is_linear(self) -> bool:
        """Whether a symlog scale shows its linear part alone."""
        return self.kind == "symlog" and max(abs(self.low), abs(self.high)) <= self.linear_below

    def _decades(self, low: float, high: float, most: int) -> list[float]:
        low, high = max(low, 1e-300), max(high, 1e-300)
        first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
        apart = self.ends[1] - self.ends[0]
        if self.kind == "log" and apart < _FEWEST_DECADES:
            steps: Sequence[float] = (1.0, 2.0, 5.0) if apart > 0.5 else tuple(np.arange(1.0, 10.0, 0.5).tolist())
            values = [step * 10.0**power for power in range(first, last + 1) for step in steps]
            found = [value for value in values if low * (1 - 1e-9) <= value <= high * (1 + 1e-9)]
            return found or _round_numbers(low, high)
        every = max(1, math.ceil(apart / (most - 1)))
        return [
            10.0**power
            for power in range(first, last + 1)
            if power % every == 0 and low * (1 - 1e-9) <= 10.0**power <= high * (1 + 1e-9)
        ]


def _round_numbers(low: float, high: float) -> list[float]:
    """About five round numbers in a range."""
    if not high > low:
        return [low]
    step = 10.0 ** math.floor(math.log10((high - low) / 4.0))
    step *= next(factor for factor in (1.0, 2.0, 5.0, 10.0) if (high - low) / (factor * step) <= 6.0)
    first = math.ceil(low / step - 1e-9)
    return [k * step for k in range(first, math.floor(high / step + 1e-9) + 1)]


def written(value: float) -> str:
    """A number on an axis: powers of ten with raised digits, others as short as they are exact to four digits."""
    if value == 0.0:
        return "0"
    exponent = math.floor(math.log10(abs(value)) + 1e-9)
    mantissa = value / 10.0**exponent
    if -3 <= exponent <= 3:
        return f"{value:.4g}".replace("-", "−")
    raised = ("⁻" if exponent < 0 else "") + "".join(_DIGITS[int(digit)] for digit in str(abs(exponent)))
    sign = "−" if value < 0 else ""
    return f"{sign}10{raised}" if abs(abs(mantissa) - 1.0) < 1e-6 else f"{sign}{abs(mantissa):.4g}·10{raised}"
