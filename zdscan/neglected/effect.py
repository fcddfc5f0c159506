"""What a neglected effect is: a declaration with a function that gives its size at points of one mass."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zdscan.evaluation.physics import Physics
from zdscan.physics.cases import COUPLINGS

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Points:
    """Points of one mass (GeV) and physics; parameters : float64[3, n], the columns of the coupling matrix."""

    physics: Physics
    mass: float
    parameters: NDArray[np.float64]

    @cached_property
    def couplings(self) -> Mapping[str, Array]:
        """Named couplings: float64[n] each."""
        return dict(zip(COUPLINGS, self.physics.matrix_at(self.mass) @ self.parameters, strict=True))

    @cached_property
    def found(self) -> Mapping[str, Array]:
        """The widths, predictions and ratios of these points."""
        return _evaluate(self.physics, self)

    def under(self, **settings: str | float) -> Mapping[str, Array]:
        """The same with other values of some settings; what "auto" chooses for `emission` and `level` is kept."""
        key = tuple(sorted(settings.items()))
        if key not in self._under:
            before = self.physics.settings
            kept: dict[str, Any] = {"emission": self.physics.model.emission, "level": before.used_level}
            changed = dataclasses.replace(before, **kept | settings)
            self._under[key] = _evaluate(dataclasses.replace(self.physics, settings=changed), self)
        return self._under[key]

    @cached_property
    def _under(self) -> dict[tuple[tuple[str, str | float], ...], Mapping[str, Array]]:
        return {}


def _evaluate(physics: Physics, points: Points) -> Mapping[str, Array]:
    wanted = ("widths", "predictions", "ratios")
    return physics.quantities(physics.mass_tables(points.mass), points.parameters, wanted)


@dataclass(frozen=True, eq=False)
class Sizes:
    """How large an effect is at points.

    Attributes
    ----------
    amount : float64[n], what is neglected, or what is used instead of something better.
    reference : float64[n], what it is compared with; 0 where there is nothing of that.
    present : bool[n], whether the effect is there.
    detail : a few words for each point, such as the prediction concerned; none where there is nothing to add.
    weight : float64[n], by which points are compared; by default the ratio.
    """

    amount: Array
    reference: Array
    present: Array
    detail: Sequence[str] = ()
    weight: Array | None = None

    @property
    def ratio(self) -> Array:
        """amount/reference; infinite where there is nothing to compare with, NaN where the effect is absent."""
        something = self.reference > 0.0
        with np.errstate(over="ignore"):
            ratio = np.where(something, self.amount / np.where(something, self.reference, 1.0), math.inf)
        return np.where(self.present, ratio, math.nan)

    def detail_of(self, place: int) -> str:
        """The words for one of the points; "" where there are none."""
        return self.detail[place] if self.detail else ""


@dataclass(frozen=True)
class Effect:
    """A neglected effect.

    Attributes
    ----------
    id : stable name.
    title : what is neglected, or used instead of something better, as the subject of a sentence.
    of : what its size is compared with.
    alone : what is said where there is nothing of that.
    page : where the documentation derives it.
    grade : B computed by comparison of two settings, C an estimate.
    applies : to which points, in words.
    remark : what its size is worth, as a clause that ends the sentence.
    sizes : points of one mass -> its sizes; None where it applies to none of them.
    """

    id: str
    title: str
    of: str
    alone: str
    page: str
    grade: str
    applies: str
    remark: str
    sizes: Callable[[Points], Sizes | None]

    def sentence(self, ratio: float, detail: str = "") -> str:
        """The effect with its size in words."""
        size = f"about {ratio:.2g} times {self.of}" if math.isfinite(ratio) else self.alone
        return f"{self.title}{f' ({detail})' if detail else ''}, {size}; {self.remark}."


@dataclass(frozen=True)
class Neglected:
    """An effect at one point: its size (infinite where there is nothing to compare with), and the sentence about it."""

    effect: Effect
    size: float
    text: str

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; the size is None where there is nothing to compare with."""
        size = self.size if math.isfinite(self.size) else None
        return {
            "id": self.effect.id,
            "size": size,
            "of": self.effect.of,
            "text": self.text,
            "grade": self.effect.grade,
        }
