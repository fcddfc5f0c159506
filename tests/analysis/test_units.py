"""One unit of masses, in numbers and in pictures."""

from __future__ import annotations

from zdscan.analysis.pictures.scales import mass_factor
from zdscan.analysis.units import MEV


def test_pictures_and_numbers_have_the_same_mev() -> None:
    assert mass_factor("MeV") * MEV == mass_factor("GeV") == 1.0
