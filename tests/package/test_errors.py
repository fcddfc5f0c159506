"""Words for names and values that will not do."""

from __future__ import annotations

import ast

from tests.support.paths import ROOT
from zdscan.errors import UserError, describe, listed, nearest, no_such, not_one_of


def test_nearest() -> None:
    allowed = ("spacing", "GeV", "MeV", "k_pi_x")
    assert nearest("spaceing", allowed) == " (did you mean 'spacing'?)"
    assert nearest("gev", allowed) == " (did you mean 'GeV'?)"
    assert nearest("k_pi_x_of_na62", allowed) == " (did you mean 'k_pi_x'?)"
    assert nearest("else", allowed) == nearest(3, allowed) == nearest("a", ()) == ""


def test_predicates() -> None:
    assert listed(["a", "b"]) == "a, b"
    assert not_one_of("papper", ["paper", "complete"]) == (
        "does not know 'papper' (did you mean 'paper'?); allowed: paper, complete"
    )
    assert no_such("case", "D", ["A", "B"]) == "no case 'D'; known are A, B"
    assert (
        no_such("constraint", "k_pi", {"k_pi_x": 1})
        == "no constraint 'k_pi' (did you mean 'k_pi_x'?); known are k_pi_x"
    )


def test_values_in_words() -> None:
    values = ("x", True, False, [1], {"a": 1}, 2.5, None)
    assert [describe(value) for value in values] == [
        *("the text 'x'", "true", "false", "a list", "a table", "2.5", "None"),
    ]


def test_a_user_error_keeps_its_sentences() -> None:
    error = UserError("One.", "Two.")
    assert error.messages == ("One.", "Two.")
    assert str(error) == "One.\nTwo."


def test_near_names_are_looked_for_in_one_place() -> None:
    users = []
    for package in ("zdscan", "analysis", "kernels"):
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if (isinstance(node, ast.Import) and any(alias.name == "difflib" for alias in node.names)) or (
                    isinstance(node, ast.ImportFrom) and node.module == "difflib"
                ):
                    users.append(path.name)
    assert set(users) == {"errors.py"}
