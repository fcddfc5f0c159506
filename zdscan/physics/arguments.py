"""What a caller gives as points, mass and parameters as numbers, lists or arrays: checked, and broadcast together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from zdscan.errors import UserError, listed, no_such
from zdscan.physics.cases import AXIAL_WITH, Case
from zdscan.physics.parameters import MASS_RANGE, mass_fault

Array = NDArray[Any]


def points(
    case: Case, mass: ArrayLike, couplings: Sequence[ArrayLike], parameters: Mapping[str, ArrayLike]
) -> tuple[dict[str, Array], tuple[str, ...]]:
    """Mass (GeV) and the parameters of a case as arrays of one shape, by name, and the names of its dimensions.

    Parameters
    ----------
    couplings, parameters : parameters of the case in its order, and by name.

    Raises
    ------
    UserError
        An argument is no number, is unknown, empty, given twice or outside its range, or shapes do not match.
    """
    given = {"mass": mass} | given_parameters(case, couplings, parameters)
    numbers: dict[str, Array] = {}
    faults = []
    for name, value in given.items():
        try:
            numbers[name] = np.asarray(value, dtype=np.float64)
        except (TypeError, ValueError, OverflowError):
            faults.append(f"{name} must be a number or an array of numbers, not {value!r}.")
    if faults:
        raise UserError(*faults)
    try:
        arrays = np.broadcast_arrays(*numbers.values())
    except ValueError:
        shapes = ", ".join(f"{name} {np.shape(value)}" for name, value in given.items())
        raise UserError(
            f"{', '.join(list(given)[:-1])} and {list(given)[-1]} must be numbers or arrays of matching shapes, not "
            f"{shapes}."
        ) from None
    if arrays[0].size == 0:
        raise UserError("There is no point to evaluate: an argument is empty.")
    found = {name: array.copy() for name, array in zip(given, arrays, strict=True)}  # not views of one number
    _check(case, found)
    return found, dimensions(numbers)


def dimensions(arguments: Mapping[str, Array]) -> tuple[str, ...]:
    """Names of the dimensions that arguments have when they are broadcast together.

    A dimension has the name of the one argument that runs along it, if that runs along no other. Where several do, or
    one runs along several dimensions, it is "point", numbered where there is more than one dimension.
    """
    shape = np.broadcast_shapes(*(array.shape for array in arguments.values()))
    names: list[str] = []
    for k, size in enumerate(shape):
        place = k - len(shape)  # dimensions are aligned at the last one
        along = [
            name
            for name, array in arguments.items()
            if array.ndim >= -place and array.shape[place] == size and (size > 1 or array.size == 1)
        ]
        alone = len(along) == 1 and arguments[along[0]].size == size and along[0] not in names
        names.append(along[0] if alone else "point" if len(shape) == 1 else f"point_{k}")
    return tuple(names)


def given_parameters(case: Case, values: Sequence[ArrayLike], named: Mapping[str, ArrayLike]) -> dict[str, ArrayLike]:
    """The parameters of a case as given, in order or by name; 0 where they are not.

    Raises
    ------
    UserError
        The case has no such parameter, or one is given twice.
    """
    names = case.parameters.used
    # the coordinates of a point of a grid name all of its axes
    idle = {name for name in named if name in case.parameters.names[len(names) :] and not np.any(named[name])}
    faults = [f"There is {no_such('parameter', name, names)}." for name in named if name not in {*names, *idle}]
    if len(values) > len(names):
        faults.append(f"Case {case.name} has {len(names)} parameters ({listed(names)}), not {len(values)}.")
    in_order = dict(zip(names, values, strict=False))
    faults += [f"{name} is given twice, in order and by name." for name in in_order if name in named]
    if faults:
        raise UserError(*faults)
    return {name: in_order.get(name, named.get(name, 0.0)) for name in names}


def columns_of(case: Case, parameters: Mapping[str, Array]) -> list[Array]:
    """Mass and the three columns of the coupling matrix; 0 for one that the case does not use."""
    return [parameters.get(name, np.zeros_like(parameters["mass"])) for name in case.parameters.axes]


def _check(case: Case, parameters: dict[str, Array]) -> None:
    faults = []
    for name, values in parameters.items():
        if not np.all(np.isfinite(values)):
            faults.append(f"{name} must be a finite number.")
        elif name != "mass" and (fault := case.parameters[name].fault(float(values.min()), float(values.max()))):
            faults.append(f"{name} {fault}.")
    low, high = MASS_RANGE
    mass = parameters["mass"]
    if np.any(mass < low) or np.any(mass > high):
        worst = mass[(mass < low) | (mass > high)].flat[0]
        faults.append(mass_fault(float(worst)))
    idle = AXIAL_WITH in case.parameters and not np.any(case.matrix[:, case.parameters.index(AXIAL_WITH)])
    if idle and np.any(parameters[AXIAL_WITH] != 0.0):
        faults.append(f"{AXIAL_WITH} must be 0 in Case {case.name}, which has no direct muon coupling.")
    if faults:
        raise UserError(*faults)
