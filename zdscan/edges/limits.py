"""Limits on one parameter of a case, by every constraint, at given masses. docs/limits.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from zdscan.edges.curves import LimitCurves
from zdscan.edges.lines import on_line
from zdscan.errors import UserError, listed, no_such
from zdscan.evaluation.engine import build_physics
from zdscan.evaluation.physics import Physics
from zdscan.evaluation.settings import documented
from zdscan.physics.cases import Case, case_of
from zdscan.physics.clause import Constraint
from zdscan.physics.parameters import LARGEST_COUPLING, MASS_RANGE, mass_fault

WITHIN = (1e-12, LARGEST_COUPLING)  # of couplings: far below every search, and as far as zdscan computes
MASSES = 200  # by default, spaced evenly in the logarithm over the whole range
MOST_MASSES = 20_000
Array = NDArray[np.float64]


@documented
def limits(
    case: str | Case | Mapping[str, Mapping[str, float]],
    along: str,
    mass: ArrayLike | None = None,
    *,
    parameters: Mapping[str, float] | None = None,
    negative: bool = False,
    within: tuple[float, float] = WITHIN,
    theory: str = "complete",
    emission: str = "auto",
    invisible_width: float = 0.0,
    invisible_branching: float = 0.0,
    dark_fermion: Mapping[str, float] | tuple[float, float] | None = None,
    right_handed_neutrinos: str = "auto",
    mixing: str = "auto",
    axial_mu: float = 0.0,
    fcnc_scale: float = 1.0,
    anomaly: str = "auto",
    measurements: str | Sequence[str] = "latest",
    replace: Mapping[str, Any] | str | None = None,
    errors: str = "symmetrised",
    theory_errors: str = "auto",
    errors_correlated: str | bool = "auto",
    theory_errors_at: str = "sm",
    constraints: str | Sequence[str | Constraint] = "all",
    limits: str = "latest",
    limit_theory_errors: str | bool = "false",
    level: str | float = "auto",
) -> LimitCurves:
    """Find what of one parameter each constraint excludes, with both edges of every interval, at each mass.

    An edge is where prediction over limit is 1, solved to a relative 1e-9, or where a constraint ceases to apply.
    Nothing is read off a grid, and closed regions thinner than the steps of the search are found.

    Parameters
    ----------
    case : as in `zdscan.evaluate`.
    along : the parameter whose limits are wanted, one of the case.
    mass : masses of the vector in GeV, 0.01 to 2, in any order; by default 200 over the whole range.
    parameters : the other parameters, by name; 0 where not given.
    negative : whether the parameter is followed to negative values instead of positive ones; edges are given as sizes.
    within : least and largest size of the parameter that is looked at.
    {settings}

    Returns
    -------
    LimitCurves : the intervals, the strongest constraint at each mass, and ways to tables and files.

    Raises
    ------
    UserError
        A name is unknown, a number is outside its range, or the case does not depend on the parameter.
    """
    chosen = case_of(case)
    fixed = dict(parameters or {})
    masses = np.geomspace(*MASS_RANGE, MASSES) if mass is None else _as_masses(mass)
    faults = [*_mass_faults(masses), *_parameter_faults(chosen, along, fixed), *_range_faults(along, within)]
    if faults:
        raise UserError(*faults)
    physics = build_physics(
        chosen,
        theory=theory,
        emission=emission,
        invisible_width=invisible_width,
        invisible_branching=invisible_branching,
        dark_fermion=dark_fermion,
        right_handed_neutrinos=right_handed_neutrinos,
        mixing=mixing,
        axial_mu=axial_mu,
        fcnc_scale=fcnc_scale,
        anomaly=anomaly,
        measurements=measurements,
        replace=replace,
        errors=errors,
        theory_errors=theory_errors,
        errors_correlated=errors_correlated,
        theory_errors_at=theory_errors_at,
        constraints=constraints,
        limits=limits,
        limit_theory_errors=limit_theory_errors,
        level=level,
    )
    return limit_curves(physics, along, masses, fixed, negative=negative, within=within)


def limit_curves(
    physics: Physics,
    along: str,
    masses: Array,
    fixed: Mapping[str, float],
    *,
    negative: bool = False,
    within: tuple[float, float] = WITHIN,
) -> LimitCurves:
    """As `limits`, of a physics and of checked arguments."""
    names = physics.case.parameters.names
    start = np.array([fixed.get(name, 0.0) for name in names])
    direction = np.array([float(name == along) * (-1.0 if negative else 1.0) for name in names])
    found = [on_line(physics, at, physics.mass_tables(at), start, direction, within) for at in masses.tolist()]
    return LimitCurves.of(physics, along, negative, dict(fixed), masses, found)


def _as_masses(mass: ArrayLike) -> Array:
    try:
        return np.atleast_1d(np.asarray(mass, dtype=np.float64)).ravel()
    except (TypeError, ValueError, OverflowError):
        raise UserError(f"mass must be a number or an array of numbers in GeV, not {mass!r}.") from None


def _mass_faults(masses: Array) -> list[str]:
    low, high = MASS_RANGE
    if not masses.size:
        return ["There is no mass to compute limits at: mass is empty."]
    if masses.size > MOST_MASSES:
        return [f"{masses.size:,} masses are too many for limit curves; at most {MOST_MASSES:,} are allowed."]
    outside = masses[~((masses >= low) & (masses <= high))]
    return [mass_fault(float(outside[0]))] if outside.size else []


def _parameter_faults(case: Case, along: str, fixed: Mapping[str, float]) -> list[str]:
    names = case.parameters.used
    if along == "mass":
        return [f"Limits are found at given masses, so along cannot be mass; choose one of {listed(names)}."]
    if along not in names:
        return [f"There is {no_such('parameter', along, names)}."]
    faults = []
    if not np.any(case.matrix[:, names.index(along)]):
        faults.append(f"Nothing depends on {along} in Case {case.name}, so there is no limit on it.")
    for name, value in fixed.items():
        if name not in names:
            faults.append(f"There is {no_such('parameter', name, names)}.")
        elif name == along:
            faults.append(f"{name} is the parameter whose limits are wanted, so it cannot be held at {value:g}.")
        elif fault := case.parameters[name].fault(value, value):
            faults.append(f"{name} {fault}.")
        elif value != 0.0 and not np.any(case.matrix[:, names.index(name)]):
            faults.append(f"{name} must be 0 in Case {case.name}, where nothing depends on it.")
    return faults


def _range_faults(along: str, within: tuple[float, float]) -> list[str]:
    low, high = within
    if 0.0 < low < high <= LARGEST_COUPLING and low >= 1e-30:
        return []
    return [
        f"The range of {along} is {low:g} to {high:g}; it must ascend and lie between 1e-30 and {LARGEST_COUPLING:g}, "
        "as sizes without sign."
    ]
