"""What breaks the current of each parameter: weak isospin, masses, the anomaly. docs/model.md, docs/penguin.md.

    d_mu J^mu = [A g^2 W^a Wdual^a - A' g'^2 B Bdual]/(16 pi^2)
    A = (1/2) sum over left-handed doublets, with colours, of the mean coupling of their two members
    A' = sum of Y^2 g over right-handed minus left-handed fermions

A vector whose current is anomalous has a Wess-Zumino term, which the heavy fermions leave behind that cancel the
anomaly. Where the members of a doublet differ by another coupling than the W's, A means nothing, and no term is
predicted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from zdscan.kernels.physics.couplings import (
    A_D,
    A_E,
    A_MU,
    A_TAU,
    A_U,
    G_NUE,
    G_NUMU,
    G_NUTAU,
    G_WW,
    V_D,
    V_E,
    V_MU,
    V_TAU,
    V_U,
)
from zdscan.physics.completion import TOLERANCE, Column, w_charge
from zdscan.physics.parameters import PARAMETERS

Term = Literal["wess-zumino", "cancelled"]
_QUARKS = 9.0  # doublets: three generations of three colours
_LEPTONS = {"e": (V_E, A_E, G_NUE), "mu": (V_MU, A_MU, G_NUMU), "tau": (V_TAU, A_TAU, G_NUTAU)}
_FEW_DIGITS = 0.01  # of its terms, below which A looks like a rounding of typed numbers
_CHARGED = {"e": A_E, "mu": A_MU, "tau": A_TAU, "u": A_U, "d": A_D}


@dataclass(frozen=True)
class Current:
    """The current to which the vector couples per unit of one parameter.

    Attributes
    ----------
    parameter : its name.
    couples : whether anything couples at all.
    broken_by : what keeps the current from being conserved, in words; empty for a conserved one.
    anomaly, hypercharge : A and A' above; 0 where they cancel, None where they are not predicted.
    """

    parameter: str
    couples: bool
    broken_by: tuple[str, ...]
    anomaly: float | None
    hypercharge: float | None

    @property
    def anomalous(self) -> bool:
        """Whether a Wess-Zumino term is predicted that is not zero."""
        return bool(self.anomaly) or bool(self.hypercharge)

    def told(self, setting: str) -> str:
        """What is made of the anomaly, in words; `setting` as `resolved` gives it."""
        if not self.couples:
            return "nothing couples"
        if self.anomaly is None:
            return "none: not predicted where weak isospin is broken"
        if not self.anomalous:
            return "none"
        return "cancelled: no term" if setting == "cancelled" else "Wess-Zumino term"

    def to_dict(self, setting: str) -> dict[str, Any]:
        """The layout of ``zdscan point --json``."""
        return {
            "parameter": self.parameter,
            "conserved": not self.broken_by,
            "broken_by": list(self.broken_by),
            "anomaly": self.anomaly,
            "wess_zumino": self.told(setting),
        }


def currents(matrix: NDArray[np.float64], names: Sequence[str] = PARAMETERS) -> tuple[Current, ...]:
    """The currents of the parameters, which are called `names`, for a coupling matrix float64[18, 3].

    A matrix in which a W charge contradicts the quarks, as scan files of format 1 may have one, is taken as it
    stands: no term is predicted for any of its columns.
    """
    contradictory = any(_differs(column, w_charge(column)) for column in matrix.T)
    return tuple(_current(name, column, contradictory) for name, column in zip(names, matrix.T, strict=True))


def _differs(column: Column, difference: float) -> bool:
    """Whether the members of a doublet differ by another coupling than the W's."""
    return abs(difference - float(column[G_WW])) > TOLERANCE * float(np.max(np.abs(column)))


