"""The bibliography: every key that data and constraints cite is there, once, as BibTeX."""

from __future__ import annotations

import re

from zdscan import constraints
from zdscan.inputs import measurements, references
from zdscan.inputs.files import read_data


def test_entries_are_split_at_their_beginnings() -> None:
    text = '% a remark\n@article{One:1,\n  title = {A}\n}\n\n@misc{Two:2,\n  note = "x @ y"\n}\n'
    assert references.split(text) == {
        "One:1": "@article{One:1,\n  title = {A}\n}",
        "Two:2": '@misc{Two:2,\n  note = "x @ y"\n}',
    }


def test_every_entry_is_whole_and_there_once() -> None:
    keys = re.findall(r"^@\w+\{([^,\s]+),", read_data(references.FILE).decode(), flags=re.MULTILINE)
    assert len(keys) == len(set(keys)) == len(references.entries())
    for key, entry in references.entries().items():
        assert entry.count("{") == entry.count("}"), key
        assert re.search(
            r"^\s*(eprint|doi|journal|howpublished|note|url|publisher|archiveprefix)\s*=", entry, re.I | re.M
        ), key


def test_everything_that_is_cited_is_there() -> None:
    cited = {key for entry in constraints.select(constraints.available()) for key in entry.citations}
    for name in measurements.available():
        cited |= {key for row in measurements.load(name).citations for key in row}
    assert cited <= set(references.entries())
