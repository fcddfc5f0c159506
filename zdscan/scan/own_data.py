"""The user's own measurements of a scan file: files among the data sets, and replaced rows. docs/extending.md."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zdscan.errors import UserError
from zdscan.evaluation.settings import SETTINGS
from zdscan.inputs.files import is_file, own_text
from zdscan.scan.messages import Fault
from zdscan.scan.messages import Path as Place


def data_of(
    raw: Mapping[str, Any], scan_format: int, files: Mapping[str, str] | None, folder: Path
) -> tuple[dict[str, str], list[Fault]]:
    """The texts of the files among the measurements by name, and what is wrong with the user's data.

    Faults of settings that are wrong by themselves are left to the check of the whole document.

    Parameters
    ----------
    files : texts that were read before; without them they are read, beginning at `folder`.
    """
    chosen, replace, theory = (SETTINGS[name] for name in ("measurements", "replace", "theory_errors"))
    section = raw.get("data")
    table = section if isinstance(section, dict) else {}
    names, others, treatment = (table.get(item.key, item.default_of(scan_format)) for item in (chosen, replace, theory))
    if chosen.fault(names) or replace.fault(others) or theory.fault(treatment):
        return {}, []
    wanted = (names,) if isinstance(names, str) else tuple(names)
    if not others and not any(is_file(name) for name in wanted):
        return {}, []
    from zdscan.inputs import measurements
    from zdscan.inputs.own_measurements import kept

    texts: dict[str, str] = {}
    faults: list[Fault] = []
    for place, name in enumerate(wanted):
        if is_file(name):
            try:
                texts[name] = own_text(name, files, folder)
            except UserError as error:
                path: Place = chosen.path if isinstance(names, str) else (*chosen.path, place)
                faults += [Fault(path, f"cannot be used: {message}") for message in error.messages]
    if not faults:
        rows = others if isinstance(others, str) or others is None else kept(others)
        for name, text in measurements.own_faults(wanted, texts, rows):
            row = [row for row in others if repr(row) in text] if isinstance(others, dict) else []
            faults.append(Fault((*SETTINGS[name].path, *row[: 1 if name == replace.name else 0]), text))
    return texts, faults
