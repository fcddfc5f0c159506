"""Cases by name, by file, or as their user gives them."""

from __future__ import annotations

from pathlib import Path

import pytest

from zdscan.errors import UserError
from zdscan.physics.cases import CASES, Case, case_names, case_of, named_case

MINE = """
name = "mine"
parameters = ["g"]
[couplings]
v_mu = { g = 1.0 }
"""


def test_unknown_case():
    with pytest.raises(UserError, match="no case 'D'; known are A, B, C, dark_photon"):
        named_case("D")


def test_every_name_is_a_case() -> None:
    assert {"A", "B", "C", "b_l", "dark_photon"} <= set(case_names())
    for name in case_names():
        assert case_of(name) is named_case(name)
    assert named_case("A") is CASES["A"]


def test_a_file_is_a_case(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(MINE)
    found = named_case(str(tmp_path / "mine.toml"))
    assert (found.name, found.parameters.used) == ("mine", ("g",))
    with pytest.raises(UserError, match=r"yours\.toml"):
        named_case(str(tmp_path / "yours.toml"))


def test_what_is_a_case_already_or_a_matrix() -> None:
    assert case_of(CASES["B"]) is CASES["B"]
    own = case_of({"v_mu": {"g_mu": 1.0}})
    assert isinstance(own, Case)
    assert own.couplings(0.0, 0.0, 2.0)["v_mu"] == 2.0
