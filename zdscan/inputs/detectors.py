"""Detectors that a vector must leave to be invisible: paths and momenta, each with source and grade."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Self

from pydantic import PlainValidator, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from zdscan.errors import describe, listed, nearest, no_such
from zdscan.inputs import constants
from zdscan.inputs.files import (
    OWN_WORDS,
    Grade,
    NonNegative,
    Positive,
    Record,
    Text,
    in_words,
    parse_toml,
    read_data,
    validate,
)

FILE = "detectors.toml"


class Detector(Record):
    """One search.

    Attributes
    ----------
    path_m : distance in m behind which a decay is not seen.
    momentum_GeV : of the vector in the laboratory; None where it follows from a decay.
    parent, recoil : constants, the masses of what decays to the vector and of what else it decays to (none: a photon).
    parent_GeV : the mass of the parent as a number, in place of `parent`: the energy of colliding beams.
    parent_momentum_GeV : of the parent in the laboratory.
    energy_share : share of the vector's largest kinetic energy, in the rest frame of the parent.
    source, grade : of the numbers.
    """

    path_m: Positive
    momentum_GeV: Positive | None = None
    parent: Text | None = None
    parent_GeV: Positive | None = None
    recoil: list[Text] | None = None
    parent_momentum_GeV: NonNegative = 0.0
    energy_share: Positive = 1.0
    source: Text
    grade: Grade

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if self.parent is not None and self.parent_GeV is not None:
            raise ValueError("parent and parent_GeV exclude each other")
        decay = (self.parent is not None or self.parent_GeV is not None, self.recoil is not None)
        if decay not in ((True, True), (False, False)) or (self.momentum_GeV is None) != decay[0]:
            raise ValueError("either momentum_GeV or parent and recoil must be given")
        return self


@cache
def load() -> Mapping[str, Detector]:
    """All detectors by name.

    Raises
    ------
    UserError
        The file is damaged.
    """
    return {
        name: validate(Detector, entry, FILE, name)
        for name, entry in parse_toml(read_data(FILE).decode(), FILE).items()
    }


def _named_or_described(value: object) -> object:
    """The name of a detector, or the detector that a table describes, in which source and grade may be left out."""
    if isinstance(value, str | Detector):
        return value
    if not isinstance(value, Mapping):
        raise _fault(f"must be the name of a detector, or a table, not {describe(value)}")
    try:
        return Detector.model_validate({"source": "the user", "grade": "C", **value})
    except ValidationError as error:
        # a key that is not known is why another one is missing
        first, *_ = sorted(error.errors(include_url=False), key=lambda item: item["type"] != "extra_forbidden")
        name = ".".join(map(str, first["loc"]))
        known = list(Detector.model_fields)
        told = in_words(first)
        if first["type"] == "extra_forbidden":
            told = f"is not known{nearest(name, known)}; allowed here: {listed(known)}"
        if first["type"] == "value_error":
            told = str(first["ctx"]["error"])
        raise _fault(f"has a part {name} that {told}" if name else f"is not complete: {told}") from None


def _fault(text: str) -> PydanticCustomError:
    return PydanticCustomError(OWN_WORDS, "{fault}", {"fault": text})


Where = Annotated[Any, PlainValidator(_named_or_described)]  # in records: str or Detector


def found(detector: str | Detector) -> Detector:
    """The detector itself, or the one of this name."""
    return detector if isinstance(detector, Detector) else load()[detector]


def fault(detector: str | Detector) -> str | None:
    """Why there is no such detector, as a clause; None where there is one."""
    if isinstance(detector, str):
        return None if detector in load() else f"there is {no_such('detector', detector, load())} in {FILE}"
    masses = [name for name, entry in constants.load().entries.items() if entry.unit == "GeV"]
    named = [name for name in (detector.parent, *(detector.recoil or ())) if name is not None]
    unknown = [name for name in named if name not in masses]
    return (
        f"a detector names {unknown[0]!r}, which is no mass in {constants.FILE}{nearest(unknown[0], masses)}"
        if unknown
        else None
    )
