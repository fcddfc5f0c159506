"""The scan file: what it means, overrides, and every fault of a malformed file in one clear sentence each."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from tests.support.paths import DATA
from zdscan.errors import UserError
from zdscan.evaluation.fields import Field
from zdscan.evaluation.settings import Settings
from zdscan.physics.parameters import AXES
from zdscan.running.estimate import size_of
from zdscan.scan.scanfile import load_scan, parse_scan

MALFORMED = sorted((DATA / "malformed").glob("*.toml"))

GOOD = """\
format = 1
case = "C"
[axes]
mass  = { min = 0.010, max = 2.0, n = 20, spacing = "log" }
eps   = { values = [0.0, 1e-5, 1e-4] }
eps_z = { min = -1e-1, max = 1e-1, n = 21, spacing = "symlog", linear_below = 1e-6 }
g_mu  = { min = 1e-4, max = 1.0, n = 10, spacing = "log" }
"""


def expectations(path: Path) -> list[str]:
    lines = path.read_text().splitlines()
    return [line.removeprefix("# expects: ") for line in lines if line.startswith("# expects: ")]


@pytest.mark.parametrize("path", MALFORMED, ids=lambda path: path.stem)
def test_malformed_file_is_refused_with_the_right_sentences(path: Path) -> None:
    with pytest.raises(UserError) as refusal:
        load_scan(path)
    for fragment in expectations(path):
        assert any(fragment in message for message in refusal.value.messages), (fragment, refusal.value.messages)
    for message in refusal.value.messages:
        assert message.startswith(str(path))
        assert message.endswith(".")
        assert "\n" not in message


# An empty file lacks several keys, so it has several faults; every other file with one expectation has one.
SINGLE = [path for path in MALFORMED if len(expectations(path)) == 1 and path.stem != "empty_file"]


@pytest.mark.parametrize("path", SINGLE, ids=lambda path: path.stem)
def test_one_fault_gives_one_sentence(path: Path) -> None:
    with pytest.raises(UserError) as refusal:
        load_scan(path)
    assert len(refusal.value.messages) == 1, refusal.value.messages


def test_there_are_malformed_files() -> None:
    assert len(MALFORMED) >= 25
    assert all(expectations(path) for path in MALFORMED)


def test_good_file() -> None:
    scan = parse_scan(GOOD)
    assert scan.shape == (20, 3, 21, 10)
    assert scan.points == 20 * 3 * 21 * 10
    assert list(scan.axes) == list(AXES)
    assert scan.axes["eps_z"][10] == 0.0
    assert (scan.settings.theory, scan.settings.constraints, scan.fields) == ("paper", "paper", ("chi2", "excluded"))
    assert scan.output.profiles


def test_windows_line_ends() -> None:
    assert parse_scan(GOOD.replace("\n", "\r\n")) == parse_scan(GOOD)


def test_scan_is_immutable() -> None:
    scan = parse_scan(GOOD)
    with pytest.raises(AttributeError):
        scan.settings = Settings()  # type: ignore[misc]
    with pytest.raises(AttributeError):
        scan.settings.theory = "complete"  # type: ignore[misc]
    with pytest.raises(TypeError):
        scan.axes["eps"] = np.zeros(1)  # type: ignore[index]
    with pytest.raises(ValueError, match="read-only"):
        scan.axes["eps"][0] = 1.0


def test_reparsing_and_pickling_give_the_same_scan() -> None:
    scan = parse_scan(GOOD, overrides=["axes.mass.n=7", "theory=complete", "constraints.use=['a_mu']"])
    assert scan.shape[0] == 7
    assert scan.settings.theory == "complete"
    assert scan.settings.constraints == ("a_mu",)
    assert parse_scan(scan.text, overrides=scan.overrides) == scan
    assert pickle.loads(pickle.dumps(scan)) == scan
    assert parse_scan(scan.text) != scan


def test_custom_case() -> None:
    text = GOOD.replace('case = "C"', "") + "[case]\nname = 'muon only'\ncouplings = { v_mu = { g_mu = 1.0 } }\n"
    scan = parse_scan(text)
    assert not isinstance(scan.case, str)
    assert scan.case_name == "muon only"
    assert scan.case.couplings["v_mu"]["g_mu"] == 1.0
    assert scan.coupling_case.couplings(0.0, 0.0, 0.5)["v_mu"] == 0.5


@pytest.mark.parametrize(
    ("make", "fragment"),
    [
        (lambda folder: folder / "absent.toml", "there is no such scan file"),
        (lambda folder: folder, "this is a directory"),
    ],
)
def test_unreadable_paths(tmp_path: Path, make, fragment: str) -> None:
    with pytest.raises(UserError, match=fragment):
        load_scan(make(tmp_path))


def test_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "latin.toml"
    path.write_bytes(b"format = 1\n# \xe9\xe8\n")
    with pytest.raises(UserError, match="not a text in UTF-8"):
        load_scan(path)


def test_nearest_file_name_is_suggested(tmp_path: Path) -> None:
    (tmp_path / "quickstart.toml").write_text(GOOD)
    with pytest.raises(UserError, match=r"did you mean 'quickstart\.toml'"):
        load_scan(tmp_path / "quikstart.toml")


def test_size() -> None:
    scan = parse_scan(GOOD, overrides=["output.profiles=false"])
    stored = [
        Field("chi2", "<f4", float("nan"), "", "1"),
        Field("excluded", "<u4", 0xFFFFFFFF, "", "1"),
        Field("ratios", "<f4", float("nan"), "", "1", ("constraint", ("a", "b", "c"))),
    ]
    size = size_of(scan, stored)
    assert size.bytes_per_point == 4 + 4 + 3 * 4
    assert 0 <= size.file_bytes - scan.points * 20 < 1_000_000
