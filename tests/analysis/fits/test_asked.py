"""The options of a fit: defaults, levels, and what is refused."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from zdscan.analysis.fits.asked import Asked
from zdscan.errors import UserError


def test_the_level_is_that_of_the_scan_or_95(line: SimpleNamespace) -> None:
    physics = line.engine.physics  # theory paper: levels as published
    assert Asked.of().level_of(physics).text == "95%"
    assert Asked.of(level=0.9).level_of(physics).deviations == pytest.approx(1.6449, abs=1e-4)
    assert Asked.of(level="2 sigma").level_of(physics).deviations == 2.0
    assert Asked.of(processes=None).processes >= 1


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"toys": -1}, "toys must be a whole number from 0 to 1,000,000, not -1"),
        ({"toys": 10, "statistic": "total"}, "toys are drawn from the errors of measured rows"),
        ({"statistic": "row"}, "statistic does not know 'row'"),
        ({"level": 2.0}, "level must be a number between 0 and 1"),
        ({"processes": 0}, "processes must be a whole number from 1"),
        ({"seed": True}, "seed must be a whole number"),
    ],
)
def test_what_cannot_be_is_refused(options: dict, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        Asked.of(**options)
