"""The case of a scan file: names, files and tables, and a sentence for each fault."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from zdscan.physics.cases import CASES, named_case
from zdscan.scan.case import CustomCase, case_a_faults, case_given, read_given

MINE = """
name = "mine"
parameters = ["g"]
[couplings]
v_mu = { g = 1.0 }
"""


def told(value: Any, scan_format: int = 2, folder: Path = Path()) -> list[str]:
    return [
        f"{'.'.join(map(str, fault.path))} {fault.text}" for fault in read_given(value, scan_format, None, folder)[3]
    ]


def test_a_name_is_kept_as_it_is() -> None:
    assert read_given("B", 1, None, Path()) == ("B", CASES["B"], {}, [])
    kept, case, _, faults = read_given("b_l", 2, None, Path())
    assert (kept, case, faults) == ("b_l", named_case("b_l"), [])
    assert case_given("b_l", 2, {}) is case


def test_a_file_travels_with_its_text(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(MINE)
    kept, case, texts, faults = read_given("./mine.toml", 2, None, tmp_path)
    assert (kept, texts, faults) == ("./mine.toml", {"./mine.toml": MINE}, [])
    assert case is not None
    (tmp_path / "mine.toml").unlink()
    assert read_given(kept, 2, texts, Path("/nowhere"))[1].couplings(2.0, 0.0, 0.0)["v_mu"] == 2.0
    assert case_given(kept, 2, texts).name == "mine"
    assert told("./mine.toml", folder=tmp_path)[0].startswith("case cannot be used: ")


@pytest.mark.parametrize("scan_format", [1, 2])
def test_a_table_is_a_case(scan_format: int) -> None:
    table = {"name": "own", "couplings": {"v_mu": {"g_mu": 1.0}}}
    kept, case, _, faults = read_given(table, scan_format, None, Path())
    assert isinstance(kept, CustomCase)
    assert faults == []
    assert case is not None
    np.testing.assert_array_equal(case_given(kept, scan_format, {}).matrix, case.matrix)


@pytest.mark.parametrize(
    ("value", "scan_format", "words"),
    [
        ("D", 1, "case does not know 'D'; allowed: A, B, C"),
        ("b_l", 1, "case = 'b_l' needs format = 2"),
        ("b_ll", 2, "did you mean 'b_l'?"),
        (3, 2, "case must be one of A, B, C, or a table"),
        ({"couplings": {}}, 2, "case.name is missing"),
        ({"name": "own"}, 2, "case.couplings is missing"),
        ({"name": "own", "couplings": {"v_my": {"g_mu": 1.0}}}, 2, "did you mean 'v_mu'?"),
        ({"name": "own", "couplings": {"v_tau": {"g_mu": 1.0}}}, 1, "v_tau needs format = 2"),
    ],
)
def test_each_fault_is_a_sentence(value: Any, scan_format: int, words: str) -> None:
    found = told(value, scan_format)
    assert len(found) == 1
    assert words in found[0]


def test_case_a_has_no_muon_axis() -> None:
    assert case_a_faults({"g_mu": np.zeros(1)}) == case_a_faults({}) == []
    (fault,) = case_a_faults({"g_mu": np.array([0.0, 1.0])})
    assert fault.path == ("axes", "g_mu")
