"""Fixtures of the tests of physics."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.data_folder import forget
from zdscan.inputs import files


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the data folder, in whose place it is, in which files may be added and changed."""
    shutil.copytree(files.FOLDER, tmp_path / "data")
    monkeypatch.setattr(files, "FOLDER", tmp_path / "data")
    forget()
    yield tmp_path / "data"
    forget()
