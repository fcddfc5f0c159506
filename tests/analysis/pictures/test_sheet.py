"""Legends in lines."""

from __future__ import annotations

from zdscan.analysis.pictures.sheet import wrapped
from zdscan.analysis.pictures.typeset import in_print


def test_lines_count_letters_as_printed() -> None:
    text = in_print("K+ -> mu+ nu Z_D, Z_D invisible (90%, grade B)")
    assert wrapped(text, 40) == text
    assert wrapped(text, 30).split("\n") == [text[: text.index(" (90")], "(90%, grade B)"]
