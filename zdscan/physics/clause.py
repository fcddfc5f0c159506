"""What a constraint is: metadata, and clauses with the numbers of one mass. docs/constraints.md.

A module in `zdscan/constraints` defines one `CONSTRAINT`, or a data file is one (zdscan/physics/limit_curve.py);
nothing else has to know of it.
"""

from __future__ import annotations

import hashlib
import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from zdscan.inputs import limit_sets
from zdscan.inputs.constants import Constants
from zdscan.kernels.tables import clauses as _layout
from zdscan.physics.case import COUPLINGS
from zdscan.physics.currents import Current, Term, currents
from zdscan.physics.parameters import PARAMETERS
from zdscan.physics.polynomial import Polynomial
from zdscan.physics.vertex import Transition, Vertex, vertex

Channel = Literal["invisible", "ee", "mumu", "hadrons", "pipi"]
Channels = Channel | tuple[Channel, ...]
_CHANNELS: Mapping[str, int] = {
    "invisible": _layout.INVISIBLE_CHANNEL,
    "ee": _layout.ELECTRON_CHANNEL,
    "mumu": _layout.MUON_CHANNEL,
    "hadrons": _layout.HADRON_CHANNEL,
    "pipi": _layout.PION_CHANNEL,
}
# where the kernels have the coefficient of (i, j, k) in a clause
_PLACES: Mapping[tuple[int, int, int], int] = {
    (i, j, k): _layout.POLYNOMIAL + place for place, (i, j, k) in enumerate(_layout.EXPONENTS.tolist())
}


UNSAID = "Nothing is said of it, so it is taken as an upper limit on top of a background."


@dataclass(frozen=True)
class Clause:
    """One comparison: value = transform(constant + polynomial x BR x E) + offset against centre +up -down.

    E is the share of the vectors that decay at the proper times of `window`.
    ratio = max[(value - centre)/up, (centre - value)/down, 0]; 1 or more is excluded.

    Attributes
    ----------
    polynomial : in the three parameters, real, total degree at most 4.
    channel : multiply by this branching ratio of the vector, or by the sum of several; None: by 1. "pipi" is pi+ pi-
        below 1 GeV, a part of the hadrons.
    root : take the square root before adding `offset` (for the modulus of a complex amplitude).
    centre, up, down : up or down infinite where that side does not exclude.
    min_width : the clause applies only where the total width (GeV) is at least this: prompt decays of theory "paper".
    max_width : and only where it is at most this: what looks for a narrow peak.
    window : (a, b) in 1/GeV, from and to which proper time over hbar a decay counts (`zdscan.physics.lifetime`):
        E = exp(-a Gamma) - exp(-b Gamma). Prompt is a = 0, escape b = infinity, (0, 0) no window. Without a channel it
        must be an escape: with any other window the rate would not fall with the width.
    measured : of a likelihood "normal", the measured value and how many standard deviations the bounds are away from
        it; None: the centre, and as many as the confidence level says.
    likelihood, cl : where they are not those of the constraint (`zdscan.physics.statistics`).
    """

    polynomial: Polynomial
    up: float = math.inf
    down: float = math.inf
    centre: float = 0.0
    constant: float = 0.0
    offset: float = 0.0
    root: bool = False
    channel: Channels | None = None
    min_width: float = 0.0
    max_width: float = math.inf
    window: tuple[float, float] = (0.0, 0.0)
    measured: tuple[float, float] | None = None
    likelihood: str = ""
    cl: str = ""

    def __post_init__(self) -> None:
        if {"hadrons", "pipi"} <= set(self.channels):
            raise ValueError("pi+ pi- is a part of the hadrons: a sum cannot have both")
        start, end = self.window
        if self.window == (0.0, 0.0):
            return
        if not 0.0 <= start < end or math.isinf(start):
            raise ValueError(f"a window goes from a proper time to a later one, not from {start:g} to {end:g}")
        if self.channel is None and math.isfinite(end):
            raise ValueError("a clause without a channel can have a window that ends at infinity alone")
        if self.min_width > 0.0:
            raise ValueError("a clause has either a window or a least width")

    def packed(self, constraint: int) -> list[float]:
        """The clause as the kernels read it (kernels/tables/clauses.py)."""
        out = [0.0] * _layout.LENGTH
        out[_layout.CONSTRAINT] = constraint
        out[_layout.APPLIES] = 1.0
        out[_layout.CONSTANT] = self.constant
        out[_layout.OFFSET] = self.offset
        out[_layout.ROOT] = float(self.root)
        out[_layout.CHANNEL] = _layout.channel_code([_CHANNELS[channel] for channel in self.channels])
        out[_layout.CENTRE], out[_layout.UP], out[_layout.DOWN] = self.centre, self.up, self.down
        out[_layout.MIN_WIDTH] = self.min_width
        out[_layout.MAX_WIDTH] = self.max_width if math.isfinite(self.max_width) else 0.0
        out[_layout.WINDOW_FROM], out[_layout.WINDOW_TO] = self.window
        self.polynomial.pack(_PLACES, out)
        return out

    @property
    def channels(self) -> tuple[Channel, ...]:
        """The channels whose branching ratios are added; none where the rate alone counts."""
        if self.channel is None:
            return ()
        return (self.channel,) if isinstance(self.channel, str) else self.channel

    def applies_to(self, width: float) -> bool:
        """Whether a vector of this width (GeV) is broad and narrow enough."""
        return self.min_width <= width <= self.max_width

    def ratio(self, value: float) -> float:
        """Distance of `value` from the centre over the bound on its side; 1 or more is excluded."""
        return max((value - self.centre) / self.up, (self.centre - value) / self.down)

    def limit(self, value: float) -> float:
        """The bound nearest to `value`, in the unit of the value."""
        above, below = self.centre + self.up, self.centre - self.down
        if not math.isfinite(above):
            return below
        if not math.isfinite(below) or value >= self.centre:
            return above
        return below


