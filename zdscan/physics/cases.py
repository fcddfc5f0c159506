"""Cases by name, by file, or as their user gives them: what every command and function takes. docs/models.md."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zdscan.errors import UserError, nearest, no_such
from zdscan.inputs.files import is_file
from zdscan.physics import models
from zdscan.physics.case import (
    AXIAL_WITH,
    CASES,
    COUPLINGS,
    TAU,
    Case,
    axial_fault,
    gauge_couplings,
)
from zdscan.physics.case_table import case_from

__all__ = [
    "AXIAL_WITH",
    "CASES",
    "COUPLINGS",
    "TAU",
    "Case",
    "axial_fault",
    "case_names",
    "case_of",
    "gauge_couplings",
    "is_file",
    "named_case",
    "own_case",
    "read_case",
    "read_text",
]


def case_names() -> tuple[str, ...]:
    """The names of all cases that come with zdscan."""
    return (*CASES, *models.available())


def named_case(name: str) -> Case:
    """Case A, B or C, a named model of zdscan, or the case in a file ``./name.toml``.

    Raises
    ------
    UserError
        If there is no such case, or the file is not right.
    """
    return read_case(name) if is_file(name) else _known(name)


def _known(name: str) -> Case:
    if name in CASES:
        return CASES[name]
    if name not in models.available():
        raise UserError(f"There is {no_such('case', name, case_names())}; or give a file ./name.toml.")
    return models.available()[name]


def case_of(case: str | Case | Mapping[str, Mapping[str, float]]) -> Case:
    """The case that a user means: a name, a file, a case, or the couplings of one of their own.

    Raises
    ------
    UserError
        As `named_case` and `Case.from_couplings`.
    """
    if isinstance(case, Mapping):
        return Case.from_couplings("own", case)
    return case if isinstance(case, Case) else named_case(case)


def own_case(table: Mapping[str, Any], name: str = "") -> Case:
    """The case that a table describes (`zdscan.physics.case_table`), which may start from any named one.

    Raises
    ------
    UserError
        One sentence for everything that is wrong with it.
    """
    return case_from(table, name, _known)


def read_case(path: str | Path, text: str | None = None) -> Case:
    """The case in a file; `text` is what is in it, if that is known.

    Raises
    ------
    UserError
        The file is not there, no TOML, or the case in it is not right.
    """
    text = read_text(path) if text is None else text
    try:
        table = tomllib.loads(text.replace("\r\n", "\n"))
    except ValueError as error:
        raise UserError(f"{path}: not valid TOML: {error}.") from None
    try:
        return own_case(table, Path(path).stem)
    except UserError as error:
        raise UserError(*(f"{path}: {message}" for message in error.messages)) from None


def read_text(path: str | Path) -> str:
    """The text of a case file.

    Raises
    ------
    UserError
        There is no such file, or it is no text.
    """
    path = Path(path)
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        hint = nearest(path.name, [other.name for other in path.parent.glob("*.toml")])
        raise UserError(f"{path}: there is no such case file{hint}.") from None
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: not a text in UTF-8 (byte {error.start}); a case file is TOML.") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}.") from None
