"""The named models that come with zdscan: one file of cases, zdscan/inputs/data/models.toml. docs/models.md."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, cast

from zdscan.inputs.files import parse_toml, read_data
from zdscan.physics.case import Case
from zdscan.physics.case_table import case_from

FILE = "models.toml"


@cache
def available() -> Mapping[str, Case]:
    """All models by name, in the order of the file.

    Raises
    ------
    UserError
        The file is damaged.
    """
    tables = cast("Mapping[str, Mapping[str, Any]]", parse_toml(read_data(FILE).decode(), FILE))
    return {name: case_from(table, name) for name, table in tables.items()}
