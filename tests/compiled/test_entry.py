"""The files of one kernel: believed while they are as they were noted, deleted otherwise, and no others with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from zdscan.compiled.entry import Entry


def kernel() -> None:
    """Stands for one: its name and line are those of the files."""


START = f"test_entry.kernel-{kernel.__code__.co_firstlineno}."
INDEX, CODE, OTHER = f"{START}py311.nbi", f"{START}py311.1.nbc", "test_entry.kernel-7.py311.nbi"


@pytest.fixture
def entry(tmp_path: Path) -> Entry:
    """An entry whose checksums are noted, beside that of another kernel."""
    for name in (INDEX, CODE, OTHER):
        (tmp_path / name).write_text(f"contents of {name}")
    found = Entry(tmp_path, kernel)
    found.note()
    return found


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_what_is_as_it_was_noted_stays(entry: Entry, tmp_path: Path) -> None:
    before = names(tmp_path)
    assert before == {INDEX, CODE, OTHER, f"{START}sums.json"}
    entry.check()
    assert names(tmp_path) == before


@pytest.mark.parametrize("name", [INDEX, CODE, f"{START}sums.json"])
def test_what_is_not_takes_the_entry_with_it(entry: Entry, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("[]")
    entry.check()
    assert names(tmp_path) == {OTHER}


def test_an_index_that_nobody_noted_is_not_believed(entry: Entry, tmp_path: Path) -> None:
    (tmp_path / f"{START}py312.nbi").write_text("of another Python, whose process was killed before its note")
    entry.check()
    assert names(tmp_path) == {OTHER}


def test_an_empty_folder_and_none_at_all_are_fine(tmp_path: Path) -> None:
    Entry(tmp_path, kernel).check()
    gone = Entry(tmp_path / "gone", kernel)
    gone.check()
    gone.note()
    gone.discard()
    assert names(tmp_path) == set()
