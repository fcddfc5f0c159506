"""Sizes and ranges as they are typed."""

from __future__ import annotations

import pytest

from tests.analysis.support import complaint
from zdscan.analysis.pictures.typed import checked_size, parse_range, parse_size


def test_sizes() -> None:
    assert parse_size("one-column") == (3.4, None)
    assert parse_size("two-column") == (7.0, None)
    assert parse_size("3.4,4") == (3.4, 4.0)
    assert parse_size("5") == (5.0, None)
    for text in ("", "wide", "1,2,3", "3,x"):
        assert "one-column, two-column, or width and height" in complaint(parse_size, text)
    for text in ("0,3", "3,99", "nan,3"):
        assert "1.5 to 30 inches" in complaint(parse_size, text)
    assert "size (99, None)" in complaint(checked_size, (99, None))


def test_ranges() -> None:
    assert parse_range("1e-4,2", "--x-range") == (1e-4, 2.0)
    for text in ("", "1", "2,1", "1,1", "a,b", "0,inf", "1,2,3"):
        assert complaint(parse_range, text, "--x-range").startswith(f"--x-range {text}: write two ascending numbers")


@pytest.mark.parametrize("pair", [(0.0, 1.0), (-1.0, 0.0)])
def test_ranges_reach_zero(pair: tuple[float, float]) -> None:
    assert parse_range(f"{pair[0]},{pair[1]}", "--y-range") == pair
