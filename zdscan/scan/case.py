"""The case of a scan file: a name, a file, or a table; as the scan keeps it, and with its matrix. docs/models.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from zdscan.errors import UserError, listed, not_one_of
from zdscan.inputs.files import own_text
from zdscan.physics.cases import CASES, Case, case_names, is_file, named_case, own_case, read_case, read_text
from zdscan.scan.messages import Fault, pydantic_faults
from zdscan.scan.messages import Path as Place


class Table(BaseModel):
    """Base of every table of a scan file: unknown or missing keys and infinite numbers are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


@dataclass(frozen=True)
class CustomCase:
    """A user's own case: rows of the coupling matrix, each a mapping from parameter to coefficient; absent = 0.

    table : all that the scan file says of it (`zdscan.physics.case_table`).
    """

    name: str
    couplings: Mapping[str, Mapping[str, float]]
    table: Mapping[str, Any] = field(default_factory=dict)


class _FirstCaseTable(Table):
    name: str
    couplings: dict[str, dict[str, float]]


class _CaseTable(Table):
    """Of format 2; what the keys of type Any may be is checked where cases are made."""

    name: str | None = None
    title: Any = None
    base: Any = None
    parameters: Any = None
    couplings: dict[str, dict[str, float]] | None = None
    mixing: Any = None
    right_handed_neutrinos: Any = None
    note: Any = None


def read_given(
    value: Any, scan_format: int, files: Mapping[str, str] | None, folder: Path
) -> tuple[str | CustomCase | None, Case | None, dict[str, str], list[Fault]]:
    """The case as a scan has it, with its matrix, the text of its file if it is one, and what is wrong with it."""
    place: Place = ("case",)
    if value is None:  # reported as missing with the whole document
        return None, None, {}, []
    texts: dict[str, str] = {}
    try:
        if isinstance(value, str):
            if scan_format == 1 and value not in CASES:
                newer = value in case_names() or is_file(value)
                fault = f"= {value!r} needs format = 2" if newer else not_one_of(value, tuple(CASES))
                return None, None, {}, [Fault(place, fault)]
            if is_file(value):
                texts[value] = own_text(value, files, folder, read_text)
                return value, read_case(value, texts[value]), texts, []
            if value not in (known := case_names()):
                return None, None, {}, [Fault(place, not_one_of(value, known))]
            return value, named_case(value), {}, []
        if not isinstance(value, dict):
            return None, None, {}, [Fault(place, f"must be one of {listed(CASES)}, or a table with name and couplings")]
        place = ("case", "couplings") if "couplings" in value else ("case",)
        return _table_case(value, scan_format)
    except UserError as error:
        found = [Fault(place, f"cannot be used: {message}") for message in error.messages]
        return None, None, {}, found


def _table_case(
    value: Mapping[str, Any], scan_format: int
) -> tuple[CustomCase | None, Case | None, dict[str, str], list[Fault]]:
    model = _FirstCaseTable if scan_format == 1 else _CaseTable
    try:
        given = model.model_validate(value).model_dump(exclude_unset=True)
    except ValidationError as error:
        return None, None, {}, pydantic_faults(error, model, ("case",))
    if "name" not in given and "base" not in given:
        return None, None, {}, [Fault(("case", "name"), "is missing")]
    if "couplings" not in given and "base" not in given:
        return None, None, {}, [Fault(("case", "couplings"), "is missing")]
    rows = {row: MappingProxyType(columns) for row, columns in given.get("couplings", {}).items()}
    own = CustomCase(given.get("name") or str(given.get("base")), MappingProxyType(rows), MappingProxyType(given))
    return own, _own_case(own, scan_format), {}, []


def case_given(given: str | CustomCase, scan_format: int, files: Mapping[str, str]) -> Case:
    """The case with its matrix, built in, of a file whose text `files` has, or the user's."""
    if not isinstance(given, str):
        return _own_case(given, scan_format)
    return read_case(given, files[given]) if is_file(given) else named_case(given)


def _own_case(given: CustomCase, scan_format: int) -> Case:
    if scan_format == 1:
        return Case.from_couplings(given.name, given.couplings, scan_format=1)
    return own_case(given.table)


def case_a_faults(axes: Mapping[str, NDArray[np.float64]]) -> list[Fault]:
    """What is wrong with the axes of Case A: it has no direct muon coupling."""
    g_mu = axes.get("g_mu")
    if g_mu is not None and not (g_mu.size == 1 and g_mu[0] == 0.0):
        return [Fault(("axes", "g_mu"), "must be { values = [0.0] } in Case A, which has no direct muon coupling")]
    return []
