"""A table of a few lines, written as text for a terminal and as HTML for a notebook."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True)
class Table:
    """Cells that are text already, under the names of their columns.

    Attributes
    ----------
    columns : names above the columns.
    rows : one text for each column.
    left : numbers of the columns that begin at the left; the others end at the right.
    strong : numbers of the rows that HTML shows bold.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    left: Collection[int] = (0,)
    strong: Collection[int] = ()

    def lines(self) -> list[str]:
        """The table as lines of text, the columns two blanks apart."""
        cells = [self.columns, *self.rows]
        widths = [max(len(row[k]) for row in cells) for k in range(len(self.columns))]
        return ["  ".join(self._aligned(row, widths)).rstrip() for row in cells]

    def _aligned(self, row: Sequence[str], widths: Sequence[int]) -> list[str]:
        pairs = enumerate(zip(row, widths, strict=True))
        return [cell.ljust(width) if k in self.left else cell.rjust(width) for k, (cell, width) in pairs]

    def html(self) -> str:
        """The table as an HTML element."""
        head = "".join(self._cell("th", k, name) for k, name in enumerate(self.columns))
        lines = []
        for number, row in enumerate(self.rows):
            bold = ' style="font-weight: bold"' if number in self.strong else ""
            lines.append(f"<tr{bold}>{''.join(self._cell('td', k, cell) for k, cell in enumerate(row))}</tr>")
        return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>"

    def _cell(self, tag: str, column: int, text: str) -> str:
        side = "left" if column in self.left else "right"
        return f'<{tag} style="text-align: {side}">{escape(text)}</{tag}>'


def folded(summary: str, inside: str) -> str:
    """HTML that a click on its summary unfolds."""
    return f"<details><summary>{escape(summary)}</summary>{inside}</details>"


def paragraphs(lines: Sequence[str]) -> str:
    """Lines of text as HTML, the first of them bold."""
    first, *rest = (escape(line) for line in lines)
    return "<div>" + "<br>".join([f"<b>{first}</b>", *rest]) + "</div>"
