"""The bibliography (file references.bib): BibTeX entries by key."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
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


def cited(citation: str, name: str) -> tuple[tuple[str, ...], dict[str, str]]:
    """The keys of a user's citation, and the entries that the bibliography lacks.

    Parameters
    ----------
    citation : a key of the bibliography, whole BibTeX entries, or words, of which an entry is made.
    name : its key, where it is words.
    """
    known, given = entries(), split(citation)
    if given:
        return tuple(given), {key: entry for key, entry in given.items() if key not in known}
    if citation in known:
        return (citation,), {}
    words = citation.replace("{", "").replace("}", "")
    found = re.search(r"(?i)arxiv:\s*(\d{4}\.\d{4,5})", words)
    eprint = f",\n  eprint = {{{found[1]}}},\n  archivePrefix = {{arXiv}}" if found else ""
    return (name,), {name: f"@misc{{{name},\n  note = {{{words}}}{eprint}\n}}"}


def all_cited(citations: Sequence[str], name: str) -> tuple[list[str], dict[str, str]]:
    """As `cited`, of several citations of what is called `name`."""
    key, keys = re.sub(r"\W", "_", name), dict[str, None]()
    lacking: dict[str, str] = {}
    for number, citation in enumerate(citations, start=1):
        found, more = cited(citation, key if number == 1 else f"{key}_{number}")
        keys |= dict.fromkeys(found)
        lacking |= more
    return list(keys), lacking
