"""Detectors that a vector must leave to be invisible: paths and momenta, each with source and grade."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Self

from pydantic import model_validator

from zdscan.inputs.files import Grade, NonNegative, Positive, Record, Text, parse_toml, read_data, validate

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