def _current(parameter: str, column: Column, contradictory: bool) -> Current:
    size = float(np.max(np.abs(column)))
    differences = {name: float(column[nu] - column[v] - column[a]) for name, (v, a, nu) in _LEPTONS.items()}
    broken = [name for name, difference in differences.items() if _differs(column, difference)]
    reasons = []
    if contradictory:
        reasons.append("weak isospin (the matrix gives the W another coupling than its quarks need)")
    if broken:
        told = ", ".join(f"nu_{name} - {name}_L = {differences[name]:.4g}" for name in broken)
        reasons.append(f"weak isospin ({told}, but the W has {column[G_WW]:.4g})")
    if massive := [name for name, axial in _CHARGED.items() if abs(column[axial]) > TOLERANCE * size]:
        reasons.append(f"masses (axial couplings of {', '.join(massive)})")
    anomaly = hypercharge = None
    if not (broken or contradictory):
        anomaly, hypercharge = _coefficients(column)
        if anomaly or hypercharge:
            reasons.append(f"anomaly ({anomaly:.4g}{_rounding(anomaly, column)})")
    return Current(parameter, size > 0.0, tuple(reasons), anomaly, hypercharge)


def _rounding(anomaly: float, column: Column) -> str:
    """A hint where A is what numbers typed with few digits leave of terms that cancel, such as 0.333 for a third."""
    left_quarks = column[V_U] + column[A_U] + column[V_D] + column[A_D]
    left_leptons = [column[nu] + column[v] + column[a] for v, a, nu in _LEPTONS.values()]
    size = (_QUARKS * abs(left_quarks) + sum(map(abs, left_leptons))) / 4.0
    if anomaly == 0.0 or abs(anomaly) > _FEW_DIGITS * size:
        return ""
    return f", {abs(anomaly) / size:.2g} of its terms: if they should cancel, give the couplings more digits"


def _coefficients(column: Column) -> tuple[float, float]:
    """A and A'; what rounding leaves where they cancel is 0."""
    left_quarks = column[V_U] + column[A_U] + column[V_D] + column[A_D]
    doublets = [_QUARKS * left_quarks / 2.0]
    singlets = [
        _QUARKS * 4.0 / 9.0 * (column[V_U] - column[A_U]),
        _QUARKS / 9.0 * (column[V_D] - column[A_D]),
        -_QUARKS / 36.0 * left_quarks,
    ]
    for v, a, nu in _LEPTONS.values():
        left = column[nu] + column[v] + column[a]
        doublets.append(left / 2.0)
        singlets += [column[v] - column[a], -left / 4.0]
    return _sum(doublets) / 2.0, _sum(singlets)


def _sum(terms: Sequence[float]) -> float:
    """A sum, 0 where it is within the accuracy of typed numbers."""
    total = float(sum(terms))
    return total if abs(total) > TOLERANCE * float(sum(map(abs, terms))) else 0.0


def coefficients(matrix: NDArray[np.float64], term: Term) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A and A' of the Wess-Zumino terms that are kept, float64[3] each: 0 where there is none."""
    found = currents(matrix) if term == "wess-zumino" else ()
    pairs = [(current.anomaly or 0.0, current.hypercharge or 0.0) for current in found] or [(0.0, 0.0)] * 3
    both = np.array(pairs).T
    return both[0], both[1]


def resolved(setting: str, matrix: NDArray[np.float64]) -> str:
    """What the setting `anomaly` amounts to: "wess-zumino" or "cancelled" where there is an anomaly, else "none"."""
    if not any(current.anomalous for current in currents(matrix)):
        return "none"
    return "wess-zumino" if setting == "auto" else setting


def setting_fault(
    setting: str, name: str, matrix: NDArray[np.float64], names: Sequence[str] = PARAMETERS
) -> str | None:
    """What is wrong with an explicit setting `anomaly`, as a predicate; None where the case has an anomaly."""
    found = currents(matrix, names)
    if setting == "auto" or any(current.anomalous for current in found):
        return None
    unpredicted = [current.parameter for current in found if current.couples and current.anomaly is None]
    why = (
        f", and what {', '.join(unpredicted)} induces is not predicted (weak isospin is broken)" if unpredicted else ""
    )
    return f"= {setting!r} does not fit Case {name}, whose currents have no anomaly{why}; leave it out"
