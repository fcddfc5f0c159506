"""Vector mesons: masses, widths, and the channels by which their widths run (vector_mesons.toml)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated

from pydantic import Field

from zdscan.errors import UserError
from zdscan.inputs.files import Grade, NonNegative, Positive, Record, Text, parse_toml, read_data, validate

FILE = "vector_mesons.toml"
NAMES = ("rho", "omega", "phi")
Meson = tuple[float, float, list[tuple[float, float, float]]]  # mass, width; share and two masses of each channel


class ChannelEntry(Record):
    """A decay into two bodies, as it stands in the file."""

    share: Annotated[float, Field(gt=0, le=1)]
    masses: Annotated[list[NonNegative], Field(min_length=2, max_length=2)]


class MesonEntry(Record):
    """A meson as it stands in the file."""

    mass: Positive
    width: Positive
    channels: Annotated[list[ChannelEntry], Field(min_length=1)]
    source: Text
    cite: Annotated[list[Text], Field(min_length=1)]
    grade: Grade


def parse(text: str, source: str) -> Mapping[str, Meson]:
    """Read the mesons from TOML text.

    Raises
    ------
    UserError
        The text is damaged, a meson is missing, or one is lighter than its decay products; the sentence names `source`.
    """
    document = parse_toml(text, source)
    if set(document) != set(NAMES):
        raise UserError(f"{source}: the mesons must be {', '.join(NAMES)}.")
    found: dict[str, Meson] = {}
    for name in NAMES:
        entry = validate(MesonEntry, document[name], source, name)
        channels = [(channel.share, channel.masses[0], channel.masses[1]) for channel in entry.channels]
        if any(m1 + m2 >= entry.mass for _, m1, m2 in channels):
            raise UserError(f"{source}, {name}: a channel is heavier than the meson.")
        found[name] = (entry.mass, entry.width, channels)
    return found


@cache
def load() -> Mapping[str, Meson]:
    """The mesons of this version of zdscan."""
    return parse(read_data(FILE).decode(), FILE)
