"""A verdict never says that a point is allowed without saying by what."""

from __future__ import annotations

import re

import pytest

from tests.support.paths import ROOT
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


def test_page_that_the_verdict_names_is_in_the_documentation() -> None:
    (page,) = re.findall(r"docs/[\w.-]+", words.NOT_COMPUTED)
    assert (ROOT / page).exists()
    assert "not-included" in (ROOT / "docs" / "index.md").read_text()