_OF_LIMITS = Constants({})  # stands for the constants of a model's set of limits


@dataclass(frozen=True, eq=False)
class Model:
    """What the predictions of a scan depend on besides the mass: the couplings of its case and its theory settings.

    A model is equal to itself alone, so that what follows from it can be cached.
    """

    matrix: NDArray[np.float64]  # float64[18, 3], axial_mu included
    theory: str  # "paper" or "complete"
    emission: str  # "lepton" or "complete"
    fcnc_scale: float
    limits: str
    anomaly: Term = "wess-zumino"  # what becomes of the Wess-Zumino terms of anomalous currents, if there are any
    names: tuple[str, ...] = PARAMETERS  # of the columns of the matrix
    constants: Constants = _OF_LIMITS

    def __post_init__(self) -> None:
        if self.constants is _OF_LIMITS:
            object.__setattr__(self, "constants", limit_sets.load(self.limits).constants)

    def coupling(self, name: str) -> Polynomial:
        """A named coupling as a polynomial of degree one."""
        return self.product(name)

    def product(self, *names: str) -> Polynomial:
        """The product of named couplings as a polynomial; made once."""
        known = self._products.get(names)
        if known is None:
            last = Polynomial.linear(self.matrix[COUPLINGS.index(names[-1])])
            known = self._products[names] = self.product(*names[:-1]) * last if names[1:] else last
        return known

    @cached_property
    def _products(self) -> dict[tuple[str, ...], Polynomial]:
        return {}

    @cached_property
    def _vertices(self) -> dict[Transition, Vertex]:
        transitions: tuple[Transition, ...] = ("bs", "bd", "sd")
        return {t: vertex(self.matrix, t, self.fcnc_scale, self.anomaly) for t in transitions}

    @cached_property
    def currents(self) -> tuple[Current, ...]:
        """What breaks the current of each parameter."""
        return currents(self.matrix, self.names)

    def vertex(self, transition: Transition) -> Vertex:
        """The flavour-changing vertex per unit of each parameter, fcnc_scale included."""
        return self._vertices[transition]


@dataclass(frozen=True)
class Constraint:
    """A test of the model.

    Attributes
    ----------
    id : stable name, also that of its bit in a grid file.
    title, citations : for people; citations are keys of zdscan/inputs/data/references.bib.
    cl : confidence level as text, e.g. "90%" or "2 sigma".
    unit : of prediction and limit.
    grade : reliability of its input: A read in the source, B third-party digitisation or recast, C rough.
    in_paper : whether the analysis of arXiv:2412.11438 uses it (`use = "paper"`).
    applies : masses and cases in words.
    slots : how many clauses it may return.
    clauses : (model, mass in GeV) -> the clauses at that mass; none where it does not apply.
    first_format : the first scan format whose set "all" has it.
    group : the set beside "all" that has it: "flavour", "low-energy" or "direct" of zdscan's own.
    references : BibTeX entries by key, of citations that zdscan's bibliography lacks.
    definition : what makes the numbers of a constraint that does not come with zdscan; part of the identity of a grid.
    rule : what is compared, in words; by default the docstring of `clauses`.
    file : where it is defined, by default the module of `clauses`.
    replaced_by : the constraint that has its data in a later form: sets other than "paper" have that one instead, from
        its first format on.
    silence : (model, mass in GeV) -> why there are no clauses, in words; None: what `zdscan.physics.silence` finds.
    needs_source : whether it says nothing where its polynomials vanish, because no coupling makes the vector then.
    likelihood : what stands behind its bound: "normal", "half-normal", "counting" or "none"
        (`zdscan.physics.statistics`); of clauses that say it themselves, all of them, joined by "and".
    because : why this likelihood, in a sentence.
    same_data : a name that constraints on the same data have in common; chi2 counts the strongest of them.
    tension : whether the measurement is in tension with the Standard Model: a member of the set "tension".
    """

    id: str
    title: str
    citations: tuple[str, ...]
    cl: str
    unit: str
    grade: str
    in_paper: bool
    applies: str
    slots: int
    clauses: Callable[[Model, float], Sequence[Clause]]
    first_format: int = 1
    group: str = ""
    references: Mapping[str, str] = field(default_factory=dict)
    definition: str = ""
    rule: str = ""
    file: str = ""
    replaced_by: str = ""
    silence: Callable[[Model, float], str] | None = None
    needs_source: bool = False
    likelihood: str = "half-normal"
    because: str = UNSAID
    same_data: str = ""
    tension: bool = False

    def __post_init__(self) -> None:
        if not self.rule:
            object.__setattr__(self, "rule", " ".join((self.clauses.__doc__ or "").split()))
        if not self.file:
            object.__setattr__(self, "file", f"{self.clauses.__module__.replace('.', '/')}.py")


def of_package(constraint: Constraint, origin: str) -> Constraint:
    """A constraint of another package, its definition being the origin (name and version) and a hash of its source."""
    try:
        source = inspect.getsource(inspect.getmodule(constraint.clauses))  # type: ignore[arg-type]
    except (OSError, TypeError):  # made by a program, or not in Python
        source = ""
    made_of = f"{constraint.definition}{source}".encode()
    return replace(constraint, definition=f"{origin}, {hashlib.sha256(made_of).hexdigest()}")
