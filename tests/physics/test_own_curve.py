"""Limit curves of the user as constraints: the same numbers as a data file of zdscan's, and what is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import zdscan
from zdscan.errors import UserError
from zdscan.inputs import against_mass, references
from zdscan.inputs.files import read_data
from zdscan.physics.own_curve import own_curve

SAID = {"decay": "K+->pi+", "channel": "invisible", "level": 0.9, "citation": "N. Body, arXiv:2601.01234"}


def columns(folder: Path, name: str = "mine.csv") -> Path:
    """The published curve of k_pi_x in columns, an empty line between its segments."""
    numbers = against_mass.load("k_pi_x")
    parts = [zip(part.columns["mass"], part.columns["limit"], strict=True) for part in numbers.segments]
    path = folder / name
    path.write_text(
        "\n\n".join("\n".join(f"{m!r} {limit!r}" for m, limit in part) for part in parts).replace("np.", "")
    )
    return path


def test_a_copy_of_a_published_curve_excludes_alike(tmp_path: Path) -> None:
    """In columns and as a data file: the ratios are those of k_pi_x, at masses with and without a limit."""
    text = columns(tmp_path).read_text().replace("float64(", "").replace(")", "")
    (tmp_path / "mine.csv").write_text(text)
    (tmp_path / "other.toml").write_bytes(read_data("constraint_k_pi_x.toml"))
    rule = against_mass.load("k_pi_x").interpolation
    chosen = [
        "k_pi_x",
        own_curve(tmp_path / "mine.csv", interpolation=rule, likelihood="counting", **SAID),  # type: ignore[arg-type]
        own_curve(tmp_path / "other.toml"),
    ]
    masses = [0.012, 0.05, 0.1, 0.135, 0.2, 0.25, 0.3]
    point = zdscan.evaluate("A", masses, 1e-4, 1e-5, constraints=chosen)
    assert [item.id for item in point.physics.constraints] == ["k_pi_x", "mine", "other"]
    assert point.ratios[:, 0].max() > 0.0
    assert point.ratios[:, 1] == pytest.approx(point.ratios[:, 0], rel=1e-12)
    assert (point.ratios[:, 2] == point.ratios[:, 0]).all()
    assert (point.applies[:, 1] == point.applies[:, 0]).all()


def test_words_about_it(tmp_path: Path) -> None:
    (tmp_path / "my curve.csv").write_text("0.02 1e-9\n0.1 1e-9\n")
    made = own_curve(tmp_path / "my curve.csv", **SAID)  # type: ignore[arg-type]
    assert (made.id, made.cl, made.grade, made.in_paper, made.group) == ("my_curve", "90%", "C", False, "")
    assert made.applies == "20 to 100 MeV, all cases"
    assert made.citations == ("my_curve",)
    assert "eprint = {2601.01234}" in made.references["my_curve"]
    assert made.definition


@pytest.mark.parametrize(
    ("citation", "keys", "lacking"),
    [
        ("PDG:2022", ("PDG:2022",), set()),
        ("@article{Body:2026,\n  title = {A limit}\n}", ("Body:2026",), {"Body:2026"}),
        ("somebody told me", ("mine",), {"mine"}),
    ],
)
def test_citations(citation: str, keys: tuple[str, ...], lacking: set[str], tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("0.02 1e-9\n0.1 1e-9\n")
    made = own_curve(tmp_path / "mine.csv", **SAID | {"citation": citation})  # type: ignore[arg-type]
    assert made.citations == keys
    assert set(made.references) == lacking
    assert set(references.split("\n\n".join(made.references.values()))) == lacking


def test_whatever_makes_the_numbers_is_in_its_definition(tmp_path: Path) -> None:
    path, found = tmp_path / "mine.csv", set()
    for text, said in (
        ("0.02 1e-9\n0.1 1e-9\n", {}),
        ("0.02 1e-9\n0.1 2e-9\n", {}),
        ("0.02 1e-9\n0.1 1e-9\n", {"channel": "ee"}),
    ):
        path.write_text(text)
        found.add(own_curve(path, **SAID | said).definition)  # type: ignore[arg-type]
    assert len(found) == 3


@pytest.mark.parametrize(
    ("said", "factor"), [({}, 1.1916), ({"likelihood": "counting"}, 1.3010), ({"likelihood": "none"}, 1.0)]
)
def test_its_bound_at_another_level(said: dict[str, str], factor: float, tmp_path: Path) -> None:
    """From 90% to 95%: half-normal where nothing is said, 1.960/1.645; counting 2.996/2.303."""
    (tmp_path / "mine.csv").write_text("0.02 1e-9\n0.1 1e-9\n")
    made = own_curve(tmp_path / "mine.csv", **SAID | {"same_data": "theirs"} | said)  # type: ignore[arg-type]
    assert (made.likelihood, made.same_data) == (said.get("likelihood", "half-normal"), "theirs")
    assert zdscan.evaluate("A", 0.05, constraints=[made], level=0.95).limits[0] == pytest.approx(
        factor * 1e-9, rel=1e-4
    )


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"decay": "K+->pi0"}, "there is no decay 'K+->pi0'; known are B+->K+"),
        ({"decay": None}, "decay must be given beside the file"),
        ({"level": None, "citation": None}, "level, citation must be given beside the file"),
        ({"level": 90.0}, "level"),
        ({"channel": "tautau"}, "channel"),
        ({"prompt": "m_e"}, "prompt = 'm_e' is not the name of a constant in ps"),
        ({"interpolation": "by eye"}, "there is no interpolation 'by eye'"),
        ({"grade": "D"}, "grade"),
        ({"likelihood": "poisson"}, "likelihood"),
        ({"likelihood": "normal"}, "likelihood"),  # which has a measured value
    ],
)
def test_what_is_wrong_is_one_sentence(changed: dict[str, Any], words: str, tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("0.02 1e-9\n0.1 1e-9\n")
    with pytest.raises(UserError) as caught:
        own_curve(tmp_path / "mine.csv", **SAID | changed)
    (message,) = caught.value.messages
    assert "mine.csv" in message
    assert words in message


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no such file"):
        own_curve(tmp_path / "none.csv", **SAID)  # type: ignore[arg-type]
    (tmp_path / "bytes.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="not a text in UTF-8"):
        own_curve(tmp_path / "bytes.csv", **SAID)  # type: ignore[arg-type]
    (tmp_path / "mine.toml").write_bytes(read_data("constraint_k_pi_x.toml"))
    with pytest.raises(UserError, match="says decay, channel, level by itself"):
        own_curve(tmp_path / "mine.toml", **SAID)  # type: ignore[arg-type]
