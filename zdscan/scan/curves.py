"""The tables [[constraints.curve]] of a scan file: limit curves of the user, read and checked. docs/extending.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from zdscan.constraints import own_faults
from zdscan.errors import UserError
from zdscan.inputs.files import own_text
from zdscan.physics.clause import Constraint
from zdscan.physics.own_curve import Curve, id_of, made_of
from zdscan.scan.messages import Fault, pydantic_faults

CURVE_TABLES = ("constraints", "curve")


@dataclass(frozen=True)
class OwnCurves:
    """What the tables say.

    Attributes
    ----------
    constraints : of the user; none where something is wrong.
    ids : of all tables, whatever is wrong with them.
    files : texts of their files by name.
    faults : what is wrong.
    """

    constraints: tuple[Constraint, ...] = ()
    ids: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    faults: Sequence[Fault] = ()


def curves_of(raw: Mapping[str, Any], files: Mapping[str, str] | None, folder: Path) -> OwnCurves:
    """The constraints of all tables, read and checked.

    Parameters
    ----------
    files : texts that were read before; without them they are read, beginning at `folder`.
    """
    section = raw.get(CURVE_TABLES[0])
    tables = section.get(CURVE_TABLES[1], []) if isinstance(section, dict) else []
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        return OwnCurves(faults=[Fault(CURVE_TABLES, "must be tables; begin each with [[constraints.curve]]")])
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
            texts[curve.file] = own_text(curve.file, files, folder)
            found.append(made_of(curve, texts[curve.file]))
        except UserError as error:
            faults += [Fault(place, f"cannot be used: {message}") for message in error.messages]
    if not faults:
        faults = [Fault(CURVE_TABLES, f"cannot be used: {fault}") for fault in own_faults(found)]
    ids = tuple(str(table.get("id") or id_of(str(table.get("file", "")))) for table in tables)
    return OwnCurves(() if faults else tuple(found), ids, texts, faults)
