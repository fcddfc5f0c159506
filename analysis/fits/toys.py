"""Toy experiments: how often data from a hypothesis are fitted as badly, or prefer a vector as much. docs/fitting.md.

Rows are drawn from a normal distribution with the covariance of chi2, around the predictions of the best fit (goodness
of fit) and of the Standard Model (how often it would be given up by so much). Toy k has its own random numbers, so the
result does not depend on the number of processes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from zdscan.analysis.fits.crew import Crew
from zdscan.analysis.fits.refits import Refits

Array = NDArray[np.float64]
Progress = Callable[[str, float], None]
MOST = 1_000_000
HYPOTHESES = ("best fit", "Standard Model")
AT_ONCE = 8  # toys that a process is given


@dataclass(frozen=True)
class Share:
    """How many of some toys reach what was observed.

    Attributes
    ----------
    reached, toys : numbers of them.
    """

    reached: int
    toys: int

    @property
    def p_value(self) -> float:
        """The share."""
        return self.reached / self.toys

    @property
    def error(self) -> float:
        """The binomial standard deviation of the share; one toy where none or all of them reach it."""
        return max(math.sqrt(self.p_value * (1.0 - self.p_value) / self.toys), 1.0 / self.toys)

    @property
    def significance(self) -> float | None:
        """The share in two-sided standard deviations; None where no toy reached it."""
        return float(norm.isf(self.p_value / 2.0)) if self.reached else None

    @property
    def text(self) -> str:
        """The share with its error."""
        if not self.reached:
            return f"below {1.0 / self.toys:.2g} (none of {self.toys:,})"
        return f"{self.p_value:.3g} +- {self.error:.1g} ({self.reached:,} of {self.toys:,})"

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers."""
        return {
            "p_value": self.p_value,
            "error": self.error,
            "reached": self.reached,
            "toys": self.toys,
            "significance": self.significance,
        }


@dataclass(frozen=True)
class Toys:
    """What toys say of a fit.

    Attributes
    ----------
    seed : of the random numbers.
    fit : toys from the best fit whose lowest chi2 is at least the observed one.
    preference : toys from the Standard Model whose lowest chi2 is at least as far below its own as the observed one.
    lowest : float64[toys], lowest chi2 of those from the best fit.
    gains : float64[toys], chi2 of the Standard Model less the lowest, of those from it.
    """

    seed: int
    fit: Share
    preference: Share
    lowest: Array
    gains: Array

    def to_dict(self) -> dict[str, Any]:
        """The layout of ``toys`` in ``zdscan fit --json``."""
        return {"seed": self.seed, "fit": self.fit.to_dict(), "preference": self.preference.to_dict()}


@dataclass(frozen=True)
class Sample:
    """What a process needs to draw and fit toys: everything but the numbers of the toys."""

    refits: Refits
    means: Array  # [hypothesis, rows]
    factors: Array  # [hypothesis, rows, rows], of the covariance
    whitened: Array  # [starts, W], predictions there
    seed: int

    @classmethod
    def of(cls, refits: Refits, seed: int) -> Sample:
        """Of a fit that is there."""
        rows = refits.surface.physics.likelihood
        best = np.array([refits.best.couplings]).T
        means = np.array([refits.surface.parts(refits.best.mass, best)[0][0], rows.sm])
        factors = np.array([np.linalg.cholesky(rows.covariance_at(mean)) for mean in means])
        return cls(refits, means, factors, refits.predictions @ rows.whitening.T, seed)

    def drawn(self, hypothesis: int, number: int) -> Array:
        """The rows of a toy: float64[n]."""
        rng = np.random.default_rng([self.seed, hypothesis, number])
        rows: Array = self.means[hypothesis] + self.factors[hypothesis] @ rng.standard_normal(self.means.shape[1])
        return rows

    def __call__(self, some: list[tuple[int, int]]) -> list[tuple[float, float]]:
        """chi2 of the Standard Model and lowest chi2 of toys, each (hypothesis, number)."""
        surface, found = self.refits.surface, []
        rows = surface.physics.likelihood
        for hypothesis, number in some:
            values = self.drawn(hypothesis, number)
            toy = rows.measured_otherwise(values)
            lowest = self.refits.lowest_of_toy(surface.variant(toy), self.whitened, rows.whitening @ values)
            standard = float(toy.chi2_at("chi2", rows.sm[:, None])[0])
            found.append((standard, min(lowest.chi2, standard)))
        return found


def toys_of(refits: Refits, count: int, seed: int, crew: Crew, progress: Progress) -> Toys:
    """Draw and fit so many toys from each hypothesis.

    Parameters
    ----------
    refits : of the fit to the measured rows.
    crew : the processes that do it.
    """
    todo = [(hypothesis, number) for hypothesis in range(len(HYPOTHESES)) for number in range(count)]
    some = [todo[start : start + AT_ONCE] for start in range(0, len(todo), AT_ONCE)]
    found: list[tuple[float, float]] = []
    with crew.at_work(Sample.of(refits, seed)) as results_of:
        for done in results_of(some):
            found += done
            progress(f"toys ({len(found):,} of {len(todo):,})", len(found) / len(todo))
    standard, lowest = np.array(found).reshape(len(HYPOTHESES), count, 2).transpose(2, 0, 1)
    gains = standard[1] - lowest[1]
    observed = refits.best.chi2
    gain = refits.surface.sm - observed
    return Toys(
        seed,
        Share(int(np.sum(lowest[0] >= observed)), count),
        Share(int(np.sum(gains >= gain)), count),
        lowest[0],
        gains,
    )
