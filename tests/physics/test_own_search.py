"""Searches of the user: every kind of zdscan's own, in columns and as data files, excludes as the original does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import zdscan
from zdscan.errors import UserError
from zdscan.inputs import against_mass, detectors
from zdscan.inputs.files import read_data
from zdscan.physics import search
from zdscan.physics.clause import Constraint
from zdscan.physics.own_curve import own_curve

LENGTHS = {"shield_m": 480.0, "decay_m": 10.0, "beam_GeV": 400.0}
CHARM = {"kind": "region", "production": "eta_gamma", "channel": "ee", **LENGTHS}
SAID = {"level": 0.9, "citation": "N. Body, private communication"}


def written(name: str, path: Path) -> dict[str, Any]:
    """The numbers of one of zdscan's own searches in columns; what must be said of their interpolation."""
    numbers = against_mass.load(name)
    columns = ("mass", *numbers.columns)
    rows = [zip(*(part.columns[column].tolist() for column in columns), strict=True) for part in numbers.segments]
    path.write_text("\n\n".join("\n".join(",".join(map(repr, row)) for row in part) for part in rows))
    return {"interpolation": numbers.interpolation}


def original(name: str) -> Constraint:
    return search.made_of(f"original_{name}", name, [search.load(name)], "")


KINDS: dict[str, tuple[dict[str, Any], dict[str, Any], list[float]]] = {
    # what is said of it, the model that is excluded by it, masses
    "charm": (CHARM | {"likelihood": "counting"}, {"eps": 1e-6}, [0.02, 0.1, 0.2, 0.24]),
    "apex": (
        {"production": "e_brem", "channels": ["ee"], "reference": "dark photon", "prompt": "apex", "peak": 0.01},
        {"eps": 1e-3},
        [0.18, 0.22],
    ),
    "babar_invisible": (
        {
            "production": "e_e",
            "channel": "invisible",
            "reference": "invisible",
            "escape": "babar_gamma_invisible",
            "peak": 0.01,
        },
        {"eps": 2e-3, "invisible_width": 1e-9},
        [0.05, 0.9],
    ),
}


@pytest.mark.parametrize("name", KINDS)
def test_a_search_in_columns_and_as_a_data_file_excludes_alike(name: str, tmp_path: Path) -> None:
    """Regions with both edges, prompt decays, invisible ones with escape."""
    said, model, masses = KINDS[name]
    rule = written(name, tmp_path / "mine.csv")
    (tmp_path / "other.toml").write_bytes(read_data(f"search_{name}.toml"))
    chosen = [
        original(name),
        own_curve(tmp_path / "mine.csv", **said, **SAID, **rule),
        own_curve(tmp_path / "other.toml"),
    ]
    point = zdscan.evaluate("A", masses, constraints=chosen, **model)
    assert point.ratios[:, 0].max() > 0.0
    assert point.ratios[:, 1] == pytest.approx(point.ratios[:, 0], rel=1e-12)
    assert (point.ratios[:, 2] == point.ratios[:, 0]).all()
    assert (point.applies == point.applies[:, :1]).all()


def test_windows_of_proper_times_as_a_data_file(tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_bytes(read_data("search_lhcb_displaced.toml"))
    mine = own_curve(tmp_path / "other.toml")
    assert mine.slots == original("lhcb_displaced").slots > 1
    assert "LHCb:2019vmc" in mine.citations


def test_a_detector_that_is_described_is_the_one_of_that_name(tmp_path: Path) -> None:
    """The escape of NA64 once by its name, and once by its numbers."""
    (tmp_path / "mine.csv").write_text("0.01,1e-4\n1.0,1e-3\n")
    numbers = detectors.load()["na64"].model_dump(exclude_none=True, exclude={"source", "grade"})
    said = {"production": "e_brem", "channel": "invisible", "reference": "invisible", **SAID}
    chosen = [
        own_curve(tmp_path / "mine.csv", id=name, escape=escape, **said)
        for name, escape in (("named", "na64"), ("described", numbers))
    ]
    point = zdscan.evaluate("A", [0.02, 0.1], 1e-4, constraints=chosen)
    assert point.ratios[:, 0].max() > 0.0
    assert (point.ratios[:, 0] == point.ratios[:, 1]).all()
    assert chosen[0].definition != chosen[1].definition


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"shield_m": None}, "a region needs the lengths shield_m and decay_m"),
        ({"production": "eta_gama"}, "there is no production 'eta_gama' (did you mean 'eta_gamma'?)"),
        ({"production": 3}, "field production must be the name of a production"),
        ({"production": {"eta_gamma": -1.0}}, "has for 'eta_gamma' no positive mass in GeV"),
        ({"production": None}, "production must be given beside the file"),
        ({"reference": "dark foton"}, "there is no reference 'dark foton' (did you mean 'dark photon'?)"),
        ({"channels": ["ee"]}, "channel and channels exclude each other"),
        ({"decay": "K+->pi+"}, "decay goes with a limit on a branching ratio alone"),
        ({"displaced": "na48"}, "displaced goes with a limit on a branching ratio alone"),
        ({"prompt": "na48"}, "a region has neither prompt nor escape"),
        (
            {"prompt": {"path": 1.0, "momentum_GeV": 1.0}},
            "field prompt has a part path that is not known (did",
        ),
        ({"prompt": {"path_m": 1.0}}, "field prompt is not right: either momentum_GeV or parent and recoil"),
        ({"prompt": 3}, "field prompt must be the name of a detector, or a table, not 3"),
        ({"beam": 400.0}, "field beam is not known (did you mean 'beam_GeV'?)"),
    ],
)
def test_what_is_wrong_is_one_sentence(changed: dict[str, Any], words: str, tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("0.02,1e-8,1e-5\n0.1,1e-8,1e-5\n")
    with pytest.raises(UserError) as caught:
        own_curve(tmp_path / "mine.csv", **CHARM | SAID | changed)
    (message,) = caught.value.messages
    assert "mine.csv" in message
    assert words in message


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("shield_m = 480.0", "shield = 480.0", "line 14, table [search]: field shield is not known (did you mean"),
        ("[0.02, 2.7233e-07,", "[0.02, -2.7233e-07,", "line 28, segment 1, row 4: lower is -2.7233e-07 and must be"),
        ("[0.06, ", "[0.03, ", "line 29, segment 1, row 7: the mass does not ascend"),
        ('"eta_gamma"', '"eta_gama"', "line 10: there is no production 'eta_gama'"),
        ("[search]", "[searches]", "is not known (did you mean 'search'?)"),
    ],
)
def test_a_damaged_data_file_has_its_line(old: str, new: str, words: str, tmp_path: Path) -> None:
    text = read_data("search_charm.toml").decode()
    assert old in text
    (tmp_path / "mine.toml").write_text(text.replace(old, new))
    with pytest.raises(UserError) as caught:
        own_curve(tmp_path / "mine.toml")
    assert words in str(caught.value)


def test_masses_in_mev_in_a_data_file(tmp_path: Path) -> None:
    text = read_data("search_charm.toml").decode()
    rows = "rows = [[20.0, 1e-7, 1e-5], [100.0, 1e-7, 1e-5]]\n"
    (tmp_path / "mine.toml").write_text(text[: text.index("rows = [\n")] + rows)
    with pytest.raises(UserError, match=r"0\.01 to 2 GeV: in MeV\? Give them in GeV"):
        own_curve(tmp_path / "mine.toml")
