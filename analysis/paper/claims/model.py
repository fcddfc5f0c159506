"""What every claim is made of: its record, and a model whose points, bounds and minima it asks for."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from zdscan.evaluation.engine import build_physics
from zdscan.evaluation.physics import Physics
from zdscan.physics.cases import Case, named_case

Verdict = Literal["agrees", "partly", "contradicted", "not determined", "superseded"]
Couplings = tuple[float, float, float]  # eps, eps_z, g_mu
Array = NDArray[Any]

MEV = 1e-3


@dataclass(frozen=True)
class Claim:
    """A statement of arXiv:2412.11438 and what the program finds.

    Attributes
    ----------
    id, statement, where : stable name; the statement in words; section, figure or table of the paper.
    paper_value : the paper's number as text.
    value, value_text : the program's main number (None where there is none), and all its numbers in words.
    verdict : decided from the numbers by the criterion that the claim's function states.
    reason : why, in one or two sentences.
    """

    id: str
    statement: str
    where: str
    paper_value: str
    value: float | None
    value_text: str
    verdict: Verdict
    reason: str


class Model:
    """Points of one case with chosen constraints; slices are kept, since a claim asks for few masses many times."""

    def __init__(self, case: str | Case, constraints: Sequence[str], **settings: Any) -> None:
        chosen = case if isinstance(case, Case) else named_case(case)
        self.physics: Physics = build_physics(chosen, constraints=constraints, **settings)
        self._mass_tables: dict[float, Array] = {}

    def evaluate(self, mass: float, eps: Any, eps_z: Any, g_mu: Any, want: Sequence[str] = ()) -> dict[str, Array]:
        """All combinations of the couplings (numbers or 1D arrays) in C order, as `Physics.evaluate`; mass in GeV."""
        if mass not in self._mass_tables:
            self._mass_tables[mass] = self.physics.mass_tables(mass)
        axes = tuple(np.atleast_1d(np.asarray(axis, dtype=np.float64)) for axis in (eps, eps_z, g_mu))
        return self.physics.evaluate(self._mass_tables[mass], (axes[0], axes[1], axes[2]), want=want)

    def ratio(self, mass: float, couplings: Couplings) -> float:
        """Largest prediction over limit among the model's constraints."""
        return float(np.max(self.evaluate(mass, *couplings, want=("ratios",))["ratios"]))

    def value(self, mass: float, couplings: Couplings, clause: int = 0) -> float:
        """What a clause, by default the first, of the first constraint compares with its limit."""
        return float(self.evaluate(mass, *couplings, want=("values",))["values"][0, clause])

    def bound(self, mass: float, along: Callable[[float], Couplings], low: float = 1e-10, high: float = 10.0) -> float:
        """Least t in [low, high] with a ratio of 1 at the couplings along(t); infinite if there is none."""
        return self.crossing(lambda t: self.ratio(mass, along(t)) - 1.0, low, high)

    @staticmethod
    def crossing(excess: Callable[[float], float], low: float, high: float, steps: int = 240) -> float:
        """First t of a logarithmic grid at which `excess` is not negative, refined to a zero; infinite if none."""
        grid = np.geomspace(low, high, steps).tolist()
        before = grid[0]
        for t in grid:
            if excess(t) >= 0.0:
                return float(t) if t == before else float(brentq(excess, before, t, rtol=1e-10))
            before = t
        return math.inf


@cache
def model(case: str, *constraints: str, **settings: float | str) -> Model:
    """The model of a built-in case with these constraints, kept for the next claim."""
    return Model(case, constraints, **settings)


def along_eps_z(eps: float = 0.0, g_mu: float = 0.0) -> Callable[[float], Couplings]:
    """eps_z as the variable."""
    return lambda t: (eps, t, g_mu)


def along_g_mu(eps: float = 0.0, eps_z: float = 0.0) -> Callable[[float], Couplings]:
    """g_mu as the variable."""
    return lambda t: (eps, eps_z, t)


def near(value: float, stated: float, factor: float) -> bool:
    """Whether two numbers of one sign differ by less than a factor."""
    return math.isfinite(value) and value * stated > 0.0 and 1.0 / factor <= value / stated <= factor


def text(value: float, digits: int = 2) -> str:
    """A number for a table; "none" for an infinite bound."""
    return "none" if math.isinf(value) else f"{value:.{digits}g}"
