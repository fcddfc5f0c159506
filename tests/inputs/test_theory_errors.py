"""Theory errors of predictions: every constraint and citation exists, and damage is told in a sentence."""

from __future__ import annotations

import pytest

from tests.support.references import BIBLIOGRAPHY
from zdscan.constraints import available, select
from zdscan.errors import UserError
from zdscan.inputs.theory_errors import load, parse, relative

ENTRY = '[[error]]\nconstraints = ["a"]\nrelative = 0.1\nof = "x"\nsource = "y"\ncite = ["z"]\ngrade = "C"\n'


def test_errors_are_of_constraints_with_a_likelihood() -> None:
    known = {item.id: item for item in select(available())}
    for name, error in load().items():
        assert known[name].likelihood != "none", name
        assert set(error.cite) <= BIBLIOGRAPHY
    assert relative("b_k_x") == load()["b_k_x"].relative > 0.0
    assert relative("apv_cs") == 0.0


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("0.1", "1.5"), "error 1"),
        (("relative", "relativ"), "relativ"),
        (('["a"]', '["a", "a"]'), "the constraint a has two errors"),
    ],
)
def test_damage_is_told(change: tuple[str, str], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        parse(ENTRY.replace(*change), "mine.toml")
