"""Numbers as text."""

from __future__ import annotations

import math

from zdscan.analysis.paper.figures.plate import html, tex


def test_texts_of_numbers() -> None:
    assert tex(1e-3) == "10^{-3}"
    assert tex(3e-4) == r"3\times10^{-4}"
    assert html(-2.5e-6) == "−2.5×10<sup>−6</sup>"
    assert html(0.035) == "0.035"
    assert html(math.nan) == "none"
    assert html(0.00337, 3) == "3.37×10<sup>−3</sup>"
