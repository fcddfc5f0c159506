"""Confidence levels as they are written: a share, or a number of standard deviations. docs/statistics.md.

Little is imported, because the declaration of the settings needs it.
"""

from __future__ import annotations

import math
import re

from zdscan.errors import describe

PUBLISHED = "published"
DEFAULT = "0.95"
MOST_DEVIATIONS = 8.0  # beyond, a share of 1 is all that is left in float64
_SIGMA = re.compile(r"\s*([0-9]+(?:\.[0-9]*)?)\s*sigma\s*")


def share_of(text: str) -> float | None:
    """The share that a text such as "0.95" or "95%" is; None for any other text."""
    try:
        share = float(text[:-1]) / 100.0 if text.endswith("%") else float(text)
    except ValueError:
        return None
    return share if 0.0 < share < 1.0 else None


def deviations_of(text: str) -> float | None:
    """The number of a text such as "2 sigma"; None for any other text."""
    found = _SIGMA.fullmatch(text)
    return float(found[1]) if found else None


def fault(value: object, names: tuple[str, ...]) -> str | None:
    """What is wrong with a level, as a predicate; None where it is a share, some sigma or one of some names."""
    told = f'a number between 0 and 1 such as 0.95, a text such as "2 sigma", or {" or ".join(names)}'
    if isinstance(value, str):
        z = deviations_of(value)
        if value in names or share_of(value) is not None or (z is not None and 0.0 < z <= MOST_DEVIATIONS):
            return None
    elif isinstance(value, int | float) and not isinstance(value, bool) and 0.0 < value < 1.0 and math.isfinite(value):
        return None
    return f"must be {told}, not {describe(value)}"


def plain(value: object) -> str:
    """A level that is allowed, as a text: "published", "0.95", "2 sigma"."""
    text = str(value).strip()
    if (z := deviations_of(text)) is not None:
        return f"{z:g} sigma"
    share = share_of(text)
    return text if share is None else f"{share!r}"
