"""A verdict never says that a point is allowed without saying by what."""

from __future__ import annotations

import pytest

from zdscan.terminal import words


@pytest.mark.parametrize(
    ("count", "long", "short"),
    [
        (0, "tested by no constraint", "tested by none"),
        (1, "allowed by the 1 constraint computed", "allowed by 1 computed"),
        (28, "allowed by the 28 constraints computed", "allowed by 28 computed"),
    ],
)
def test_number_of_constraints_is_part_of_the_verdict(count: int, long: str, short: str) -> None:
    assert (words.allowed_by(count), words.allowed_by_short(count)) == (long, short)
