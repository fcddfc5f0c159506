"""The tables [[constraints.curve]] of a scan file: limit curves of the user, read and checked. docs/extending.md."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from zdscan.constraints import own_faults
from zdscan.errors import UserError
from zdscan.physics.clause import Constraint
from zdscan.physics.own_curve import Curve, made_of, read
from zdscan.scan.messages import Fault, pydantic_faults

CURVE_TABLES = ("constraints", "curve")


def curves_of(
    raw: Mapping[str, Any], files: Mapping[str, str] | None, folder: Path
) -> tuple[tuple[Constraint, ...], dict[str, str], list[Fault]]:
    """The constraints of all tables, the texts of their files by name, and what is wrong.

    Parameters
    ----------
    files : texts that were read before; without them they are read, beginning at `folder`.
    """
    section = raw.get(CURVE_TABLES[0])
    tables = section.get(CURVE_TABLES[1], []) if isinstance(section, dict) else []
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        return (), {}, [Fault(CURVE_TABLES, "must be tables; begin each with [[constraints.curve]]")]
    found: list[Constraint] = []
    texts: dict[str, str] = {}
    faults: list[Fault] = []
    for number, table in enumerate(tables):
        place = (*CURVE_TABLES, number)
        try:
            curve = Curve.model_validate(table)
        except ValidationError as error:
            faults += pydantic_faults(error, Curve, place)
            continue
        try:
            texts[curve.file] = _text(curve.file, files, folder)
            found.append(made_of(curve, texts[curve.file]))
        except UserError as error:
            faults += [Fault(place, f"cannot be used: {message}") for message in error.messages]
    if not faults:
        faults = [Fault(CURVE_TABLES, f"cannot be used: {fault}") for fault in own_faults(found)]
    return tuple(found), texts, faults


def _text(name: str, files: Mapping[str, str] | None, folder: Path) -> str:
    if files is None:
        return read(folder / name)
    if name not in files:
        raise UserError(f"the grid file does not hold {name}")
    return files[name]
