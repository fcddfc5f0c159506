"""Settings given beside a scan file: what they replace, and refusals that name them as typed."""

from __future__ import annotations

import pytest

from tests.scan.test_scanfile import GOOD
from zdscan.errors import UserError
from zdscan.scan.overrides import apply_overrides
from zdscan.scan.scanfile import parse_scan


@pytest.mark.parametrize(
    ("override", "fragment"),
    [
        ("axes.mass.n=abc", "--set axes.mass.n=abc: axes.mass.n must be a whole number, not the text 'abc'"),
        ("axes.mas.n=3", "axes.mas is not a known key (did you mean 'mass'?)"),
        ("theory=papper", "theory does not know 'papper' (did you mean 'paper'?)"),
        ("theory", "write key=value"),
        ("=3", "write key=value"),
        ("case.x=1", "case is not a table"),
        ("theory.x=1", "--set theory.x=1: theory must be one of paper, complete, not a table"),
        ("theory=[", "neither a TOML value nor a bare word"),
        ("theory=1\nformat=2", "neither a TOML value nor a bare word"),
        ("axes.eps.n=5", "axes.eps.n cannot stand beside values"),
        ("axes.mass.min=0.001", "axes.mass reaches 0.001 GeV"),
    ],
)
def test_bad_overrides(override: str, fragment: str) -> None:
    with pytest.raises(UserError) as refusal:
        parse_scan(GOOD, "x.toml", [override])
    assert fragment in refusal.value.messages[0]


def test_later_override_wins_and_words_are_texts() -> None:
    scan = parse_scan(GOOD, overrides=["case=B", "axes.mass.n=5", "axes.mass.n=6", "model.fcnc_scale=2"])
    assert (scan.case, scan.shape[0], scan.settings.fcnc_scale) == ("B", 6, 2.0)


def test_overrides_reach_into_tables_and_are_kept_as_typed() -> None:
    document = {"axes": {"mass": {"n": 3}}}
    given = apply_overrides(document, ["axes.mass.n = 5", "model.emission=lepton", "case='B'"])
    assert document == {"axes": {"mass": {"n": 5}}, "model": {"emission": "lepton"}, "case": "B"}
    assert given[("axes", "mass", "n")] == "axes.mass.n = 5"
    assert list(given) == [("axes", "mass", "n"), ("model", "emission"), ("case",)]
