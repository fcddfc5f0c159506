"""A user's limit curve in columns: what is read, and one sentence with file and line for each thing that is wrong."""

from __future__ import annotations

import pytest

from zdscan.errors import UserError
from zdscan.inputs.curve_file import segments

ROWS = [[0.02, 1e-9], [0.05, 2e-9], [0.1, 1e-9]]


@pytest.mark.parametrize(
    "text",
    [
        "0.02,1e-9\n0.05,2e-9\n0.1,1e-9\n",
        "mass, limit\n0.02, 1e-9\n0.05, 2e-9\n0.1, 1e-9",
        "# by hand\n\n0.02 1e-9\n0.05\t2e-9  # a dip\n# more\n0.1 1e-9\n\n",
        "m;l\n0.02;1e-9\n0.05;2e-9\n0.1;1e-9\n",
        "0.02,1e-9\r\n0.05,2e-9\r\n0.1,1e-9\r\n",
    ],
    ids=["commas", "header", "blanks and comments", "semicolons", "line ends of Windows"],
)
def test_columns(text: str) -> None:
    assert segments(text, "mine.csv") == [ROWS]


def test_an_empty_line_begins_a_segment() -> None:
    text = "0.02,1e-9\n0.05,2e-9\n\n\n0.2,1e-9\n0.3,3e-9\n"
    assert segments(text, "mine.csv") == [ROWS[:2], [[0.2, 1e-9], [0.3, 3e-9]]]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("0.02,1e-9\n0.05,\n0.1,1e-9", 2, "the limit is missing"),
        ("0.02,1e-9\n,2e-9\n0.1,1e-9", 2, "the mass is missing"),
        ("mass,limit\n0.02,1e-9\n0.1,2e-9\n0.05,1e-9", 4, "the mass 0.05 follows 0.1; sort the rows by ascending mass"),
        ("0.02,1e-9\n0.02,2e-9", 2, "the mass 0.02 is that of the row before"),
        ("0.3,1e-9\n0.2,2e-9\n0.1,2e-9", 2, "sort the rows by ascending mass"),
        ("# MeV\n20,1e-9\n50,2e-9\n100,1e-9", 2, "all masses are above 5, from 20 to 100: in MeV? Give them in GeV."),
        ("0.02,1e-9\n0.05,nan", 2, "the limit is nan; every row needs finite numbers"),
        ("0.02,1e-9\ninf,1e-9", 2, "the mass is inf"),
        ("1e-9,0.02\n2e-9,0.05\n1e-9,0.1", 1, "are the two swapped? The mass comes first."),
        ("0.02,1e-9\n0.05,abc", 2, "the limit 'abc' is not a number"),
        ("0.02,1e-9\n0.05,1e-9,3", 2, "3 columns where two are due"),
        ("0.02,1e-9\n0.05", 2, "1 columns where two are due"),
        ("0.02,1e-9\n0.05,0", 2, "the limit is 0 and must be positive"),
        ("-0.02,1e-9\n0.05,1e-9", 1, "the mass is -0.02 and must be positive"),
        ("0.02,1e-9\n0.05,12", 2, "the limit is 12; it can be at most 1"),
        ("0.02,1e-9\n\n0.05,1e-9\n0.06,1e-9", 1, "a single row between empty lines"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, line: int, words: str) -> None:
    with pytest.raises(UserError) as caught:
        segments(text, "mine.csv", largest=1.0)
    (message,) = caught.value.messages
    assert message.startswith(f"mine.csv, line {line}: ")
    assert words in message


@pytest.mark.parametrize("text", ["", "# nothing\n", "mass,limit\n"])
def test_a_file_without_numbers(text: str) -> None:
    with pytest.raises(UserError, match=r"^mine.csv: there is no row of numbers"):
        segments(text, "mine.csv")


REGION = ("mass", "lower", "upper")


def test_columns_of_a_region() -> None:
    text = "mass,lower,upper\n0.02,1e-8,1e-5\n0.05,1e-8,1e-6\n"
    assert segments(text, "mine.csv", columns=REGION) == [[[0.02, 1e-8, 1e-5], [0.05, 1e-8, 1e-6]]]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("0.02,1e-8\n0.05,1e-8", 1, "2 columns where three are due, the mass in GeV and lower and upper"),
        ("0.02,1e-5,1e-8\n0.05,1e-6,1e-8", 1, "is not below the upper one 1e-08; are the two columns swapped?"),
        ("0.02,1e-8,1e-5\n0.05,1e-6,1e-8", 2, "the lower edge 1e-06 is not below the upper one 1e-08; the lower one"),
        ("0.02,1e-8,1e-5\n0.05,1e-8,", 2, "the upper is missing"),
        ("20,1e-8,1e-5\n50,1e-8,1e-6", 1, "in MeV?"),
    ],
)
def test_what_is_wrong_with_a_region(text: str, line: int, words: str) -> None:
    with pytest.raises(UserError) as caught:
        segments(text, "mine.csv", columns=REGION)
    (message,) = caught.value.messages
    assert message.startswith(f"mine.csv, line {line}: ")
    assert words in message
