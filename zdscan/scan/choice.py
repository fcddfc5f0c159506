"""The choice of constraints of a scan file: what is wrong with `use` in [constraints], in located sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zdscan.constraints import SETS, available, faults_of, installed, select
from zdscan.errors import not_one_of
from zdscan.evaluation.settings import SETTINGS
from zdscan.scan.curves import OwnCurves
from zdscan.scan.messages import Fault


def choice_faults(raw: Mapping[str, Any], scan_format: int, own: OwnCurves) -> list[Fault]:
    """What is wrong with the choice of constraints: a set by name, or a list of sets and ids."""
    setting = SETTINGS["constraints"]
    section, key = setting.path
    table, known = raw.get(section), (*available(), *installed())
    value = (table if isinstance(table, dict) else {}).get(key, setting.default_of(scan_format))
    if isinstance(value, str):
        if value in SETS:
            return []
        if value in known:
            return [Fault(setting.path, f"must be a list of ids; write [{value!r}]")]
        return [Fault(setting.path, f"{not_one_of(value, SETS)}, or a list of ids")]
    if not isinstance(value, list):
        return [Fault(setting.path, f'must be "paper", "all" or a list of ids, not {value!r}')]
    if not value:
        return [Fault(setting.path, 'is an empty list; name at least one constraint, or write "paper" or "all"')]
    faults: list[Fault] = []
    names = own.ids
    for index, name in enumerate(value):
        if not isinstance(name, str):
            faults.append(Fault((*setting.path, index), f"must be a constraint id in quotes, not {name!r}"))
        elif name.removeprefix("-") not in (*known, *SETS, *names):
            faults.append(Fault((*setting.path, index), not_one_of(name.removeprefix("-"), (*SETS, *known, *names))))
        elif name in value[:index]:
            faults.append(Fault((*setting.path, index), f"repeats {name!r}; name every constraint once"))
    if not faults:
        faults = [Fault(setting.path, f"cannot be used: {fault}") for fault in faults_of(value, names)]
    if not faults and not own.faults and not select(value, scan_format, own.constraints):
        faults = [Fault(setting.path, "takes away every constraint; leave at least one")]
    return faults
