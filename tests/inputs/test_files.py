"""The folder of data files: all of it is hashed, and what is missing or ambiguous gets a sentence."""

from __future__ import annotations

import hashlib
from importlib import resources
from pathlib import Path

import pytest

from zdscan.errors import UserError
from zdscan.inputs import data_names, files, hashes, read_data


def test_hashes_cover_every_data_file() -> None:
    folder = resources.files("zdscan.inputs") / "data"
    found = {entry.name for entry in folder.iterdir() if entry.name.endswith((".toml", ".h5"))}
    assert set(hashes()) == set(data_names()) == found
    assert {"constants.toml", "measurements.toml", "table_hadronic_R.toml", "constraint_k_pi_x.toml"} <= found
    for name, digest in hashes().items():
        assert digest == hashlib.sha256((folder / name).read_bytes()).hexdigest()


def test_a_missing_file_is_named() -> None:
    with pytest.raises(UserError, match=r"nothing\.toml is missing"):
        read_data("nothing.toml")


def test_names_of_a_kind_are_those_of_its_files() -> None:
    assert "k_pi_x" in files.names_of("constraint")
    assert set(files.names_of("table")) == {
        name.removeprefix("table_").removesuffix(".toml") for name in data_names() if name.startswith("table_")
    }


def test_two_files_of_one_name_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "data_names", lambda: ("constraint_x.toml", "table_x.toml"))
    with pytest.raises(UserError, match=r"two files called 'x': constraint_x\.toml and table_x\.toml"):
        files.load_named(("constraint", "table"), "file", "x", lambda text, source: text)


def test_texts_of_a_grid_file_take_the_place_of_files(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("on the disk")
    assert files.own_text("mine.toml", None, tmp_path) == "on the disk"
    assert files.own_text("mine.toml", {"mine.toml": "kept"}, tmp_path) == "kept"
    with pytest.raises(UserError, match=r"the grid file does not hold mine\.toml"):
        files.own_text("mine.toml", {}, tmp_path)
