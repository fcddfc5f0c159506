"""A case as a table: of a scan file, of a file of its own, and of the models that come with zdscan. docs/models.md.

    name, title, base, parameters, couplings, mixing, right_handed_neutrinos, note

`parameters` is a list of names, or a table of them with title, range and what the column begins with (``like``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from numbers import Real
from typing import Any

import numpy as np

from zdscan.errors import UserError, describe, listed, no_such, not_one_of
from zdscan.physics.case import CASES, COUPLINGS, Case
from zdscan.physics.parameters import COLUMNS, LARGEST_COUPLING, Parameter, Parameters, declaration_faults

KEYS = ("name", "title", "base", "parameters", "couplings", "mixing", "right_handed_neutrinos", "note")
OF_PARAMETER = ("title", "range", "like")
LIKE = {"photon": 0, "Z": 1}  # columns of Case A
SWITCHES = {"mixing": ("none", "loop"), "right_handed_neutrinos": ("heavy", "light")}


def case_from(table: Mapping[str, Any], name: str = "", lookup: Callable[[str], Case] = CASES.__getitem__) -> Case:
    """The case that a table describes.

    Parameters
    ----------
    name : of a case that does not say its own.
    lookup : gives the case of a name, which this one may start from.

    Raises
    ------
    UserError
        One sentence for everything that is wrong with it.
    """
    if faults := _word_faults(table, name):
        raise UserError(*faults)
    base = lookup(table["base"]) if "base" in table else None
    called = table.get("name", name) or table["base"]
    added = _declared(table.get("parameters", []))
    old = () if base is None else base.parameters.declared
    parameters = _joined(old, tuple(parameter for parameter, _ in added)) if base is None or added else base.parameters
    if base is None and "parameters" not in table:
        parameters = CASES["A"].parameters
    if faults := declaration_faults(parameters.declared):
        raise UserError(*(f"Case {called}: {fault}." for fault in faults))
    begin = np.zeros((len(COUPLINGS), COLUMNS)) if base is None else base.matrix.copy()
    liked = False
    for parameter, like in added:
        if like:
            begin[:, parameters.index(parameter.name)] = CASES["A"].matrix[:, LIKE[like]]
            liked = True
    start = None if base is None and not liked else begin
    title, note = table.get("title", ""), table.get("note", "")
    case = Case.from_couplings(called, table.get("couplings", {}), title, parameters=parameters, base=start)
    if base is not None:
        note, title = note or base.note, title or f"{base.title}, changed"
        case = replace(case, title=title, loop=base.loop, light_neutrinos=base.light_neutrinos)
    case = replace(case, note=note)
    return case.switched(table.get("mixing", "auto"), table.get("right_handed_neutrinos", "auto"))


def _joined(old: tuple[Parameter, ...], new: tuple[Parameter, ...]) -> Parameters:
    """The parameters of a base, replaced where they are declared anew, and then those that are new."""
    again = {item.name: item for item in new}
    known = {item.name for item in old}
    added = [item for item in new if item.name not in known]
    return Parameters((*(again.get(item.name, item) for item in old), *added))


def _word_faults(table: Mapping[str, Any], name: str) -> list[str]:
    """What is wrong with keys and words of a table."""
    called = table.get("name", name) or "own"
    faults = [f"Case {called}: there is {no_such('key', key, KEYS)}." for key in table if key not in KEYS]
    for key in ("name", "title", "base", "note"):
        if key in table and (not isinstance(table[key], str) or not table[key]):
            faults.append(f"Case {called}: {key} must be a text in quotes, not {describe(table[key])}.")
    if not table.get("name", name) and "base" not in table:
        faults.append("The case has no name.")
    if "base" not in table and "couplings" not in table:
        faults.append(f'Case {called}: couplings are missing, and no base = "..." to start from.')
    if not isinstance(table.get("couplings", {}), dict):
        faults.append(f"Case {called}: couplings must be a table, not {describe(table['couplings'])}.")
    for key, allowed in SWITCHES.items():
        value = table.get(key, allowed[0])
        if not isinstance(value, str):
            faults.append(f"Case {called}: {key} must be one of {listed(allowed)}, not {describe(value)}.")
        elif value not in allowed:
            faults.append(f"Case {called}: {key} {not_one_of(value, allowed)}.")
    return faults + [f"Case {called}: {fault}." for fault in _parameter_faults(table.get("parameters", []))]


def _parameter_faults(given: Any) -> list[str]:
    if isinstance(given, list):
        return [
            f"the names of parameters must be texts in quotes, not {describe(item)}"
            for item in given
            if not isinstance(item, str)
        ]
    if not isinstance(given, dict):
        return [f"parameters must be a list of names or a table of them, not {describe(given)}"]
    faults = []
    for name, entry in given.items():
        if not isinstance(entry, dict):
            faults.append(f"parameter {name} must be a table with {listed(OF_PARAMETER)}, not {describe(entry)}")
            continue
        unknown = [key for key in entry if key not in OF_PARAMETER]
        faults += [f"parameter {name}: there is {no_such('key', key, OF_PARAMETER)}" for key in unknown]
        if not isinstance(entry.get("title", ""), str):
            faults.append(f"parameter {name}: title must be a text in quotes, not {describe(entry['title'])}")
        if not (isinstance(entry.get("like", "Z"), str) and entry.get("like", "Z") in LIKE):
            faults.append(f"parameter {name}: like must be one of {listed(LIKE)}, not {describe(entry['like'])}")
        ends = entry.get("range", [0.0, 1.0])
        numbers = isinstance(ends, list) and all(isinstance(x, Real) and not isinstance(x, bool) for x in ends)
        if not numbers or len(ends) != 2:
            faults.append(f"parameter {name}: range must be two numbers [low, high], not {describe(ends)}")
    return faults


def _declared(given: list[str] | Mapping[str, Any]) -> list[tuple[Parameter, str]]:
    """The parameters that a table declares, and what each begins with ("": nothing)."""
    if isinstance(given, list):
        return [(Parameter(name, f"parameter {name}"), "") for name in given]
    found = []
    for name, entry in given.items():
        low, high = entry.get("range", (-LARGEST_COUPLING, LARGEST_COUPLING))
        item = Parameter(name, entry.get("title", f"parameter {name}"), float(low), float(high))
        found.append((item, entry.get("like", "")))
    return found
