"""Lines of keys and elements in TOML texts, strings, comments, tables and lists of all kinds among them."""

from __future__ import annotations

import pytest

from zdscan.inputs.toml_lines import line_of

TEXT = '''\
title = "a [b] # c"   # [x]
"a key" = 'it = 1'
many = """
[not.a.header]
x = 1
"""
[[group]]
name = "one"
rows = [
  { q2 = [1, 2], value = 1.0 },  # { first = 1 }
  { q2 = [2, 3], value = 2.0 },
]
[group.correlation]
matrix = [
  [1, 0],

  [0, 1],
]
[[group]]
name = "two"
[[group.rows]]
q2 = [1, 2]
[[group.rows]]
q2 = [3, 4]
[a.b]
c.d = { e = { f = 1979-05-27 } }
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("title",), 1),
        (("a key",), 2),
        (("many",), 3),
        (("group",), 7),
        (("group", 0), 7),
        (("group", 0, "name"), 8),
        (("group", 0, "rows", 0, "value"), 10),
        (("group", 0, "rows", 1), 11),
        (("group", 0, "correlation", "matrix", 1, 1), 17),
        (("group", 0, "lepton"), 7),
        (("group", 1), 19),
        (("group", 1, "rows", 1, "q2", 0), 24),
        (("a", "b", "c", "d", "e", "f"), 26),
        (("a", "b"), 25),
        (("not", "a"), None),
        (("x",), None),
    ],
)
def test_lines(path: tuple[str | int, ...], line: int | None) -> None:
    assert line_of(TEXT, path) == line
    assert line_of(TEXT.replace("\n", "\r\n"), path) == line
