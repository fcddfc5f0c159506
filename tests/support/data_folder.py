"""What zdscan keeps of its data files, for tests that change them."""

from __future__ import annotations

from zdscan import constraints
from zdscan.inputs import against_mass, files
from zdscan.physics import search


def forget() -> None:
    """Let the data files be read again."""
    for kept in (
        *(files.hashes, against_mass.load, search.groups),
        *(constraints.available, constraints._all_but_searches, constraints._registry, constraints._built_in),
    ):
        kept.cache_clear()
