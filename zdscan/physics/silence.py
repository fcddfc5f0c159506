"""Why a constraint says nothing of a model: the one place where the reason is put into words.

A constraint that does not apply is not passed. It says nothing at a mass without data, of couplings that do not enter,
and of vectors that live too long or are too broad for what was looked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from zdscan.physics.clause import Clause, Constraint, Model
from zdscan.physics.parameters import MASS_RANGE

Couplings = Sequence[float] | NDArray[np.float64]  # the three parameters, numbers or rows of numbers
NOT_MADE = "at these couplings nothing makes the vector as the search assumes"
_PROBES = tuple(np.geomspace(*MASS_RANGE, 13).tolist())  # GeV: whether there is a mass at which a constraint applies
_MOST_MASSES = 400


def of_model(
    constraint: Constraint,
    model: Model,
    mass: float,
    clauses: Sequence[Clause] | None = None,
    couplings: Sequence[float] | None = None,
) -> str:
    """Why a constraint says nothing of a model at a mass (GeV), whatever the width; "" if it may apply.

    Parameters
    ----------
    clauses : of the constraint at this mass, where they are known.
    couplings : three parameters at which, if they are given, a search must have the vector made.
    """
    found = constraint.clauses(model, mass) if clauses is None else clauses
    if found:
        return NOT_MADE if couplings is not None and not made(constraint, found, couplings) else ""
    if constraint.silence is not None:
        return constraint.silence(model, mass)
    if any(constraint.clauses(model, other) for other in _PROBES):
        return f"this mass is outside of what it covers: {constraint.applies}"
    return f"the couplings that it tests are 0 in this model; it covers {constraint.applies}"


def made(constraint: Constraint, clauses: Sequence[Clause], parameters: Couplings) -> NDArray[np.bool_]:
    """Whether couplings make the vector that a search looks for, at arrays of the parameters; true of other tests."""
    shape = np.shape(parameters)[1:]
    if not constraint.needs_source:
        return np.ones(shape, dtype=bool)
    found: NDArray[np.bool_] = np.any([clause.polynomial.at(parameters) != 0.0 for clause in clauses], axis=0)
    return np.broadcast_to(found, shape)


def of_point(
    constraint: Constraint,
    model: Model,
    mass: float,
    clauses: Sequence[Clause],
    parameters: Sequence[float],
    width: float,
) -> str:
    """Why a constraint says nothing at a point; "" where it applies.

    Parameters
    ----------
    clauses : of the constraint at this mass.
    parameters : the three of the coupling matrix.
    width : the total width, GeV.
    """
    if said := of_model(constraint, model, mass, clauses, parameters):
        return said
    if any(clause.applies_to(width) for clause in clauses):
        return ""
    if width > max(clause.max_width for clause in clauses):
        return f"too broad for a peak: the width is {width / mass:.2g} of the mass"
    least = min(clause.min_width for clause in clauses)
    hbar = model.constants["hbar"]
    if width == 0.0:
        return "the vector is stable, and prompt decays were looked for"
    return f"not prompt: the vector lives {hbar / width:.2g} ps, longer than {hbar / least:.2g} ps"


def of_masses(
    constraint: Constraint,
    model_at: Callable[[float], Model],
    masses: Sequence[float],
    couplings: Sequence[float] | None = None,
) -> str:
    """Why a constraint says nothing at any of some masses (GeV), as `of_model`; "" if it may apply at one of them.

    Of very many masses some hundreds are looked at, the ends among them.
    """
    places = dict.fromkeys(np.linspace(0, len(masses) - 1, min(len(masses), _MOST_MASSES)).astype(int).tolist())
    reasons: dict[str, None] = {}
    for place in places:
        said = of_model(constraint, model_at(masses[place]), masses[place], couplings=couplings)
        if not said:
            return ""
        reasons[said] = None
    found = NOT_MADE if NOT_MADE in reasons else "; or ".join(reasons)
    return found if len(masses) == 1 else found.replace("this mass", "these masses").replace("masses is", "masses are")
