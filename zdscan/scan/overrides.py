"""Settings given beside a scan file, as ``dotted.key=value``: they replace or add entries of the parsed document."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from typing import Any

from zdscan.errors import UserError
from zdscan.scan.messages import dotted


def apply_overrides(raw: dict[str, Any], overrides: Sequence[str]) -> dict[tuple[str, ...], str]:
    """Put ``dotted.key=value`` texts into a parsed document, later ones winning; returns key -> text as typed."""
    given: dict[tuple[str, ...], str] = {}
    faults = []
    for item in overrides:
        name, equals, written = item.partition("=")
        keys = tuple(part.strip() for part in name.split("."))
        if not equals or not all(keys):
            faults.append(f"--set {item}: write key=value, such as axes.mass.n=50.")
            continue
        try:
            value = _toml_value(written.strip())
        except ValueError:
            faults.append(f"--set {item}: {written.strip()!r} is neither a TOML value nor a bare word.")
            continue
        table: Any = raw
        for depth, key in enumerate(keys[:-1], start=1):
            table = table.setdefault(key, {})
            if not isinstance(table, dict):
                faults.append(f"--set {item}: {dotted(keys[:depth])} is not a table, so it has no key {keys[depth]!r}.")
                break
        else:
            table[keys[-1]] = value
            given[keys] = item
    if faults:
        raise UserError(*faults)
    return given


def _toml_value(written: str) -> Any:
    try:
        document = tomllib.loads(f"value = {written}")
    except tomllib.TOMLDecodeError:
        if re.fullmatch(r"[A-Za-z_][\w.\-]*", written):
            return written
        raise
    if set(document) != {"value"}:  # a line break would smuggle in further keys
        raise ValueError(written)
    return document["value"]
