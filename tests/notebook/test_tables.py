"""Short tables: columns that line up, and HTML in which no text is taken for markup."""

from __future__ import annotations

from html.parser import HTMLParser

from zdscan.notebook.tables import Table, folded, paragraphs

TABLE = Table(["name", "value"], [["a<b>&", "1"], ["long name", "-23.5"]], strong=(1,))


class Reader(HTMLParser):
    """Elements that are opened, closed, and their texts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.opened: list[str] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.opened.append(tag)
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


def test_columns_line_up() -> None:
    assert TABLE.lines() == ["name       value", "a<b>&          1", "long name  -23.5"]
    assert Table(["name", "value"], []).lines() == ["name  value"]


def test_html_has_every_cell_and_nothing_else() -> None:
    read = Reader(TABLE.html())
    assert read.open == []
    assert "".join(read.texts) == "namevaluea<b>&1long name-23.5"
    assert read.opened.count("td") == 4
    assert TABLE.html().count("bold") == 1


def test_text_around_tables_is_escaped() -> None:
    read = Reader(paragraphs(["<first>", "second & third"]) + folded("more < less", TABLE.html()))
    assert read.open == []
    assert read.texts[:3] == ["<first>", "second & third", "more < less"]
