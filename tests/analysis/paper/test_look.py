"""The page of the paper recomputed."""

from __future__ import annotations

from zdscan.analysis.paper.look import page


def test_sections_are_cards_of_a_page_by_itself() -> None:
    text = page(["<h2>One</h2>", "<h2>Two</h2>"], "made today")
    assert text.count("<section class='card'><h2>") == text.count("</section>") == 2
    assert text.count("<footer>made today</footer>") == 1
    assert "http" not in text
    assert text.startswith("<!DOCTYPE html>")
