"""The bibliography (file references.bib): BibTeX entries by key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from zdscan.inputs.files import read_data

FILE = "references.bib"


@cache
def entries() -> Mapping[str, str]:
    """Every entry of the bibliography by key, as it stands there."""
    return split(read_data(FILE).decode())


def split(text: str) -> dict[str, str]:
    """The BibTeX entries of a text by key."""
    parts = re.split(r"^(?=@)", text, flags=re.MULTILINE)
    named = ((re.match(r"@\w+\{([^,\s]+),", part), part) for part in parts)
    return {found[1]: part.strip() for found, part in named if found}
