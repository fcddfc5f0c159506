"""A document as TOML: the scan file of a mapping, such as a program makes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from zdscan.errors import UserError


def document_text(document: Mapping[str, Any], what: str = "the scan") -> str:
    """The text of a scan file with these settings, sections behind the keys that stand in none.

    Parameters
    ----------
    document : of the layout of the file; values of Python or NumPy.
    what : what messages call it.

    Raises
    ------
    UserError
        A key is no text, or a value is nothing that TOML has.
    """
    alone = {key: value for key, value in document.items() if not isinstance(value, Mapping)}
    lines = _lines(alone, what, "")
    for key, value in document.items():
        if isinstance(value, Mapping):
            lines += ["", f"[{_key(key, what)}]", *_lines(value, what, f"{key}.")]
    return "\n".join(lines) + "\n"


def _lines(table: Mapping[str, Any], what: str, section: str) -> list[str]:
    return [f"{_key(key, what)} = {_toml(value, what, f'{section}{key}')}" for key, value in table.items()]


def _toml(value: Any, what: str, place: str) -> str:
    """A value in one line."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)  # the escapes of JSON are those of TOML
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, Mapping):
        inside = [f"{_key(key, what)} = {_toml(item, what, f'{place}.{key}')}" for key, item in value.items()]
        return "{ " + ", ".join(inside) + " }"
    if isinstance(value, list | tuple | range):
        return "[" + ", ".join(_toml(item, what, f"{place}[{k}]") for k, item in enumerate(value)) + "]"
    raise UserError(f"{what}: {place} is {value!r}; a scan has texts, numbers, true or false, lists and tables.")


def _key(name: object, what: str) -> str:
    if not isinstance(name, str):
        raise UserError(f"{what}: the key {name!r} is no text.")
    plain = name.isascii() and name.replace("_", "").replace("-", "").isalnum()
    return name if plain else json.dumps(name, ensure_ascii=False)
