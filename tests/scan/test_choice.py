"""The choice of constraints of a scan file: what is allowed, and a sentence for each fault."""

from __future__ import annotations

from typing import Any

import pytest

from zdscan.constraints import available
from zdscan.scan.choice import choice_faults
from zdscan.scan.curves import curves_of


def faults(use: Any, scan_format: int = 2) -> list[str]:
    raw: dict[str, Any] = {"constraints": {"use": use}}
    return [fault.text for fault in choice_faults(raw, scan_format, curves_of(raw, {}, None))]


@pytest.mark.parametrize(
    "use", ["all", "paper", "flavour", ["a_mu"], ["all", "-a_mu"], ["flavour", "low-energy"], list(available())]
)
def test_what_is_allowed(use: Any) -> None:
    assert faults(use) == []


def test_a_file_that_does_not_choose_has_no_fault() -> None:
    assert choice_faults({}, 2, curves_of({}, {}, None)) == []
    assert choice_faults({"constraints": "all"}, 2, curves_of({}, {}, None)) == []  # told where the table is checked


@pytest.mark.parametrize(
    ("use", "words"),
    [
        ("a_mu", "must be a list of ids; write ['a_mu']"),
        ("al", "did you mean 'all'?"),
        (3, 'must be "paper", "all" or a list of ids, not 3'),
        ([], "is an empty list"),
        ([3], "must be a constraint id in quotes, not 3"),
        (["a_muu"], "did you mean 'a_mu'?"),
        (["all", "-a_muu"], "did you mean 'a_mu'?"),
        (["a_mu", "a_mu"], "repeats 'a_mu'"),
        (["a_mu", "-a_mu"], "takes away every constraint"),
    ],
)
def test_each_fault_is_a_sentence(use: Any, words: str) -> None:
    found = faults(use)
    assert len(found) == 1
    assert words in found[0]
